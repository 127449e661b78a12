import datetime as dt

import numpy as np
import pytest

from impactmodel.clients import (
    Anticipation,
    WithoutService,
    anticipate,
    case_mix,
    chances,
    skimming_within,
)
from impactmodel.contract.terms import AbovePrediction
from impactmodel.core.errors import InputError
from impactmodel.core.measures import OutcomeMeasure
from impactmodel.core.outcomes import Outcomes, Provenance
from impactmodel.core.schedule import Periods
from impactmodel.effects import Importance
from tests.unit.clients.anticipated import clients

QUICK = Importance(seed=1, draws=600)
STRATA = ("home, well", "home, ill", "abroad, well", "abroad, ill")


@pytest.fixture(scope="module")
def found():
    people = clients()
    asked = Anticipation("work", policy=WithoutService())
    return chances(anticipate(asked, people, QUICK).aware, people)


@pytest.fixture(scope="module")
def strata():
    people = clients()
    return (2 * people.values["origin"] + people.values["health"]).astype(int)


@pytest.fixture(scope="module")
def mix(found, strata):
    return case_mix(found, strata, STRATA)


def test_the_baseline_is_the_mean_of_each_stratum(mix, found, strata):
    np.testing.assert_array_equal(mix.chance, found.group_means(strata, 4))
    assert mix.people.tolist() == np.bincount(strata).tolist()
    assert mix.basis() == AbovePrediction(mix.baseline)
    assert mix.baseline["home, well"] > mix.baseline["abroad, ill"]
    assert mix.policy == "without a service"


def enrolled(mix, easy):
    """Two hundred people: a share of them from the easiest stratum, the rest as they are."""
    rest = mix.people[1:] / mix.people[1:].sum()
    counts = np.round([200 * easy, *(200 * (1 - easy) * rest)]).astype(int)
    return dict(zip(STRATA, counts.tolist(), strict=True))


def test_what_skimming_pays_by_kind_of_price(mix):
    easy = enrolled(mix, 0.9)
    gross = mix.exposure(easy, 1000.0, "gross")
    # The mean over draws is the contract's own check, whose strata have the mean chances.
    assert gross.mean() == pytest.approx(1000 * mix.check(easy).gross_units, rel=1e-9)
    assert gross.min() > 0
    neutral = mix.exposure(easy, mix.neutral_prices(1000.0), "gross")
    assert abs(neutral.mean()) < 1e-6
    above = mix.exposure(easy, 1000.0, "above_prediction")
    assert abs(above.mean()) < 1e-6
    assert 0 < above.std() < gross.mean()


def test_neutral_prices_cost_the_same_over_the_eligible(mix):
    prices = mix.neutral_prices(1000.0)
    paid = [prices[s] * mix.baseline[s] for s in STRATA]
    np.testing.assert_allclose(paid, paid[0], rtol=1e-12)
    flat = 1000 * sum(n * mix.baseline[s] for n, s in zip(mix.people, STRATA, strict=True))
    assert paid[0] * mix.people.sum() == pytest.approx(flat, rel=1e-12)


def test_the_mix_of_the_eligible_is_no_exposure(mix):
    same = dict(zip(STRATA, mix.people.tolist(), strict=True))
    np.testing.assert_allclose(mix.exposure(same, 1000.0, "gross"), 0.0, atol=1e-6)


def test_within_strata_the_best_can_still_be_picked(found, strata):
    lift = skimming_within(found, strata, 4, 0.25)
    assert (lift.mean(axis=0) > 0.05).all()
    np.testing.assert_allclose(skimming_within(found, strata, 4, 1.0), 0.0, atol=1e-12)


def test_outcomes_carry_the_baseline(mix):
    job = OutcomeMeasure("job", kind="binary")
    other = OutcomeMeasure("other", kind="binary")
    made = Outcomes.from_draws(
        np.full((10, 4, 2, 1), 0.6), np.full((10, 4, 2, 1), 0.5), measures=[job, other],
        periods=Periods(dt.date(2024, 1, 1), "year", 1), cohort_size=mix.people,
        provenance=Provenance(), groups=STRATA,
    )  # fmt: skip
    held = mix.with_prediction(made, "job").dataset["prediction"].values
    np.testing.assert_allclose(held[:, 0, 0], list(mix.baseline.values()))
    assert np.isnan(held[:, 1]).all()
    twice = mix.with_prediction(mix.with_prediction(made, "job"), "other")
    assert not np.isnan(twice.dataset["prediction"].values).any()


def test_what_is_no_baseline_is_refused(found, strata, mix):
    people = clients()
    usual = chances(anticipate(Anticipation("work"), people, QUICK).aware, people)
    with pytest.raises(InputError, match="without the service"):
        case_mix(usual, strata, STRATA)
    with pytest.raises(InputError, match="fewer than 300 people"):
        case_mix(found, strata, STRATA, least=300)
    with pytest.raises(InputError, match="enrolled"):
        mix.exposure({"home, well": 10**6}, 1.0, "gross")
    with pytest.raises(InputError, match="share"):
        skimming_within(found, strata, 4, 0.0)
