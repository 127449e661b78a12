"""Interrupted time series: the filter by other means, refusals, checks that block."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from impactmodel.core.errors import InputError, NotIdentifiedError
from impactmodel.core.measures import OutcomeMeasure
from impactmodel.core.schedule import Periods
from impactmodel.effects import ClosedForm, Sampler, fit, prior_outcomes
from impactmodel.effects.designs import prepare
from impactmodel.effects.interrupted_time_series import (
    InterruptedTimeSeries,
    interruption_checks,
)
from impactmodel.effects.its_priors import ScalePrior, SeriesPriors, causal_impact_priors
from impactmodel.effects.state_space import Structure, kalman_filter, simulate_series
from impactmodel.evidence.panel import Panel

Y = OutcomeMeasure("y", kind="index")
N, FIRST = 60, 45


def panel(series, first=FIRST, covariates=()):
    """One treated unit and perhaps others, by month."""
    n = len(series["a"])
    rows = pd.DataFrame(
        {
            "unit": np.repeat(list(series), n),
            "month": np.tile(np.arange(n), len(series)),
            "first": np.repeat([first if u == "a" else np.nan for u in series], n),
            "y": np.concatenate(list(series.values())),
        }
    )
    for name, values in dict(covariates).items():
        rows[name] = np.tile(values, len(series))
    return Panel.from_frame(
        rows,
        unit="unit",
        period="month",
        start="first",
        outcomes=[Y],
        covariates=list(dict(covariates)),
        periods=Periods(dt.date(2018, 1, 1), "month", n, "calendar"),
    )


def noise(seed=0, effect=0.0, n=N):
    y = 10 + np.random.default_rng(seed).normal(size=n)
    y[FIRST:] += effect
    return y


@pytest.mark.parametrize(
    ("trend", "season", "controls"), [(0, 0, 0), (1, 0, 2), (0, 4, 1), (1, 4, 0)]
)
def test_the_filter_agrees_with_the_normal_density_of_the_whole_series(trend, season, controls):
    rng = np.random.default_rng(2)
    x = rng.normal(size=(12, controls))
    structure = Structure(bool(trend), season, x, 0.3, 0.2, 0.5 * np.eye(controls))
    scales = rng.uniform(0.2, 1.0, size=(3, 1 + len(structure.moving)))
    y = rng.normal(size=12)
    mean, fixed, own, moves = structure.kernels(12)
    found = kalman_filter(structure, y, scales[:, 0], scales[:, 1:])
    for i, s in enumerate(scales):
        covariance = fixed + s[0] ** 2 * own + np.tensordot(s[1:] ** 2, moves, 1)
        exact = stats.multivariate_normal(mean, covariance).logpdf(y)
        assert found.loglik[i] == pytest.approx(exact, abs=1e-8)


def test_simulated_series_have_the_mean_and_covariance_of_the_kernels():
    structure = Structure(True, 4, np.empty((6, 0)), 0.5, 0.3, np.empty((0, 0)))
    n = 20000
    scale = np.tile([0.5, 0.4, 0.3, 0.2], (n, 1))
    made = simulate_series(structure, scale[:, 0], scale[:, 1:], np.random.default_rng(3))
    mean, fixed, own, moves = structure.kernels(6)
    covariance = fixed + 0.25 * own + np.tensordot(np.array([0.16, 0.09, 0.04]), moves, 1)
    sd = np.sqrt(np.diag(covariance))
    assert np.abs((made.mean(axis=0) - mean) / sd).max() < 4.5 / np.sqrt(n)
    assert np.abs(np.cov(made.T) / np.outer(sd, sd) - covariance / np.outer(sd, sd)).max() < (
        4.5 * np.sqrt(2 / n)
    )


def test_scale_priors_are_truncated_inverse_gammas():
    prior = ScalePrior(0.5, 4.0, 0.8)
    drawn = prior.draw(4000, np.random.default_rng(4))
    whole = stats.gamma(2.0, scale=1 / 0.5)
    kept = whole.sf(0.8**-2)
    assert drawn.max() < 0.8
    uniform = whole.sf(drawn**-2.0) / kept
    assert stats.kstest(uniform, "uniform").pvalue > 0.001
    grid = np.exp(np.linspace(*prior.bounds, 4001))
    density = np.exp(prior.log(grid)) * grid
    mean = (grid * density).sum() / density.sum()
    assert drawn.mean() == pytest.approx(mean, abs=4 * drawn.std() / np.sqrt(4000))


def test_an_effect_is_found_and_its_error_holds_the_noise():
    found = fit(InterruptedTimeSeries(panel({"a": noise(effect=3.0)})), ClosedForm(seed=1))
    assert found.diagnostics.passed, found.diagnostics.messages
    effect = found.outcomes.effect().values[:, 0, 0]
    low, high = np.quantile(effect.mean(axis=1), [0.025, 0.975])
    assert 0 < low < 3.0 < high
    # No period can be surer than the noise of the series lets it be.
    assert effect.std(axis=0).mean() > noise()[:FIRST].std(ddof=1)


def test_a_control_series_takes_its_share_out():
    other = np.random.default_rng(5).normal(size=N).cumsum() / 3
    y = noise(6, effect=2.0) * 0.3 + 2 * other
    series = panel({"a": y, "b": other + 0.0})
    alone = fit(InterruptedTimeSeries(series), ClosedForm(seed=1)).outcomes.effect()
    with_it = fit(InterruptedTimeSeries(series, ("b",)), ClosedForm(seed=1)).outcomes.effect()
    assert float(with_it.std("draw").mean()) < 0.5 * float(alone.std("draw").mean())
    assert float(with_it.mean()) == pytest.approx(0.6, abs=0.4)
    # The same numbers as a covariate of the panel.
    beside = panel({"a": y}, covariates={"z": other})
    as_covariate = fit(InterruptedTimeSeries(beside, ("z",)), ClosedForm(seed=1))
    assert as_covariate.outcomes.effect().values == pytest.approx(with_it.values, rel=1e-9)


@pytest.mark.parametrize("parts", [{"trend": True}, {"season": 4}])
def test_trend_and_season_are_carried_forward(parts):
    t = np.arange(N)
    shape = 0.2 * t if "trend" in parts else 3 * np.cos(np.pi * t / 2)
    y = noise(7, effect=2.0) + shape
    found = fit(InterruptedTimeSeries(panel({"a": y}), **parts), ClosedForm(seed=1, draws=500))
    effect = found.outcomes.effect().values[:, 0, 0].mean(axis=1)
    low, high = np.quantile(effect, [0.005, 0.995])
    assert low < 2.0 < high


def test_the_unit_of_measurement_does_not_matter():
    plain = fit(InterruptedTimeSeries(panel({"a": noise()})), ClosedForm(seed=2)).outcomes
    scaled = fit(InterruptedTimeSeries(panel({"a": 9 * noise() - 4})), ClosedForm(seed=2)).outcomes
    assert scaled.effect().values == pytest.approx(9 * plain.effect().values, rel=1e-6, abs=1e-6)


def test_the_priors_alone_give_wide_outcomes():
    drawn = prior_outcomes(InterruptedTimeSeries(panel({"a": noise()})), draws=500, seed=1)
    assert float(drawn.effect().std("draw").mean()) > 1.0


@pytest.mark.sampler
@pytest.mark.slow
def test_nutpie_agrees_with_the_quadrature():
    model = prepare(InterruptedTimeSeries(panel({"a": noise(8)}), trend=True)).models[0]
    exact = np.log(model.exact(4000, np.random.default_rng(1))["y_scale"])
    design = InterruptedTimeSeries(panel({"a": noise(8)}), trend=True)
    sampled = np.log(fit(design, Sampler(seed=1, cores=1)).posterior["posterior"]["y_scale"])
    from impactmodel.effects import sampling

    size = sampling.measure_chains({"s": sampled.values}, 0).ess_min
    for k in range(3):
        values = sampled.values[..., k]
        error = exact[:, k].std() * np.sqrt(1 / 4000 + 1 / size)
        assert values.mean() == pytest.approx(exact[:, k].mean(), abs=4 * error)


def failed(design):
    return {c.name.split(":")[0] for c in interruption_checks(design) if c.passed is False}


def test_checks_block_what_they_are_for():
    assert failed(InterruptedTimeSeries(panel({"a": noise()}))) == set()
    jump = noise()
    jump[30:] += 6
    # The level learns the first part only: a pretended start at the jump has an effect.
    assert "placebo date" in failed(InterruptedTimeSeries(panel({"a": jump})))
    wave = noise() + 4 * np.cos(np.pi * np.arange(N) / 2)
    assert "residual autocorrelation" in failed(InterruptedTimeSeries(panel({"a": wave})))
    moved = noise(3)
    moved[FIRST:] += 6
    series = panel({"a": noise(), "b": moved})
    assert failed(InterruptedTimeSeries(series, ("b",))) == {"controls at the start"}


def test_what_is_not_identified_is_refused():
    with pytest.raises(NotIdentifiedError, match="do not show a season of 30"):
        fit(InterruptedTimeSeries(panel({"a": noise()}), season=30))
    with pytest.raises(InputError, match="neither a covariate nor a never treated unit"):
        fit(InterruptedTimeSeries(panel({"a": noise()}), ("b",)))
    with pytest.raises(InputError, match="does not move before the start"):
        fit(InterruptedTimeSeries(panel({"a": np.ones(N)})))
    with pytest.raises(InputError, match="at least two periods"):
        InterruptedTimeSeries(panel({"a": noise()}), season=1)
    with pytest.raises(InputError, match="more than two controls"):
        causal_impact_priors(3)
    with pytest.raises(InputError, match="information"):
        SeriesPriors(information=0.0)
    with pytest.raises(InputError, match="far below the guess"):
        ScalePrior(1.0, 400.0, 0.1)
