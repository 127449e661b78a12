"""Matched comparisons against R, published figures and an independent sandwich.

Tolerances: closed forms and optimisations 1e-6 relative (the oracle's files hold ten digits);
Monte Carlo results four of their errors.
"""

import csv
import math
from pathlib import Path

import causaldata
import numpy as np
import pandas as pd
import pytest
from scipy import optimize, special

from impactmodel.core.measures import OutcomeMeasure
from impactmodel.effects import ClosedForm, Experiment, fit, least_squares
from impactmodel.effects.balance import effective_size, standardised_difference
from impactmodel.effects.candidates import Candidates, person_keys
from impactmodel.effects.design_stage import design_stage
from impactmodel.effects.doubly_robust import DoublyRobust
from impactmodel.effects.entropy_balancing import balancing_weights
from impactmodel.effects.matched_comparison import MatchedComparison, doubly_robust
from impactmodel.effects.propensity import logistic
from impactmodel.effects.sensitivity import (
    omitted_variable_bias,
    regression,
    robustness_value,
)
from impactmodel.effects.weighting import EntropyBalancing, PropensityOdds
from impactmodel.evidence import Cohort
from impactmodel.evidence.cells import distinct

HERE = Path(__file__).parent
COVARIATES = ["age", "educ", "black", "hispan", "married", "nodegree", "re74", "re75"]
RE78 = OutcomeMeasure("re78", kind="amount", unit="USD/year", channel="earnings")
EMPLOYED = OutcomeMeasure("emp", kind="binary", channel="employment")


def read(name):
    with (HERE / "oracles" / name).open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


ORACLE = {(r["model"], r["quantity"]): r for r in read("matching.csv")}
LALONDE = HERE / "data" / "lalonde.csv"
if not LALONDE.exists():
    pytest.skip("lalonde.csv is in the repository only, see its README", allow_module_level=True)
PEOPLE = pd.read_csv(LALONDE).assign(emp=lambda d: (d["re78"] > 0) * 1)
TREATED = PEOPLE["treat"].to_numpy() == 1
X = PEOPLE[COVARIATES].to_numpy(dtype=float)
ONE = np.ones(len(PEOPLE))


def oracle(model, quantity, field="value"):
    return float(ORACLE[model, quantity][field])


@pytest.fixture(scope="module")
def cohort():
    return Cohort.from_frame(
        PEOPLE, treatment="treat", outcomes=[RE78, EMPLOYED], covariates=COVARIATES
    )


def design(cohort, weighting):
    return MatchedComparison(cohort, weighting)


def test_the_unadjusted_difference_and_least_squares(cohort):
    earnings, _ = least_squares(Experiment(cohort))
    assert (round(earnings.effect, 2), round(earnings.se, 1)) == (-635.03, 657.1)
    assert earnings.effect == pytest.approx(oracle("unadjusted", "ATT:diff_means:HC2"), rel=1e-6)
    adjusted, _ = least_squares(Experiment(cohort, adjust=True))
    assert (round(adjusted.effect, 2), round(adjusted.se, 2)) == (1548.24, 781.28)
    assert adjusted.se_hc2 == pytest.approx(
        oracle("unadjusted", "lm_cov:HC2", "se_or_sd"), rel=1e-6
    )


def test_the_propensity_is_that_of_glm():
    columns = np.column_stack([ONE, X])
    found = logistic(columns, TREATED * 1.0, ONE)
    for i, name in enumerate(["(Intercept)", *COVARIATES]):
        assert found.beta[i] == pytest.approx(oracle("ps_logit", name), rel=1e-6)
        # glm takes its errors from the weights of the step before the last one: four digits.
        error = oracle("ps_logit", name, "se_or_sd")
        assert math.sqrt(found.covariance[i, i]) == pytest.approx(error, rel=1e-4)
    assert found.log_likelihood == pytest.approx(oracle("ps_logit", "loglik"), rel=1e-9)


def test_entropy_weights_are_those_of_another_solver(cohort):
    frozen = np.array([float(r["w"]) for r in read("entropy_weights.csv")])
    stage = design_stage(cohort)
    weights = stage.weights_of(cohort)[~TREATED]
    assert weights / weights.sum() == pytest.approx(frozen, rel=1e-6)
    gap = (weights @ X[~TREATED]) / weights.sum() - X[TREATED].mean(axis=0)
    assert np.abs(gap / X[TREATED].std(axis=0)).max() < 1e-8
    model = "entropy_balancing_means"
    share = weights / weights.sum()
    assert share.max() == pytest.approx(oracle(model, "max_weight_share"), rel=1e-6)
    kl = share @ np.log(share * len(share))
    assert kl == pytest.approx(oracle(model, "KL_to_uniform"), rel=1e-6)


@pytest.mark.parametrize(
    ("weighting", "model"),
    [
        (EntropyBalancing(), "entropy_balancing_means"),
        (PropensityOdds(), "ipw_att_logit"),
    ],
)
def test_weighted_differences_and_their_errors(cohort, weighting, model):
    for found, name in zip(doubly_robust(design(cohort, weighting)), ("re78", "emp"), strict=True):
        quantity = f"ATT_{name}:HC0"
        assert found.difference == pytest.approx(oracle(model, quantity), rel=1e-6)
        error = oracle(model, quantity, "se_or_sd")
        assert found.difference_se == pytest.approx(error, rel=1e-6)
    stage = design_stage(cohort, weighting)
    t, n = stage.candidates.treated, stage.candidates.people
    size = effective_size(stage.weights[~t], n[~t])
    assert size == pytest.approx(oracle(model, "ESS_control"), rel=1e-6)
    for row in stage.balance:
        expected = oracle(model, f"SMD:{row.covariate}")
        # glm stops when the deviance settles, with propensities of about eight digits.
        assert row.difference_after == pytest.approx(expected, rel=1e-6, abs=1e-8)
        before = oracle("unadjusted", f"SMD:{row.covariate}")
        assert row.difference_before == pytest.approx(before, rel=1e-6)


def test_with_balanced_means_the_linear_regression_changes_nothing(cohort):
    earnings, _ = doubly_robust(design(cohort, EntropyBalancing()))
    expected = oracle("entropy_balancing_means", "ATT_re78_covadj:HC0")
    assert earnings.effect == pytest.approx(expected, rel=1e-6)
    assert earnings.effect == pytest.approx(earnings.difference, rel=1e-9)


def regression_of(weights):
    return DoublyRobust.of(X, TREATED, ONE, weights)


def test_g_computation_and_its_augmentation():
    y = PEOPLE["re78"].to_numpy()
    found = regression_of(ONE).estimate(y, y**2, binary=False)
    assert found.effect == pytest.approx(oracle("gcomp_att_lm_controls", "ATT_re78"), rel=1e-6)
    p = logistic(np.column_stack([ONE, X]), TREATED * 1.0, ONE).fitted
    columns = np.column_stack([ONE, X])
    beta = np.linalg.lstsq(columns[~TREATED], y[~TREATED], rcond=None)[0]
    left = (y - columns @ beta)[~TREATED]
    augmented = found.effect - (p / (1 - p))[~TREATED] @ left / TREATED.sum()
    # glm's propensities hold about eight digits.
    assert augmented == pytest.approx(oracle("aipw_att", "ATT_re78"), rel=1e-6)


def sandwich_by_differences(y, weights, *, binary):
    """Solve the stacked estimating equations and differentiate them numerically."""
    x = np.column_stack([ONE, (X - X[TREATED].mean(axis=0)) / X.std(axis=0)])
    link = special.expit if binary else lambda eta: eta
    k = x.shape[1]
    scale = 1.0 if binary else 1000.0
    y = y / scale

    def scores(theta):
        m = link(x @ theta[:k])
        own = (~TREATED * weights * (y - m))[:, None] * x
        means = np.column_stack([TREATED * (y - theta[k]), TREATED * (m - theta[k + 1])])
        return np.column_stack([own, means])

    start = np.zeros(k + 2)
    solved = optimize.root(lambda theta: scores(theta).mean(axis=0), start, tol=1e-13)
    assert solved.success
    theta, n = solved.x, len(y)
    step = 1e-6
    slope = np.column_stack(
        [
            (scores(theta + step * e).mean(axis=0) - scores(theta - step * e).mean(axis=0))
            / (2 * step)
            for e in np.eye(k + 2)
        ]
    )
    inverse = np.linalg.inv(slope)
    meat = scores(theta).T @ scores(theta) / n
    contrast = np.zeros(k + 2)
    contrast[k:] = 1.0, -1.0
    variance = contrast @ inverse @ meat @ inverse.T @ contrast / n
    return scale * (theta[k] - theta[k + 1]), scale * math.sqrt(variance)


@pytest.mark.parametrize("weighting", [EntropyBalancing(), PropensityOdds()])
def test_the_sandwich_is_that_of_the_stacked_equations(cohort, weighting):
    weights = design_stage(cohort, weighting).weights_of(cohort)
    for found, name in zip(doubly_robust(design(cohort, weighting)), ("re78", "emp"), strict=True):
        y = PEOPLE[name].to_numpy(dtype=float)
        effect, error = sandwich_by_differences(y, weights, binary=name == "emp")
        assert found.effect == pytest.approx(effect, rel=1e-6, abs=1e-8)
        # Central differences are good to about seven digits here.
        assert found.se == pytest.approx(error, rel=1e-5)


def test_the_bootstrap_has_the_width_of_the_sandwich_and_of_anew_balanced_resamples(cohort):
    draws = 4000
    found = fit(design(cohort, EntropyBalancing()), ClosedForm(seed=1, draws=draws))
    spread = found.outcomes.effect().values[:, 0, :, 0].std(axis=0)
    exact = [e.se for e in doubly_robust(design(cohort, EntropyBalancing()))]
    # An sd of n draws errs by 1 / sqrt(2 n); the sandwich is a limit in the number of people.
    assert spread == pytest.approx(exact, rel=4 / math.sqrt(2 * draws) + 0.02)
    # Resampling people and balancing them anew, with numpy's own weights: the same width.
    y, rng = PEOPLE["re78"].to_numpy(), np.random.default_rng(2)
    again = []
    for _ in range(400):
        w = rng.standard_exponential(len(y))
        target = w[TREATED] @ X[TREATED] / w[TREATED].sum()
        p = balancing_weights(X[~TREATED], w[~TREATED], target) * w[~TREATED]
        again.append(w[TREATED] @ y[TREATED] / w[TREATED].sum() - p @ y[~TREATED])
    assert np.std(again) == pytest.approx(spread[0], rel=4 / math.sqrt(2 * 400))


def greedy(score, *, ratio=1, replace=False, caliper=np.inf):
    """Match treated in decreasing score to the nearest comparison, the first one on ties."""
    treated, free = np.flatnonzero(TREATED), ~TREATED
    order = treated[np.argsort(-score[treated], kind="stable")]
    pairs = {int(i): [] for i in order}
    for _ in range(ratio):
        for i in order:
            able = np.flatnonzero(free & (np.abs(score - score[i]) <= caliper))
            able = np.setdiff1d(able, pairs[int(i)])
            if len(able):
                j = able[np.argmin(np.abs(score[able] - score[i]))]
                pairs[int(i)].append(int(j))
                free[j] = replace
    weights = np.zeros(len(score))
    for i, mates in pairs.items():
        for j in mates:
            weights[i] = 1.0
            weights[j] += 1.0 / len(mates)
    return weights


def propensities():
    return logistic(np.column_stack([ONE, X]), TREATED * 1.0, ONE).fitted


def assert_balance(weights, *models):
    for model in models:
        for i, name in enumerate(COVARIATES):
            found = standardised_difference(X[:, i], TREATED, ONE, weights)
            assert found == pytest.approx(oracle(model, f"SMD:{name}"), rel=1e-6, abs=1e-9)
        size = effective_size(weights[~TREATED], ONE[~TREATED])
        assert size == pytest.approx(oracle(model, "ESS_control"), rel=1e-6)
        assert (weights[TREATED] > 0).sum() == oracle(model, "n_treated_used")


@pytest.mark.parametrize(
    ("how", "models"),
    [
        ({"replace": True}, ("own_nn1_ps_replace", "py_nn1_ps_replace")),
        ({"ratio": 2, "replace": True}, ("own_nn2_ps_replace", "py_nn2_ps_replace")),
        ({}, ("own_nn1_ps_noreplace", "py_nn1_ps_noreplace")),
    ],
)
def test_balance_of_nearest_neighbours(how, models):
    # Propensities of equal people are equal but for the last digit: ties go to the first.
    weights = greedy(propensities().round(12), **how)
    assert_balance(weights, *models)
    y = PEOPLE["re78"].to_numpy()
    found = regression_of(np.where(TREATED, 1.0, weights)).difference(y, y**2)
    for model in models:
        key = f"ATT_re78:{'HC0' if model.startswith('own') else 'cluster_HC0'}"
        key = key if (model, key) in ORACLE else "ATT_re78"
        assert found.effect == pytest.approx(oracle(model, key), rel=1e-6)
        if key == "ATT_re78:HC0":
            assert found.se == pytest.approx(oracle(model, key, "se_or_sd"), rel=1e-6)


def test_balance_within_a_caliper():
    score = propensities().round(12)
    weights = greedy(score, caliper=0.2 * score.std(ddof=1))
    assert_balance(weights, "own_nn1_ps_caliper0.2", "py_nn1_ps_caliper0.2")


def test_total_distance_of_optimal_pairs():
    score = propensities()
    distance = np.abs(score[TREATED][:, None] - score[~TREATED][None])
    rows, columns = optimize.linear_sum_assignment(distance)
    expected = oracle("optimal1to1_ps", "total_distance")
    assert distance[rows, columns].sum() == pytest.approx(expected, rel=1e-6)


def test_the_nsw_treated_among_the_cps():
    nsw = causaldata.nsw_mixtape.load_pandas().data
    cps = causaldata.cps_mixtape.load_pandas().data
    people = pd.concat([nsw[nsw["treat"] == 1], cps])
    names = ["age", "educ", "black", "hisp", "marr", "nodegree", "re74", "re75"]
    people = people[["treat", "re78", *names]].astype(float)
    cohort = Cohort.from_frame(people, treatment="treat", outcomes=[RE78], covariates=names)
    (raw,) = least_squares(Experiment(cohort))
    assert (round(raw.effect, 1), round(raw.se, 1)) == (-8497.5, 712.0)
    means_only = design_stage(cohort)
    assert [c.name for c in means_only.checks if c.passed is False] == ["balance of squares"]
    stage = design_stage(cohort, EntropyBalancing(moments=2))
    assert all(check.passed is not False for check in stage.checks)
    (found,) = doubly_robust(MatchedComparison(cohort, stage))
    # The randomised difference of the same treated is 1,794.34 (671.00): within one error of both.
    assert abs(found.effect - 1794.34) < math.hypot(found.se, 671.0)
    # Balance is exact, so the estimate is the weighted difference, by numpy from the weights.
    w, t = stage.weights_of(cohort), cohort.treated
    y = cohort.y[:, 0]
    assert found.effect == pytest.approx(y[t].mean() - w[~t] @ y[~t] / w[~t].sum(), rel=1e-9)


def test_sensitivity_is_that_of_sensemakr():
    y = PEOPLE["re78"].to_numpy()
    found = regression((TREATED, ONE), X, y, float(y @ y))
    t = found.effect / found.se
    for row in read("sensemakr.csv"):
        expected = float(row["value"])
        if row["quantity"] == "bias":
            got = omitted_variable_bias(
                found, COVARIATES.index(row["covariate"]), float(row["times"])
            )
            assert got == pytest.approx(expected, rel=1e-8)
        else:
            alpha = 0.05 if "at" in row["quantity"] else None
            # The package prints six decimals.
            got = robustness_value(t, found.df, alpha=alpha)
            assert got == pytest.approx(expected, abs=5.1e-7)


def test_cells_of_the_stage_are_people(cohort):
    people = Candidates.of(cohort)
    place = distinct(person_keys(cohort))[1]
    assert (people.x[place] == cohort.x).all()
    assert people.people.sum() == 614
