"""The posterior and its frequentist twins side by side in one table."""

from __future__ import annotations

from dataclasses import dataclass

from scipy.special import ndtri

from impactmodel.core.errors import InputError
from impactmodel.effects.designs import prepare
from impactmodel.effects.did_aggregate import Aggregation, aggregate
from impactmodel.effects.did_prepared import PreparedDifferences
from impactmodel.effects.did_sample import Array
from impactmodel.effects.did_twins import impute, treatment, two_way
from impactmodel.effects.difference_in_differences import DifferenceInDifferences

type _Line = tuple[str, str, str, float, float]

_KINDS: tuple[Aggregation, ...] = ("simple", "dynamic", "group", "calendar")


@dataclass(frozen=True, slots=True)
class DifferenceRow:
    """One line of `difference_table`.

    Parameters
    ----------
    outcome, method, quantity
        What was estimated, how, and which average of effects.
    estimate, error
        In the outcome's unit: estimate and standard error, or posterior mean and sd.
    low, high
        Interval with the probability that was asked for; normal.
    """

    outcome: str
    method: str
    quantity: str
    estimate: float
    error: float
    low: float
    high: float


def difference_table(
    design: DifferenceInDifferences, *, prob: float = 0.9
) -> tuple[DifferenceRow, ...]:
    """Return posterior, Callaway-Sant'Anna, two-way fixed effects and imputation, by outcome.

    Parameters
    ----------
    prob
        Probability of the intervals; they are normal. The posterior's moments are exact.

    Returns
    -------
    tuple of DifferenceRow
        The posterior of the ``simple``, ``dynamic``, ``group`` and ``calendar`` averages of
        ATT(g, t), their estimates by Callaway and Sant'Anna, the treatment coefficient of a
        regression with two-way fixed effects (once with errors that depend within clusters and
        once independent, as a warning) and imputation by Borusyak, Jaravel and Spiess.
    """
    if not 0 < prob < 1:
        raise InputError("a probability lies between 0 and 1", key="prob", seen=prob)
    ready = prepare(design)
    if not isinstance(ready, PreparedDifferences):
        raise TypeError(f"{type(design).__name__} is not a difference-in-differences")
    rows: list[_Line] = []
    for k in range(len(ready.models)):
        rows += _posterior(ready, k)
        rows += _twins(ready, k)
    z = float(ndtri(0.5 + prob / 2))
    return tuple(DifferenceRow(*row, row[3] - z * row[4], row[3] + z * row[4]) for row in rows)


def average_weights(ready: PreparedDifferences, kind: Aggregation) -> Array:
    """Return the weights of the effects after the start in an overall average (cell)."""
    cells = ready.cells[0]
    share, after = cells.share, cells.after
    weight = 0.0 * share
    if kind == "simple":
        weight[after] = share[after]
    elif kind == "group":
        for g in ready.sample.cohorts:
            own = after & (cells.cohort == g)
            weight[own] = share[own] / own.sum()
    else:
        keys = cells.since if kind == "dynamic" else cells.period
        for key in set(keys[after].tolist()):
            own = after & (keys == key)
            weight[own] = share[own] / share[own].sum()
    out: Array = weight[after] / weight.sum()
    return out


def _posterior(ready: PreparedDifferences, k: int) -> list[_Line]:
    model = ready.models[k]
    rows: list[_Line] = []
    for kind in _KINDS:
        mean, covariance = model.moments(average_weights(ready, kind)[:, None])
        error = float(covariance[0, 0] ** 0.5)
        rows.append((model.measure.name, "posterior", kind, float(mean[0]), error))
    return rows


def _twins(ready: PreparedDifferences, k: int) -> list[_Line]:
    cells, sample = ready.cells[k], ready.sample
    name = cells.outcome
    rows: list[_Line] = []
    for kind in _KINDS:
        found = aggregate(cells, kind)
        rows.append((name, "Callaway-Sant'Anna", kind, found.overall, found.overall_se))
    line = two_way(sample, k, treatment(sample))
    value = float(line.coefficients[0])
    rows.append((name, "two-way fixed effects", "regression", value, float(line.se[0])))
    rows.append((name, "two-way, independent errors", "regression", value, float(line.iid_se[0])))
    filled = impute(sample, k)
    rows.append((name, "imputation", "simple", filled.estimate, filled.se))
    return rows
