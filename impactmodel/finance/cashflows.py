"""Cash flows by party: who pays whom, when, in each draw; they sum to zero."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from impactmodel.core.errors import InputError, JoinError
from impactmodel.core.money import same
from impactmodel.finance.enrolment import Enrolled
from impactmodel.finance.ladder import Ladder, build_ladder
from impactmodel.finance.payments import Payments
from impactmodel.finance.structure import FundingStructure
from impactmodel.finance.tranches import MANAGER, PROVIDER, VEHICLE, Deferred, party_of

if TYPE_CHECKING:
    import pandas as pd

type Draws = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class CashFlows:
    """Cash flows of a fund.

    Parameters
    ----------
    parts
        What each party's flow is made of: (sign, amounts of shape (draw, date)); positive = the
        party receives. Over parties they sum to zero in every draw and at every date;
        ``vehicle`` is the change of the fund's own cash.
    ladder
        Every quantity behind the flows.
    """

    parts: dict[str, list[tuple[int, Draws]]]
    ladder: Ladder
    structure: FundingStructure
    lineage: str
    assumptions: tuple[str, ...]

    @property
    def dates(self) -> tuple[dt.date, ...]:
        """The first day of each month of the fund's life."""
        return self.ladder.dates

    @property
    def flows(self) -> xr.DataArray:
        """All flows, dims ``draw, date, party``."""
        return xr.DataArray(
            np.stack([self.of(party) for party in self.parties], axis=-1),
            dims=("draw", "date", "party"),
            coords={
                "date": np.array(self.dates, dtype="datetime64[ns]"),
                "party": list(self.parties),
            },
            name="cash_flow",
        )

    @property
    def parties(self) -> tuple[str, ...]:
        """Names of all parties."""
        return (*self.parts, VEHICLE)

    def of(self, party: str) -> Draws:
        """Return a party's flows, shape (draw, date).

        Raises
        ------
        InputError
            If no party has the name.
        """
        if party == VEHICLE:
            return np.diff(self.ladder.values["cash"], axis=1, prepend=0.0)
        if party not in self.parts:
            raise InputError(
                "no such party",
                key="party",
                seen=party,
                fix="name one of " + ", ".join(self.parties),
            )
        flow = np.zeros_like(self.ladder.values["cash"])
        for sign, amount in self.parts[party]:
            flow += sign * amount
        return flow

    @property
    def investor(self) -> Draws:
        """The senior investors' flows, shape (draw, date)."""
        return self.tranche(self.structure.senior.name)

    def tranche(self, name: str) -> Draws:
        """Return the flows of one tranche, guarantees included, shape (draw, date).

        Of a party that holds several roles these are the tranche's alone.

        Raises
        ------
        InputError
            If no tranche has the name.
        """
        name = self.structure.tranche(name).name
        return self.ladder.paid_out[name] - self.ladder.paid_in[name]

    def probability_of_shortfall(self) -> float:
        """Return the share of draws in which some service cost is not funded."""
        return float((self.ladder.values["unfunded"].sum(axis=1) > 1e-6).mean())

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a reader of any return must be told."""
        share = self.probability_of_shortfall()
        if share == 0:
            return ()
        return (
            f"in {share:.1%} of draws the commitment does not cover the service's costs; the "
            "provider bears the rest",
        )

    def table(self, draw: int) -> pd.DataFrame:
        """Return every quantity of one draw, month by month."""
        import pandas as pd

        parts = dict(self.ladder.values)
        for name, paid_in in self.ladder.paid_in.items():
            parts |= {f"{name}: in": paid_in, f"{name}: out": self.ladder.paid_out[name]}
        for what, amounts in (("guarantee", self.ladder.called), ("bonus", self.ladder.bonuses)):
            parts |= {f"{what} {k + 1}": amount for k, amount in enumerate(amounts)}
        columns = {name: value[draw] for name, value in parts.items()}
        return pd.DataFrame(columns, index=pd.Index(self.dates, name="date"))


def cashflows(
    structure: FundingStructure,
    payments: Payments,
    *,
    enrolment: Enrolled | None = None,
    seed: int = 1,
) -> CashFlows:
    """Compute the cash flows of a fund that outcome payments repay.

    Parameters
    ----------
    structure
        The fund. With an enrolment plan, pass the `Enrolled` people that the payments are for.
    payments
        Outcome payments; draw i of the flows is draw i of the payments.
    seed
        Of uncertain service costs.

    Raises
    ------
    JoinError
        If currencies, price bases or numbers of draws differ.
    InputError
        If a payment comes before the fund starts, or the fund cannot pay its fees.
    """
    same("currency", structure.currency, payments.currency, "the fund", "the contract")
    same("price base", structure.price_base, payments.price_base, "the fund", "the contract")
    if enrolment is not None and len(enrolment.assigned) != payments.n_draws:
        raise JoinError(
            f"enrolment has {len(enrolment.assigned)} draws, the payments {payments.n_draws}"
        )
    if enrolment is None and structure.enrolment is not None:
        raise JoinError("the fund enrols people: pass the enrolment that the payments are for")
    ladder = build_ladder(structure, payments.by_date(), enrolment, payments.n_draws, seed)
    parts = _parts(structure, ladder)
    return CashFlows(parts, ladder, structure, payments.lineage, structure.assumptions)


def _parts(structure: FundingStructure, ladder: Ladder) -> dict[str, list[tuple[int, Draws]]]:
    parts: dict[str, list[tuple[int, Draws]]] = {}

    def add(party: str, sign: int, amount: Draws) -> None:
        parts.setdefault(party, []).append((sign, amount))

    for payer, amount in ladder.by_payer.items():
        add(payer, -1, amount)
    for tranche in structure.tranches:
        add(party_of(tranche), 1, ladder.paid_out[tranche.name])
        if not isinstance(tranche, Deferred):
            add(tranche.name, -1, ladder.paid_in[tranche.name])
    for guarantee, called in zip(structure.guarantees, ladder.called, strict=True):
        add(guarantee.guarantor, -1, called)
    add(PROVIDER, 1, ladder.values["service_costs"])
    add(MANAGER, 1, ladder.values["fees"])
    for bonus, paid in zip(structure.bonuses, ladder.bonuses, strict=True):
        add(bonus.to, 1, paid)
    add(structure.surplus_to, 1, ladder.values["surplus"])
    if structure.idle_cash is not None:
        add(structure.idle_cash.payer, -1, ladder.values["interest"])
    return parts
