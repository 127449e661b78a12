"""Payments in draws: views, caps, refusals, words and the linter."""

import dataclasses
import datetime as dt
import itertools

import numpy as np
import pandas as pd
import pytest

from impactmodel.contract import (
    AboveBaseline,
    Clause,
    Evaluation,
    Gross,
    MeasuredImpact,
    OutcomesContract,
    Rate,
    ShareOf,
    StepTable,
    UnitTariff,
    check,
    describe,
    excel_formula,
    paying_for_noise,
    payments,
    reprice,
    settle,
)
from impactmodel.contract.person_caps import capped_shares
from impactmodel.core.errors import DiagnosticsError, InputError, JoinError
from impactmodel.core.measures import OutcomeMeasure
from impactmodel.core.money import Rounding
from impactmodel.core.outcomes import Outcomes, Provenance
from impactmodel.core.schedule import Periods

START = dt.date(2024, 1, 1)
JOB = OutcomeMeasure("job", kind="binary")


def outcomes(treated, control, size=100, names=("job",), **about):
    measures = [OutcomeMeasure(n, kind="binary") for n in names]
    k = len(names)
    p = np.array([0.5] * k)
    covariance = np.zeros((2, 1, k, 1, k, 1))
    for i in range(k):
        covariance[:, 0, i, 0, i, 0] = p[i] * (1 - p[i])
    return Outcomes.from_draws(
        np.asarray(treated, float).reshape(-1, k),
        np.asarray(control, float).reshape(-1, k),
        measures=measures,
        periods=Periods(START),
        cohort_size=size,
        provenance=Provenance(**about),
        covariance=covariance,
    )


def contract(payment, basis=None, cap=None, clause_more=None, **more):
    clause = Clause(
        "jobs",
        payment,
        payer="state",
        basis=basis or MeasuredImpact(),
        outcome="job",
        **(clause_more or {}),
    )
    more.setdefault("evaluation", Evaluation(comparison_size=100))
    return OutcomesContract("T", "EUR", START, (clause,), cap=cap, **more)


def test_expected_payment_is_price_times_additional_people():
    paid = payments(contract(Rate(3000.0)), outcomes([0.5, 0.3], [0.4, 0.4]), "expected")
    assert paid.total().tolist() == pytest.approx([30000.0, 0.0])
    assert paid.probability_zero() == 0.5
    assert paid.by_date()[0][0] == dt.date(2025, 1, 1)


def test_bases_differ_by_what_they_compare_with():
    o = outcomes([0.5], [0.4])
    amounts = {
        basis.type: payments(contract(Rate(100.0), basis), o, "expected").total()[0]
        for basis in (Gross(), AboveBaseline(0.2), MeasuredImpact())
    }
    assert amounts == pytest.approx(
        {"gross": 5000, "above_baseline": 3000, "measured_impact": 1000}
    )


def test_a_gross_card_warns_of_deadweight_and_pays_for_a_negative_effect():
    paid = payments(contract(Rate(100.0), Gross()), outcomes([0.3], [0.4]))
    assert paid.total()[0] == pytest.approx(3000)
    assert "deadweight" in paid.warnings[0]


def test_caps_share_their_cut_and_bind():
    one = Clause("a", Rate(300.0), payer="x", outcome="job")
    two = Clause("b", Rate(100.0), payer="y", outcome="job")
    deal = OutcomesContract("T", "EUR", START, (one, two), cap=10_000.0)
    paid = payments(deal, outcomes([0.5], [0.4]))
    assert paid.by_payer() == {"x": pytest.approx(7500.0), "y": pytest.approx(2500.0)}
    assert paid.probability_at_cap() == 1.0


def test_negative_branch_needs_a_null_floor():
    o = outcomes([0.3], [0.4])
    deal = contract(Rate(100.0), clause_more={"floor": None})
    assert payments(deal, o, "expected").total()[0] == pytest.approx(-1000.0)


def test_measured_view_is_the_default_on_impact_and_averages_to_the_linear_payment():
    draws = 20_000
    o = outcomes(np.full(draws, 0.6), np.full(draws, 0.4), size=400)
    paid = payments(contract(Rate(1000.0), clause_more={"floor": None}), o, seed=2)
    assert paid.view == "measured"
    # sd of a difference of shares: sqrt(.24/400 + .24/100) = .0548; times 400,000.
    assert paid.total().std() == pytest.approx(400_000 * 0.0548, rel=0.03)
    assert paid.total().mean() == pytest.approx(80_000, abs=4 * 21_900 / draws**0.5)


def test_paying_for_noise_is_a_half_without_effect_or_threshold():
    o = outcomes(np.full(20_000, 0.6), np.full(20_000, 0.4), size=400)
    risk = paying_for_noise(contract(Rate(1000.0)), o, seed=2)
    assert risk.pay_without_effect == pytest.approx(0.5, abs=0.04)
    assert risk.no_pay_with_effect < 0.001
    high = contract(StepTable(((0.2, 1.0),)))
    # P(difference of shares >= .2 | no effect), sd .0548: P(z >= 3.65) is about 1e-4.
    assert paying_for_noise(high, o, seed=2).pay_without_effect < 0.001


@pytest.mark.parametrize("dependence", ["comonotone", "independent"])
def test_cap_per_person_is_the_enumerated_expectation(dependence):
    rng = np.random.default_rng(1)
    chances, prices, cap = rng.uniform(0, 1, (5, 4)), [700.0, 2200.0, 3300.0, 2600.0], 5000.0
    ours = capped_shares(chances, prices, cap, dependence).sum(axis=1)
    for row, got in zip(chances, ours, strict=True):
        if dependence == "independent":
            expected = sum(
                np.prod([p if y else 1 - p for p, y in zip(row, ys, strict=True)])
                * min(np.dot(ys, prices), cap)
                for ys in itertools.product([0, 1], repeat=4)
            )
            assert got == pytest.approx(expected, rel=1e-12)
        else:
            u = (np.arange(200_000) + 0.5) / 200_000
            paid = np.minimum(((u[:, None] < row) * prices).sum(axis=1), cap)
            assert got == pytest.approx(paid.mean(), abs=0.1)


def test_cap_per_person_needs_a_stated_dependence():
    clauses = tuple(Clause(n, Rate(1000.0), payer="state", outcome=n) for n in ("a", "b"))
    deal = OutcomesContract("T", "EUR", START, clauses, cap_per_person=1500.0)
    o = outcomes([[0.5, 0.5]], [[0.4, 0.4]], names=("a", "b"))
    with pytest.raises(InputError, match="state comonotone or independent"):
        payments(deal, o)
    stated = dataclasses.replace(deal, evaluation=Evaluation(dependence="independent"))
    paid = payments(stated, o)
    assert paid.total()[0] == pytest.approx(100 * (0.5 * 1000 + 0.25 * 1500))
    assert "taken as independent for the cap per person" in paid.assumptions[-1]


def test_failed_fits_other_populations_and_currencies_are_refused():
    deal = contract(Rate(1.0))
    with pytest.raises(DiagnosticsError, match="failed its diagnostics"):
        payments(deal, outcomes([0.5], [0.4], diagnostics="failed: R-hat 1.2"))
    assert payments(deal, outcomes([0.5], [0.4], diagnostics="overridden: seen")).n_draws == 1
    with pytest.raises(
        JoinError, match="the contract pays for the assigned, the effect is that of"
    ):
        payments(deal, outcomes([0.5], [0.4], population="compliers"))
    with pytest.raises(InputError, match=r"clauses\[0\]\.outcome: no such outcome"):
        payments(deal, outcomes([0.5], [0.4], names=("work",)))
    with pytest.raises(InputError, match="must state the size of its comparison group"):
        payments(contract(Rate(1.0), evaluation=Evaluation()), outcomes([0.5], [0.4]))


def test_payment_after_the_end_is_refused():
    deal = contract(Rate(1.0), end=dt.date(2024, 12, 31))
    with pytest.raises(InputError, match="would pay on 2025-01-01, after the contract's end"):
        payments(deal, outcomes([0.5], [0.4]))


def test_repricing_and_words():
    deal = contract(Rate(3000.0), cap=50_000.0)
    assert reprice(deal, "job", 10.0).clauses[0].payment == Rate(10.0)
    assert reprice(contract(ShareOf(0.5)), "jobs", 0.25).clauses[0].payment == ShareOf(0.25)
    with pytest.raises(InputError, match="no clause pays for it"):
        reprice(deal, "wage", 1.0)
    assert "state pays 3,000 EUR per unit of job; the difference from the comparison" in describe(
        deal
    )
    assert "state pays 28 % of job; the difference" in describe(contract(ShareOf(0.28)))
    formula = excel_formula(deal, "jobs", {"job.total": "B1", "job.reference": "B2"})
    assert formula == "=MAX(0,(B1-B2)*3000)"


def test_linter_finds_what_is_wrong():
    unmeasured = contract(Rate(1.0), evaluation=Evaluation(), rounding=Rounding())
    assert [f.level for f in check(unmeasured)] == ["error"]
    table = StepTable(((0.1, 50.0), (0.2, 20.0)))
    texts = " ".join(f.text for f in check(contract(table, cap=40.0)))
    assert "pays less for a better result" in texts
    assert "cannot be reached under the cap" in texts
    assert [f.key for f in check(contract(Rate(1.0)))] == ["rounding"]
    assert check(contract(Rate(1.0), rounding=Rounding())) == ()


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (
            "outcome,total\njob,5\njob,6",
            "line 3, outcome: this outcome, period and group are there",
        ),
        ("outcome,total\njob,five", "line 2, total: the cell is not a number"),
        ("outcome,totl\njob,5", "line 1, totl: unknown column"),
        ("outcome,total\nwork,5", "outcome: the contract pays for no such outcome (seen: 'work')"),
        ("outcome,mean\njob,0.5", "line 2, people: a mean needs the number of people"),
        ("outcome,total,people\njob,5,10", "comparison: 'job' needs the comparison group's mean"),
        ("person,outcome,quantity\nSECRET,job,x", "line 2, quantity: the cell is not a number"),
        ("outcome,total\njob", "line 2: the row has another number of cells"),
    ],
)
def test_bad_results_are_refused_where_they_stand(rows, message, tmp_path):
    path = tmp_path / "results.csv"
    path.write_text(rows)
    with pytest.raises(InputError) as caught:
        settle(contract(Rate(1.0)), path)
    shown = str(caught.value)
    assert str(path) in shown
    assert message in shown
    assert "SECRET" not in shown


def test_total_cap_at_settlement_pays_no_more():
    one = Clause("a", Rate(100.0), payer="x", outcome="a")
    two = Clause("b", Rate(100.0), payer="y", outcome="b")
    deal = OutcomesContract("T", "EUR", START, (one, two), cap=1000.0)
    done = settle(
        deal, pd.DataFrame([{"outcome": "a", "total": 10}, {"outcome": "b", "total": 20}])
    )
    assert [float(line.paid) for line in done.lines] == [333.33, 666.67]
    assert done.total == 1000


def test_a_clauses_cap_per_person_is_refused_under_draws():
    # 30 % of 100 people at min(3,000, 1,000) is 30,000; a cap on the average would pay 90,000.
    deal = contract(Rate(3000.0), Gross(), clause_more={"cap_per_person": 1000.0})
    with pytest.raises(
        InputError, match="the cap per person of 'jobs' needs the outcomes of single"
    ):
        payments(deal, outcomes([0.3], [0.2]))
    whole = contract(Rate(3000.0), Gross(), cap_per_person=1000.0)
    assert payments(whole, outcomes([0.3], [0.2])).total()[0] == pytest.approx(30_000.0)


def two_groups():
    clause = Clause("j", Rate({"a": 10.0, "b": 20.0}), payer="s", outcome="job")
    return OutcomesContract("T", "EUR", START, (clause,))


def two_outcomes(periods=None):
    one = Clause("j", Rate(10.0), payer="s", outcome="job")
    two = Clause("k", Rate(10.0), payer="s", outcome="kid", periods=periods)
    return OutcomesContract("T", "EUR", START, (one, two))


@pytest.mark.parametrize(
    ("deal", "rows", "message"),
    [
        (two_groups(), [("job", 0, "a", 5)], "the results lack 'job' of the group 'b' in period 0"),
        (
            two_groups(),
            [("job", 0, "a", 5), ("job", 0, "b", 5), ("job", 0, "c", 5)],
            "'j' has no price for this group (seen: 'c'); use one of a, b",
        ),
        (
            two_outcomes(),
            [("job", 0, "all", 5), ("job", 1, "all", 5), ("kid", 0, "all", 5)],
            "the results lack 'kid' in period 1; add a row",
        ),
        (two_outcomes(), [("job", 0, "all", 5)], "the results lack 'kid' in period 0"),
    ],
)
def test_what_is_missing_is_never_taken_as_nothing(deal, rows, message):
    table = pd.DataFrame(rows, columns=["outcome", "period", "group", "total"])
    with pytest.raises(InputError) as caught:
        settle(deal, table)
    assert message in str(caught.value)


def test_a_clause_that_states_its_periods_needs_no_other():
    rows = [("job", 0, 5), ("job", 1, 5), ("kid", 1, 7)]
    done = settle(two_outcomes((1,)), pd.DataFrame(rows, columns=["outcome", "period", "total"]))
    assert [(line.clause, line.period, float(line.paid)) for line in done.lines] == [
        ("j", 0, 50.0),
        ("j", 1, 50.0),
        ("k", 1, 70.0),
    ]


def test_people_must_be_known_in_every_row_that_needs_them():
    deal = contract(StepTable(((0.1, 50.0),)), Gross())
    rows = [
        {"outcome": "job", "group": "a", "total": 5, "people": 10},
        {"outcome": "job", "group": "b", "total": 5},
    ]
    with pytest.raises(InputError, match="'job' needs the number of people in every row"):
        settle(deal, pd.DataFrame(rows))


def test_group_prices_settle_group_by_group():
    rows = pd.DataFrame([("job", "a", 5), ("job", "b", 7)], columns=["outcome", "group", "total"])
    assert settle(two_groups(), rows).total == 5 * 10 + 7 * 20


def test_a_term_sheet_says_what_one_unit_is():
    terms = Clause("in_care", Rate(50.0), payer="the_city", outcome="in_care", direction="decrease")
    plain = OutcomesContract("T", "EUR", dt.date(2024, 1, 1), (terms,))
    measure = OutcomeMeasure("in_care", kind="days", label="days in care")
    said = [
        describe(plain),
        describe(plain, [measure]),
        describe(dataclasses.replace(plain, units={"in_care": "night in care"}), [measure]),
        describe(dataclasses.replace(plain, counting={"in_care": UnitTariff("month")})),
    ]
    assert [text.splitlines()[1].split(";")[0] for text in said] == [
        "in care: the city pays 50 EUR per unit of in care avoided",
        "in care: the city pays 50 EUR per day in care avoided",
        "in care: the city pays 50 EUR per night in care avoided",
        "in care: the city pays 50 EUR per month in care avoided",
    ]
    with pytest.raises(InputError, match="the contract pays for no such outcome") as error:
        dataclasses.replace(plain, units={"care": "night"})
    assert "use one of in_care" in str(error.value)
