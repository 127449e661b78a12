"""How the outcomes of an experiment hang together, between people and between estimators."""

from __future__ import annotations

from itertools import combinations

import numpy as np

from impactmodel.effects.predictor import Array
from impactmodel.effects.regression import arm_correlations
from impactmodel.evidence import Cells, Cohort

# A correlation of fewer people than this, and the covariates, says nothing.
_LEAST_COMMON = 3


def correlations(
    evidence: Cohort | Cells, covariates: tuple[str, ...], *, apart: tuple[str, ...] = ()
) -> tuple[Array, Array]:
    """Return correlations between people and between estimators (arm, group, outcome, outcome).

    Parameters
    ----------
    covariates
        Those that the estimators are adjusted for.
    apart
        Groups that are estimated apart and have their own. Residuals take more people: those of
        everybody stand for the estimators of each group where there are covariates. Empty: one
        group, which stands for the whole cohort.
    """
    people, estimators = _correlated(evidence, covariates)
    if not apart:
        return people[:, None], estimators[:, None]
    own = [_correlated(evidence.only(group), ()) for group in apart]
    between = np.stack([people for people, _ in own], axis=1)
    if covariates:
        return between, np.repeat(estimators[:, None], len(apart), axis=1)
    return between, np.stack([estimators for _, estimators in own], axis=1)


def _correlated(evidence: Cohort | Cells, covariates: tuple[str, ...]) -> tuple[Array, Array]:
    r"""Return the correlations of some people (arm, outcome, outcome).

    Where outcomes are known for different people, those of people who have both, and estimators
    correlate by :math:`\rho\, n_{jk} / \sqrt{n_j n_k}` with the people they share.
    """
    if not isinstance(evidence, Cohort):
        cells = evidence.coarsen(covariates)
        return arm_correlations(cells, ()), arm_correlations(cells, covariates)
    if not evidence.missing.any():
        cells = evidence.cells(by=covariates)
        return arm_correlations(cells, ()), arm_correlations(cells, covariates)
    known = ~evidence.missing
    shape = (2, known.shape[1], known.shape[1])
    people, estimators = np.broadcast_to(np.eye(shape[1]), shape).copy(), np.zeros(shape)
    arms = (evidence.treated, ~evidence.treated)
    common = np.stack([known[arm].T.astype(float) @ known[arm] for arm in arms])
    own = np.sqrt(np.diagonal(common, axis1=1, axis2=2))
    for j, k in combinations(range(shape[1]), 2):
        if common[:, j, k].min() <= len(covariates) + _LEAST_COMMON:
            people[:, [j, k], [k, j]] = np.nan
            continue
        both = evidence.observed(evidence.outcomes[j].name, evidence.outcomes[k].name)
        cells = both.cells(by=covariates)
        people[:, j, k] = people[:, k, j] = arm_correlations(cells, ())[:, 0, 1]
        shared = common[:, j, k] / (own[:, j] * own[:, k])
        between = shared * arm_correlations(cells, covariates)[:, 0, 1]
        estimators[:, j, k] = estimators[:, k, j] = between
    return people, estimators + np.eye(shape[1])
