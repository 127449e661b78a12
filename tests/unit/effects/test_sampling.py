"""The PyMC model is the model of the rows, and the sampler gives its exact answer on any data."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from impactmodel import datasets
from impactmodel.core.errors import DiagnosticsError
from impactmodel.core.measures import OutcomeMeasure
from impactmodel.effects import (
    BetaPriors,
    Experiment,
    Priors,
    Sampler,
    build_model,
    exact_effects,
    fit,
    sampling,
)
from impactmodel.effects.designs import prepare
from impactmodel.evidence import Cells, Cohort

pytestmark = pytest.mark.sampler

EMPLOYED = OutcomeMeasure("employed", kind="binary", channel="employment")
RE78 = OutcomeMeasure("re78", kind="amount", unit="USD/year", channel="earnings")
JOB = OutcomeMeasure("job", kind="binary")


@pytest.fixture(scope="module")
def pooled():
    cohort = Cohort.from_frame(
        datasets.load("nsw"),
        treatment="treat",
        outcomes=[EMPLOYED, RE78],
        covariates=["age", "educ"],
        group="nodegree",
    )
    return cohort, Experiment(cohort, adjust=True, pool_groups=True)


def row_by_row(cohort, point, centred):
    """Log density of data and parameters, person by person, written without the library.

    ``point`` holds the sampler's coordinates of the groups: their own where ``centred`` is 1.
    """
    t = cohort.treated - cohort.treated.mean()
    z = (cohort.x - cohort.x.mean(axis=0)) / cohort.x.std(axis=0, ddof=1)
    y = cohort.y[:, 1]
    above = y > 0
    total, eta = 0.0, {}
    centres = {
        "employed": ([0.0] * 4, [1.5, 1, 1, 1]),
        "re78_positive": ([0.0] * 4, [1.5, 1, 1, 1]),
        "re78_log_mean": ([np.log(y[above].mean()), 0, 0, 0], [1, 1, 0.5, 0.5]),
    }
    for name, (mean, sd) in centres.items():
        beta, spread, raw = (point[f"{name}_{p}"] for p in ("beta", "group_sd", "group_raw"))
        own = centred[name] == 1
        group = np.where(own, raw, beta[:2] + spread * raw)[cohort.group]
        eta[name] = group[:, 0] + t * group[:, 1] + z @ beta[2:]
        total += stats.norm.logpdf(beta, mean, sd).sum()
        total += stats.halfnorm.logpdf(spread, scale=0.5).sum()
        total += np.where(
            own, stats.norm.logpdf(raw, beta[:2], spread), stats.norm.logpdf(raw)
        ).sum()
    shape = point["re78_log_shape"]
    total += stats.norm.logpdf(shape, 0, [1.0, 0.5]).sum()
    k, mu = np.exp(shape[0] + shape[1] * t)[above], np.exp(eta["re78_log_mean"])[above]
    total += stats.bernoulli.logpmf(cohort.y[:, 0], 1 / (1 + np.exp(-eta["employed"]))).sum()
    total += stats.bernoulli.logpmf(above, 1 / (1 + np.exp(-eta["re78_positive"]))).sum()
    return total + stats.gamma.logpdf(y[above], k, scale=mu / k).sum()


@pytest.mark.parametrize("own", [0.0, 1.0])
def test_the_model_of_cells_has_the_density_of_the_rows(pooled, own, monkeypatch):
    monkeypatch.setattr("impactmodel.effects.logit.well_known", lambda e, _: np.full_like(e, own))
    monkeypatch.setattr("impactmodel.effects.hurdle.well_known", lambda e, _: np.full_like(e, own))
    cohort, design = pooled
    model = build_model(design)
    density = model.compile_logp(jacobian=False)
    values = {v.name: rv for rv, v in model.rvs_to_values.items()}
    rng = np.random.default_rng(1)
    ours, rows = [], []
    for _ in range(4):
        point = {}
        for part in prepare(design).models:
            point |= {name: drawn[0] for name, drawn in part.prior(1, rng).items()}
        for name in [n for n in point if n.endswith("_group")]:
            point[f"{name}_raw"] = point.pop(name)
        given = {
            name: np.log(point[rv.name]) if name.endswith("log__") else point[rv.name]
            for name, rv in values.items()
        }
        ours.append(float(density(given)))
        centred = dict.fromkeys(("employed", "re78_positive", "re78_log_mean"), own)
        rows.append(row_by_row(cohort, point, centred))
    # The potentials leave out constants of the data, the same at every point.
    np.testing.assert_allclose(np.array(ours) - ours[0], np.array(rows) - rows[0], rtol=1e-9)
    assert np.ptp(rows) > 100


@pytest.mark.parametrize("own", [0.0, 1.0])
def test_the_priors_of_the_model_are_those_that_are_drawn(pooled, own, monkeypatch):
    import pymc as pm

    monkeypatch.setattr("impactmodel.effects.logit.well_known", lambda e, _: np.full_like(e, own))
    monkeypatch.setattr("impactmodel.effects.hurdle.well_known", lambda e, _: np.full_like(e, own))
    _, design = pooled
    model = build_model(design)
    ours = {}
    for part in prepare(design).models:
        ours |= part.prior(4000, np.random.default_rng(2))
    drawn = pm.draw([model[name] for name in ours], 4000, random_seed=1)
    assert set(ours) == {
        v.name for v in (*model.free_RVs, *model.deterministics) if "_raw" not in v.name
    }
    for (name, values), theirs in zip(ours.items(), drawn, strict=True):
        # Two sets of 4,000 draws: errors of a difference of means, and of sds; the spread of
        # groups makes some of them heavier-tailed than normal.
        sd = values.std(axis=0)
        error = sd * np.sqrt(2 / 4000)
        assert (np.abs(theirs.mean(axis=0) - values.mean(axis=0)) < 4.5 * error).all(), name
        np.testing.assert_allclose(theirs.std(axis=0), sd, rtol=4.5 * 1.5 / np.sqrt(4000))


def counts(n, events):
    table = pd.DataFrame({"treat": [1, 0], "n": n, "job_sum": events})
    return Cells.from_frame(table, treatment="treat", outcomes=[JOB])


def two_wages(seed, n, unit=1.0):
    rng = np.random.default_rng(seed)
    wage = OutcomeMeasure("wage", kind="amount", unit="EUR/year")
    table = pd.DataFrame(
        {
            "treat": np.arange(n) % 2,
            "job": (rng.random(n) < 0.5).astype(int),
            "wage": rng.gamma(1.3, 900.0, n) * (rng.random(n) < 0.7) * unit,
        }
    )
    return Cohort.from_frame(table, treatment="treat", outcomes=[JOB, wage])


def test_compiled_code_is_used_again_for_other_data_of_other_length():
    # The second data set is in millionths, so a start at the first one's typical wage is far off.
    first = Experiment(two_wages(1, 120))
    second = Experiment(two_wages(2, 700, unit=1e-6), priors=Priors(group_sd=0.2))
    fit(first, Sampler(seed=1, draws=200, tune=200))
    kinds = len(sampling._compiled)
    found = fit(second, Sampler(seed=1))
    assert len(sampling._compiled) == kinds
    found.diagnostics.raise_if_failed()
    for name, mean, sd in exact_effects(second):
        effect = found.outcomes.effect().sel(outcome=name).values
        error = sd / np.sqrt(found.diagnostics.ess_min)
        assert effect.mean() == pytest.approx(mean, abs=4 * error)
        assert effect.std() == pytest.approx(sd, rel=4 / np.sqrt(2 * found.diagnostics.ess_min))


def test_one_seed_gives_one_set_of_draws_on_one_core_or_two():
    design = Experiment(two_wages(3, 200))
    one, two = (
        fit(design, Sampler(seed=4, draws=300, tune=300, cores=c)).outcomes.effect().values
        for c in (1, 2)
    )
    np.testing.assert_array_equal(one, two)
    other = fit(design, Sampler(seed=5, draws=300, tune=300)).outcomes.effect().values
    assert (one != other).any()


def test_too_few_draws_fail_and_say_so():
    found = fit(Experiment(two_wages(3, 200)), Sampler(seed=1, chains=2, draws=100, tune=100))
    assert not found.diagnostics.passed
    assert found.outcomes.provenance.diagnostics.startswith("failed: ")
    with pytest.raises(DiagnosticsError, match="smallest effective sample size"):
        found.diagnostics.raise_if_failed()


def test_the_result_keeps_parameters_and_nothing_of_the_data():
    said = []
    found = fit(
        Experiment(two_wages(3, 200)), Sampler(seed=1, draws=150, tune=150), progress=said.append
    )
    assert set(found.posterior.children) == {"posterior", "sample_stats"}
    assert set(found.posterior["posterior"].dataset) == {
        "job_beta",
        "wage_positive_beta",
        "wage_log_mean_beta",
        "wage_log_shape",
    }
    assert said == ["compiling the model and sampling its posterior", "checking the fit"]


def test_the_conjugate_model_is_sampled_to_its_closed_form():
    design = Experiment(counts([185, 260], [140, 168]), priors=Priors(binary=BetaPriors()))
    found = fit(design, Sampler(seed=1, draws=2500))
    ((_, mean, sd),) = exact_effects(design)
    assert round(mean, 4) == 0.1090
    effect = found.outcomes.effect().values
    error = sd / np.sqrt(found.diagnostics.ess_min)
    assert effect.mean() == pytest.approx(mean, abs=4 * error)
    assert effect.std() == pytest.approx(sd, rel=4 / np.sqrt(2 * found.diagnostics.ess_min))
