"""Designs whose outcomes each have a model over cells: one pipeline from priors to outcomes."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from impactmodel.core.measures import OutcomeMeasure
from impactmodel.core.outcomes import Outcomes, Provenance
from impactmodel.core.schedule import Periods
from impactmodel.core.seeds import stream
from impactmodel.effects import sampling
from impactmodel.effects.checks import Check, Diagnostics
from impactmodel.effects.coupling import Order, pair
from impactmodel.effects.designs import Say
from impactmodel.effects.methods import ClosedForm, Sampler
from impactmodel.effects.model import Levels, OutcomeModel
from impactmodel.effects.predictor import Array
from impactmodel.effects.result import EffectFit
from impactmodel.evidence import RepeatedMeasure

if TYPE_CHECKING:
    import pymc as pm
    import xarray as xr

type Draws = Sequence[dict[str, Array]]
type Posterior = tuple[Draws, Sequence[Levels], sampling.Chains, xr.DataTree]


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """A design whose outcomes each have a model over cells, see `OutcomeModel`.

    Parameters
    ----------
    models
        One per outcome.
    periods, groups, cohort_size
        Labels of the results; people per group for whom the outcomes are wanted.
    provenance
        Estimand, population, design and assumptions, before any draw.
    estimators
        Correlation between the estimators of an arm's means (arm, group, outcome, outcome), where
        one group stands for the whole cohort; None where it is not known.
    people
        Correlation of the outcomes between people of an arm (arm, group, outcome, outcome), NaN
        where it is not known. None: the draws are of the very people, there is no spread about
        them.
    exact
        Whether the exact posterior can be computed, and if not, why.
    checks
        Checks of the design that read no outcome of the evaluation.
    repeated
        The outcomes whose models are one per period, in the order of ``models``.
    before
        The models to draw from priors where ``models`` hold outcomes that were seen.
    """

    models: tuple[OutcomeModel, ...]
    periods: Periods
    groups: tuple[str, ...]
    cohort_size: Array
    provenance: Provenance
    estimators: Array | None
    people: Array | None
    exact: str
    checks: tuple[Check, ...] = ()
    repeated: tuple[RepeatedMeasure, ...] = ()
    before: tuple[OutcomeModel, ...] = ()

    @property
    def measures(self) -> tuple[OutcomeMeasure, ...]:
        """The outcomes, in order."""
        if self.repeated:
            return tuple(repeated.outcome for repeated in self.repeated)
        return tuple(model.measure for model in self.models)

    def pairing(self, levels: Sequence[Levels], rng: np.random.Generator) -> list[Order]:
        """Return the order of each outcome's draws, so that outcomes of one person go together.

        Shape (draw, group), where one group stands for the whole cohort.
        """
        if self.estimators is None or len(levels) == 1:
            return [np.arange(levels[0].mean.shape[1])[:, None]] * len(levels)
        share = self.cohort_size / self.cohort_size.sum()
        blocks = self.estimators.shape[1]
        weights = share[:, None] if blocks == 1 else np.eye(blocks)
        means = np.stack([np.swapaxes(level.mean @ weights, 0, 1) for level in levels])
        paired = [pair(means[..., b], self.estimators[:, b], rng) for b in range(blocks)]
        return [np.stack(orders, axis=1) for orders in zip(*paired, strict=True)]

    def outcomes(
        self, levels: Sequence[Levels], orders: Sequence[Order], provenance: Provenance
    ) -> Outcomes:
        """Put the draws of all outcomes together, with their covariance between people."""
        pairs = list(zip(levels, orders, strict=True))
        # Models run over the periods of the first outcome, then over those of the next.
        shape = (len(self.measures), self.periods.count)
        means = np.stack([_ordered(level.mean, order) for level, order in pairs], axis=-1)
        means = means.reshape(*means.shape[:3], *shape)
        covariance = None
        if self.people is not None:
            variance = [_ordered(level.variance, order) for level, order in pairs]
            sd = np.sqrt(np.stack(variance, axis=-1))
            between = np.nan_to_num(self.people)[:, None] * sd[..., :, None] * sd[..., None, :]
            covariance = np.moveaxis(between, 1, 0)
            covariance = covariance.reshape(*covariance.shape[:3], *shape, *shape)
        return Outcomes.from_draws(
            means[0],
            means[1],
            measures=self.measures,
            periods=self.periods,
            cohort_size=self.cohort_size,
            provenance=provenance,
            groups=self.groups,
            covariance=covariance,
        )

    def build(self) -> pm.Model:
        """Return one PyMC model with every outcome's model side by side."""
        return sampling.assemble(self.models)

    def prior(self, draws: int, seed: int) -> Outcomes:
        """Draw the outcomes that the priors imply; outcomes are independent a priori."""
        levels = []
        for model in self.before or self.models:
            drawn = model.prior(draws, stream(seed, "prior", model.measure.name))
            levels.append(model.levels(drawn))
        provenance = dataclasses.replace(
            self.provenance.assuming("drawn from the priors, before the data"), seed=seed
        )
        return self.outcomes(levels, [np.arange(draws)[:, None]] * len(levels), provenance)

    def fit(self, method: Sampler | ClosedForm, say: Say) -> EffectFit:
        """Compute the posterior, its checks and the outcomes."""
        if isinstance(method, ClosedForm):
            say("computing the exact posterior")
            drawn, levels, chains, posterior = self._exactly(method)
        else:
            say("compiling the model and sampling its posterior")
            drawn, levels, chains, posterior = self._sampled(method)
        say("checking the fit")
        checks = (*chains.checks(), *self.checks, *self._predictive(drawn, method.seed))
        diagnostics = Diagnostics(checks, chains.rhat_max, chains.ess_min, chains.divergences)
        orders = self.pairing(levels, stream(method.seed, "pairing"))
        provenance = dataclasses.replace(
            self.provenance, seed=method.seed, diagnostics=diagnostics.status
        )
        return EffectFit(self.outcomes(levels, orders, provenance), diagnostics, posterior)

    def moments(self) -> tuple[tuple[str, float, float], ...]:
        """Return (outcome, mean, sd) of each effect by closed form or quadrature."""
        contrast = np.array([1.0, -1.0])
        out = []
        for model in self.models:
            mean, covariance = model.exact_moments()
            variance = float(contrast @ covariance @ contrast)
            out.append((model.measure.name, float(mean @ contrast), float(np.sqrt(variance))))
        return tuple(out)

    def _exactly(self, method: ClosedForm) -> Posterior:
        drawn = [m.exact(method.draws, stream(method.seed, m.measure.name)) for m in self.models]
        levels = [m.levels(d) for m, d in zip(self.models, drawn, strict=True)]
        return drawn, levels, sampling.Chains(1.0, float(method.draws), 0), _tree(drawn)

    def _sampled(self, method: Sampler) -> Posterior:
        posterior = sampling.sample(self.models, method)
        drawn = [_flat(posterior)] * len(self.models)
        levels = [m.levels(d) for m, d in zip(self.models, drawn, strict=True)]
        return drawn, levels, self._measure(posterior, levels, method), posterior

    def _measure(
        self, tree: xr.DataTree, levels: Sequence[Levels], method: Sampler
    ) -> sampling.Chains:
        """Measure the parameters, and the quantities that are reported: arms and effect."""
        values = {str(k): v.values for k, v in tree["posterior"].dataset.items()}
        for model, level in zip(self.models, levels, strict=True):
            arms = level.mean.reshape(2, method.chains, method.draws, -1)
            name = model.measure.name
            values |= {
                f"{name}:1": arms[0],
                f"{name}:0": arms[1],
                f"{name}:effect": arms[0] - arms[1],
            }
        divergences = int(tree["sample_stats"]["diverging"].sum())
        return sampling.measure_chains(values, divergences)

    def _predictive(self, drawn: Draws, seed: int) -> tuple[Check, ...]:
        checks: list[Check] = []
        for model, parameters in zip(self.models, drawn, strict=True):
            rng = stream(seed, "predictive", model.measure.name)
            checks += model.predictive_checks(parameters, rng)
        return tuple(checks)


def _ordered(values: Array, order: Order) -> Array:
    """Return (arm, draw, group) with the draws of each group in its order (draw, group)."""
    return np.take_along_axis(values, order[None], axis=1)


def _tree(drawn: Draws) -> xr.DataTree:
    import xarray as xr

    joined = {name: values for part in drawn for name, values in part.items()}
    data = xr.Dataset(
        {
            name: (("chain", "draw", *(f"{name}_{i}" for i in range(1, v.ndim))), v[None])
            for name, v in joined.items()
        }
    )
    return xr.DataTree.from_dict({"posterior": data})


def _flat(tree: xr.DataTree) -> dict[str, Array]:
    """Return parameters with chains one after another; each model reads its own by name."""
    return {
        str(name): np.asarray(v.values.reshape(-1, *v.shape[2:]), dtype=float)
        for name, v in tree["posterior"].dataset.items()
    }
