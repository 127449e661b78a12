"""Covariance of estimates from what each person contributes, honest about clusters and time."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
import numpy.typing as npt

from impactmodel.core.errors import InputError

type Array = npt.NDArray[np.float64]
type Codes = npt.NDArray[np.intp]


def clustered_covariance(influence: Array, clusters: Sequence[Codes] = ()) -> Array:
    r"""Return the covariance of estimates whose errors are sums of people's contributions.

    .. math:: V = \frac{G}{G - 1} \sum_g u_g u_g', \quad u_g = \sum_{i \in g} \phi_i

    Without clusters every person is one. With two ways of clustering, such as the office and the
    month of entry, the sums over both are added and that over their cells is taken off; negative
    eigenvalues, which that can leave, are set to 0.

    Parameters
    ----------
    influence
        Contribution of each person to each estimate's error (person, estimate).
    clusters
        None, one or two codes of people.

    Raises
    ------
    InputError
        With more than two ways, or fewer than ten clusters in one: their errors are not known.

    References
    ----------
    Liang and Zeger (1986), Biometrika 73(1); Cameron, Gelbach and Miller (2011), J. Business and
    Economic Statistics 29(2), doi:10.1198/jbes.2010.07136.

    Examples
    --------
    A mean of 1 and -1 over two people has the variance of a mean of two, 1.

    >>> clustered_covariance(np.array([[0.5], [-0.5]])).tolist()
    [[1.0]]
    """
    if not clusters:
        return _one_way(influence)
    if len(clusters) > 2:
        raise InputError("at most two ways of clustering", key="clusters", seen=len(clusters))
    for code in clusters:
        count = len(np.unique(code))
        if count < 10:
            raise InputError(
                "too few clusters for standard errors",
                key="clusters",
                seen=count,
                fix="use a finer cluster, at least ten; better forty",
            )
    total = sum((_one_way(_sums(influence, code)) for code in clusters), np.zeros(()))
    for one, other in combinations(clusters, 2):
        both = np.unique(np.column_stack([one, other]), axis=0, return_inverse=True)[1]
        total = total - _one_way(_sums(influence, both.ravel()))
    return _not_negative(total) if len(clusters) > 1 else total


def _one_way(sums: Array) -> Array:
    count = len(sums)
    return np.asarray(count / (count - 1) * sums.T @ sums)


def _sums(influence: Array, code: Codes) -> Array:
    inverse = np.unique(code, return_inverse=True)[1]
    out = np.zeros((int(inverse.max()) + 1, influence.shape[1]))
    np.add.at(out, inverse, influence)
    return out


def _not_negative(matrix: Array) -> Array:
    values, vectors = np.linalg.eigh(matrix)
    if values[0] >= 0:
        return matrix
    return np.asarray((vectors * np.maximum(values, 0.0)) @ vectors.T)
