"""From endings of spells to outcomes: having a job by each horizon, and months without one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from impactmodel.core.errors import InputError
from impactmodel.core.measures import OutcomeMeasure
from impactmodel.core.outcomes import Outcomes, Provenance
from impactmodel.core.schedule import Periods
from impactmodel.effects.endings import Endings
from impactmodel.effects.predictor import Array
from impactmodel.evidence.spell_cells import SpellCells


@dataclass(frozen=True, slots=True)
class Targets:
    """What is reported of durations.

    Parameters
    ----------
    causes
        Every cause of exit.
    job
        Places of those that count as a job.
    horizons
        In periods, rising.
    outcome
        The name.
    periods
        Length of a period.
    """

    causes: tuple[str, ...]
    job: tuple[int, ...]
    horizons: tuple[int, ...]
    outcome: str
    periods: Periods

    @classmethod
    def of(
        cls, cells: SpellCells, job: Sequence[str], horizons: Sequence[int], outcome: str
    ) -> Targets:
        """Read causes and horizons of a design.

        Raises
        ------
        InputError
            If a cause is not among those of the evidence, or horizons do not rise from 1.
        """
        unknown = [cause for cause in job if cause not in cells.causes]
        if unknown or not job:
            raise InputError(
                "a job is one or more of the causes of exit",
                key="job",
                seen=", ".join(unknown),
                fix=f"use {', '.join(cells.causes)}",
            )
        rising = all(a < b for a, b in zip((0, *horizons), horizons, strict=False))
        if not horizons or not rising:
            raise InputError(
                "horizons are counted in periods and rise", key="horizons", seen=tuple(horizons)
            )
        places = tuple(cells.causes.index(cause) for cause in dict.fromkeys(job))
        return cls(cells.causes, places, tuple(horizons), outcome, cells.periods)

    @property
    def last(self) -> int:
        """The last horizon."""
        return self.horizons[-1]

    @property
    def measures(self) -> tuple[OutcomeMeasure, ...]:
        """The outcomes: a yes or no at each horizon, and months up to the last one."""
        every, step = self.periods.every, self.periods.step
        length = f"{step}s" if every == 1 else f"{every}-{step} periods"
        reached = [
            OutcomeMeasure(
                f"{self.outcome}_by_{h}",
                kind="binary",
                accrual="cumulative",
                channel="employment",
                label=f"{self.outcome} within {h} {length}",
            )
            for h in self.horizons
        ]
        # The unit is not ``months``, which a consumer would take for months in work.
        months = OutcomeMeasure(
            f"months_without_{self.outcome}",
            kind="count",
            unit=f"months without {self.outcome}",
            label=f"months without {self.outcome}, of {self.last} {length}",
        )
        return (*reached, months)

    def values(self) -> Array:
        """Return each outcome of a person by ending: period and cause, then staying."""
        ending = np.arange(1, self.last + 1)[:, None]
        is_job = np.isin(np.arange(len(self.causes)), self.job)
        reached = [[*((ending <= h) & is_job).astype(float).ravel(), 0.0] for h in self.horizons]
        months = 12 * self.periods.years * np.where(is_job, ending, self.last)
        stayed = 12 * self.periods.years * self.last
        return np.array([*reached, [*months.ravel(), stayed]])

    def outcomes(
        self, found: Endings, periods: Periods, people: Array, provenance: Provenance
    ) -> Outcomes:
        """Return outcomes with their covariance between people, which the endings imply."""
        mean, covariance = found.moments(self.values())
        level = np.moveaxis(mean, 1, 0)[..., None]
        binary = len(self.horizons)
        # Sums of probabilities leave 0 to 1 by rounding only.
        level[:, :, :, :binary] = np.clip(level[:, :, :, :binary], 0.0, 1.0)
        return Outcomes.from_draws(
            level[0],
            level[1],
            measures=self.measures,
            periods=periods,
            cohort_size=people,
            provenance=provenance,
            groups=found.groups,
            covariance=covariance[:, :, :, :, None, :, None],
        )
