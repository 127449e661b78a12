"""Which units and periods of a panel identify the effects of a staggered start."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from impactmodel.core.errors import InputError, NotIdentifiedError
from impactmodel.effects.did_options import Comparison
from impactmodel.evidence.panel import Panel

type Array = npt.NDArray[np.float64]
type Codes = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """The units that are compared.

    Parameters
    ----------
    panel
        The panel they come from.
    units
        Their places in the panel (unit).
    y, x
        Outcomes (unit, period, outcome) and covariates (unit, period, covariate).
    start
        First treated period (unit); at or beyond ``end`` a unit is a control only.
    weight
        Size of each unit, mean 1 (unit).
    cluster
        Code of what errors may be dependent within (unit).
    cohorts
        The starts whose effects are identified.
    end
        First period in which no effect is identified.
    left_out
        Units that are treated from the first period on.
    """

    panel: Panel
    units: Codes
    y: Array
    x: Array
    start: Array
    weight: Array
    cluster: Codes
    cohorts: tuple[int, ...]
    end: int
    left_out: int

    @property
    def size(self) -> int:
        """Number of units."""
        return len(self.start)

    def members(self, cohort: int) -> npt.NDArray[np.bool_]:
        """Whether each unit starts in this period (unit)."""
        return np.asarray(self.start == cohort)

    def label(self, cohort: int) -> str:
        """Return the name of a cohort: its first treated period."""
        return self.panel.labels[cohort]


def take_sample(panel: Panel, comparison: Comparison) -> Sample:
    """Choose the units and periods that identify effects.

    Raises
    ------
    NotIdentifiedError
        If nobody is treated in these periods, nobody is untreated after the first start (a naive
        before/after comparison), or nobody is observed before the start.
    InputError
        If never-treated controls are asked for and there are none, or covariates or groups are
        asked for and there are none.
    """
    if comparison.adjust and not panel.covariates:
        raise InputError(
            "there are no covariates to adjust for", key="adjust", fix="name them in the panel"
        )
    if comparison.cluster == "group" and len(panel.groups) == 1:
        raise InputError("there is one group only to cluster by", key="cluster", fix="use unit")
    early = panel.start <= comparison.anticipation
    treated = panel.start < panel.periods.count
    _require_identified(panel, early, treated, comparison)
    kept = np.flatnonzero(~early)
    start = panel.start[kept]
    end = panel.periods.count
    if not np.isinf(start).any():
        # The last to start have no controls from then on, and are controls only.
        end = int(min(end, start.max() - comparison.anticipation))
    cohorts = sorted({int(g) for g in start if g < end})
    cluster = kept if comparison.cluster == "unit" else panel.group[kept]
    return Sample(
        panel=panel,
        units=kept,
        y=panel.y[kept],
        x=panel.x[kept],
        start=start,
        weight=panel.weights[kept] / panel.weights[kept].mean(),
        cluster=np.unique(cluster, return_inverse=True)[1].astype(np.intp),
        cohorts=tuple(cohorts),
        end=end,
        left_out=int(early.sum()),
    )


def _require_identified(
    panel: Panel,
    early: npt.NDArray[np.bool_],
    treated: npt.NDArray[np.bool_],
    comparison: Comparison,
) -> None:
    if not treated.any():
        raise NotIdentifiedError(
            "no unit starts treatment in these periods, so there is no effect to estimate"
        )
    if not (treated & ~early).any():
        raise NotIdentifiedError(
            "no treated unit is observed before its start (and before any anticipation), so its "
            "change is not seen; add earlier periods"
        )
    first = panel.start[treated & ~early].min()
    if not (panel.start > first + comparison.anticipation).any():
        raise NotIdentifiedError(
            f"every unit is treated from {panel.labels[int(first)]} on: a change from before to "
            "after mixes the effect with whatever else changed (trend, season, business cycle, "
            "recovery from a dip), and nothing in this panel tells them apart; add units that are "
            "not treated then, or use InterruptedTimeSeries and state what the series would have "
            "done"
        )
    if comparison.controls == "never":
        panel.require_never_treated()
        if not panel.never.any():
            raise InputError(
                "no unit is never treated",
                key="controls",
                seen="never",
                fix='use Comparison(controls="not_yet")',
            )
