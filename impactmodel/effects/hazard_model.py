"""Hazards of leaving by competing causes: a multinomial logit over periods."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from impactmodel.effects.centring import information_share, shifted_normal
from impactmodel.effects.endings import average_endings
from impactmodel.effects.hazard_priors import HazardPriors, base_level
from impactmodel.effects.predictor import RAW, Array, Parameters
from impactmodel.effects.spell_layout import TREATED, SpellLayout

_NAME = "hazard"


@dataclass(frozen=True, slots=True, eq=False)
class HazardModel:
    """The model of `HazardPriors` over the patterns of a layout.

    Its parameters are ``hazard_baseline`` (band, cause), ``hazard_effect`` (band, cause),
    ``hazard_slope`` (covariate, cause), ``hazard_group_level`` and ``hazard_group_effect`` (group,
    cause), and the spreads of these, on the log-odds scale.

    Parameters
    ----------
    layout
        Counts by arm and pattern.
    priors
        Every number that is assumed.
    """

    layout: SpellLayout
    priors: HazardPriors

    @property
    def ends(self) -> tuple[int, ...]:
        """Last period of each band."""
        return self.priors.ends(self.layout.horizon)

    @property
    def pooled(self) -> bool:
        """Whether groups have their own level and effect."""
        return len(self.layout.groups) > 1

    @property
    def signature(self) -> Hashable:
        """What decides the compiled code."""
        kinds = tuple(type(p).__name__ for p in (self.priors.baseline, self.priors.effect))
        sizes = (len(self.ends), self.layout.causes, self.layout.x.shape[1])
        return (type(self).__name__, kinds, sizes, len(self.layout.groups))

    @property
    def target_accept(self) -> float:
        """Acceptance that a sampler's steps are adapted to."""
        return 0.99 if self.pooled else 0.9

    @property
    def statement(self) -> str:
        """One sentence on the model, for the record."""
        p = self.priors
        return (
            f"discrete-time hazards of {self.layout.causes} competing causes, multinomial logit: "
            f"base hazard {p.base_hazard:g}, level N(0, {p.level_sd:g}), treatment "
            f"N(0, {p.treatment_sd:g}), baseline over time {_words(p.baseline)}, effect over time "
            f"{_words(p.effect)}"
        )

    @property
    def data(self) -> dict[str, npt.NDArray[Any]]:
        """The arrays that the PyMC model reads, by name."""
        p, layout, first = self.priors, self.layout, np.concatenate([[0], self.ends[:-1]])
        group = np.eye(len(layout.groups))[layout.group]
        scales = [base_level(p, layout.causes), p.level_sd, p.treatment_sd, p.slope_sd, p.group_sd]
        scales += [s if s is not None else 1.0 for s in (p.baseline.scale, p.effect.scale)]
        walks = np.concatenate([p.baseline.shape(self.ends), p.effect.shape(self.ends)], axis=1)
        given = {
            f"{_NAME}_at_risk": np.add.reduceat(layout.at_risk, first, axis=2),
            f"{_NAME}_exits": np.add.reduceat(layout.exits, first, axis=2),
            f"{_NAME}_priors": np.array(scales),
        }
        # Data that the model does not read is no part of the compiled code.
        optional = ((f"{_NAME}_walks", walks), (f"{_NAME}_x", layout.x))
        given |= {name: values for name, values in optional if values.shape[1]}
        return given | (self._grouped(group) if self.pooled else {})

    def _grouped(self, inside: Array) -> dict[str, Array]:
        """Return where groups are, and their shares of what is known (group, cause)."""
        exits = np.einsum("pg,aptk->gak", inside, self.layout.exits)
        return {f"{_NAME}_in_group": inside, f"{_NAME}_share": information_share(exits)}

    def add(self, data: Mapping[str, Any]) -> None:
        """Add parameters and likelihood to the PyMC model in context."""
        import pymc as pm
        import pytensor.tensor as pt

        causes, scales = self.layout.causes, data[f"{_NAME}_priors"]
        steps = self.priors.baseline.shape(self.ends).shape[1]
        walks: Any = data.get(f"{_NAME}_walks")

        def course(name: str, mean: Any, columns: slice, scale: Any) -> Any:
            """Return a level that moves over bands (band, cause)."""
            moved = mean + pt.zeros((len(self.ends), causes))
            if columns.stop > columns.start:
                size = (columns.stop - columns.start, causes)
                spread = pm.HalfNormal(f"{name}_step", scale, shape=causes)
                raw = pm.Normal(f"{name}{RAW}", 0.0, 1.0, shape=size)
                moved = moved + (walks[:, columns] @ raw) * spread
            return pm.Deterministic(name, moved)

        groups, (level, effect) = self._add_levels(data)
        more = self.priors.effect.shape(self.ends).shape[1]
        baseline = course(f"{_NAME}_baseline", level, slice(0, steps), scales[5])
        moving = course(f"{_NAME}_effect", effect, slice(steps, steps + more), scales[6])
        here: Any = 0.0
        own: Any = 0.0
        if self.layout.x.shape[1]:
            slope = pm.Normal(
                f"{_NAME}_slope", 0.0, scales[3], shape=(self.layout.x.shape[1], causes)
            )
            here = (data[f"{_NAME}_x"] @ slope)[:, None, :]
        if self.pooled:
            inside = data[f"{_NAME}_in_group"]
            here, own = here + (inside @ groups[0])[:, None], (inside @ groups[1])[:, None]
        # Dims of what follows: arm, pattern, band and cause.
        base, move = baseline[None] + here, (moving[None] + own) / 2
        eta = pt.stack([base + move, base - move])
        exits, at_risk = data[f"{_NAME}_exits"], data[f"{_NAME}_at_risk"]
        stay = pt.log1p(pt.exp(eta).sum(axis=-1))
        log = (exits * eta).sum() - (at_risk * stay).sum()
        pm.Potential(f"{_NAME}_likelihood", log)

    def _add_levels(self, data: Mapping[str, Any]) -> tuple[list[Any], list[Any]]:
        """Add the average level and effect (cause), and groups' deviations (group, cause)."""
        import pymc as pm

        causes, scales = self.layout.causes, data[f"{_NAME}_priors"]
        groups, means = [], []
        parts = (("level", "level", scales[0], scales[1]), ("treatment", "effect", 0.0, scales[2]))
        for mean_name, own_name, mean, sd in parts:
            name = f"{_NAME}_{mean_name}"
            if not self.pooled:
                means.append(pm.Normal(name, mean, sd, shape=causes))
                continue
            group = f"{_NAME}_group_{own_name}"
            spread = pm.HalfNormal(f"{group}_sd", scales[4], shape=causes)
            raw = pm.Normal(f"{group}{RAW}", 0.0, 1.0, shape=(len(self.layout.groups), causes))
            groups.append(pm.Deterministic(group, raw * spread))
            shift = (data[f"{_NAME}_share"] * groups[-1]).sum(axis=0)
            means.append(shifted_normal(name, mean, sd, shift))
        return groups, means

    def prior(self, n: int, rng: np.random.Generator) -> dict[str, Array]:
        """Draw the parameters from their priors."""
        p, causes, groups = self.priors, self.layout.causes, len(self.layout.groups)
        level = rng.normal(base_level(p, causes), p.level_sd, (n, causes))
        treatment = rng.normal(0.0, p.treatment_sd, (n, causes))
        drawn = {f"{_NAME}_level": level, f"{_NAME}_treatment": treatment}
        for name, mean, over in (("baseline", level, p.baseline), ("effect", treatment, p.effect)):
            shape = over.shape(self.ends)
            moved = np.repeat(mean[:, None, :], len(self.ends), axis=1)
            if over.scale is not None and shape.shape[1]:
                spread = np.abs(rng.normal(0.0, over.scale, (n, causes)))
                raw = rng.standard_normal((n, shape.shape[1], causes))
                moved = moved + np.einsum("bs,nsk->nbk", shape, raw) * spread[:, None, :]
                drawn[f"{_NAME}_{name}_step"] = spread
            drawn[f"{_NAME}_{name}"] = moved
        if covariates := self.layout.x.shape[1]:
            drawn[f"{_NAME}_slope"] = rng.normal(0.0, p.slope_sd, (n, covariates, causes))
        if self.pooled:
            for name in (f"{_NAME}_group_level", f"{_NAME}_group_effect"):
                spread = np.abs(rng.normal(0.0, p.group_sd, (n, causes)))
                drawn[f"{name}_sd"] = spread
                drawn[name] = spread[:, None, :] * rng.standard_normal((n, groups, causes))
        return drawn

    def hazards(self, drawn: Parameters, part: slice, arm: int) -> Array:
        """Return the hazards of some draws in an arm (draw, pattern, period, cause)."""
        layout = self.layout
        named = {key.removeprefix(f"{_NAME}_"): values[part] for key, values in drawn.items()}
        sign = 0.5 if arm == TREATED else -0.5
        eta = (named["baseline"] + sign * named["effect"])[:, None]
        if layout.x.shape[1]:
            eta = eta + np.einsum("px,nxk->npk", layout.x, named["slope"])[:, :, None]
        if self.pooled:
            own = named["group_level"] + sign * named["group_effect"]
            eta = eta + own[:, layout.group, None]
        odds = np.exp(np.minimum(eta, 300.0))
        hazard = odds / (1 + odds.sum(axis=-1, keepdims=True))
        hazard = np.broadcast_to(hazard, (len(hazard), len(layout.people), *hazard.shape[2:]))
        band = np.searchsorted(self.ends, np.arange(1, layout.horizon + 1))
        return np.asarray(hazard[:, :, band])

    def endings(self, drawn: Parameters) -> Array:
        """Return probabilities of leaving, averaged over the patterns of each group."""
        layout = self.layout
        size = len(layout.people) * layout.horizon * layout.causes
        draws = len(drawn[f"{_NAME}_level"])
        return average_endings(
            lambda part, arm: self.hazards(drawn, part, arm), draws, layout.weights(), size
        )


def _words(over: object) -> str:
    kind, scale = type(over).__name__, getattr(over, "scale", None)
    words = {"Constant": "constant", "RandomWalk": "a random walk", "PooledPeriods": "pooled"}[kind]
    return words if scale is None else f"{words} ({scale:g})"
