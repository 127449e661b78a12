"""The central scenario of a contract against the payments at the mean of the draws."""

import datetime as dt
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from impactmodel.contract import (
    AboveBaseline,
    AbovePrediction,
    BandTable,
    Clause,
    Evaluation,
    Limit,
    MeasuredImpact,
    OutcomesContract,
    Rate,
    ShareOf,
    StepTable,
    central,
    payments,
    settle,
)
from impactmodel.core.errors import InputError, JoinError
from impactmodel.core.measures import OutcomeMeasure
from impactmodel.core.outcomes import Outcomes, Provenance
from impactmodel.core.schedule import Periods

JOB = OutcomeMeasure("job", kind="binary")
WAGE = OutcomeMeasure("wage", kind="amount", unit="EUR/year")
IMPACT = MeasuredImpact()


def found(draws=3, periods=3, groups=("young", "old"), seed=1):
    """Three years, two groups, and draws that differ in everything."""
    rng = np.random.default_rng(seed)
    shape = (draws, len(groups), 2, periods)
    scale = np.array([1.0, 9000.0])[:, None]
    return Outcomes.from_draws(
        rng.uniform(0.4, 0.9, shape) * scale,
        rng.uniform(0.1, 0.6, shape) * scale,
        measures=[JOB, WAGE],
        periods=Periods(dt.date(2024, 1, 1), "year", periods),
        cohort_size=rng.uniform(50, 80, (draws, len(groups))),
        groups=groups,
        provenance=Provenance(),
    )


def at_the_mean(outcomes):
    """The same outcomes with one draw: the mean, taken here with numpy."""
    data = outcomes.dataset
    return Outcomes.from_draws(
        data["treated"].values.mean(axis=0, keepdims=True),
        data["counterfactual"].values.mean(axis=0, keepdims=True),
        measures=outcomes.measures,
        periods=outcomes.periods,
        cohort_size=outcomes.cohort_size.values.mean(axis=0, keepdims=True),
        groups=data["group"].values.tolist(),
        provenance=Provenance(),
    )


def agreed(*clauses, **more):
    more = {"evaluation": Evaluation(comparison_size=200)} | more
    return OutcomesContract("Trial", "EUR", dt.date(2024, 1, 1), clauses, **more)


def rate(name="jobs", price=2000.0, **more):
    return Clause(name, Rate(price), payer=more.pop("payer", "state"), outcome="job", **more)


def wages(**more):
    return Clause("wages", ShareOf(0.4), "city", IMPACT, "wage", **more)


BANDS = BandTable(((0.0, 300.0), (0.2, 700.0)), "per_person", base=50.0)
CONTRACTS = {
    "gross rate": agreed(rate()),
    "rate above a baseline": agreed(rate(basis=AboveBaseline(0.3))),
    "baselines by group": agreed(rate(basis=AboveBaseline({"young": 0.2, "old": 0.4}))),
    "above a prediction": agreed(rate(basis=AbovePrediction(0.45))),
    "measured impact, two payers": agreed(rate(basis=IMPACT), wages()),
    "a decrease": agreed(rate(basis=AboveBaseline(0.95), direction="decrease")),
    "an index": agreed(
        Clause("both", Rate(2.0), "state", IMPACT, index={"job": 5000.0, "wage": -0.5})
    ),
    "prices by group": agreed(rate(price={"young": 3000.0, "old": 1000.0}, basis=IMPACT)),
    "no floor": agreed(rate(basis=AboveBaseline(0.8), floor=None)),
    "a clause's cap that binds in the second year": agreed(rate(cap=200_000.0), wages()),
    "a cap per person": agreed(rate(basis=IMPACT, cap_per_person=400.0)),
    "a total cap shared out by date": agreed(rate(), wages(), cap=450_000.0),
    "both caps and another lag": agreed(
        rate(cap=230_000.0, paid_after_months=12), wages(), cap=700_000.0
    ),
    "steps": agreed(
        Clause("steps", StepTable(((0.1, 9000.0), (0.3, 20000.0))), "state", IMPACT, "job")
    ),
    "relative steps": agreed(
        Clause("steps", StepTable(((0.1, 1.0), (0.9, 2.0)), "relative"), "state", IMPACT, "job")
    ),
    "bands with a base": agreed(Clause("bands", BANDS, "state", IMPACT, "job")),
    "too few people": agreed(rate(), minimum_cohort=500),
    "a minimum that is met": agreed(rate(), minimum_cohort=90),
}


@pytest.mark.parametrize("contract", CONTRACTS.values(), ids=CONTRACTS.keys())
def test_it_is_what_the_contract_pays_at_the_mean_of_the_draws(contract):
    paid = payments(contract, at_the_mean(found()), view="expected")
    totals = central(contract, found()).totals()
    expected = {
        f"{clause}|{payer}|{str(day)[:10]}": float(amount)
        for clause, payer, day, amount in zip(
            *(paid.amount[name].values for name in ("clause", "payer", "date")),
            paid.amount.values[0],
            strict=True,
        )
    }
    expected |= {payer: float(draws[0]) for payer, draws in paid.by_payer().items()}
    assert totals == pytest.approx(expected, abs=1e-6)
    assert len(expected) == len(contract.payers) + 3 * len(contract.clauses)


def test_the_total_cap_binds_where_the_test_says_so():
    totals = central(CONTRACTS["a total cap shared out by date"], found()).totals()
    assert totals["state"] + totals["city"] == pytest.approx(450_000.0)
    last = [v for name, v in totals.items() if name.endswith("2027-01-01")]
    assert last == [0.0, 0.0]


@pytest.mark.parametrize(
    ("key", "value", "changed"),
    [
        ("jobs.price", 3500.0, {"clauses": (rate(price=3500.0), wages())}),
        ("wages.share", 0.7, {"clauses": (rate(), replace(wages(), payment=ShareOf(0.7)))}),
        ("cap", 300_000.0, {"cap": 300_000.0}),
    ],
)
def test_a_changed_term_is_another_contract(key, value, changed):
    contract = agreed(rate(), wages(), cap=450_000.0)
    other = central(replace(contract, **changed), found()).totals()
    assert central(contract, found()).changed({key: value}).totals() == pytest.approx(other)
    assert other != pytest.approx(central(contract, found()).totals())


@pytest.mark.parametrize(
    ("clause", "key", "value", "other"),
    [
        (rate(floor=5.0), "jobs.floor", 3e5, rate(floor=3e5)),
        (rate(cap=1e5), "jobs.cap", 2e5, rate(cap=2e5)),
        (rate(basis=AboveBaseline(0.3)), "jobs.baseline", 0.1, rate(basis=AboveBaseline(0.1))),
        (
            rate(basis=AboveBaseline({"young": 0.2, "old": 0.4})),
            "jobs.baseline@old",
            0.1,
            rate(basis=AboveBaseline({"young": 0.2, "old": 0.1})),
        ),
        (
            rate(price={"young": 3000.0, "old": 1000.0}),
            "jobs.price@young",
            10.0,
            rate(price={"young": 10.0, "old": 1000.0}),
        ),
        (
            Clause("bands", BANDS, "state", IMPACT, "job"),
            "bands.bands",
            ((0.0, 900.0), (0.1, 100.0)),
            Clause(
                "bands", replace(BANDS, table=((0.0, 900.0), (0.1, 100.0))), "state", IMPACT, "job"
            ),
        ),
    ],
)
def test_a_changed_term_of_a_clause(clause, key, value, other):
    changed = central(agreed(clause), found()).changed({key: value}).totals()
    assert changed == pytest.approx(central(agreed(other), found()).totals())
    assert changed != pytest.approx(central(agreed(clause), found()).totals())


def test_every_term_says_where_it_comes_from():
    contract = agreed(rate(assumed=True), wages(source="the signed contract"), cap=4e5)
    terms = central(contract, found()).parameters
    assert {key: (t.status, t.source) for key, t in terms.items()} == {
        "jobs.floor": ("assumption", "no source stated"),
        "jobs.price": ("assumption", "no source stated"),
        "wages.floor": ("contract", "the signed contract"),
        "wages.share": ("contract", "the signed contract"),
        "cap": ("contract", "no source stated"),
    }
    assert not any(term.verified for term in terms.values())


def test_dues_of_one_clause_on_one_day_are_one_payment():
    daily = Outcomes.from_draws(
        np.full((1, 1, 1, 2), 0.5),
        np.zeros((1, 1, 1, 2)),
        measures=[JOB],
        periods=Periods(dt.date(2024, 1, 29), "day", 2),
        cohort_size=10,
        provenance=Provenance(),
    )
    # 30 and 31 January plus thirteen months are both 28 February.
    contract = replace(agreed(rate(price=1.0, paid_after_months=13)), start=dt.date(2024, 1, 29))
    assert central(contract, daily).totals() == {"jobs|state|2025-02-28": 10.0, "state": 10.0}


COURSE = OutcomeMeasure("course", kind="binary")


def two_results(draws=40, seed=4):
    """Two binary outcomes in two years; which is the rarer differs between draws."""
    rng = np.random.default_rng(seed)
    return Outcomes.from_draws(
        rng.uniform(0.2, 0.8, (draws, 1, 2, 2)),
        np.zeros((draws, 1, 2, 2)),
        measures=[JOB, COURSE],
        periods=Periods(dt.date(2024, 1, 1), "year", 2),
        cohort_size=rng.uniform(50, 80, (draws, 1)),
        provenance=Provenance(),
    )


def per_person(dependence, job=900.0, course=700.0, cap=1500.0, **more):
    course_clause = Clause("courses", Rate(course), payer="city", outcome="course")
    return agreed(
        rate(price=job),
        course_clause,
        cap_per_person=cap,
        evaluation=Evaluation(dependence=dependence),
        **more,
    )


def means(contract, outcomes):
    return {p: float(d.mean()) for p, d in payments(contract, outcomes).by_payer().items()}


@pytest.mark.parametrize("dependence", ["comonotone", "independent"])
def test_under_a_cap_per_person_the_tabulated_shares_give_the_mean_over_draws(dependence):
    found = two_results()
    scenario = central(per_person(dependence), found)
    totals = scenario.totals()
    assert {p: totals[p] for p in ("state", "city")} == pytest.approx(
        means(per_person(dependence), found), rel=1e-12
    )
    shares = [one.value for key, one in scenario.inputs.items() if key.startswith("only|")]
    assert len(shares) == 15  # every set of four results but the empty one
    assert 0 < sum(shares) < 1
    # Prices and the cap are live, beyond their thresholds too.
    for change, other in (
        ({"jobs.price": 1600.0}, per_person(dependence, job=1600.0)),
        ({"cap_per_person": 400.0}, per_person(dependence, cap=400.0)),
        (
            {"courses.price": 10.0, "cap_per_person": 9e9},
            per_person(dependence, course=10.0, cap=9e9),
        ),
    ):
        changed = scenario.changed(change).totals()
        assert {p: changed[p] for p in ("state", "city")} == pytest.approx(
            means(other, found), rel=1e-12
        )


@pytest.mark.parametrize(
    "more",
    [{}, {"cap": 9000.0}, {"minimum_cohort": 21}, {"limits": (Limit(7000.0, payer="state"),)}],
    ids=["alone", "a total cap", "too few people", "a payer's limit"],
)
def test_a_cap_per_person_is_priced_as_single_people_are_settled(more):
    # Twenty people, of whom the first so many have each outcome: who has the rarer has the other.
    having = {("job", 0): 12, ("course", 0): 8, ("job", 1): 5, ("course", 1): 16}
    rows = [
        {"person": f"p{n}", "outcome": name, "period": period, "quantity": int(n < count)}
        for (name, period), count in having.items()
        for n in range(20)
    ]
    level = [[[having[name, t] / 20 for t in (0, 1)] for name in ("job", "course")]]
    outcomes = Outcomes.from_draws(
        [level],
        np.zeros((1, 1, 2, 2)),
        measures=[JOB, COURSE],
        periods=Periods(dt.date(2024, 1, 1), "year", 2),
        cohort_size=20,
        provenance=Provenance(),
    )
    contract = per_person("comonotone", periods=outcomes.periods, **more)
    clauses = (replace(contract.clauses[0], cap=8000.0), contract.clauses[1])
    contract = replace(
        contract, clauses=clauses, periods=replace(outcomes.periods, clock="calendar")
    )
    settled = {p: float(a) for p, a in settle(contract, pd.DataFrame(rows)).by_payer().items()}
    assert means(contract, outcomes) == pytest.approx(settled, abs=0.02)
    totals = central(contract, outcomes).totals()
    assert {p: totals[p] for p in settled} == pytest.approx(settled, abs=0.02)


def test_too_many_combinations_are_refused():
    found = two_results(draws=1)
    periods = Periods(dt.date(2024, 1, 1), "year", 6)
    many = Outcomes.from_draws(
        np.full((1, 1, 2, 6), 0.5),
        np.zeros((1, 1, 2, 6)),
        measures=found.measures,
        periods=periods,
        cohort_size=10,
        provenance=Provenance(),
    )
    assert payments(per_person("independent"), many).total()[0] > 0
    with pytest.raises(InputError, match="combine in too many ways") as error:
        central(per_person("independent"), many)
    assert "12 independent outcomes" in str(error.value)


def test_two_clauses_for_one_result_are_not_independent_of_each_other():
    contract = agreed(
        rate(),
        rate("again", payer="city"),
        cap_per_person=2500.0,
        evaluation=Evaluation(dependence="independent"),
    )
    with pytest.raises(InputError, match="cannot be independent of itself"):
        payments(contract, two_results())
    both = replace(contract, evaluation=Evaluation(dependence="comonotone"))
    found = two_results(draws=1)
    people, job = float(found.cohort_size.values[0, 0]), found.dataset["treated"].values[0, 0, 0]
    # The first year pays 2,000 and 500 for each job; the second, for those who had none, the same.
    expected = people * 2500.0 * job.max()
    assert payments(both, found).total()[0] == pytest.approx(expected)


def test_what_cannot_be_paid_has_no_central_scenario():
    with pytest.raises(JoinError, match="pays for the participants"):
        central(agreed(rate(), population="participants"), found())
