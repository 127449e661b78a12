"""Units that a tariff pays for: days or months in a state, with thresholds, breaks and exits."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from impactmodel.core.errors import InputError
from impactmodel.core.spec import spec

type States = NDArray[np.bool_]


@spec
class UnitTariff:
    """Which units of a person's spells are paid: a tariff per day or month.

    Parameters
    ----------
    unit
        ``day``, or ``month``: a month counts where its first day lies in a spell.
    unpaid_first
        Units before payment starts (start threshold).
    allowed_break
        Longest gap, in units, that does not end a run.
    pays_breaks
        Whether the units of an allowed break are paid as well.
    restarts
        Whether the start threshold counts anew in each run; otherwise once per person.
    most
        Most paid units per person; None for no limit.
    planned_exits, planned_units
        Reasons of an exit (death, a move, another home) after which so many units still count.
    """

    unit: Literal["day", "month"] = "day"
    unpaid_first: int = 0
    allowed_break: int = 0
    pays_breaks: bool = False
    restarts: bool = False
    most: int | None = None
    planned_exits: tuple[str, ...] = ()
    planned_units: int = 0

    def __post_init__(self) -> None:
        for key in ("unpaid_first", "allowed_break", "planned_units"):
            if getattr(self, key) < 0:
                raise InputError("this is not negative", key=key, seen=getattr(self, key))
        if self.most is not None and self.most < 1:
            raise InputError("leave it out for no limit", key="most", seen=self.most)
        if bool(self.planned_exits) != bool(self.planned_units):
            raise InputError(
                "planned exits need their reasons and the units that still count",
                key="planned_units",
                seen=self.planned_units,
            )

    def text(self) -> str:
        """Say it in words."""
        parts = [f"each {self.unit} is one unit"]
        if self.unpaid_first:
            each = "each run" if self.restarts else "each person"
            parts.append(f"the first {self.unpaid_first} of {each} are not paid")
        if self.allowed_break:
            paid = "paid" if self.pays_breaks else "not paid"
            parts.append(f"a break of up to {self.allowed_break} does not end a run and is {paid}")
        if self.most is not None:
            parts.append(f"at most {self.most} per person")
        if self.planned_exits:
            reasons = ", ".join(self.planned_exits)
            parts.append(f"{self.planned_units} still count after a planned exit ({reasons})")
        return "; ".join(parts)


def paid_units(states: States, tariff: UnitTariff) -> States:
    """Return which units are paid.

    Parameters
    ----------
    states
        In the state or not, unit by unit; time is the last axis.

    Examples
    --------
    >>> days = np.array([1, 1, 0, 1, 1, 0, 0, 1], dtype=bool)
    >>> paid_units(days, UnitTariff(unpaid_first=1, allowed_break=1)).astype(int).tolist()
    [0, 1, 0, 1, 1, 0, 0, 1]
    >>> tariff = UnitTariff(unpaid_first=1, allowed_break=1, pays_breaks=True, restarts=True)
    >>> paid_units(days, tariff).astype(int).tolist()
    [0, 1, 1, 1, 1, 0, 0, 0]
    """
    count = states.shape[-1]
    place = np.arange(count)
    last = np.maximum.accumulate(np.where(states, place, -1), axis=-1)
    following = np.where(states, place, 2 * count)[..., ::-1]
    following = np.minimum.accumulate(following, axis=-1)[..., ::-1]
    bridged = (last >= 0) & (following < count) & (following - last - 1 <= tariff.allowed_break)
    held = states | bridged
    eligible = held if tariff.pays_breaks else states
    number = np.cumsum(eligible, axis=-1)
    if tariff.restarts:
        starts = held & ~np.concatenate([np.zeros_like(held[..., :1]), held[..., :-1]], axis=-1)
        before = np.where(starts, number - eligible, 0)
        number = number - np.maximum.accumulate(before, axis=-1)
    paid = eligible & (number > tariff.unpaid_first)
    if tariff.most is not None:
        paid &= np.cumsum(paid, axis=-1) <= tariff.most
    return np.asarray(paid)
