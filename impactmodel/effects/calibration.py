"""Whether predictions of people hold for people who were not used to make them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

from impactmodel.effects.checks import Check

type Array = npt.NDArray[np.float64]

SLOPE_LIMIT = 0.2
BIAS_LIMIT = 0.1
_LEVEL = 0.05
_FIFTHS = 5


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class HeldOut:
    """Sums over unserved people (row) of predictions and outcomes that they were not used for.

    Parameters
    ----------
    people, group
        Number of people and code of the group of each row.
    predicted, predicted_squares
        Sums of predictions and of their squares.
    observed, observed_squares, products
        Sums of outcomes, of their squares, and of predictions times outcomes.
    fitted
        What people are sorted by: the prediction of one who was used as well, where it is learnt.
        That one and its residual are independent in a right model, while a prediction without a
        person leans away from this person's outcome.
    learnt
        Whether other unserved people made the prediction, or it is given.
    """

    people: Array
    group: npt.NDArray[np.intp]
    predicted: Array
    predicted_squares: Array
    observed: Array
    observed_squares: Array
    products: Array
    fitted: Array
    learnt: bool

    @classmethod
    def constant(
        cls,
        prediction: Array,
        people: Array,
        group: npt.NDArray[np.intp],
        sums: tuple[Array, Array],
        fitted: Array | None = None,
    ) -> HeldOut:
        """Return the sums where everybody in a row has one prediction, learnt if it was fitted."""
        return cls(
            people,
            group,
            people * prediction,
            people * prediction**2,
            sums[0],
            sums[1],
            prediction * sums[0],
            prediction if fitted is None else fitted,
            fitted is not None,
        )

    @classmethod
    def joined(cls, parts: Sequence[HeldOut]) -> HeldOut:
        """Return the rows of all parts that have people in them."""
        arrays: dict[str, Any] = {
            f.name: np.concatenate([getattr(part, f.name)[part.people > 0] for part in parts])
            for f in fields(cls)
            if f.name != "learnt"
        }
        return replace(parts[0], **arrays)


@dataclass(frozen=True, slots=True)
class Calibration:
    """The regression of outcomes on predictions, and the error on average.

    Parameters
    ----------
    slope, slope_se
        1 where a predicted difference between people is as large as the observed one; below 1
        where predictions are too extreme. Learnt predictions of people who hardly differ are: their
        differences are noise of the coefficients, which the draws carry (1 - 1/F with flat priors,
        F being that of the regression).
    rows
        (who, people, predicted, observed, bias, z): of all, of each group, and of each fifth by
        prediction; bias is predicted minus observed.
    sd
        Standard deviation of the outcome.
    learnt
        As in `HeldOut`.
    """

    slope: float
    slope_se: float
    rows: tuple[tuple[str | float, ...], ...]
    sd: float
    learnt: bool


def calibrate(held: HeldOut, groups: tuple[str, ...]) -> Calibration:
    """Compare held-out predictions with outcomes.

    Examples
    --------
    Predictions .2 and .6 of 10 people each, of whom 3 and 5 have the outcome: slope .2 / .4.

    >>> two = HeldOut.constant(np.array([0.2, 0.6]), np.full(2, 10.0), np.zeros(2, dtype=np.intp),
    ...     (np.array([3.0, 5.0]), np.array([3.0, 5.0])))
    >>> round(calibrate(two, ("all",)).slope, 6)
    0.5
    """
    n = float(held.people.sum())
    x, y = held.predicted.sum() / n, held.observed.sum() / n
    sxx = float(held.predicted_squares.sum() - n * x**2)
    sxy = float(held.products.sum() - n * x * y)
    syy = float(held.observed_squares.sum() - n * y**2)
    slope = sxy / sxx if sxx > 0 else 1.0
    rss = max(syy - slope * sxy, 0.0)
    se = float(np.sqrt(rss / (n - 2.0) / sxx)) if sxx > 0 else float("inf")
    parts = [("all", np.ones(len(held.people), dtype=bool))]
    if len(groups) > 1:
        parts += [(f"group {label}", held.group == code) for code, label in enumerate(groups)]
    parts += _fifths(held)
    rows = [_row(held, who, rows) for who, rows in parts if rows.any()]
    return Calibration(slope, se, tuple(rows), float(np.sqrt(syy / (n - 1.0))), held.learnt)


def _fifths(held: HeldOut) -> list[tuple[str, npt.NDArray[np.bool_]]]:
    """Return fifths of people; those with one fit stay together, whatever their outcome."""
    values, place = np.unique(held.fitted, return_inverse=True)
    people = np.bincount(place, held.people, minlength=len(values))
    middle = np.cumsum(people) - people / 2
    fifth = np.minimum(_FIFTHS * middle / people.sum(), _FIFTHS - 1).astype(np.intp)[place]
    return [(f"fifth {i + 1} by prediction", fifth == i) for i in range(_FIFTHS)]


def _row(held: HeldOut, who: str, rows: npt.NDArray[np.bool_]) -> tuple[str | float, ...]:
    n = float(held.people[rows].sum())
    predicted, observed = (float(v[rows].sum() / n) for v in (held.predicted, held.observed))
    square = (held.predicted_squares - 2 * held.products + held.observed_squares)[rows].sum() / n
    bias = predicted - observed
    se = float(np.sqrt(max(square - bias**2, 0.0) / max(n - 1.0, 1.0)))
    return who, n, predicted, observed, bias, bias / se if se > 0 else 0.0


def calibration_check(name: str, found: Calibration) -> Check:
    """Fail where a bias, or the slope of given predictions, is beyond its limit and chance."""
    judged = len(found.rows) + (not found.learnt)
    limit = float(ndtri(1 - _LEVEL / (2 * judged)))
    off = abs(found.slope - 1.0)
    steep = not found.learnt and off > SLOPE_LIMIT and off > limit * found.slope_se
    bad = [
        row
        for row in found.rows
        if abs(float(row[4])) > BIAS_LIMIT * found.sd and abs(float(row[5])) > limit
    ]
    worst = max(bad or found.rows, key=lambda row: abs(float(row[4])))
    slope = "not judged: learnt" if found.learnt else f"limit 1 ± {SLOPE_LIMIT:g}"
    text = (
        f"held-out predictions of '{name}': largest bias {float(worst[4]):+.3g} ({worst[0]}, z "
        f"{float(worst[5]):+.1f}; limit {BIAS_LIMIT:g} sd = {BIAS_LIMIT * found.sd:.3g} where "
        f"|z| > {limit:.1f}), slope {found.slope:.2f} ({found.slope_se:.2f}; {slope})"
    )
    table = (("who", "people", "predicted", "observed", "bias", "z"), *found.rows)
    return Check(f"calibration: {name}", not (steep or bad), text, table)
