"""The flows of a year, mixed by draws of histories; the last mixtures are kept.

Under another effect only the arm with the programme is another, and the other arm's mixture is
found again.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from impactmodel.effects.histories import Histories
    from impactmodel.fiscal.tabulated import YearTable

type Draws = NDArray[np.float64]

_MOST_BYTES = 2**27


@dataclass(frozen=True, slots=True)
class _Mixture:
    """What a mixture was made of, and its amounts; the table is kept so that it stays itself."""

    year: YearTable
    key: tuple[object, ...]
    amounts: Draws


_kept: list[_Mixture] = []


def mixed(histories: Histories, year: YearTable, *, arm: int, group: int) -> Draws:
    """Return the mean amounts of a year in each draw, shape (draw, key of the year's table)."""
    shares = np.ascontiguousarray(histories.probability[:, arm, group, : year.after])
    digest = hashlib.blake2b(shares.data).digest()
    key = (group, histories.assumptions.dependence, shares.shape, digest)
    place = next((i for i, k in enumerate(_kept) if k.year is year and k.key == key), None)
    if place is not None:
        found = _kept.pop(place)
    else:
        states = histories.states(year.first, year.after, arm=arm, group=group)
        flat = year.amounts[group].reshape(-1, len(year.keys))
        amounts = states.reshape(len(states), -1) @ flat
        amounts.flags.writeable = False
        found = _Mixture(year, key, amounts)
    _kept.append(found)
    while len(_kept) > 1 and sum(k.amounts.nbytes for k in _kept) > _MOST_BYTES:
        del _kept[0]
    return found.amounts
