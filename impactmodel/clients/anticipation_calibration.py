"""Whether chances hold in a later time window: slope, bias overall and by group, reliability."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import logit, ndtri

from impactmodel.clients.anticipation_auc import Area, area
from impactmodel.clients.chances import Chances
from impactmodel.core.errors import InputError
from impactmodel.core.spec import spec
from impactmodel.effects.checks import Check
from impactmodel.effects.propensity import logistic

type Matrix = npt.NDArray[np.float64]
type Vector = npt.NDArray[np.float64]
type Groups = Mapping[str, tuple[npt.NDArray[np.intp], tuple[str, ...]]]

_ITERATIONS = 100
# Chances of exactly 0 or 1 would have no logit; no fitted logit gives them but by rounding.
_EDGE = 1e-12


@spec
class CalibrationLimits:
    """What is accepted in a later window.

    Parameters
    ----------
    slope
        Distance of the slope from 1.
    bias, group_bias
        Distance of the mean chance from the share that reached the target: of all, of a group.
    least
        People in the smallest group that is judged.
    """

    slope: float = 0.05
    bias: float = 0.01
    group_bias: float = 0.02
    least: int = 500


@dataclass(frozen=True, slots=True)
class CalibrationRow:
    """Predicted and observed of some people.

    Parameters
    ----------
    who
        All, or a group as ``feature: level``, or a tenth by chance.
    people, reached
        Their number, and how many reached the target.
    predicted
        Their mean chance.
    error
        Standard error of predicted minus observed: of the outcomes given the chances, and of the
        mean chance over draws.
    """

    who: str
    people: int
    reached: int
    predicted: float
    error: float

    @property
    def observed(self) -> float:
        """Share that reached the target."""
        return self.reached / self.people

    @property
    def bias(self) -> float:
        """Predicted minus observed."""
        return self.predicted - self.observed

    def interval(self, probability: float) -> tuple[float, float]:
        """Return Wilson's confidence interval of the observed share.

        Examples
        --------
        >>> row = CalibrationRow("all", 10, 1, 0.2, 0.1)
        >>> [round(v, 4) for v in row.interval(0.95)]
        [0.0179, 0.4042]
        """
        z = float(ndtri((1 + probability) / 2))
        n, p = self.people, self.observed
        middle = (p + z**2 / (2 * n)) / (1 + z**2 / n)
        half = z / (1 + z**2 / n) * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
        return float(middle - half), float(middle + half)


@dataclass(frozen=True, slots=True)
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
    """

    policy: str
    window: tuple[np.datetime64, np.datetime64]
    later: bool
    intercept: tuple[float, float]
    slope: tuple[float, float]
    area: Area
    rows: tuple[CalibrationRow, ...]
    reliability: tuple[CalibrationRow, ...]

    def checks(self, limits: CalibrationLimits | None = None) -> tuple[Check, ...]:
        """Compare with limits; a check fails where an estimate is beyond one, chance or not."""
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
            bad = sum(abs(row.bias) > limits.group_bias for row in judged)
            said = f"{bad} of {len(judged)} groups of {limits.least} or more beyond; worst "
            found.append(Check("bias by group", not bad, said + _said(worst, limits.group_bias)))
        return tuple(found)


def calibrate_chances(chances: Chances, by: tuple[str, ...] = ()) -> ChanceCalibration:
    """Compare chances with what came; meant for ``clients.since(day)``, after the training window.

    Parameters
    ----------
    chances
        Chances of the people of a later window; who has no known target under the model's policy is
        left out.
    by
        Categories and flags whose levels are looked at one by one; protected ones are read here,
        whether or not the model does.

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
    groups = {name: people.clients.labels(name) for name in by}
    p, means = _read(people, groups)
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
        rows=_rows(p, y, groups, means),
        reliability=_tenths(p, y),
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


def _read(people: Chances, groups: Groups) -> tuple[Vector, dict[str, Matrix]]:
    """Return expected chances (person) and the mean of all and of groups (draw, group)."""
    out = np.empty(people.size)
    sums = {n: np.zeros((people.model.draws, len(names))) for n, (_, names) in groups.items()}
    total = np.zeros((people.model.draws, 1))
    for part, p in people.blocks():
        out[part] = p.mean(axis=0)
        total[:, 0] += p.sum(axis=1)
        for name, (codes, names) in groups.items():
            sums[name] += p @ np.eye(len(names))[codes[part]]
    return out, {"": total} | sums


def _rows(p: Vector, y: Vector, groups: Groups, sums: dict[str, Matrix]) -> tuple[
    CalibrationRow, ...
]:  # fmt: skip
    everybody = np.zeros(len(y), dtype=np.intp)
    rows = []
    for name, (codes, labels) in {"": (everybody, ("all",)), **groups}.items():
        for code, label in enumerate(labels):
            inside = codes == code
            if inside.any():
                drawn = float(sums[name][:, code].std(ddof=1) / inside.sum())
                who = f"{name}: {label}" if name else label
                rows.append(_row(who, p[inside], y[inside], drawn))
    return tuple(rows)


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


def _row(who: str, p: Vector, y: Vector, drawn: float) -> CalibrationRow:
    outcomes = float((p * (1 - p)).sum()) / len(p) ** 2
    error = float(np.sqrt(outcomes + drawn**2))
    return CalibrationRow(who, len(p), int(y.sum()), float(p.mean()), error)


def _said(row: CalibrationRow, limit: float) -> str:
    return (
        f"'{row.who}': predicted {row.predicted:.3f}, observed {row.observed:.3f}, bias "
        f"{row.bias:+.3f} (standard error {row.error:.3f}; limit {limit:g}; {row.people} people)"
    )
