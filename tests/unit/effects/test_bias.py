"""A bias prior lowers and widens the effect, draw by draw, and is on the record."""

import datetime as dt

import numpy as np
import pytest
from scipy import special

from impactmodel.core.distribution import Fixed, Normal
from impactmodel.core.errors import InputError
from impactmodel.core.measures import OutcomeMeasure
from impactmodel.core.outcomes import Outcomes, Provenance
from impactmodel.core.schedule import Periods
from impactmodel.effects.bias import with_bias

JOB = OutcomeMeasure("job", kind="binary")
PAY = OutcomeMeasure("pay", kind="amount", unit="EUR/year")
DRAWS = 20_000


def outcomes(known=True):
    rng = np.random.default_rng(1)
    base = np.stack([rng.normal(0.3, 0.02, (DRAWS, 2)), rng.normal(9000, 100, (DRAWS, 2))], axis=2)
    effect = np.stack([rng.normal(0.1, 0.03, (DRAWS, 2)), rng.normal(500, 200, (DRAWS, 2))], axis=2)
    return Outcomes.from_draws(
        (base + effect)[..., None] if known else effect[..., None],
        base[..., None] if known else None,
        measures=[JOB, PAY],
        periods=Periods(dt.date(2024, 1, 1), "year", 1),
        cohort_size=[60, 40],
        groups=("a", "b"),
        provenance=Provenance(assumptions=("first",)),
    )


def message(make):
    with pytest.raises(InputError) as error:
        make()
    return str(error.value)


def test_what_cannot_be_done_is_refused_in_words():
    made = outcomes()
    assert message(lambda: with_bias(made, "job", 0.1, " ")) == (
        "reason: a bias prior needs a reason; say why"
    )
    assert message(lambda: with_bias(made, "jobs", 0.1, "x")) == (
        "outcome: no such outcome (seen: 'jobs'); use one of job, pay"
    )
    assert message(lambda: with_bias(made, "pay", 0.1, "x", scale="logit")) == (
        "scale: a bias on the logit scale needs a binary outcome with a known level (seen: 'pay')"
    )
    text = message(lambda: with_bias(made, "job", Normal(0.0, 0.2), "x"))
    assert text.startswith("prior: with the bias the counterfactual of 'job' leaves [0, 1] in ")
    assert text.endswith('% of draws; narrow the prior, or use scale="logit"')


@pytest.mark.parametrize("known", [True, False])
def test_the_effect_loses_the_bias_and_its_variance_gains_that_of_the_prior(known):
    before = outcomes(known)
    after = with_bias(before, "pay", Normal(150.0, 300.0), "cream-skimming", seed=3)
    old, new = (o.effect().sel(outcome="pay").values[..., 0] for o in (before, after))
    bias = old - new
    # One bias for every group of a draw.
    np.testing.assert_allclose(bias[:, 0], bias[:, 1], atol=1e-9)
    assert bias.mean() == pytest.approx(150.0, abs=4 * 300 / np.sqrt(DRAWS))
    assert new.var() == pytest.approx(old.var() + 300.0**2, rel=0.05)
    assert np.corrcoef(bias[:, 0], old[:, 0])[0, 1] == pytest.approx(0.0, abs=4 / np.sqrt(DRAWS))
    np.testing.assert_array_equal(
        before.effect().sel(outcome="job").values, after.effect().sel(outcome="job").values
    )
    if known:
        np.testing.assert_array_equal(
            before.level("treated", "pay").values, after.level("treated", "pay").values
        )


def test_it_is_recorded_and_keeps_the_draws():
    before = outcomes()
    after = with_bias(before, "pay", Normal(150.0, 300.0), " cream-skimming ")
    assert after.provenance.assumptions == (
        "first",
        "bias of the effect on 'pay': normal, mean 150, sd 300; cream-skimming",
    )
    assert after.provenance.lineage == before.provenance.lineage
    fixed = with_bias(before, "job", Fixed(0.02), "loss from the register")
    assert fixed.provenance.assumptions[1] == (
        "bias of the effect on 'job': 0.02; loss from the register"
    )


def test_on_the_logit_scale_probabilities_stay_inside():
    before = outcomes()
    after = with_bias(before, "job", Normal(0.2, 1.5), "motivation", scale="logit", seed=2)
    base, moved = (o.level("counterfactual", "job").values for o in (before, after))
    shift = special.logit(moved) - special.logit(base)
    assert shift.mean() == pytest.approx(0.2, abs=4 * 1.5 / np.sqrt(DRAWS))
    assert shift.std() == pytest.approx(1.5, rel=0.03)
    assert "on the logit scale: normal, mean 0.2, sd 1.5" in after.provenance.assumptions[1]


def test_one_seed_gives_one_bias():
    one, same, other = (
        with_bias(outcomes(), "pay", Normal(0.0, 100.0), "x", seed=s).effect().values
        for s in (1, 1, 2)
    )
    assert (one == same).all()
    assert (one != other).any()
