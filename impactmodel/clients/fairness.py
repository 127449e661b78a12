"""Audit by group: calibration and errors of a score at a stated threshold, with intervals."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from impactmodel.clients.rates import auc, jeffreys, recalibration, shares
from impactmodel.core.errors import InputError
from impactmodel.core.summary import check_prob
from impactmodel.registers.tabulation import TOTAL

if TYPE_CHECKING:
    from impactmodel.evidence.columns import Labels
    from impactmodel.registers.disclosure import DisclosureRules

type Array = npt.NDArray[np.float64]
type Mask = npt.NDArray[np.bool_]

KIND = "Jeffreys for shares, normal for bias and slope"
MEASURES = ("base_rate", "flagged", "false_high", "false_low", "bias", "slope")


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """A measure by group with the ends of its interval; NaN where it is not defined or hidden.

    Parameters
    ----------
    value, lower, upper
        (group).
    """

    value: Array
    lower: Array
    upper: Array

    def hidden(self, where: Mask) -> Measured:
        """Return it without the groups of a mask."""
        return Measured(*(np.where(where, np.nan, v) for v in (self.value, self.lower, self.upper)))


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Audit:
    """What a score does to groups; made by `audit`.

    A client is flagged, that is called high risk, where the chance is below the threshold.

    Parameters
    ----------
    attributes
        Names of what people are grouped by.
    keys
        (group) a label of each attribute, ``Total`` for all of them: single groups, their
        intersections and everybody.
    people
        (group).
    measures
        ``base_rate`` share that reached the target · ``flagged`` share below the threshold ·
        ``false_high`` share flagged of those who reached it · ``false_low`` share not flagged of
        those who did not · ``bias`` mean chance less share that reached it · ``slope`` of the
        logit of the outcome on that of the chance.
    threshold
        Chance below which a client is flagged.
    prob
        Probability of the intervals: Jeffreys for shares, normal for bias and slope.
    auc
        Of the chance, everybody.
    unknown
        People whose outcome is not known; they are in no measure.
    hidden
        (group) whether disclosure control hides it.
    """

    attributes: tuple[str, ...]
    keys: tuple[tuple[str, ...], ...]
    people: npt.NDArray[np.int64]
    measures: Mapping[str, Measured]
    threshold: float
    prob: float
    auc: float
    unknown: int
    hidden: Mask

    def __repr__(self) -> str:
        by = ", ".join(self.attributes)
        return f"Audit by {by}: {len(self.keys)} groups, {int(self.hidden.sum())} hidden"

    def of(self, measure: str, *labels: str) -> float:
        """Return a measure of a group by its labels, in the order of ``attributes``."""
        return float(self.measures[measure].value[self.keys.index(labels)])

    def alone(self, attribute: str) -> Labels:
        """Return places of the single groups of an attribute.

        Raises
        ------
        InputError
            If people are not grouped by it.
        """
        if attribute not in self.attributes:
            raise InputError(
                "people are not grouped by this",
                key="attribute",
                seen=attribute,
                fix=f"one of {', '.join(self.attributes)}",
            )
        axis = self.attributes.index(attribute)
        return np.array(
            [
                i
                for i, key in enumerate(self.keys)
                if key[axis] != TOTAL and all(k == TOTAL for j, k in enumerate(key) if j != axis)
            ],
            dtype=np.intp,
        )


@dataclass(frozen=True, slots=True)
class Disparity:
    """How far apart the groups of an attribute are; NaN where a group is hidden or not defined.

    Parameters
    ----------
    attribute
        What people are grouped by.
    flagged_difference, flagged_ratio
        Largest less smallest, and smallest over largest, share that is flagged.
    errors_difference, errors_ratio
        The worse of both for the share flagged of those who reached the target and of those who
        did not.
    """

    attribute: str
    flagged_difference: float
    flagged_ratio: float
    errors_difference: float
    errors_ratio: float


def audit(
    chance: npt.ArrayLike,
    outcome: npt.ArrayLike,
    groups: Mapping[str, tuple[Labels, tuple[str, ...]]],
    *,
    threshold: float,
    prob: float = 0.9,
) -> Audit:
    """Audit a score by groups and their intersections.

    Parameters
    ----------
    chance
        As it is shown, and flagged by (person): the mean over draws.
    outcome
        1, 0, or NaN where it is not known (person).
    groups
        By attribute, codes (person) and their labels, as `Clients.labels` gives them.
    threshold
        Chance below which a client is called high risk.
    prob
        Probability of the intervals.

    Raises
    ------
    InputError
        If lengths differ, a chance is outside 0 to 1, an outcome is not 0 or 1, or no outcome is
        known.

    Examples
    --------
    >>> import numpy as np
    >>> sex = np.array([0, 0, 0, 0, 1, 1, 1, 1]), ("woman", "man")
    >>> found = audit([0.2, 0.2, 0.8, 0.8] * 2, [0, 1, 1, 1, 0, 0, 0, 1], {"sex": sex},
    ...     threshold=0.5)
    >>> found.of("false_high", "woman"), found.of("false_low", "man"), found.of("bias", "Total")
    (0.3333333333333333, 0.3333333333333333, 0.0)
    """
    p, y = np.asarray(chance, dtype=float), np.asarray(outcome, dtype=float)
    check_prob(prob)
    _require_sound(p, y, groups, threshold)
    known = ~np.isnan(y)
    p, y = p[known], y[known]
    coded = {name: (np.asarray(codes)[known], labels) for name, (codes, labels) in groups.items()}
    keys, rows, values = [], [], []
    for key, inside in _groups(coded, len(p)):
        keys.append(key)
        rows.append(int(inside.sum()))
        values.append(_measures(p[inside], y[inside], threshold, prob))
    stacked = np.array(values)
    return Audit(
        attributes=tuple(groups),
        keys=tuple(keys),
        people=np.array(rows),
        measures={name: Measured(*stacked[:, i].T) for i, name in enumerate(MEASURES)},
        threshold=threshold,
        prob=prob,
        auc=auc(p, y),
        unknown=int((~known).sum()),
        hidden=np.zeros(len(keys), dtype=bool),
    )


def disclosed(
    audited: Audit,
    chance: npt.ArrayLike,
    outcome: npt.ArrayLike,
    groups: Mapping[str, tuple[Labels, tuple[str, ...]]],
    rules: DisclosureRules,
) -> Audit:
    """Hide what a reader could use to learn about few people.

    The counts behind all shares, people by group, flag and outcome with all margins, are one
    table: a group is hidden where a cell of its own is sensitive, or is hidden to protect another.

    Parameters
    ----------
    audited, chance, outcome, groups
        The audit and what it was made of.
    rules
        Of the environment; counts are hidden, not rounded.
    """
    import pandas as pd

    from impactmodel.registers.disclosure import protect
    from impactmodel.registers.tabulation import tabulate

    if rules.round_to:
        raise InputError("an audit hides cells", key="round_to", seen=rules.round_to, fix="use 0")
    p, y = np.asarray(chance, dtype=float), np.asarray(outcome, dtype=float)
    known = ~np.isnan(y)
    frame = pd.DataFrame(
        {
            name: np.asarray(labels, dtype=object)[np.asarray(codes)[known]]
            for name, (codes, labels) in groups.items()
        }
    )
    frame["flagged"] = np.where(p[known] < audited.threshold, "yes", "no")
    frame["reached"] = np.where(y[known] == 1, "yes", "no")
    table = tabulate(frame, [*groups, "flagged", "reached"], population="audited clients")
    release = protect(table, rules)
    width = len(audited.attributes)
    sensitive = {key[:width] for key, hide in zip(table.keys, release.hidden, strict=True) if hide}
    hidden = np.array([key in sensitive for key in audited.keys])
    return dataclasses.replace(
        audited,
        measures={name: found.hidden(hidden) for name, found in audited.measures.items()},
        hidden=hidden,
    )


def disparity(audited: Audit, attribute: str) -> Disparity:
    """Compare the groups of an attribute, as fairlearn's demographic parity and equalised odds.

    Parameters
    ----------
    audited
        See `audit`.
    attribute
        Whose single groups are compared; groups without people are left out.
    """
    places = audited.alone(attribute)
    places = places[audited.people[places] > 0]
    flagged = audited.measures["flagged"].value[places]
    wrongly = audited.measures["false_high"].value[places]
    rightly = 1 - audited.measures["false_low"].value[places]
    differences, ratios = zip(*(_spread(v) for v in (flagged, wrongly, rightly)), strict=True)
    return Disparity(
        attribute, differences[0], ratios[0], float(np.max(differences[1:])),
        float(np.min(ratios[1:])),
    )  # fmt: skip


def _spread(values: Array) -> tuple[float, float]:
    low, high = float(np.min(values)), float(np.max(values))
    return high - low, low / high if high else float("nan")


def _groups(
    coded: Mapping[str, tuple[Labels, tuple[str, ...]]], people: int
) -> Iterator[tuple[tuple[str, ...], Mask]]:
    """Yield everybody, single groups and intersections, with who is inside."""
    levels = [[None, *range(len(labels))] for _, labels in coded.values()]
    for place in itertools.product(*levels):
        inside = np.ones(people, dtype=bool)
        key = []
        for level, (codes, labels) in zip(place, coded.values(), strict=True):
            key.append(TOTAL if level is None else labels[level])
            if level is not None:
                inside &= codes == level
        yield tuple(key), inside


def _measures(p: Array, y: Array, threshold: float, prob: float) -> list[tuple[float, ...]]:
    from scipy import stats

    flag, n = p < threshold, len(p)
    reached, missed = int((y == 1).sum()), int((y == 0).sum())
    counts = [reached, flag.sum(), (flag & (y == 1)).sum(), (~flag & (y == 0)).sum()]
    of = [n, n, reached, missed]
    value, (low, high) = shares(counts, of), jeffreys(counts, of, prob)
    found = [tuple(map(float, one)) for one in zip(value, low, high, strict=True)]
    z = float(stats.norm.ppf((1 + prob) / 2))
    bias, spread = np.nan, np.nan
    if n > 1:
        bias, spread = float((p - y).mean()), float((p - y).std(ddof=1)) / n**0.5
    found.append((bias, bias - z * spread, bias + z * spread))
    (_, slope), covariance = recalibration(p, y)
    spread = float(np.sqrt(covariance[1, 1]))
    return [*found, (float(slope), float(slope) - z * spread, float(slope) + z * spread)]


def _require_sound(
    p: Array, y: Array, groups: Mapping[str, tuple[Labels, tuple[str, ...]]], threshold: float
) -> None:
    if not groups:
        raise InputError("no groups are given", key="groups", fix="give at least one attribute")
    for name, (codes, labels) in groups.items():
        if np.shape(codes) != p.shape:
            raise InputError("codes and chances differ in length", key=name)
        if len(p) and not (np.min(codes) >= 0 and np.max(codes) < len(labels)):
            raise InputError("a code has no label", key=name)
        if TOTAL in labels:
            raise InputError("this label is that of a margin", key=name, seen=TOTAL)
    if p.shape != y.shape or p.ndim != 1:
        raise InputError("chances and outcomes differ in length", key="outcome")
    if not ((p >= 0) & (p <= 1)).all():
        raise InputError("a chance lies between 0 and 1", key="chance")
    if not 0 < threshold < 1:
        raise InputError("a threshold lies between 0 and 1", key="threshold", seen=threshold)
    known = y[~np.isnan(y)]
    if not len(known) or not np.isin(known, (0, 1)).all():
        raise InputError("outcomes are 0, 1 or not known, and some are known", key="outcome")
