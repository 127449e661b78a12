"""Groups that the user gives: by levels of categories and by bins of numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal

import numpy as np

from impactmodel.clients.clients import Clients
from impactmodel.clients.membership import Membership
from impactmodel.core.errors import InputError
from impactmodel.core.spec import spec
from impactmodel.evidence.columns import Labels, frozen, require_unique


@spec
class GivenGroups:
    """Groups by features: every combination of levels that occurs is a group.

    Parameters
    ----------
    by
        Categories and flags, or numbers that have bins; a missing answer is a level of its own.
    bins
        By number: limits, rising; a bin holds its lower limit and not its upper.
    smallest
        Least number of people in a group; fewer raise an error, since nothing could be said of
        them and they could be recognised.
    """

    by: tuple[str, ...]
    bins: dict[str, tuple[float, ...]] = field(default_factory=dict)
    smallest: int = 20
    type: Literal["given_groups"] = field(default="given_groups", kw_only=True)

    def __post_init__(self) -> None:
        if not self.by:
            raise InputError("no feature is named", key="by", fix="name what makes the groups")
        require_unique([*self.by], "the feature")
        for name, limits in self.bins.items():
            if name not in self.by:
                raise InputError("bins are given of what makes no group", key="bins", seen=name)
            if not limits or sorted({*limits}) != [*limits]:
                raise InputError("limits rise, and there is at least one", key=f"bins.{name}")

    def fit(self, clients: Clients) -> GivenFit:
        """Find the groups that occur.

        Raises
        ------
        InputError
            If a feature is not declared, a number has no bins, or a group is too small.
        """
        keys, names = _levels(clients, self)
        found, count = np.unique(keys, return_counts=True, axis=0)
        if count.min() < self.smallest:
            raise InputError(
                "some groups are too small",
                key="by",
                seen=f"{int((count < self.smallest).sum())} of {len(count)} groups",
                fix=f"use fewer features or wider bins; each group needs {self.smallest} people",
            )
        labels = tuple(
            ", ".join(
                f"{name} {names[name][code]}" for name, code in zip(self.by, row, strict=True)
            )
            for row in found
        )
        return GivenFit(self, frozen(found), labels)


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class GivenFit:
    """Given groups that occur among the clients they were found in.

    Parameters
    ----------
    how
        The specification.
    keys
        Codes of the levels (group, feature).
    labels
        Name by group.
    """

    how: GivenGroups
    keys: Labels
    labels: tuple[str, ...]

    def assign(self, clients: Clients) -> Membership:
        """Return the groups of clients.

        Raises
        ------
        InputError
            If somebody has a combination that did not occur.
        """
        keys, _ = _levels(clients, self.how)
        same = (keys[:, None, :] == self.keys[None, :, :]).all(axis=2)
        absent = int((~same.any(axis=1)).sum())
        if absent:
            raise InputError(
                "some people belong to no group that was found",
                seen=f"{absent} of {clients.size}",
                fix="find the groups in all clients, or use fewer features",
            )
        return Membership(self.labels, frozen(same.astype(np.float64)))

    def __repr__(self) -> str:
        return f"GivenFit({len(self.labels)} groups by {', '.join(self.how.by)})"


def _levels(clients: Clients, how: GivenGroups) -> tuple[Labels, Mapping[str, tuple[str, ...]]]:
    """Return codes (person, feature) and the names of the levels."""
    columns, names = [], {}
    for name in how.by:
        feature = clients.table.features.get(name)
        if feature is None:
            raise InputError(
                "this feature is not declared",
                key="by",
                seen=name,
                fix=f"one of {', '.join(clients.table.features)}",
            )
        if feature.type != "number":
            codes, names[name] = clients.labels(name)
            columns.append(codes)
            continue
        if name not in how.bins:
            raise InputError("a number needs bins", key="bins", seen=name, fix="give limits")
        limits = how.bins[name]
        values = clients.values[name]
        code = np.searchsorted(limits, values, side="right")
        columns.append(np.where(np.isnan(values), len(limits) + 1, code).astype(np.intp))
        texts = [f"{low:g}-{high:g}" for low, high in pairwise(limits)]
        names[name] = (f"under {limits[0]:g}", *texts, f"{limits[-1]:g}+", "missing")
    return np.column_stack(columns), names
