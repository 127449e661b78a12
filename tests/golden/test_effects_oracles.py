"""Exact answers and samplers against R, Stan and twins of the same model and priors.

Tolerances: closed forms and quadrature 1e-6 relative; anything with a Monte Carlo error, four
combined Monte Carlo errors.
"""

import csv
import math
from pathlib import Path

import causaldata
import numpy as np
import pytest
from scipy import optimize, special, stats

from impactmodel import datasets
from impactmodel.core.measures import OutcomeMeasure
from impactmodel.effects import (
    BetaPriors,
    ClosedForm,
    Experiment,
    HurdleGammaPriors,
    LogitPriors,
    Priors,
    Sampler,
    exact_effects,
    fit,
)
from impactmodel.evidence import Cohort

EMPLOYED = OutcomeMeasure("employed", kind="binary", channel="employment")
RE78 = OutcomeMeasure("re78", kind="amount", unit="USD/year", channel="earnings")
CONTROL = LogitPriors(intercept_at="control")
# In thousands the oracle's log mean is N(2, 1): a typical amount of exp(2) thousand.
HURDLE = HurdleGammaPriors(
    positive=CONTROL, typical_amount=1000 * math.exp(2), intercept_at="control"
)
ORACLE_COVARIATES = ["age", "educ", "black", "hisp", "marr", "nodegree", "re74", "re75"]
COVARIATES = ["age", "age2", "educ", "nodegree", "black", "hisp", "re74", "re75"]


def rows():
    with (Path(__file__).parent / "oracles" / "effects.csv").open(encoding="utf-8") as file:
        return {(r["model"], r["quantity"]): r for r in csv.DictReader(file)}


ORACLE = rows()


def oracle(model, quantity, field="value"):
    return float(ORACLE[model, quantity][field])


def nsw(*outcomes, covariates=()):
    return Cohort.from_frame(
        datasets.load("nsw"), treatment="treat", outcomes=outcomes, covariates=covariates
    )


def assert_agrees(draws, model, quantity, scale=1.0):
    """Compare draws (chain, draw) with an oracle's mean and sd within four combined errors."""
    from arviz_stats.base.array import BaseArray

    size = float(BaseArray().ess(np.atleast_2d(draws), chain_axis=0, draw_axis=1))
    sd = draws.std()
    theirs, their_sd = (scale * oracle(model, f"{quantity}:mean", f) for f in ("value", "se_or_sd"))
    their_error = scale * oracle(model, f"{quantity}:mean", "mcse")
    error = math.hypot(sd / math.sqrt(size), their_error)
    assert draws.mean() == pytest.approx(theirs, abs=4 * error)
    # The error of an sd is at most that of the mean for these nearly normal posteriors.
    assert sd == pytest.approx(their_sd, abs=4 * error)


@pytest.mark.parametrize(
    ("priors", "model", "quantity", "printed"),
    [
        (BetaPriors(), "exact_beta_binomial_Beta(1,1)", "RD", (0.1090, 0.0431)),
        (
            LogitPriors(),
            "exact_quadrature_nocov_centred_intercept_prior",
            "RD_gcomp",
            (0.1059, 0.0423),
        ),
        (
            CONTROL,
            "exact_quadrature_nocov_uncentred_intercept_prior",
            "RD_gcomp",
            (0.1068, 0.0422),
        ),
    ],
)
def test_exact_risk_differences(priors, model, quantity, printed):
    ((_, mean, sd),) = exact_effects(Experiment(nsw(EMPLOYED), priors=Priors(binary=priors)))
    assert (round(mean, 4), round(sd, 4)) == printed
    assert mean == pytest.approx(oracle(model, f"{quantity}:mean"), rel=1e-6)
    assert sd == pytest.approx(oracle(model, f"{quantity}:mean", "se_or_sd"), rel=1e-6)


def test_a_tighter_prior_shrinks():
    # Treatment N(0, .5) on the logit scale gives .094.
    priors = Priors(binary=LogitPriors(treatment_sd=0.5))
    ((_, mean, _),) = exact_effects(Experiment(nsw(EMPLOYED), priors=priors))
    assert round(mean, 3) == 0.094


def test_exact_draws_have_the_exact_quantiles():
    model = "exact_quadrature_nocov_centred_intercept_prior"
    effect = fit(Experiment(nsw(EMPLOYED)), ClosedForm(seed=1, draws=100_000)).outcomes.effect()
    for q in (0.05, 0.5, 0.95):
        # Error of a quantile: sqrt(q (1 - q) / n) / density; the density of a normal is close.
        density = stats.norm.pdf(stats.norm.ppf(q)) / 0.0423
        error = math.sqrt(q * (1 - q) / 100_000) / density
        expected = oracle(model, f"RD_gcomp:q{100 * q:g}")
        # The oracle's grid has steps of .0025 on the logit scale, about .0005 here.
        assert float(np.quantile(effect, q)) == pytest.approx(expected, abs=4 * error + 0.0005)


@pytest.mark.parametrize(
    "model", ["hurdle_gamma_shape_by_arm", "importance_hurdle_gamma_shape_by_arm"]
)
def test_exact_hurdle_gamma_is_stans(model):
    # 1.7713 (.6465) thousand by importance sampling, 1.7733 (.6436) by Stan.
    ((_, mean, sd),) = exact_effects(Experiment(nsw(RE78), priors=Priors(amount=HURDLE)))
    quantity = "E[Y1]-E[Y0]:mean"
    error = 4000 * oracle(model, quantity, "mcse")
    assert mean == pytest.approx(1000 * oracle(model, quantity), abs=error)
    assert sd == pytest.approx(1000 * oracle(model, quantity, "se_or_sd"), abs=error)


def test_exact_hurdle_gamma_arms():
    found = fit(Experiment(nsw(RE78), priors=Priors(amount=HURDLE)), ClosedForm(seed=2))
    for arm, quantity in (("treated", "E[Y1]"), ("counterfactual", "E[Y0]")):
        draws = found.outcomes.level(arm, "re78").values.ravel()
        assert_agrees(draws, "importance_hurdle_gamma_shape_by_arm", quantity, scale=1000)


@pytest.fixture(scope="module")
def unadjusted():
    priors = Priors(amount=HURDLE)
    return fit(Experiment(nsw(EMPLOYED, RE78), priors=priors), Sampler(seed=11, draws=3000))


@pytest.mark.sampler
def test_the_sampler_gives_the_exact_logit(unadjusted):
    unadjusted.diagnostics.raise_if_failed()
    beta = unadjusted.posterior["posterior"]["employed_beta"].values[..., 1]
    assert_agrees(beta, "exact_quadrature_nocov_centred_intercept_prior", "treat")
    # The first outcome keeps the order of the chains.
    effect = unadjusted.outcomes.effect().sel(outcome="employed").values.reshape(4, -1)
    assert_agrees(effect, "exact_quadrature_nocov_centred_intercept_prior", "RD_gcomp")


@pytest.mark.sampler
@pytest.mark.parametrize(
    "model", ["hurdle_gamma_shape_by_arm", "importance_hurdle_gamma_shape_by_arm"]
)
def test_the_sampler_gives_stans_hurdle_gamma(unadjusted, model):
    post = unadjusted.posterior["posterior"]
    mean, shape, positive = (
        post[f"re78_{name}"].values for name in ("log_mean_beta", "log_shape", "positive_beta")
    )
    assert_agrees(mean[..., 0] - math.log(1000), model, "b_Intercept")
    assert_agrees(mean[..., 1], model, "b_treat")
    assert_agrees(shape[..., 1], model, "b_shape_treat")
    # The oracle models the logit of zero, this model the logit of a positive amount.
    assert_agrees(-positive[..., 1], model, "b_hu_treat")
    arms = [
        special.expit(positive[..., 0] + t * positive[..., 1])
        * np.exp(mean[..., 0] + t * mean[..., 1])
        for t in (1, 0)
    ]
    assert_agrees((arms[0] - arms[1]) / 1000, model, "E[Y1]-E[Y0]")
    effect = unadjusted.outcomes.effect().sel(outcome="re78").values
    np.testing.assert_allclose(np.sort(effect.ravel()), np.sort((arms[0] - arms[1]).ravel()))


@pytest.mark.sampler
def test_adjusted_logit_is_the_oracles():
    design = Experiment(nsw(EMPLOYED, covariates=ORACLE_COVARIATES), adjust=True)
    found = fit(design, Sampler(seed=12, draws=3000))
    found.diagnostics.raise_if_failed()
    beta = found.posterior["posterior"]["employed_beta"].values
    model = "importance_cov_centred_intercept_prior"
    assert_agrees(beta[..., 1], model, "treat")
    effect = found.outcomes.effect().values.reshape(4, -1)
    assert_agrees(effect, model, "RD_gcomp")


class AdjustedHurdle:
    """The adjusted hurdle-gamma model row by row, written without the library."""

    def __init__(self):
        data = datasets.load("nsw")
        x = data[COVARIATES].to_numpy()
        self.z = (x - x.mean(axis=0)) / x.std(axis=0, ddof=1)
        self.t, self.y = data["treat"].to_numpy(), data["re78"].to_numpy() / 1000
        self.share = self.t.mean()

    def design(self, t):
        return np.column_stack([np.ones(len(self.z)), t - self.share, self.z])

    def log_likelihood(self, theta, part):
        x, above = self.design(self.t), self.y > 0
        if part == "positive":
            eta = x @ theta
            return float((above * eta - np.logaddexp(0, eta)).sum())
        k = np.exp(theta[-2] + theta[-1] * (self.t - self.share))[above]
        mu = np.exp(x @ theta[:-2])[above]
        return float(stats.gamma.logpdf(self.y[above], k, scale=mu / k).sum())

    def start(self, part):
        size = 2 + self.z.shape[1]
        theta = np.zeros(size + (2 if part == "amount" else 0))
        if part == "amount":
            theta[0] = math.log(self.y[self.y > 0].mean())
        return theta

    def effect(self, positive, amount):
        """E[Y1] - E[Y0] in dollars, averaged over the 445 rows; positive, amount (draw, ...)."""
        means = []
        for t in (1.0, 0.0):
            x = self.design(np.full(len(self.z), t))
            p, mu = special.expit(positive @ x.T), np.exp(amount[..., :-2] @ x.T)
            means.append((p * mu).mean(axis=-1))
        return 1000 * (means[0] - means[1])

    def maximum(self, log_density):
        return optimize.minimize(
            lambda theta: -log_density(theta), self.start(log_density.part), method="BFGS"
        )


class LogDensity:
    """Log-likelihood of a part, plus a log prior if sds are given."""

    def __init__(self, model, part, prior=None):
        self.model, self.part, self.prior = model, part, prior

    def __call__(self, theta):
        value = self.model.log_likelihood(theta, self.part)
        if self.prior is not None:
            mean, sd = self.prior
            value += float(stats.norm.logpdf(theta, mean, sd).sum())
        return value


@pytest.fixture(scope="module")
def adjusted():
    design = Experiment(nsw(RE78, covariates=COVARIATES), adjust=True)
    return fit(design, Sampler(seed=13, draws=2500))


@pytest.mark.sampler
def test_adjusted_hurdle_gamma_is_near_its_own_maximum_likelihood(adjusted):
    adjusted.diagnostics.raise_if_failed()
    model = AdjustedHurdle()
    best = [model.maximum(LogDensity(model, part)).x for part in ("positive", "amount")]
    assert float(adjusted.outcomes.effect().mean()) == pytest.approx(
        float(model.effect(*best)), abs=250
    )


def importance(model, density, seed, n=20_000):
    """Return draws of a part's posterior and their weights: t with 12 df at the mode."""
    top = model.maximum(density)
    root = np.linalg.cholesky(np.linalg.inv(hessian(density, top.x)))
    rng = np.random.default_rng(seed)
    z = rng.standard_normal((n, len(top.x))) / np.sqrt(rng.chisquare(12, n) / 12)[:, None]
    theta = top.x + z @ root.T
    log_q = stats.multivariate_t(shape=np.eye(len(top.x)), df=12).logpdf(z)
    log_w = np.array([density(row) for row in theta]) - log_q
    weights = np.exp(log_w - log_w.max())
    return theta, weights / weights.sum()


def hessian(density, at):
    """Numerical second derivatives of minus the log density."""
    step = 1e-3
    size = len(at)
    eye = np.eye(size) * step
    out = np.empty((size, size))
    for i in range(size):
        for j in range(i, size):
            corners = [
                s * r * density(at + s * eye[i] + r * eye[j]) for s in (1, -1) for r in (1, -1)
            ]
            out[i, j] = out[j, i] = -sum(corners) / (4 * step**2)
    return out


@pytest.mark.sampler
def test_adjusted_hurdle_gamma_is_the_importance_sampled_answer_of_the_same_model(adjusted):
    model = AdjustedHurdle()
    slopes = len(COVARIATES)
    typical = math.log(model.y[model.y > 0].mean())
    priors = {
        "positive": (0.0, np.array([1.5, 1.0] + [1.0] * slopes)),
        "amount": (
            np.array([typical] + [0.0] * (slopes + 3)),
            np.array([1.0, 1.0] + [0.5] * slopes + [1.0, 0.5]),
        ),
    }
    drawn = {
        part: importance(model, LogDensity(model, part, prior), seed)
        for seed, (part, prior) in enumerate(priors.items(), start=1)
    }
    # The parts are independent a posteriori, so weights of paired draws multiply.
    weights = drawn["positive"][1] * drawn["amount"][1]
    weights /= weights.sum()
    effect = model.effect(drawn["positive"][0], drawn["amount"][0])
    mean = float(weights @ effect)
    sd = math.sqrt(float(weights @ (effect - mean) ** 2))
    error = math.hypot(
        math.sqrt(float(weights**2 @ (effect - mean) ** 2)),
        sd / math.sqrt(adjusted.diagnostics.ess_min),
    )
    ours = adjusted.outcomes.effect().values.ravel()
    assert ours.mean() == pytest.approx(mean, abs=4 * error)
    assert ours.std() == pytest.approx(sd, abs=4 * error)


@pytest.mark.sampler
def test_partly_pooled_sites_are_stans():
    table = causaldata.social_insure.load_pandas().data
    households = Cohort.from_frame(
        table[["takeup_survey", "intensive", "village"]],
        treatment="intensive",
        outcomes=[OutcomeMeasure("takeup_survey", kind="binary")],
        group="village",
    )
    priors = Priors(binary=CONTROL, group_sd=1.0)
    design = Experiment(households, pool_groups=True, priors=priors)
    found = fit(design, Sampler(seed=14, draws=3000, tune=1500))
    found.diagnostics.raise_if_failed()
    model = "brms_uncorr_sd_halfN(0,1)"
    post = found.posterior["posterior"]
    beta, sd = post["takeup_survey_beta"].values, post["takeup_survey_group_sd"].values
    assert_agrees(beta[..., 0], model, "(Intercept)")
    assert_agrees(beta[..., 1], model, "t")
    assert_agrees(sd[..., 0], model, "sd:(Intercept)")
    assert_agrees(sd[..., 1], model, "sd:t")
    effect = found.outcomes.effect().values[:, :, 0, 0]
    share = np.bincount(households.group) / households.size
    assert_agrees((effect @ share).reshape(4, -1), model, "RD_gcomp")
    for g in (0, 20, 43):
        assert_agrees(effect[:, g].reshape(4, -1), model, f"site_RD:{households.groups[g]}")
