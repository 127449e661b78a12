"""Transitions made ready: priors, posterior, checks and outcomes of two chains."""

from __future__ import annotations

import dataclasses
import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from impactmodel.core.measures import OutcomeMeasure
from impactmodel.core.outcomes import Outcomes, Provenance
from impactmodel.core.schedule import Periods
from impactmodel.core.seeds import stream
from impactmodel.effects import sampling
from impactmodel.effects.checks import Check, Diagnostics
from impactmodel.effects.designs import Say
from impactmodel.effects.markov import Chain, band_of, person_covariance
from impactmodel.effects.methods import ClosedForm, Sampler
from impactmodel.effects.predictor import Array, Parameters
from impactmodel.effects.result import EffectFit
from impactmodel.effects.transition_checks import transition_checks
from impactmodel.effects.transition_logit import PooledRows
from impactmodel.effects.transition_priors import StateTarget
from impactmodel.effects.transition_rows import ConjugateRows, dirichlet
from impactmodel.evidence.state_cells import StateCells

if TYPE_CHECKING:
    import pymc as pm
    import xarray as xr

# Draws over which the covariance between people is averaged.
_SPREAD_DRAWS = 100


@dataclass(frozen=True, slots=True, eq=False)
class StartModel:
    """States of the first month: Dirichlet(1) priors, conjugate, apart from the movements.

    Parameters
    ----------
    counts
        People (arm, group, state).
    common
        Whether both arms share the probabilities.
    """

    counts: Array
    common: bool

    @property
    def statement(self) -> str:
        """One sentence on the model, for the record."""
        if self.common:
            return (
                "the first month lies before the programme can matter: both arms share its states"
            )
        return "the states of the first month may differ between arms"

    def prior(self, n: int, rng: np.random.Generator) -> Array:
        """Draw from the prior (draw, arm, group, state)."""
        return self._draw(np.zeros_like(self.counts), n, rng)

    def posterior(self, n: int, rng: np.random.Generator) -> Array:
        """Draw from the posterior (draw, arm, group, state)."""
        return self._draw(self.counts, n, rng)

    def _draw(self, counts: Array, n: int, rng: np.random.Generator) -> Array:
        if not self.common:
            return dirichlet(1.0 + counts, n, rng)
        both = dirichlet(1.0 + counts.sum(axis=0, keepdims=True), n, rng)
        return np.broadcast_to(both, (n, *counts.shape)).copy()


@dataclass(frozen=True, slots=True, eq=False)
class PreparedTransitions:
    """Transitions ready to be drawn and fitted: `designs.Ready`.

    Parameters
    ----------
    cells, bands, design_effect
        Counts, the months from which transition probabilities change, and by how much people who
        differ for good spread further than chains.
    model, start
        Of the movements and of the first month.
    target
        What is wanted.
    first_day
        Of the first month.
    provenance
        Before any draw.
    """

    cells: StateCells
    bands: tuple[int, ...]
    design_effect: float
    model: ConjugateRows | PooledRows
    start: StartModel
    target: StateTarget
    first_day: dt.date
    provenance: Provenance

    @property
    def exact(self) -> str:
        """Why there is no closed form; empty where there is one."""
        return self.model.exact

    @property
    def horizon(self) -> int:
        """Months of the results."""
        return self.target.horizon or self.cells.months

    @property
    def measures(self) -> tuple[OutcomeMeasure, ...]:
        """Months in each state during a period, then the state at its end."""
        step, work = self.cells.step, self.target.work
        time = [
            OutcomeMeasure(
                f"{step}s_{state}",
                kind="count",
                unit=f"{step}s",
                channel="employment" if state == work else "other",
                label=f"{step}s in '{state.replace('_', ' ')}'",
            )
            for state in self.cells.states
        ]
        ends = [
            OutcomeMeasure(s, kind="binary", accrual="stock", label=s.replace("_", " "))
            for s in self.cells.states
        ]
        return (*time, *ends)

    def build(self) -> pm.Model:
        """Return the PyMC model of the movements; the first month is drawn exactly beside it."""
        return sampling.assemble([self.model])

    def prior(self, draws: int, seed: int) -> Outcomes:
        """Draw the outcomes that the priors imply."""
        first = self.start.prior(draws, stream(seed, "prior", "start"))
        drawn = self.model.prior(draws, stream(seed, "prior", "moves"))
        provenance = dataclasses.replace(
            self.provenance.assuming("drawn from the priors, before the data"), seed=seed
        )
        return self.outcomes(self.chain(first, self.model.matrices(drawn)), provenance)

    def fit(self, method: Sampler | ClosedForm, say: Say) -> EffectFit:
        """Compute the posterior, its checks and the outcomes."""
        tree: xr.DataTree | None = None
        if isinstance(method, ClosedForm):
            if not isinstance(self.model, ConjugateRows):
                raise TypeError(self.exact)
            say("drawing from the exact posterior")
            drawn = self.model.posterior(method.draws, stream(method.seed, "moves"))
            shape = (1, method.draws)
        else:
            say("compiling the model and sampling its posterior")
            tree = sampling.sample([self.model], method)
            drawn, shape = _flat(tree), (method.chains, method.draws)
        first = self.start.posterior(shape[0] * shape[1], stream(method.seed, "start"))
        matrices = self.model.matrices(drawn)
        chain = self.chain(first, matrices)
        posterior = _tree({**drawn, "initial": first, "transition": matrices}, shape)
        found = sampling.Chains(1.0, float(shape[1]), 0)
        if tree is not None:
            posterior["sample_stats"] = tree["sample_stats"]
            watched = self._watched(drawn, chain, shape)
            found = sampling.measure_chains(watched, int(tree["sample_stats"]["diverging"].sum()))
        say("checking the fit")
        checks = (*found.checks(), *self._checks(first, matrices, method.seed))
        diagnostics = Diagnostics(checks, found.rhat_max, found.ess_min, found.divergences)
        provenance = dataclasses.replace(
            self.provenance, seed=method.seed, diagnostics=diagnostics.status
        )
        return EffectFit(self.outcomes(chain, provenance), diagnostics, posterior)

    def chain(self, first: Array, matrices: Array) -> Chain:
        """Return the chains up to the horizon (draw, arm, group).

        After the last month observed a band of its own follows: the last one goes on, of each arm
        or of the comparison.
        """
        last = matrices[:, :, :, -1:]
        if self.target.beyond == "effect_ends":
            last = np.broadcast_to(last[:, 1:], last.shape)
        band = band_of(self.bands, self.horizon)
        band[self.cells.months - 1 :] = len(self.bands) + 1
        return Chain(first, np.concatenate([matrices, last], axis=3), band)

    def outcomes(self, chain: Chain, provenance: Provenance) -> Outcomes:
        """Return months in each state by period, and the states at the ends of periods."""
        every = self.target.every
        occupied = np.minimum(chain.occupancy(), 1.0)
        draws, arms, groups, months, states = occupied.shape
        parts = occupied.reshape(draws, arms, groups, months // every, every, states)
        both = np.concatenate([parts.sum(axis=4), parts[:, :, :, :, -1]], axis=-1)
        means = np.moveaxis(both, -1, 3)
        some = np.linspace(0, draws - 1, min(_SPREAD_DRAWS, draws)).astype(np.intp)
        spread = sum(person_covariance(chain.at(at), range(states), every) for at in some)
        return Outcomes.from_draws(
            means[:, 0],
            means[:, 1],
            measures=self.measures,
            periods=Periods(
                self.first_day, self.cells.step, months // every, "since_start", every=every
            ),
            cohort_size=self.cells.people[0],
            provenance=provenance,
            groups=self.cells.groups,
            covariance=spread / len(some),
        )

    def _checks(self, first: Array, matrices: Array, seed: int) -> tuple[Check, ...]:
        observed = Chain(first, matrices, band_of(self.bands, self.cells.months))
        rng = stream(seed, "predictive")
        return transition_checks(self.cells, self.bands, self.design_effect, observed, rng)

    def _watched(self, drawn: Parameters, chain: Chain, shape: tuple[int, int]) -> dict[str, Array]:
        """Return parameters and the quantities that are reported: months by arm, and effects."""
        time = chain.occupancy().sum(axis=3)
        both = {**drawn, "1": time[:, 0], "0": time[:, 1], "effect": time[:, 0] - time[:, 1]}
        return {name: values.reshape(*shape, *values.shape[1:]) for name, values in both.items()}


def _flat(tree: xr.DataTree) -> dict[str, Array]:
    return {
        str(name): np.asarray(v.values.reshape(-1, *v.shape[2:]), dtype=float)
        for name, v in tree["posterior"].dataset.items()
    }


def _tree(values: Parameters, shape: tuple[int, int]) -> xr.DataTree:
    import xarray as xr

    data = xr.Dataset(
        {
            name: (
                ("chain", "draw", *(f"{name}_{i}" for i in range(1, v.ndim))),
                v.reshape(*shape, *v.shape[1:]),
            )
            for name, v in values.items()
        }
    )
    return xr.DataTree.from_dict({"posterior": data})
