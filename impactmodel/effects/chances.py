"""The posterior of an additive logit: a weighted normal approximation in seconds, or a sampler."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field
from scipy import linalg, optimize
from scipy.special import logsumexp

from impactmodel.core.errors import InputError
from impactmodel.core.seeds import stream
from impactmodel.core.spec import spec
from impactmodel.effects import sampling
from impactmodel.effects.additive_logit import AdditiveLogit
from impactmodel.effects.checks import Check, Diagnostics
from impactmodel.effects.methods import Sampler
from impactmodel.effects.prediction_layout import flat
from impactmodel.effects.predictor import Array

_ROUNDS = 50
_CONVERGED = 1e-9
_KHAT_LIMIT = 0.7
# Bounds of a log spread in units of its prior's scale: no spread to more than is believed.
_LOG_SPREAD = (-6.0, 3.0)


@spec
class Importance:
    """A normal approximation whose draws are weighted to the exact posterior and resampled.

    Parameters
    ----------
    seed
        The same seed gives the same draws.
    draws
        Draws that are kept.

    Examples
    --------
    >>> Importance(seed=1).draws
    2000
    """

    seed: int = 0
    draws: int = 2000
    type: Literal["importance"] = field(default="importance", kw_only=True)

    def __post_init__(self) -> None:
        for key, low in (("seed", 0), ("draws", 500)):
            if getattr(self, key) < low:
                raise InputError(f"this must be at least {low}", key=key, seen=getattr(self, key))


type ChanceMethod = Annotated[Importance | Sampler, Field(discriminator="type")]


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class LogitPosterior:
    """Draws of an additive logit.

    Parameters
    ----------
    beta
        Coefficients, the intercept first (draw, coefficient).
    spread
        Spreads of the pooled blocks (draw, pooled block).
    diagnostics
        Whether the draws may be used.
    """

    beta: Array
    spread: Array
    diagnostics: Diagnostics


def logit_posterior(model: AdditiveLogit, method: Importance | Sampler) -> LogitPosterior:
    r"""Draw from the posterior of an additive logit.

    `Importance` approximates the likelihood by a normal at its mode, draws the spreads
    :math:`\tau` from their marginal and the coefficients from their normal given :math:`\tau`,
    weights the draws by exact over approximate density and resamples them. Two checks say whether
    that was exact enough: Pareto's :math:`\hat k` of the weights below .7 and an effective sample
    size above 400.

    Raises
    ------
    InputError
        If nobody, or everybody, has the outcome.

    References
    ----------
    Vehtari, Simpson, Gelman, Yao and Gabry (2024), JMLR 25(72).

    Examples
    --------
    A rate of .3 of 1,000 people, the prior hardly counting: the logit is normal around -.847.

    >>> from impactmodel.effects.additive_logit import Block
    >>> y = np.repeat([1.0, 0.0], [300, 700])
    >>> model = AdditiveLogit(np.zeros((1000, 1)), y, (Block("nothing", 1, 1.0),))
    >>> found = logit_posterior(model, Importance(seed=1))
    >>> round(float(found.beta[:, 0].mean()), 2), found.diagnostics.passed
    (-0.85, True)
    """
    positive = float(model.weights @ model.y)
    if not 0 < positive < float(model.weights.sum()):
        raise InputError(
            "nobody or everybody has the outcome, nothing tells people apart",
            key="y",
            seen=f"{int(model.y.sum())} of {len(model.y)}",
            fix="take another target or a longer window",
        )
    if isinstance(method, Sampler):
        return _sampled(model, method)
    return _weighted(model, method)


def _sampled(model: AdditiveLogit, method: Sampler) -> LogitPosterior:
    tree = sampling.sample([model], method)
    posterior = tree["posterior"].dataset
    values = {str(k): np.asarray(v.values) for k, v in posterior.items()}
    chains = sampling.measure_chains(values, int(tree["sample_stats"]["diverging"].sum()))
    found = Diagnostics(chains.checks(), chains.rhat_max, chains.ess_min, chains.divergences)
    return LogitPosterior(*model.drawn(flat(tree)), found)


def _weighted(model: AdditiveLogit, method: Importance) -> LogitPosterior:
    normal = _NormalLikelihood.at_mode(model)
    rng = stream(method.seed, "chances")
    spread, log_spread = normal.draw_spreads(method.draws, rng)
    beta, log_beta = normal.draw_coefficients(spread, rng)
    log = model.log_likelihood(beta) + model.log_prior(beta, spread) - log_spread - log_beta
    weights, khat = _smoothed(log)
    size = float(1 / (weights @ weights))
    kept = _resample(weights, rng)
    checks = (
        Check(
            "Pareto k",
            khat < _KHAT_LIMIT,
            f"Pareto k of the weights of the normal approximation {khat:.2f} "
            f"(limit {_KHAT_LIMIT}; use Sampler beyond it)",
        ),
        Check(
            "effective sample size",
            size > sampling.ESS_LIMIT,
            f"effective sample size {size:.0f} of {method.draws} "
            f"(limit {sampling.ESS_LIMIT:.0f}; take more draws or use Sampler)",
        ),
    )
    return LogitPosterior(beta[kept], spread[kept], Diagnostics(checks, 1.0, size, 0))


def _smoothed(log: Array) -> tuple[Array, float]:
    """Return weights with their tail smoothed, and Pareto's k."""
    from arviz_stats.base.array import BaseArray

    # Its argument is a log likelihood that was left out, the negative of a log weight.
    stats: Any = BaseArray()
    smooth, khat = stats.psislw(log.max() - log)
    weights = np.exp(smooth - logsumexp(smooth))
    return np.asarray(weights), float(khat)


def _resample(weights: Array, rng: np.random.Generator) -> np.ndarray:
    """Return places, each about as often as its weight says (systematic), in a random order."""
    n = len(weights)
    steps = (np.arange(n) + rng.random()) / n
    places = np.searchsorted(np.cumsum(weights), steps)
    return rng.permutation(np.minimum(places, n - 1))


@dataclass(frozen=True, slots=True, eq=False)
class _NormalLikelihood:
    """The likelihood as a normal of the coefficients: -b'Ab/2 + c'b, at the mode of a model."""

    model: AdditiveLogit
    a: Array
    c: Array
    mode: Array

    @classmethod
    def at_mode(cls, model: AdditiveLogit) -> _NormalLikelihood:
        """Expand at the mode of coefficients and spreads, found in turns."""
        beta = model.mean.copy()
        theta = np.zeros(len(model.pooled))
        scale = np.array([b.sd for b in model.pooled])
        found = cls(model, np.eye(model.columns), np.zeros(model.columns), theta)
        for _ in range(_ROUNDS):
            gradient, curvature = model.slopes(beta)
            found = cls(model, curvature, gradient + curvature @ beta, theta)
            if len(theta):
                theta = found._best_spread()
            mean, _ = found.given(np.exp(theta) * scale)
            step = mean - beta
            # The posterior is log-concave: shorter steps settle where a full one overshoots.
            beta = beta + step * min(1.0, 2.0 / max(float(np.abs(step).max()), 1e-300))
            if float(np.abs(step).max()) < _CONVERGED:
                break
        return cls(model, found.a, found.c, theta)

    def given(self, spread: Array) -> tuple[Array, Array]:
        """Return mean and upper Cholesky factor of the precision, given spreads."""
        prior = self.model.prior_sd(spread) ** -2.0
        factor = linalg.cholesky(self.a + np.diag(prior), check_finite=False)
        mean = linalg.cho_solve((factor, False), self.c + prior * self.model.mean)
        return mean, factor

    def log_marginal(self, theta: Array) -> float:
        """Return the log density of log spreads in units of their scales, up to a constant."""
        scale = np.array([b.sd for b in self.model.pooled])
        spread = np.exp(theta) * scale
        sd = self.model.prior_sd(spread)
        mean, factor = self.given(spread)
        right = self.c + self.model.mean * sd**-2.0
        log = 0.5 * float(right @ mean) - float(np.log(np.diag(factor)).sum())
        log -= float(np.log(sd).sum()) + 0.5 * float(((self.model.mean / sd) ** 2).sum())
        return log + float(self.model.log_spread_prior(spread))

    def _best_spread(self) -> Array:
        found: Any = optimize.minimize(  # type: ignore[call-overload]
            lambda t: -self.log_marginal(t),
            np.clip(self.mode, *_LOG_SPREAD),
            method="L-BFGS-B",
            bounds=[_LOG_SPREAD] * len(self.mode),
        )
        return np.asarray(found.x, dtype=float)

    def draw_spreads(self, n: int, rng: np.random.Generator) -> tuple[Array, Array]:
        """Draw spreads by a slice sampler of their marginal; return it there too (draw, pooled)."""
        p = len(self.mode)
        scale = np.array([b.sd for b in self.model.pooled])
        if not p:
            return np.empty((n, 0)), np.zeros(n)
        out, log = np.empty((n, p)), np.empty(n)
        at, value = self.mode.copy(), self.log_marginal(self.mode)
        for i in range(-20, n):
            for j in range(p):
                at, value = self._slice(at, value, j, rng)
            if i >= 0:
                out[i], log[i] = np.exp(at) * scale, value
        return out, log

    def _slice(
        self, at: Array, value: float, j: int, rng: np.random.Generator
    ) -> tuple[Array, float]:
        """Move one coordinate by a slice sampler that shrinks from its bounds (Neal 2003)."""
        level = value - rng.exponential()
        low, high = _LOG_SPREAD
        while True:
            moved = at.copy()
            moved[j] = rng.uniform(low, high)
            found = self.log_marginal(moved)
            if found > level:
                return moved, found
            low, high = (moved[j], high) if moved[j] < at[j] else (low, moved[j])

    def draw_coefficients(self, spread: Array, rng: np.random.Generator) -> tuple[Array, Array]:
        """Draw coefficients given spreads; return their log density too, up to a constant."""
        z = rng.standard_normal((len(spread), self.model.columns))
        beta, log = np.empty_like(z), np.empty(len(z))
        factor, mean = None, None
        for i, own in enumerate(spread):
            if factor is None or spread.shape[1]:
                mean, factor = self.given(own)
            beta[i] = mean + linalg.solve_triangular(factor, z[i], check_finite=False)
            log[i] = float(np.log(np.diag(factor)).sum()) - 0.5 * float(z[i] @ z[i])
        return beta, log
