"""What a score rests on that a reader should question."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from impactmodel.clients.clients import ClientTable
from impactmodel.clients.score_table import ScoreTable
from impactmodel.core.errors import InputError
from impactmodel.evidence.columns import Labels


@dataclass(frozen=True, slots=True)
class Question:
    """One thing to question in a score.

    Parameters
    ----------
    kind
        ``protected``: a protected feature carries points; ``one_group``: points count for one
        group only; ``past_service``: services somebody had before carry points.
    feature
        The feature.
    points
        Most points less fewest.
    odds
        Odds at the fewest points over odds at the most.
    text
        The question in words.
    """

    kind: Literal["protected", "one_group", "past_service"]
    feature: str
    points: float
    odds: float
    text: str


def questions(score: ScoreTable, table: ClientTable) -> tuple[Question, ...]:
    """Return what to question in a score, by feature.

    Parameters
    ----------
    score
        The score.
    table
        Which features are protected.
    """
    found: list[Question] = []
    for item in score.points:
        name, spread = item.feature, round(item.spread, 12)
        if spread == 0:
            continue
        odds = math.exp(-spread)
        if name in table.protected:
            text = f"'{name}' is protected and moves the score by up to {spread:g}"
            found.append(Question("protected", name, spread, odds, text))
        for other, level in item.only.items():
            text = f"'{name}' counts only where '{other}' is '{level}'"
            found.append(Question("one_group", name, spread, odds, text))
        if item.service:
            text = f"'{name}' is past services: who was helped before is scored by it"
            found.append(Question("past_service", name, spread, odds, text))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class ServedRow:
    """Who is served in one part of the scale of a score.

    Parameters
    ----------
    low, high
        Chances that bound the part.
    people
        Number of people.
    served
        Share of them who got a service.
    """

    low: float
    high: float
    people: int
    served: float


def served_by_chance(
    chance: npt.NDArray[np.float64], service: Labels, parts: int = 5
) -> tuple[ServedRow, ...]:
    """Return the share served by part of the scale, least chance first.

    A use of scores that gives least to the least chance shows here as a rising share.

    Parameters
    ----------
    chance
        Chance (person).
    service
        Code of the service (person); 0 is none.
    parts
        Parts with equal numbers of people, as far as ties allow.
    """
    if not 1 <= parts <= len(chance):
        raise InputError("parts are between 1 and the number of people", key="parts", seen=parts)
    order = np.argsort(chance, kind="stable")
    rows = []
    for place in np.array_split(order, parts):
        here = chance[place]
        share = float((service[place] > 0).mean())
        rows.append(ServedRow(float(here.min()), float(here.max()), len(place), share))
    return tuple(rows)
