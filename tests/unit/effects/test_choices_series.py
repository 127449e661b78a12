"""Designs of one treated series as a case file states them."""

import pandas as pd
import pytest

from impactmodel.core.errors import InputError
from impactmodel.core.measures import OutcomeMeasure
from impactmodel.core.spec import dump, load
from impactmodel.effects.before_after import BeforeAfter
from impactmodel.effects.choices_series import (
    BeforeAfterChoice,
    InterruptedTimeSeriesChoice,
    SyntheticControlChoice,
)
from impactmodel.effects.interrupted_time_series import InterruptedTimeSeries
from impactmodel.effects.its_priors import causal_impact_priors
from impactmodel.effects.methods import ClosedForm, Sampler
from impactmodel.effects.sc_model import DonorPriors
from impactmodel.effects.synthetic_control import SyntheticControl
from impactmodel.evidence.panel import Panel

CHOICES = [
    SyntheticControlChoice(DonorPriors(0.3), "ar1", Sampler(seed=3)),
    InterruptedTimeSeriesChoice(("b",), True, 12, causal_impact_priors(1), ClosedForm(seed=1)),
    BeforeAfterChoice(),
]


def panel():
    rows = pd.DataFrame({"unit": "a", "year": range(2000, 2010), "first": 2008.0, "jobs": 1.0})
    jobs = [OutcomeMeasure("jobs", kind="count")]
    return Panel.from_frame(rows, unit="unit", period="year", start="first", outcomes=jobs)


@pytest.mark.parametrize("choice", CHOICES)
def test_choices_survive_a_file(choice):
    assert load(type(choice), dump(choice)) == choice
    with pytest.raises(InputError, match="sead"):
        load(type(choice), {**dump(choice), "sead": 1})


def test_choices_make_their_designs():
    evidence = panel()
    control = CHOICES[0].design(evidence, source="register", price_base="2020")
    assert control == SyntheticControl(
        evidence, DonorPriors(0.3), "ar1", source="register", price_base="2020"
    )
    series = CHOICES[1].design(evidence, source="register")
    assert series == InterruptedTimeSeries(
        evidence, ("b",), True, 12, causal_impact_priors(1), source="register"
    )
    assert CHOICES[2].design(evidence) == BeforeAfter(evidence)
