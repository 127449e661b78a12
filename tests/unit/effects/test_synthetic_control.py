"""Synthetic control: refusals, twins by other means, checks that block, invariances."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from scipy import optimize, stats

from impactmodel.core.errors import InputError, NotIdentifiedError
from impactmodel.core.measures import OutcomeMeasure
from impactmodel.effects import ClosedForm, Sampler, build_model, fit, prior_outcomes, sampling
from impactmodel.effects.sc_checks import donor_checks
from impactmodel.effects.sc_model import DonorModel, DonorPriors, log_gamma
from impactmodel.effects.sc_sampler import sample_donors
from impactmodel.effects.sc_twins import (
    difference_estimate,
    gaps,
    placebo_errors,
    synthetic_control_estimate,
)
from impactmodel.effects.simplex import simplex_loss, simplex_weights
from impactmodel.effects.synthetic_control import (
    SyntheticControl,
    control_checks,
    fitted_before,
)
from impactmodel.evidence.panel import Panel

JOBS = OutcomeMeasure("jobs", kind="index")
FIRST, YEARS, DONORS = 16, 22, 12


def world(seed=1, effect=0.0, treated=1):
    """Units with three common factors; the treated are mixtures of the first three donors."""
    rng = np.random.default_rng(seed)
    factors = rng.normal(size=(YEARS, 3)).cumsum(axis=0)
    loadings = rng.dirichlet(np.ones(3), size=DONORS)
    loadings[:3] = np.eye(3)
    own = np.tile([0.5, 0.3, 0.2], (treated, 1))
    y = np.vstack([own, loadings]) @ factors.T + 0.3 * rng.normal(size=(treated + DONORS, YEARS))
    y[:treated, FIRST:] += effect
    return y


def panel(y, treated=1, first=FIRST, measure=JOBS):
    units, years = y.shape
    start = np.where(np.arange(units) < treated, 2000.0 + first, np.nan)
    rows = pd.DataFrame(
        {
            "unit": np.repeat([f"u{i:02d}" for i in range(units)], years),
            "year": np.tile(2000 + np.arange(years), units),
            "first": np.repeat(start, years),
            measure.name: y.ravel(),
        }
    )
    return Panel.from_frame(rows, unit="unit", period="year", start="first", outcomes=[measure])


# The exact weights


@pytest.mark.parametrize("constant", [False, True])
@pytest.mark.parametrize("penalty", [0.0, 0.3])
@pytest.mark.parametrize("shape", [(30, 6), (8, 20)])
def test_exact_weights_are_the_optimum_of_a_general_solver(shape, penalty, constant):
    rng = np.random.default_rng(shape[1])
    columns, target = rng.normal(size=shape), rng.normal(size=shape[0])
    found = simplex_weights(target, columns, penalty=penalty, constant=constant)
    a, b = target, columns
    if constant:
        a, b = a - a.mean(), b - b.mean(axis=0)
    solved = optimize.minimize(
        lambda w: simplex_loss(a, b, w, penalty),
        np.full(shape[1], 1 / shape[1]),
        jac=lambda w: 2 * (b.T @ (b @ w - a) / len(a) + penalty * w),
        bounds=[(0, 1)] * shape[1],
        constraints={"type": "eq", "fun": lambda w: w.sum() - 1},
        method="SLSQP",
        options={"ftol": 1e-14, "maxiter": 1000},
    )
    # SLSQP stops within its tolerance above the optimum, never below.
    assert found.loss <= solved.fun + 1e-10
    assert found.loss == pytest.approx(solved.fun, abs=1e-6)
    assert found.weights.min() >= 0
    assert found.weights.sum() == pytest.approx(1, abs=1e-12)


def test_a_perfect_mixture_is_found_exactly():
    rng = np.random.default_rng(3)
    donors = rng.normal(size=(12, 5))
    weights = np.array([0.6, 0.4, 0, 0, 0])
    assert simplex_weights(donors @ weights, donors).weights == pytest.approx(weights, abs=1e-8)


# The sampler


def test_the_sampler_agrees_with_a_grid_where_there_are_two_donors():
    # Two donors, known concentration, errors independent: the posterior of (w, sigma) on a grid.
    rng = np.random.default_rng(4)
    donors = rng.normal(size=(10, 2))
    y = donors @ [0.3, 0.7] + 0.4 * rng.normal(size=10)
    priors = DonorPriors(concentration=0.5, spread=0.0, noise=0.5)
    model = DonorModel(JOBS, y, np.vstack([donors, donors[:1]]), priors, "independent", (0, 1))
    drawn = sample_donors(model, Sampler(seed=1, draws=2000))
    # w = sin^2 takes the infinite density at the edges away: Beta(1/2, 1/2) is uniform in angle.
    w = np.sin(np.linspace(0, np.pi / 2, 801)) ** 2
    sigma = np.linspace(0.02, 3, 800)
    error = y[:, None] - np.outer(donors[:, 0], w) - np.outer(donors[:, 1], 1 - w)
    square = (error**2).sum(axis=0)
    log = -10 * np.log(sigma) - 0.5 * square[:, None] / sigma**2 - 0.5 * (sigma / 0.5) ** 2
    weight = np.exp(log - log.max())
    weight[[0, -1]] /= 2
    weight /= weight.sum()
    for name, values, share in (
        ("jobs_weights", w, weight.sum(axis=1)),
        ("jobs_sigma", sigma, weight.sum(axis=0)),
    ):
        own = drawn[name][..., 0] if name == "jobs_weights" else drawn[name]
        mean = float(values @ share)
        sd = float(np.sqrt(values**2 @ share - mean**2))
        size = sampling.measure_chains({name: own}, 0).ess_min
        assert own.mean() == pytest.approx(mean, abs=4 * sd / np.sqrt(size))
        assert own.std() == pytest.approx(sd, abs=4 * sd / np.sqrt(size))


def test_logarithms_of_small_gammas_have_their_distribution():
    rng = np.random.default_rng(5)
    logs = log_gamma(np.array(0.3), (4000,), rng)
    assert stats.kstest(np.exp(logs), stats.gamma(0.3).cdf).pvalue > 0.001


@pytest.mark.sampler
@pytest.mark.slow
def test_the_sampler_agrees_with_nutpie():
    y = world()
    made = y[0, :FIRST], y[1:5].T
    mean, sd = made[0].mean(), made[0].std(ddof=1)
    priors = DonorPriors(constant=0.5, concentration=1.0)
    model = DonorModel(
        JOBS, (made[0] - mean) / sd, (made[1] - mean) / sd, priors, "ar1", (mean, sd)
    )
    own = sample_donors(model, Sampler(seed=1, draws=2000))
    theirs = sampling.sample([model], Sampler(seed=2, cores=1))["posterior"]
    for name, values in own.items():
        other = theirs[name].values
        for k in np.ndindex(values.shape[2:]):
            a, b = values[(..., *k)], other[(..., *k)]
            size = [sampling.measure_chains({"x": v}, 0).ess_min for v in (a, b)]
            error = np.sqrt(a.var() / size[0] + b.var() / size[1])
            assert a.mean() == pytest.approx(b.mean(), abs=4 * error), (name, k)


# The design


def test_what_is_not_identified_is_refused():
    y = world()
    with pytest.raises(NotIdentifiedError, match="0 units are never treated"):
        fit(SyntheticControl(panel(y[:1])))
    with pytest.raises(NotIdentifiedError, match="3 periods lie before"):
        fit(SyntheticControl(panel(y, first=3)))
    with pytest.raises(InputError, match=r"4 donors can stand in.*use errors='ar1'"):
        fit(SyntheticControl(panel(y[:5])))
    with pytest.raises(InputError, match="there is no closed form"):
        fit(SyntheticControl(panel(y)), ClosedForm())
    with pytest.raises(InputError, match="errors: errors are 'placebo'"):
        SyntheticControl(panel(y), errors="none")


def test_the_model_can_be_looked_at_before_it_is_sampled():
    names = {v.name for v in build_model(SyntheticControl(panel(world()))).free_RVs}
    assert {"jobs_sigma", "jobs_rho"} <= names


SHORT = Sampler(seed=1, chains=4, draws=400, tune=100)


def test_an_effect_is_found_with_its_error_of_prediction():
    design = SyntheticControl(panel(world(effect=5.0)))
    found = fit(design, SHORT)
    assert found.diagnostics.passed, found.diagnostics.messages
    effect = found.outcomes.effect().values[:, 0, 0]
    low, high = np.quantile(effect.mean(axis=1), [0.025, 0.975])
    assert low < 5.0 < high
    assert low > 0
    # Single periods are less sure than their average: noise is in each.
    assert effect.std(axis=0).mean() > effect.mean(axis=1).std()
    told = fitted_before(design, found)[0]
    assert np.abs(told - world()[0, :FIRST]).mean() < 0.6
    assert found.outcomes.dataset["group"].values.tolist() == ["2016"]


def test_the_answer_does_not_depend_on_the_unit_of_measurement_or_the_order_of_donors():
    y = world(effect=2.0)
    plain = fit(SyntheticControl(panel(y)), SHORT).outcomes.effect().values
    scaled = fit(SyntheticControl(panel(100 * y - 7)), SHORT).outcomes.effect().values
    assert scaled == pytest.approx(100 * plain, rel=1e-3, abs=1e-3 * np.abs(100 * plain).max())
    turned = fit(SyntheticControl(panel(np.vstack([y[:1], y[:0:-1]]))), SHORT)
    other = turned.outcomes.effect().values.mean(axis=(1, 2, 3))
    own = plain.mean(axis=(1, 2, 3))
    assert other.mean() == pytest.approx(own.mean(), abs=4 * own.std() / np.sqrt(400))


def test_several_treated_units_are_their_mean():
    y = world(treated=3)
    joined = np.vstack([y[:3].mean(axis=0), y[3:]])
    several = prior_outcomes(SyntheticControl(panel(y, treated=3)), draws=100, seed=2)
    one = prior_outcomes(SyntheticControl(panel(joined)), draws=100, seed=2)
    assert several.effect().values == pytest.approx(one.effect().values, rel=1e-9)
    assert float(several.cohort_size[0, 0]) == 3.0


def test_placebo_errors_are_in_ratio_to_the_fit_before():
    y = world()
    donors = y[1:].T
    found = placebo_errors(y[0], donors, FIRST)
    own = np.sqrt((gaps(y[0], donors, FIRST)[:FIRST] ** 2).mean())
    other = gaps(donors[:, 0], donors[:, 1:], FIRST)
    size = np.sqrt((other[:FIRST] ** 2).mean())
    assert found[0] == pytest.approx(other[FIRST:] * own / size, rel=1e-9)
    assert found.shape == (DONORS, YEARS - FIRST)


def test_a_fit_that_misses_and_a_difference_before_the_start_block():
    y = world()
    donors = y[1:].T
    names = [c.name.split(":")[0] for c in control_checks(SyntheticControl(panel(y)))]
    assert names == [
        "fit before the start",
        "placebos in space",
        "placebo in time",
        "each donor left out",
        "point estimates",
    ]
    outside = donor_checks(JOBS, y[0] + 50, donors, FIRST)
    assert outside[0].passed is False
    # Nineteen donors or fewer cannot put the treated into the last twentieth.
    assert outside[2].passed is None
    many = np.column_stack([donors, donors[:, ::-1] + 0.1 * donors[:, :1]])
    early = y[0].copy()
    early[10:] += 20
    assert donor_checks(JOBS, early, many, FIRST)[2].passed is False
    lonely = y[0] + 0.0
    assert donor_checks(JOBS, lonely, donors, FIRST)[3].passed is True


def test_ranks_and_plain_differences_by_hand():
    donors = np.array([[0.0, 4.0], [0.0, 8.0], [0.0, 12.0]])
    assert synthetic_control_estimate(np.array([1.0, 2.0, 5.0]), donors, 2) == pytest.approx(2.0)
    assert difference_estimate(np.array([1.0, 2.0, 5.0]), donors, 2) == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("field", "value"), [("concentration", 0.0), ("noise", -1.0), ("spread", -0.1)]
)
def test_priors_are_checked(field, value):
    with pytest.raises(InputError, match=field):
        dataclasses.replace(DonorPriors(), **{field: value})
