"""An additive logit of many columns, some of them pooled: the model behind chances of clients."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import expit, logit

from impactmodel.core.errors import InputError
from impactmodel.effects.predictor import RAW, Array, Parameters

_NAME = "chance"
# Information of a column over that of its prior above which it is sampled as itself.
_WELL_KNOWN = 4.0


@dataclass(frozen=True, slots=True)
class Block:
    r"""Columns that share a prior.

    Parameters
    ----------
    name
        What the columns are of, such as a feature.
    columns
        How many.
    sd
        :math:`N(0, sd^2)` of each coefficient; of pooled ones the scale of the half-normal prior
        of their spread :math:`\tau`, the coefficients being :math:`N(0, \tau^2)`.
    pooled
        Whether the coefficients are pooled partially.
    shared
        Name under which pooled blocks of one scale share a spread; empty: it has its own.
    """

    name: str
    columns: int
    sd: float
    pooled: bool = False
    shared: str = ""

    def __post_init__(self) -> None:
        if self.columns < 1:
            raise InputError("a block has columns", key=self.name, seen=self.columns)
        if not self.sd > 0:
            raise InputError("this must be above 0", key=f"{self.name}.sd", seen=self.sd)


@dataclass(frozen=True, repr=False, eq=False)
class AdditiveLogit:
    r"""A logit with normal priors by block of columns: a part that can be sampled.

    .. math:: \sum_i w_i \{y_i \eta_i - \log(1 + e^{\eta_i})\}, \quad
        \eta = \beta_0 + \sum_b X_b \beta_b

    Weights other than 1 make a weighted (power) likelihood; they are scaled to sum to their
    effective sample size :math:`(\sum w)^2 / \sum w^2`, so that the posterior is about as wide as
    the weighted data allow.

    Parameters
    ----------
    x
        Columns of all blocks, one block after another, without the intercept (row, column).
    y
        0 or 1 (row).
    blocks
        The blocks, in order.
    base_rate, intercept_sd
        :math:`\beta_0 \sim N(\operatorname{logit}(base), s^2)`.
    weight
        Of each row; none makes all alike.

    Raises
    ------
    InputError
        If sizes differ, an outcome is neither 0 nor 1, or a weight is negative.

    Examples
    --------
    >>> x, y = np.array([[0.0], [1.0]]), np.array([0.0, 1.0])
    >>> model = AdditiveLogit(x, y, (Block("age", 1, 1.0),))
    >>> model.columns, model.weights.tolist()
    (2, [1.0, 1.0])
    """

    x: Array
    y: Array
    blocks: tuple[Block, ...]
    base_rate: float = 0.5
    intercept_sd: float = 1.5
    weight: Array | None = None

    def __post_init__(self) -> None:
        if self.x.shape != (len(self.y), sum(b.columns for b in self.blocks)):
            raise InputError("columns and blocks differ", key="x", seen=self.x.shape)
        if not np.isin(self.y, (0.0, 1.0)).all():
            raise InputError("an outcome is 0 or 1", key="y", fix="leave unknown ones out")
        if self.weight is not None:
            if self.weight.shape != self.y.shape or not (self.weight >= 0).all():
                raise InputError("a weight of 0 or more for each row is needed", key="weight")
            if not self.weight.sum() > 0:
                raise InputError("all weights are 0", key="weight")
        if not 0 < self.base_rate < 1:
            raise InputError("a rate lies between 0 and 1", key="base_rate", seen=self.base_rate)

    @property
    def columns(self) -> int:
        """Number of coefficients, the intercept first."""
        return int(1 + self.x.shape[1])

    @cached_property
    def rows(self) -> Array:
        """The columns with the intercept's 1 first (row, coefficient)."""
        return np.column_stack([np.ones(len(self.y)), self.x])

    @cached_property
    def weights(self) -> npt.NDArray[np.float64]:
        """Weights that sum to their effective sample size (row)."""
        if self.weight is None:
            return np.ones(len(self.y))
        w = self.weight
        return np.asarray(w * (w.sum() / (w @ w)))

    @cached_property
    def owner(self) -> npt.NDArray[np.intp]:
        """Place of each coefficient's spread among the pooled blocks, -1 where it is fixed."""
        places = {b.shared or b.name: place for place, b in enumerate(self.pooled)}
        out = [-1]
        for block in self.blocks:
            place = places[block.shared or block.name] if block.pooled else -1
            out += [place] * block.columns
        return np.array(out, dtype=np.intp)

    @property
    def pooled(self) -> tuple[Block, ...]:
        """The pooled blocks, one for each spread."""
        first: dict[str, Block] = {}
        for block in self.blocks:
            if block.pooled:
                first.setdefault(block.shared or block.name, block)
        return tuple(first.values())

    @cached_property
    def mean(self) -> Array:
        """Prior mean of each coefficient."""
        out = np.zeros(self.columns)
        out[0] = logit(self.base_rate)
        return out

    @cached_property
    def sd(self) -> Array:
        """Prior sd of each coefficient; scale of the spread's prior where it is pooled."""
        own = [np.full(b.columns, b.sd) for b in self.blocks]
        return np.concatenate([[self.intercept_sd], *own])

    def prior_sd(self, spread: Array) -> Array:
        """Return the sd of the coefficients given spreads (..., pooled) as (..., coefficient)."""
        fixed = np.broadcast_to(self.sd, (*spread.shape[:-1], self.columns)).copy()
        own = self.owner >= 0
        fixed[..., own] = spread[..., self.owner[own]]
        return fixed

    def log_likelihood(self, beta: Array, block: int = 2048) -> Array:
        """Return the weighted log likelihood of draws (draw, coefficient) as (draw)."""
        total = np.zeros(len(beta))
        for start in range(0, len(self.y), block):
            part = slice(start, start + block)
            eta = self.rows[part] @ beta.T
            w = self.weights[part]
            total += (w * self.y[part]) @ eta
            # log(1 + e^eta), written so that it neither overflows nor allocates twice.
            soft = np.log1p(np.exp(-np.abs(eta)))
            np.maximum(eta, 0.0, out=eta)
            total -= w @ (soft + eta)
        return total

    def log_prior(self, beta: Array, spread: Array) -> Array:
        """Return the log prior of coefficients and of log spreads, up to a constant (draw)."""
        sd = self.prior_sd(spread)
        out = -(0.5 * ((beta - self.mean) / sd) ** 2 + np.log(sd)).sum(axis=-1)
        return np.asarray(out + self.log_spread_prior(spread))

    def log_spread_prior(self, spread: Array) -> Array:
        """Return the log density of half-normal spreads on the log scale (...)."""
        scale = np.array([b.sd for b in self.pooled])
        return np.asarray((np.log(spread) - 0.5 * (spread / scale) ** 2).sum(axis=-1))

    def slopes(self, beta: Array) -> tuple[Array, Array]:
        """Return gradient and curvature of the log likelihood at one beta."""
        p = expit(self.rows @ beta)
        gradient = self.rows.T @ (self.weights * (self.y - p))
        inner = self.weights * p * (1 - p)
        return gradient, (self.rows * inner[:, None]).T @ self.rows

    @property
    def signature(self) -> Hashable:
        """What decides the compiled code."""
        return type(self).__name__, self.columns, len(self.pooled)

    @property
    def target_accept(self) -> float:
        """Acceptance that a sampler's steps are adapted to."""
        return 0.9 if self.pooled else 0.8

    @property
    def statement(self) -> str:
        """One sentence on the model, for the record."""
        fixed = [f"{b.name} N(0, {b.sd:g})" for b in self.blocks if not b.pooled]
        own = [f"{b.shared or b.name} pooled (spread half-normal {b.sd:g})" for b in self.pooled]
        head = f"additive logit: intercept N(logit {self.base_rate:g}, {self.intercept_sd:g})"
        return "; ".join([head, *fixed, *own])

    @property
    def data(self) -> dict[str, npt.NDArray[Any]]:
        """The arrays that the PyMC model reads, by name."""
        counts = np.stack([self.weights * self.y, self.weights])
        rate = float(self.weights @ self.y / self.weights.sum())
        known = self.weights @ self.rows**2 * rate * (1 - rate) * self.sd**2
        centred = np.where(self.owner >= 0, known > _WELL_KNOWN, 1.0).astype(float)
        own = self.owner >= 0
        priors = np.stack([self.mean, np.where(own, 0.0, self.sd), centred])
        given = {f"{_NAME}_rows": self.rows, f"{_NAME}_counts": counts, f"{_NAME}_priors": priors}
        if self.pooled:
            given[f"{_NAME}_scales"] = np.array([b.sd for b in self.pooled])
            given[f"{_NAME}_inside"] = np.eye(len(self.pooled))[self.owner] * own[:, None]
        return given

    def add(self, data: Mapping[str, Any]) -> None:
        """Add parameters and likelihood to the PyMC model in context."""
        import pymc as pm
        import pytensor.tensor as pt

        priors, counts = data[f"{_NAME}_priors"], data[f"{_NAME}_counts"]
        sd = priors[1]
        if self.pooled:
            scales = data[f"{_NAME}_scales"]
            spread = pm.HalfNormal(f"{_NAME}_spread", scales, shape=len(self.pooled))
            sd = sd + data[f"{_NAME}_inside"] @ spread
        raw = pm.Normal(f"{_NAME}{RAW}", priors[0], sd ** priors[2], shape=self.columns)
        beta = pm.Deterministic(f"{_NAME}_beta", raw * sd ** (1.0 - priors[2]))
        eta = data[f"{_NAME}_rows"] @ beta
        log = (counts[0] * eta - counts[1] * pt.softplus(eta)).sum()
        pm.Potential(f"{_NAME}_likelihood", log)

    def drawn(self, parameters: Parameters) -> tuple[Array, Array]:
        """Return coefficients and spreads from a sampler's parameters."""
        beta = parameters[f"{_NAME}_beta"]
        none = np.empty((len(beta), 0))
        return beta, parameters.get(f"{_NAME}_spread", none) if self.pooled else none
