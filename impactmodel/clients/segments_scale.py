"""How declared features become the indicators of latent classes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from impactmodel.clients.clients import Clients
from impactmodel.clients.features import Category, Flag, missing
from impactmodel.clients.segments_em import Indicators, Matrix, Vector
from impactmodel.core.errors import InputError
from impactmodel.evidence.columns import Labels, frozen


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Scale:
    """How features become indicators: kept, so that others are read in the same way.

    Parameters
    ----------
    categories
        Categories and flags by name, with their number of levels.
    numbers, logged
        Names of the numbers, and those that are logged.
    centre, spread
        Mean and standard deviation of the numbers.
    """

    categories: tuple[tuple[str, int], ...]
    numbers: tuple[str, ...]
    logged: tuple[str, ...]
    centre: Vector
    spread: Vector

    @classmethod
    def of(cls, clients: Clients, features: Sequence[str], logged: Sequence[str]) -> Scale:
        """Take it from the clients to whom classes are fitted."""
        declared = clients.table.features
        unknown = [name for name in features if name not in declared]
        if unknown:
            raise InputError(
                "this feature is not declared",
                key="features",
                seen=unknown[0],
                fix=f"one of {', '.join(declared)}",
            )
        sizes: list[tuple[str, int]] = []
        for name in features:
            feature = declared[name]
            if isinstance(feature, Category):
                sizes.append((name, len(feature.levels)))
            elif isinstance(feature, Flag):
                sizes.append((name, 2))
        names = tuple(n for n in features if declared[n].type == "number")
        strange = [name for name in logged if name not in names]
        if strange:
            raise InputError("only a number can be logged", key="logged", seen=strange[0])
        raw = _numbers(clients, names, logged)
        centre = np.array([np.nanmean(column) for column in raw.T])
        spread = np.array([np.nanstd(column) for column in raw.T])
        if (~(spread > 0)).any():
            raise InputError(
                "this number is the same for everybody",
                key="features",
                seen=names[int(np.argmin(spread > 0))],
                fix="leave it out",
            )
        return cls(tuple(sizes), names, tuple(logged), frozen(centre), frozen(spread))

    def read(self, clients: Clients) -> Indicators:
        """Return clients as indicators, numbers with mean 0 and standard deviation 1."""
        codes = [_codes(clients, name) for name, _ in self.categories]
        raw = _numbers(clients, self.numbers, self.logged)
        return Indicators.of(
            codes, [levels for _, levels in self.categories], (raw - self.centre) / self.spread
        )


def _codes(clients: Clients, name: str) -> Labels:
    values = clients.values[name]
    gone = missing(clients.table.features[name], values)
    return np.where(gone, -1, np.where(gone, 0, values)).astype(np.intp)


def _numbers(clients: Clients, names: Sequence[str], logged: Sequence[str]) -> Matrix:
    found = np.empty((clients.size, len(names)))
    for place, name in enumerate(names):
        column = clients.values[name]
        if name in logged:
            if bool((column < 0).any()):
                raise InputError("a logged number is 0 or more", key=name)
            column = np.log1p(column)
        found[:, place] = column
    return found
