"""Durations made ready: priors, posterior, checks and outcomes."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from impactmodel.core.outcomes import Outcomes, Provenance
from impactmodel.core.schedule import Periods
from impactmodel.core.seeds import stream
from impactmodel.effects import sampling
from impactmodel.effects.checks import Check, Diagnostics
from impactmodel.effects.designs import Say
from impactmodel.effects.duration_checks import few_events, predictive_survival, proportionality
from impactmodel.effects.duration_outcomes import Targets
from impactmodel.effects.endings import Endings
from impactmodel.effects.hazard_model import HazardModel
from impactmodel.effects.hazard_priors import Constant
from impactmodel.effects.methods import ClosedForm, Sampler
from impactmodel.effects.predictor import Parameters
from impactmodel.effects.result import EffectFit
from impactmodel.effects.saturated_hazard import SaturatedHazard

if TYPE_CHECKING:
    import pymc as pm
    import xarray as xr


@dataclass(frozen=True, slots=True, eq=False)
class PreparedDurations:
    """A model of hazards with what is reported of it.

    Parameters
    ----------
    model
        `HazardModel`, or the conjugate `SaturatedHazard`.
    targets
        Horizons and causes of interest.
    periods
        The one period of the outcomes: from the start to the last horizon.
    provenance
        Before any draw.
    """

    model: HazardModel | SaturatedHazard
    targets: Targets
    periods: Periods
    provenance: Provenance

    @property
    def exact(self) -> str:
        """Why there is no closed form; empty for the conjugate model."""
        if isinstance(self.model, SaturatedHazard):
            return ""
        return "the hazards of different periods share parameters"

    def build(self) -> pm.Model:
        """Return the PyMC model."""
        return sampling.assemble((self.model,))

    def endings(self, drawn: Parameters) -> Endings:
        """Return how spells end in each draw."""
        layout = self.model.layout
        periods = dataclasses.replace(self.targets.periods, count=layout.horizon)
        return Endings(self.model.endings(drawn), self.targets.causes, layout.groups, periods)

    def prior(self, draws: int, seed: int) -> Outcomes:
        """Draw the outcomes that the priors imply."""
        drawn = self.model.prior(draws, stream(seed, "prior"))
        provenance = self.provenance.assuming("drawn from the priors, before the data")
        return self._outcomes(self.endings(drawn), dataclasses.replace(provenance, seed=seed))

    def fit(self, method: Sampler | ClosedForm, say: Say) -> EffectFit:
        """Compute the posterior, its checks and the outcomes."""
        if isinstance(method, ClosedForm):
            say("computing the exact posterior")
            tree = self._exactly(method)
        else:
            say("compiling the model and sampling its posterior")
            tree = sampling.sample((self.model,), method)
        values = {str(k): np.asarray(v.values) for k, v in tree["posterior"].dataset.items()}
        drawn = {name: v.reshape(-1, *v.shape[2:]) for name, v in values.items()}
        found = self.endings(drawn)
        say("checking the fit")
        chains = self._chains(tree, values, found, method)
        checks = (*chains.checks(), *self.checks(drawn, method.seed))
        diagnostics = Diagnostics(checks, chains.rhat_max, chains.ess_min, chains.divergences)
        provenance = dataclasses.replace(
            self.provenance, seed=method.seed, diagnostics=diagnostics.status
        )
        return EffectFit(self._outcomes(found, provenance), diagnostics, tree)

    def checks(self, drawn: Parameters, seed: int) -> tuple[Check, ...]:
        """Return the checks of the data and of the fit."""
        layout, targets, model = self.model.layout, self.targets, self.model
        assumed = isinstance(model, HazardModel) and isinstance(model.priors.effect, Constant)
        draws = len(next(iter(drawn.values())))
        return (
            few_events(layout, targets.job, targets.outcome),
            proportionality(layout, targets.job, targets.outcome, assumed=assumed),
            *predictive_survival(
                layout,
                lambda part, arm: model.hazards(drawn, part, arm),
                draws,
                stream(seed, "predictive"),
            ),
        )

    def _outcomes(self, found: Endings, provenance: Provenance) -> Outcomes:
        people = self.model.layout.treated_people
        return self.targets.outcomes(found, self.periods, people, provenance)

    def _chains(
        self,
        tree: xr.DataTree,
        values: Parameters,
        found: Endings,
        method: Sampler | ClosedForm,
    ) -> sampling.Chains:
        """Measure the parameters, and the quantities that are reported."""
        if isinstance(method, ClosedForm):
            return sampling.Chains(1.0, float(method.draws), 0)
        mean, _ = found.moments(self.targets.values())
        reported = mean.reshape(method.chains, method.draws, *mean.shape[1:])
        effect = reported[:, :, 0] - reported[:, :, 1]
        divergences = int(tree["sample_stats"]["diverging"].sum())
        measured = {**values, "reported": reported, "reported effect": effect}
        return sampling.measure_chains(measured, divergences)

    def _exactly(self, method: ClosedForm) -> xr.DataTree:
        import xarray as xr

        assert isinstance(self.model, SaturatedHazard)  # noqa: S101  `exact` says so
        drawn = self.model.exact(method.draws, stream(method.seed, "posterior"))
        named = {
            name: (("chain", "draw", *(f"{name}_{i}" for i in range(1, v.ndim))), v[None])
            for name, v in drawn.items()
        }
        return xr.DataTree.from_dict({"posterior": xr.Dataset(named)})
