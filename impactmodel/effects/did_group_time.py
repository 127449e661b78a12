"""Group-time effects ATT(g, t) with their influence functions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from impactmodel.core.errors import InputError
from impactmodel.effects.did_adjust import doubly_robust
from impactmodel.effects.did_options import Comparison
from impactmodel.effects.did_sample import Array, Codes, Sample

type Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class GroupTime:
    r"""Effects of each cohort in each period on one outcome.

    .. math::
        ATT(g, t) = E[Y_t - Y_b \mid G = g] - E[Y_t - Y_b \mid \text{controls}]

    with :math:`b = g - 1` less any anticipation from the start on, and :math:`b = t - 1` before.

    Parameters
    ----------
    outcome
        Name of the outcome.
    cohort, period, base
        Places of *g*, *t* and *b* (cell).
    anticipation
        Periods before the start in which outcomes may react.
    estimate
        ATT(g, t) in the outcome's unit (cell).
    influence
        Influence function (unit, cell): the error of an estimate is its mean over units.
    loading
        Weight of each unit's change in an estimate (unit, cell); the treated sum to 1, the
        controls to -1.
    start, weight, cluster
        As in the sample (unit).
    """

    outcome: str
    cohort: Codes
    period: Codes
    base: Codes
    anticipation: int
    estimate: Array
    influence: Array
    loading: Array
    start: Array
    weight: Array
    cluster: Codes

    @property
    def after(self) -> Mask:
        """Cells from the start on."""
        return np.asarray(self.period >= self.cohort)

    @property
    def before(self) -> Mask:
        """Cells before the start and before any anticipation."""
        return np.asarray(self.period < self.cohort - self.anticipation)

    @property
    def since(self) -> Codes:
        """Periods since the start (cell); 0 is the first treated one."""
        return np.asarray(self.period - self.cohort)

    @property
    def covariance(self) -> Array:
        """Cluster-robust covariance of the estimates (cell, cell), as R's ``did`` computes it."""
        return sandwich(self.influence, self.cluster)

    @property
    def se(self) -> Array:
        """Standard errors (cell)."""
        return np.sqrt(np.diag(self.covariance))

    @property
    def share(self) -> Array:
        """Share of all units that start with the cell's cohort (cell)."""
        here = self.start[:, None] == self.cohort
        return np.asarray((self.weight @ here) / len(self.weight))


def sandwich(influence: Array, cluster: Codes) -> Array:
    """Return the covariance of estimates from their influence functions (unit, cell)."""
    clusters = int(cluster.max()) + 1
    if clusters == len(cluster):
        sums = influence
    else:
        sums = np.zeros((clusters, influence.shape[1]))
        np.add.at(sums, cluster, influence)
    out: Array = sums.T @ sums / len(influence) ** 2
    return out


def group_time(sample: Sample, outcome: int, comparison: Comparison) -> GroupTime:
    """Estimate ATT(g, t) of an outcome for all cohorts and periods that identify it.

    Raises
    ------
    InputError
        If units lack the periods that an effect after the start needs.

    Source: Callaway, B. and Sant'Anna, P. (2021). Difference-in-differences with multiple time
    periods. Journal of Econometrics 225(2), 200-230, doi:10.1016/j.jeconom.2020.12.001.
    """
    cells, found = [], []
    for g in sample.cohorts:
        for t in range(1, sample.end):
            reacting = t >= g - comparison.anticipation
            b = g - 1 - comparison.anticipation if reacting else t - 1
            one = _two_periods(sample, outcome, (g, t, b), comparison)
            if one is None and t >= g:
                raise InputError(
                    f"the effect of starting in {sample.label(g)} cannot be estimated in "
                    f"{sample.panel.labels[t]}: it needs a unit and two controls with rows then "
                    f"and in {sample.panel.labels[b]}",
                    key="unbalanced",
                    fix="add the rows, or leave the period or cohort out",
                )
            if one is not None:
                cells.append((g, t, b))
                found.append(one)
    places = np.array(cells, dtype=np.intp)
    return GroupTime(
        outcome=sample.panel.outcomes[outcome].name,
        cohort=places[:, 0],
        period=places[:, 1],
        base=places[:, 2],
        anticipation=comparison.anticipation,
        estimate=np.array([one[0] for one in found]),
        influence=np.column_stack([one[1] for one in found]),
        loading=np.column_stack([one[2] for one in found]),
        start=sample.start,
        weight=sample.weight,
        cluster=sample.cluster,
    )


def _two_periods(
    sample: Sample, outcome: int, cell: tuple[int, int, int], comparison: Comparison
) -> tuple[float, Array, Array] | None:
    """Return estimate, influence function and loading of one cell; None without enough units."""
    g, t, b = cell
    change = sample.y[:, t, outcome] - sample.y[:, b, outcome]
    there = np.isfinite(change)
    if comparison.adjust:
        there &= np.isfinite(sample.x[:, b]).all(axis=1)
    treated = sample.members(g) & there
    if comparison.controls == "never":
        control = np.isinf(sample.start) & there
    else:
        control = (sample.start > max(t, b) + comparison.anticipation) & there & ~sample.members(g)
    if treated.sum() < 1 or control.sum() < 2:
        return None
    used = np.flatnonzero(treated | control)
    weight = sample.weight[used] / sample.weight[used].mean()
    arm = treated[used].astype(np.float64)
    if comparison.adjust:
        x = _standard(sample.x[used, b])
        estimate, psi, load = doubly_robust(change[used], arm, x, weight)
    else:
        estimate, psi, load = _difference(change[used], arm, weight)
    influence, loading = np.zeros(sample.size), np.zeros(sample.size)
    influence[used] = psi * (sample.size / len(used))
    loading[used] = load
    return estimate, influence, loading


def _difference(change: Array, arm: Array, weight: Array) -> tuple[float, Array, Array]:
    one, zero = weight * arm, weight * (1 - arm)
    load = one / one.sum() - zero / zero.sum()
    means = np.where(arm == 1, (one @ change) / one.sum(), (zero @ change) / zero.sum())
    psi: Array = len(change) * load * (change - means)
    return float(load @ change), psi, load


def _standard(x: Array) -> Array:
    """Return standardised covariates with a constant; those that do not vary are left out."""
    spread = x.std(axis=0)
    moving = spread > 0
    z = (x[:, moving] - x[:, moving].mean(axis=0)) / spread[moving]
    return np.column_stack([np.ones(len(x)), z])
