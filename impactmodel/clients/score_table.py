"""Published scores: points that add up to a logit, read as numbers, Decimal, Excel and text."""

from __future__ import annotations

import math
from dataclasses import field
from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from impactmodel.clients.clients import Clients
from impactmodel.clients.target import Target
from impactmodel.core.errors import InputError
from impactmodel.core.rule import Audit, Constant, Lookup, Named, Rule, Sum, audit, excel, values
from impactmodel.core.spec import spec
from impactmodel.evidence.columns import frozen, require_unique

if TYPE_CHECKING:
    from collections.abc import Mapping

type Vector = npt.NDArray[np.float64]


@spec
class Points:
    """Points of one feature.

    Parameters
    ----------
    feature
        A category, or a flag with levels ``no`` and ``yes``.
    levels
        Points by level, the reference too; ``missing`` gives points to a gap, which is refused
        without.
    only
        Level of another feature for which alone the points count.
    service
        Whether the feature says what services somebody had before.
    """

    feature: str
    levels: dict[str, float]
    only: dict[str, str] = field(default_factory=dict)
    service: bool = False

    def __post_init__(self) -> None:
        if len(self.levels) < 2:
            raise InputError("points are given for two or more levels", key="levels")
        if len(self.only) > 1:
            raise InputError("points hang on one other feature at most", key="only")
        if self.feature in self.only:
            raise InputError("a feature cannot hang on itself", key="only", seen=self.feature)

    @property
    def spread(self) -> float:
        """Most points less fewest."""
        return max(self.levels.values()) - min(self.levels.values())


@spec
class Published:
    """Where a score comes from.

    Parameters
    ----------
    source
        Publication and page.
    verified
        Whether every number was compared with it twice.
    note
        What a reader must know.
    """

    source: str
    verified: bool = False
    note: str = ""


@spec
class ScoreTable:
    r"""A published score: points add up to the logit of a chance.

    .. math:: p = 1 / (1 + e^{-s}), \quad s = a + \sum_j b_j(x_j)

    Parameters
    ----------
    outcome
        What the chance is of.
    intercept
        Points of everybody.
    points
        Points by feature.
    published
        Where it comes from.
    step
        Unit in which the points were published, such as .01.

    Examples
    --------
    >>> from impactmodel.clients import Target
    >>> work = Target("work", event="work", horizon_days=210, days_required=90)
    >>> sex = Points("sex", {"man": 0.0, "woman": -0.14})
    >>> score = ScoreTable(work, 0.1, (sex,), Published("an example"))
    >>> round(float(score.chance_of({"sex": "woman"})), 2)
    0.49
    >>> score.excel({"sex": "B2"})
    '=1/(1+EXP(-(0.1+IF(B2="man",0,IF(B2="woman",-0.14,NA())))))'
    """

    outcome: Target
    intercept: float
    points: tuple[Points, ...]
    published: Published
    step: float = 0.01

    def __post_init__(self) -> None:
        if not self.points:
            raise InputError("no points are given", key="points")
        require_unique([p.feature for p in self.points], "the feature")
        if self.step <= 0:
            raise InputError("the unit of points is above 0", key="step", seen=self.step)

    def rule(self) -> Rule:
        """Return the score as a rule over texts by feature, for each reader of rules."""
        parts: list[Rule] = [Constant(self.intercept)]
        for item in self.points:
            own: Rule = Lookup(item.feature, item.levels)
            for other, level in item.only.items():
                own = Lookup(other, self._gate(other, level, own))
            parts.append(own)
        return Named("score", Sum(parts))

    def _gate(self, other: str, level: str, own: Rule) -> dict[str, Rule | float]:
        known = next((p.levels for p in self.points if p.feature == other), None)
        if known is None or level not in known:
            raise InputError(
                "points hang on a level that the score does not know",
                key=f"only.{other}",
                seen=level,
                fix=f"give points for '{other}', if only 0, with this level",
            )
        return {name: own if name == level else 0.0 for name in known}

    def score(self, clients: Clients) -> Vector:
        """Return the score (person).

        Raises
        ------
        InputError
            If a feature is not declared, is a number, or has a level or a gap without points.
        """
        texts = {}
        for item in self.points:
            codes, labels = clients.labels(item.feature)
            texts[item.feature] = np.asarray(labels, dtype=object)[codes].astype(str)
        return frozen(np.broadcast_to(values(self.rule(), texts), (clients.size,)).copy())

    def chance(self, clients: Clients) -> Vector:
        """Return the chance (person)."""
        return frozen(np.asarray(1 / (1 + np.exp(-self.score(clients)))))

    def audit(self, person: Mapping[str, str]) -> Audit:
        """Return the exact score of one person's levels, with every step."""
        return audit(self.rule(), dict(person))

    def chance_of(self, person: Mapping[str, str]) -> Decimal:
        """Return the chance of one person's levels in decimals of 28 digits."""
        return 1 / (1 + (-self.audit(person).value).exp())

    def excel(self, cells: Mapping[str, str]) -> str:
        """Return the chance as a formula over cells that hold the levels."""
        return f"=1/(1+EXP(-({excel(self.rule(), cells)[1:]})))"

    def reference(self) -> dict[str, str]:
        """Return the first level of every feature: the reference person."""
        return {item.feature: next(iter(item.levels)) for item in self.points}

    def in_steps(self, step: float) -> ScoreTable:
        """Return the score with its points rounded to multiples of a step, halves away from 0."""
        if step <= 0:
            raise InputError("the unit of points is above 0", key="step", seen=step)

        def to(value: float) -> float:
            whole = math.floor(abs(value) / step + 0.5 + 1e-9)
            return math.copysign(round(whole * step, 12), value) if whole else 0.0

        coarse = tuple(
            Points(p.feature, {k: to(v) for k, v in p.levels.items()}, p.only, p.service)
            for p in self.points
        )
        return ScoreTable(self.outcome, to(self.intercept), coarse, self.published, step)
