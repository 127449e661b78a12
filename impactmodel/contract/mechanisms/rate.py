"""A price per unit of outcome: the rate card."""

from __future__ import annotations

from dataclasses import field
from typing import Literal

from impactmodel.contract.basis import ByGroup, by_group
from impactmodel.contract.quantity import Quantity
from impactmodel.core.errors import InputError
from impactmodel.core.rule import Product, Rule, Sum
from impactmodel.core.spec import spec


@spec
class Rate:
    r"""A price per unit of outcome, by group of the cohort where prices differ.

    .. math:: \text{payment} = \sum_g \text{price}_g \times \text{units}_g

    Parameters
    ----------
    price
        In the contract's currency per unit beyond the basis.
    """

    price: ByGroup
    type: Literal["rate"] = field(default="rate", kw_only=True)

    def __post_init__(self) -> None:
        if not self.prices:
            raise InputError("there is no price", key="price", fix="give one for each group")
        for price in self.prices:
            if price < 0:
                raise InputError("a price is not negative", key="price", seen=price)

    @property
    def prices(self) -> tuple[float, ...]:
        """Every price."""
        return tuple(self.price.values()) if isinstance(self.price, dict) else (self.price,)

    @property
    def by_person(self) -> bool:
        """The cohort's payment is the sum over its people."""
        return True

    @property
    def groups(self) -> tuple[str, ...]:
        """The groups that have prices of their own."""
        return tuple(self.price) if isinstance(self.price, dict) else ()

    @property
    def needs_level(self) -> bool:
        """No level is needed beside the basis."""
        return False

    def rule(self, quantity: Quantity) -> Rule:
        """Return price × units."""
        if isinstance(self.price, dict):
            parts = [Product((quantity.units(g), price)) for g, price in self.price.items()]
            return parts[0] if len(parts) == 1 else Sum(parts)
        return Product((quantity.units(), self.price))

    def text(self, currency: str, what: str) -> str:
        """Say it in words."""
        return f"{by_group(self.price, currency)} for each unit of {what}"
