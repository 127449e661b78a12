"""Who stands behind a fund: guarantees of principal and of costs."""

from __future__ import annotations

from dataclasses import field
from typing import Annotated, Literal

from pydantic import Field

from impactmodel.core.errors import InputError
from impactmodel.core.spec import spec


@spec
class PrincipalGuarantee:
    """A guarantee of principal: at the end it pays what a tranche lost.

    It pays ``share`` of the loss beyond ``retention``, at most ``amount``. Several guarantees of
    one tranche are called in their order, each on what is still lost.

    Parameters
    ----------
    tranche
        Name of the protected tranche; empty: the senior.
    """

    amount: float
    guarantor: str = "guarantor"
    share: float = 1.0
    retention: float = 0.0
    tranche: str = ""
    type: Literal["principal"] = field(default="principal", kw_only=True)

    def __post_init__(self) -> None:
        _above_zero(self.amount)
        if not 0 < self.share <= 1:
            raise InputError(
                "a share lies above 0 and is at most 1",
                key="share",
                seen=self.share,
                fix="write 80 % as 0.8",
            )
        if self.retention < 0:
            raise InputError("a retention is not negative", key="retention", seen=self.retention)


@spec
class CostGuarantee:
    """A guarantee of costs: it pays, as they fall, service costs that the fund cannot."""

    amount: float
    guarantor: str = "guarantor"
    type: Literal["costs"] = field(default="costs", kw_only=True)

    def __post_init__(self) -> None:
        _above_zero(self.amount)


type Guarantee = Annotated[PrincipalGuarantee | CostGuarantee, Field(discriminator="type")]


def _above_zero(amount: float) -> None:
    if not amount > 0:
        raise InputError("a guarantee is above 0", key="amount", seen=amount)
