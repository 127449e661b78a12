"""Checks of a random invitation: the first stage, negative strata, what cannot be tested."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from impactmodel.effects.checks import Check
from impactmodel.effects.complier_means import Wald

type Array = npt.NDArray[np.float64]

# Below it a ratio of two effects is far from normal and biased towards the comparison of those
# who took part (Staiger and Stock 1997, doi:10.2307/2171753).
STRENGTH_LIMIT = 10.0
PLAUSIBLE_LIMIT = 0.01


def encouragement_checks(
    estimates: Sequence[Wald],
    *,
    take_up: tuple[Array, Array],
    sides: str,
    compliers: bool,
) -> tuple[Check, ...]:
    """Return what can be said before draws: first stage, Wald twin, exclusion."""
    checks = [_first_stage(take_up, sides, compliers=compliers)]
    if estimates:
        checks.append(_twins(estimates))
    if compliers:
        text = (
            "exclusion cannot be tested: that the invitation itself moves no outcome (by a letter, "
            "an interview, a hope) is an assumption"
        )
        checks.append(Check("exclusion", None, text))
    return tuple(checks)


def plausible(shares: Sequence[tuple[str, float]]) -> Check:
    """Judge how often tables that agree with the counts agree with the assumptions.

    Parameters
    ----------
    shares
        By outcome, the share of draws without the assumptions in which no stratum has a negative
        share, rate or mean.
    """
    name, least = min(shares, key=lambda item: item[1])
    text = (
        f"without the assumptions, no stratum has a negative share or rate in {least:.1%} of draws "
        f"('{name}'; limit {PLAUSIBLE_LIMIT:.0%}): fewer would speak of defiers or of an effect of "
        "the invitation itself"
    )
    rows: list[tuple[str | float, ...]] = [("outcome", "share of draws"), *shares]
    return Check("negative strata", least >= PLAUSIBLE_LIMIT, text, tuple(rows))


def _first_stage(take_up: tuple[Array, Array], sides: str, *, compliers: bool) -> Check:
    took, people = take_up
    rate = took / people
    difference = float(rate[1] - rate[0])
    se = float(np.sqrt((rate * (1 - rate) / (people - 1)).sum()))
    strength = (difference / se) ** 2 if se > 0 else np.inf
    text = (
        f"{rate[1]:.1%} of the invited and {rate[0]:.1%} of the others took part ({sides}-sided "
        f"non-compliance): F = {strength:,.1f}"
    )
    passed: bool | None = None
    if compliers:
        text += f" (limit {STRENGTH_LIMIT:g})"
        passed = bool(strength >= STRENGTH_LIMIT and difference > 0)
    return Check("first stage", passed, text)


def _twins(estimates: Sequence[Wald]) -> Check:
    rows: list[tuple[str | float, ...]] = [
        ("outcome", "ITT", "error", "take-up", "error", "Wald", "error")
    ]
    rows += [
        (
            w.outcome,
            w.assigned,
            w.assigned_se,
            w.take_up,
            w.take_up_se,
            w.compliers,
            w.compliers_se,
        )
        for w in estimates
    ]
    text = "; ".join(
        f"'{w.outcome}': effect on the assigned {w.assigned:.4g} ({w.assigned_se:.2g}), on "
        f"compliers {w.compliers:.4g} ({w.compliers_se:.2g})"
        for w in estimates
    )
    return Check("Wald estimates", None, text, tuple(rows))
