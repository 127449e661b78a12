"""Stability of flags: how many people are flagged by one model and not by one as accurate."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from impactmodel.clients.rates import auc
from impactmodel.core.errors import InputError
from impactmodel.core.seeds import stream

type Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class FlagStability:
    """How far models agree on whom they flag; made by `flag_stability`.

    Parameters
    ----------
    common
        Share of flags in common, 2 |A ∩ B| / (|A| + |B|), for each pair of models (pair).
    always, sometimes
        Share of all people flagged by every model, and by some but not all.
    flagged
        Share of people that each model flags (model).
    auc
        Of each model (model); alike where models are equally accurate.
    """

    common: Array
    always: float
    sometimes: float
    flagged: Array
    auc: Array

    def __repr__(self) -> str:
        return f"Stability of {len(self.auc)} models: {self.common.mean():.2f} of flags in common"


def flag_stability(
    chances: npt.ArrayLike,
    outcome: npt.ArrayLike,
    *,
    threshold: float | None = None,
    places: int | None = None,
) -> FlagStability:
    """Compare the flags of several models of the same people.

    Parameters
    ----------
    chances
        (model, person).
    outcome
        1, 0 or NaN (person); for the accuracy.
    threshold, places
        One of them: flagged is whose chance is below a threshold, or who is among the lowest
        ``places`` chances, ties by the order of people.

    Raises
    ------
    InputError
        If there are fewer than two models, or not one rule of flagging is given.

    Examples
    --------
    >>> found = flag_stability([[0.1, 0.2, 0.3, 0.4], [0.2, 0.4, 0.1, 0.3]], [0, 0, 1, 1], places=2)
    >>> found.common.tolist(), found.always, found.sometimes
    ([0.5], 0.25, 0.5)
    """
    p, y = np.asarray(chances, dtype=float), np.asarray(outcome, dtype=float)
    if p.ndim != 2 or len(p) < 2 or p.shape[1] != len(y):
        raise InputError("chances of two or more models of the same people", key="chances")
    if (threshold is None) == (places is None):
        raise InputError("flags come from a threshold or from places", key="threshold")
    if threshold is not None:
        flags = p < threshold
    else:
        flags = np.zeros(p.shape, dtype=bool)
        first = np.argsort(p, axis=1, kind="stable")[:, :places]
        np.put_along_axis(flags, first, values=True, axis=1)
    counts = flags.sum(axis=1)
    both = flags.astype(float) @ flags.T.astype(float)
    one, other = np.triu_indices(len(p), 1)
    total = counts[one] + counts[other]
    common = np.divide(2 * both[one, other], total, out=np.ones(len(one)), where=total > 0)
    times = flags.sum(axis=0)
    known = ~np.isnan(y)
    return FlagStability(
        common=common,
        always=float((times == len(p)).mean()),
        sometimes=float(((times > 0) & (times < len(p))).mean()),
        flagged=counts / p.shape[1],
        auc=np.array([auc(one[known], y[known]) for one in p]),
    )


def refits(
    fit: Callable[[npt.NDArray[np.intp]], Array], people: int, *, models: int = 20, seed: int
) -> Array:
    """Refit a model to bootstrap samples of its people; return chances (model, person).

    Parameters
    ----------
    fit
        Takes places of the people to fit to, and returns chances of those to be compared (person).
    people
        How many the model was fitted to.
    models, seed
        How many refits, and the seed of their samples.
    """
    return np.stack(
        [
            fit(stream(seed, "refit", i).integers(0, people, people).astype(np.intp))
            for i in range(models)
        ]
    )
