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


@dataclass(frozen=True, slots=True, eq=False)
class Predictor:
    r"""A linear predictor on a model's own scale.

    .. math:: \eta = x'\beta + \sigma_1 u_g + \sigma_2 v_g\,(t - t_0)

    with :math:`\beta \sim N(m, s^2)`, and for pooled groups :math:`u, v \sim N(0, 1)` and
    half-normal :math:`\sigma`. Columns of *x*: 1, :math:`t - t_0`, covariates.

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

    @classmethod
    def of(
        cls,
        name: str,
        layout: Layout,
        priors: tuple[float, float, float, float],
        intercept_at: InterceptAt,
        group_sd: float,
    ) -> Predictor:
        """Lay out a predictor; ``priors`` are the intercept's mean and sd, and two more sds."""
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
            group_sd=group_sd if layout.pooled else None,
        )

    @property
    def beta(self) -> str:
        """Name of the coefficients."""
        return f"{self.name}_beta"

    @property
    def data(self) -> dict[str, npt.NDArray[Any]]:
        """The arrays that the PyMC model reads, by name."""
        arrays: dict[str, npt.NDArray[Any]] = {
            f"{self.name}_rows": self.rows,
            f"{self.name}_prior": np.stack([self.mean, self.sd]),
        }
        if self.group_sd is not None:
            arrays[f"{self.name}_group"] = self.group
            arrays[f"{self.name}_group_scale"] = np.array(self.group_sd)
        return arrays

    def add(self, data: Mapping[str, Any]) -> Any:
        """Add the parameters to the PyMC model in context; return the predictor of the cells."""
        import pymc as pm

        rows, prior = data[f"{self.name}_rows"], data[f"{self.name}_prior"]
        dim = f"{self.name}_column"
        pm.modelcontext(None).add_coord(dim, self.columns)
        beta = pm.Normal(self.beta, prior[0], prior[1], dims=dim)
        eta = rows @ beta
        if self.group_sd is None:
            return eta
        part, place = f"{self.name}_part", f"{self.name}_place"
        pm.modelcontext(None).add_coords({part: ("level", "effect"), place: self.groups})
        sd = pm.HalfNormal(f"{self.name}_group_sd", data[f"{self.name}_group_scale"], dims=part)
        z = pm.Normal(f"{self.name}_group_z", 0.0, 1.0, dims=(place, part))
        shift = (z * sd)[data[f"{self.name}_group"]]
        return eta + shift[:, 0] + rows[:, 1] * shift[:, 1]

    def prior(self, n: int, rng: np.random.Generator) -> dict[str, Array]:
        """Draw the parameters from their priors."""
        drawn = {self.beta: self.mean + self.sd * rng.standard_normal((n, len(self.mean)))}
        if self.group_sd is not None:
            drawn[f"{self.name}_group_sd"] = np.abs(rng.normal(0.0, self.group_sd, (n, 2)))
            drawn[f"{self.name}_group_z"] = rng.standard_normal((n, len(self.groups), 2))
        return drawn

    def evaluate(self, drawn: Parameters, *, treated: bool) -> Array:
        """Return the predictor of every pattern in one arm (draw, pattern)."""
        x = self.treated if treated else self.untreated
        return self._at(drawn, x, self.pattern_group)

    def evaluate_cells(self, drawn: Parameters) -> Array:
        """Return the predictor of every cell (draw, cell)."""
        return self._at(drawn, self.rows, self.group)

    def _at(self, drawn: Parameters, x: Array, group: Codes) -> Array:
        eta: Array = drawn[self.beta] @ x.T
        if self.group_sd is None:
            return eta
        shift = drawn[f"{self.name}_group_z"] * drawn[f"{self.name}_group_sd"][:, None, :]
        return eta + shift[:, group, 0] + x[:, 1] * shift[:, group, 1]
