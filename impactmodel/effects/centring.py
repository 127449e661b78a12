"""Which coordinates a group's level and effect are sampled in; the posterior is the same in both.

A group that the data know well is sampled as itself, one that the prior holds as its standardised
deviation from the average (non-centred). The wrong choice costs divergences or most of the
effective draws. The spread between groups is guessed by moments (DerSimonian and Laird 1986), and
a group is sampled as itself where that spread exceeds its sampling variance several times.
Models of competing ways out sample the average of the groups in place of the mean of their prior.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from impactmodel.effects.layout import Layout
from impactmodel.effects.predictor import RAW

type Array = npt.NDArray[np.float64]

# Spread over sampling variance above which a group is sampled as itself. Anything between 2 and 10
# worked on sites of 40 to 10,000 people; at 0 or infinity some of them failed.
_WELL_KNOWN = 4.0


def by_group_and_arm(layout: Layout, values: Array) -> Array:
    """Sum values of cells (cell) to (group, arm); arm 0 is treated."""
    out = np.zeros((len(layout.groups), 2))
    np.add.at(out, (layout.cells.group, 1 - layout.cells.treated.astype(np.intp)), values)
    return out


def well_known(estimate: Array, variance: Array) -> Array:
    """Return 1 where a group's level or effect is well known and 0 elsewhere (group, part).

    Parameters
    ----------
    estimate, variance
        Rough estimate and sampling variance of the predictor (group, arm); an infinite variance
        marks an arm without data.
    """
    level = _ratio(estimate.mean(axis=1), variance.sum(axis=1) / 4)
    effect = _ratio(estimate[:, 0] - estimate[:, 1], variance.sum(axis=1))
    return np.stack([level, effect], axis=1)


def information_share(events: Array) -> Array:
    """Return each group's share of what is known of an effect on log odds (group, ...).

    Parameters
    ----------
    events
        Counts (group, arm, ...); half an event is added to each.
    """
    known = 1.0 / (1.0 / (events + 0.5)).sum(axis=1)
    return np.asarray(known / known.sum(axis=0))


def shifted_normal(name: str, mean: Any, sd: Any, shift: Any) -> Any:
    r"""Add :math:`\mu \sim N(mean, sd^2)`, sampled as :math:`\mu` + shift; return it.

    With the groups' deviations averaged by `information_share` as shift, the coordinate is the
    average of the groups, which the data know whatever the spread between them: without it
    :math:`\mu` and all deviations move together, the more the larger the spread, and a sampler
    is caught. The Jacobian is 1, so that the posterior is the same for any shift.
    """
    import pymc as pm

    average = pm.Normal(f"{name}{RAW}", mean + shift, sd)
    return pm.Deterministic(name, average - shift)


def _ratio(estimate: Array, variance: Array) -> Array:
    weight = 1.0 / variance
    total = float(weight.sum())
    left = total - float(weight @ weight) / total if total > 0 else 0.0
    if left <= 0:
        return np.zeros(len(weight))
    mean = float(weight @ estimate) / total
    excess = float(weight @ (estimate - mean) ** 2) - (np.count_nonzero(weight) - 1)
    return np.where(weight * max(0.0, excess / left) > _WELL_KNOWN, 1.0, 0.0)
