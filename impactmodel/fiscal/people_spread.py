"""How public money by rules differs between the people of a cohort."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from impactmodel.fiscal.ledger_data import ARMS
from impactmodel.fiscal.months import Months
from impactmodel.fiscal.year_flows import year_flows

type Draws = NDArray[np.float64]

PEOPLE = 4000
"""Histories behind a covariance: its relative Monte Carlo error is about sqrt(2 / 4000) = 2 %."""
_SEED = 1


def spread_between_people(
    months: Months, flows: Mapping[tuple[str, str], Draws], count: int
) -> Draws:
    """Return the covariance between people of weighted sums of flows, at the mean of the draws.

    Parameters
    ----------
    flows
        By (line, payer): the weight in each of the ``count`` sums.

    Returns
    -------
    numpy.ndarray
        Shape (arm, group, sum, year, sum, year).
    """
    histories = months.histories.central()
    paths = next(histories.paths(PEOPLE, seed=_SEED))[0]
    groups, years = len(histories.groups), histories.years()
    shape = (len(ARMS), groups, count, len(years))
    mean, square = np.zeros(shape), np.zeros((*shape, count, len(years)))
    tables = [(first, after, made) for _, first, after, made in year_flows(months)]
    for g, group in enumerate(histories.groups):
        weights = months.profile.weights(group)
        for i in np.flatnonzero(weights).tolist():
            for arm in range(len(ARMS)):
                amounts = _amounts(tables, i, paths[arm, g], flows, count)
                mean[arm, g] += weights[i] * amounts.mean(axis=0)
                flat = amounts.reshape(len(amounts), -1)
                second = (flat.T @ flat).reshape(count, len(years), count, len(years))
                square[arm, g] += weights[i] * second / len(amounts)
    return np.asarray(square - mean[..., None, None] * mean[:, :, None, None])


def _amounts(
    tables: Sequence[tuple[int, int, Mapping[tuple[str, str], Draws]]],
    person: int,
    paths: NDArray[np.bool_],
    flows: Mapping[tuple[str, str], Draws],
    count: int,
) -> Draws:
    """Return the sums of one example person by history and year, (history, sum, year)."""
    columns = []
    for first, after, made in tables:
        worked = paths[:, first:after].sum(axis=1)
        missed = first - paths[:, :first].sum(axis=1)
        total = np.zeros((len(paths), count))
        for key, weight in flows.items():
            if weight.any():
                table = np.broadcast_to(made[key][person], (after - first + 1, first + 1))
                total += table[worked, missed][:, None] * weight
        columns.append(total)
    return np.stack(columns, axis=2)
