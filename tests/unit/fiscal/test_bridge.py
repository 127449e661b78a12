"""Bridges from a third party's sheet: errors planted in sheets of a stranger's case are found."""

import datetime as dt
from dataclasses import replace
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from impactmodel.core.errors import InputError
from impactmodel.core.measures import OutcomeMeasure
from impactmodel.core.outcomes import Outcomes, Provenance
from impactmodel.core.schedule import Periods
from impactmodel.fiscal import Person, RuleSide, ServiceCost, at_expected_months, savings
from impactmodel.fiscal.bridge import reconcile_savings
from impactmodel.fiscal.claimed_sheet import SheetStatement
from impactmodel.fiscal.reform import Change, Reform

DAILY = "benefit.basic_daily_amount"
SIDE = RuleSide(
    persons=(
        Person(
            wage=2750.0,
            age=41.0,
            benefit="labour_market_subsidy",
            paid_days=180.0,
            name="long-term unemployed",
        ),
        Person(wage=3100.0, age=28.0, benefit="basic_allowance", weight=2.0, name="laid off"),
    ),
    services=(ServiceCost("counselling", "wellbeing_county", 85.0),),
)


def outcomes(start=dt.date(2022, 7, 1), people=640):
    rng = np.random.default_rng(11)
    without = rng.beta(30, 70, (12, 1, 1, 1)).repeat(2, axis=3)
    return Outcomes.from_draws(
        without + rng.beta(12, 88, (12, 1, 1, 1)),
        without,
        measures=[OutcomeMeasure("in_work", kind="binary", channel="employment")],
        periods=Periods(start, "year", 2, clock="since_start"),
        cohort_size=people,
        provenance=Provenance(),
    )


def exported(saved):
    """The sheet that goes out: mean of the draws, by public payer, line and year, in cents."""
    view = saved.ledger.view("payer", "line", "year", payers=saved.ledger.public_payers)
    frame = view.mean("draw").to_series().rename("amount").reset_index()
    return frame[frame["amount"].abs() > 1e-9].round({"amount": 2}).reset_index(drop=True)


@pytest.fixture(scope="module")
def ours():
    return savings(outcomes(), SIDE)


@pytest.fixture(scope="module")
def sheet(ours):
    return exported(ours)


def cents(value):
    return Decimal(str(round(float(value), 2)))


def bridge(frame, **more):
    found = reconcile_savings(outcomes(), SIDE, frame, **more)
    assert found.claimed + sum(s.amount for s in found.steps) == found.computed
    return found


def is_ours(found, ours):
    assert abs(found.computed - cents(ours.ledger.total().mean())) <= Decimal("0.01")


def near(amount, expected):
    """The sheet is in cents: some 60 amounts are each rounded by half a cent at most."""
    assert float(amount) == pytest.approx(float(expected), abs=0.35)


def test_our_own_sheet_needs_no_step(sheet, ours):
    found = bridge(sheet)
    assert [s.cause for s in found.steps] == ["unexplained"]
    near(found.steps[0].amount, 0.0)
    assert found.agree == found.compared == len(sheet)
    is_ours(found, ours)


class TestVintage:
    def test_rules_of_an_earlier_year(self, sheet, ours):
        old = savings(outcomes(), replace(SIDE, as_signed=dt.date(2022, 1, 1)))
        found = bridge(exported(old))
        (step, rest) = found.steps
        assert step.cause == "vintage"
        assert "2022-01-01" in step.text
        near(step.amount, ours.ledger.total().mean() - old.ledger.total().mean())
        near(rest.amount, 0)
        is_ours(found, ours)

    def test_a_single_value_that_was_never_updated(self, ours):
        stale = Reform("s", changes=(Change(DAILY, dt.date(2019, 1, 1), 34.5),))
        # 34.50 held from 1 January 2022 to 31 July 2022.
        old = savings(outcomes(), replace(SIDE, reform=stale))
        found = bridge(exported(old))
        (step, rest) = found.steps
        assert step.cause == "vintage"
        assert step.text.startswith(f"{DAILY} is 34.5")
        near(step.amount, ours.ledger.total().mean() - old.ledger.total().mean())
        near(rest.amount, 0)

    def test_values_that_the_sheet_states(self, ours):
        changes = (Change(DAILY, dt.date(2022, 1, 1), 31.07),)
        theirs = savings(outcomes(), replace(SIDE, reform=Reform("t", changes=changes)))
        found = bridge(exported(theirs), stated=SheetStatement(values=changes))
        (step, rest) = found.steps
        assert (step.cause, step.text) == ("vintage", f"its stated parameter values: {DAILY}")
        near(step.amount, ours.ledger.total().mean() - theirs.ledger.total().mean())
        near(rest.amount, 0)

    def test_values_that_it_states_and_did_not_use_are_not_named(self, sheet):
        wrong = SheetStatement(values=(Change(DAILY, dt.date(2022, 1, 1), 31.07),))
        assert [s.cause for s in bridge(sheet, stated=wrong).steps] == ["unexplained"]


class TestScope:
    def test_a_line_that_is_left_out(self, sheet, ours):
        found = bridge(sheet[sheet["line"] != "municipal_tax"])
        (step, rest) = found.steps
        assert (step.cause, step.text) == (
            "scope",
            "not in the sheet: municipality, municipal_tax",
        )
        view = ours.ledger.view("line", payers=["municipality"]).mean("draw")
        near(step.amount, view.sel(line="municipal_tax"))
        near(rest.amount, 0)

    def test_a_line_that_is_added_and_a_private_payer(self, sheet):
        extra = pd.DataFrame(
            {
                "payer": ["state", "participant"],
                "line": ["vat", "gross_wage"],
                "year": [2023, 2023],
                "amount": [1000.0, 2000.0],
            }
        )
        found = bridge(pd.concat([sheet, extra]))
        assert {s.text: s.amount for s in found.steps if s.cause == "scope"} == {
            "only in the sheet: state, vat": Decimal("-1000.00"),
            "only in the sheet: participant, gross_wage (participant is no public payer here)": (
                Decimal("-2000.00")
            ),
        }

    def test_fewer_people(self, sheet, ours):
        found = bridge(exported(savings(outcomes(people=512), SIDE)))
        (step, rest) = found.steps
        assert step.cause == "scope"
        assert "as if 512 people were counted and not 640" in step.text
        near(step.amount, 0.2 * ours.ledger.total().mean())
        near(rest.amount, 0)

    def test_a_kind_of_person_that_is_left_out(self, ours):
        theirs = savings(outcomes(), replace(SIDE, persons=SIDE.persons[1:]))
        found = bridge(exported(theirs))
        scope = sum(s.amount for s in found.steps if s.cause == "scope")
        near(scope, ours.ledger.total().mean() - theirs.ledger.total().mean())
        assert any("'labour_market_subsidy' are not counted" in s.text for s in found.steps)
        near(found.steps[-1].amount, 0)


class TestTiming:
    def test_amounts_a_year_later(self, sheet):
        """A shift moves no total: it is named with nothing."""
        found = bridge(sheet.assign(year=sheet["year"] + 1))
        (step, rest) = found.steps
        assert (step.cause, step.text) == ("timing", "every amount stands a year later")
        near(step.amount, 0)
        near(rest.amount, 0)
        assert found.agree == found.compared == len(sheet)

    def test_a_full_first_year_in_place_of_half(self, ours):
        theirs = savings(outcomes(dt.date(2022, 1, 1)), SIDE)
        found = bridge(exported(theirs))
        (step, rest) = found.steps
        assert (step.cause, step.text) == (
            "timing",
            "people start on 2022-01-01, not on 2022-07-01",
        )
        near(step.amount, ours.ledger.total().mean() - theirs.ledger.total().mean())
        near(rest.amount, 0)

    def test_discounted_amounts(self, sheet, ours):
        factor = 1.04 ** -(sheet["year"] - 2022)
        theirs = sheet.assign(amount=(sheet["amount"] * factor).round(2))
        found = bridge(theirs)
        (step, rest) = found.steps
        assert (step.cause, step.text) == (
            "timing",
            "amounts are discounted at 0.04 a year to the first year",
        )
        near(step.amount, sheet["amount"].sum() - theirs["amount"].sum())
        near(rest.amount, 0)


class TestMethod:
    def test_expected_months_through_the_rules(self, ours, sheet):
        table = at_expected_months(ours)
        public = table[table["payer"].isin(ours.ledger.public_payers)]
        theirs = exported_expected(ours)
        assert theirs["amount"].sum() == pytest.approx(
            public["saving_of_expected_months"].sum(), abs=0.5
        )
        found = bridge(theirs)
        (step, rest) = found.steps
        assert step.cause == "method"
        assert "f(E[x])" in step.text
        near(step.amount, public["difference"].sum())
        near(rest.amount, 0)

    def test_no_tax_on_the_benefit(self, ours):
        """Taxes of persons who get no benefit that is taxed: computed apart, on the wage alone."""
        from impactmodel.fiscal.other_methods import UntaxedBenefit
        from impactmodel.fiscal.rule_savings import rule_savings

        theirs = rule_savings(
            outcomes(), SIDE.rules(), SIDE.people(), SIDE, seed=1, months_of=UntaxedBenefit
        )
        found = bridge(exported(theirs))
        (step, rest) = found.steps
        assert (step.cause, step.text) == (
            "method",
            "the tax that is lost with the benefit is not netted",
        )
        near(step.amount, ours.ledger.total().mean() - theirs.ledger.total().mean())
        near(rest.amount, 0)

    def test_net_of_pension(self, sheet):
        pension = sheet["line"].isin(["employee_pension", "employer_pension"])
        found = bridge(sheet[~pension])
        steps = found.steps[:-1]
        assert {s.cause for s in steps} == {"method"}
        near(sum(s.amount for s in steps), sheet.loc[pension, "amount"].sum())


def exported_expected(ours):
    from impactmodel.fiscal.expected_months import sheet_of_expected_months

    rows = [
        (payer, line, year, round(value, 2))
        for (line, payer, year), value in sheet_of_expected_months(ours).items()
        if payer in ours.ledger.public_payers and abs(value) > 1e-9
    ]
    return pd.DataFrame(rows, columns=["payer", "line", "year", "amount"])


class TestTwoAtOnce:
    def test_old_rules_and_a_line_left_out(self, ours, sheet):
        old = exported(savings(outcomes(), replace(SIDE, as_signed=dt.date(2022, 1, 1))))
        found = bridge(old[old["line"] != "counselling"])
        by_cause = found.by_cause()
        line = sheet.loc[sheet["line"] == "counselling", "amount"].sum()
        near(by_cause["scope"], line)
        near(by_cause["vintage"], sheet["amount"].sum() - old["amount"].sum())
        near(by_cause["unexplained"], 0)

    def test_expected_months_and_discounting(self, ours, sheet):
        plugged = exported_expected(ours)
        factor = 1.03 ** -(plugged["year"] - 2022)
        theirs = plugged.assign(amount=(plugged["amount"] * factor).round(2))
        by_cause = bridge(theirs).by_cause()
        near(by_cause["timing"], plugged["amount"].sum() - theirs["amount"].sum())
        near(by_cause["method"], sheet["amount"].sum() - plugged["amount"].sum())
        near(by_cause["unexplained"], 0)

    def test_old_rules_and_fewer_people(self, ours, sheet):
        old = savings(outcomes(people=512), replace(SIDE, as_signed=dt.date(2022, 1, 1)))
        found = bridge(exported(old))
        assert {s.cause for s in found.steps if s.amount} >= {"vintage", "scope"}
        near(found.by_cause()["unexplained"], 0)


def test_what_no_computation_gives_is_unexplained(sheet):
    typed = sheet.copy()
    at = typed.index[(typed["line"] == "state_tax") & (typed["year"] == 2023)][0]
    typed.loc[at, "amount"] += 12_345.67
    found = bridge(typed)
    assert [(s.cause, float(s.amount)) for s in found.steps] == [
        ("unexplained", pytest.approx(-12_345.67, abs=0.35))
    ]
    assert found.compared - found.agree == 1


class TestRefused:
    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("payer,line,year\nstate,tax,2022\n", "line 1, amount: this column is missing"),
            ("payer,line,year,amount\nstate,,2022,1\n", "line 2, line: the cell is empty"),
            ("payer,line,year,amount\nstate,tax,2022,1 000\n", "line 2, amount: .*not a number"),
            ("payer,line,year,amount\nstate,tax,22,1\n", "line 2, year: .*no calendar year"),
            ("payer,line,year,amount\na,b,2022,1\na,b,2022,2\n", "line 3: .*stand twice"),
            ("payer,line,year,amount\na,b,2022,1\n", "no payer and line of the sheet is one of"),
            ("payer,line,year,amount\n", "has no amount"),
        ],
    )
    def test_a_sheet_that_cannot_be_used(self, tmp_path, text, message):
        path = tmp_path / "sheet.csv"
        path.write_text(text)
        with pytest.raises(InputError, match=message):
            reconcile_savings(outcomes(), SIDE, path)

    def test_a_file_that_is_no_excel_file(self, tmp_path):
        path = tmp_path / "sheet.xlsx"
        path.write_text("nothing")
        with pytest.raises(InputError, match=r"sheet\.xlsx: .*it is no Excel file"):
            reconcile_savings(outcomes(), SIDE, path)


def test_an_excel_file_with_its_values_and_counting(tmp_path, ours):
    changes = (Change(DAILY, dt.date(2022, 1, 1), 31.07),)
    side = replace(SIDE, reform=Reform("t", changes=changes))
    theirs = exported(savings(outcomes(people=600), side))
    path = tmp_path / "theirs.xlsx"
    with pd.ExcelWriter(path, engine="openpyxl") as book:
        theirs.to_excel(book, sheet_name="Savings", index=False)
        rows = {"parameter": [DAILY], "valid_from": [dt.date(2022, 1, 1)], "value": [31.07]}
        pd.DataFrame(rows).to_excel(book, sheet_name="Parameters", index=False)
        about = pd.DataFrame({"key": ["people", "price_base"], "value": [600, "2022"]})
        about.to_excel(book, sheet_name="About", index=False)
    found = bridge(path)
    assert {s.cause for s in found.steps if s.amount} >= {"vintage", "scope"}
    near(found.by_cause()["unexplained"], 0)
    assert found.notes[0].startswith("the sheet states the prices of 2022; without price factors")
    is_ours(found, ours)
