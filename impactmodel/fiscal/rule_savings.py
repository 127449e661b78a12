"""Savings by dated rules: tabulated flows of persons' years, mixed by draws of histories."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from impactmodel.core.errors import InputError
from impactmodel.core.schedule import Periods
from impactmodel.effects.histories import ROUNDING, Histories, share_in_work
from impactmodel.fiscal.extras import Extras
from impactmodel.fiscal.finnish_lines import (
    FLOWS,
    OPTIONAL_LINES,
    PARISH,
    UNEMPLOYMENT_FUNDS,
)
from impactmodel.fiscal.ledger import Ledger
from impactmodel.fiscal.ledger_data import ARMS, Line
from impactmodel.fiscal.mixed import mixed
from impactmodel.fiscal.months import Months
from impactmodel.fiscal.projection import Adjustments, project
from impactmodel.fiscal.rule_central import central_of_rules
from impactmodel.fiscal.rule_explainer import RuleExplainer
from impactmodel.fiscal.rule_statements import rule_statements
from impactmodel.fiscal.savings import Savings
from impactmodel.fiscal.tabulated import tabulated

if TYPE_CHECKING:
    from impactmodel.core.outcomes import Outcomes
    from impactmodel.fiscal.parameters import Rules
    from impactmodel.fiscal.profile import Profile
    from impactmodel.fiscal.rule_side import RuleSide

type Draws = NDArray[np.float64]


def rule_savings(  # noqa: PLR0913  what savings join
    outcomes: Outcomes,
    rules: Rules,
    profile: Profile,
    side: RuleSide,
    *,
    histories: Histories | None = None,
    seed: int,
    months_of: type[Months] = Months,
) -> Savings:
    """Compute savings by the rules of a country; see `impactmodel.fiscal.savings`.

    Parameters
    ----------
    months_of
        Another reading of the rules, to reproduce the method of another model.
    """
    groups = tuple(outcomes.dataset["group"].values.tolist())
    profile.require_groups(groups)
    driver = find_driver(outcomes, side.driver)
    if histories is None:
        histories = _filled(outcomes, driver, side, profile, seed)
    else:
        _require_fitting(histories, outcomes, side, driver)
    months = months_of(rules, profile, histories, side.histories.filling == "block_at_start")
    months.require_persons()
    extras = side.extras(seed)
    ledger = _ledger(months, outcomes, driver, extras)
    notes = rule_statements(outcomes, months, side, extras, driver)
    return Savings(
        ledger=ledger,
        discount_rate=side.discount_rate,
        periods=outcomes.periods,
        explainer=RuleExplainer(months, driver, extras),
        provenance=outcomes.provenance,
        assumptions=tuple(dict.fromkeys([*outcomes.provenance.assumptions, *notes])),
        label=side.label,
        make_central=partial(
            central_of_rules,
            months,
            outcomes.cohort_size.values.mean(axis=0),
            side.discount_rate,
            extras,
        ),
    )


def _filled(
    outcomes: Outcomes, driver: str, side: RuleSide, profile: Profile, seed: int
) -> Histories:
    """Return histories filled from the outcomes by the assumptions of the side."""
    found = project(outcomes, side.adjustments, seed=seed, as_money=False)
    at = [measure.name for measure in outcomes.measures].index(driver)
    levels = np.stack([found.treated[:, :, at], found.counterfactual[:, :, at]], axis=1)
    shares = _shares(outcomes, driver, levels, found.periods, profile)
    groups = tuple(outcomes.dataset["group"].values.tolist())
    return Histories.from_shares(shares, found.periods, groups, side.histories)


def _require_fitting(histories: Histories, outcomes: Outcomes, side: RuleSide, driver: str) -> None:
    """Raise `InputError` unless histories are those of the outcomes, to the end as they are."""
    groups = tuple(outcomes.dataset["group"].values.tolist())
    theirs = (len(histories.probability), histories.groups, histories.start)
    ours = (outcomes.n_draws, groups, outcomes.periods.start)
    if theirs != ours:
        raise InputError(
            "these histories are not those of the outcomes",
            key="histories",
            seen=f"{theirs[0]} draws, groups {', '.join(theirs[1])}, from {theirs[2]}",
            fix=f"the outcomes of '{driver}' have {ours[0]} draws, groups {', '.join(groups)}, "
            f"from {ours[2]}",
        )
    if side.adjustments != Adjustments():
        raise InputError(
            "histories are taken as they are, to their end",
            key="histories",
            fix="leave out displacement, deadweight, fade_out and horizon_years",
        )


def find_driver(outcomes: Outcomes, named: str) -> str:
    """Return the outcome that tells months in work.

    Raises
    ------
    InputError
        If none or several do and none is named, its level is not known, or taxes or benefits were
        observed and would count twice.
    """
    if named:
        outcomes.measure(named)
    else:
        named = _only_driver(outcomes)
        for measure in outcomes.measures:
            if measure.channel in {"tax", "benefit"}:
                raise InputError(
                    f"the channel '{measure.channel}' would count twice: modelled from '{named}' "
                    f"beside the observed outcome '{measure.name}'",
                    key="driver",
                    fix=f"name the driver '{named}' to leave the observed money aside",
                )
    outcomes.require_levels(named)
    return named


def _only_driver(outcomes: Outcomes) -> str:
    found = [m.name for m in outcomes.measures if m.channel in {"employment", "earnings"}]
    if len(found) != 1:
        there = ", ".join(m.name for m in outcomes.measures)
        what = "two outcomes move wages" if found else "no outcome is employment or earnings"
        raise InputError(
            f"the rules need one outcome that tells months in work: {what}",
            key="driver",
            seen=", ".join(found) or there,
            fix="name it as the driver" if found else "give it the channel employment or earnings",
        )
    return found[0]


def _shares(
    outcomes: Outcomes, driver: str, levels: Draws, periods: Periods, profile: Profile
) -> Draws:
    """Return the share of each period in work, (draw, arm, group, period)."""
    measure = outcomes.measure(driver)
    if measure.kind != "amount":
        return share_in_work(levels, periods, measure)
    if profile.column("part_time_wage").any():
        raise InputError(
            f"the earnings of '{driver}' do not tell months in work where months on benefit have a "
            "part-time wage",
            key="driver",
            fix="drive by an employment outcome, or leave part_time_wage out",
        )
    wages = np.array([profile.mean_wage(g) for g in outcomes.dataset["group"].values.tolist()])
    shares = levels / (wages[:, None] * 12.0 * periods.years)
    if shares.max() > 1 + ROUNDING:
        raise InputError(
            f"the earnings of '{driver}' exceed the profile's wage of all months in work",
            key="driver",
            seen=f"{float(shares.max()):.3g} times the wage",
            fix="raise the wages of the profile",
        )
    return np.asarray(shares)


def _ledger(months: Months, outcomes: Outcomes, driver: str, extras: Extras) -> Ledger:
    histories = months.histories
    spans = histories.years()
    draws, groups = len(histories.probability), len(histories.groups)
    money: dict[tuple[str, str], Draws] = {}
    for place, year in enumerate(tabulated(months)):
        for group in range(groups):
            for arm in range(len(ARMS)):
                amounts = mixed(histories, year, arm=arm, group=group)
                for column, key in enumerate(year.keys):
                    if key not in money:
                        money[key] = np.zeros((len(ARMS), draws, groups, len(spans)))
                    money[key][arm, :, group, place] = amounts[:, column]
    years = Periods(dt.date(spans[0][0], 1, 1), "year", len(spans), clock="calendar")
    idle = [after - first - histories.expected_months(first, after) for _, first, after in spans]
    lines = _lines(money, driver)
    return Ledger.of(
        [*lines, *extras.lines(lines, np.stack(idle, axis=-1), driver)],
        periods=years,
        cohort_size=outcomes.cohort_size.values,
        currency="EUR",
        groups=histories.groups,
        price_base="current",
        private=(PARISH, UNEMPLOYMENT_FUNDS),
    )


def _lines(money: Mapping[tuple[str, str], Draws], driver: str) -> list[Line]:
    lines = []
    for flow in FLOWS:
        sides = {
            payer: money[flow.line, payer]
            for payer, _, _ in flow.sides
            if (flow.line, payer) in money
        }
        occurs = any(amount.any() for amount in sides.values())
        if occurs or flow.line not in OPTIONAL_LINES:
            treated, without = ({p: a[arm] for p, a in sides.items()} for arm in (0, 1))
            lines.append(
                Line(flow.line, flow.channel, driver, treated, without, transfer=flow.transfer)
            )
    return lines
