"""Known truths are recovered from simulated people, and no effect is found where there is none."""

import math

import numpy as np
import pandas as pd
import pytest
from scipy import special

from impactmodel import datasets
from impactmodel.core.measures import OutcomeMeasure
from impactmodel.effects import ClosedForm, Experiment, Sampler, exact_effects, fit
from impactmodel.evidence import Cohort

JOB = OutcomeMeasure("job", kind="binary", channel="employment")
WAGE = OutcomeMeasure("wage", kind="amount", unit="EUR/year", channel="earnings")
SEEDS = 200
PROB = 0.9
# Four standard errors of a share of 200 at .9: the exact coverage of a right model is .9 on
# average over the prior and close to it at any one truth.
BAND = 4 * math.sqrt(PROB * (1 - PROB) / SEEDS)


def simulate(seed, n, rates=(0.40, 0.30), means=(9000.0, 8000.0), shapes=(1.3, 1.5)):
    """People of two arms, half each: employment and wages by a hurdle-gamma; treated first."""
    rng = np.random.default_rng(seed)
    treat = np.arange(n) % 2
    at = 1 - treat
    rate, mean, shape = (np.array(v)[at] for v in (rates, means, shapes))
    job = (rng.random(n) < rate).astype(float)
    wage = job * rng.gamma(shape, mean / shape)
    return pd.DataFrame({"treat": treat, "job": job, "wage": wage})


def cohort(table, outcomes=(JOB, WAGE), **more):
    return Cohort.from_frame(table, treatment="treat", outcomes=outcomes, **more)


@pytest.mark.parametrize("n", [100, 300, 1000])
@pytest.mark.parametrize("points", [0.0, 0.05, 0.10])
def test_intervals_of_employment_cover_the_truth(n, points):
    covered = 0
    for seed in range(SEEDS):
        people = cohort(simulate(seed, n, rates=(0.30 + points, 0.30)), outcomes=(JOB,))
        ((_, mean, sd),) = exact_effects(Experiment(people))
        covered += abs(mean - points) < 1.6449 * sd
    assert covered / SEEDS == pytest.approx(PROB, abs=BAND)


def test_intervals_of_wages_cover_the_truth():
    truth = 0.40 * 9000 - 0.30 * 8000
    found = [exact_effects(Experiment(cohort(simulate(s, 400), (WAGE,))))[0] for s in range(SEEDS)]
    covered = np.mean([abs(mean - truth) < 1.6449 * sd for _, mean, sd in found])
    assert covered == pytest.approx(PROB, abs=BAND)
    # The mean over 200 trials is known to a fourteenth of one trial's sd.
    average, typical = np.mean([m for _, m, _ in found]), np.mean([sd for _, _, sd in found])
    assert average == pytest.approx(truth, abs=4 * typical / math.sqrt(SEEDS))


def test_permuted_labels_give_no_effect():
    table = datasets.load("nsw")[["treat", "employed", "re78"]]
    measures = [
        OutcomeMeasure("employed", kind="binary"),
        OutcomeMeasure("re78", kind="amount", unit="USD/year"),
    ]
    rng = np.random.default_rng(1)
    z = []
    for _ in range(SEEDS):
        shuffled = table.assign(treat=rng.permutation(table["treat"].to_numpy()))
        effects = exact_effects(Experiment(cohort(shuffled, measures)))
        z.append([mean / sd for _, mean, sd in effects])
    # Under permutation z is nearly standard normal: mean 0, and one in ten beyond 1.645.
    z = np.array(z)
    assert np.abs(z.mean(axis=0)).max() < 4 / math.sqrt(SEEDS)
    assert np.mean(np.abs(z) > 1.6449, axis=0) == pytest.approx([1 - PROB] * 2, abs=BAND)


def test_four_times_the_people_halve_the_error():
    table = simulate(7, 1500)
    small = exact_effects(Experiment(cohort(table)))
    large = exact_effects(Experiment(cohort(pd.concat([table] * 4, ignore_index=True))))
    for (_, _, one), (_, _, four) in zip(small, large, strict=True):
        # The prior's own information, one person's worth or so of 750, is the only difference.
        assert one / four == pytest.approx(2.0, rel=0.01)


def test_draws_of_a_fit_cover_the_truth_at_every_probability():
    # The rank of the truth among the draws is uniform over trials of a right model.
    truth = np.array([0.10, 0.40 * 9000 - 0.30 * 8000])
    ranks = []
    for seed in range(60):
        found = fit(Experiment(cohort(simulate(seed, 400))), ClosedForm(seed=seed, draws=400))
        ranks.append((found.outcomes.effect().values[:, 0, :, 0] < truth).mean(axis=0))
    ranks = np.sort(np.array(ranks), axis=0)
    uniform = (np.arange(60) + 0.5) / 60
    # Kolmogorov's limit at .001 for 60 trials is .25.
    assert np.abs(ranks - uniform[:, None]).max() < 0.25


SITES = 6


def confounded_by_chance(seed, n=1800):
    """Randomised people of six sites with two covariates that matter; the truth by person."""
    rng = np.random.default_rng(seed)
    site = rng.integers(0, SITES, n)
    # Ages in steps of five years, so that many people share a cell.
    age, skill = 5 * np.rint(rng.normal(8, 2, n)), rng.integers(0, 3, n).astype(float)
    level = np.linspace(-0.5, 0.5, SITES)[site]
    base = level + 0.04 * (age - 40) - 0.6 * (skill - 1)
    p = special.expit(np.array([base + 0.5, base - 0.1]))
    mu = np.exp(9.0 + 0.01 * (age - 40) + 0.2 * skill + np.array([[0.15], [0.0]]))
    treat = rng.permutation(np.arange(n) % 2)
    own = 1 - treat
    people = np.arange(n)
    job = (rng.random(n) < p[own, people]).astype(float)
    wage = job * rng.gamma(1.4, mu[own, people] / 1.4)
    table = pd.DataFrame(
        {"treat": treat, "job": job, "wage": wage, "age": age, "skill": skill, "site": site}
    )
    truth = np.array([(p[0] - p[1]).mean(), (p[0] * mu[0] - p[1] * mu[1]).mean()])
    return table, truth, [(p[0] - p[1])[site == s].mean() for s in range(SITES)]


@pytest.fixture(scope="module")
def adjusted_and_pooled():
    table, truth, by_site = confounded_by_chance(3)
    made = cohort(table, covariates=["age", "skill"], group="site")
    design = Experiment(made, adjust=True, pool_groups=True)
    found = fit(design, Sampler(seed=1, draws=2000, tune=2000))
    found.diagnostics.raise_if_failed()
    return made, found, truth, by_site


@pytest.mark.sampler
def test_an_adjusted_model_with_pooled_sites_recovers_the_truth(adjusted_and_pooled):
    made, found, truth, _ = adjusted_and_pooled
    share = np.bincount(made.group) / made.size
    effect = np.tensordot(found.outcomes.effect().values[..., 0], share, axes=([1], [0]))
    low, high = np.quantile(effect, [0.025, 0.975], axis=0)
    assert (low < truth).all()
    assert (truth < high).all()
    # Adjustment pays: the covariates explain much of employment.
    ((_, _, unadjusted),) = exact_effects(Experiment(cohort(made_table(made), (JOB,))))
    assert effect[:, 0].std() < 0.97 * unadjusted


def made_table(made):
    return pd.DataFrame({"treat": made.treated.astype(int), "job": made.y[:, 0]})


@pytest.mark.sampler
def test_effects_by_site_are_near_the_sites_truths(adjusted_and_pooled):
    _, found, _, by_site = adjusted_and_pooled
    effect = found.outcomes.effect().sel(outcome="job").values[..., 0]
    low, high = np.quantile(effect, [0.005, 0.995], axis=0)
    assert ((low < by_site) & (by_site < high)).all()
    assert found.outcomes.cohort_size.values[0].sum() == 900
