"""Tranches: who puts money in, and what they may get back."""

from __future__ import annotations

from dataclasses import field
from typing import Annotated, Literal

from pydantic import Field

from impactmodel.core.errors import InputError
from impactmodel.core.spec import spec
from impactmodel.finance.caps import IrrCap, MultipleCap, ReturnCap, SimpleCap

PROVIDER, MANAGER, VEHICLE = "provider", "fund_manager", "vehicle"

type Cap = IrrCap | SimpleCap | MultipleCap


@spec
class Senior:
    """The senior tranche: drawn as costs need it, repaid first.

    Parameters
    ----------
    commitment
        Most that is drawn.
    return_cap
        Most that it may earn: a rate of return per year, or a `ReturnCap`. None: it takes what
        is left when every other tranche has what it is due.
    name
        The investor's name in cash flows.
    """

    commitment: float
    return_cap: ReturnCap | None = None
    name: str = "investors"

    def __post_init__(self) -> None:
        _committed(self.commitment)
        as_cap(self.return_cap)


@spec
class Junior:
    """A loan that is repaid after the tranches listed before it; terms as `Senior`."""

    commitment: float
    return_cap: ReturnCap | None = None
    name: str = "junior"
    type: Literal["junior"] = field(default="junior", kw_only=True)

    def __post_init__(self) -> None:
        _committed(self.commitment)
        as_cap(self.return_cap)


@spec
class FirstLoss:
    """Capital that bears losses first: drawn before all other capital that is repaid.

    It is repaid after every other tranche, wherever it is listed; terms as `Senior`, and without
    a cap it gets its principal back, no return.
    """

    commitment: float
    return_cap: ReturnCap = MultipleCap(1.0)
    name: str = "first_loss"
    type: Literal["first_loss"] = field(default="first_loss", kw_only=True)

    def __post_init__(self) -> None:
        _committed(self.commitment)
        as_cap(self.return_cap)


@spec
class Grant:
    """Money that is never repaid; drawn before anything else."""

    commitment: float
    name: str = "grant"
    type: Literal["grant"] = field(default="grant", kw_only=True)

    def __post_init__(self) -> None:
        _committed(self.commitment)


@spec
class RecyclableGrant:
    """A grant whose principal goes back to the giver, for another project, if payments allow."""

    commitment: float
    name: str = "recyclable_grant"
    type: Literal["recyclable_grant"] = field(default="recyclable_grant", kw_only=True)

    def __post_init__(self) -> None:
        _committed(self.commitment)


@spec
class Deferred:
    """A share of service costs or fees that is paid only out of outcome payments.

    Parameters
    ----------
    commitment
        Most that is deferred.
    share
        Of each bill.
    of
        Whose bills: the provider's service costs or the fund manager's fees.
    return_cap
        What is due on top of the principal; by default nothing.
    """

    commitment: float
    share: float
    of: Literal["provider", "fund_manager"] = "provider"
    return_cap: ReturnCap = MultipleCap(1.0)
    name: str = "deferred"
    type: Literal["deferred"] = field(default="deferred", kw_only=True)

    def __post_init__(self) -> None:
        _committed(self.commitment)
        if not 0 < self.share <= 1:
            raise InputError(
                "a share lies above 0 and is at most 1",
                key="share",
                seen=self.share,
                fix="write 15 % as 0.15",
            )
        as_cap(self.return_cap)


type Subordinate = Annotated[
    Junior | FirstLoss | Grant | RecyclableGrant | Deferred, Field(discriminator="type")
]
type Tranche = Senior | Junior | FirstLoss | Grant | RecyclableGrant | Deferred


def cap_of(tranche: Tranche) -> Cap | None:
    """Return the most that a tranche may earn; None where nothing limits it (or it is a gift)."""
    match tranche:
        case Grant():
            return None
        case RecyclableGrant():
            return MultipleCap(1.0)
        case _:
            return as_cap(tranche.return_cap)


def as_cap(value: ReturnCap | None, key: str = "return_cap") -> Cap | None:
    """Return a cap as a type; a number is the highest rate of return per year."""
    if value is None or isinstance(value, (IrrCap, SimpleCap, MultipleCap)):
        return value
    try:
        return IrrCap(float(value))
    except InputError as error:
        raise error.located(key=key) from None


def party_of(tranche: Tranche) -> str:
    """Return who holds a tranche, as named in cash flows."""
    return tranche.of if isinstance(tranche, Deferred) else tranche.name


def _committed(amount: float) -> None:
    if not amount > 0:
        raise InputError("a commitment is above 0", key="commitment", seen=amount)
