"""Draws of several outcomes of the same people, paired so that their estimates err together.

Each outcome has its own model, so its marginal posterior is exact. What the separate fits lose is
that the outcomes were measured on the same people. The draws of one outcome are therefore put in
another order, all its parameters together, such that the expected outcomes of the arms have the
rank correlation that the estimators have (a Gaussian copula). No draw is changed.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

type Array = npt.NDArray[np.float64]
type Order = npt.NDArray[np.intp]


def pair(means: Array, correlations: Array, rng: np.random.Generator) -> list[Order]:
    """Return the order of each outcome's draws.

    Parameters
    ----------
    means
        Expected outcome of the arms over the whole cohort (outcome, draw, arm).
    correlations
        Between the estimators of an arm's means (arm, outcome, outcome).
    rng
        Breaks what the correlation leaves open.

    Returns
    -------
    list of numpy.ndarray
        For each outcome, the draw that takes each place; the first outcome keeps its order.
    """
    scores = [_normal_scores(values) for values in means]
    orders = [np.arange(means.shape[1])]
    done = [_whiten(scores[0])[0]]
    for k in range(1, len(means)):
        own, root = _whiten(scores[k])
        noise = _orthogonal(rng.standard_normal(own.shape), done)
        target = np.empty_like(own)
        for arm in range(own.shape[1]):
            among = correlations[arm][:k, :k]
            with_k = correlations[arm][:k, k]
            weights = np.linalg.lstsq(among, with_k, rcond=None)[0]
            left = max(0.0, 1.0 - float(weights @ with_k))
            past = np.stack([d[:, arm] for d in done], axis=1)
            target[:, arm] = past @ weights + np.sqrt(left) * noise[:, arm]
        order = _match(target @ root, scores[k])
        orders.append(order)
        done.append(own[order])
    return orders


def _normal_scores(values: Array) -> Array:
    """Return the normal scores of each column's ranks."""
    ranks = np.argsort(np.argsort(values, axis=0, kind="stable"), axis=0, kind="stable")
    out: Array = ndtri((ranks + 0.5) / len(values))
    return out


def _whiten(scores: Array) -> tuple[Array, Array]:
    """Return uncorrelated scores and the symmetric root that brings the correlation back."""
    values, vectors = np.linalg.eigh(np.cov(scores, rowvar=False))
    root = vectors * np.sqrt(np.clip(values, 1e-12, None)) @ vectors.T
    return scores @ np.linalg.inv(root), root


def _orthogonal(noise: Array, done: list[Array]) -> Array:
    """Return the noise without sample correlation with what is done, standardised."""
    base = np.column_stack([np.ones(len(noise)), *done])
    for column in range(noise.shape[1]):
        past = np.column_stack([base, noise[:, :column]])
        rest = noise[:, column] - past @ np.linalg.lstsq(past, noise[:, column], rcond=None)[0]
        noise[:, column] = rest / rest.std()
    return noise


def _match(target: Array, scores: Array) -> Order:
    """Match two clouds of points by rank: in slices of the first axis, then along the second."""
    count = len(target)
    slices = np.arange(count) // max(1, round(np.sqrt(count)))
    places = _sliced(target, slices)
    order = np.empty(count, dtype=np.intp)
    order[places] = _sliced(scores, slices)
    return order


def _sliced(points: Array, slices: Order) -> Order:
    first = np.argsort(points[:, 0], kind="stable")
    return first[np.lexsort((points[first, 1], slices))]
