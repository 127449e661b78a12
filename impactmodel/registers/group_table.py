"""Counts by overlapping groups and month, protected together: stocks, their parts and flows.

A reader knows more than what is printed: who is not in a group is everyone less the group, the
unemployed less the laid off are the others, and people in services are those of the month before,
more who came and less who left. All of it is in the equations of the table.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from impactmodel.registers.disclosure import DisclosureRules, Release, protect
from impactmodel.registers.purpose import Purpose
from impactmodel.registers.tabulation import Tabulation

if TYPE_CHECKING:
    import pandas as pd
    from scipy.sparse import csr_array

EVERYONE = "everyone"
OTHERS = "not "
"""Put before the name of a group: everybody who is not in it."""
REST = "unemployed_not_laid_off"
type _Term = tuple[tuple[str, str, str], float]


@dataclass(frozen=True, slots=True, repr=False)
class GroupTable(Tabulation):
    """A `Tabulation` by (group, month, who is counted) whose groups overlap.

    Parameters
    ----------
    steady
        Groups that nobody enters or leaves: there, flows tell the change of a stock.
    purpose
        Under which the extracts were received.
    """

    steady: tuple[str, ...] = ()
    purpose: Purpose | None = None

    def equations(self) -> csr_array:
        """Return (equation, cell): sums of signed counts that are 0 whatever the counts are."""
        from scipy.sparse import csr_array

        where = {key: i for i, key in enumerate(self.keys)}
        rows: list[int] = []
        cells: list[int] = []
        signs: list[float] = []
        count = 0
        for terms in self._links():
            if all(key in where for key, _ in terms):
                rows += [count] * len(terms)
                cells += [where[key] for key, _ in terms]
                signs += [sign for _, sign in terms]
                count += 1
        return csr_array((signs, (rows, cells)), shape=(count, len(self.keys)))

    def _links(self) -> Iterator[tuple[_Term, ...]]:
        groups, months, counts = (dict.fromkeys(column) for column in zip(*self.keys, strict=True))
        before = dict(zip([*months][1:], months, strict=False))
        for month in months:
            for g in groups:
                yield (
                    ((g, month, "unemployed_and_in_services"), 1.0),
                    ((g, month, "unemployed"), -1.0),
                    ((g, month, "in_services"), -1.0),
                )
                yield (
                    ((g, month, "unemployed"), 1.0),
                    ((g, month, "laid_off"), -1.0),
                    ((g, month, REST), -1.0),
                )
                if g in self.steady:
                    yield (
                        ((g, month, "in_services"), 1.0),
                        ((g, before.get(month, ""), "in_services"), -1.0),
                        ((g, month, "into_services"), -1.0),
                        ((g, month, "out_of_services"), 1.0),
                    )
                for name in counts:
                    yield (
                        ((EVERYONE, month, name), 1.0),
                        ((g, month, name), -1.0),
                        ((OTHERS + g, month, name), -1.0),
                    )


def protected(
    counts: pd.DataFrame,
    minimum: int,
    population: str,
    steady: Collection[str],
    purpose: Purpose | None = None,
) -> Release:
    """Return counts by group and month under disclosure control.

    Parameters
    ----------
    counts
        Index (``group``, ``month``), ``everyone`` among the groups; whole numbers of people. The
        complement of each group and of the laid off is added.
    minimum
        The fewest people of a cell that is shown.
    population
        Whom the table counts.
    steady
        Groups that nobody enters or leaves.
    purpose
        Under which the extracts were received; the table carries it.

    Raises
    ------
    InputError
        If a small count cannot be protected.
    """
    import pandas as pd

    table = counts
    if "laid_off" in counts:
        table = table.assign(**{REST: table["unemployed"] - table["laid_off"]})
    every = table.loc[EVERYONE]
    parts = {name: table.loc[name] for name in table.index.unique("group")}
    parts |= {OTHERS + name: every - part for name, part in parts.items() if name != EVERYONE}
    stacked = pd.concat(parts, names=["group"]).stack()
    found = GroupTable(
        population,
        ("group", "month", "who"),
        tuple((str(g), str(month), str(name)) for g, month, name in stacked.index),
        np.asarray(stacked.to_numpy(), dtype=np.int64),
        steady=(*steady, *(OTHERS + name for name in steady if name != EVERYONE)),
        purpose=purpose,
    )
    return protect(found, DisclosureRules(threshold=minimum))
