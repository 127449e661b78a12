"""Housing allowance and social assistance in savings, against example households.

`household_year` is itself held against SISU (tests/golden/test_sisu_households.py); whole years of
the ledger are held against SISU in tests/golden/test_sisu_years.py.
"""

import datetime as dt

import numpy as np
import pytest

from impactmodel.core.errors import InputError
from impactmodel.core.measures import OutcomeMeasure
from impactmodel.core.outcomes import Outcomes, Provenance
from impactmodel.core.schedule import Periods
from impactmodel.effects.histories import HistoryAssumptions
from impactmodel.fiscal import (
    Household,
    Person,
    Profile,
    RuleSide,
    at_expected_months,
    household_year,
    load_rules,
    savings,
)

RULES = load_rules("fi")
LINES = ("housing_allowance", "social_assistance")
FAMILY = Person(
    wage=2600.0,
    age=40.0,
    children=2.0,
    children_under_10=1.0,
    sole_carer=1.0,
    rent=1000.0,
    municipality_group="larger_cities",
    other_income=150.0,
)
SINGLE = Person(wage=2500.0, age=30.0, municipality="helsinki", rent=700.0)


def outcomes(treated, without, start=dt.date(2025, 1, 1), step="month", size=1.0):
    treated, without = (np.atleast_2d(np.asarray(a, float)) for a in (treated, without))
    return Outcomes.from_draws(
        treated[:, None, None, :],
        without[:, None, None, :],
        measures=[OutcomeMeasure("job", kind="binary", channel="employment")],
        periods=Periods(start, step, treated.shape[1]),
        cohort_size=size,
        provenance=Provenance(),
    )


def received(found, line, year=2025):
    return -float(found.ledger.cell("participant", line, year)[0])


@pytest.mark.parametrize("order", ["block_at_end", "block_at_start"])
@pytest.mark.parametrize("worked", [0, 1, 6, 12])
def test_a_year_is_the_example_households_year(worked, order):
    # With "nobody works" as the other arm, the saving is the difference of two example years.
    side = RuleSide(persons=(SINGLE,), histories=HistoryAssumptions(filling=order))
    found = savings(outcomes([[worked / 12]], [[0.0]], step="year"), side)
    examples = [Household(SINGLE, months) for months in (worked, 0)]
    totals = household_year(RULES, 2025, examples).totals
    for line in LINES:
        drop = totals[line][1] - totals[line][0]
        # In 2025 no rule of these benefits changes within the year: the order is no matter.
        assert received(found, line) == pytest.approx(drop, abs=1e-6)


def test_children_and_other_income_count():
    found = savings(outcomes([[1.0]], [[0.0]], step="year"), RuleSide(persons=(FAMILY,)))
    day = dt.date(2025, 6, 1)
    rules = RULES.at(day)
    benefit = 21.5 * 37.21

    def month(wage, net_wage, other, gross_other):
        housing = rules.compute(
            {
                "adults": 1,
                "children_under_18": 2,
                "municipality_group": "larger_cities",
                "rent": 1000,
                "gross_wage": wage,
                "spouse_gross_wage": 0,
                "other_gross_income": gross_other,
                "wealth": 0,
            },
            "housing_allowance",
        )["housing_allowance"]
        assistance = rules.compute(
            {
                "adults": 1,
                "children_10_to_17": 1,
                "children_under_10": 1,
                "net_wage": net_wage,
                "spouse_net_wage": 0,
                "other_net_income": other + housing,
                "housing_cost": 1000,
            },
            "social_assistance",
        )["social_assistance"]
        return float(housing), float(assistance)

    def net(wage, taxed):
        taxes = RULES.at(dt.date(2025, 1, 1)).compute(
            {
                "wage": wage,
                "taxable_benefit": taxed,
                "age": 40,
                "children_under_18": 2,
                "sole_carer": 1,
                "church_member": 0,
                "municipality": "average",
            },
            "employee_contributions",
            "income_tax",
        )["taxes_and_contributions"]
        return (wage + taxed - float(taxes)) / 12

    working = month(2600, net(12 * 2600, 0), 150, 150)
    idle = month(0, 0, net(0, 12 * benefit) + 150, benefit + 150)
    for line, with_work, without in zip(LINES, working, idle, strict=True):
        assert received(found, line) == pytest.approx(12 * (without - with_work), abs=1e-6)


def test_state_and_municipality_share_social_assistance():
    found = savings(outcomes([[0.7]], [[0.3]], step="year", size=10), RuleSide(persons=(SINGLE,)))
    state, municipality, person = (
        float(found.ledger.cell(payer, "social_assistance", 2025)[0])
        for payer in ("state", "municipality", "participant")
    )
    assert state == pytest.approx(municipality)
    assert state + municipality + person == pytest.approx(0.0, abs=1e-9)
    housing = found.ledger.cell("state", "housing_allowance", 2025)[0]
    assert housing == pytest.approx(10 * received(found, "housing_allowance") / 10)


def test_no_effect_saves_nothing():
    found = savings(outcomes([[0.4] * 12], [[0.4] * 12]), RuleSide(persons=(SINGLE, FAMILY)))
    assert all(received(found, line) == 0.0 for line in LINES)


def test_without_a_rent_neither_is_counted_and_it_is_said():
    plain = Person(wage=2500.0, age=30.0)
    none = savings(outcomes([[1.0]], [[0.0]], step="year"), RuleSide(persons=(plain,)))
    some = savings(outcomes([[1.0]], [[0.0]], step="year"), RuleSide(persons=(plain, SINGLE)))
    assert not set(LINES) & set(none.ledger.lines)
    assert any("not counted: the profile has no rents" in said for said in none.assumptions)
    assert any("1 of 2 persons" in said for said in some.assumptions)
    alone = savings(outcomes([[1.0]], [[0.0]], step="year"), RuleSide(persons=(SINGLE,)))
    for line in LINES:
        assert received(some, line) == pytest.approx(received(alone, line) / 2)


def test_the_central_scenario_is_the_savings():
    treated, base = [[0.6, 0.7]], [[0.35, 0.4]]
    shares = outcomes(treated, base, dt.date(2023, 7, 1), "year", 30)
    found = savings(shares, RuleSide(persons=(SINGLE, FAMILY), discount_rate=0.03))
    totals = found.central().totals()
    table = found.ledger.view("payer", "line", "year")
    cells = 0
    for name, amount in totals.items():
        if name.count("|") == 2 and name.split("|")[0] in LINES:
            line, payer, year = name.split("|")
            expected = float(table.sel(payer=payer, line=line, year=int(year))[0])
            assert amount == pytest.approx(expected, abs=1e-8), name
            cells += 1
    assert cells == 15
    for payer, draws in found.by_payer().items():
        assert totals[payer] == pytest.approx(draws[0], rel=1e-12)
    dearer = found.central().changed({"person1|rent": 100.0, "person1|housing_cost": 100.0})
    assert dearer.totals()["state"] < totals["state"]


def test_expected_months_are_the_savings_where_nobody_moves():
    # Nobody in work against everybody: the expected months are those of every person.
    found = savings(outcomes([[1.0]], [[0.0]], step="year"), RuleSide(persons=(FAMILY,)))
    rows = at_expected_months(found).set_index(["line", "payer"])
    for line in LINES:
        assert rows.loc[(line, "state"), "difference"] == pytest.approx(0.0, abs=1e-6)


def test_every_cell_is_explained():
    found = savings(outcomes([[0.9]], [[0.2]], step="year"), RuleSide(persons=(SINGLE, FAMILY)))
    housing = found.explain("state", "housing_allowance", 2025)
    assistance = found.explain("municipality", "social_assistance", 2025)
    assert "share of the accepted cost above the own share: 70 %" in housing
    assert "basic amount of an adult living alone: 593.55" in assistance


class TestRefusals:
    def test_a_rent_needs_the_group_of_municipalities(self):
        with pytest.raises(InputError, match="needs the group of municipalities"):
            Person(wage=2000.0, age=30.0, rent=600.0)

    def test_more_young_children_than_children(self):
        with pytest.raises(InputError, match="more children under 10"):
            Person(wage=2000.0, age=30.0, children=1.0, children_under_10=2.0)

    def test_a_file_names_the_column(self, tmp_path):
        path = tmp_path / "persons.csv"
        path.write_text("wage,age,rent,municipality_group\n2000,30,600,downtown\n")
        with pytest.raises(InputError, match="municipality_group"):
            Profile.from_csv(path)

    def test_an_empty_rent_is_no_rent(self, tmp_path):
        path = tmp_path / "persons.csv"
        path.write_text("wage,age,rent,municipality_group\n2000,30,,\n2000,30,600,others\n")
        assert [person.rent for person in Profile.from_csv(path).persons] == [None, 600.0]
