"""A linear predictor: design columns with normal priors, and groups that are partly pooled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from impactmodel.effects.layout import Codes, Layout

if TYPE_CHECKING:
    from impactmodel.effects.priors import InterceptAt

type Array = npt.NDArray[np.float64]
type Parameters = Mapping[str, Array]
"""Draws of each parameter: name to array (draw, ...)."""

RAW = "_group_raw"
"""Ending of the coordinates that the sampler moves in; they are not kept."""

# Level and effect: the columns of x that a group has its own coefficients of.
_OWN = 2


@dataclass(frozen=True, slots=True, eq=False)
class Predictor:
    r"""A linear predictor on a model's own scale.

    .. math:: \eta = \alpha_g + \tau_g\,(t - t_0) + z'\beta

    with :math:`\alpha_g \sim N(\alpha, \sigma_1^2)`, :math:`\tau_g \sim N(\tau, \sigma_2^2)` and
    half-normal :math:`\sigma` where groups are pooled, :math:`\alpha_g = \alpha` and
    :math:`\tau_g = \tau` otherwise; all coefficients are normal. Columns of *x*: 1,
    :math:`t - t_0`, covariates *z*.

    Parameters
    ----------
    name
        Prefix of its parameters.
    columns
        Names of the columns of *x*.
    mean, sd
        Priors of the coefficients.
    rows
        *x* of each cell (cell, column).
    treated, untreated
        *x* of each pattern with and without the programme (pattern, column).
    group, pattern_group, groups
        Group of each cell and pattern, and their labels.
    group_sd
        Scale of the half-normal priors; None without pooled groups.
    centred
        The coordinates of each group's level and effect (group, part), see `centring`.
    """

    name: str
    columns: tuple[str, ...]
    mean: Array
    sd: Array
    rows: Array
    treated: Array
    untreated: Array
    group: Codes
    pattern_group: Codes
    groups: tuple[str, ...]
    group_sd: float | None
    centred: Array

    @classmethod
    def of(
        cls,
        name: str,
        layout: Layout,
        priors: tuple[float, float, float, float],
        intercept_at: InterceptAt,
        pooling: tuple[float, Array],
    ) -> Predictor:
        """Lay out a predictor.

        ``priors`` are the intercept's mean and sd, and the sds of treatment and slopes;
        ``pooling`` is the scale of the spread between groups, and which are well known.
        """
        centre, intercept_sd, treatment_sd, slope_sd = priors
        start = layout.treated_share if intercept_at == "average" else 0.0
        count = len(layout.covariates)

        def columns(arm: Array, z: Array) -> Array:
            return np.column_stack([np.ones(len(z)), arm - start, z])

        patterns = len(layout.pattern_z)
        return cls(
            name=name,
            columns=("intercept", "treatment", *layout.covariates),
            mean=np.array([centre, 0.0] + [0.0] * count),
            sd=np.array([intercept_sd, treatment_sd] + [slope_sd] * count),
            rows=columns(layout.arm, layout.z),
            treated=columns(np.ones(patterns), layout.pattern_z),
            untreated=columns(np.zeros(patterns), layout.pattern_z),
            group=layout.cells.group,
            pattern_group=layout.pattern_group,
            groups=layout.groups,
            group_sd=pooling[0] if layout.by_group else None,
            centred=pooling[1],
        )

    @property
    def beta(self) -> str:
        """Name of the coefficients."""
        return f"{self.name}_beta"

    @property
    def target_accept(self) -> float:
        """Acceptance that a sampler's steps are adapted to: groups need small steps."""
        return 0.8 if self.group_sd is None else 0.99

    @property
    def data(self) -> dict[str, npt.NDArray[Any]]:
        """The arrays that the PyMC model reads, by name."""
        arrays: dict[str, npt.NDArray[Any]] = {
            f"{self.name}_rows": self.rows,
            f"{self.name}_prior": np.stack([self.mean, self.sd]),
        }
        if self.group_sd is not None:
            arrays[f"{self.name}_group_of_cell"] = self.group
            arrays[f"{self.name}_group_scale"] = np.array(self.group_sd)
            arrays[f"{self.name}_centred"] = self.centred
        return arrays

    def add(self, data: Mapping[str, Any]) -> Any:
        """Add the parameters to the PyMC model in context; return the predictor of the cells."""
        import pymc as pm

        rows, prior = data[f"{self.name}_rows"], data[f"{self.name}_prior"]
        dim = f"{self.name}_column"
        pm.modelcontext(None).add_coord(dim, self.columns)
        beta = pm.Normal(self.beta, prior[0], prior[1], dims=dim)
        if self.group_sd is None:
            return rows @ beta
        part, place = f"{self.name}_part", f"{self.name}_place"
        pm.modelcontext(None).add_coords({part: ("level", "effect"), place: self.groups})
        sd = pm.HalfNormal(f"{self.name}_group_sd", data[f"{self.name}_group_scale"], dims=part)
        # Centred coordinates are the group's own, the others its standardised deviation.
        own = data[f"{self.name}_centred"]
        raw = pm.Normal(f"{self.name}{RAW}", own * beta[:2], sd**own, dims=(place, part))
        group = pm.Deterministic(
            f"{self.name}_group",
            beta[:2] + sd ** (1 - own) * (raw - own * beta[:2]),
            dims=(place, part),
        )
        mine = group[data[f"{self.name}_group_of_cell"]]
        eta = mine[:, 0] + rows[:, 1] * mine[:, 1]
        return eta if len(self.columns) == _OWN else eta + rows[:, _OWN:] @ beta[_OWN:]

    def prior(self, n: int, rng: np.random.Generator) -> dict[str, Array]:
        """Draw the parameters from their priors."""
        beta = self.mean + self.sd * rng.standard_normal((n, len(self.mean)))
        drawn = {self.beta: beta}
        if self.group_sd is not None:
            sd = np.abs(rng.normal(0.0, self.group_sd, (n, _OWN)))
            deviation = sd[:, None, :] * rng.standard_normal((n, len(self.groups), _OWN))
            drawn[f"{self.name}_group_sd"] = sd
            drawn[f"{self.name}_group"] = beta[:, None, :_OWN] + deviation
        return drawn

    def another_group(self, drawn: Parameters, rng: np.random.Generator) -> dict[str, Array]:
        """Draw level and effect of a group that is not in the evidence, after those that are."""
        beta, sd = drawn[self.beta], drawn[f"{self.name}_group_sd"]
        new = beta[:, :_OWN] + sd * rng.standard_normal(sd.shape)
        name = f"{self.name}_group"
        return {**drawn, name: np.concatenate([drawn[name], new[:, None]], axis=1)}

    def evaluate(self, drawn: Parameters, *, treated: bool) -> Array:
        """Return the predictor of every pattern in one arm (draw, pattern)."""
        x = self.treated if treated else self.untreated
        return self._at(drawn, x, self.pattern_group)

    def evaluate_cells(self, drawn: Parameters) -> Array:
        """Return the predictor of every cell (draw, cell)."""
        return self._at(drawn, self.rows, self.group)

    def _at(self, drawn: Parameters, x: Array, group: Codes) -> Array:
        beta = drawn[self.beta]
        if self.group_sd is None:
            out: Array = beta @ x.T
            return out
        mine = drawn[f"{self.name}_group"][:, group]
        eta: Array = mine[..., 0] + x[:, 1] * mine[..., 1] + beta[:, _OWN:] @ x[:, _OWN:].T
        return eta
