"""Flows of groups, tabulated once for the same persons, rules and years.

What a payer receives in a year depends on the months in work and on benefit before, not on draws: a
what-if that changes an effect mixes the same tables again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from impactmodel.fiscal.months import Months
from impactmodel.fiscal.rule_results import Found
from impactmodel.fiscal.year_flows import year_flows

type Draws = NDArray[np.float64]

_MOST = 16
"""Tables that are kept, the last used last; each is small, for it is summed over persons."""
_kept: list[_Kept] = []


@dataclass(frozen=True, slots=True)
class YearTable:
    """Flows of one year of every group.

    Parameters
    ----------
    first, after
        First month of the year, and the month after its last, counted from the start.
    keys
        (line, payer) of each column.
    amounts
        (group, months in work, months on benefit before, key), EUR per person of the group.
    """

    first: int
    after: int
    keys: tuple[tuple[str, str], ...]
    amounts: Draws


@dataclass(frozen=True, slots=True)
class _Kept:
    key: tuple[Any, ...]
    years: tuple[YearTable, ...]
    used: dict[Any, Found]


def tabulated(months: Months) -> tuple[YearTable, ...]:
    """Return the flows of every year, mixed over the persons of each group by their weights."""
    histories = months.histories
    key = (
        type(months),
        months.rules,
        months.profile,
        histories.groups,
        histories.start,
        tuple(histories.years()),
        months.benefit_last,
    )
    place = next((i for i, kept in enumerate(_kept) if kept.key == key), None)
    if place is None:
        years = _computed(months)
        found = _Kept(key, years, dict(months.used.found))
    else:
        found = _kept.pop(place)
    _kept.append(found)
    del _kept[:-_MOST]
    months.used.found.update(found.used)
    return found.years


def _computed(months: Months) -> tuple[YearTable, ...]:
    groups = months.histories.groups
    weights = np.stack([months.profile.weights(group) for group in groups])
    years = []
    for _, first, after, flows in year_flows(months):
        keys = tuple(flows)
        amounts = np.empty((len(groups), after - first + 1, first + 1, len(keys)))
        for column, key in enumerate(keys):
            amounts[..., column] = np.tensordot(weights, flows[key], axes=(1, 0))
        amounts.setflags(write=False)
        years.append(YearTable(first, after, keys, amounts))
    return tuple(years)
