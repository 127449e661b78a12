"""What savings by dated rules assume and rest on, in sentences that stand in every output."""

from __future__ import annotations

from typing import TYPE_CHECKING

from impactmodel.fiscal.finnish_lines import (
    ALLOWANCE_LINE,
    ALLOWANCE_STATEMENTS,
    FLOWS,
    LIVING_STATEMENTS,
    PART_TIME_STATEMENT,
    PERIOD_BOOK,
    STATEMENTS,
)

if TYPE_CHECKING:
    from impactmodel.core.outcomes import Outcomes
    from impactmodel.fiscal.extras import Extras
    from impactmodel.fiscal.months import Months
    from impactmodel.fiscal.parameters import Rules
    from impactmodel.fiscal.rule_results import Found
    from impactmodel.fiscal.rule_side import RuleSide


def rule_statements(
    outcomes: Outcomes, months: Months, side: RuleSide, extras: Extras, driver: str
) -> list[str]:
    """Say what savings by rules assume, and which of the values used are weak."""
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
