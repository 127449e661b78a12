"""Estimates with errors, and how much they differ: estimators of the variance between studies."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy import optimize
from scipy.special import gammaincinv

from impactmodel.core.errors import InputError

type Array = npt.NDArray[np.float64]
type Method = Literal["fixed", "DL", "REML", "ML", "PM", "SJ", "HS", "HE"]

_STEPS = 1000
_SETTLED = 1e-14


@dataclass(frozen=True, slots=True, eq=False)
class Estimates:
    """Estimates *y* with standard errors *s*, on a scale on which they are normal."""

    y: Array
    s: Array

    @classmethod
    def of(cls, y: npt.ArrayLike, s: npt.ArrayLike) -> Estimates:
        """Return estimates after checks.

        Raises
        ------
        InputError
            With fewer than two estimates, unequal lengths or an error that is not above 0.
        """
        made = cls(np.asarray(y, dtype=np.float64), np.asarray(s, dtype=np.float64))
        if made.y.ndim != 1 or made.y.shape != made.s.shape or made.y.size < 2:
            raise InputError(
                "pooling needs two estimates or more, each with its error",
                seen=f"{made.y.size} estimates, {made.s.size} errors",
            )
        if not (made.s > 0).all():
            raise InputError("a standard error is above 0", seen=float(made.s.min()))
        return made

    @property
    def k(self) -> int:
        """Number of estimates."""
        return int(self.y.size)

    def weights(self, tau2: float) -> Array:
        """Return 1 / (s² + tau²)."""
        return np.asarray(1.0 / (self.s**2 + tau2))

    def mean(self, tau2: float) -> float:
        """Return the weighted mean."""
        w = self.weights(tau2)
        return float(w @ self.y / w.sum())

    def q(self, tau2: float = 0.0) -> float:
        """Return the weighted sum of squares about the mean; Cochran's Q where tau² is 0."""
        return float(self.weights(tau2) @ (self.y - self.mean(tau2)) ** 2)

    def traces(self, tau2: float) -> tuple[float, float]:
        """Return the traces of P and PP, P the weights' projection off the mean."""
        w = self.weights(tau2)
        total, squares, cubes = (float((w**r).sum()) for r in (1, 2, 3))
        first = total - squares / total
        return first, squares - 2 * cubes / total + (squares / total) ** 2


def log_likelihood(data: Estimates, tau2: float, *, restricted: bool) -> float:
    """Return the log-likelihood of tau² with the mean at its best, or integrated out."""
    w = data.weights(tau2)
    core = 0.5 * float(np.log(w).sum()) - 0.5 * data.q(tau2)
    if not restricted:
        return core - 0.5 * data.k * math.log(2 * math.pi)
    lost = 0.5 * math.log(data.k) - 0.5 * math.log(float(w.sum()))
    return core + lost - 0.5 * (data.k - 1) * math.log(2 * math.pi)


def q_profile(data: Estimates, prob: float) -> tuple[float, float]:
    """Return the Q-profile interval of tau²: where Q(tau²) meets the quantiles of chi²."""
    tail = (1 - prob) / 2
    low, high = (
        _solve_q(data, 2 * float(gammaincinv((data.k - 1) / 2, p))) for p in (1 - tail, tail)
    )
    return low, high


def _solve_q(data: Estimates, target: float) -> float:
    """Return the tau² at which the weighted sum of squares is as small as the target."""
    if data.q() <= target:
        return 0.0
    high = float(np.ptp(data.y) ** 2 + data.s.max() ** 2)
    while data.q(high) > target:
        high *= 4
    return float(optimize.brentq(lambda t: data.q(t) - target, 0.0, high, xtol=1e-300, rtol=1e-14))


def _moments(data: Estimates) -> float:
    return max(0.0, (data.q() - (data.k - 1)) / data.traces(0.0)[0])


def _hunter_schmidt(data: Estimates) -> float:
    return max(0.0, (data.q() - data.k) / float(data.weights(0.0).sum()))


def _hedges(data: Estimates) -> float:
    return max(0.0, float(data.y.var(ddof=1) - (data.s**2).mean()))


def _sidik_jonkman(data: Estimates) -> float:
    start = float(data.y.var())
    if start == 0:
        return 0.0
    w = 1 / (data.s**2 / start + 1)
    mean = w @ data.y / w.sum()
    return float(w @ (data.y - mean) ** 2) / (data.k - 1)


def _likeliest(*, restricted: bool) -> Callable[[Estimates], float]:
    def find(data: Estimates) -> float:
        widest = float(np.ptp(data.y) ** 2 + data.s.max() ** 2)
        trials = np.concatenate([[0.0], widest * np.logspace(-8, 0.5, 200)])
        heights = [log_likelihood(data, float(t), restricted=restricted) for t in trials]
        tau2 = float(trials[int(np.argmax(heights))])
        for _ in range(_STEPS):
            w = data.weights(tau2)
            curved = float((w**2) @ (data.y - data.mean(tau2)) ** 2)
            trace, information = (
                data.traces(tau2) if restricted else (float(w.sum()), float((w**2).sum()))
            )
            moved = max(0.0, tau2 + (curved - trace) / information)
            if abs(moved - tau2) <= _SETTLED * widest:
                return moved
            tau2 = moved
        raise ArithmeticError("the likelihood of tau² has no maximum that could be found")

    return find


def _error_of_moments(data: Estimates, tau2: float, scale: float) -> float:
    """Return the error of a tau² that is Q times a scale, less a constant (Q at tau² = 0)."""
    first, second = data.traces(0.0)
    inside = 2 * (data.k - 1) + 4 * tau2 * first + 2 * tau2**2 * second
    return math.sqrt(inside) * scale


def _error_by_matrix(data: Estimates, tau2: float, w: Array, scale: float) -> float:
    """Return the error of scale times the sum of squares about the mean with weights *w*."""
    p = np.diag(w) - np.outer(w, w) / w.sum()
    pv = p * data.s**2
    inside = 2 * (pv * pv.T).sum() + 4 * tau2 * (pv * p.T).sum() + 2 * tau2**2 * (p * p).sum()
    return float(math.sqrt(inside)) * scale


def _sidik_jonkman_error(data: Estimates, tau2: float) -> float:
    start = float(data.y.var())
    w = 1 / (data.s**2 + start)
    return _error_by_matrix(data, tau2, w, start / (data.k - 1))


SPREADS: dict[Method, Callable[[Estimates], float]] = {
    "fixed": lambda _: 0.0,
    "DL": _moments,
    "REML": _likeliest(restricted=True),
    "ML": _likeliest(restricted=False),
    "PM": lambda data: _solve_q(data, data.k - 1.0),
    "SJ": _sidik_jonkman,
    "HS": _hunter_schmidt,
    "HE": _hedges,
}
ERRORS: dict[Method, Callable[[Estimates, float], float]] = {
    "fixed": lambda *_: 0.0,
    "DL": lambda d, t: _error_of_moments(d, t, 1 / d.traces(0.0)[0]),
    "REML": lambda d, t: math.sqrt(2 / d.traces(t)[1]),
    "ML": lambda d, t: math.sqrt(2 / float((d.weights(t) ** 2).sum())),
    "PM": lambda d, t: math.sqrt(2 * d.k**2 / (d.k - 1)) / float(d.weights(t).sum()),
    "SJ": _sidik_jonkman_error,
    "HS": lambda d, t: _error_of_moments(d, t, 1 / float(d.weights(0.0).sum())),
    "HE": lambda d, t: _error_by_matrix(d, t, np.ones(d.k), 1 / (d.k - 1)),
}
