"""What an evaluator will measure: finite cohorts, finite comparison groups."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from impactmodel.core.binomial import binomial_quantile
from impactmodel.core.errors import InputError
from impactmodel.core.outcome_data import ARMS
from impactmodel.core.seeds import stream

if TYPE_CHECKING:
    import xarray as xr

    from impactmodel.core.measures import OutcomeMeasure

type Draws = NDArray[np.float64]


def simulate_arm_means(
    data: xr.Dataset, measures: Sequence[OutcomeMeasure], comparison_size: int, *, seed: int
) -> tuple[Draws, Draws]:
    r"""Simulate measured arm means: one finite cohort and comparison group per draw.

    In each draw and group the mean of arm *a* over *n* people is drawn around the expected
    outcome. Between outcomes and periods the errors follow a Gaussian copula with the correlation
    of ``covariance``. A binary outcome's count is Binomial(n, p) exactly; the mean of any other
    outcome is Normal(m, s²/n), which assumes that n is large enough for the central limit theorem.
    The comparison group has the cohort's mix of groups.

    Parameters
    ----------
    data
        The data of `Outcomes`.
    comparison_size
        People in the comparison group over all groups.

    Raises
    ------
    InputError
        If the outcomes carry no ``covariance`` or a group is empty.

    Returns
    -------
    tuple of arrays
        Measured means of the treated and of the comparison group, in the dims of `Outcomes`.
    """
    if "covariance" not in data:
        raise InputError(
            "a measured view needs the spread of outcomes between people",
            fix="give person-level evidence or a person_sd, or use the expected view",
        )
    if comparison_size < 1:
        raise InputError("the comparison group is empty", key="comparison", seen=comparison_size)
    size = np.rint(data["cohort_size"].values)
    if (size < 1).any():
        raise InputError("a group has no people to measure", key="cohort_size")
    share = size / size.sum(axis=1, keepdims=True)
    compared = np.maximum(np.rint(share * comparison_size), 1.0)
    return (
        _arm_means(data, measures, "treated", size, seed),
        _arm_means(data, measures, "counterfactual", compared, seed),
    )


def _arm_means(
    data: xr.Dataset, measures: Sequence[OutcomeMeasure], arm: str, n: Draws, seed: int
) -> Draws:
    mean = data[arm].values
    draws, groups, n_outcomes, n_periods = mean.shape
    cells = n_outcomes * n_periods
    covariance = data["covariance"].isel(arm=ARMS.index(arm)).values
    lead = covariance.shape[:-5]
    matrix = covariance.reshape(*lead, groups, cells, cells)
    sd = np.sqrt(np.maximum(np.diagonal(matrix, axis1=-2, axis2=-1), 0.0))
    scale = np.where(sd > 0, sd, 1.0)
    factor = _square_root(matrix / (scale[..., :, None] * scale[..., None, :]))
    z = stream(seed, "measured", arm).standard_normal((draws, groups, cells))
    z = np.einsum("...gij,...gj->...gi", factor, z).reshape(mean.shape)
    spread = np.broadcast_to(sd, (draws, groups, cells)).reshape(mean.shape)
    people = n[:, :, None, None]
    result = mean + spread * z / np.sqrt(people)
    for k, measure_ in enumerate(measures):
        if measure_.kind == "binary":
            n_k = people[:, :, 0]
            count = binomial_quantile(ndtr(z[:, :, k]), n_k, np.clip(mean[:, :, k], 0.0, 1.0))
            result[:, :, k] = count / n_k
    return np.asarray(result)


def _square_root(correlation: Draws) -> Draws:
    values, vectors = np.linalg.eigh(correlation)
    # The diagonal of a constant outcome is 0 and must not lose its unit variance.
    root: Draws = vectors * np.sqrt(np.maximum(values, 0.0))[..., None, :]
    norm = np.sqrt((root**2).sum(axis=-1, keepdims=True))
    return np.asarray(root / np.where(norm > 0, norm, 1.0))
