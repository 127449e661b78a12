r"""The posterior of coefficients of several arms, over what the data say of the priors' scales.

The likelihood enters by its expansion to the second order, so that given the scales of
`impactmodel.effects.arm_layout` coefficients are normal; the scales are integrated over on a grid
around their mode in logarithms (Rue, Martino and Chopin 2009, section 3.1). No scale is set to its
best value: with few people that is often 0, and all arms would do the same to everybody.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product

import numpy as np
import numpy.typing as npt
from scipy import optimize, special

from impactmodel.effects.arm_layout import FREE, ArmLayout

type Array = npt.NDArray[np.float64]

# Nodes in standard deviations from the mode: columns are many and tell their scale well.
_FEW, _MANY = np.arange(-2.5, 3.0, 1.25), np.arange(-4.0, 4.0)
_NEAR = 0.1
_NEGLIGIBLE = 1e-6
_CHUNK = 512
_LOWEST, _HIGHEST = -9.0, 3.0


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class ArmPosterior:
    """A mixture of normals, one at each node of the scales.

    Parameters
    ----------
    layout
        Where coefficients stand.
    scales
        Standard deviations (node, scale) by the names of the layout.
    weights
        Posterior probability of each node.
    mean, covariance
        Of the coefficients, over all nodes.
    log_evidence
        Log of the marginal likelihood.
    """

    layout: ArmLayout
    scales: Array
    weights: Array
    mean: Array
    covariance: Array
    log_evidence: float
    _slope: Array
    _curvature: Array

    def draw(self, n: int, rng: np.random.Generator) -> Array:
        """Draw scales, and coefficients given them (draw, coefficient)."""
        counts = rng.multinomial(n, self.weights)
        made = []
        for k in np.flatnonzero(counts):
            given = _Given.of(self.layout, self._slope, self._curvature, self.scales[k, 0])
            made.append(given.draw(self.layout, self.scales[k], int(counts[k]), rng))
        return np.asarray(rng.permutation(np.concatenate(made)) @ self.layout.rotation.T)


def integrate(slope: Array, curvature: Array, height: float, layout: ArmLayout) -> ArmPosterior:
    r"""Return the posterior of a log-likelihood :math:`h + s'\beta - \beta' K \beta / 2`.

    Parameters
    ----------
    slope, curvature, height
        *s*, *K* and *h*.
    layout
        Where coefficients stand.
    """
    turn = layout.rotation
    slope, curvature = turn.T @ slope, turn.T @ curvature @ turn
    scales, log = _grid(slope, curvature, layout)
    evidence = float(special.logsumexp(log) + height)
    weights = np.exp(log - special.logsumexp(log))
    kept = weights > _NEGLIGIBLE * weights.max()
    scales, weights = scales[kept], weights[kept] / weights[kept].sum()
    mean, square = np.zeros(len(slope)), np.zeros_like(curvature)
    for value in np.unique(scales[:, 0]):
        here = scales[:, 0] == value
        given = _Given.of(layout, slope, curvature, value)
        for at, share in _chunks(scales[here], weights[here]):
            centre, spread = given.moments(layout, at, share / share.sum())
            mean += share.sum() * centre
            square += share.sum() * (spread + np.outer(centre, centre))
    inside = turn @ (square - np.outer(mean, mean)) @ turn.T
    return ArmPosterior(layout, scales, weights, turn @ mean, inside, evidence, slope, curvature)


def likely_scales(slope: Array, curvature: Array, layout: ArmLayout, start: Array) -> Array:
    """Return the mode of the scales in logarithms."""
    turn = layout.rotation
    return np.exp(_top(turn.T @ slope, turn.T @ curvature @ turn, layout, np.log(start)))


@dataclass(frozen=True, slots=True, eq=False)
class _Given:
    """Coefficients of arms at a given scale of columns, which are integrated out."""

    inside: Array
    tied: Array
    centre: Array
    slope: Array
    curvature: Array
    constant: float

    @classmethod
    def of(cls, layout: ArmLayout, slope: Array, curvature: Array, columns: float) -> _Given:
        f = layout.base
        precision = np.full(f, columns**-2.0)
        precision[0] = FREE**-2
        inside = np.linalg.inv(curvature[:f, :f] + np.diag(precision))
        tied = inside @ curvature[:f, f:]
        centre = inside @ slope[:f]
        left = curvature[f:, f:] - curvature[f:, :f] @ tied
        constant = slope[:f] @ centre + np.linalg.slogdet(inside)[1] + np.log(precision).sum()
        return cls(inside, tied, centre, slope[f:] - tied.T @ slope[:f], left, float(constant) / 2)

    def _precision(self, layout: ArmLayout, scales: Array) -> tuple[Array, Array]:
        variance = layout.variances(scales)[:, layout.base :]
        return self.curvature + np.eye(len(self.slope)) / variance[:, None, :], variance

    def log_likelihood(self, layout: ArmLayout, scales: Array) -> Array:
        precision, variance = self._precision(layout, scales)
        root = np.linalg.cholesky(precision)
        right = np.broadcast_to(self.slope[:, None], (len(root), len(self.slope), 1))
        z = np.linalg.solve(root, right)[..., 0]
        spread = np.log(np.diagonal(root, axis1=1, axis2=2)) + np.log(variance) / 2
        return np.asarray(self.constant + 0.5 * (z**2).sum(axis=1) - spread.sum(axis=1))

    def moments(self, layout: ArmLayout, scales: Array, weights: Array) -> tuple[Array, Array]:
        inside = np.linalg.inv(self._precision(layout, scales)[0])
        means = inside @ self.slope
        mean = weights @ means
        own = np.tensordot(weights, inside, 1) + (means - mean).T @ (weights[:, None] * means)
        across = -self.tied @ own
        base = self.inside - across @ self.tied.T
        whole = np.block([[base, across], [across.T, own]])
        return np.concatenate([self.centre - self.tied @ mean, mean]), whole

    def draw(self, layout: ArmLayout, scales: Array, n: int, rng: np.random.Generator) -> Array:
        precision = self._precision(layout, scales)[0][0]
        root = np.linalg.cholesky(precision)
        mean = np.linalg.solve(precision, self.slope)
        own = mean + np.linalg.solve(root.T, rng.standard_normal((len(mean), n))).T
        noise = rng.standard_normal((n, len(self.centre))) @ np.linalg.cholesky(self.inside).T
        return np.concatenate([self.centre - own @ self.tied.T + noise, own], axis=1)


def _density(slope: Array, curvature: Array, layout: ArmLayout) -> Callable[[Array], float]:
    def at(logs: Array) -> float:
        scales = np.exp(logs)[None]
        given = _Given.of(layout, slope, curvature, scales[0, 0])
        return float((given.log_likelihood(layout, scales) + layout.log_prior(scales))[0])

    return at


def _top(slope: Array, curvature: Array, layout: ArmLayout, start: Array) -> Array:
    density = _density(slope, curvature, layout)
    limits = [(_LOWEST, _HIGHEST)] * len(start)

    def lost(at: Array) -> float:
        return -density(at)

    found: optimize.OptimizeResult = optimize.minimize(
        lost, np.asarray(start), method="L-BFGS-B", bounds=limits
    )
    return np.asarray(found.x)


def _grid(slope: Array, curvature: Array, layout: ArmLayout) -> tuple[Array, Array]:
    """Return nodes and the log of the probability that each stands for, but for one constant."""
    start = np.log([getattr(layout.prior, name) / 3 for name in layout.names])
    top = _top(slope, curvature, layout, start)
    density = _density(slope, curvature, layout)
    peak = density(top)
    bent = [2 * peak - density(top + u) - density(top - u) for u in _NEAR * np.eye(len(top))]
    # A scale that the data do not tell has the curvature 2 of its prior at the mode.
    sd = _NEAR / np.sqrt(np.maximum(bent, 0.5 * _NEAR**2))
    places = [_FEW] + [_MANY] * (len(top) - 1)
    axes = [t + s * at for t, s, at in zip(top, sd, places, strict=True)]
    volumes = [_volumes(axis) for axis in axes]
    rest = np.exp(np.array(list(product(*axes[1:]))))
    shares = np.log(np.array(list(product(*volumes[1:])))).sum(axis=1)
    scales, log = [], []
    for value, volume in zip(np.exp(axes[0]), volumes[0], strict=True):
        nodes = np.column_stack([np.full(len(rest), value), rest])
        given = _Given.of(layout, slope, curvature, value)
        for part, share in _chunks(nodes, shares + np.log(volume)):
            scales.append(part)
            log.append(given.log_likelihood(layout, part) + layout.log_prior(part) + share)
    return np.concatenate(scales), np.concatenate(log)


def _volumes(axis: Array) -> Array:
    """Return what each node stands for: the lowest for all below, where a density falls as e^x."""
    step = axis[1] - axis[0]
    made = np.full(len(axis), step)
    made[0] += np.exp(-step / 2)
    return made


def _chunks(nodes: Array, weights: Array) -> list[tuple[Array, Array]]:
    count = max(1, -(-len(nodes) // _CHUNK))
    return list(zip(np.array_split(nodes, count), np.array_split(weights, count), strict=True))
