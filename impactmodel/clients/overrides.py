"""How often people deviate from what is suggested, by group, from the log of decisions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from impactmodel.clients.fairness import Measured
from impactmodel.clients.rates import jeffreys, shares
from impactmodel.core.errors import InputError
from impactmodel.registers.tabulation import TOTAL

if TYPE_CHECKING:
    from impactmodel.clients.decision_log import Entry
    from impactmodel.clients.keyed import Key
    from impactmodel.registers.disclosure import DisclosureRules


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Overrides:
    """Decisions and overrides by group; made by `overrides`.

    Parameters
    ----------
    groups
        Labels; ``Total`` last.
    decisions
        (group).
    share
        Share of decisions that differ from what was suggested, with its Jeffreys interval.
    prob
        Probability of the interval.
    hidden
        (group) whether disclosure control hides it.
    """

    groups: tuple[str, ...]
    decisions: npt.NDArray[np.int64]
    share: Measured
    prob: float
    hidden: npt.NDArray[np.bool_]

    def __repr__(self) -> str:
        return f"Overrides of {self.decisions[-1]} decisions in {len(self.groups) - 1} groups"


def overrides(
    entries: Sequence[Entry],
    groups: Mapping[str, str],
    key: Key,
    rules: DisclosureRules,
    *,
    prob: float = 0.9,
) -> Overrides:
    """Return override rates by group.

    The log holds no group: who belongs where comes from the controller's register, and is joined
    by the keyed hash here and nowhere else.

    Parameters
    ----------
    entries
        Of the log.
    groups
        Group by pseudonym.
    key
        Of the controller.
    rules
        Groups are hidden by these; counts are not rounded.
    prob
        Probability of the interval.

    Raises
    ------
    InputError
        If nothing was decided, or people of decisions have no group.
    """
    import pandas as pd

    from impactmodel.registers.disclosure import protect
    from impactmodel.registers.tabulation import tabulate

    of = {key.digest("person", name): group for name, group in groups.items()}
    decided = [entry.body for entry in entries if entry.kind == "decided"]
    if not decided:
        raise InputError("nothing was decided", key="entries")
    lost = sum(body["person"] not in of for body in decided)
    if lost:
        raise InputError(
            f"{lost} of {len(decided)} decisions are about people without a group",
            key="groups",
            fix="give them one, such as 'unknown'",
        )
    frame = pd.DataFrame(
        {
            "group": [of[body["person"]] for body in decided],
            "override": ["yes" if body["override"] else "no" for body in decided],
        }
    )
    table = tabulate(frame, ["group", "override"], population="decisions")
    release = protect(table, rules)
    names = tuple(dict.fromkeys(key[0] for key in table.keys))
    counts = dict(zip(table.keys, table.counts, strict=True))
    sensitive = {cell[0] for cell, hide in zip(table.keys, release.hidden, strict=True) if hide}
    n = np.array([counts[name, TOTAL] for name in names])
    k = np.array([counts.get((name, "yes"), 0) for name in names])
    hidden = np.array([name in sensitive for name in names])
    share = Measured(shares(k, n), *jeffreys(k, n, prob)).hidden(hidden)
    return Overrides(names, n, share, prob, hidden)
