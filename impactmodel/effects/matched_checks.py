"""Checks of a matched comparison that inform: twins, E-value, robustness value, denominators."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from impactmodel.effects.balance import weighted_variance
from impactmodel.effects.checks import Check
from impactmodel.effects.doubly_robust import Estimate
from impactmodel.effects.sensitivity import (
    Regression,
    e_value,
    omitted_variable_bias,
    ratio_of_difference,
    regression,
    robustness_value,
)
from impactmodel.evidence import Cells

if TYPE_CHECKING:
    from impactmodel.effects.design_stage import DesignStage

type Array = npt.NDArray[np.float64]
type Estimates = tuple[tuple[str, str, Estimate, Estimate], ...]

_ALPHA = 0.05


def least_squares_row(cells: Cells, outcome: int) -> Regression:
    """Regress an outcome on treatment and all covariates, without weights."""
    return regression(
        (cells.treated, cells.n),
        cells.values,
        cells.y_sum[:, outcome],
        float(cells.y_cross[:, outcome, outcome].sum()),
    )


_TWINS = (
    "outcome",
    "group",
    "bootstrap mean",
    "bootstrap sd",
    "doubly robust",
    "sandwich error",
    "weighted difference",
    "error",
    "least squares",
    "error",
    "unadjusted",
)


def twins(cells: Cells, estimates: Estimates, means: Array) -> Check:
    """Put the bootstrap beside the sandwich error, and other estimates of the same effect."""
    effect = means[0] - means[1]
    groups = list(dict.fromkeys(group for _, group, _, _ in estimates))
    names = [o.name for o in cells.outcomes]
    rows: list[tuple[str | float, ...]] = [_TWINS]
    ratios = []
    for name, group, robust, difference in estimates:
        i = names.index(name)
        draws = effect[:, groups.index(group), i]
        linear = least_squares_row(cells, i)
        own = (float(draws.mean()), float(draws.std(ddof=1)), robust.effect, robust.se)
        others = (difference.effect, difference.se, linear.effect, linear.se, _raw(cells, i))
        rows.append((name, group, *own, *others))
        if robust.se > 0:
            ratios.append(own[1] / robust.se)
    text = (
        "the bootstrap's spread is "
        + (f"{min(ratios):.2f} to {max(ratios):.2f}" if ratios else "no")
        + " times the sandwich error of the same estimate; least squares and the unadjusted "
        "difference are over all groups"
    )
    return Check("estimates beside each other", None, text, tuple(rows))


def _raw(cells: Cells, outcome: int) -> float:
    """Return the unadjusted difference in means."""
    t = cells.treated
    treated, compared = (cells.y_sum[a, outcome].sum() / cells.n[a].sum() for a in (t, ~t))
    return float(treated - compared)


def hidden_confounding(cells: Cells, stage: DesignStage, means: Array) -> tuple[Check, ...]:
    """Say how strong a hidden confounder would have to be to explain the effects away."""
    size = np.array([s.robust.people[s.robust.treated].sum() for s in stage.strata])
    share = size / size.sum()
    together = np.tensordot(means, share, axes=([2], [0]))
    return _e_values(cells, stage, together), robustness(cells)


def _e_values(cells: Cells, stage: DesignStage, means: Array) -> Check:
    rows: list[tuple[str | float, ...]] = [
        ("outcome", "risk ratio", "E-value", "E-value of the 95 % interval")
    ]
    weights = stage.weights * cells.n
    compared = ~cells.treated & (weights > 0)
    for i, measure in enumerate(cells.outcomes):
        if measure.kind == "binary":
            # The guard is against a counterfactual held at 0 by a stated bias.
            ratio = means[0, :, i] / np.maximum(means[1, :, i], 1e-12)
        else:
            spread = _spread(cells, i, weights, compared)
            effect = means[0, :, i] - means[1, :, i]
            ratio = np.array([ratio_of_difference(float(e), spread) for e in effect])
        low, middle, high = np.quantile(np.maximum(ratio, 1e-12), [0.025, 0.5, 0.975])
        nearest = 1.0 if low <= 1 <= high else float(min((low, high), key=lambda r: abs(r - 1)))
        rows.append((measure.name, float(middle), e_value(float(middle)), e_value(nearest)))
    text = "; ".join(
        f"'{row[0]}': a hidden confounder tied to treatment and outcome by risk ratios of "
        f"{float(row[2]):.2f} each would explain the estimate away ({float(row[3]):.2f} its "
        "interval)"
        for row in rows[1:]
    )
    return Check("E-value", None, text, tuple(rows))


def _spread(cells: Cells, i: int, weights: Array, compared: npt.NDArray[np.bool_]) -> float:
    mean = cells.y_sum[compared, i] / cells.n[compared]
    within = cells.y_cross[compared, i, i] / cells.n[compared] - mean**2
    w = weights[compared]
    return float(np.sqrt(weighted_variance(mean, w) + w @ within / w.sum()))


def robustness(cells: Cells) -> Check:
    """Say how much a hidden confounder would have to explain to bring least squares to 0."""
    rows: list[tuple[str | float, ...]] = [
        ("outcome", "robustness value", f"at alpha {_ALPHA:g}", "covariate", "bias if as strong")
    ]
    parts = []
    for i, measure in enumerate(cells.outcomes):
        found = least_squares_row(cells, i)
        t = found.effect / found.se if found.se > 0 else 0.0
        value = robustness_value(t, found.df)
        at_alpha = robustness_value(t, found.df, alpha=_ALPHA)
        parts.append(
            f"'{measure.name}': a confounder that explains {value:.1%} of the residual variance of "
            f"treatment and outcome would bring the least squares effect to 0 ({at_alpha:.1%} for "
            "its 95 % interval)"
        )
        for j, name in enumerate(cells.covariates):
            if found.treatment_r2[j] < 0.5:
                bias = omitted_variable_bias(found, j)
                rows.append((measure.name, value, at_alpha, name, bias))
    return Check("robustness value", None, "; ".join(parts), tuple(rows))


def people_treated(population: str) -> Check:
    """Say whose effect it is."""
    text = (
        "the effect is per person who took part: people who were assigned and never started are "
        "not in the denominator, and a contract on the assigned refuses it"
        if population == "participants"
        else "the effect is per person assigned, whether or not they started"
    )
    return Check("denominator", None, text)
