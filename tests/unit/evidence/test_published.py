"""Published estimates become draws; every figure here is one that was published."""

import datetime as dt
import math

import numpy as np
import pytest

from impactmodel.core.errors import InputError
from impactmodel.core.measures import OutcomeMeasure
from impactmodel.core.schedule import Periods
from impactmodel.core.spec import dump, load
from impactmodel.evidence import (
    AssumedVariation,
    Interval,
    Level,
    PRange,
    PublishedEstimate,
    PublishedEvidence,
    PValue,
    StandardError,
    Study,
)

DAYS = OutcomeMeasure("days", kind="days", channel="employment")
JOB = OutcomeMeasure("job", kind="binary")
WAGE = OutcomeMeasure("wage", kind="amount", unit="USD/year", channel="earnings")
TAX = OutcomeMeasure("tax", kind="amount", unit="EUR/year", channel="tax")
BENEFIT = OutcomeMeasure("benefit", kind="amount", unit="EUR/year", channel="benefit")
EARNINGS = OutcomeMeasure("earnings", kind="amount", unit="EUR/year", channel="earnings")
STUDY = Study("A study (2020)", "ITT", "assigned", "randomised trial", locator="table 2")
YEAR = Periods(dt.date(2019, 1, 1), "year", 1)
THREE = Periods(dt.date(2019, 1, 1), "year", 3)


def evidence(*estimates, periods=YEAR, **more):
    return PublishedEvidence(STUDY, estimates, periods, 100.0, **more)


def koto(correlation=None, cv=0.3):
    # Evaluation of the integration bond (2024): effects per assigned person over three years.
    effects = ((EARNINGS, 4500.0), (TAX, 1330.0), (BENEFIT, -1340.0))
    return evidence(
        *(PublishedEstimate(o, AssumedVariation(cv), e, periods=(1, 3)) for o, e in effects),
        periods=THREE,
        correlation=correlation,
    )


def message(make):
    with pytest.raises(InputError) as error:
        make()
    return str(error.value)


def test_the_basic_income_interval_gives_its_estimate_and_error():
    # Finnish basic income experiment, year 1: 95 % interval -2.3 to 5.4 days of employment.
    e = PublishedEstimate(DAYS, Interval(-2.3, 5.4, 0.95))
    assert (round(e.centre, 2), round(e.standard_error, 2)) == (1.55, 1.96)


@pytest.mark.parametrize(
    ("effect", "p", "se"),
    [(-499, 0.001, 152), (-121, 0.563, 209), (423, 0.102, 259), (410, 0.125, 267)],
)
def test_the_p_values_of_jobstart_give_its_errors(effect, p, se):
    # JOBSTART, years 1 to 4: effects on earnings with their p values.
    assert round(PublishedEstimate(WAGE, PValue(p), effect).standard_error) == se


def test_a_range_of_p_takes_the_widest_error():
    inside = PublishedEstimate(WAGE, PRange(upper=0.05, lower=0.01), 423.0)
    assert inside.standard_error == PublishedEstimate(WAGE, PValue(0.05), 423.0).standard_error


@pytest.mark.parametrize(
    ("ratio", "low", "high"), [(2.73, 1.64, 4.54), (1.38, 1.00, 1.89), (11.5, 1.62, 81.8)]
)
def test_intervals_of_risk_ratios_are_taken_on_the_log_scale(ratio, low, high):
    # Supported employment (PMC8724223): SE = width of the log interval over 3.92.
    e = PublishedEstimate(JOB, Interval(low, high, 0.95), ratio, scale="ratio")
    assert e.centre == pytest.approx(math.log(ratio))
    assert e.standard_error == pytest.approx(math.log(high / low) / 3.92, rel=1e-4)


def test_the_interval_carries_its_probability():
    # Of a normal estimate, the 90 % interval is 1.6449 and the 95 % one 1.9600 errors wide.
    ninety = PublishedEstimate(DAYS, Interval(-1.6449, 1.6449, 0.90)).standard_error
    assert ninety == pytest.approx(1.0, abs=1e-4)


def test_a_misplaced_p_value_is_questioned():
    # In one public file a p value of .01 stands where the error of an effect of 59.7 belongs.
    assert message(lambda: PublishedEstimate(WAGE, StandardError(0.01), 59.7)) == (
        "uncertainty: the estimate is 5,970 standard errors from no effect (seen: 'wage: 59.7 with "
        "error 0.01'); check that the error is not a p value; set confirmed: true if it is right"
    )
    kept = PublishedEstimate(WAGE, StandardError(0.01), 59.7, confirmed=True)
    assert kept.standard_error == 0.01


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (
            lambda: PublishedEstimate(WAGE, StandardError(5.0)),
            "estimate: the estimate is missing; add it",
        ),
        (
            lambda: PublishedEstimate(WAGE, PValue(0.2), 0.0),
            "uncertainty: an estimate of 0 and a p value say nothing about its error; give a "
            "standard error or an interval",
        ),
        (
            lambda: PublishedEstimate(WAGE, Interval(1.0, 9.0, 0.95), 2.0),
            "uncertainty: the estimate is not in the middle of its interval (seen: 'wage: 2 in 1 "
            "to 9'); check the scale (difference or ratio); set confirmed: true if it is right",
        ),
        (
            lambda: PublishedEstimate(JOB, Interval(-0.1, 2.0, 0.95), scale="ratio"),
            "uncertainty: a ratio is above 0 (seen: -0.1)",
        ),
        (
            lambda: PublishedEstimate(JOB, PValue(0.1), -1.0, scale="ratio"),
            "estimate: a ratio is above 0 (seen: -1.0)",
        ),
        (lambda: StandardError(0.0), "se: a standard error is above 0 (seen: 0.0)"),
        (lambda: Interval(2.0, 1.0, 0.9), "upper: the interval is empty (seen: 1.0)"),
        (lambda: Interval(1.0, 2.0, 95.0), "prob: a probability lies between 0 and 1 (seen: 95.0)"),
        (lambda: PValue(0.0), "p: a probability lies between 0 and 1 (seen: 0.0)"),
        (lambda: PRange(0.01, 0.05), "lower: the range of p is empty (seen: 0.05)"),
        (lambda: AssumedVariation(0.0), "cv: a coefficient of variation is above 0 (seen: 0.0)"),
        (lambda: Level(3.0, person_sd=0.0), "person_sd: this must be above 0 (seen: 0.0)"),
        (
            lambda: Study("X", "ITT", "assigned", "trial"),
            "locator: the place in the source is missing; give a locator, or url and quote, or set "
            "verified: false",
        ),
        (
            lambda: Study(" ", "ITT", "assigned", "trial", verified=False),
            "citation: this must be said of published evidence",
        ),
        (
            evidence,
            "estimates: there is no estimate; give at least one",
        ),
        (
            lambda: evidence(PublishedEstimate(WAGE, StandardError(1.0), 2.0), periods=THREE),
            "estimates: the estimates of 'wage' must cover each of the 3 periods once (seen: "
            "'periods 1')",
        ),
        (
            lambda: evidence(
                PublishedEstimate(
                    OutcomeMeasure("job", kind="binary", accrual="stock"),
                    StandardError(1.0),
                    2.0,
                    periods=(1, 3),
                ),
                periods=THREE,
            ),
            "periods: a stock cannot be spread over several periods (seen: (1, 3)); give one "
            "period, or make the outcome a flow",
        ),
        (
            lambda: koto(correlation=1.5),
            "correlation: this is not a correlation of 3 estimates; give one number, or a "
            "symmetric matrix with ones on its diagonal",
        ),
        (
            lambda: koto(correlation=((1.0, 0.2), (0.2, 1.0))),
            "correlation: this is not a correlation of 3 estimates; give one number, or a "
            "symmetric matrix with ones on its diagonal",
        ),
    ],
)
def test_what_cannot_be_used_is_refused_in_words(make, text):
    assert message(make) == text


def test_one_form_of_uncertainty_only_can_be_given():
    plain = dump(PublishedEstimate(WAGE, PValue(0.1), 5.0))
    plain["uncertainty"] |= {"se": 3.0}
    assert "unknown key" in message(lambda: load(PublishedEstimate, plain))


def test_evidence_survives_its_own_text():
    made = koto(correlation=0.5)
    assert load(PublishedEvidence, dump(made)) == made


def test_evidence_is_read_from_yaml(tmp_path):
    path = tmp_path / "evidence.yaml"
    path.write_text(
        """
study: {citation: A study, estimand: ITT, population: assigned, design: trial, locator: p. 3}
cohort_size: 40
price_base: "2019"
periods: {start: 2019-01-01, step: year, count: 1}
estimates:
  - outcome: {name: days, kind: days}
    uncertainty: {type: interval, lower: -2.3, upper: 5.4, prob: 0.95}
""",
        encoding="utf-8",
    )
    made = PublishedEvidence.from_yaml(path)
    assert made.estimates[0].centre == pytest.approx(1.55)
    path.write_text(path.read_text(encoding="utf-8").replace("5.4", "-5.4"), encoding="utf-8")
    assert message(lambda: PublishedEvidence.from_yaml(path)) == (
        f"{path}, line 8, estimates[0].uncertainty.upper: the interval is empty (seen: -5.4)"
    )


def test_koto_effects_are_those_of_its_evaluation():
    # 1,330 more tax and 1,340 less benefit: 2,670 per assigned person.
    outcomes = koto().outcomes(draws=40_000, seed=1)
    total = outcomes.effect().sum("period").mean("draw").sel(group="all")
    # Four standard errors of a mean of 40,000 draws with sd 30 %.
    tolerance = 4 * 0.3 / 200
    assert float(total.sel(outcome="earnings")) == pytest.approx(4500, rel=tolerance)
    saving = float(total.sel(outcome="tax") - total.sel(outcome="benefit"))
    assert saving == pytest.approx(2670, rel=tolerance)
    by_year = outcomes.effect().sel(outcome="tax").values
    assert (by_year[..., 0] == by_year[..., 2]).all()


def test_koto_says_what_was_assumed():
    assert koto().assumptions[2:] == (
        "standard error of 'benefit' in periods 1 to 3 assumed: coefficient of variation 0.3, none "
        "is published",
        "the effect on 'earnings' over 3 periods is spread evenly over them",
        "the effect on 'tax' over 3 periods is spread evenly over them",
        "the effect on 'benefit' over 3 periods is spread evenly over them",
        "the errors of the estimates are taken as independent: their correlation is not published",
    )
    assert not any("independent" in said for said in koto(correlation=0.5).assumptions)
    assert set(koto().assumptions) <= set(koto().outcomes(100, 1).provenance.assumptions)


def test_the_table_of_correlations_is_exact():
    # Savings = tax - benefit. Sizes of effects err together, so the sd of the sum is between
    # the root of the sum of squares (r = 0) and the sum of the two errors (r = 1).
    table = koto().correlation_table({"tax": 1.0, "benefit": -1.0})
    assert table["mean"].tolist() == [2670.0] * 3
    one, two = 0.3 * 1330, 0.3 * 1340
    halfway = math.sqrt(one**2 + two**2 + one * two)
    assert table["sd"].tolist() == pytest.approx([math.hypot(one, two), halfway, one + two])


@pytest.mark.parametrize("rho", [0.0, 0.5, 1.0])
def test_draws_have_the_stated_correlation(rho):
    drawn = koto(correlation=rho).draws(20_000, 3)
    seen = np.corrcoef(drawn.T)
    # Four standard errors of a correlation of 20,000 pairs.
    assert seen[0, 1] == pytest.approx(rho, abs=4 / math.sqrt(20_000))
    assert seen[0, 2] == pytest.approx(-rho, abs=4 / math.sqrt(20_000))


def test_a_matrix_is_taken_as_it_is():
    matrix = ((1.0, 0.3, 0.6), (0.3, 1.0, 0.2), (0.6, 0.2, 1.0))
    seen = np.corrcoef(koto(correlation=matrix).draws(20_000, 3).T)
    np.testing.assert_allclose(seen, matrix, atol=4 / math.sqrt(20_000))


def test_halving_the_error_halves_the_sd():
    wide, narrow = (koto(cv=cv).draws(1000, 5).std(axis=0) for cv in (0.3, 0.15))
    np.testing.assert_allclose(wide, 2 * narrow)


def test_one_seed_gives_one_set_of_draws():
    assert (koto().draws(50, 9) == koto().draws(50, 9)).all()
    assert (koto().draws(50, 9) != koto().draws(50, 8)).any()


def test_without_a_level_only_the_effect_is_known():
    outcomes = evidence(PublishedEstimate(JOB, StandardError(0.05), 0.1)).outcomes(500, 1)
    assert outcomes.effect().mean() == pytest.approx(0.1, abs=0.01)
    with pytest.raises(InputError, match="only the effect on 'job' is known"):
        outcomes.require_levels("job")


def test_levels_may_be_known_for_some_outcomes():
    made = evidence(
        PublishedEstimate(WAGE, StandardError(100.0), 500.0, level=Level(9000.0)),
        PublishedEstimate(JOB, StandardError(0.02), 0.1),
    ).outcomes(200, 1)
    made.require_levels("wage")
    assert made.level("counterfactual", "wage").values.ravel().tolist() == [9000.0] * 200
    with pytest.raises(InputError, match="only the effect on 'job'"):
        made.require_levels("job")


def test_a_ratio_multiplies_its_level():
    # Individual placement and support: risk ratio 1.63 (1.46 to 1.82), on an assumed 30 %.
    estimate = PublishedEstimate(
        JOB, Interval(1.46, 1.82, 0.95), 1.63, scale="ratio", level=Level(0.3)
    )
    outcomes = evidence(estimate).outcomes(20_000, 1)
    ratio = outcomes.effect("ratio").values
    assert np.median(ratio) == pytest.approx(1.63, rel=0.005)
    low, high = np.quantile(ratio, [0.025, 0.975])
    assert (low, high) == pytest.approx((1.46, 1.82), rel=0.01)


def test_a_ratio_without_a_level_gives_no_outcomes():
    made = evidence(PublishedEstimate(JOB, Interval(1.46, 1.82, 0.95), scale="ratio"))
    assert message(lambda: made.outcomes(100, 1)) == (
        "estimates[0].level: the effect on 'job' is a ratio of an unknown level; give the level "
        "without the programme"
    )


def test_spread_between_people_needs_every_level():
    job = PublishedEstimate(JOB, StandardError(0.02), 0.1, level=Level(0.4))
    wage = PublishedEstimate(
        WAGE, StandardError(100.0), 500.0, level=Level(9000.0, person_sd=700.0)
    )
    bare = PublishedEstimate(WAGE, StandardError(100.0), 500.0, level=Level(9000.0))
    assert "covariance" not in evidence(job, bare).outcomes(50, 1).dataset
    covariance = evidence(job, wage).outcomes(50, 1).dataset["covariance"].values[1, 0, :, 0, :, 0]
    np.testing.assert_allclose(covariance, [[0.24, 0.0], [0.0, 700.0**2]])


def test_the_spread_of_a_sum_over_years_is_kept():
    level = Level(27_000.0, person_sd=9000.0)
    wage = PublishedEstimate(WAGE, StandardError(50.0), 300.0, periods=(1, 3), level=level)
    outcomes = evidence(wage, periods=THREE).outcomes(50, 1)
    assert outcomes.level("counterfactual", "wage").values[0].tolist() == [[9000.0] * 3]
    covariance = outcomes.dataset["covariance"].values[1, 0, 0, :, 0, :]
    assert covariance.sum() == pytest.approx(9000.0**2)


def test_an_uncertain_level_is_drawn():
    level = load(Level, {"mean": {"type": "normal", "mean": 9000.0, "sd": 300.0}})
    made = evidence(PublishedEstimate(WAGE, StandardError(10.0), 500.0, level=level))
    base = made.outcomes(4000, 1).level("counterfactual", "wage").values
    assert base.std() == pytest.approx(300.0, rel=4 / math.sqrt(2 * 4000))


def test_weights_must_name_outcomes_and_differences():
    assert message(lambda: koto().correlation_table({"taxes": 1.0})) == (
        "weights: no such outcome (seen: 'taxes')"
    )
    made = evidence(PublishedEstimate(JOB, Interval(1.46, 1.82, 0.95), scale="ratio"))
    assert message(lambda: made.correlation_table({"job": 1.0})) == (
        "weights: ratios cannot be added up; weigh differences"
    )


@pytest.mark.parametrize("rho", [None, 0.5, 1.0])
def test_draws_meet_the_published_numbers_exactly(rho):
    evidence = koto(correlation=rho)
    draws = evidence.draws(1000, seed=3)
    centre = [e.centre for e in evidence.estimates]
    np.testing.assert_allclose(draws.mean(axis=0), centre, rtol=1e-12)
    np.testing.assert_allclose(
        draws.std(axis=0), [e.standard_error for e in evidence.estimates], rtol=1e-7
    )


def by_group(**more):
    job = OutcomeMeasure("job", kind="binary")
    given = {"north": (0.10, 0.03, 0.4), "south": (0.04, 0.02, 0.3)}
    return PublishedEvidence(
        Study("made up", "ITT", "assigned", "randomised trial", verified=False),
        tuple(
            PublishedEstimate(job, StandardError(se), e, level=Level(base), group=group)
            for group, (e, se, base) in given.items()
        ),
        Periods(dt.date(2024, 1, 1)),
        **{"cohort_size": {"north": 300, "south": 100}, **more},
    )


@pytest.mark.parametrize(("correlation", "expected"), [(None, 0.0), (0.5, 0.5), (1.0, 1.0)])
def test_groups_have_their_own_effects_people_and_correlation(correlation, expected):
    found = by_group(correlation=correlation).outcomes(2000, 1)
    assert found.dataset["group"].values.tolist() == ["north", "south"]
    assert found.cohort_size.values[0].tolist() == [300, 100]
    effect = found.effect().values[:, :, 0, 0]
    # Draws are standardised: moments are met to rounding.
    assert effect.mean(axis=0) == pytest.approx([0.10, 0.04], abs=1e-12)
    assert effect.std(axis=0) == pytest.approx([0.03, 0.02], rel=1e-9)
    assert np.corrcoef(effect.T)[0, 1] == pytest.approx(expected, abs=1e-7)
    between = found.dataset["covariance"].isel(arm=1).values.ravel()
    assert between == pytest.approx([0.4 * 0.6, 0.3 * 0.7], rel=1e-12)
    said = "; ".join(found.provenance.assumptions)
    assert "the errors of the 2 groups are taken as" in said
    assert "standard error of 'job' in north in period 1 as published" in said


def test_the_sum_over_groups_weighs_people():
    table = by_group().correlation_table({"job": 1.0}, rhos=(0.0, 1.0))
    assert table["mean"].tolist() == pytest.approx([0.75 * 0.10 + 0.25 * 0.04] * 2)
    parts = np.array([0.75 * 0.03, 0.25 * 0.02])
    assert table["sd"].tolist() == pytest.approx([np.hypot(*parts), parts.sum()])


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (400, "cohort_size: estimates of several groups need the people of each (seen: 400)"),
        ({"north": 1}, "cohort_size: this group has estimates and no people (seen: 'south')"),
        ({"north": 1, "south": 1, "x": 1}, "cohort_size: no estimate is of this group (seen: 'x')"),
        ({"north": 1, "south": 0}, "cohort_size.south: a cohort has people (seen: 0)"),
    ],
)
def test_every_group_needs_its_people(size, text):
    with pytest.raises(InputError) as error:
        by_group(cohort_size=size)
    assert str(error.value).startswith(text)
