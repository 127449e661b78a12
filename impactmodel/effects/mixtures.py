"""Mixtures of conjugate priors: what a prior from history is approximated by, and its size."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, Protocol, Self

import numpy as np
import numpy.typing as npt
from scipy import optimize, special

from impactmodel.core.errors import InputError

type Array = npt.NDArray[np.float64]
type SizeMethod = Literal["elir", "moment"]

# Trapezoid rule on the logit scale; densities vanish at both ends.
_LOGITS = np.linspace(-36.0, 36.0, 14_401)
_STEPS_OF_SD = 400


class Mixture(Protocol):
    """A prior or posterior of an arm's mean as a mixture with conjugate components."""

    @property
    def weights(self) -> Array:
        """Weights of the components (component), the vague one last where there is one."""
        ...

    @property
    def mean(self) -> float:
        """Mean."""
        ...

    @property
    def sd(self) -> float:
        """Standard deviation."""
        ...

    def density(self, x: Array) -> Array:
        """Return the density at values."""
        ...

    def below(self, x: float) -> float:
        """Return the probability below a value."""
        ...

    def quantile(self, q: float) -> float:
        """Return a quantile."""
        ...

    def draw(self, n: int, rng: np.random.Generator) -> Array:
        """Return n draws."""
        ...

    def people(self, method: SizeMethod = "elir") -> float:
        """Return the prior effective sample size, in people."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class BetaMixture:
    r"""A mixture of beta distributions of a probability.

    Parameters
    ----------
    weights, a, b
        Of each component (component).

    Examples
    --------
    The size of one beta distribution is a + b, by either method.

    >>> one = BetaMixture(np.array([1.0]), np.array([11.0]), np.array([32.0]))
    >>> round(one.people("elir"), 6), round(one.people("moment"), 6)
    (43.0, 43.0)
    """

    weights: Array
    a: Array
    b: Array

    @property
    def mean(self) -> float:
        """Mean."""
        return float(self.weights @ (self.a / (self.a + self.b)))

    @property
    def sd(self) -> float:
        """Standard deviation."""
        total = self.a + self.b
        second = self.a * (self.a + 1) / (total * (total + 1))
        return math.sqrt(float(self.weights @ second) - self.mean**2)

    def density(self, x: Array) -> Array:
        """Return the density at probabilities."""
        from scipy import stats

        return np.asarray(stats.beta.pdf(x[..., None], self.a, self.b) @ self.weights)

    def below(self, x: float) -> float:
        """Return the probability below a value."""
        return float(self.weights @ special.betainc(self.a, self.b, min(max(x, 0.0), 1.0)))

    def quantile(self, q: float) -> float:
        """Return a quantile."""
        _require_inside(q)
        return float(optimize.brentq(lambda x: self.below(x) - q, 0.0, 1.0, xtol=1e-14))

    def draw(self, n: int, rng: np.random.Generator) -> Array:
        """Return n draws."""
        k = rng.choice(len(self.weights), size=n, p=self.weights)
        return rng.beta(self.a[k], self.b[k])

    def log_evidence(self, events: float, people: float) -> Array:
        """Return the log probability of the data under each component, up to a constant."""
        after = special.betaln(self.a + events, self.b + people - events)
        return np.asarray(after - special.betaln(self.a, self.b))

    def update(self, events: float, people: float) -> Self:
        """Return the posterior after events among people: exact, weights included."""
        log = np.log(self.weights) + self.log_evidence(events, people)
        return type(self)(special.softmax(log), self.a + events, self.b + people - events)

    def robust(self, weight: float, mean: float = 0.5) -> Self:
        """Return the mixture with a vague component worth one person, Beta(2 m, 2 (1 - m))."""
        _require_weight(weight)
        return type(self)(
            np.append((1 - weight) * self.weights, weight),
            np.append(self.a, 2 * mean),
            np.append(self.b, 2 * (1 - mean)),
        )

    def without_vague(self) -> Self:
        """Return the mixture without its last component."""
        kept = self.weights[:-1]
        return type(self)(kept / kept.sum(), self.a[:-1], self.b[:-1])

    def tail(self, events: int, people: int) -> float:
        """Return the two-sided probability of so many events among people yet to be seen."""
        from scipy import stats

        y = np.arange(people + 1)
        p = stats.betabinom.pmf(y[:, None], people, self.a, self.b) @ self.weights
        return min(1.0, 2 * min(float(p[: events + 1].sum()), float(p[events:].sum())))

    def people(self, method: SizeMethod = "elir") -> float:
        r"""Return the prior effective sample size.

        ``elir`` (expected local information ratio, predictively consistent):
        :math:`E[-\tfrac{d^2}{dp^2} \log f(p)\; p(1 - p)]`; ``moment``: that of the one beta
        distribution with this mean and sd.

        References
        ----------
        Neuenschwander, Weber, Schmidli and O'Hagan (2020), https://doi.org/10.1111/biom.13252.
        """
        if method == "moment":
            return self.mean * (1 - self.mean) / self.sd**2 - 1
        p, q = special.expit(_LOGITS)[:, None], special.expit(-_LOGITS)[:, None]
        log = (self.a - 1) * np.log(p) + (self.b - 1) * np.log(q) - special.betaln(self.a, self.b)
        part = self.weights * np.exp(log)
        slope = (self.a - 1) / p - (self.b - 1) / q
        bend = slope**2 - (self.a - 1) / p**2 - (self.b - 1) / q**2
        f = part.sum(axis=1)
        there = f > 0
        first, second = (part * slope).sum(axis=1)[there], (part * bend).sum(axis=1)[there]
        information = first**2 / f[there] - second
        variance = (p * q)[there, 0]
        return float((information * variance * variance).sum() * (_LOGITS[1] - _LOGITS[0]))


@dataclass(frozen=True, slots=True, eq=False)
class NormalMixture:
    """A mixture of normal distributions of a mean.

    Parameters
    ----------
    weights, means, sds
        Of each component (component).
    person_sd
        Standard deviation between people, by which information is counted in people.

    Examples
    --------
    >>> one = NormalMixture(np.array([1.0]), np.array([0.0]), np.array([2.0]), 10.0)
    >>> round(one.people("elir"), 6), round(one.people("moment"), 6)
    (25.0, 25.0)
    """

    weights: Array
    means: Array
    sds: Array
    person_sd: float

    @property
    def mean(self) -> float:
        """Mean."""
        return float(self.weights @ self.means)

    @property
    def sd(self) -> float:
        """Standard deviation."""
        return math.sqrt(float(self.weights @ (self.sds**2 + (self.means - self.mean) ** 2)))

    def density(self, x: Array) -> Array:
        """Return the density at means."""
        from scipy import stats

        return np.asarray(stats.norm.pdf(x[..., None], self.means, self.sds) @ self.weights)

    def below(self, x: float) -> float:
        """Return the probability below a value."""
        return float(self.weights @ special.ndtr((x - self.means) / self.sds))

    def quantile(self, q: float) -> float:
        """Return a quantile."""
        _require_inside(q)
        ends = self.means + self.sds * special.ndtri(q)
        low, high = float(ends.min()), float(ends.max())
        if low == high:
            return low
        return float(optimize.brentq(lambda x: self.below(x) - q, low, high, xtol=1e-14 * self.sd))

    def draw(self, n: int, rng: np.random.Generator) -> Array:
        """Return n draws."""
        k = rng.choice(len(self.weights), size=n, p=self.weights)
        return rng.normal(self.means[k], self.sds[k])

    def update(self, mean: float, error: float) -> Self:
        """Return the posterior after a sample mean with its standard error: exact."""
        from scipy import stats

        total = np.hypot(self.sds, error)
        log = np.log(self.weights) + stats.norm.logpdf(mean, self.means, total)
        own = self.sds**2 / total**2
        after = self.means + own * (mean - self.means)
        return type(self)(special.softmax(log), after, self.sds * error / total, self.person_sd)

    def robust(self, weight: float) -> Self:
        """Return the mixture with a vague component worth one person, about its mean."""
        _require_weight(weight)
        return type(self)(
            np.append((1 - weight) * self.weights, weight),
            np.append(self.means, self.mean),
            np.append(self.sds, self.person_sd),
            self.person_sd,
        )

    def without_vague(self) -> Self:
        """Return the mixture without its last component."""
        kept = self.weights[:-1]
        return type(self)(kept / kept.sum(), self.means[:-1], self.sds[:-1], self.person_sd)

    def tail(self, mean: float, error: float) -> float:
        """Return the two-sided probability of a sample mean yet to be seen."""
        z = (mean - self.means) / np.hypot(self.sds, error)
        below = float(self.weights @ special.ndtr(z))
        return 2 * min(below, 1 - below)

    def people(self, method: SizeMethod = "elir") -> float:
        r"""Return the prior effective sample size, see `BetaMixture.people`.

        ``elir``: :math:`\sigma^2 E[-\tfrac{d^2}{dm^2} \log f(m)]`; ``moment``:
        :math:`\sigma^2 / sd^2`, with :math:`\sigma` the sd between people.
        """
        if method == "moment":
            return (self.person_sd / self.sd) ** 2
        narrow = float(self.sds.min())
        x = np.unique(
            np.concatenate(
                [m + s * np.linspace(-12, 12, _STEPS_OF_SD * 6 + 1)
                 for m, s in zip(self.means, self.sds, strict=True)]
            )
        )  # fmt: skip
        z = (x[:, None] - self.means) / self.sds
        part = self.weights * np.exp(-0.5 * z**2) / (self.sds / narrow)
        f = part.sum(axis=1)
        there = f > 0
        first = (part * -z / self.sds).sum(axis=1)[there]
        second = (part * (z**2 - 1) / self.sds**2).sum(axis=1)[there]
        norm = np.trapezoid(f[there], x[there])
        information = np.trapezoid(first**2 / f[there] - second, x[there]) / norm
        return float(self.person_sd**2 * information)


def _require_inside(q: float) -> None:
    if not 0 < q < 1:
        raise InputError("a quantile is of a probability between 0 and 1", seen=q)


def _require_weight(weight: float) -> None:
    if not 0 < weight < 1:
        raise InputError("the weight of the vague component lies between 0 and 1", seen=weight)
