"""The terms of an encoding: a line, a spline or bins of a number; levels, pooled or not."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field

from impactmodel.clients.clients import Clients
from impactmodel.clients.features import missing
from impactmodel.core.errors import InputError
from impactmodel.core.spec import spec

type Matrix = npt.NDArray[np.float64]
type Vector = npt.NDArray[np.float64]

_LEAST_KNOTS, _MOST_KNOTS = 3, 7


@spec
class Linear:
    """A straight line on the logit, of the number in standard deviations.

    Parameters
    ----------
    sd
        Prior sd of the slope, and of the level of whoever's number is missing.
    """

    sd: float = 1.0
    type: Literal["linear"] = field(default="linear", kw_only=True)

    def __post_init__(self) -> None:
        _require_positive("sd", self.sd)

    def learn(self, name: str, values: Vector, *, gaps: bool) -> NumberColumns:
        """Learn mean and standard deviation."""
        return NumberColumns.learn(name, values, Knots(), gaps=gaps)


@spec
class Spline:
    """A natural cubic spline on the logit: smooth between the knots, straight beyond them.

    Parameters
    ----------
    knots
        How many, at even quantiles of the training window between 5 and 95 %; where many people
        share a value, fewer.
    sd
        Prior sd of the coefficient of each column; columns are uncorrelated in the training window
        and have standard deviation 1.
    """

    knots: int = 4
    sd: float = 1.0
    type: Literal["spline"] = field(default="spline", kw_only=True)

    def __post_init__(self) -> None:
        _require_positive("sd", self.sd)
        if not _LEAST_KNOTS <= self.knots <= _MOST_KNOTS:
            fix = f"take {_LEAST_KNOTS} to {_MOST_KNOTS}"
            raise InputError("a spline has a few knots", key="knots", seen=self.knots, fix=fix)

    def learn(self, name: str, values: Vector, *, gaps: bool) -> NumberColumns:
        """Learn knots and what makes the columns uncorrelated."""
        known = values[~np.isnan(values)]
        at: tuple[float, ...] = ()
        if len(known):
            shares = np.linspace(0.05, 0.95, self.knots)
            at = tuple(float(v) for v in np.unique(np.quantile(known, shares)))
        return NumberColumns.learn(
            name, values, Knots(at if len(at) >= _LEAST_KNOTS else ()), gaps=gaps
        )


@spec
class Bins:
    """Steps on the logit: one level for each bin, the first being the reference.

    Parameters
    ----------
    edges
        Where a bin begins: (30, 50) makes under 30, 30 to under 50, 50 and more.
    sd
        Prior sd of each level.
    """

    edges: tuple[float, ...]
    sd: float = 1.0
    type: Literal["bins"] = field(default="bins", kw_only=True)

    def __post_init__(self) -> None:
        _require_positive("sd", self.sd)
        if not self.edges or any(b <= a for a, b in zip(self.edges, self.edges[1:], strict=False)):
            raise InputError("edges rise", key="edges", seen=self.edges, fix="give one or more")

    def learn(self, name: str, values: Vector, *, gaps: bool) -> BinColumns:
        """Take the edges as they are."""
        return BinColumns(name, self.edges, gaps)


@spec
class Levels:
    """A level for each value after the first, which is the reference; prior N(0, sd²)."""

    sd: float = 1.0
    type: Literal["levels"] = field(default="levels", kw_only=True)

    def __post_init__(self) -> None:
        _require_positive("sd", self.sd)


@spec
class PooledLevels:
    """A level for each value, drawn towards the mean of all the more the fewer people it has.

    Parameters
    ----------
    spread
        Scale of the half-normal prior of the standard deviation between levels.
    """

    spread: float = 0.5
    type: Literal["pooled_levels"] = field(default="pooled_levels", kw_only=True)

    def __post_init__(self) -> None:
        _require_positive("spread", self.spread)


type NumberTerm = Annotated[Linear | Spline | Bins, Field(discriminator="type")]
type CategoryTerm = Annotated[Levels | PooledLevels, Field(discriminator="type")]


@dataclass(frozen=True, slots=True)
class Knots:
    """Knots of a natural cubic spline; none makes a straight line."""

    at: tuple[float, ...] = ()

    def basis(self, values: Vector) -> Matrix:
        r"""Return the truncated power basis (person, column), the number itself first.

        .. math:: d_k(x) = \frac{(x - t_k)_+^3 - (x - t_K)_+^3}{t_K - t_k}, \quad
            N_k = d_k - d_{K-1}

        References
        ----------
        Hastie, Tibshirani and Friedman (2009), The Elements of Statistical Learning, 5.2.1.

        Examples
        --------
        Straight beyond the last knot: second differences are 0.

        >>> found = Knots((0.0, 1.0, 2.0)).basis(np.array([3.0, 4.0, 5.0]))
        >>> np.diff(found, 2, axis=0).round(9).tolist()
        [[0.0, 0.0]]
        """
        if not self.at:
            return values[:, None].copy()
        t = np.array(self.at)
        cubes = np.maximum((values[:, None] - t) / (t[-1] - t[0]), 0.0) ** 3
        d = (cubes[:, :-1] - cubes[:, -1:]) / (t[-1] - t[:-1])
        return np.column_stack([values, d[:, :-1] - d[:, -1:]])


@dataclass(frozen=True, slots=True, eq=False)
class NumberColumns:
    """A number as a line or spline, with an indicator where it may be missing.

    Parameters
    ----------
    name, knots, gaps
        Feature, knots, whether it may be missing.
    mean, transform
        The columns are (basis - mean) @ transform, 0 where the number is missing.
    """

    name: str
    knots: Knots
    gaps: bool
    mean: Vector
    transform: Matrix

    @classmethod
    def learn(cls, name: str, values: Vector, knots: Knots, *, gaps: bool) -> NumberColumns:
        """Learn the mean and what makes columns uncorrelated with standard deviation 1."""
        known = values[~np.isnan(values)]
        basis = knots.basis(known)
        if len(known) < 2 or not np.ptp(known) > 0:
            raise InputError(
                "this number never varies in the training window, nothing can be learnt of it",
                key=name,
                fix="leave it out",
            )
        mean = basis.mean(axis=0)
        # Gram-Schmidt in the order of the columns: the first stays the standardised number.
        factor = np.linalg.qr(basis - mean, mode="r")
        factor = factor * np.sign(np.diag(factor))[:, None]
        return cls(name, knots, gaps, mean, np.linalg.inv(factor) * np.sqrt(len(known)))

    @property
    def columns(self) -> int:
        """Number of columns."""
        return len(self.mean) + self.gaps

    @property
    def labels(self) -> tuple[str, ...]:
        """What the columns are."""
        bends = tuple(f"bend {i}" for i in range(1, len(self.mean)))
        return ("number", *bends, *(("missing",) if self.gaps else ()))

    def columns_of(self, clients: Clients) -> Matrix:
        """Return the columns (person, column)."""
        values = np.asarray(clients.values[self.name], dtype=float)
        absent = np.isnan(values)
        basis = (self.knots.basis(np.where(absent, 0.0, values)) - self.mean) @ self.transform
        basis[absent] = 0.0
        return np.column_stack([basis, absent]) if self.gaps else basis


@dataclass(frozen=True, slots=True)
class BinColumns:
    """A number as steps."""

    name: str
    edges: tuple[float, ...]
    gaps: bool

    @property
    def columns(self) -> int:
        """Number of columns."""
        return len(self.edges) + self.gaps

    @property
    def labels(self) -> tuple[str, ...]:
        """What the columns are."""
        ends = (*(f"{e:g}" for e in self.edges[1:]), "")
        bins = (f"{a:g} to {b}".strip() for a, b in zip(self.edges, ends, strict=True))
        return (*bins, *(("missing",) if self.gaps else ()))

    def columns_of(self, clients: Clients) -> Matrix:
        """Return the columns (person, column)."""
        values = np.asarray(clients.values[self.name], dtype=float)
        absent = np.isnan(values)
        code = np.searchsorted(self.edges, np.where(absent, 0.0, values), side="right")
        code[absent] = len(self.edges) + 1
        return np.eye(len(self.edges) + 2)[code][:, 1 : 1 + self.columns]


@dataclass(frozen=True, slots=True)
class LevelsTerm:
    """One or two categories as indicators, of every level or of those after the first.

    Parameters
    ----------
    names, counts
        Features and how many levels each has, the missing one last where gaps are allowed.
    every
        Whether the first level has a column too.
    """

    names: tuple[str, ...]
    counts: tuple[int, ...]
    every: bool

    @property
    def columns(self) -> int:
        """Number of columns."""
        return int(np.prod([n - (not self.every) for n in self.counts]))

    def columns_of(self, clients: Clients) -> Matrix:
        """Return the columns (person, column)."""
        first = 0 if self.every else 1
        out = np.ones((clients.size, 1))
        for name, count in zip(self.names, self.counts, strict=True):
            values = clients.values[name]
            absent = missing(clients.table.features[name], values)
            code = np.where(absent, count - 1, np.where(absent, 0, values)).astype(np.intp)
            own = np.eye(count)[code][:, first:]
            out = (out[:, :, None] * own[:, None, :]).reshape(clients.size, -1)
        return out


def _require_positive(key: str, value: float) -> None:
    if not value > 0:
        raise InputError("this must be above 0", key=key, seen=value)
