"""Declared features as columns of an additive model: learnt on one window, applied to any other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from impactmodel.clients.clients import Clients, ClientTable
from impactmodel.clients.encoding_gaps import GapTerm, MeanAnswer, OwnLevel, PooledGaps
from impactmodel.clients.encoding_terms import (
    Bins,
    CategoryTerm,
    Levels,
    LevelsTerm,
    Linear,
    NumberTerm,
    PooledLevels,
    Spline,
)
from impactmodel.clients.features import Category, Number
from impactmodel.core.errors import InputError
from impactmodel.core.spec import spec
from impactmodel.effects.additive_logit import Block

type Matrix = npt.NDArray[np.float64]
_APART = " × "


@spec
class Encoding:
    """How each declared feature enters an additive model.

    Parameters
    ----------
    numbers, categories
        Terms by feature. A number that is not named is a spline, a flag or category has levels.
    crossed
        Pairs of flags or categories whose combinations differ from the sum of the two: a deviation
        for each combination beyond the reference levels, pooled.
    cross_spread
        Scale of the half-normal prior of the spread of these deviations, which all pairs share.
    gaps
        What a missing answer becomes: `OwnLevel` or `PooledGaps`.

    Examples
    --------
    >>> Encoding(numbers={"age": Bins((30, 50))}, crossed=(("sex", "care"),)).crossed
    (('sex', 'care'),)
    """

    numbers: dict[str, NumberTerm] = field(default_factory=dict)
    categories: dict[str, CategoryTerm] = field(default_factory=dict)
    crossed: tuple[tuple[str, str], ...] = ()
    cross_spread: float = 0.25
    gaps: GapTerm = field(default_factory=OwnLevel)

    def __post_init__(self) -> None:
        if not self.cross_spread > 0:
            raise InputError("this must be above 0", key="cross_spread", seen=self.cross_spread)

    def learn(self, clients: Clients, leave_out: tuple[str, ...] = ()) -> Encoded:
        """Learn means, spreads and knots from the clients of a training window.

        Parameters
        ----------
        clients
            The training window.
        leave_out
            Features that get no column, such as protected ones, alone or crossed.

        Raises
        ------
        InputError
            If a term names a feature that is not declared or is of another kind, no feature is
            left, or a number never varies.
        """
        self._check(clients.table)
        kept = [name for name in clients.table.features if name not in leave_out]
        parts = [self._part(name, clients) for name in kept]
        pairs = [pair for pair in self.crossed if not set(pair) & set(leave_out)]
        parts += [self._cross(pair, clients.table) for pair in pairs]
        if not parts:
            raise InputError("no feature is left", key="leave_out", seen=", ".join(leave_out))
        first = Encoded(clients.table, tuple(parts), np.empty(0))
        return Encoded(clients.table, tuple(parts), first.matrix(clients).mean(axis=0))

    def _check(self, table: ClientTable) -> None:
        crossed = tuple(name for pair in self.crossed for name in pair)
        for names, number in ((self.numbers, True), (self.categories, False), (crossed, False)):
            for name in names:
                feature = table.features.get(name)
                if feature is None or isinstance(feature, Number) != number:
                    raise InputError(
                        f"this is no declared {'number' if number else 'flag or category'}",
                        key="encoding",
                        seen=name,
                        fix="declare it, or give it a term of its own kind",
                    )

    def _part(self, name: str, clients: Clients) -> Part:
        feature = clients.table.features[name]
        gaps = self.gaps if feature.gaps and isinstance(self.gaps, PooledGaps) else None
        if isinstance(feature, Number):
            values = np.asarray(clients.values[name], dtype=float)
            term = self.numbers.get(name, Spline())
            part = _number(name, term, values, gaps=feature.gaps and gaps is None)
        else:
            answers = _names(feature)[: -1 if gaps else None]
            part = _levels(name, self.categories.get(name, Levels()), answers)
        return _with_gap(part, gaps, clients) if gaps else part

    def _cross(self, pair: tuple[str, str], table: ClientTable) -> Part:
        counts = [len(_names(table.features[name])) for name in pair]
        term = LevelsTerm(pair, (counts[0], counts[1]), every=False)
        block = Block(_APART.join(pair), term.columns, self.cross_spread, True, "crossed pairs")
        return Part(block, term, ())


@dataclass(frozen=True, slots=True)
class Part:
    """What one feature became: a block of columns, a term that makes them, and their names.

    A pooled gap is a block of its own behind them; its column is the term's last.
    """

    block: Block
    term: Any
    labels: tuple[str, ...]
    gap: Block | None = None

    @property
    def columns(self) -> int:
        """Number of columns."""
        return self.block.columns + (self.gap.columns if self.gap else 0)

    @property
    def features(self) -> tuple[str, ...]:
        """The features that the columns read."""
        return tuple(self.block.name.split(_APART))


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Encoded:
    """An encoding as it was learnt; the same numbers make the columns of every later window.

    Parameters
    ----------
    table
        The declared table.
    parts
        By feature, in the order of the columns.
    average
        Mean of each column in the training window (column): the average client.
    """

    table: ClientTable
    parts: tuple[Part, ...]
    average: Matrix

    @property
    def blocks(self) -> tuple[Block, ...]:
        """The blocks of columns with their priors."""
        return tuple(b for part in self.parts for b in (part.block, part.gap) if b is not None)

    @property
    def names(self) -> tuple[str, ...]:
        """The features, and crossed pairs, in the order of the columns."""
        return tuple(part.block.name for part in self.parts)

    def places(self) -> Mapping[str, slice]:
        """Return where the columns of each feature are."""
        ends = np.cumsum([0, *(part.columns for part in self.parts)])
        starts = zip(self.names, ends, ends[1:], strict=False)
        return {name: slice(int(low), int(high)) for name, low, high in starts}

    def matrix(self, clients: Clients) -> Matrix:
        """Return the columns (person, column), without an intercept.

        Raises
        ------
        InputError
            If the clients were read with other declarations.
        """
        self.require_same(clients)
        columns = [part.term.columns_of(clients) for part in self.parts]
        return np.column_stack(columns) if columns else np.empty((clients.size, 0))

    def require_same(self, clients: Clients) -> None:
        """Raise `InputError` if the clients were read with other declarations."""
        if clients.table.features != self.table.features:
            raise InputError(
                "these clients were declared otherwise than those of the training window",
                key="clients",
                fix="read them with the same table",
            )

    def __repr__(self) -> str:
        parts = ", ".join(f"{p.block.name} {p.columns}" for p in self.parts)
        return f"Encoded({sum(p.columns for p in self.parts)} columns: {parts})"


def _names(feature: Any) -> tuple[str, ...]:
    """Return the levels of a flag or category, ``missing`` last where gaps are allowed."""
    own = feature.levels if isinstance(feature, Category) else ("no", "yes")
    return (*own, "missing") if feature.gaps else tuple(own)


def _levels(name: str, term: Levels | PooledLevels, levels: tuple[str, ...]) -> Part:
    pooled = isinstance(term, PooledLevels)
    made = LevelsTerm((name,), (len(levels),), every=pooled)
    sd = term.spread if isinstance(term, PooledLevels) else term.sd
    return Part(Block(name, made.columns, sd, pooled), made, levels if pooled else levels[1:])


def _number(name: str, term: Linear | Spline | Bins, values: Matrix, *, gaps: bool) -> Part:
    made = term.learn(name, values, gaps=gaps)
    return Part(Block(name, made.columns, term.sd), made, made.labels)


def _with_gap(part: Part, gaps: PooledGaps, clients: Clients) -> Part:
    name = part.block.name
    block = Block(f"{name} missing", 1, gaps.spread, True, "missing answers")
    made = MeanAnswer.learn(name, part.term, clients)
    return Part(part.block, made, (*part.labels, "missing"), block)
