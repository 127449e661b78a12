"""Whether chances hold in a later time window: slope, bias overall and by group, reliability."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from scipy.special import logit

from impactmodel.clients.anticipation_auc import Area, area
from impactmodel.clients.anticipation_noise import (
    CalibrationLimits,
    CalibrationRow,
    GroupNoise,
    noise_of_groups,
)
from impactmodel.clients.chances import Chances
from impactmodel.core.errors import InputError
from impactmodel.core.seeds import stream
from impactmodel.effects.checks import Check
from impactmodel.effects.propensity import logistic

type Matrix = npt.NDArray[np.float64]
type Vector = npt.NDArray[np.float64]
type Groups = Mapping[str, tuple[npt.NDArray[np.intp], tuple[str, ...]]]

_ITERATIONS = 100
# Chances of exactly 0 or 1 would have no logit; no fitted logit gives them but by rounding.
_EDGE = 1e-12


@dataclass(frozen=True, slots=True, eq=False)
class ChanceCalibration:
    r"""Chances against what came to people who were not used to fit them.

    Parameters
    ----------
    policy
        The policy of the model; without a service, the unserved are looked at.
    window
        First and last index date of the people.
    later
        Whether the window begins after that of the fit.
    intercept, slope
        Estimate and standard error: *a* of :math:`\operatorname{logit} p_{obs} = a +
        \operatorname{logit} p` and *b* of :math:`a' + b \operatorname{logit} p`. Above 0 chances
        are too low; below 1 they are too extreme.
    area
        Area under the ROC curve.
    rows
        All, then each level of each feature that was asked for.
    reliability
        Tenths by chance, the lowest first.
    replicated
        The bias that each row would show if outcomes came from the chances of a draw (draw, row).
    """

    policy: str
    window: tuple[np.datetime64, np.datetime64]
    later: bool
    intercept: tuple[float, float]
    slope: tuple[float, float]
    area: Area
    rows: tuple[CalibrationRow, ...]
    reliability: tuple[CalibrationRow, ...]
    replicated: Matrix = field(repr=False)

    def noise(self, limits: CalibrationLimits | None = None, prob: float = 0.95) -> GroupNoise:
        """Return whether the biases of the groups are larger than noise allows, all at once.

        Raises
        ------
        InputError
            If no group is large enough.
        """
        return noise_of_groups(self.rows[1:], self.replicated[:, 1:], limits, prob)

    def checks(self, limits: CalibrationLimits | None = None) -> tuple[Check, ...]:
        """Compare with limits; a check fails where an estimate is beyond one, chance or not.

        The last one alone excuses what noise allows: it fails where a group's bias is beyond the
        limit and outside the simultaneous band.
        """
        limits = limits or CalibrationLimits()
        value, error = self.slope
        everybody, judged = self.rows[0], [r for r in self.rows[1:] if r.people >= limits.least]
        text = "" if self.later else "; the window is not later than that of the fit"
        found = [
            Check("later window", self.later, f"people from {self.window[0]}{text}"),
            Check(
                "calibration slope",
                abs(value - 1) <= limits.slope,
                f"slope {value:.3f} (standard error {error:.3f}; limit 1 ± {limits.slope:g})",
            ),
            Check("bias", abs(everybody.bias) <= limits.bias, _said(everybody, limits.bias)),
        ]
        if judged:
            worst = max(judged, key=lambda row: abs(row.bias))
            noise = self.noise(limits)
            said = (
                f"{noise.beyond} of {len(judged)} groups of {limits.least} or more beyond, "
                f"{noise.expected:.1f} expected if the chances are right; worst "
            )
            text = said + _said(worst, limits.group_bias)
            found.append(Check("bias by group", not noise.beyond, text))
            band = f"{noise.prob:.0%} simultaneous band of {noise.critical:.2f} errors"
            out = f"beyond the limit and the {band}: {', '.join(noise.failed) or 'none'}"
            found.append(Check("bias by group beyond noise", not noise.failed, out))
        return tuple(found)


def calibrate_chances(
    chances: Chances, by: tuple[str, ...] = (), seed: int = 0
) -> ChanceCalibration:
    """Compare chances with what came; meant for ``clients.since(day)``, after the training window.

    Parameters
    ----------
    chances
        Chances of the people of a later window; who has no known target under the model's policy is
        left out.
    by
        Categories and flags whose levels are looked at one by one; protected ones are read here,
        whether or not the model does.
    seed
        Of the replicated outcomes.

    Raises
    ------
    InputError
        If nobody has a known target, or all or nobody reached it.
    """
    model = chances.model
    seen = model.seen(chances.clients)
    people = Chances(model, chances.clients.take(seen))
    y = people.clients.target(model.target.name)
    if not 0 < y.sum() < len(y):
        raise InputError(
            "nobody or everybody with a known target reached it", key="clients", seen=len(y)
        )
    everybody = np.zeros(len(y), dtype=np.intp), ("all",)
    groups = {"": everybody} | {name: people.clients.labels(name) for name in by}
    p, means, came = _read(people, groups, stream(seed, "calibration"))
    inside, rows = _rows(p, y, groups, means)
    x = logit(np.clip(p, _EDGE, 1 - _EDGE))
    ones = np.ones(len(y))
    fitted = logistic(np.column_stack([ones, x]), y, ones)
    window = (people.clients.index.min(), people.clients.index.max())
    return ChanceCalibration(
        policy=model.policy.title,
        window=window,
        later=bool(window[0] > model.window[1]),
        intercept=calibration_intercept(x, y),
        slope=(float(fitted.beta[1]), float(np.sqrt(fitted.covariance[1, 1]))),
        area=area(p, y),
        rows=rows,
        reliability=_tenths(p, y),
        replicated=np.array([r.predicted for r in rows]) - came[:, inside],
    )


def calibration_intercept(x: Vector, y: Vector) -> tuple[float, float]:
    """Return the shift of logits that makes the mean chance the observed share, and its error."""
    a = 0.0
    for _ in range(_ITERATIONS):
        p = 1 / (1 + np.exp(-(a + x)))
        step = float((y - p).sum() / (p * (1 - p)).sum())
        a += float(np.clip(step, -2.0, 2.0))
        if abs(step) < _EDGE:
            break
    p = 1 / (1 + np.exp(-(a + x)))
    return a, float((p * (1 - p)).sum() ** -0.5)


def _read(
    people: Chances, groups: Groups, rng: np.random.Generator
) -> tuple[Vector, Matrix, Matrix]:
    """Return expected chances (person), and of each group (draw, group) chances and outcomes.

    Both are means; outcomes are drawn from the chances of the draw.
    """
    out, size = np.empty(people.size), np.zeros(1)
    means = came = np.zeros((people.model.draws, 1))
    for part, p in people.blocks():
        inside = np.column_stack([np.eye(len(names))[c[part]] for c, names in groups.values()])
        out[part] = p.mean(axis=0)
        size = size + inside.sum(axis=0)
        means = means + p @ inside
        came = came + (rng.random(p.shape) < p).astype(float) @ inside
    size = np.maximum(size, 1.0)
    return out, means / size, came / size


def _rows(
    p: Vector, y: Vector, groups: Groups, means: Matrix
) -> tuple[list[int], tuple[CalibrationRow, ...]]:
    """Return the places of groups with somebody in them, and their rows."""
    rows = []
    names = [(n, code) for n, (_, labels) in groups.items() for code in range(len(labels))]
    for place, (name, code) in enumerate(names):
        codes, labels = groups[name]
        inside = codes == code
        if inside.any():
            who = f"{name}: {labels[code]}" if name else labels[code]
            fit = float(means[:, place].std(ddof=1))
            rows.append((place, _row(who, p[inside], y[inside], fit)))
    return [place for place, _ in rows], tuple(row for _, row in rows)


def _tenths(p: Vector, y: Vector) -> tuple[CalibrationRow, ...]:
    """Return tenths by chance; people with one chance stay together."""
    values, place = np.unique(p, return_inverse=True)
    people = np.bincount(place, minlength=len(values))
    middle = np.cumsum(people) - people / 2
    tenth = np.minimum(10 * middle / len(p), 9).astype(np.intp)[place]
    found = [tenth == i for i in range(10)]
    return tuple(
        _row(f"tenth {i + 1}", p[inside], y[inside], 0.0)
        for i, inside in enumerate(found)
        if inside.any()
    )


def _row(who: str, p: Vector, y: Vector, fit: float) -> CalibrationRow:
    noise = float(np.sqrt((p * (1 - p)).sum())) / len(p)
    return CalibrationRow(who, len(p), int(y.sum()), float(p.mean()), noise, fit)


def _said(row: CalibrationRow, limit: float) -> str:
    return (
        f"'{row.who}': predicted {row.predicted:.3f}, observed {row.observed:.3f}, bias "
        f"{row.bias:+.3f} (standard error {row.error:.3f}; limit {limit:g}; {row.people} people)"
    )
