"""Rows of transition matrices with a multinomial logit per origin, groups partly pooled."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from impactmodel.effects.centring import information_share, shifted_normal
from impactmodel.effects.predictor import RAW, Array, Parameters
from impactmodel.effects.transition_priors import LogitRows
from impactmodel.effects.transition_rows import Rows

_ARMS = np.array([0.5, -0.5]).reshape(2, 1, 1, 1, 1)


@dataclass(frozen=True, slots=True, eq=False)
class PooledRows:
    """Rows with a multinomial logit per origin, see `LogitRows`."""

    rows: Rows
    priors: LogitRows
    pooled: bool

    @property
    def exact(self) -> str:
        """Why there is no closed form."""
        return "transitions have a logit model"

    @property
    def signature(self) -> Hashable:
        """What decides the compiled code."""
        return type(self).__name__, self.rows.counts.shape, self.pooled

    @property
    def target_accept(self) -> float:
        """Acceptance that a sampler's steps are adapted to: groups need small steps."""
        return 0.95 if self.pooled else 0.8

    @property
    def data(self) -> dict[str, npt.NDArray[Any]]:
        """The arrays that the PyMC model reads, by name."""
        p = self.priors
        scales = np.array([p.base_sd, p.band_sd, p.treatment_sd, p.group_sd, p.group_effect_sd])
        arrays: dict[str, npt.NDArray[Any]] = {
            "move_counts": self.rows.counts,
            "move_base": np.array(self._centre),
            "move_scales": scales,
        }
        if self.pooled:
            moved = self.rows.counts[..., 1:].sum(axis=2)
            arrays["move_share"] = information_share(np.moveaxis(moved, 0, 1))
        return arrays

    @property
    def statement(self) -> str:
        """One sentence on the model, for the record."""
        p = self.priors
        said = (
            f"multinomial logit per origin state: intercepts N({self._centre:.3g}, {p.base_sd:g}), "
            f"treatment on each transition N(0, {p.treatment_sd:g})"
        )
        if self._bands > 1:
            said += f", the same in all bands, which differ in level by N(0, {p.band_sd:g})"
        if self.pooled:
            said += (
                f"; {self.rows.counts.shape[1]} groups pooled partially (spread half-normal "
                f"{p.group_sd:g} of levels and {p.group_effect_sd:g} of effects)"
            )
        return said

    @property
    def _centre(self) -> float:
        others = self.rows.counts.shape[-1] - 1
        return float(np.log((1 - self.priors.stay) / others / self.priors.stay))

    @property
    def _bands(self) -> int:
        return int(self.rows.counts.shape[2])

    @property
    def _move(self) -> tuple[int, int]:
        return self.rows.counts.shape[3], self.rows.counts.shape[4] - 1

    def add(self, data: Mapping[str, Any]) -> None:
        """Add parameters and likelihood to the PyMC model in context."""
        import pymc as pm
        import pytensor.tensor as pt

        scales, shape = data["move_scales"], self._move
        groups = self.rows.counts.shape[1]
        if self.pooled:
            sd = pm.HalfNormal("move_group_sd", scales[3:], shape=2)
            raw = pm.Normal(f"move{RAW}", 0.0, 1.0, shape=(2, groups, *shape))
            own = pm.Deterministic("move_group", sd[:, None, None, None] * raw)
            shift = (data["move_share"] * own).sum(axis=1)
            level = shifted_normal("move_level", data["move_base"], scales[0], shift[0])
            effect = shifted_normal("move_effect", 0.0, scales[2], shift[1])
            level = level + own[0][None, :, None]
            effect = effect + own[1][None, :, None]
        else:
            level = pm.Normal("move_level", data["move_base"], scales[0], shape=shape)
            effect = pm.Normal("move_effect", 0.0, scales[2], shape=shape)
        if self._bands > 1:
            band = pm.Normal("move_band", 0.0, scales[1], shape=(self._bands, *shape))
            level = level + (band[None, None] if self.pooled else band)
        eta = level + _ARMS * effect
        counts = data["move_counts"]
        norm = pt.log1p(pt.exp(eta).sum(axis=-1))
        likelihood = (counts[..., 1:] * eta).sum() - (counts.sum(axis=-1) * norm).sum()
        pm.Potential("move_likelihood", likelihood)

    def prior(self, n: int, rng: np.random.Generator) -> dict[str, Array]:
        """Draw the parameters from their priors."""
        p, shape = self.priors, self._move
        drawn = {
            "move_level": rng.normal(self._centre, p.base_sd, (n, *shape)),
            "move_effect": rng.normal(0.0, p.treatment_sd, (n, *shape)),
        }
        if self._bands > 1:
            drawn["move_band"] = rng.normal(0.0, p.band_sd, (n, self._bands, *shape))
        if self.pooled:
            sd = np.abs(rng.normal(0.0, [p.group_sd, p.group_effect_sd], (n, 2)))
            raw = rng.standard_normal((n, 2, self.rows.counts.shape[1], *shape))
            drawn |= {"move_group_sd": sd, "move_group": sd[:, :, None, None, None] * raw}
        return drawn

    def matrices(self, drawn: Parameters) -> Array:
        """Return transition matrices (draw, arm, group, band, from, to)."""
        level = drawn["move_level"][:, None, None, None]
        effect = drawn["move_effect"][:, None, None, None]
        if self._bands > 1:
            level = level + drawn["move_band"][:, None, None]
        if self.pooled:
            level = level + drawn["move_group"][:, None, 0, :, None]
            effect = effect + drawn["move_group"][:, None, 1, :, None]
        eta = level + _ARMS * effect
        full = np.concatenate([np.zeros_like(eta[..., :1]), eta], axis=-1)
        full -= full.max(axis=-1, keepdims=True)
        row = np.exp(full)
        row /= row.sum(axis=-1, keepdims=True)
        shape = (len(row), *self.rows.counts.shape)
        return self.rows.matrices(np.broadcast_to(row, shape))
