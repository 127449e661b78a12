"""What savings by rules take from outcomes and persons, and what they refuse."""

import datetime as dt
from dataclasses import replace

import numpy as np
import pytest

from impactmodel.core.errors import InputError
from impactmodel.core.measures import OutcomeMeasure
from impactmodel.core.outcomes import Outcomes, Provenance
from impactmodel.core.schedule import Periods
from impactmodel.fiscal import Person, RuleSide, as_outcomes, load_rules, savings

JOB = OutcomeMeasure("job", kind="binary", channel="employment")
PERSON = Person(
    wage=2500.0, age=34.0, benefit="labour_market_subsidy", paid_days=250.0, municipality="helsinki"
)


def outcomes(treated, without, start=dt.date(2024, 1, 1), measure=JOB):
    """One draw; one value for each year."""
    treated, without = (np.array(a, dtype=float).reshape(1, 1, 1, -1) for a in (treated, without))
    return Outcomes.from_draws(
        treated,
        without,
        measures=[measure],
        periods=Periods(start, "year", treated.shape[-1]),
        cohort_size=1,
        provenance=Provenance(),
    )


def wages(found):
    return found.ledger.view("year", lines=["gross_wage"]).values[0].tolist()


def test_cumulative_months_go_on_after_the_evidence_as_in_its_last_year():
    """6 and 12 months against 3 and 6, to year four: three months more in each year."""
    months = OutcomeMeasure(
        "months", kind="count", unit="months", channel="employment", accrual="cumulative"
    )
    found = outcomes([6, 12], [3, 6], dt.date(2020, 1, 1), months)
    side = RuleSide(persons=(PERSON,), horizon_years=4)
    assert wages(savings(found, side)) == pytest.approx([3 * 2500.0] * 4)
    side = replace(side, fade_out=0.5)
    assert wages(savings(found, side)) == pytest.approx([7500.0, 7500.0, 3750.0, 1875.0])


def test_cumulative_earnings_of_all_months_are_no_more_than_the_wage():
    earnings = OutcomeMeasure(
        "earnings", kind="amount", unit="EUR", channel="earnings", accrual="cumulative"
    )
    total = np.cumsum([6.5951242520767135 * 2500, 12 * 2500.0, 12 * 2500.0])
    # In float64 the differences of the sums are more than the sums of twelve wages.
    assert np.diff(total).max() > 2500.0 * 12
    found = savings(
        outcomes(total, total / 2, dt.date(2020, 1, 1), earnings), RuleSide(persons=(PERSON,))
    )
    assert sum(wages(found)) == pytest.approx(total[-1] / 2)


def test_who_has_ever_worked_is_no_driver():
    ever = OutcomeMeasure("ever", kind="binary", channel="employment", accrual="cumulative")
    with pytest.raises(InputError, match="who has ever worked does not tell the months in work"):
        savings(outcomes([0.3, 0.5], [0.2, 0.4], measure=ever), RuleSide(persons=(PERSON,)))


def test_general_support_before_its_first_day_is_refused():
    """It would be a person who gets nothing out of work: no benefit could be saved."""
    early = RuleSide(persons=(PERSON, replace(PERSON, benefit="general_support")))
    with pytest.raises(InputError) as caught:
        savings(outcomes([1.0], [0.0], dt.date(2026, 1, 1)), early)
    assert str(caught.value) == (
        "persons[1].benefit: general support is not in force on 2026-01-01 (seen: "
        "'general_support'); use basic_level, which is whichever benefit is in force"
    )
    basic = RuleSide(persons=(replace(PERSON, benefit="basic_level"),))
    found = savings(outcomes([1.0], [0.0], dt.date(2026, 1, 1)), basic)
    parts = {n: found.by_line()[n][0] for n in ("labour_market_subsidy", "general_support")}
    # Four months of 21.5 days of 37.21 euros, then eight.
    assert parts == pytest.approx(
        {"labour_market_subsidy": 4 * 21.5 * 37.21, "general_support": 8 * 21.5 * 37.21}
    )


def test_one_municipal_rate_across_the_shift_of_2023_is_refused():
    """On 2023-01-01 12.64 percentage points moved from municipal to state tax."""
    known = RuleSide(persons=(replace(PERSON, municipal_rate=0.18),))
    with pytest.raises(InputError) as caught:
        savings(outcomes([1.0] * 2, [0.0] * 2, dt.date(2022, 1, 1)), known)
    assert str(caught.value) == (
        "persons[0].municipal_rate: one municipal tax rate does not fit 2022 to 2023: between "
        "them municipal tax became state tax (seen: 0.18); leave it out, or count years on one "
        "side of the change"
    )
    one = outcomes([1.0], [0.0], dt.date(2022, 1, 1))
    by_name = savings(one, RuleSide(persons=(PERSON,)))
    assert savings(one, known).by_payer()["municipality"] == by_name.by_payer()["municipality"]


def test_money_by_rules_is_known_without_the_programme_where_it_is_zero():
    """Without work nobody pays a pension contribution: that is a level, and it is zero."""
    found = as_outcomes(savings(outcomes([1.0], [0.0]), RuleSide(persons=(PERSON,))), by="line")
    assert bool(found.dataset["counterfactual_known"].all())
    assert float(found.level("counterfactual", "employee_pension").sum()) == 0.0


def tax(year, wage, benefit, line="state_tax"):
    given = {
        "wage": wage,
        "taxable_benefit": benefit,
        "age": 34,
        "children_under_18": 0,
        "sole_carer": 0,
        "church_member": 0,
        "municipality": "helsinki",
    }
    rules = load_rules("fi").at(dt.date(year, 1, 1))
    return float(rules.compute(given, "employee_contributions", "income_tax")[line])


def test_a_tax_year_that_the_horizon_cuts_bears_its_months_share_of_a_whole_year():
    """A year's work from July 2024: months before it on benefit, months after it as in it."""
    found = savings(outcomes([1.0], [0.0], dt.date(2024, 7, 1)), RuleSide(persons=(PERSON,)))
    month = 21.5 * 37.21
    for line, payer in (("state_tax", "state"), ("municipal_tax", "municipality")):
        first = tax(2024, 15_000, 6 * month, line) - tax(2024, 0, 12 * month, line)
        second = (tax(2025, 30_000, 0, line) - tax(2025, 0, 12 * month, line)) / 2
        got = [found.ledger.cell(payer, line, year)[0] for year in (2024, 2025)]
        assert got == pytest.approx([first, second], abs=1e-9), line
    # As if on benefit again from July 2025 the same six months would lower state tax.
    assert tax(2025, 15_000, 6 * month) - tax(2025, 0, 12 * month) < 0 < second
    assert "months of 2024 before the start are on benefit in both arms" in found.assumptions
    assert (
        "the horizon ends within 2025: the rest of that year goes on in the same way, and its "
        "taxes are shared by months" in found.assumptions
    )


def test_half_a_year_is_half_of_the_years_taxes():
    whole = savings(outcomes([1.0], [0.0]), RuleSide(persons=(PERSON,)))
    half = Outcomes.from_draws(
        np.ones((1, 1, 1, 6)),
        np.zeros((1, 1, 1, 6)),
        measures=[JOB],
        periods=Periods(dt.date(2024, 1, 1), "month", 6),
        cohort_size=1,
        provenance=Provenance(),
    )
    found = savings(half, RuleSide(persons=(PERSON,)))
    for line in ("state_tax", "municipal_tax", "daily_allowance_contribution", "employee_pension"):
        assert found.by_line()[line] == pytest.approx(whole.by_line()[line] / 2), line
    assert not any("before the start" in said for said in found.assumptions)
    assert not any("the horizon ends within" in said for said in whole.assumptions)


def test_days_in_services_and_of_allowances_count_from_2025():
    """Kela: from 2025 every benefit day counts, in services too, whenever it was paid.

    Out of work in 2024 and 2025, half of the days in services, after 100 days of subsidy and 150 of
    basic allowance: 2025 begins at 100 + 150 + 258 = 508 days, not at 229, so at 40 %.
    """
    person = replace(PERSON, paid_days=100.0, other_days=150.0, service_share=0.5)
    found = savings(outcomes([0.0, 1.0], [0.0, 0.0]), RuleSide(persons=(person,)))
    cell = found.ledger.cell("municipality", "labour_market_subsidy", 2025)[0]
    up_to_700, above = 0.4 * (700 - 508), 0.5 * (508 + 258 - 700)
    assert cell == pytest.approx(37.21 * (up_to_700 + above), abs=1e-8)
    alone = replace(person, paid_days=250.0 + 258.0, other_days=0.0)
    later = savings(outcomes([1.0], [0.0], dt.date(2025, 1, 1)), RuleSide(persons=(alone,)))
    assert later.ledger.cell("municipality", "labour_market_subsidy", 2025)[0] == pytest.approx(
        cell
    )
    assert found.central().totals()["labour_market_subsidy|municipality|2025"] == pytest.approx(
        cell
    )
