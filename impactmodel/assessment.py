"""An appraisal of a run: for whom it pays, when, at what cost, and what that hangs on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from impactmodel.core.errors import InputError
from impactmodel.fiscal import Appraisal, ValueOfInformation, evpi, evppi, payback_year
from impactmodel.fiscal.appraisal import benefit_cost
from impactmodel.levers import effect_total
from impactmodel.position import (
    PUBLIC,
    Position,
    Reach,
    Switch,
    payers_that_spend,
    swings,
    switches,
)
from impactmodel.public import present

if TYPE_CHECKING:
    import xarray as xr

    from impactmodel.core.measures import OutcomeMeasure
    from impactmodel.core.outcomes import Outcomes
    from impactmodel.finance import CashFlows, Tornado
    from impactmodel.fiscal import Savings
    from impactmodel.public import NetPosition

type Draws = NDArray[np.float64]

FUNDERS = "investors"
"""Everybody who advances money or receives what a fund has left, public payers aside."""
SERVICE, PAYMENTS, COSTS = "service_and_fund", "outcome_payments", "other_costs"
NO_EARNINGS = "the public side has no line for what participants earn"
NO_SPENDING = "no payer pays or spends anything"
_FEWEST = 200


@dataclass(frozen=True, slots=True)
class Decision:
    """One payer's choice between the programme and nothing.

    Parameters
    ----------
    net
        Present value of its savings less payments and costs, shape (draw,).
    known
        What it would be worth to know everything; None with too few draws.
    known_of
        What it would be worth to know one quantity alone, by name.
    switches
        Values of assumptions at which the mean of ``net`` is zero.
    swings
        How far the mean of ``net`` moves with each assumption; None where nothing varies.
    """

    payer: str
    net: Draws
    known: ValueOfInformation | None
    known_of: Mapping[str, ValueOfInformation]
    switches: tuple[Switch, ...]
    swings: Tornado | None


@dataclass(frozen=True, slots=True)
class Assessment:
    """What a programme is worth, to whom; every value keeps its draws.

    Parameters
    ----------
    value
        Gains and cost behind the marginal value of public funds; None where ``no_value`` says why.
    benefit_cost
        Benefit over cost by perspective: participant, employer, public, society.
    parts
        The present values behind them: perspective, then line.
    payback
        The first year from which a payer has what it paid back, for good; nan: never.
    cost_per_job
        Public spending per additional person, or year, in work; by outcome.
    decisions
        Of each payer that pays, and of all public payers together.
    """

    currency: str
    value: Appraisal | None
    no_value: str
    benefit_cost: Mapping[str, Draws]
    parts: Mapping[str, Mapping[str, Draws]]
    payback: Mapping[str, Draws]
    cost_per_job: Mapping[str, Draws]
    decisions: tuple[Decision, ...]
    assumptions: tuple[str, ...] = field(default=())


def assess(
    savings: Savings,
    net: NetPosition,
    budget: xr.DataArray,
    position: Position,
    *,
    flows: CashFlows | None = None,
    prob: float = 0.9,
) -> Assessment:
    """Appraise a programme for every party.

    Parameters
    ----------
    savings, net, budget
        Of one run: savings, net positions and budget years.
    position
        The same net positions under other assumptions.
    flows
        Of the fund, where there is one: its outlays are what the service costs. Otherwise what
        payers pay is taken as what it costs.
    prob
        Of the interval whose ends the tornado puts in for uncertain quantities.
    """
    service, surplus = _fund(flows, savings)
    parts = perspectives(savings, net, service=service, surplus=surplus)
    earns = "earnings" in savings.ledger.dataset["channel"].values.tolist()
    value = _value(savings, net, service, surplus) if earns else None
    return Assessment(
        currency=savings.currency,
        value=value,
        no_value="" if earns else NO_EARNINGS,
        benefit_cost={name: benefit_cost(lines) for name, lines in parts.items()},
        parts=parts,
        payback=_payback(budget, payers_that_spend(net), net),
        cost_per_job=cost_per_job(position.outcomes, budget.sel(payer=list(net.saved))),
        decisions=_decisions(net, position, prob),
        assumptions=()
        if flows is not None or not any(map(np.any, net.paid.values()))
        else ("outcome payments are taken as what the service costs: the case has no fund",),
    )


def perspectives(
    savings: Savings,
    net: NetPosition,
    *,
    service: Draws | None = None,
    surplus: Mapping[str, Draws] | None = None,
) -> dict[str, dict[str, Draws]]:
    """Return the present values that each side gains and bears, line by line.

    Parameters
    ----------
    service
        What the service and its fund cost; None: what payers pay.
    surplus
        What a fund returns to payers.
    """
    ledger, nothing = savings.ledger, np.zeros(savings.n_draws)
    paid, spent = (sum(part.values(), nothing) for part in (net.paid, net.spent))
    found: dict[str, dict[str, Draws]] = {}
    for name in ledger.payers:
        if name not in ledger.public_payers:
            found[name] = savings.by_line(name)
    found["public"] = {**savings.by_line(), PAYMENTS: -paid, COSTS: -spent}
    if surplus:
        found["public"]["surplus"] = sum(surplus.values(), nothing)
    whole = ledger.view("line", factors=savings.discount)
    largest = max(np.abs(draws).max() for lines in found.values() for draws in lines.values())
    society = {str(n): np.asarray(whole.sel(line=n).values) for n in ledger.lines}
    found["society"] = {n: d for n, d in society.items() if np.abs(d).max() > 1e-9 * largest}
    found["society"] |= {SERVICE: -(paid if service is None else service), COSTS: -spent}
    return {name: lines for name, lines in found.items() if lines}


def cost_per_job(outcomes: Outcomes, budget: xr.DataArray) -> dict[str, Draws]:
    """Return public spending per additional person or year in work, undiscounted, by outcome.

    A stock or cumulative outcome counts people at the end of the evidence, a flow the years in
    work. Not a number where nobody more is in work.

    Parameters
    ----------
    budget
        Of public payers; see `impactmodel.fiscal.budget`.
    """
    spent = budget.sel(item=["payments", "costs"]).sum(["payer", "year", "item"]).values
    found = {}
    for measure in outcomes.measures:
        years = _years_in_work(measure, outcomes)
        if years is None:
            continue
        jobs = years * effect_total(outcomes, measure.name)
        found[measure.name] = np.where(jobs > 0, spent / np.where(jobs > 0, jobs, 1.0), np.nan)
    return found if np.any(spent) else {}


def _years_in_work(measure: OutcomeMeasure, outcomes: Outcomes) -> float | None:
    """Return the people or years in work that one unit of an outcome is; None for others."""
    if measure.channel != "employment":
        return None
    if measure.kind == "binary":
        return outcomes.periods.years if measure.accrual == "flow" else 1.0
    units = {"days": 1 / 365.25, "weeks": 7 / 365.25, "months": 1 / 12, "years": 1.0}
    return units.get(measure.unit.split("/")[0])


def _fund(
    flows: CashFlows | None, savings: Savings
) -> tuple[Draws | None, dict[str, Draws] | None]:
    """Return what service and fund cost, and what is returned to payers, in present value."""
    if flows is None:
        return None, None
    values = flows.ladder.values
    outlays = values["service_costs"] + values["fees"] + values["unfunded"]
    to = flows.structure.surplus_to
    rows = {SERVICE: outlays} | ({to: values["surplus"]} if _is_payer(to, savings) else {})
    found = present(
        [(day, name, rows[name][:, m]) for name in rows for m, day in enumerate(flows.dates)],
        savings,
    )
    return found.pop(SERVICE), found or None


def _is_payer(name: str, savings: Savings) -> bool:
    return name in savings.ledger.public_payers


def _value(
    savings: Savings, net: NetPosition, service: Draws | None, surplus: Mapping[str, Draws] | None
) -> Appraisal:
    nothing = np.zeros(savings.n_draws)
    paid, spent = (sum(part.values(), nothing) for part in (net.paid, net.spent))
    gains = dict(savings.by_payer())
    if service is not None:
        returned = sum((surplus or {}).values(), nothing)
        gains[FUNDERS] = paid - service - returned
        for name, amount in (surplus or {}).items():
            gains[name] = gains.get(name, nothing) + amount
    return Appraisal(gains, savings.ledger.public_payers, paid + spent, savings.currency)


def _payback(budget: xr.DataArray, names: tuple[str, ...], net: NetPosition) -> dict[str, Draws]:
    balance = budget.sel(item="savings") - budget.sel(item=["payments", "costs"]).sum("item")
    found = {name: payback_year(balance.sel(payer=name)) for name in names}
    if names:
        found[PUBLIC] = payback_year(balance.sel(payer=list(net.saved)).sum("payer"))
    return found


def _decisions(net: NetPosition, position: Position, prob: float) -> tuple[Decision, ...]:
    names = payers_that_spend(net)
    if not names:
        return ()
    nets = {name: position.net(name, {}) for name in (*names, PUBLIC)}
    ranges = {reach.key: reach for reach in position.reaches(prob)}
    known = position.quantities()
    return tuple(_decision(name, nets[name], position, ranges, known) for name in nets)


def _decision(
    payer: str,
    net: Draws,
    position: Position,
    reaches: Mapping[str, Reach],
    quantities: Mapping[str, Draws],
) -> Decision:
    choices = {"nothing": np.zeros_like(net), "programme": net}
    enough = len(net) >= _FEWEST and bool(np.ptp(net) > 0)
    known_of = {}
    for name, values in quantities.items() if enough else ():
        try:
            known_of[name] = evppi(choices, {name: values}, [name])
        except InputError:
            continue  # a quantity with too few different values tells nothing
    return Decision(
        payer=payer,
        net=net,
        known=evpi(choices) if enough else None,
        known_of=known_of,
        switches=switches(position, payer, reaches.values()),
        swings=swings(position, payer, reaches.values()),
    )
