"""Cash flows by party: who pays whom, when, in each draw; they sum to zero."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from impactmodel.core.errors import JoinError
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
    flows
        Dims ``draw, date, party``; positive = the party receives. Over parties they sum to zero
        in every draw and at every date; ``vehicle`` is the change of the fund's own cash.
    ladder
        Every quantity behind the flows.
    """

    flows: xr.DataArray
    ladder: Ladder
    structure: FundingStructure
    lineage: str
    assumptions: tuple[str, ...]

    @property
    def dates(self) -> tuple[dt.date, ...]:
        """The first day of each month of the fund's life."""
        return self.ladder.dates

    @property
    def parties(self) -> tuple[str, ...]:
        """Names of all parties."""
        return tuple(str(p) for p in self.flows["party"].values.tolist())

    def of(self, party: str) -> Draws:
        """Return a party's flows, shape (draw, date)."""
        return np.asarray(self.flows.sel(party=party).values)

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

        columns = {name: value[draw] for name, value in self.ladder.values.items()}
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
    flows = _by_party(structure, ladder)
    array = xr.DataArray(
        np.stack(list(flows.values()), axis=-1),
        dims=("draw", "date", "party"),
        coords={
            "date": np.array(ladder.dates, dtype="datetime64[ns]"),
            "party": list(flows),
        },
        name="cash_flow",
    )
    return CashFlows(array, ladder, structure, payments.lineage, structure.assumptions)


def _by_party(structure: FundingStructure, ladder: Ladder) -> dict[str, Draws]:
    values = ladder.values
    flows: dict[str, Draws] = {}

    def add(party: str, amount: Draws) -> None:
        flows[party] = flows[party] + amount if party in flows else amount

    for payer, amount in ladder.by_payer.items():
        add(payer, -amount)
    for tranche in structure.tranches:
        paid_in = 0.0 if isinstance(tranche, Deferred) else ladder.paid_in[tranche.name]
        add(party_of(tranche), ladder.paid_out[tranche.name] - paid_in)
    for guarantee, called in zip(structure.guarantees, ladder.called, strict=True):
        add(guarantee.guarantor, -called)
    add(PROVIDER, values["service_costs"])
    add(MANAGER, values["fees"])
    for bonus, paid in zip(structure.bonuses, ladder.bonuses, strict=True):
        add(bonus.to, paid)
    add(structure.surplus_to, values["surplus"])
    add(VEHICLE, np.diff(values["cash"], axis=1, prepend=0.0))
    return flows
