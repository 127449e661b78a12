r"""Chances under several arms with effects that differ between people, drawn towards each other.

Without an arm :math:`\operatorname{logit} p_i = \beta_0 + x_i'\beta`. Arm *a* multiplies the odds
or the cumulative hazard :math:`-\log(1 - p_i)` by :math:`\exp(\alpha_a + z_i'\delta_a)`, over
standardised columns *x* and modifiers *z*. Odds ratios are what a logit with interactions has;
hazard ratios are what survival analysis takes for the event within a horizon.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from impactmodel.core.errors import InputError
from impactmodel.effects.arm_layout import ArmLayout, ArmPrior
from impactmodel.effects.arm_likelihood import BLOCK, Multiplied, Piece, chance, mode
from impactmodel.effects.arm_scales import ArmPosterior, integrate, likely_scales

type Array = npt.NDArray[np.float64]
type Codes = npt.NDArray[np.intp]

_ROUNDS = 6
_SCALES_SETTLED = 0.02
_NODES = 5


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class ArmChances:
    """A fitted model.

    Parameters
    ----------
    multiplied
        What arms multiply.
    centre, spread
        Of columns and modifiers together.
    posterior
        Of the coefficients: intercept, columns, then for each arm its effect and modifiers.
    """

    multiplied: Multiplied
    centre: Array
    spread: Array
    posterior: ArmPosterior

    def chances(self, x: Array, z: Array, coefficients: Array | None = None) -> Array:
        """Return the chance in each arm (person, arm): its posterior mean, or at coefficients.

        The mean is over the normal logit and log ratio whose means, variances and covariance are
        those of the posterior, by Gauss-Hermite quadrature with five nodes each.
        """
        base, own = self._rows(x, z)
        layout = self.posterior.layout
        made = np.empty((len(base), layout.arms + 1))
        for i in range(0, len(base), BLOCK):
            part = slice(i, i + BLOCK)
            for arm in range(layout.arms + 1):
                row = Piece(arm, base[part], own[part], np.empty(0))
                if coefficients is None:
                    made[part, arm] = self._mean(row)
                else:
                    logit, ratio = row.logits(coefficients), row.ratios(coefficients)
                    made[part, arm] = chance(logit, ratio, self.multiplied)
        return made

    def effects(self, x: Array, z: Array, coefficients: Array | None = None) -> Array:
        """Return what each arm adds to the chance (person, arm but the first)."""
        made = self.chances(x, z, coefficients)
        return np.asarray(made[:, 1:] - made[:, :1])

    def draw(self, n: int, rng: np.random.Generator) -> Array:
        """Draw coefficients, the scales of their priors among what is uncertain."""
        return self.posterior.draw(n, rng)

    def _rows(self, x: Array, z: Array) -> tuple[Array, Array]:
        both = (np.column_stack([x, z]) - self.centre) / self.spread
        ones, k = np.ones((len(both), 1)), self.posterior.layout.base - 1
        return np.hstack([ones, both[:, :k]]), np.hstack([ones, both[:, k:]])

    def _mean(self, row: Piece) -> Array:
        mean, inside = self.posterior.mean, self.posterior.covariance
        f, own = row.base.shape[1], row.places()
        logit, ratio = row.logits(mean), row.ratios(mean)
        sd = np.sqrt(np.einsum("ij,ij->i", row.base @ inside[:f, :f], row.base))
        moved, left = np.zeros(len(sd)), np.zeros(len(sd))
        if row.arm:
            moved = np.einsum("ij,ij->i", row.base @ inside[:f, own], row.own) / sd
            whole = np.einsum("ij,ij->i", row.own @ inside[own, own], row.own)
            left = np.sqrt(np.maximum(whole - moved**2, 0.0))
        nodes, weights = np.polynomial.hermite_e.hermegauss(_NODES)
        weights = weights / weights.sum()
        made = np.zeros(len(sd))
        for u, share in zip(nodes, weights, strict=True):
            at = logit + u * sd
            for v, part in zip(nodes, weights, strict=True) if row.arm else [(0.0, 1.0)]:
                made += share * part * chance(at, ratio + u * moved + v * left, self.multiplied)
        return made

    def __repr__(self) -> str:
        layout = self.posterior.layout
        return (
            f"ArmChances({self.multiplied}; {layout.arms + 1} arms, {layout.base - 1} columns, "
            f"{layout.own - 1} modifiers)"
        )


def arm_chances(
    x: Array,
    z: Array,
    arm: Codes,
    y: Array,
    multiplied: Multiplied = "odds",
    prior: ArmPrior | None = None,
) -> ArmChances:
    r"""Fit the model, see `impactmodel.effects.arm_layout` for how coefficients are drawn together.

    The likelihood is expanded to the second order around the mode of the coefficients at likely
    scales.

    Parameters
    ----------
    x
        Columns (person, column), without an intercept.
    z
        Modifiers of effects (person, modifier), without an intercept.
    arm
        Arm of each person, 0 the comparison.
    y
        Outcome of 0 and 1 (person).
    multiplied
        What arms multiply.
    prior
        Priors of the scales; for hazards turned by `ArmPrior.of_hazards` at the comparison's share.

    Raises
    ------
    InputError
        If there is no arm but the comparison, or everybody or nobody has the outcome.

    References
    ----------
    Rue, Martino and Chopin (2009), Journal of the Royal Statistical Society B 71(2),
    doi:10.1111/j.1467-9868.2008.00700.x.

    Examples
    --------
    Without columns that vary it gives back the shares of the arms, but for weak priors.

    >>> arm = np.repeat([0, 1], 4000)
    >>> y = (np.arange(8000) % 4 < 1 + arm) * 1.0
    >>> found = arm_chances(np.zeros((8000, 1)), np.zeros((8000, 1)), arm, y)
    >>> found.chances(np.zeros((1, 1)), np.zeros((1, 1))).round(2).tolist()
    [[0.25, 0.5]]
    """
    arms = int(arm.max())
    if arms < 1 or y.min() == y.max():
        raise InputError("effects need an arm beside the comparison, and people with and without")
    both = np.column_stack([x, z])
    centre, spread = both.mean(axis=0), both.std(axis=0)
    spread = np.where(spread > 1e-12, spread, np.inf)
    prior = prior or ArmPrior()
    if multiplied == "hazard":
        prior = prior.of_hazards(float(y[arm == 0].mean()))
    layout = ArmLayout(1 + x.shape[1], 1 + z.shape[1], arms, prior)
    pieces = _pieces((both - centre) / spread, x.shape[1], arm, y)
    return ArmChances(multiplied, centre, spread, _posterior(pieces, multiplied, layout, y))


def _posterior(
    pieces: list[Piece], multiplied: Multiplied, layout: ArmLayout, y: Array
) -> ArmPosterior:
    share, turn = float(y.mean()), layout.rotation
    beta = np.zeros(layout.base + layout.own * layout.arms)
    beta[0] = np.log(share / (1 - share))
    scales = np.array([getattr(layout.prior, name) / 3 for name in layout.names])
    left = _ROUNDS
    while True:
        precision = turn @ (turn.T / layout.variances(scales)[0][:, None])
        beta, slope, curvature, height = mode(pieces, multiplied, beta, precision)
        rise = slope + curvature @ beta
        old, scales = scales, likely_scales(rise, curvature, layout, scales)
        left -= 1
        if left == 0 or np.abs(np.log(scales / old)).max() < _SCALES_SETTLED:
            level = height - float(slope @ beta) - 0.5 * float(beta @ curvature @ beta)
            return integrate(rise, curvature, level, layout)


def _pieces(both: Array, columns: int, arm: Codes, y: Array) -> list[Piece]:
    """Return the people arm by arm, in blocks."""
    made = []
    for code in range(int(arm.max()) + 1):
        rows = np.flatnonzero(arm == code)
        for i in range(0, len(rows), BLOCK):
            part = both[rows[i : i + BLOCK]]
            ones = np.ones((len(part), 1))
            base, own = np.hstack([ones, part[:, :columns]]), np.hstack([ones, part[:, columns:]])
            made.append(Piece(code, base, own, y[rows[i : i + BLOCK]]))
    return made
