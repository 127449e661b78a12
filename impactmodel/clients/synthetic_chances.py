"""The law of the synthetic world: who finds work without a service, and with each."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product

import numpy as np
import numpy.typing as npt

from impactmodel.clients.synthetic_people import FOREIGN, People

type Vector = npt.NDArray[np.float64]
type Matrix = npt.NDArray[np.float64]

PUBLISHED_LOGIT: Mapping[str, tuple[float, ...]] = {
    "sex": (0.0, -0.14),
    "age_group": (0.0, -0.13, -0.70),
    "origin": (0.0, 0.16, -0.05),
    "education": (0.0, 0.28, 0.01),
    "health": (0.0, -0.67),
    "region": (0.0, -0.34, -0.18, -0.83, -0.82),
    "occupation": (0.0, 0.17),
    "employed": (0.0, -0.74),
    "cases": (0.0, 0.65, 1.19, 1.98),
    "long_case": (0.0, -0.80),
    "past": (0.0, -0.57, -0.21, -0.43),
}
"""Short-term model of the Austrian employment service, published 2018 (Holl, Kernbeiß and
Wagner-Pinter); the coefficients await a second reading from its p. 11."""
INTERCEPT = 0.10
CARE_OF_WOMEN = -0.15

LAID_OFF, FOREIGN_LANGUAGE, HIDDEN = 0.60, -0.35, 0.44
QUARTER = (-0.10, 0.12, 0.05, -0.07)
"""Assumed, so that the best possible AUC is .756 and .726 on the published variables."""

KINDS = ("impaired", "newcomer", "weak attachment", "other")
RATIOS = np.array(
    [[1.0, 1.0, 1.0, 1.0], [1.35, 1.5, 1.45, 1.15], [1.2, 1.7, 1.4, 1.1], [1.5, 1.4, 1.7, 1.12]]
)
"""Assumed by service and kind: cumulative hazard of work four months after entry, over none."""


def kinds_of(people: People) -> npt.NDArray[np.intp]:
    """Return the kind (person) that decides what helps: the first that fits, in recorded terms."""
    newcomer = (people["origin"] == 2) | (people["language"] == 1)
    weak = (people["employed"] == 1) | (people["long_case"] == 1)
    found = np.where(newcomer, 1, np.where(weak, 2, 3))
    return np.where(people["health"] == 1, 0, found).astype(np.intp)


def published_logit(people: People) -> Vector:
    """Return the published linear score (person)."""
    score = np.full(len(people["sex"]), INTERCEPT)
    for name, points in PUBLISHED_LOGIT.items():
        score += np.take(points, people[name].astype(np.intp))
    return np.asarray(score + CARE_OF_WOMEN * ((people["sex"] == 1) & (people["care"] == 1)))


def interactions(people: People) -> Vector:
    """Return the assumed interactions (person) that an additive score cannot express."""
    old, third = people["age_group"] == 2, people["origin"] == 2
    return np.asarray(
        -0.45 * (old & (people["health"] == 1))
        - 0.40 * ((people["employed"] == 1) & (people["long_case"] == 1))
        - 0.45 * (third & (people["education"] == 2))
        + 0.35 * ((people["cases"] == 3) & (people["occupation"] == 1))
        + 0.30 * ((people["age_group"] == 0) & (people["employed"] == 1))
    )


def logit_without_service(people: People) -> Vector:
    """Return the logit (person) of work within seven months without a service.

    It is the published score, the interactions, and what the published model leaves out: layoff,
    language, quarter of entry and what only the caseworker sees.
    """
    return np.asarray(
        published_logit(people)
        + interactions(people)
        + LAID_OFF * people["laid_off"]
        + FOREIGN_LANGUAGE * people["language"]
        + np.take(QUARTER, people["quarter"])
        + HIDDEN * people["hidden"]
    )


def logistic(logit: Vector) -> Vector:
    """Return the chance of a logit."""
    return np.asarray(1 / (1 + np.exp(-logit)))


def chances(people: People, shift: Vector | float = 0.0) -> Matrix:
    """Return the chance (service, person) of at least 90 days of work within seven months.

    A service multiplies the cumulative hazard: 1 - (1 - p) ** ratio.
    """
    stay = 1 - logistic(logit_without_service(people) + shift)
    return np.asarray(1 - stay ** RATIOS[:, kinds_of(people)])


def chances_on_record(people: People, shift: Vector | float = 0.0) -> Matrix:
    """Return the same (service, person) averaged over what no register holds.

    The average over the standard normal is by Gauss-Hermite quadrature with 15 nodes, whose error
    is below 1e-6 here.
    """
    nodes, weights = np.polynomial.hermite_e.hermegauss(15)
    weights = weights / weights.sum()
    seen = dict(people)
    total: Matrix = np.zeros((len(RATIOS), len(people["sex"])))
    for node, weight in zip(nodes, weights, strict=True):
        seen["hidden"] = np.full(total.shape[1], node)
        total += weight * chances(seen, shift)
    return total


def chances_on_published(people: People, laid_off: Vector, quarters: Vector) -> Vector:
    """Return the chance (person) without a service given only the published variables.

    Parameters
    ----------
    people
        Complete features.
    laid_off
        Chance (person) of a layoff given the published variables.
    quarters
        Shares of entries by quarter.
    """
    foreign = np.take(FOREIGN, people["origin"])
    seen, total = dict(people), np.zeros(len(foreign))
    for laid, speaks, quarter in product((0, 1), (0, 1), range(4)):
        seen["laid_off"] = np.full(len(foreign), laid)
        seen["language"] = np.full(len(foreign), speaks)
        seen["quarter"] = np.full(len(foreign), quarter)
        weight = np.where(laid, laid_off, 1 - laid_off) * np.where(speaks, foreign, 1 - foreign)
        total += weight * quarters[quarter] * chances_on_record(seen)[0]
    return total
