"""f(E[x]) beside E[f(x)]."""

import datetime as dt

import numpy as np
import pytest

from impactmodel.core.errors import InputError
from impactmodel.core.measures import OutcomeMeasure
from impactmodel.core.outcomes import Outcomes, Provenance
from impactmodel.core.schedule import Periods
from impactmodel.fiscal import (
    Person,
    RuleSide,
    UnitValue,
    UnitValues,
    at_expected_months,
    load_rules,
    savings,
)

JOB = OutcomeMeasure("job", kind="binary", channel="employment")
PERSON = Person(
    wage=2500.0, age=30.0, benefit="labour_market_subsidy", paid_days=250.0, municipality="helsinki"
)


def saved(treated, without):
    outcomes = Outcomes.from_draws(
        np.asarray(treated, float).reshape(-1, 1, 1, 1),
        np.asarray(without, float).reshape(-1, 1, 1, 1),
        measures=[JOB],
        periods=Periods(dt.date(2024, 1, 1), "year", 1),
        cohort_size=10,
        provenance=Provenance(),
    )
    return savings(outcomes, RuleSide(persons=(PERSON,)))


def row(table, line, payer):
    found = table[(table["line"] == line) & (table["payer"] == payer)]
    assert len(found) == 1
    return found.iloc[0]


def test_linear_lines_agree_and_taxes_do_not():
    table = at_expected_months(saved([0.6, 0.4], [0.2, 0.2]))
    wage = row(table, "gross_wage", "participant")
    # 10 people, 0.3 of a year more at 30,000 euros.
    assert wage["expected_saving"] == pytest.approx(90_000.0)
    assert wage["difference"] == pytest.approx(0.0, abs=1e-8)
    assert row(table, "employer_pension", "employer")["difference"] == pytest.approx(0, abs=1e-8)
    assert abs(row(table, "state_tax", "state")["difference"]) > 100.0


def test_state_tax_of_half_a_year_by_hand():
    """Half of the people earn 30,000 and pay; a person on half of it with half a subsidy pays."""
    rules = load_rules("fi").at(dt.date(2024, 1, 1))

    def tax(wage, benefit):
        inputs = {
            "wage": wage,
            "taxable_benefit": benefit,
            "age": 30,
            "children_under_18": 0,
            "sole_carer": 0,
            "church_member": 0,
            "municipality": "helsinki",
        }
        return float(rules.compute(inputs, "employee_contributions", "income_tax")["state_tax"])

    year = 258 * 37.21
    found = row(at_expected_months(saved([0.5], [0.0])), "state_tax", "state")
    assert found["expected_saving"] == pytest.approx(10 * 0.5 * (tax(30_000, 0) - tax(0, year)))
    assert found["saving_of_expected_months"] == pytest.approx(
        10 * (tax(15_000, year / 2) - tax(0, year))
    )


def test_certain_work_leaves_no_gap():
    table = at_expected_months(saved([1.0], [0.0]))
    assert table["difference"].abs().max() < 1e-7


def test_unit_values_have_no_gap_to_show():
    outcomes = Outcomes.from_draws(
        [[0.5]],
        [[0.2]],
        measures=[JOB],
        periods=Periods(dt.date(2024, 1, 1)),
        cohort_size=1,
        provenance=Provenance(),
    )
    found = savings(outcomes, UnitValues((UnitValue("tax", "job", 1.0, "state"),), "EUR"))
    with pytest.raises(InputError) as caught:
        at_expected_months(found)
    assert str(caught.value) == (
        "savings: these savings are linear in the outcomes; f(E[x]) differs from E[f(x)] only for "
        "savings by rules"
    )
