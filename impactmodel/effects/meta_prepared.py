"""A meta-analysis made ready: draws of mean and spread become outcomes of its target."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from impactmodel.core.errors import InputError
from impactmodel.core.outcomes import Outcomes, Provenance
from impactmodel.core.schedule import Periods
from impactmodel.core.seeds import stream
from impactmodel.effects import sampling
from impactmodel.effects.checks import Diagnostics
from impactmodel.effects.designs import Say
from impactmodel.effects.meta_checks import pooling_checks
from impactmodel.effects.meta_outcomes import TargetOutcomes
from impactmodel.effects.meta_targets import EachStudy, MeanEffect, Target
from impactmodel.effects.methods import ClosedForm, Sampler
from impactmodel.effects.pooled_effect import PooledEffect
from impactmodel.effects.predictor import Array
from impactmodel.effects.result import EffectFit

if TYPE_CHECKING:
    import pymc as pm
    import xarray as xr

type Draws = list[dict[str, Array]]


@dataclass(frozen=True, slots=True, eq=False)
class PreparedMeta:
    """A meta-analysis ready to be looked at, drawn from its priors and fitted.

    Parameters
    ----------
    labels
        The studies' names.
    parts
        One model per outcome and horizon.
    target, periods, correlation, provenance
        As in `MetaAnalysis`.
    cohort_size
        People per group.
    """

    labels: tuple[str, ...]
    parts: tuple[PooledEffect, ...]
    target: Target
    cohort_size: tuple[float, ...]
    periods: Periods
    correlation: float | None
    provenance: Provenance

    @property
    def exact(self) -> str:
        """Nothing stands against the closed form."""
        return ""

    @property
    def groups(self) -> tuple[str, ...]:
        """Groups of the outcomes: the studies where each one's effect is wanted."""
        return self.labels if isinstance(self.target, EachStudy) else ("all",)

    def build(self) -> pm.Model:
        """Return one PyMC model with the pooled effects side by side."""
        return sampling.assemble(self.parts)

    def prior(self, draws: int, seed: int) -> Outcomes:
        """Draw the outcomes that the priors imply; pooled effects are independent a priori.

        Probabilities outside [0, 1], which wide priors imply, are set to the bound.
        """
        drawn = []
        for part in self.parts:
            rng = stream(seed, "prior", part.name)
            drawn.append(part.complete(part.prior(draws, rng), rng, from_prior=True))
        provenance = dataclasses.replace(
            self.provenance.assuming("drawn from the priors, before the data"), seed=seed
        )
        return self._outcomes(drawn, provenance, seed, cap=True)

    def fit(self, method: Sampler | ClosedForm, say: Say) -> EffectFit:
        """Compute the posterior, its checks and the outcomes."""
        shape = (1, method.draws)
        chains = sampling.Chains(1.0, float(method.draws), 0)
        stats: dict[str, xr.Dataset] = {}
        if isinstance(method, ClosedForm):
            say("computing the exact posterior")
            drawn = [p.exact(method.draws, stream(method.seed, p.name)) for p in self.parts]
        else:
            say("compiling the model and sampling its posterior")
            tree = sampling.sample(self.parts, method)
            shape = (method.chains, method.draws)
            values = {str(k): v.values for k, v in tree["posterior"].dataset.items()}
            drawn = [{k: v.reshape(-1) for k, v in values.items()}] * len(self.parts)
            stats["sample_stats"] = tree["sample_stats"].dataset
        complete = [
            p.complete(d, stream(method.seed, "complete", p.name))
            for p, d in zip(self.parts, drawn, strict=True)
        ]
        if stats:
            divergences = int(stats["sample_stats"]["diverging"].sum())
            arrays = {k: v.reshape(*shape, -1) for d in complete for k, v in d.items()}
            chains = sampling.measure_chains(arrays, divergences)
        say("checking the fit")
        diagnostics = self._diagnostics(chains, method.seed)
        provenance = dataclasses.replace(
            self.provenance, seed=method.seed, diagnostics=diagnostics.status
        )
        posterior = self._tree(complete, shape, stats)
        outcomes = self._outcomes(self._coupled(complete, method.seed), provenance, method.seed)
        return EffectFit(outcomes, diagnostics, posterior)

    def _diagnostics(self, chains: sampling.Chains, seed: int) -> Diagnostics:
        checks = list(chains.checks())
        for part in self.parts:
            labels = tuple(self.labels[i] for i in part.horizon.studies)
            of_new = not isinstance(self.target, MeanEffect)
            checks += pooling_checks(part, labels, of_new=of_new, seed=seed)
        return Diagnostics(tuple(checks), chains.rhat_max, chains.ess_min, chains.divergences)

    def _tree(
        self, complete: Draws, shape: tuple[int, int], stats: dict[str, xr.Dataset]
    ) -> xr.DataTree:
        import xarray as xr

        variables = {}
        for part, drawn in zip(self.parts, complete, strict=True):
            for name, values in drawn.items():
                own = (f"{part.name}_of",) if values.ndim > 1 else ()
                variables[name] = (
                    ("chain", "draw", *own),
                    values.reshape(*shape, *values.shape[1:]),
                )
        coords = {f"{p.name}_of": [self.labels[i] for i in p.horizon.studies] for p in self.parts}
        return xr.DataTree.from_dict({"posterior": xr.Dataset(variables, coords), **stats})

    def _coupled(self, complete: Draws, seed: int) -> Draws:
        """Reorder the draws of each part so that pooled effects have the stated correlation.

        A Gaussian copula between the effects that are asked for; no draw is changed.
        """
        if self.correlation is None or len(complete) == 1:
            return complete
        n, count = len(next(iter(complete[0].values()))), len(complete)
        matrix = np.full((count, count), self.correlation)
        np.fill_diagonal(matrix, 1.0)
        if np.linalg.eigvalsh(matrix)[0] <= 0:
            raise InputError(
                f"{count} pooled effects cannot all correlate so",
                key="correlation",
                seen=self.correlation,
            )
        z = stream(seed, "correlation").standard_normal((n, count)) @ np.linalg.cholesky(matrix).T
        coupled = []
        for part, drawn, score in zip(self.parts, complete, z.T, strict=True):
            order = np.empty(n, dtype=np.intp)
            order[np.argsort(score)] = np.argsort(self._asked(part, drawn).mean(axis=1))
            coupled.append({k: v[order] for k, v in drawn.items()})
        return coupled

    def _asked(self, part: PooledEffect, drawn: dict[str, Array]) -> Array:
        """Return draws of the effect that is asked for, on the scale of the estimates."""
        if isinstance(self.target, EachStudy):
            return drawn[f"{part.name}_study"]
        kind = "mean" if isinstance(self.target, MeanEffect) else "new"
        return drawn[f"{part.name}_{kind}"][:, None]

    def _outcomes(
        self, complete: Draws, provenance: Provenance, seed: int, *, cap: bool = False
    ) -> Outcomes:
        effects = [self._asked(p, d) for p, d in zip(self.parts, complete, strict=True)]
        horizons = tuple(part.horizon for part in self.parts)
        made = TargetOutcomes(horizons, self.target, self.groups, self.cohort_size, self.periods)
        return made.outcomes(effects, provenance, seed, cap=cap)
