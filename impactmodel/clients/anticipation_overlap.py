"""Whether unserved clients can stand for all who were eligible, and the weights that make them."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from impactmodel.core.errors import InputError, NotIdentifiedError
from impactmodel.effects.entropy_balancing import balancing_weights
from impactmodel.effects.propensity import logistic

type Matrix = npt.NDArray[np.float64]
type Vector = npt.NDArray[np.float64]
type Mask = npt.NDArray[np.bool_]

SHARE_LIMIT = 0.01
SIZE_LIMIT = 0.2


class OverlapWarning(UserWarning):
    """Chances without a service rest on people unlike some of those they are stated for."""


@dataclass(frozen=True, slots=True, eq=False)
class Overlap:
    """How well the unserved cover the eligible.

    Parameters
    ----------
    eligible, unserved
        People, and those without a service whose target is known.
    least
        Chance of going unserved below which nobody like a person was left unserved.
    beyond
        Share of the eligible below it; NaN where the features tell served and unserved apart.
    effective
        Effective sample size of the weighted unserved over their number; NaN without weights.
    before, after
        Largest difference of a column's mean between unserved and eligible, in standard
        deviations of the eligible: as they are, and weighted.
    why
        What failed; empty where overlap holds.
    """

    eligible: int
    unserved: int
    least: float
    beyond: float
    effective: float
    before: float
    after: float
    why: str

    @property
    def holds(self) -> bool:
        """Whether chances without a service may be stated for all the eligible."""
        return not self.why


def balance_unserved(
    x: Matrix, unserved: Mask, least: float, on_poor_overlap: Literal["warn", "refuse"]
) -> tuple[Overlap, Vector | None]:
    """Weight the unserved so that their columns have the means of all the eligible.

    Parameters
    ----------
    x
        Columns of every feature, the protected too (eligible person, column).
    unserved
        Whose target is known without a service (eligible person).
    least, on_poor_overlap
        As in `WithoutService`.

    Returns
    -------
    tuple
        What was found, and weights (unserved person); None where no weights reach the means, in
        which case the fit is unweighted and extrapolates.

    Raises
    ------
    NotIdentifiedError
        If overlap fails and that is to be refused, or everybody was served.

    Warns
    -----
    OverlapWarning
        If overlap fails and that is to be warned of.
    """
    if not unserved.any():
        raise NotIdentifiedError("everybody was served: nothing is known without a service")
    sd = x.std(axis=0)
    sd = np.where(sd > 0, sd, 1.0)
    z = (x - x.mean(axis=0)) / sd
    beyond, why = _beyond(z, unserved, least)
    weights: Vector | None
    try:
        weights = balancing_weights(z[unserved], np.ones(int(unserved.sum())), np.zeros(x.shape[1]))
        effective = float(1 / (weights @ weights) / unserved.sum())
        after = float(np.abs(weights @ z[unserved]).max())
        if effective < SIZE_LIMIT:
            why.append(
                f"the weighted unserved are worth {effective:.0%} of their number "
                f"(limit {SIZE_LIMIT:.0%})"
            )
    except NotIdentifiedError:
        weights, effective, after = None, float("nan"), float("nan")
        why.append("no weights give the unserved the means of all the eligible")
    before = float(np.abs(z[unserved].mean(axis=0)).max())
    sizes = (len(x), int(unserved.sum()))
    found = Overlap(*sizes, least, beyond, effective, before, after, "; ".join(why))
    if why:
        text = f"overlap fails: {found.why}; chances without a service extrapolate there"
        if on_poor_overlap == "refuse":
            raise NotIdentifiedError(
                f"{text}; leave those people out of the eligible, or accept a warning"
            )
        warnings.warn(text, OverlapWarning, stacklevel=3)
    return found, weights


def _beyond(z: Matrix, unserved: Mask, least: float) -> tuple[float, list[str]]:
    rows = np.column_stack([np.ones(len(z)), z])
    try:
        chance = logistic(rows, unserved.astype(float), np.ones(len(z))).fitted
    except NotIdentifiedError:
        return float("nan"), ["the features tell the served from the unserved"]
    beyond = float((chance < least).mean())
    if beyond <= SHARE_LIMIT:
        return beyond, []
    return beyond, [
        f"{beyond:.1%} of the eligible have a chance of going unserved below {least:.0%} "
        f"(limit {SHARE_LIMIT:.0%})"
    ]


def require_least(least: float) -> None:
    """Refuse a chance outside 0 to 1."""
    if not 0 < least < 1:
        raise InputError("a chance lies between 0 and 1", key="least_unserved", seen=least)
