r"""Pooling of effects that share a comparison group: a normal hierarchy of services and groups.

.. math:: y \sim N(\theta, V), \quad \theta_{sg} = \mu + a_s + b_g + c_{sg}

with :math:`\mu \sim N(m, d^2)` and normal spreads around it whose standard deviations are
half-normal. Given them everything is normal, so that the posterior is a mixture of normals over
the (at most three) standard deviations, weighted on a grid that narrows around the mass.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
import numpy.typing as npt
from scipy import special

from impactmodel.core.errors import InputError
from impactmodel.core.spec import spec

type Array = npt.NDArray[np.float64]

_NODES = {1: 400, 2: 40, 3: 16}
_ROUNDS = 3
_NEGLIGIBLE = 1e-7
_CHUNK = 512


@spec
class JointPrior:
    """Priors of effects by service and group, in points of a share.

    Parameters
    ----------
    mean, mean_sd
        Normal prior of the mean effect.
    services, groups, both
        Scales of the half-normal priors of the spread between services, between groups and of
        what is particular to a group within a service.

    Raises
    ------
    InputError
        If a scale is not above 0.
    """

    mean: float = 0.0
    mean_sd: float = 0.2
    services: float = 0.1
    groups: float = 0.05
    both: float = 0.05

    def __post_init__(self) -> None:
        for key in ("mean_sd", "services", "groups", "both"):
            if not getattr(self, key) > 0:
                raise InputError("a scale is above 0", key=key, seen=getattr(self, key))


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class JointPooled:
    """The posterior as a mixture of normals.

    Parameters
    ----------
    spreads
        Standard deviations at each node (node, spread).
    names
        Which spread stands in which column: ``services``, ``groups``, ``both``.
    weights
        Posterior probability of each node.
    mean, covariance
        Of the effects of every service and group, flattened (node, effect) and
        (node, effect, effect).
    shape
        Services and groups.
    """

    spreads: Array
    names: tuple[str, ...]
    weights: Array
    mean: Array
    covariance: Array
    shape: tuple[int, int]

    def moments(self) -> tuple[Array, Array]:
        """Return mean and sd of each effect (service, group)."""
        mean = self.weights @ self.mean
        inside = np.diagonal(self.covariance, axis1=1, axis2=2) + (self.mean - mean) ** 2
        return mean.reshape(self.shape), np.sqrt(self.weights @ inside).reshape(self.shape)

    def draw(self, n: int, rng: np.random.Generator) -> Array:
        """Draw the effects independently (draw, service, group)."""
        counts = rng.multinomial(n, self.weights / self.weights.sum())
        made = [
            self.mean[k]
            + rng.standard_normal((count, self.mean.shape[1])) @ _root(self.covariance[k])
            for k, count in enumerate(counts)
            if count
        ]
        return np.asarray(rng.permutation(np.concatenate(made))).reshape(n, *self.shape)


def pool_jointly(y: Array, covariance: Array, prior: JointPrior) -> JointPooled:
    """Pool estimated effects by service and group.

    Parameters
    ----------
    y
        Estimates (service, group), NaN where there is none: what is known of the other services
        and groups then says what it may be.
    covariance
        Of the estimates, flattened over service and group; rows of NaN where there is none.

    Raises
    ------
    InputError
        If there is no estimate, or the covariance is not one.

    Examples
    --------
    Two groups that were measured equally well are drawn towards each other.

    >>> found = pool_jointly(np.array([[0.0, 0.2]]), np.eye(2) * 0.05**2, JointPrior())
    >>> mean, _ = found.moments()
    >>> bool(0 < mean[0, 0] < 0.1 < mean[0, 1] < 0.2)
    True
    """
    known = np.isfinite(y.ravel())
    if not known.any():
        raise InputError("there is no estimate to pool", key="y", fix="use larger groups")
    v = covariance[np.ix_(known, known)]
    if not np.isfinite(v).all() or np.linalg.eigvalsh(v)[0] < -1e-12 * np.trace(v):
        raise InputError("this is not a covariance of the estimates", key="covariance")
    kernels = _kernels(*y.shape)
    names = tuple(kernels)
    base = np.full((y.size, y.size), prior.mean_sd**2)
    shapes = np.stack([kernels[name] for name in names])
    scales = np.array([getattr(prior, name) for name in names])
    low, high = np.zeros(len(names)), np.ones(len(names))
    parts = _Parts(base, shapes, y.ravel() - prior.mean, v, known)
    spreads = weights = np.empty(0)
    for _ in range(_ROUNDS):
        u = _grid(low, high, _NODES[len(names)])
        spreads = scales * np.sqrt(2.0) * special.erfinv(u)
        log = parts.log_likelihood(spreads)
        weights = np.exp(log - special.logsumexp(log))
        low, high = _around(u, weights, low, high, _NODES[len(names)])
    kept = weights > _NEGLIGIBLE
    mean, inside = parts.posterior(spreads[kept])
    weights = weights[kept] / weights[kept].sum()
    return JointPooled(spreads[kept], names, weights, mean + prior.mean, inside, y.shape)


@dataclass(frozen=True, slots=True, eq=False)
class _Parts:
    """The normal model given the spreads."""

    base: Array
    shapes: Array
    y: Array
    v: Array
    known: npt.NDArray[np.bool_]

    def log_likelihood(self, spreads: Array) -> Array:
        y, at = self.y[self.known], np.ix_(self.known, self.known)
        base, shapes = self.base[at] + self.v, self.shapes[:, *at]
        out = []
        for part in np.array_split(spreads, max(1, len(spreads) // _CHUNK)):
            total = base + np.einsum("nk,kij->nij", part**2, shapes)
            root = np.linalg.cholesky(total)
            z = np.linalg.solve(root, np.broadcast_to(y[:, None], (len(part), len(y), 1)))[..., 0]
            logs = np.log(np.diagonal(root, axis1=1, axis2=2)).sum(axis=1)
            out.append(-0.5 * (z**2).sum(axis=1) - logs)
        return np.concatenate(out)

    def posterior(self, spreads: Array) -> tuple[Array, Array]:
        mean, inside = [], []
        for spread in spreads:
            prior = self.base + np.einsum("k,kij->ij", spread**2, self.shapes)
            across = prior[:, self.known]
            gain = np.linalg.solve(across[self.known] + self.v, across.T).T
            mean.append(gain @ self.y[self.known])
            left = prior - gain @ across.T
            inside.append((left + left.T) / 2)
        return np.array(mean), np.array(inside)


def _kernels(services: int, groups: int) -> dict[str, Array]:
    """Return the correlation that each spread leaves; one that nothing can tell is left out."""
    made: dict[str, Array] = {}
    if services > 1:
        made["services"] = np.asarray(np.kron(np.eye(services), np.ones((groups, groups))))
    if groups > 1 and services > 1:
        made["groups"] = np.asarray(np.kron(np.ones((services, services)), np.eye(groups)))
    if groups > 1 or services == 1:
        made["both"] = np.eye(services * groups)
    return made


def _grid(low: Array, high: Array, nodes: int) -> Array:
    steps = (np.arange(nodes) + 0.5) / nodes
    axes = [a + (b - a) * steps for a, b in zip(low, high, strict=True)]
    return np.array(list(product(*axes)))


def _around(u: Array, weights: Array, low: Array, high: Array, nodes: int) -> tuple[Array, Array]:
    """Return the box that holds the mass, a node wider on each side."""
    held = u[weights > _NEGLIGIBLE * weights.max()]
    width = (high - low) / nodes
    return np.maximum(held.min(axis=0) - width, low), np.minimum(held.max(axis=0) + width, high)


def _root(covariance: Array) -> Array:
    values, vectors = np.linalg.eigh(covariance)
    return np.asarray((vectors * np.sqrt(np.maximum(values, 0.0))).T)
