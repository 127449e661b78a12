"""The likelihood of chances by arm with its slope and curvature: arms multiply odds or a hazard."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.special import expit

type Array = npt.NDArray[np.float64]
type Multiplied = Literal["odds", "hazard"]

BLOCK = 20_000
_NEWTON = 60
_SETTLED = 1e-9
# Cumulative hazards outside are chances of 0 or 1 in floating point.
_LEAST, _MOST = 1e-30, 700.0


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """Some people of one arm: rows (person, coefficient) and outcomes (person).

    Parameters
    ----------
    arm
        0 for the comparison.
    base
        Ones and columns.
    own
        Ones and modifiers, which count in an arm but the comparison.
    y
        Outcomes of 0 and 1.
    """

    arm: int
    base: Array
    own: Array
    y: Array

    def places(self) -> slice:
        """Return where the coefficients of the arm stand."""
        m = self.own.shape[1]
        start = self.base.shape[1] + (self.arm - 1) * m
        return slice(start, start + m)

    def logits(self, beta: Array) -> Array:
        """Return the logit of the chance without an arm (person)."""
        return np.asarray(self.base @ beta[: self.base.shape[1]])

    def ratios(self, beta: Array) -> Array:
        """Return the log of what the arm multiplies by (person)."""
        return np.asarray(self.own @ beta[self.places()]) if self.arm else np.zeros(len(self.own))


def chance(logit: Array, ratio: Array, multiplied: Multiplied) -> Array:
    r"""Return the chance where an arm multiplies the odds or the cumulative hazard.

    With :math:`p` the chance without an arm and :math:`r` the log ratio it is
    :math:`\operatorname{expit}(\operatorname{logit} p + r)` or :math:`1 - (1 - p)^{e^r}`.

    Examples
    --------
    >>> even, doubled = np.array([0.0]), np.log([2.0])
    >>> chance(even, doubled, "odds").round(4).tolist(), chance(even, doubled, "hazard").tolist()
    ([0.6667], [0.75])
    """
    if multiplied == "odds":
        return np.asarray(expit(logit + ratio))
    return np.asarray(-np.expm1(-np.logaddexp(0.0, logit) * np.exp(ratio)))


def log_likelihood(piece: Piece, beta: Array, multiplied: Multiplied) -> float:
    """Return the log-likelihood of outcomes."""
    logit, y = piece.logits(beta), piece.y
    if multiplied == "odds" or not piece.arm:
        eta = logit + piece.ratios(beta)
        return float(y @ eta - np.logaddexp(0.0, eta).sum())
    hazard = _hazard(logit, piece.ratios(beta))
    return float(np.where(y > 0, np.log(-np.expm1(-hazard)), -hazard).sum())


def mode(
    pieces: Sequence[Piece], multiplied: Multiplied, beta: Array, precision: Array
) -> tuple[Array, Array, Array, float]:
    """Return the mode under a normal prior, and there the likelihood's slope, curvature and height.

    Parameters
    ----------
    beta
        Where to begin (coefficient).
    precision
        Of the prior around 0 (coefficient, coefficient).
    """

    def height(at: Array) -> float:
        fit = sum(log_likelihood(piece, at, multiplied) for piece in pieces)
        return fit - 0.5 * float(at @ precision @ at)

    value = height(beta)
    for _ in range(_NEWTON):
        slope, curvature = _expansion(pieces, multiplied, beta)
        step = np.linalg.solve(curvature + precision, slope - precision @ beta)
        size, moved = 1.0, height(beta + step)
        while not moved >= value - 1e-9 and size > 1e-6:
            size /= 2
            moved = height(beta + size * step)
        beta, gained, value = beta + size * step, moved - value, moved
        if gained < _SETTLED * max(1.0, abs(value)):
            slope, curvature = _expansion(pieces, multiplied, beta)
            return beta, slope, curvature, value + 0.5 * float(beta @ precision @ beta)
    raise ArithmeticError("the chances of the arms do not settle")


def _hazard(logit: Array, ratio: Array) -> Array:
    made = np.logaddexp(0.0, logit) * np.exp(np.minimum(ratio, 50.0))
    return np.asarray(np.clip(made, _LEAST, _MOST))


def _derivatives(
    logit: Array, ratio: Array, y: Array, multiplied: Multiplied
) -> tuple[Array, Array, Array]:
    r"""Return slope and negative curvature in the log ratio, and how much a logit moves it.

    Where a hazard is multiplied, with :math:`H` the cumulative hazard and :math:`p = 1 - e^{-H}`,
    the slope is :math:`H (1 - p) / p` for those with the outcome and :math:`-H` for others, the
    curvature :math:`H (1 - p) / p\,(H / p - 1)` and *H*. The logit enters through the log of
    the hazard without an arm; how its slope bends has the expectation 0 and is left out.
    """
    if multiplied == "odds":
        p = expit(logit + ratio)
        return y - p, p * (1 - p), np.ones(len(y))
    hazard = _hazard(logit, ratio)
    p = -np.expm1(-hazard)
    rise = hazard * np.exp(-hazard) / p
    happened = y > 0
    bent = np.where(happened, rise * np.maximum(hazard / p - 1, 0.0), hazard)
    moves = expit(logit) / np.maximum(np.logaddexp(0.0, logit), _LEAST)
    return np.where(happened, rise, -hazard), bent, moves


def _expansion(pieces: Sequence[Piece], multiplied: Multiplied, beta: Array) -> tuple[Array, Array]:
    """Return slope and negative curvature of the log-likelihood at coefficients."""
    slope, curvature = np.zeros(len(beta)), np.zeros((len(beta), len(beta)))
    for piece in pieces:
        kind = multiplied if piece.arm else "odds"
        first, second, moves = _derivatives(piece.logits(beta), piece.ratios(beta), piece.y, kind)
        base = slice(0, piece.base.shape[1])
        weighted = piece.base * (second * moves)[:, None]
        slope[base] += piece.base.T @ (first * moves)
        curvature[base, base] += (weighted * moves[:, None]).T @ piece.base
        if piece.arm:
            own = piece.places()
            slope[own] += piece.own.T @ first
            curvature[own, own] += (piece.own * second[:, None]).T @ piece.own
            curvature[base, own] += weighted.T @ piece.own
            curvature[own, base] = curvature[base, own].T
    return slope, curvature
