"""What every design gives to `fit`: models of its outcomes and the frame of its results."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import singledispatch

import numpy as np

from impactmodel.core.measures import OutcomeMeasure
from impactmodel.core.outcomes import Outcomes, Provenance
from impactmodel.core.schedule import Periods
from impactmodel.effects.coupling import Order, pair
from impactmodel.effects.model import Levels, OutcomeModel
from impactmodel.effects.predictor import Array


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """A design made ready: a new design is one file that registers `prepare` for its type.

    Parameters
    ----------
    models
        One per outcome.
    periods, groups, cohort_size
        Labels of the results; people per group for whom the outcomes are wanted.
    provenance
        Estimand, population, design and assumptions, before any draw.
    estimators
        Correlation between the estimators of an arm's means (arm, outcome, outcome); None where
        it is not known.
    people
        Correlation of the outcomes between people of an arm (arm, outcome, outcome), NaN where it
        is not known.
    exact
        Whether the exact posterior can be computed, and if not, why.
    """

    models: tuple[OutcomeModel, ...]
    periods: Periods
    groups: tuple[str, ...]
    cohort_size: Array
    provenance: Provenance
    estimators: Array | None
    people: Array
    exact: str

    @property
    def measures(self) -> tuple[OutcomeMeasure, ...]:
        """The outcomes, in order."""
        return tuple(model.measure for model in self.models)

    def pairing(self, levels: Sequence[Levels], rng: np.random.Generator) -> list[Order]:
        """Return the order of each outcome's draws, so that outcomes of one person go together."""
        share = self.cohort_size / self.cohort_size.sum()
        means = np.stack([(level.mean @ share).T for level in levels])
        if self.estimators is None or len(levels) == 1:
            return [np.arange(means.shape[1])] * len(levels)
        return pair(means, self.estimators, rng)

    def outcomes(
        self, levels: Sequence[Levels], orders: Sequence[Order], provenance: Provenance
    ) -> Outcomes:
        """Put the draws of all outcomes together, with their covariance between people."""
        means = np.stack(
            [level.mean[:, order] for level, order in zip(levels, orders, strict=True)], axis=-1
        )
        sd = np.stack(
            [
                np.sqrt(level.variance[:, order])
                for level, order in zip(levels, orders, strict=True)
            ],
            axis=-1,
        )
        between = np.nan_to_num(self.people)[:, None, None] * sd[..., :, None] * sd[..., None, :]
        # (arm, draw, group, outcome, outcome) becomes (draw, arm, group, outcome, 1, outcome, 1).
        covariance = np.moveaxis(between, 1, 0)[:, :, :, :, None, :, None]
        return Outcomes.from_draws(
            means[0][..., None],
            means[1][..., None],
            measures=self.measures,
            periods=self.periods,
            cohort_size=self.cohort_size,
            provenance=provenance,
            groups=self.groups,
            covariance=covariance,
        )


@singledispatch
def prepare(design: object) -> Prepared:
    """Return what `fit` needs to know of a design."""
    raise TypeError(f"{type(design).__name__} is not a design")
