"""Terms that a contract leaves to the case mix: levels and prices by stratum, fixed in a case.

A contract may say how a term follows from who the clients are, before anybody has computed it. In
a case on clients the term becomes plain numbers before anything is paid, see
`impactmodel.contract.fixing`; outside of one it is refused.
"""

from __future__ import annotations

from dataclasses import field
from typing import Literal, Never

from impactmodel.core.errors import InputError
from impactmodel.core.rule import Constant
from impactmodel.core.spec import spec

_MOST = 12


@spec
class CaseMixLevels:
    """Levels to compare with: by group, the clients' mean predicted chance without a service.

    Parameters
    ----------
    decimals
        Of the levels that the contract states, halves up.
    """

    decimals: int = 3
    type: Literal["case_mix"] = field(default="case_mix", kw_only=True)

    def __post_init__(self) -> None:
        _check_decimals(self.decimals)

    def text(self) -> str:
        """Say it in words."""
        return "the clients' predicted chance without a service, by group,"


@spec
class CaseMixPrices:
    r"""Prices by group that pay the same in each for what would have come anyway.

    .. math:: \pi_g = \pi \, \bar c / c_g

    with the flat price :math:`\pi`, the predicted chance without a service :math:`c_g` and its
    mean :math:`\bar c` over the eligible: :math:`\pi_g c_g` is the same in every group.

    Parameters
    ----------
    flat
        The one price per outcome that would cost as much over the eligible.
    decimals
        Of the prices that the contract states, halves up.
    """

    flat: float
    decimals: int = 2
    type: Literal["case_mix"] = field(default="case_mix", kw_only=True)

    def __post_init__(self) -> None:
        if not self.flat > 0:
            raise InputError("a price is above 0", key="flat", seen=self.flat)
        _check_decimals(self.decimals)

    def text(self, currency: str) -> str:
        """Say it in words."""
        price = Constant(self.flat, currency).text()
        return f"{price} times the mean chance over that of the group, by the clients' case mix,"


def refuse_open(name: str, key: str) -> Never:
    """Raise `InputError`: a term that the case mix gives was not fixed."""
    raise InputError(
        f"{name} comes from the case mix of clients, which is not known here",
        key=key,
        fix="run the contract in a case with evidence of type clients, or state the numbers",
    )


def _check_decimals(decimals: int) -> None:
    if not 0 <= decimals <= _MOST:
        raise InputError(f"decimals lie between 0 and {_MOST}", key="decimals", seen=decimals)
