"""How the months of one person hang together, given the probability of each month."""

from __future__ import annotations

from dataclasses import field
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from scipy import special

from impactmodel.core.errors import InputError
from impactmodel.core.spec import spec

type Draws = NDArray[np.float64]

_REACH = 6.5
"""Standard deviations of the factor that are integrated over: 8e-11 of people lie beyond."""
_NODES = {0.6: 81, 0.8: 121, 0.9: 161}
"""Nodes up to a correlation: shares of people of five years of months err by less than 1e-6."""
_CHUNK = 50
_LARGEST_RHO = max(_NODES)


@spec
class Comonotone:
    """Whoever works in a month also works in every month with a larger share of people in work."""

    type: Literal["comonotone"] = field(default="comonotone", kw_only=True)

    def text(self) -> str:
        """Say it in words."""
        return "the same people are in work in every month, as far as the shares allow (comonotone)"


@spec
class Independent:
    """Work in one month says nothing about work in another."""

    type: Literal["independent"] = field(default="independent", kw_only=True)

    def text(self) -> str:
        """Say it in words."""
        return "every month is independent of the others"


@spec
class Copula:
    """A normal copula with one factor per person: rho is the correlation between latent months."""

    rho: float
    type: Literal["copula"] = field(default="copula", kw_only=True)

    def __post_init__(self) -> None:
        if not 0 <= self.rho <= _LARGEST_RHO:
            raise InputError(
                f"the correlation of the copula lies between 0 and {_LARGEST_RHO}",
                key="rho",
                seen=self.rho,
                fix="use comonotone for complete dependence",
            )

    def text(self) -> str:
        """Say it in words."""
        return f"months hang together by a normal copula with correlation {self.rho:g}"


type Dependence = Annotated[Comonotone | Independent | Copula, Field(discriminator="type")]


def month_states(probability: Draws, first: int, dependence: Dependence) -> Draws:
    """Return the joint shares of months in work and of months missed before.

    Parameters
    ----------
    probability
        Of work by month, shape (draw, month); the months from ``first`` on are counted, those
        before it are missed or not.

    Returns
    -------
    numpy.ndarray
        Shape (draw, k, b): k months worked from ``first`` on, b missed before. Exact for
        comonotone and independent months; by the trapezoid rule over the factor for the copula,
        which converges faster than any power of the step for a smooth, fast falling integrand.
    """
    each = _CHUNK * (8 if isinstance(dependence, Comonotone) else 1)
    parts = [
        _states(probability[i : i + each], first, dependence)
        for i in range(0, len(probability), each)
    ]
    return np.concatenate(parts)


def _states(p: Draws, first: int, dependence: Dependence) -> Draws:
    if isinstance(dependence, Comonotone):
        return _comonotone(p, first)
    rho = dependence.rho if isinstance(dependence, Copula) else 0.0
    given, weights = _given_factor(p, rho)
    worked = _counts(given[..., first:])
    missed = _counts(1.0 - given[..., :first])
    worked = (worked * weights).transpose(1, 0, 2)
    return np.asarray(worked @ missed.transpose(1, 2, 0))


def _comonotone(p: Draws, first: int) -> Draws:
    draws, months = p.shape
    order = np.argsort(-p, axis=1, kind="stable")
    ranked = np.take_along_axis(p, order, axis=1)
    one, zero = np.ones((draws, 1)), np.zeros((draws, 1))
    # Group j works in the j months with the largest shares and in no other.
    weight = np.concatenate([one, ranked], axis=1) - np.concatenate([ranked, zero], axis=1)
    late = order >= first
    worked = np.concatenate([zero, late.cumsum(axis=1)], axis=1).astype(int)
    early = np.concatenate([zero, (~late).cumsum(axis=1)], axis=1).astype(int)
    shape = (draws, months - first + 1, first + 1)
    place = (np.arange(draws)[:, None] * shape[1] + worked) * shape[2] + (first - early)
    flat = np.bincount(place.ravel(), weights=weight.ravel(), minlength=int(np.prod(shape)))
    return flat.reshape(shape)


def _given_factor(p: Draws, rho: float) -> tuple[Draws, Draws]:
    """Return P(work | factor), shape (draw, node, month), and the weights of the nodes."""
    if rho == 0:
        return p[:, None, :], np.ones(1)
    nodes = np.linspace(-_REACH, _REACH, next(n for most, n in _NODES.items() if rho <= most))
    weights = np.exp(-(nodes**2) / 2)
    latent = special.ndtri(p)[:, None, :] + np.sqrt(rho) * nodes[None, :, None]
    return special.ndtr(latent / np.sqrt(1.0 - rho)), weights / weights.sum()


def _counts(p: Draws) -> Draws:
    """Return the distribution of a sum of independent months, (..., month) to (count, ...)."""
    months = np.ascontiguousarray(np.moveaxis(p, -1, 0))
    counts = np.zeros((len(months) + 1, *p.shape[:-1]))
    counts[0] = 1.0
    for month, q in enumerate(months):
        moved = counts[: month + 1] * q
        counts[: month + 1] -= moved
        counts[1 : month + 2] += moved
    return counts


def simulate_states(
    probability: Draws, people: int, dependence: Dependence, rng: np.random.Generator
) -> NDArray[np.bool_]:
    """Simulate months in work: (draw, arm, group, month) to (draw, arm, group, person, month)."""
    *lead, months = probability.shape
    p = probability[..., None, :]
    if isinstance(dependence, Comonotone):
        return np.asarray(rng.random((*lead, people, 1)) < p)
    if isinstance(dependence, Independent):
        return np.asarray(rng.random((*lead, people, months)) < p)
    factor = rng.standard_normal((*lead, people, 1))
    own = rng.standard_normal((*lead, people, months))
    latent = np.sqrt(dependence.rho) * factor + np.sqrt(1.0 - dependence.rho) * own
    return np.asarray(special.ndtr(latent) < p)
