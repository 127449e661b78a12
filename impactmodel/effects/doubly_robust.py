"""The mean of the treated without the programme: a weighted outcome regression, averaged over them.

With an intercept and the canonical link (identity, or logit for yes-or-no outcomes) the weighted
residuals of comparison people sum to zero. The estimate is then consistent if either the weights
or the regression are right.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import expit

from impactmodel.core.errors import NotIdentifiedError

type Array = npt.NDArray[np.float64]
type Mask = npt.NDArray[np.bool_]

_RANK = 1e-10
_OUTSIDE = 1e-6
_ITERATIONS = 80
_GRADIENT = 1e-10
_LARGEST_ETA = 30.0
_LARGEST_STEP = 5.0


@dataclass(frozen=True, slots=True)
class Estimate:
    """Means of the treated with and without the programme, with the sandwich error.

    Parameters
    ----------
    treated, counterfactual
        Means per person.
    se
        Standard error of their difference, weights taken as known.
    """

    treated: float
    counterfactual: float
    se: float

    @property
    def effect(self) -> float:
        """Treated minus counterfactual."""
        return self.treated - self.counterfactual


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class DoublyRobust:
    """A weighted regression of comparison people, laid out over cells.

    Parameters
    ----------
    x
        Columns of the regression (cell, column), orthonormal among weighted comparison people.
    treated, people, weights
        Arm, people and frozen weight of one person of each cell; treated people have weight 1.
    """

    x: Array
    treated: Mask
    people: Array
    weights: Array

    @classmethod
    def of(cls, terms: Array, treated: Mask, people: Array, weights: Array) -> DoublyRobust:
        """Lay the regression out on ``terms`` (cell, term) and an intercept.

        Raises
        ------
        NotIdentifiedError
            If the treated differ from each other where comparison people do not.
        """
        centre = people[treated] @ terms[treated] / people[treated].sum()
        spread = np.sqrt(people @ (terms - centre) ** 2 / people.sum())
        x = np.column_stack(
            [np.ones(len(terms)), (terms - centre) / np.where(spread > 0, spread, 1.0)]
        )
        use = people[~treated] * weights[~treated]
        cross = (x[~treated] * (use / use.sum())[:, None]).T @ x[~treated]
        values, vectors = np.linalg.eigh(cross)
        kept = values > _RANK * values[-1]
        lost = x[treated] @ vectors[:, ~kept]
        if np.abs(lost).max(initial=0.0) > _OUTSIDE:
            raise NotIdentifiedError(
                "the treated differ in a covariate that is the same for all comparison people "
                "used: no regression can say what it does; leave it out or trim"
            )
        return cls(x @ (vectors[:, kept] / np.sqrt(values[kept])), treated, people, weights)

    def means(self, people: Array, sums: Array, binary: Mask) -> Array:
        """Compute both means for many weightings of the people.

        Parameters
        ----------
        people, sums
            Weight of each cell (draw, cell) and weighted sums of outcomes (draw, cell, outcome).
        binary
            Which outcomes take the logit link.

        Returns
        -------
        numpy.ndarray
            Shape (arm, draw, outcome), arm 0 treated.
        """
        t = self.treated
        n1 = people[:, t]
        total = n1.sum(axis=1)
        observed = sums[:, t].sum(axis=1) / total[:, None]
        w = people[:, ~t] * self.weights[~t]
        x0, x1 = self.x[~t], self.x[t]
        without = np.empty_like(observed)
        for j, yes_or_no in enumerate(binary):
            s = sums[:, ~t, j] * self.weights[~t]
            if yes_or_no:
                beta = _logit(x0, w, s)
                p = expit(np.clip(beta @ x1.T, -_LARGEST_ETA, _LARGEST_ETA))
                without[:, j] = (n1 * p).sum(axis=1) / total
            else:
                beta = _linear(x0, w, s)
                without[:, j] = ((n1 @ x1) * beta).sum(axis=1) / total
        return np.stack([observed, without])

    def estimate(self, total: Array, squares: Array, *, binary: bool) -> Estimate:
        """Return the estimate from sums and sums of squares of one outcome (cell), with its error.

        The error is that of the stacked estimating equations: of comparison people's regression
        and of the two means over the treated.
        """
        t, n = self.treated, self.people
        both = self.means(n[None], total[None, :, None], np.array([binary]))[:, 0, 0]
        w, s = (self.weights * v for v in (n, total))
        fit = _logit if binary else _linear
        beta = fit(self.x[~t], w[None, ~t], s[None, ~t])[0]
        eta = self.x @ beta
        m = expit(np.clip(eta, -_LARGEST_ETA, _LARGEST_ETA)) if binary else eta
        slope = m * (1 - m) if binary else np.ones_like(m)
        effect = float(both[0] - both[1])
        bread = (self.x[~t] * (w * slope)[~t, None]).T @ self.x[~t]
        along = (n * slope)[t] @ self.x[t] / n[t].sum()
        influence = self.weights * (self.x @ np.linalg.solve(bread, along))
        own = squares - 2 * (m + effect) * total + n * (m + effect) ** 2
        other = squares - 2 * m * total + n * m**2
        variance = own[t].sum() / n[t].sum() ** 2 + influence[~t] ** 2 @ other[~t]
        return Estimate(float(both[0]), float(both[1]), float(np.sqrt(variance)))

    def difference(self, total: Array, squares: Array) -> Estimate:
        """Return the weighted difference in means with its error that allows unequal variances."""
        parts = []
        for arm in (self.treated, ~self.treated):
            w, n = self.weights[arm], self.people[arm]
            weight = w @ n
            mean = w @ total[arm] / weight
            spread = squares[arm] - 2 * mean * total[arm] + n * mean**2
            parts.append((float(mean), float(w**2 @ spread / weight**2)))
        return Estimate(parts[0][0], parts[1][0], float(np.sqrt(parts[0][1] + parts[1][1])))


def _crossed(x: Array) -> Array:
    return (x[:, :, None] * x[:, None, :]).reshape(len(x), -1)


def _linear(x: Array, weights: Array, sums: Array) -> Array:
    """Return least squares coefficients (draw, column)."""
    k = x.shape[1]
    matrix = (weights @ _crossed(x)).reshape(-1, k, k)
    out: Array = np.linalg.solve(matrix, (sums @ x)[..., None])[..., 0]
    return out


def _logit(x: Array, weights: Array, sums: Array) -> Array:
    """Return maximum likelihood coefficients of a logit (draw, column), by Newton's method.

    Where the columns separate events, the predictor ends at a bound beyond which probabilities
    do not change.
    """
    k, crossed = x.shape[1], _crossed(x)
    size = weights.sum(axis=1, keepdims=True)
    weights, sums = weights / size, sums / size
    beta = np.zeros((len(weights), k))
    left = np.arange(len(weights))
    for _ in range(_ITERATIONS):
        p = expit(np.clip(beta[left] @ x.T, -_LARGEST_ETA, _LARGEST_ETA))
        gradient = (sums[left] - weights[left] * p) @ x
        open_ = np.abs(gradient).max(axis=1) > _GRADIENT
        if not open_.any():
            return beta
        left, p, gradient = left[open_], p[open_], gradient[open_]
        hessian = ((weights[left] * p * (1 - p)) @ crossed).reshape(-1, k, k)
        ridge = _RANK * (np.trace(hessian, axis1=1, axis2=2) + 1e-300)
        step = np.linalg.solve(hessian + ridge[:, None, None] * np.eye(k), gradient[..., None])[
            ..., 0
        ]
        length = np.linalg.norm(step, axis=1, keepdims=True)
        beta[left] += step * np.minimum(1.0, _LARGEST_STEP / np.maximum(length, 1e-300))
    raise NotIdentifiedError(
        "the regression of the outcome among comparison people does not settle: too few of them "
        "have (or lack) it for so many covariates; balance fewer"
    )
