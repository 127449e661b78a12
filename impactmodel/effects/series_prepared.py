"""Designs of one treated series made ready: priors, posterior, checks and outcomes."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from impactmodel.core.measures import OutcomeMeasure
from impactmodel.core.outcomes import Outcomes, Provenance
from impactmodel.core.seeds import stream
from impactmodel.effects import sampling
from impactmodel.effects.checks import Check, Diagnostics
from impactmodel.effects.designs import Say
from impactmodel.effects.methods import ClosedForm, Sampler
from impactmodel.effects.result import EffectFit
from impactmodel.effects.treated_series import Array, TreatedSeries

if TYPE_CHECKING:
    import pymc as pm
    import xarray as xr

type Draws = Mapping[str, Array]


class SeriesModel(sampling.Sampled, Protocol):
    """The model of one outcome's series without the programme."""

    @property
    def measure(self) -> OutcomeMeasure:
        """The outcome."""
        ...

    def prior(self, n: int, rng: np.random.Generator) -> dict[str, Array]:
        """Draw the parameters from their priors."""
        ...

    def exact(self, n: int, rng: np.random.Generator) -> dict[str, Array]:
        """Draw the parameters independently from the exact posterior."""
        ...

    def simulated(self, drawn: Draws, rng: np.random.Generator) -> Array:
        """Return the periods from the start on as the parameters alone imply (draw, period)."""
        ...

    def counterfactual(self, drawn: Draws, rng: np.random.Generator) -> Array:
        """Return the periods from the start on, given those before (draw, period)."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class PreparedSeries:
    """A design of one treated series, ready to be drawn and fitted.

    Parameters
    ----------
    models
        One per outcome.
    series
        The treated and the untreated.
    provenance
        Before any draw.
    checks
        Computes the design's checks.
    exact
        Whether the exact posterior can be computed, and if not, why.
    """

    models: tuple[SeriesModel, ...]
    series: TreatedSeries
    provenance: Provenance
    checks: Callable[[], tuple[Check, ...]]
    exact: str

    def build(self) -> pm.Model:
        """Return one PyMC model with every outcome's model side by side."""
        return sampling.assemble(self.models)

    def prior(self, draws: int, seed: int) -> Outcomes:
        """Draw the outcomes that the priors imply; the treated had what they are seen to have."""
        without = []
        for model in self.models:
            rng = stream(seed, "prior", model.measure.name)
            without.append(model.simulated(model.prior(draws, rng), rng))
        provenance = dataclasses.replace(
            self.provenance.assuming("drawn from the priors, before the data"), seed=seed
        )
        return self.series.outcomes(without, provenance)[0]

    def fit(self, method: Sampler | ClosedForm, say: Say) -> EffectFit:
        """Compute the posterior, its checks and the outcomes."""
        if isinstance(method, ClosedForm):
            say("computing the exact posterior")
            drawn, chains, posterior = self._exactly(method)
        else:
            say("compiling the model and sampling its posterior")
            drawn, chains, posterior = self._sampled(method)
        say("checking the fit")
        without = [
            model.counterfactual(drawn, stream(method.seed, "without", model.measure.name))
            for model in self.models
        ]
        provenance = dataclasses.replace(self.provenance, seed=method.seed)
        outcomes, bounds = self.series.outcomes(without, provenance)
        checks = (*chains.checks(), *self.checks(), *bounds)
        diagnostics = Diagnostics(checks, chains.rhat_max, chains.ess_min, chains.divergences)
        provenance = dataclasses.replace(outcomes.provenance, diagnostics=diagnostics.status)
        return EffectFit(outcomes.replace(provenance=provenance), diagnostics, posterior)

    def _exactly(self, method: ClosedForm) -> tuple[Draws, sampling.Chains, xr.DataTree]:
        drawn: dict[str, Array] = {}
        for model in self.models:
            drawn |= model.exact(method.draws, stream(method.seed, model.measure.name))
        tree = tree_of({name: values[None] for name, values in drawn.items()})
        return drawn, sampling.Chains(1.0, float(method.draws), 0), tree

    def _sampled(self, method: Sampler) -> tuple[Draws, sampling.Chains, xr.DataTree]:
        tree = self.sample(method)
        values = {str(k): v.values for k, v in tree["posterior"].dataset.items()}
        stats = tree.children.get("sample_stats")
        divergences = 0 if stats is None else int(stats["diverging"].sum())
        flat = {k: v.reshape(-1, *v.shape[2:]) for k, v in values.items()}
        return flat, sampling.measure_chains(values, divergences), tree

    def sample(self, method: Sampler) -> xr.DataTree:
        """Sample the posterior of all models."""
        return sampling.sample(self.models, method)


def tree_of(values: Draws) -> xr.DataTree:
    """Return draws (chain, draw, ...) as a posterior."""
    import xarray as xr

    data = xr.Dataset(
        {
            name: (("chain", "draw", *(f"{name}_{i}" for i in range(2, v.ndim))), v)
            for name, v in values.items()
        }
    )
    return xr.DataTree.from_dict({"posterior": data})
