"""Averages of group-time effects: simple, by event time, by cohort and by calendar period."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from impactmodel.core.errors import InputError
from impactmodel.core.seeds import stream
from impactmodel.effects.did_group_time import GroupTime, sandwich
from impactmodel.effects.did_sample import Array, Codes

type Aggregation = Literal["simple", "dynamic", "group", "calendar"]

_PSI_DRAWS = 100_000


@dataclass(frozen=True, slots=True, eq=False)
class Aggregate:
    """One aggregation of ATT(g, t).

    Parameters
    ----------
    kind
        Which aggregation.
    at
        Event times, or places of the first treated period or of the period; empty for ``simple``.
    estimate
        Effect at each of ``at``.
    overall
        Their average: over event times from 0 on, over cohorts by size, over calendar periods.
    influence
        Influence functions of ``estimate`` and, in the last column, of ``overall``; they include
        the estimation of the cohorts' shares.
    cluster
        Code of each unit's cluster (unit).
    """

    kind: Aggregation
    at: Codes
    estimate: Array
    overall: float
    influence: Array
    cluster: Codes

    @property
    def covariance(self) -> Array:
        """Cluster-robust covariance of the estimates and the overall effect (last)."""
        return sandwich(self.influence, self.cluster)

    @property
    def se(self) -> Array:
        """Standard errors of the estimates."""
        return np.asarray(np.sqrt(np.diag(self.covariance))[:-1])

    @property
    def overall_se(self) -> float:
        """Standard error of the overall effect."""
        return float(np.sqrt(self.covariance[-1, -1]))

    def critical(self, prob: float = 0.9, *, seed: int = 0) -> float:
        r"""Return the critical value of a band that holds at all places at once.

        The quantile of :math:`\max_k |Z_k|` with *Z* normal with the estimates' correlation: the
        limit of the Gaussian multiplier bootstrap of Callaway and Sant'Anna (2021).
        """
        if not 0 < prob < 1:
            raise InputError("a probability lies between 0 and 1", key="prob", seen=prob)
        psi = self.influence[:, :-1]
        psi = psi[:, np.ptp(psi, axis=0) > 0]
        root = np.linalg.eigh(_correlation(sandwich(psi, self.cluster)))
        draws = stream(seed, "band").standard_normal((_PSI_DRAWS, psi.shape[1]))
        z = draws @ (root.eigenvectors * np.sqrt(np.maximum(root.eigenvalues, 0.0))).T
        return float(np.quantile(np.abs(z).max(axis=1), prob))


def aggregate(cells: GroupTime, kind: Aggregation) -> Aggregate:
    r"""Average ATT(g, t) with the weights of R's ``did``.

    ``simple``: all cells from the start on, by :math:`P(G = g)`. ``dynamic``: by event time,
    :math:`P(G = g)` within each; overall, the plain mean over event times from 0 on. ``group``:
    the plain mean over each cohort's periods; overall, by :math:`P(G = g)`. ``calendar``: by
    period, :math:`P(G = g)` within each; overall, the plain mean over periods.

    Source: Callaway and Sant'Anna (2021), section 3, and the function ``aggte`` of the R package
    did 2.1.
    """
    after = np.flatnonzero(cells.after)
    if kind == "simple":
        value, psi = _weighted(cells, after)
        return Aggregate(
            kind,
            np.empty(0, np.intp),
            np.empty(0),
            value,
            psi[:, None],
            cells.cluster,
        )
    if kind == "group":
        return _by_group(cells, after)
    if kind == "calendar":
        keys, within = cells.period, after
    elif kind == "dynamic":
        keys, within = cells.since, np.flatnonzero(cells.after | cells.before)
    else:
        raise InputError("there is no such aggregation", key="kind", seen=kind)
    at = np.unique(keys[within])
    parts = [_weighted(cells, within[keys[within] == key]) for key in at]
    values = np.array([value for value, _ in parts])
    psi = np.column_stack([p for _, p in parts])
    counted = at >= 0
    return Aggregate(
        kind,
        at,
        values,
        float(values[counted].mean()),
        np.column_stack([psi, psi[:, counted].mean(axis=1)]),
        cells.cluster,
    )


def _weighted(cells: GroupTime, within: Codes) -> tuple[float, Array]:
    """Average some cells by the share of their cohort; the shares are estimated too."""
    share, values = cells.share[within], cells.estimate[within]
    w = share / share.sum()
    value = float(w @ values)
    member = cells.weight[:, None] * (cells.start[:, None] == cells.cohort[within]) - share
    psi = cells.influence[:, within] @ w + member @ (values - value) / share.sum()
    return value, psi


def _by_group(cells: GroupTime, after: Codes) -> Aggregate:
    cohorts = np.unique(cells.cohort[after])
    own = [after[cells.cohort[after] == g] for g in cohorts]
    values = np.array([cells.estimate[k].mean() for k in own])
    psi = np.column_stack([cells.influence[:, k].mean(axis=1) for k in own])
    share = np.array([cells.share[k[0]] for k in own])
    w = share / share.sum()
    overall = float(w @ values)
    member = cells.weight[:, None] * (cells.start[:, None] == cohorts) - share
    last = psi @ w + member @ (values - overall) / share.sum()
    return Aggregate("group", cohorts, values, overall, np.column_stack([psi, last]), cells.cluster)


def _correlation(covariance: Array) -> Array:
    sd = np.sqrt(np.diag(covariance))
    out: Array = covariance / np.outer(sd, sd)
    return out
