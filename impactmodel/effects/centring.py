"""Which coordinates a group's level and effect are sampled in; the posterior is the same in both.

A group that the data know well is sampled as itself, one that the prior holds as its standardised
deviation from the average (non-centred). The wrong choice costs divergences or most of the
effective draws. The spread between groups is guessed by moments (DerSimonian and Laird 1986), and
a group is sampled as itself where that spread exceeds its sampling variance several times.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from impactmodel.effects.layout import Layout

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


def _ratio(estimate: Array, variance: Array) -> Array:
    weight = 1.0 / variance
    total = float(weight.sum())
    left = total - float(weight @ weight) / total if total > 0 else 0.0
    if left <= 0:
        return np.zeros(len(weight))
    mean = float(weight @ estimate) / total
    excess = float(weight @ (estimate - mean) ** 2) - (np.count_nonzero(weight) - 1)
    return np.where(weight * max(0.0, excess / left) > _WELL_KNOWN, 1.0, 0.0)
