"""Pooled evidence against metafor and published numbers.

Closed forms agree to 1e-6 relative, or 1e-6 of the standard error where a number is near 0. Two
kinds of rows carry an error of their own: metafor finds Q-profile bounds and the Paule-Mandel
spread by a root search (about 1e-6), and the Bayesian grid leaves out half a cell at a spread of 0.
"""

import csv
import datetime as dt
import math
import re
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from impactmodel.core.measures import OutcomeMeasure
from impactmodel.core.schedule import Periods
from impactmodel.effects import ClosedForm, Sampler, fit, pooling
from impactmodel.effects.between_studies import Estimates
from impactmodel.effects.meta_analysis import MetaAnalysis, pooling_table
from impactmodel.effects.meta_targets import (
    EachStudy,
    MeanEffect,
    MetaPriors,
    NewCohort,
    TargetLevel,
)
from impactmodel.effects.pooling import HalfCauchy, HalfNormal, Pooled, PoolingPrior
from impactmodel.effects.random_effects import random_effects, shrunken, small_studies
from impactmodel.evidence import (
    Interval,
    PublishedEstimate,
    PublishedEvidence,
    PValue,
    StandardError,
    Study,
)

YEARS = Periods(dt.date(2020, 1, 1), "year", 1)
JOB = OutcomeMeasure("job", kind="binary", channel="employment")
EARNINGS = OutcomeMeasure("earnings", kind="amount", unit="EUR/month", channel="earnings")


def rows():
    with (Path(__file__).parent / "oracles" / "metafor.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


ROWS = rows()


def inputs():
    found = defaultdict(list)
    for row in ROWS:
        if row["model"] == "input":
            found[row["data"]].append((float(row["value"]), float(row["se_or_sd"])))
    return {name: np.array(pairs).T for name, pairs in found.items()}


INPUTS = inputs()
FREQUENTIST = sorted({(r["data"], r["model"]) for r in ROWS if r["model"].startswith("metafor")})
BAYESIAN = sorted({(r["data"], r["model"]) for r in ROWS if r["model"].startswith("bayes")})


def of(data, model):
    return [r for r in ROWS if (r["data"], r["model"]) == (data, model)]


def answer(data, model):
    """Our answer of a metafor model, by the oracle's names of quantities: value and its error."""
    y, s = INPUTS[data]
    name = {"FE": "fixed", "EB": "PM"}.get(model.split("_")[1], model.split("_")[1])
    test = "normal"
    if "KnappHartung" in model:
        test = "knapp_hartung_at_least" if "adhoc" in model else "knapp_hartung"
    found = random_effects(y, s, name, test=test)
    k, sd = len(y), math.hypot(math.sqrt(found.tau2), found.se)
    z = stats.norm.ppf(0.975) if test == "normal" else stats.t.ppf(0.975, k - 1)
    t = stats.t.ppf(0.975, k - 1)
    values = {
        "mean": (found.mean, found.se),
        "ci_lo95": (found.lower, None),
        "ci_hi95": (found.upper, None),
        "p": (found.p, None),
        "stat": (found.statistic, None),
        "tau2": (found.tau2, found.tau2_se),
        "tau": (math.sqrt(found.tau2), None),
        "I2_pct": (found.i2, None),
        "H2": (found.h2, None),
        "Q": (found.q, None),
        "Q_p": (found.q_p, None),
        "loglik": (found.log_likelihood, None),
        "tau2_ci_lo95": (found.tau2_lower, None),
        "tau2_ci_hi95": (found.tau2_upper, None),
        "pi_lo95_higgins_tkm2": (found.next_lower, None),
        "pi_hi95_higgins_tkm2": (found.next_upper, None),
        "pi_lo95_tkm1": (found.mean - t * sd, None),
        "pi_hi95_tkm1": (found.mean + t * sd, None),
        "pi_lo95": (found.mean - z * sd, None),
        "pi_hi95": (found.mean + z * sd, None),
    }
    own, errors = shrunken(Estimates.of(y, s), found.tau2)
    values |= {f"blup[{i + 1}]": pair for i, pair in enumerate(zip(own, errors, strict=True))}
    return values, found.se


@pytest.mark.parametrize(("data", "model"), FREQUENTIST)
def test_every_row_of_metafor(data, model):
    values, se = answer(data, model)
    seen = 0
    for row in of(data, model):
        value, error = values[row["quantity"]]
        rel = 2e-6 if row["quantity"].startswith("tau2_ci") or "_PM" in model else 1e-6
        expected = float(row["value"])
        assert value == pytest.approx(expected, rel=rel, abs=1e-6 * se), row["quantity"]
        if error is not None and row["se_or_sd"] != "NA":
            assert error == pytest.approx(float(row["se_or_sd"]), rel=1e-6), row["quantity"]
        seen += 1
    assert seen >= 3


def test_the_q_profile_interval_meets_the_quantiles_of_chi_squared():
    # What metafor's bound misses by its root search (1e-6), this one meets.
    y, s = INPUTS["A_ten_RR_log"]
    found = random_effects(y, s, "REML")
    data = Estimates.of(y, s)
    assert data.q(found.tau2_upper) == pytest.approx(stats.chi2.ppf(0.025, 9), rel=1e-12)
    assert found.tau2_lower == 0.0
    assert data.q() < stats.chi2.ppf(0.975, 9)


@pytest.mark.parametrize("data", sorted(INPUTS))
def test_egger(data):
    expected = {r["quantity"]: float(r["value"]) for r in of(data, "egger_lm")}
    t, p = small_studies(Estimates.of(*INPUTS[data]))
    assert (t, p) == pytest.approx((expected["stat"], expected["p"]), rel=1e-6)


def posterior(data, model):
    pattern = r"bayes_grid_mu_N\(0,(\d+)\)_tau_(half_\w+)\(([\d.]+)\)"
    sd, kind, scale = re.fullmatch(pattern, model).groups()
    spread = (HalfNormal if kind == "half_normal" else HalfCauchy)(float(scale))
    return Pooled(Estimates.of(*INPUTS[data]), PoolingPrior(0.0, float(sd), spread))


def quantity(exact, name):
    if name.startswith("theta"):
        i = int(name[6:].split("]")[0]) - 1
        mean, sd = exact.study_moments()
        return mean[i], sd[i]
    if name.endswith(":mean"):
        return exact.mean_moments() if name == "mu:mean" else exact.spread_moments()
    plain = {
        "P(mu>0)": lambda: 1 - exact.mean_below(0.0),
        "P(new>0)": lambda: 1 - exact.new_below(0.0),
        "log_marginal_likelihood": lambda: exact.log_evidence,
    }
    if name in plain:
        return plain[name](), None
    what, q = name.split(":q")
    by = {
        "mu": exact.mean_quantile,
        "predictive_new": exact.new_quantile,
        "tau": exact.spread_quantile,
    }
    return float(by[what](float(q) / 100)), None


def rectangle(_, prior):
    """The oracle's own rule of integration."""
    scale, u = prior.spread.scale, np.linspace(0, 1, 40_002)[1:-1]
    return scale * u / (1 - u), np.log(scale / (1 - u) ** 2 / 40_001)


@pytest.mark.parametrize(("data", "model"), BAYESIAN)
def test_every_row_of_the_bayesian_grid_with_its_own_rule(data, model, monkeypatch):
    monkeypatch.setattr(pooling, "_panels", rectangle)
    monkeypatch.setattr(pooling, "_cumulated", lambda w: np.cumsum(w) - w / 2)
    exact = posterior(data, model)
    sd = exact.mean_moments()[1]
    for row in of(data, model):
        value, error = quantity(exact, row["quantity"])
        assert value == pytest.approx(float(row["value"]), rel=1e-6, abs=1e-8 * sd)
        if error is not None:
            assert error == pytest.approx(float(row["se_or_sd"]), rel=1e-6)


@pytest.mark.parametrize(("data", "model"), BAYESIAN)
def test_every_row_of_the_bayesian_grid(data, model):
    """The oracle loses half a cell at a spread of 0: density there times 1 / 80,002."""
    exact = posterior(data, model)
    at_zero = Pooled(exact.data, exact.prior)
    tiny = at_zero.tau < 1e-3 * at_zero.prior.spread.scale
    # Posterior density of u at 0, where tau = s u / (1 - u), is that of tau times s.
    mass = at_zero.weights[tiny].sum() / (1e-3 * at_zero.prior.spread.scale)
    lost = mass * exact.prior.spread.scale / 80_002
    scales = {"tau": exact.spread_moments()[1], "log": 1.0, "P(m": 1.0, "P(n": 1.0}
    for row in of(data, model):
        name = row["quantity"]
        value, error = quantity(exact, name)
        sd = scales.get(name[:3], exact.new_moments()[1])
        # A tail quantile moves by the lost mass over the density, at most some 20 sds of it here.
        assert value == pytest.approx(float(row["value"]), rel=1e-6, abs=20 * lost * sd), name
        if error is not None:
            assert error == pytest.approx(float(row["se_or_sd"]), rel=1e-6 + 20 * lost), name


def evidence(name, *estimates, periods=YEARS, people=100):
    study = Study(name, "ITT", "assigned", "randomised trial", locator="table 2")
    return PublishedEvidence(study, estimates, periods, people)


RATIOS = {
    10.61: (1.49, 75.38),
    4.44: (1.36, 14.46),
    2.73: (1.64, 4.54),
    2.17: (1.09, 4.33),
    11.5: (1.62, 81.8),
    2.46: (1.16, 5.22),
    5.90: (1.91, 18.19),
    1.38: (1.00, 1.89),
    1.85: (0.65, 5.41),
    1.55: (0.76, 3.15),
}


def supported_employment():
    return tuple(
        evidence(
            f"trial {i}",
            PublishedEstimate(JOB, Interval(low, high, 0.95), ratio, scale="ratio"),
        )
        for i, (ratio, (low, high)) in enumerate(RATIOS.items(), start=1)
    )


def test_supported_employment_as_published():
    table = pooling_table(MetaAnalysis(supported_employment(), NewCohort(50))).set_index("method")
    fixed, dl = table.loc["fixed"], table.loc["DL"]
    assert (round(fixed["mean"], 4), round(fixed["se"], 4)) == (0.6848, 0.1076)
    assert (round(dl["q"], 3), round(dl["i2"], 1), round(dl["tau2"], 4)) == (18.634, 51.7, 0.1484)
    assert (round(dl["mean"], 4), round(dl["se"], 4)) == (0.9005, 0.1856)
    assert (round(dl["next_lower"], 3), round(dl["next_upper"], 3)) == (-0.086, 1.887)
    # The pooled effect is there, the next trial's is not sure.
    assert dl["lower"] > 0 > dl["next_lower"]


STRATA = {
    1: [
        (-190.229, 45.236), (-424.437, 51.135), (-220.986, 53.101),
        (-250.291, 58.449), (-128.160, 45.702), (-175.549, 38.039),
    ],
    2: [
        (193.081, 65.128), (6.675, 72.886), (123.872, 88.116),
        (-17.567, 81.542), (148.351, 69.050), (179.112, 70.706),
    ],
}  # fmt: skip


def german_training():
    """Monthly earnings of six strata of one study, in the first and the second year."""
    periods = Periods(dt.date(2000, 1, 1), "year", 2)
    return tuple(
        evidence(
            "German classroom training",
            *(
                PublishedEstimate(EARNINGS, StandardError(se), effect, periods=(year, year))
                for year in (1, 2)
                for effect, se in [STRATA[year][i]]
            ),
            periods=periods,
        )
        for i in range(6)
    )


def test_german_training_by_horizon():
    design = MetaAnalysis(german_training(), NewCohort(50), same_study=True)
    table = pooling_table(design).set_index(["periods", "method"])
    first, second = table.loc[("1", "DL")], table.loc[("2", "DL")]
    assert (round(first["mean"], 1), round(first["se"], 1)) == (-229.0, 41.1)
    assert round(first["i2"]) == 77
    assert (round(second["mean"], 1), round(second["se"], 1)) == (111.3, 36.6)
    found = fit(design, ClosedForm(seed=1, draws=20_000))
    said = " ".join(found.outcomes.provenance.assumptions)
    assert "strata of one study: they are subgroups, not independent studies" in said
    assert found.outcomes.effect().mean("draw").values[0, 0, 0] < 0
    assert found.outcomes.effect().mean("draw").values[0, 0, 1] > 0


def test_published_estimates_and_their_errors():
    def of_p(effect, p):
        return PublishedEstimate(EARNINGS, PValue(p), effect)

    jobstart = [of_p(-499.0, 0.001), of_p(-121.0, 0.563), of_p(423.0, 0.102), of_p(410.0, 0.125)]
    assert [round(e.standard_error) for e in jobstart] == [152, 209, 259, 267]
    income = PublishedEstimate(
        OutcomeMeasure("days", kind="days", channel="employment"), Interval(-2.3, 5.4, 0.95)
    )
    assert (round(income.centre, 2), round(income.standard_error, 2)) == (1.55, 1.96)
    ips = PublishedEstimate(JOB, Interval(1.46, 1.82, 0.95), 1.63, scale="ratio")
    assert (round(ips.centre, 4), round(ips.standard_error, 4)) == (0.4886, 0.0562)


def test_year_up_and_jobstart_are_pooled_by_horizon():
    """Year Up: -5,338 (238), 5,181 (474), 7,011 (619) USD in years 0 to 2; JOBSTART by p values."""
    pay = OutcomeMeasure("pay", kind="amount", unit="USD/year", channel="earnings")
    three = Periods(dt.date(2000, 1, 1), "year", 3)
    year_up = ((-5338.0, 238.0), (5181.0, 474.0), (7011.0, 619.0))
    jobstart = ((-499.0, 0.001), (-121.0, 0.563), (423.0, 0.102))
    studies = (
        evidence(
            "Year Up",
            *(
                PublishedEstimate(pay, StandardError(se), effect, periods=(i, i))
                for i, (effect, se) in enumerate(year_up, start=1)
            ),
            periods=three,
        ),
        evidence(
            "JOBSTART",
            *(
                PublishedEstimate(pay, PValue(p), effect, periods=(i, i))
                for i, (effect, p) in enumerate(jobstart, start=1)
            ),
            periods=three,
        ),
    )
    table = pooling_table(MetaAnalysis(studies, NewCohort(10)))
    fixed = table[table["method"] == "fixed"]["mean"].tolist()
    for i in range(3):
        (a, sa), (b, p) = year_up[i], jobstart[i]
        sb = abs(b) / stats.norm.ppf(1 - p / 2)
        assert fixed[i] == pytest.approx((a / sa**2 + b / sb**2) / (1 / sa**2 + 1 / sb**2))


@pytest.mark.parametrize("target", ["new", "mean"])
def test_the_closed_form_draws_the_oracles_posterior(target):
    """Mean and sd of the drawn log ratio within four Monte Carlo errors of the exact ones."""
    priors = MetaPriors(0.0, 10.0, HalfNormal(0.5))
    made = NewCohort(50, outside="cap") if target == "new" else MeanEffect(50)
    design = MetaAnalysis(supported_employment(), _with_level(made), priors)
    draws = 100_000
    found = fit(design, ClosedForm(seed=3, draws=draws))
    values = found.posterior["posterior"][f"job_{target}"].values.ravel()
    exact = posterior("A_ten_RR_log", "bayes_grid_mu_N(0,10)_tau_half_normal(0.5)")
    mean, sd = exact.new_moments() if target == "new" else exact.mean_moments()
    assert values.mean() == pytest.approx(mean, abs=4 * sd / math.sqrt(draws))
    # The predictive has a kurtosis of about 5: its sd errs by sd sqrt((5 - 1) / 4n).
    assert values.std() == pytest.approx(sd, abs=4 * sd / math.sqrt(draws))


def _with_level(target):
    return type(target)(target.size, (TargetLevel("job", 0.1),), "cap")


@pytest.mark.sampler
def test_the_sampler_agrees_with_the_exact_posterior():
    priors = MetaPriors(0.0, 10.0, HalfNormal(0.5))
    design = MetaAnalysis(supported_employment(), _with_level(NewCohort(50)), priors)
    found = fit(design, Sampler(seed=1, draws=15_000))
    assert found.diagnostics.passed
    from arviz_stats.base.array import BaseArray

    tree = found.posterior["posterior"].dataset
    exact = posterior("A_ten_RR_log", "bayes_grid_mu_N(0,10)_tau_half_normal(0.5)")
    moments = {
        "job_mean": exact.mean_moments(),
        "job_spread": exact.spread_moments(),
        "job_new": exact.new_moments(),
    }
    studies = np.stack(exact.study_moments())
    drawn = {name: tree[name].values for name in moments}
    for i in range(10):
        moments[f"study {i}"] = tuple(studies[:, i])
        drawn[f"study {i}"] = tree["job_study"].values[:, :, i]
    for name, (mean, sd) in moments.items():
        size = float(BaseArray().ess(drawn[name], chain_axis=0, draw_axis=1))
        assert size > 10_000, name
        assert drawn[name].mean() == pytest.approx(mean, abs=4 * sd / math.sqrt(size)), name
        assert drawn[name].std() == pytest.approx(sd, abs=4 * sd / math.sqrt(size)), name


def test_each_study_is_drawn_towards_the_mean_as_in_the_oracle():
    """The shrunken effects of the ten trials: their exact means are the outcomes' own."""
    y, s = INPUTS["B_six_effects"]
    studies = tuple(
        evidence(f"s{i}", PublishedEstimate(EARNINGS, StandardError(se), effect))
        for i, (effect, se) in enumerate(zip(y, s, strict=True))
    )
    model = "bayes_grid_mu_N(0,1000)_tau_half_normal(100)"
    priors = MetaPriors(0.0, 1000.0, HalfNormal(100.0))
    draws = 40_000
    found = fit(MetaAnalysis(studies, EachStudy(), priors), ClosedForm(seed=5, draws=draws))
    effect = found.outcomes.effect().values[:, :, 0, 0]
    for i in range(6):
        row = next(r for r in of("B_six_effects", model) if r["quantity"] == f"theta[{i + 1}]:mean")
        sd = float(row["se_or_sd"])
        expected = float(row["value"])
        assert effect[:, i].mean() == pytest.approx(expected, abs=4 * sd / math.sqrt(draws))
        assert effect[:, i].std() == pytest.approx(sd, abs=4 * sd / math.sqrt(draws))
