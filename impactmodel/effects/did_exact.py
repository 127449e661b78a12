"""The exact posterior of pooled effects: normal given their spread, which is integrated out."""

from __future__ import annotations

import numpy as np

from impactmodel.effects.did_sample import Array

_POINTS = 801
_WIDEST = 8.0
_NEGLIGIBLE = 1e-14


class ExactEffects:
    r"""The posterior of effects with a regression and partly pooled deviations from it.

    .. math::
        \hat\theta \sim N(\theta, V), \quad \theta \sim N(X\gamma, \tau^2 R), \quad
        \gamma \sim N(0, a^2 I), \quad \tau \sim \text{HalfNormal}(b) \text{ or } \tau = b

    Given :math:`\tau` everything is normal, so only one integral is left. The trapezoid rule
    converges faster than any power for it: the integrand is even in :math:`\tau` and vanishes at
    the other end.

    Parameters
    ----------
    estimate, covariance
        :math:`\hat\theta` (cell) and *V* (cell, cell).
    columns, likeness
        *X* (cell, column) and *R* (cell, cell).
    scales
        *a* and *b*.
    pooled
        Whether :math:`\tau` is integrated over; otherwise it is *b*.

    Examples
    --------
    With a spread near nothing all effects are one, and the posterior is the normal's:

    >>> same = ExactEffects((np.array([1.0, 3.0]), np.eye(2)), np.ones((2, 1)), np.eye(2),
    ...     (1.0, 1e-9), pooled=True)
    >>> mean, _ = same.moments(np.array([[0.5], [0.5]]))
    >>> round(float(mean[0]), 6)  # precision 2 around 2, precision 1 around 0
    1.333333
    """

    def __init__(
        self,
        seen: tuple[Array, Array],
        columns: Array,
        likeness: Array,
        scales: tuple[float, float],
        *,
        pooled: bool,
    ) -> None:
        estimate, covariance = seen
        self._column_sd, self._spread_sd = scales
        # In the coordinates z = B^-1 theta both V and R are diagonal: V = B D B', R = B B'.
        root = np.linalg.cholesky(likeness)
        inner = np.linalg.solve(root, np.linalg.solve(root, covariance).T)
        found = np.linalg.eigh((inner + inner.T) / 2)
        floor = found.eigenvalues.max() * np.finfo(float).eps * len(estimate)
        self._values = np.maximum(found.eigenvalues, floor)
        self._basis = root @ found.eigenvectors
        turned = np.linalg.solve(root, np.column_stack([columns, estimate]))
        turned = found.eigenvectors.T @ turned
        self._columns, self._seen = turned[:, :-1], turned[:, -1]
        self._spread, self._mass = self._quadrature(pooled)

    @property
    def coordinates(self) -> tuple[Array, Array, Array, Array]:
        r"""Coordinates in which errors and deviations are independent.

        The basis *B* (cell, coordinate), the errors' variances, and :math:`B^{-1}` of columns and
        estimates; deviations have variance :math:`\tau^2` in each.
        """
        return self._basis, self._values, self._columns, self._seen

    def draw(self, n: int, rng: np.random.Generator) -> tuple[Array, Array, Array]:
        """Draw coefficients (draw, column), spread (draw) and effects (draw, cell)."""
        spread = rng.choice(self._spread, size=n, p=self._mass)
        if len(self._spread) > 1:
            # The density is taken as linear between points: a triangle around each.
            step = self._spread[1] - self._spread[0]
            spread = np.abs(spread + step * (rng.random(n) + rng.random(n) - 1.0))
        inverse, mean, covariance = self._coefficients(spread)
        noise = rng.standard_normal(mean.shape)
        coefficients = mean + np.einsum("njk,nk->nj", np.linalg.cholesky(covariance), noise)
        line = coefficients @ self._columns.T
        pull = spread[:, None] ** 2 * inverse
        own = np.sqrt(pull * self._values) * rng.standard_normal(line.shape)
        effects = (line + pull * (self._seen - line) + own) @ self._basis.T
        return coefficients, spread, effects

    def moments(self, weights: Array) -> tuple[Array, Array]:
        """Return mean and covariance of weighted sums of effects, exactly.

        Parameters
        ----------
        weights
            Of each sum (cell, sum).
        """
        inverse, coefficients, covariance = self._coefficients(self._spread)
        w = self._basis.T @ weights
        pull = self._spread[:, None] ** 2 * inverse
        line = coefficients @ self._columns.T
        mean = (line + pull * (self._seen - line)) @ w
        free = np.einsum("pk,kj,kq->pjq", 1 - pull, w, self._columns)
        within = np.einsum("kj,pk,ki->pji", w, pull * self._values, w)
        within += np.einsum("pjq,pqr,pir->pji", free, covariance, free)
        centre = self._mass @ mean
        away = mean - centre
        total = np.einsum("p,pji->ji", self._mass, within)
        total += np.einsum("p,pj,pi->ji", self._mass, away, away)
        return centre, total

    def _coefficients(self, spread: Array) -> tuple[Array, Array, Array]:
        """Return 1 / (eigenvalue + spread^2) and moments of the coefficients for each spread."""
        inverse = 1.0 / (self._values + spread[:, None] ** 2)
        x = self._columns
        precision = np.einsum("pk,kq,kr->pqr", inverse, x, x)
        precision += np.eye(x.shape[1]) / self._column_sd**2
        covariance = np.linalg.inv(precision)
        mean = np.einsum("pqr,pr->pq", covariance, (inverse * self._seen) @ x)
        return inverse, mean, covariance

    def _log_density(self, spread: Array) -> Array:
        inverse, mean, covariance = self._coefficients(spread)
        pulled = np.einsum("pq,pq->p", mean, (inverse * self._seen) @ self._columns)
        square = inverse @ self._seen**2 - pulled
        log = np.log(inverse).sum(axis=1) + np.linalg.slogdet(covariance)[1] - square
        out: Array = 0.5 * (log - (spread / self._spread_sd) ** 2)
        return out

    def _quadrature(self, pooled: bool) -> tuple[Array, Array]:
        """Return points of the spread from 0 to where the density is negligible, and masses."""
        if not pooled:
            return np.array([self._spread_sd]), np.ones(1)
        spread = np.linspace(0.0, _WIDEST * self._spread_sd, _POINTS)
        while True:
            log = self._log_density(spread)
            density = np.exp(log - log.max())
            last = int(np.flatnonzero(density > _NEGLIGIBLE)[-1])
            if last > _POINTS // 3:
                break
            spread = np.linspace(0.0, spread[last + 2], _POINTS)
        density[0] *= 0.5
        return spread, density / density.sum()
