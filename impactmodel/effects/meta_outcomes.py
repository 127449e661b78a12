"""Pooled effects and the levels of their target become outcomes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from impactmodel.core import distribution
from impactmodel.core.distribution import Uncertain
from impactmodel.core.errors import InputError
from impactmodel.core.measures import OutcomeMeasure
from impactmodel.core.outcomes import Outcomes, Provenance
from impactmodel.core.schedule import Periods
from impactmodel.core.seeds import stream
from impactmodel.effects.horizons import Horizon
from impactmodel.effects.meta_targets import EachStudy, Target
from impactmodel.effects.predictor import Array

# A heavy-tailed prior may give logarithms of ratios that no computer can take the power of.
_LARGEST_LOG = 100.0


@dataclass(frozen=True, slots=True, eq=False)
class _Level:
    """The outcome without the programme at one horizon (draw, group), and its sd (group)."""

    base: Array
    person_sd: Array | None


@dataclass(frozen=True, slots=True, eq=False)
class TargetOutcomes:
    """Where pooled effects are applied.

    Parameters
    ----------
    horizons
        What was pooled.
    target, groups, cohort_size, periods
        Whose effect it is, in which groups of how many people, and when.
    """

    horizons: tuple[Horizon, ...]
    target: Target
    groups: tuple[str, ...]
    cohort_size: tuple[float, ...]
    periods: Periods

    @property
    def measures(self) -> tuple[OutcomeMeasure, ...]:
        """The outcomes, in order."""
        return tuple(dict.fromkeys(h.measure for h in self.horizons))

    def outcomes(
        self, effects: Sequence[Array], provenance: Provenance, seed: int, *, cap: bool
    ) -> Outcomes:
        """Return outcomes for draws of each horizon's effect (draw, group).

        Parameters
        ----------
        effects
            On the scale of the estimates, per horizon.
        cap
            Set probabilities outside [0, 1] to the bound whatever the target says.
        """
        n = len(effects[0])
        shape = (n, len(self.groups), len(self.measures), self.periods.count)
        treated, base = np.zeros(shape), np.zeros(shape)
        known = np.ones(len(self.measures), dtype=bool)
        levels = [self._level(h, n, seed) for h in self.horizons]
        notes: list[str] = []
        for h, level, effect in zip(self.horizons, levels, effects, strict=True):
            at = self.measures.index(h.measure)
            known[at] &= level is not None
            without = np.zeros_like(effect) if level is None else level.base
            with_it = without + effect
            if h.ratio:
                with_it = without * np.exp(np.clip(effect, -_LARGEST_LOG, _LARGEST_LOG))
            if h.measure.kind == "binary" and level is not None:
                with_it = self._inside(with_it, h, notes, cap=cap)
            when = slice(h.periods[0] - 1, h.periods[1])
            treated[:, :, at, when] = (with_it / h.span)[..., None]
            base[:, :, at, when] = (without / h.span)[..., None]
        spread = self._between_people(levels, treated, base)
        if spread is not None and len(self.horizons) > 1:
            notes.append("between people, outcomes are taken as independent of each other")
        made = Outcomes.from_draws(
            treated,
            None,
            measures=self.measures,
            periods=self.periods,
            cohort_size=self.cohort_size,
            provenance=provenance.assuming(*notes),
            groups=self.groups,
            covariance=spread,
        )
        data = made.dataset.assign_coords(counterfactual_known=("outcome", known))
        return Outcomes(data.assign(counterfactual=(data["treated"].dims, base)))

    def _inside(self, p: Array, h: Horizon, notes: list[str], *, cap: bool) -> Array:
        """Return probabilities within [0, 1], or refuse them."""
        share = float(np.mean((p < 0) | (p > 1)))
        if share == 0:
            return p
        if self.target.outside == "refuse" and not cap:
            raise InputError(
                f"in {share:.1%} of draws the probability of {h.place} leaves [0, 1]",
                key="target.outside",
                fix="check the level, pool differences instead of ratios, or set it to cap",
            )
        notes.append(
            f"in {share:.1%} of draws the probability of {h.place} left [0, 1] and was set to the "
            "bound"
        )
        return np.clip(p, 0.0, 1.0)

    def _stated(self, h: Horizon) -> list[tuple[Uncertain, float | None]]:
        """Return mean and person sd of each group's level; empty where one is not known."""
        if isinstance(self.target, EachStudy):
            own = [(e.level.mean, e.level.person_sd) for e in h.estimates if e.level]
            return own if len(own) == len(h.estimates) else []
        found = [
            (level.mean, level.person_sd)
            for level in self.target.levels
            if level.outcome == h.measure.name and level.periods in {None, h.periods}
        ]
        if len(found) > 1:
            raise InputError(f"{h.place} has two levels", key="target.levels")
        return found

    def _level(self, h: Horizon, n: int, seed: int) -> _Level | None:
        stated = self._stated(h)
        if not stated and h.ratio:
            raise InputError(
                f"the effect on {h.place} is a ratio of an unknown level",
                key="studies" if isinstance(self.target, EachStudy) else "target.levels",
                fix="give the level without the programme",
            )
        if not stated:
            return None
        rng = stream(seed, "level", h.name)
        base = np.stack([distribution.draw(mean, n, rng) for mean, _ in stated], axis=1)
        sds = [sd for _, sd in stated if sd is not None]
        return _Level(base, np.array(sds) if len(sds) == len(stated) else None)

    def _between_people(
        self, levels: Sequence[_Level | None], treated: Array, base: Array
    ) -> Array | None:
        """Return the covariance between people, if every outcome has a spread."""
        _, groups, outcomes, periods = treated.shape
        covariance = np.zeros((2, groups, outcomes, periods, outcomes, periods))
        for h, level in zip(self.horizons, levels, strict=True):
            at, when = self.measures.index(h.measure), np.arange(h.periods[0] - 1, h.periods[1])
            for arm, values in enumerate((treated, base)):
                p = values[:, :, at, when[0]].mean(axis=0)
                if h.measure.kind == "binary" and level is not None:
                    variance = p * (1 - p)
                elif level is not None and level.person_sd is not None:
                    variance = (level.person_sd / h.span) ** 2
                else:
                    return None
                for group, value in enumerate(variance):
                    covariance[arm, group, at, when[:, None], at, when[None, :]] = value
        return covariance
