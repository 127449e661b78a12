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
    ALLOWANCE_LINE,
    ALLOWANCE_STATEMENTS,
    FLOWS,
    LIVING_STATEMENTS,
    OPTIONAL_LINES,
    PARISH,
    PART_TIME_STATEMENT,
    PERIOD_BOOK,
    STATEMENTS,
    UNEMPLOYMENT_FUNDS,
)
from impactmodel.fiscal.ledger import Ledger
from impactmodel.fiscal.ledger_data import ARMS, Line
from impactmodel.fiscal.months import Months
from impactmodel.fiscal.projection import Adjustments, project
from impactmodel.fiscal.rule_central import central_of_rules
from impactmodel.fiscal.rule_explainer import RuleExplainer
from impactmodel.fiscal.savings import Savings
from impactmodel.fiscal.tabulated import tabulated

if TYPE_CHECKING:
    from impactmodel.core.outcomes import Outcomes
    from impactmodel.fiscal.parameters import Rules
    from impactmodel.fiscal.profile import Profile
    from impactmodel.fiscal.rule_results import Found
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
    notes = _statements(outcomes, months, (side, extras), driver)
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
            flat = year.amounts[group].reshape(-1, len(year.keys))
            for arm in range(len(ARMS)):
                states = histories.states(year.first, year.after, arm=arm, group=group)
                amounts = states.reshape(draws, -1) @ flat
                for column, key in enumerate(year.keys):
                    empty = np.zeros((len(ARMS), draws, groups, len(spans)))
                    money.setdefault(key, empty)[arm, :, group, place] = amounts[:, column]
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


def _statements(
    outcomes: Outcomes, months: Months, public: tuple[RuleSide, Extras], driver: str
) -> list[str]:
    side, extras = public
    order = "after" if months.benefit_last else "before"
    said = [text.format(order=order) for text in STATEMENTS]
    said += _cut_years(months)
    said += [PART_TIME_STATEMENT] if months.part_time().any() else []
    said += ALLOWANCE_STATEMENTS if months.related().any() else ()
    said += _living(months)
    said += extras.statements()
    said += months.histories.statements
    said += side.adjustments.statements(outcomes.periods)
    said.append(
        f"public amounts are discounted at {side.discount_rate:.3g} a year to the first year"
    )
    measure = outcomes.measure(driver)
    if measure.kind == "amount":
        said.append(f"months in work are '{driver}' divided by the profile's mean wage")
    if measure.accrual == "stock":
        said.append(f"'{driver}' at the end of a period is taken as the state through the period")
    relevant = _relevant(months)
    used = [one for one in months.used.found.values() if one.parameter.id in relevant]
    unverified = sorted(
        {one.parameter.id for one in used if not (one.value.is_verified or one.reform)}
    )
    carried = sorted({one.parameter.id for one in used if one.carried})
    frozen = sorted({one.parameter.id for one in used if one.frozen})
    for what, names in (
        ("UNVERIFIED values used", unverified),
        ("values carried forward after their dates", carried),
        ("values as known when the rules were frozen, since replaced", frozen),
    ):
        if names:
            said.append(f"{what}: {', '.join(names)}")
    said += _reforms(months.rules, used)
    return [*said, side.label] if side.label else said


def _reforms(rules: Rules, used: list[Found]) -> list[str]:
    """Say which values of reforms are used, and which reforms are not used at all."""
    said = []
    for reform in rules.reforms:
        named = sorted(
            {
                str(f"{one.parameter.id} from {one.value.valid_from}")
                for one in used
                if one.reform == reform
            }
        )
        if named:
            said.append(f"REFORM “{reform}”, values used: {', '.join(named)}")
        else:
            said.append(f"REFORM “{reform}”: none of its values is used here")
    return said


def _living(months: Months) -> list[str]:
    """Say for whom housing allowance and social assistance are counted, and how."""
    housed = int(months.housed().sum())
    if not housed:
        return ["housing allowance and social assistance are not counted: the profile has no rents"]
    said = list(LIVING_STATEMENTS)
    if housed < len(months.profile.persons):
        said.append(
            "housing allowance and social assistance are counted for "
            f"{housed} of {len(months.profile.persons)} persons of the profile, those with a rent"
        )
    return said


def _cut_years(months: Months) -> list[str]:
    """Say what is assumed of the months of a tax year that lie outside the horizon."""
    said, histories = [], months.histories
    year, first, after = histories.years()[-1]
    if months.days_before(histories.start.year):
        said.append(
            f"months of {histories.start.year} before the start are on benefit in both arms"
        )
    if months.stretch(first, after) > 1:
        said.append(
            f"the horizon ends within {year}: the rest of that year goes on in the same way, and "
            "its taxes are shared by months"
        )
    return said


def _relevant(months: Months) -> set[str]:
    """Return the parameters that matter for the persons of the profile."""
    living, related = months.housed().any(), months.related().any()
    flows = [
        flow
        for flow in FLOWS
        if (living or flow.level != "living_month") and (related or flow.line != ALLOWANCE_LINE)
    ]
    books = [PERIOD_BOOK] if related else []
    books += dict.fromkeys(book for flow in flows for book in flow.books)
    return months.parameters_behind(books, [r for flow in flows for _, _, r in flow.sides])
