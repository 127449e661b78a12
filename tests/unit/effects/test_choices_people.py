"""Designs on people from a case file: they load, refuse, and give the design that Python gives."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from impactmodel.core.errors import InputError
from impactmodel.core.measures import OutcomeMeasure
from impactmodel.core.schedule import Periods
from impactmodel.core.spec import dump, load
from impactmodel.effects import ClosedForm, fit
from impactmodel.effects.choices_people import (
    EncouragementChoice,
    MatchedComparisonChoice,
    PredictedBaselineChoice,
)
from impactmodel.effects.design_stage import design_stage
from impactmodel.effects.encouragement import Encouragement
from impactmodel.effects.matched_comparison import MatchedComparison
from impactmodel.effects.predicted_baseline import PredictedBaseline
from impactmodel.effects.sensitivity import BenchmarkBias, BiasPrior
from impactmodel.effects.weighting import PropensityOdds
from impactmodel.evidence import Cohort

YEAR = Periods(dt.date(2024, 1, 1), "year", 1)
TOOK, JOB = (OutcomeMeasure(name, kind="binary") for name in ("took", "job"))
DAYS = OutcomeMeasure("days", kind="days")


@pytest.fixture(scope="module")
def table():
    rng = np.random.default_rng(1)
    n = 400
    p = pd.DataFrame({"treat": np.arange(n) % 2, "age": rng.integers(20, 60, n)})
    p["took"] = p["treat"] * rng.integers(0, 2, n)
    p["job"], p["days"] = rng.integers(0, 2, n), rng.integers(0, 300, n)
    p["site"] = rng.choice(["north", "south"], n)
    return p


def read(table, outcomes):
    return Cohort.from_frame(
        table, treatment="treat", outcomes=outcomes, covariates=["age"], group="site"
    )


def same(choice, design, evidence):
    """Whether the choice's design gives the draws of one made by hand, to the last digit."""
    method = ClosedForm(seed=1, draws=500)
    made = choice.design(evidence, YEAR, source="register", price_base="2024")
    one, other = fit(made, method).outcomes, fit(design, method).outcomes
    assert (one.effect().values == other.effect().values).all()
    assert one.provenance.assumptions == other.provenance.assumptions
    assert (one.provenance.source, one.provenance.price_base) == ("register", "2024")
    assert one.periods.start == dt.date(2024, 1, 1)
    return True


def test_a_matched_comparison(table):
    choice = load(
        MatchedComparisonChoice,
        {
            "type": "matched_comparison",
            "weighting": {"type": "propensity_odds", "moments": 2},
            "by_group": True,
            "bias": {
                "job": {"type": "normal", "sd": 0.02},
                "days": {"type": "benchmark", "covariate": "age"},
            },
            "population": "assigned",
            "method": {"type": "closed_form", "draws": 500},
        },
    )
    assert choice.bias == {"job": BiasPrior(sd=0.02), "days": BenchmarkBias("age")}
    assert choice.method == ClosedForm(draws=500)
    assert load(MatchedComparisonChoice, dump(choice)) == choice
    people = read(table, [JOB, DAYS])
    stage = design_stage(people, PropensityOdds(moments=2), by_group=True)
    design = MatchedComparison(people, stage, bias=choice.bias, population="assigned", periods=YEAR)
    assert same(choice, design, people)


def test_an_encouragement(table):
    plain = {
        "type": "encouragement",
        "take_up": "took",
        "estimand": "CACE",
        "sides": "two",
        "priors": {"compliers": 2.0},
    }
    choice = load(EncouragementChoice, plain)
    assert load(EncouragementChoice, dump(choice)) == choice
    people = read(table, [TOOK, JOB])
    design = Encouragement(people, "took", "CACE", "two", choice.priors, periods=YEAR)
    assert same(choice, design, people)


def test_a_predicted_baseline(table):
    plain = {
        "type": "predicted_baseline",
        "cohort": "new",
        "priors": {"number": {"slope_sd": 0.5}},
        "baseline": {"days": 120.0},
    }
    choice = load(PredictedBaselineChoice, plain)
    assert load(PredictedBaselineChoice, dump(choice)) == choice
    people = read(table, [DAYS])
    design = PredictedBaseline(
        people, cohort="new", priors=choice.priors, baseline={"days": 120.0}, periods=YEAR
    )
    assert same(choice, design, people)
    given = [{"outcome": "days", "value": "v", "se": "s", "correlation": 0.2}]
    assert load(PredictedBaselineChoice, {"given": given}).given[0].correlation == 0.2


@pytest.mark.parametrize(
    ("choice", "plain", "words"),
    [
        (MatchedComparisonChoice, {"weight": {}}, "weight"),
        (MatchedComparisonChoice, {"bias": {"job": {"type": "normal", "sd": "2"}}}, "bias.job"),
        (EncouragementChoice, {"estimand": "CACE"}, "take_up"),
        (EncouragementChoice, {"take_up": "took", "estimand": "LATE"}, "estimand"),
        (PredictedBaselineChoice, {"baseline": {"job": "40 %"}}, "baseline.job"),
    ],
)
def test_what_is_wrong_is_located(choice, plain, words):
    with pytest.raises(InputError) as caught:
        load(choice, plain)
    assert words in str(caught.value)
