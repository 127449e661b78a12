"""Bonuses and performance fees: shares of what the tranches leave."""

from __future__ import annotations

from impactmodel.core.errors import InputError
from impactmodel.core.spec import spec
from impactmodel.finance.caps import ReturnCap
from impactmodel.finance.tranches import as_cap


@spec
class Bonus:
    """A share of what is left when all tranches have what they are due, up to a cap.

    With a hurdle it is a performance fee: the share counts only what is left once the tranche
    without a return cap has received its principal and the hurdle's return on it, in each
    distribution as of that day. Bonuses without a hurdle are paid first; fees share what these
    and the fees listed before leave. Guarantees at the end count for no hurdle.

    Parameters
    ----------
    share
        In (0, 1].
    to
        Who receives it, such as ``provider`` or ``fund_manager``.
    cap
        Most that it pays in all.
    hurdle
        A rate of return per year, or a `ReturnCap`: what the tranche must have earned before.
    """

    share: float
    to: str = "provider"
    cap: float | None = None
    hurdle: ReturnCap | None = None

    def __post_init__(self) -> None:
        if not 0 < self.share <= 1:
            raise InputError("a share lies above 0 and is at most 1", key="share", seen=self.share)
        if self.cap is not None and not self.cap > 0:
            raise InputError("a cap is above 0", key="cap", seen=self.cap)
        as_cap(self.hurdle, "hurdle")
