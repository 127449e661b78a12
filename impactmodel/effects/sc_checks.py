"""Checks of a synthetic control: fit before the start, placebos, and each donor left out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from impactmodel.core.measures import OutcomeMeasure
from impactmodel.effects.checks import Check
from impactmodel.effects.sc_twins import gaps, point_estimates
from impactmodel.effects.simplex import Array, simplex_weights

# The treated may fit so many times worse before the start than the median donor does.
_WORSE = 2.0
_PLACEBO = 0.05
_SHOWN = 0.01


@dataclass(frozen=True, slots=True, eq=False)
class _Placebos:
    """The gaps of the treated (first) and of every donor taken as treated (unit, period)."""

    gaps: Array
    first: int

    @classmethod
    def of(cls, treated: Array, donors: Array, first: int) -> _Placebos:
        placebos = [
            gaps(donors[:, j], np.delete(donors, j, axis=1), first) for j in range(donors.shape[1])
        ]
        return cls(np.stack([gaps(treated, donors, first), *placebos]), first)

    @property
    def before(self) -> Array:
        """Root mean squared prediction error before the start, by unit."""
        return np.asarray(np.sqrt((self.gaps[:, : self.first] ** 2).mean(axis=1)))

    @property
    def ratio(self) -> Array:
        """Error after the start over that before, by unit."""
        after = np.sqrt((self.gaps[:, self.first :] ** 2).mean(axis=1))
        return np.asarray(after / np.maximum(self.before, 1e-12 * after.max()))

    @property
    def p(self) -> float:
        """Share of units whose ratio is at least that of the treated, itself among them."""
        return float((self.ratio >= self.ratio[0]).mean())


def donor_checks(
    measure: OutcomeMeasure, treated: Array, donors: Array, first: int
) -> tuple[Check, ...]:
    """Check one outcome with the exact weights.

    Parameters
    ----------
    measure
        The outcome.
    treated, donors
        Series (period) and (period, donor).
    first
        The first treated period.
    """
    name = measure.name
    space = _Placebos.of(treated, donors, first)
    estimates = point_estimates(treated, donors, first)
    return (
        _fit(name, space),
        _space(name, space, estimates[0].placebo_se),
        _time(name, treated, donors, first),
        _left_out(name, (treated, donors, first), estimates[0].placebo_se),
        Check(
            f"point estimates: {name}",
            None,
            f"'{name}': "
            + ", ".join(f"{e.estimator} {e.effect:.4g} ({e.placebo_se:.3g})" for e in estimates)
            + f" in {measure.unit} (placebo standard errors)",
            (
                ("estimator", "effect", "placebo standard error"),
                *((e.estimator, e.effect, e.placebo_se) for e in estimates),
            ),
        ),
    )


def _fit(name: str, space: _Placebos) -> Check:
    own, median = float(space.before[0]), float(np.median(space.before[1:]))
    return Check(
        f"fit before the start: {name}",
        own <= _WORSE * median,
        f"'{name}': the treated miss their synthetic control by {own:.4g} before the start (root "
        f"mean square), donors theirs by {median:.4g} at the median (limit {_WORSE:g} times that)",
    )


def _space(name: str, space: _Placebos, se: float) -> Check:
    rank = round(space.p * len(space.ratio))
    return Check(
        f"placebos in space: {name}",
        None,
        f"'{name}': error after over before the start is {space.ratio[0]:.3g} times for the "
        f"treated, rank {rank} of {len(space.ratio)} units (p {space.p:.3f}); donors' placebo "
        f"effects have a standard deviation of {se:.4g}",
        (("unit", "before", "ratio"), *_rows(space)),
    )


def _rows(space: _Placebos) -> list[tuple[str | float, ...]]:
    """Return the treated, and the donors by rank without their names."""
    order = 1 + np.argsort(-space.ratio[1:])
    rows: list[tuple[str | float, ...]] = [
        ("treated", float(space.before[0]), float(space.ratio[0]))
    ]
    for place, unit in enumerate(order, start=1):
        rows.append((f"donor {place}", float(space.before[unit]), float(space.ratio[unit])))
    return rows


def _time(name: str, treated: Array, donors: Array, first: int) -> Check:
    """Pretend that treatment started two thirds into the periods before the start."""
    early = max(2 * first // 3, 2)
    placebo = _Placebos.of(treated[:first], donors[:first], early)
    can = 1 / len(placebo.ratio) < _PLACEBO
    effect = float(placebo.gaps[0, early:].mean())
    said = "" if can else "; too few donors to fail"
    return Check(
        f"placebo in time: {name}",
        bool(placebo.p >= _PLACEBO) if can else None,
        f"'{name}': a start pretended {first - early} periods early has an effect of {effect:.4g}, "
        f"p {placebo.p:.3f} by rank among the donors (limit {_PLACEBO:g}{said})",
    )


def _left_out(name: str, data: tuple[Array, Array, int], se: float) -> Check:
    treated, donors, first = data
    weights = simplex_weights(treated[:first], donors[:first]).weights
    whole = float((treated - donors @ weights)[first:].mean())
    used = np.flatnonzero(weights > 0)
    rows: list[tuple[str | float, ...]] = [("weight", "effect without the donor")]
    moved = 0.0
    # Leaving out a donor of no weight changes nothing.
    for j in used[np.argsort(-weights[used])]:
        effect = float(gaps(treated, np.delete(donors, j, axis=1), first)[first:].mean())
        moved = max(moved, abs(effect - whole))
        if weights[j] >= _SHOWN:
            rows.append((float(weights[j]), effect))
    return Check(
        f"each donor left out: {name}",
        moved <= se,
        f"'{name}': leaving out one of the {len(used)} donors with weight moves the effect "
        f"{whole:.4g} by {moved:.3g} at most (limit: the placebo standard error, {se:.3g})",
        tuple(rows),
    )
