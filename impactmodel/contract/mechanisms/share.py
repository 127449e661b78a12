"""A share of an amount of money: of wages, of savings."""

from __future__ import annotations

from dataclasses import field
from typing import Literal

from impactmodel.contract.quantity import Quantity
from impactmodel.core import rule as rules
from impactmodel.core.errors import InputError
from impactmodel.core.rule.numbers import exact, shown
from impactmodel.core.spec import spec


@spec
class Share:
    r"""A share of an amount of money.

    .. math:: \text{payment} = \text{share} \times \text{units}

    Parameters
    ----------
    share
        Above 0, at most 1.
    """

    share: float
    type: Literal["share"] = field(default="share", kw_only=True)

    def __post_init__(self) -> None:
        if not 0 < self.share <= 1:
            raise InputError(
                "a share lies above 0 and is at most 1",
                key="share",
                seen=self.share,
                fix="write 40 % as 0.4",
            )

    @property
    def by_person(self) -> bool:
        """The cohort's payment is the sum over its people."""
        return True

    @property
    def groups(self) -> tuple[str, ...]:
        """No group has terms of its own."""
        return ()

    @property
    def needs_level(self) -> bool:
        """No level is needed beside the basis."""
        return False

    def rule(self, quantity: Quantity) -> rules.Rule:
        """Return share × units."""
        return rules.Share(self.share, quantity.units())

    def text(self, currency: str, what: str) -> str:
        """Say it in words."""
        return f"{shown(exact(self.share) * 100)} % of {what}"
