"""From effects of cohorts and periods to outcomes with and without the programme."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from impactmodel.core.outcomes import Outcomes, Provenance
from impactmodel.core.schedule import Periods
from impactmodel.effects.did_group_time import GroupTime
from impactmodel.effects.did_sample import Array, Codes, Sample


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """Where each effect stands among groups and periods, and what the treated had.

    Parameters
    ----------
    cohorts
        Place of the start of each group.
    starts
        First day of treatment of each group.
    periods
        Of the results.
    place
        Group and period of each effect after the start (cell, 2); -1 for those not reported.
    observed
        Mean outcome of the treated (group, outcome, period).
    spread
        Covariance between units of a cohort (group, outcome, period, outcome, period), or None
        where it is not known.
    size
        Units per group, or their total weight.
    statements
        What must be said of all this.
    """

    cohorts: tuple[int, ...]
    starts: tuple[dt.date, ...]
    groups: tuple[str, ...]
    periods: Periods
    place: Codes
    observed: Array
    spread: Array | None
    size: Array
    statements: tuple[str, ...]

    def outcomes(
        self, sample: Sample, effects: Sequence[Array], provenance: Provenance
    ) -> tuple[Outcomes, Array]:
        """Put the effects (draw, cell) of each outcome in place.

        Returns
        -------
        tuple
            The outcomes, and for each outcome the share of draws of a probability that were set to
            0 or 1 because the effect took the counterfactual out of it.
        """
        draws, shape = len(effects[0]), self.observed.shape
        effect = np.zeros((draws, *shape))
        kept = self.place[:, 0] >= 0
        group, period = self.place[kept].T
        for k, values in enumerate(effects):
            effect[:, group, k, period] = values[:, kept]
        counterfactual = self.observed - effect
        beyond = np.zeros(shape[1])
        for k, measure in enumerate(sample.panel.outcomes):
            if measure.kind == "binary":
                outside = (counterfactual[:, :, k] < 0) | (counterfactual[:, :, k] > 1)
                beyond[k] = outside.mean(axis=0).max()
                counterfactual[:, :, k] = np.clip(counterfactual[:, :, k], 0.0, 1.0)
        made = Outcomes.from_draws(
            np.broadcast_to(self.observed, effect.shape),
            counterfactual,
            measures=sample.panel.outcomes,
            periods=self.periods,
            cohort_size=self.size,
            provenance=provenance,
            groups=self.groups,
            covariance=None if self.spread is None else np.stack([self.spread, self.spread]),
        )
        starts = np.array(self.starts, dtype="datetime64[ns]")
        return Outcomes(made.dataset.assign_coords(start=("group", starts))), beyond


def lay_frame(sample: Sample, cells: GroupTime, clock: Literal["calendar", "since_start"]) -> Frame:
    """Lay out groups and periods of the results."""
    cohorts, panel = sample.cohorts, sample.panel
    bounds = panel.periods.bounds()
    if clock == "calendar":
        first, count = min(cohorts), sample.end - min(cohorts)
        periods = dataclasses.replace(
            panel.periods, start=bounds[first][0], count=count, clock="calendar"
        )
        at = np.array([[first + i for i in range(count)]] * len(cohorts))
        column = cells.period - first
    else:
        count = sample.end - max(cohorts)
        periods = dataclasses.replace(
            panel.periods, start=bounds[min(cohorts)][0], count=count, clock="since_start"
        )
        at = np.array([[g + i for i in range(count)] for g in cohorts])
        column = np.where(cells.since < count, cells.since, -1)
    group = np.searchsorted(cohorts, cells.cohort)
    place = np.column_stack([np.where(column >= 0, group, -1), column])[cells.after]
    observed, spread = _treated(sample, at)
    weighted = bool(np.ptp(panel.weights) > 0) or panel.weights[0] != 1
    unknown = weighted or spread is None
    return Frame(
        cohorts=cohorts,
        starts=tuple(bounds[g][0] for g in cohorts),
        groups=tuple(sample.label(g) for g in cohorts),
        periods=periods,
        place=place.astype(np.intp),
        observed=observed,
        spread=None if unknown else spread,
        size=np.array([panel.weights[sample.units][sample.members(g)].sum() for g in cohorts]),
        statements=_statements(weighted, unknown, clock),
    )


def _statements(weighted: bool, unknown: bool, clock: str) -> tuple[str, ...]:
    said = [
        "a member of a cohort is a unit of the panel"
        + (", counted by its weight" if weighted else ""),
        "outcomes of the treated are those observed: effects are those of the units at hand",
    ]
    if clock == "since_start":
        said.append("periods since the start are as many as every cohort has")
    said.append(
        "the spread between members is not known: an unbalanced or weighted panel, or a cohort of "
        "one unit"
        if unknown
        else "without treatment units would spread around their mean as with it"
    )
    return tuple(said)


def _treated(sample: Sample, at: Codes) -> tuple[Array, Array | None]:
    """Return the treated's means (group, outcome, period) and, where known, their covariance."""
    means, spreads = [], []
    for g, periods in zip(sample.cohorts, at, strict=True):
        here = sample.members(g)
        y = np.swapaxes(sample.y[here][:, periods], 1, 2)
        weight = np.where(np.isfinite(y), sample.weight[here][:, None, None], 0.0)
        means.append((weight * np.nan_to_num(y)).sum(axis=0) / weight.sum(axis=0))
        flat = y.reshape(len(y), -1)
        if len(y) > 1 and np.isfinite(flat).all():
            spreads.append(np.cov(flat, rowvar=False).reshape(*y.shape[1:], *y.shape[1:]))
    known = len(spreads) == len(sample.cohorts)
    return np.stack(means), np.stack(spreads) if known else None
