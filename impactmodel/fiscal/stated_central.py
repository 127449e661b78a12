"""The central scenario of stated values, as rules."""

from __future__ import annotations

import numpy as np

from impactmodel.core.central import Block, Central, CentralInput
from impactmodel.core.distribution import mean
from impactmodel.core.outcomes import Outcomes
from impactmodel.core.rule import Difference, Input, Named, Rule, RuleBook, Sum
from impactmodel.core.schedule import Periods
from impactmodel.fiscal.ledger_data import discount_factors, year_shares
from impactmodel.fiscal.projection import Adjustments, Projection, project
from impactmodel.fiscal.unit_values import UnitValues

_SHARES = ("displacement", "deadweight")


def central_outcomes(outcomes: Outcomes) -> Outcomes:
    """Return outcomes of one draw: the mean of the draws."""
    data = outcomes.dataset
    point = data.mean("draw", keep_attrs=True).expand_dims("draw", 0)
    for name in ("treated", "counterfactual"):
        point[name] = point[name].transpose("draw", "group", "outcome", "period")
    return Outcomes(point)


def central_of_values(outcomes: Outcomes, public: UnitValues) -> Central:
    """Return the central scenario of unit values: amount = people × effect × kept × value."""
    point = central_outcomes(outcomes)
    levels = project(point, Adjustments(horizon_years=public.horizon_years), seed=0, as_money=True)
    at_point = Adjustments(fade_out=mean(public.fade_out), horizon_years=public.horizon_years)
    remaining = project(point, at_point, seed=0, as_money=True).remaining[0]
    inputs = _inputs(point, public, levels)
    for t, share in enumerate(remaining):
        label = f"share of the effect that remains in period {t + 1}"
        inputs[f"remaining|{t}"] = CentralInput(label, "share", float(share), "fade-out")
    book = _flows(point, public, levels.periods)
    flows = Block("flows", "Flows by value and period", book, {n: n for n in book.inputs()})
    for t, factor in enumerate(discount_factors(levels.periods, public.discount_rate)):
        label = f"discount factor of period {t + 1}"
        source = f"{public.discount_rate:g} a year"
        inputs[f"discount|{t}"] = CentralInput(label, "factor", float(factor), source)
    totals = _totals(public, levels.periods)
    reads = {n: f"flows/{n}" if n.startswith("amount|") else n for n in totals.inputs()}
    last = Block("totals", "Totals by payer, line and year", totals, reads)
    return Central(inputs, {}, (flows, last), public.currency)


def _inputs(point: Outcomes, public: UnitValues, levels: Projection) -> dict[str, CentralInput]:
    inputs: dict[str, CentralInput] = {}
    source = point.provenance.source or "evidence"
    groups = point.dataset["group"].values.tolist()
    used = {value.outcome for value in public.values}
    for g, group in enumerate(groups):
        people = float(point.cohort_size.values[0, g])
        inputs[f"people|{group}"] = CentralInput(f"people, {group}", "people", people, source)
        for o, measure in enumerate(point.measures):
            if measure.name not in used:
                continue
            for t in range(levels.periods.count):
                for arm, array in (("treated", levels.treated), ("without", levels.counterfactual)):
                    label = f"{measure.title}, {arm}, {group}, period {t + 1}"
                    value = float(array[0, g, o, t])
                    key = f"{measure.name}|{arm}|{group}|{t}"
                    inputs[key] = CentralInput(label, measure.unit, value, source)
    for name in _SHARES:
        point_value = mean(getattr(public, name))
        inputs[name] = CentralInput(name, "share", point_value, "assumption")
    for place, one in enumerate(public.values):
        label = f"{one.line}, {one.payer}, per unit of {one.outcome}"
        inputs[f"value|{place}"] = CentralInput(label, public.currency, mean(one.value), one.text())
    return inputs


def _flows(point: Outcomes, public: UnitValues, periods: Periods) -> RuleBook:
    groups = point.dataset["group"].values.tolist()
    kept: Rule = Difference(1.0, Input("displacement")) * Difference(1.0, Input("deadweight"))
    rules = []
    for place, value in enumerate(public.values):
        for t in range(periods.count):
            effect = Sum(
                [
                    Input(f"people|{g}")
                    * Difference(
                        Input(f"{value.outcome}|treated|{g}|{t}"),
                        Input(f"{value.outcome}|without|{g}|{t}"),
                    )
                    for g in groups
                ]
            )
            amount = effect * kept * Input(f"remaining|{t}") * Input(f"value|{place}")
            label = f"{value.line}, {value.payer}, period {t + 1}"
            rules.append(Named(f"amount|{place}|{t}", amount, label))
    return RuleBook(tuple(rules))


def _totals(public: UnitValues, periods: Periods) -> RuleBook:
    years, shares = year_shares(periods)
    sides: dict[tuple[str, str], list[tuple[int, float]]] = {}
    for place, value in enumerate(public.values):
        sides.setdefault((value.line, value.payer), []).append((place, 1.0))
        if value.counterparty:
            sides.setdefault((value.line, value.counterparty), []).append((place, -1.0))
    rules = []
    for (line, payer), entries in sides.items():
        for y, year in enumerate(years):
            terms = [
                Input(f"amount|{place}|{t}") * (sign * float(shares[t, y]))
                for place, sign in entries
                for t in np.flatnonzero(shares[:, y]).tolist()
            ]
            rules.append(Named(f"{line}|{payer}|{year}", Sum(terms)))
    for payer in dict.fromkeys(payer for _, payer in sides):
        terms = [
            Input(f"amount|{place}|{t}") * sign * Input(f"discount|{t}")
            for (_, whose), entries in sides.items()
            if whose == payer
            for place, sign in entries
            for t in range(periods.count)
        ]
        rules.append(Named(payer, Sum(terms)))
    return RuleBook(tuple(rules))
