"""A difference-in-differences made ready: priors, posterior, checks and outcomes."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from impactmodel.core.outcomes import Outcomes, Provenance
from impactmodel.core.seeds import stream
from impactmodel.effects import sampling
from impactmodel.effects.checks import Check, Diagnostics
from impactmodel.effects.designs import Say
from impactmodel.effects.did_checks import pre_checks, pretrend_size
from impactmodel.effects.did_covariance import violation_covariance
from impactmodel.effects.did_group_time import GroupTime, sandwich
from impactmodel.effects.did_model import PooledEffects
from impactmodel.effects.did_options import TrendViolation
from impactmodel.effects.did_outcomes import Frame
from impactmodel.effects.did_sample import Array, Codes, Sample
from impactmodel.effects.methods import ClosedForm, Sampler
from impactmodel.effects.result import EffectFit

if TYPE_CHECKING:
    import pymc as pm
    import xarray as xr

# The normal quantile at which a sign is 95 % sure.
_SURE = 1.6448536269514722
# More draws beyond 0 or 1 than this and a line in probabilities does not describe the outcome.
_BEYOND = 0.01


@dataclass(frozen=True, slots=True, eq=False)
class PreparedDifferences:
    """A difference-in-differences with its estimates, ready to be drawn and fitted.

    Parameters
    ----------
    models
        One per outcome.
    sample, cells
        Units that are compared, and ATT(g, t) of each outcome.
    frame
        Groups and periods of the results.
    provenance
        Before any draw.
    violation
        Bias prior of the trend, which the models' covariances hold.
    """

    models: tuple[PooledEffects, ...]
    sample: Sample
    cells: tuple[GroupTime, ...]
    frame: Frame
    provenance: Provenance
    violation: TrendViolation | None

    @property
    def exact(self) -> str:
        """Empty: the posterior is exact."""
        return ""

    @property
    def average(self) -> Array:
        """Weights of the average effect after the start: cohorts by size (cell)."""
        share = self.cells[0].share[self.cells[0].after]
        return np.asarray(share / share.sum())

    def build(self) -> pm.Model:
        """Return one PyMC model with every outcome's model side by side."""
        return sampling.assemble(self.models)

    def prior(self, draws: int, seed: int) -> Outcomes:
        """Draw the outcomes that the priors imply; outcomes are independent a priori."""
        effects = []
        for model in self.models:
            drawn = model.prior(draws, stream(seed, "prior", model.measure.name))
            effects.append(model.effects(drawn))
        provenance = dataclasses.replace(
            self.provenance.assuming("drawn from the priors, before the data"), seed=seed
        )
        return self.frame.outcomes(self.sample, effects, provenance)[0]

    def fit(self, method: Sampler | ClosedForm, say: Say) -> EffectFit:
        """Compute the posterior, its checks and the outcomes."""
        if isinstance(method, ClosedForm):
            say("computing the exact posterior")
            effects, chains, posterior = self._exactly(method)
        else:
            say("compiling the model and sampling its posterior")
            effects, chains, posterior = self._sampled(method)
        say("checking the fit")
        effects = self._paired(effects, stream(method.seed, "pairing"))
        provenance = dataclasses.replace(self.provenance, seed=method.seed)
        outcomes, beyond = self.frame.outcomes(self.sample, effects, provenance)
        checks = (*chains.checks(), *self.checks(), *self._bounds(beyond))
        diagnostics = Diagnostics(checks, chains.rhat_max, chains.ess_min, chains.divergences)
        provenance = dataclasses.replace(outcomes.provenance, diagnostics=diagnostics.status)
        return EffectFit(outcomes.replace(provenance=provenance), diagnostics, posterior)

    def checks(self) -> tuple[Check, ...]:
        """Return the checks before the start, and how fragile effects are to a violation."""
        pairs = zip(self.models, self.cells, strict=True)
        fragile = [_fragility(model, cells, self.average) for model, cells in pairs]
        return (*pre_checks(self.sample, self.cells), *fragile)

    def _bounds(self, beyond: Array) -> tuple[Check, ...]:
        return tuple(
            Check(
                f"probabilities: {measure.name}",
                bool(share <= _BEYOND),
                f"{share:.2%} of draws took '{measure.name}' without treatment out of 0 to 1 in "
                f"some cohort and period and were set to the bound (limit {_BEYOND:.0%})",
            )
            for measure, share in zip(self.sample.panel.outcomes, beyond, strict=True)
            if measure.kind == "binary"
        )

    def _exactly(self, method: ClosedForm) -> tuple[list[Array], sampling.Chains, xr.DataTree]:
        drawn = [m.exact(method.draws, stream(method.seed, m.measure.name)) for m in self.models]
        joined = {name: values[None] for part in drawn for name, values in part.items()}
        effects = [m.effects(d) for m, d in zip(self.models, drawn, strict=True)]
        return effects, sampling.Chains(1.0, float(method.draws), 0), _tree(joined)

    def _sampled(self, method: Sampler) -> tuple[list[Array], sampling.Chains, xr.DataTree]:
        tree = sampling.sample(self.models, method)
        values = {str(k): v.values for k, v in tree["posterior"].dataset.items()}
        divergences = int(tree["sample_stats"]["diverging"].sum())
        flat = {k: v.reshape(-1, *v.shape[2:]) for k, v in values.items()}
        effects = [m.effects(flat) for m in self.models]
        return effects, sampling.measure_chains(values, divergences), tree

    def _paired(self, effects: Sequence[Array], rng: np.random.Generator) -> list[Array]:
        """Order the draws of each outcome so that average effects err together, as estimated."""
        if len(effects) == 1:
            return list(effects)
        psi = np.column_stack([c.influence[:, c.after] @ self.average for c in self.cells])
        covariance = sandwich(psi, self.cells[0].cluster)
        sd = np.sqrt(np.diag(covariance))
        orders = pair_averages(
            np.stack([e @ self.average for e in effects]), covariance / np.outer(sd, sd), rng
        )
        return [e[order] for e, order in zip(effects, orders, strict=True)]


def pair_averages(averages: Array, correlation: Array, rng: np.random.Generator) -> list[Codes]:
    """Return the order of each outcome's draws that gives averages a rank correlation.

    Parameters
    ----------
    averages
        Of each outcome and draw (outcome, draw).
    correlation
        Wanted between outcomes (outcome, outcome).
    """
    draws = averages.shape[1]
    root = np.linalg.cholesky(correlation + 1e-12 * np.eye(len(correlation)))
    z = rng.standard_normal((len(averages), draws))
    z -= z.mean(axis=1, keepdims=True)
    z = np.linalg.solve(np.linalg.cholesky(np.cov(z)), z)
    target = root @ z
    place = np.argsort(np.argsort(averages[0]))
    # The first outcome keeps its order: the others follow the draws of its target in that order.
    target = target[:, np.argsort(target[0])[place]]
    orders = [np.arange(draws)]
    for own, wanted in zip(averages[1:], target[1:], strict=True):
        orders.append(np.argsort(own)[np.argsort(np.argsort(wanted))])
    return orders


def _fragility(model: PooledEffects, cells: GroupTime, average: Array) -> Check:
    """Say how large a violation of parallel trends would take the sign of the effect away."""
    mean, covariance = model.moments(average[:, None])
    value, sd = float(mean[0]), float(np.sqrt(covariance[0, 0]))
    unit_bias = violation_covariance(cells, TrendViolation(1.0))
    per_period = float(np.sqrt(average @ unit_bias @ average))
    left = (value / _SURE) ** 2 - sd**2
    breakdown = float(np.sqrt(left)) / per_period if left > 0 else 0.0
    before = pretrend_size(cells)
    name, unit = model.measure.name, model.measure.unit
    return Check(
        f"sensitivity to the trend: {name}",
        None,
        f"'{name}': average effect {value:.4g} (sd {sd:.2g}) in {unit}; its sign is no longer 95 % "
        f"sure under a trend violation (walk) of {breakdown:.3g} a period; differences in change "
        f"before the start were {before:.3g}",
        (("average effect", "sd", "breakdown", "before the start"), (value, sd, breakdown, before)),
    )


def _tree(values: dict[str, Array]) -> xr.DataTree:
    import xarray as xr

    data = xr.Dataset(
        {
            name: (("chain", "draw", *(f"{name}_{i}" for i in range(2, v.ndim))), v)
            for name, v in values.items()
        }
    )
    return xr.DataTree.from_dict({"posterior": data})
