"""Synthetic people: latent types and what would be recorded of them. Nobody here exists.

Within a latent type the features are independent, save that language goes with origin. The shares
are assumptions, chosen so that the stock has the published shares of men and of foreign speakers.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from impactmodel.clients.features import Category, Column, Flag, Number

type People = dict[str, Column]
type Vector = npt.NDArray[np.float64]

TYPES = ("settled", "seasonal", "newcomer", "distant")
TYPE_SHARES = (0.34, 0.26, 0.20, 0.20)

SERVICES = ("none", "coaching", "training", "wage_subsidy")
PROTECTED = ("sex", "age", "age_group", "origin", "language", "care", "health")
PUBLISHED = (
    "sex",
    "age_group",
    "origin",
    "education",
    "care",
    "health",
    "region",
    "occupation",
    "employed",
    "cases",
    "long_case",
    "past",
)
"""The variables of the published Austrian model."""

LEVELS: Mapping[str, tuple[str, ...]] = {
    "sex": ("man", "woman"),
    "age_group": ("under 30", "30-49", "50+"),
    "origin": ("home", "other EU", "third country"),
    "language": ("domestic", "foreign"),
    "education": ("compulsory", "apprenticeship", "matura"),
    "region": ("1", "2", "3", "4", "5"),
    "occupation": ("service", "production"),
    "employed": ("75 % or more", "under 75 %"),
    "cases": ("0", "1", "2", "3+"),
    "past": ("none", "support", "training", "employment"),
    "quarter": ("1", "2", "3", "4"),
}
FLAGS = ("care", "health", "long_case", "laid_off")
GAPS = ("education", "health", "months_out")
"""What may be unanswered."""

_SHARES: Mapping[str, tuple[tuple[float, ...], ...]] = {
    "sex": ((0.40,), (0.27,), (0.41,), (0.37,)),
    "age_group": ((0.54, 0.17), (0.48, 0.22), (0.55, 0.15), (0.45, 0.40)),
    "origin": ((0.07, 0.08), (0.10, 0.11), (0.17, 0.44), (0.07, 0.15)),
    "education": ((0.39, 0.44), (0.54, 0.19), (0.27, 0.31), (0.40, 0.21)),
    "region": (
        (0.30, 0.20, 0.07, 0.04),
        (0.30, 0.20, 0.07, 0.04),
        (0.30, 0.20, 0.07, 0.04),
        (0.30, 0.20, 0.07, 0.04),
    ),
    "occupation": ((0.29,), (0.59,), (0.39,), (0.38,)),
    "employed": ((0.17,), (0.25,), (0.39,), (0.45,)),
    "cases": ((0.19, 0.06, 0.03), (0.24, 0.12, 0.08), (0.19, 0.07, 0.03), (0.22, 0.07, 0.03)),
    "past": ((0.08, 0.08, 0.03), (0.09, 0.09, 0.04), (0.13, 0.18, 0.05), (0.17, 0.13, 0.08)),
    "care": ((0.23,), (0.15,), (0.26,), (0.16,)),
    "health": ((0.09,), (0.10,), (0.09,), (0.34,)),
    "long_case": ((0.12,), (0.13,), (0.22,), (0.34,)),
    "laid_off": ((0.10,), (0.18,), (0.06,), (0.06,)),
}
"""By latent type: chances of the levels after the first."""

FOREIGN = (0.04, 0.75, 0.88)
"""Chance of a foreign language by origin."""

_MONTHS_OUT = ((1.5, 0.60), (1.5, 0.55), (2.1, 0.75), (2.5, 0.75))
"""Log of 1 + months since the last job by latent type: mean, standard deviation."""

_AGES = ((18, 30), (30, 50), (50, 65))


def declared_features() -> dict[str, Number | Flag | Category]:
    """Return the features of a synthetic client, with what may be missing."""
    categories: dict[str, Number | Flag | Category] = {
        name: Category(
            levels, ordered=name in ("age_group", "education", "cases"), gaps=name in GAPS
        )
        for name, levels in LEVELS.items()
    }
    flags = {name: Flag(gaps=name in GAPS) for name in FLAGS}
    numbers = {"age": Number(unit="years"), "months_out": Number(unit="months", gaps=True)}
    return categories | flags | numbers


def draw_people(size: int, quarter: npt.NDArray[np.intp], rng: np.random.Generator) -> People:
    """Return complete features (person) by name, with ``type`` and ``hidden`` that none records.

    ``hidden`` is standard normal and independent of the rest: what a caseworker sees and no
    register holds.
    """
    kind = rng.choice(len(TYPES), size, p=TYPE_SHARES)
    people: People = {"type": kind, "quarter": quarter}
    for name, shares in _SHARES.items():
        upper = np.cumsum(np.asarray(shares)[:, ::-1], axis=1)[:, ::-1][kind]
        people[name] = (rng.random((size, 1)) < upper).sum(axis=1)
    people["language"] = (rng.random(size) < np.take(FOREIGN, people["origin"])).astype(np.intp)
    low, high = np.asarray(_AGES).T[:, people["age_group"]]
    people["age"] = np.floor(low + (high - low) * rng.random(size))
    mean, spread = np.asarray(_MONTHS_OUT).T[:, kind]
    people["months_out"] = np.maximum(
        np.round(np.expm1(mean + spread * rng.standard_normal(size)), 1), 0.0
    )
    people["hidden"] = rng.standard_normal(size)
    return people


def feature_shares(name: str) -> Vector:
    """Return the generating shares (type, level) of a category or flag that types decide."""
    given = np.asarray(_SHARES[name])
    return np.column_stack([1 - given.sum(axis=1), given])


def laid_off_given_published(people: People) -> Vector:
    """Return the chance (person) of a layoff given the published variables, by Bayes' rule."""
    joint = np.log(TYPE_SHARES) + sum(
        np.log(feature_shares(name)).T[people[name].astype(np.intp)] for name in PUBLISHED
    )
    raised = np.exp(joint - joint.max(axis=1, keepdims=True))
    return np.asarray(raised @ feature_shares("laid_off")[:, 1] / raised.sum(axis=1))


def log_months_out() -> Vector:
    """Return mean and standard deviation (type, 2) of log of 1 + months since the last job."""
    return np.asarray(_MONTHS_OUT)


def unanswered(
    people: People, share: float, rng: np.random.Generator
) -> dict[str, npt.NDArray[np.bool_]]:
    """Return by feature that has gaps whether it is missing.

    An answer is missing at random given what is always recorded: foreign speakers answer half as
    often as others fail to, people of 50 or more more often than the young. The share is the mean.
    """
    weight = np.where(people["language"] == 1, 2.0, 1.0)
    weight *= np.where(people["age_group"] == 2, 0.7, 1.0)
    chance = np.minimum(share * weight / weight.mean(), 1.0)
    return {name: rng.random(len(chance)) < chance for name in GAPS}
