"""Fitting an encouragement: the effect on the invited, and the effect on compliers."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from impactmodel.core.errors import InputError
from impactmodel.core.measures import OutcomeMeasure
from impactmodel.core.outcomes import Outcomes, Provenance
from impactmodel.core.schedule import Periods
from impactmodel.core.seeds import stream
from impactmodel.effects import sampling
from impactmodel.effects.checks import Check, Diagnostics
from impactmodel.effects.complier_means import ComplierMeans
from impactmodel.effects.coupling import pair
from impactmodel.effects.designs import Say
from impactmodel.effects.encouragement_checks import plausible
from impactmodel.effects.methods import ClosedForm, Sampler
from impactmodel.effects.people_bootstrap import Resampled
from impactmodel.effects.prepared import Prepared
from impactmodel.effects.principal_strata import Strata, StrataDraws
from impactmodel.effects.result import EffectFit
from impactmodel.evidence import Cohort

if TYPE_CHECKING:
    import pymc as pm
    import xarray as xr

type Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Drawn:
    """Share of compliers (draw), their means (draw, arm; treated first), plausible draws."""

    share: Array
    means: Array
    plausible: float | None


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Invited:
    """The effect of the invitation, an experiment with checks of take-up: `designs.Ready`."""

    inner: Prepared
    checks: tuple[Check, ...]
    outcomes: tuple[str, ...]

    @property
    def exact(self) -> str:
        """Why there is no closed form; empty where there is one."""
        return self.inner.exact

    def build(self) -> pm.Model:
        """Return the PyMC model."""
        return self.inner.build()

    def prior(self, draws: int, seed: int) -> Outcomes:
        """Draw the outcomes that the priors imply."""
        return self.inner.prior(draws, seed)

    def fit(self, method: Sampler | ClosedForm, say: Say) -> EffectFit:
        """Compute the posterior, its checks and the outcomes."""
        found = self.inner.fit(method, say)
        diagnostics = dataclasses.replace(
            found.diagnostics, checks=(*found.diagnostics.checks, *self.checks)
        )
        return dataclasses.replace(found, diagnostics=diagnostics)


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Compliers:
    """The effect on compliers made ready: `designs.Ready`.

    Parameters
    ----------
    parts
        One per outcome: principal strata of a binary one, the bootstrap of any other.
    measures
        The outcomes.
    invited
        People invited; so many times their share are compliers, in each draw.
    estimators
        Correlation between the estimators of the compliers' means (arm, outcome, outcome).
    periods, provenance, checks
        Of the results. They carry no spread between people: nobody can say who is a complier, so
        an evaluator does not compare their means, and a measured view of them would be too sure.
    """

    parts: tuple[Strata | ComplierMeans, ...]
    measures: tuple[OutcomeMeasure, ...]
    invited: float
    estimators: Array | None
    periods: Periods
    provenance: Provenance
    checks: tuple[Check, ...]

    @property
    def exact(self) -> str:
        """Empty: draws of the strata and of the bootstrap are independent."""
        return ""

    def build(self) -> pm.Model:
        """Return the PyMC model: strata of binary outcomes, weights of people for the others."""
        return sampling.assemble(self._models())

    def prior(self, draws: int, seed: int) -> Outcomes:
        """Draw the outcomes that the priors of the strata imply.

        Raises
        ------
        InputError
            If an outcome is not binary: the bootstrap has no prior.
        """
        drawn = []
        for part in self.parts:
            if not isinstance(part, Strata):
                raise InputError(
                    "the Bayesian bootstrap has no prior to draw outcomes from",
                    key="prior_outcomes",
                    seen=part.atoms.name,
                    fix="leave outcomes out that are not binary",
                )
            found = part.prior(draws, stream(seed, "prior", part.name))
            drawn.append(Drawn(found.shares[:, 0], found.rates[:, :2], None))
        provenance = dataclasses.replace(
            self.provenance.assuming("drawn from the priors, before the data"), seed=seed
        )
        return self._outcomes(drawn, [np.arange(draws)] * len(drawn), provenance)

    def fit(self, method: Sampler | ClosedForm, say: Say) -> EffectFit:
        """Compute the posterior, its checks and the outcomes."""
        if isinstance(method, ClosedForm):
            say("drawing from the exact posterior")
            drawn = [self._exactly(part, method) for part in self.parts]
            chains, tree = sampling.Chains(1.0, float(method.draws), 0), self._tree(drawn, 1)
        else:
            say("compiling the model and sampling its posterior")
            sampled = sampling.sample(self._models(), method)
            drawn = [self._read(part, sampled, method.seed) for part in self.parts]
            chains = self._measure(drawn, sampled, method)
            tree = self._tree(drawn, method.chains)
            tree["sample_stats"] = sampled["sample_stats"]
        say("checking the fit")
        shares = [(m.name, d.plausible) for m, d in zip(self.measures, drawn, strict=True)]
        checks = (
            *chains.checks(),
            *self.checks,
            plausible([(name, share) for name, share in shares if share is not None]),
        )
        diagnostics = Diagnostics(checks, chains.rhat_max, chains.ess_min, chains.divergences)
        provenance = dataclasses.replace(
            self.provenance, seed=method.seed, diagnostics=diagnostics.status
        )
        orders = self._pairing(drawn, method.seed)
        return EffectFit(self._outcomes(drawn, orders, provenance), diagnostics, tree)

    def _models(self) -> list[Strata | Resampled]:
        return [p if isinstance(p, Strata) else Resampled(p.atoms) for p in self.parts]

    def _exactly(self, part: Strata | ComplierMeans, method: ClosedForm) -> Drawn:
        if isinstance(part, Strata):
            found = part.exact(method.draws, stream(method.seed, part.name))
            return self._judged(part, found, method.seed)
        return Drawn(*part.exact(method.draws, stream(method.seed, part.atoms.name)))

    def _read(self, part: Strata | ComplierMeans, tree: xr.DataTree, seed: int) -> Drawn:
        if isinstance(part, Strata):
            return self._judged(part, part.read(tree), seed)
        return Drawn(*part.read(part.atoms.blocks(Resampled(part.atoms).read(tree))))

    def _judged(self, part: Strata, found: StrataDraws, seed: int) -> Drawn:
        share = part.plausible(stream(seed, "plausible", part.name))
        return Drawn(found.shares[:, 0], found.rates[:, :2], share)

    def _measure(
        self, drawn: Sequence[Drawn], tree: xr.DataTree, method: Sampler
    ) -> sampling.Chains:
        shape = (method.chains, method.draws)
        values: dict[str, Array] = {}
        for measure, d in zip(self.measures, drawn, strict=True):
            values |= {
                f"{measure.name}:1": d.means[:, 0].reshape(shape),
                f"{measure.name}:0": d.means[:, 1].reshape(shape),
                f"{measure.name}:effect": (d.means[:, 0] - d.means[:, 1]).reshape(shape),
                f"{measure.name}:share": d.share.reshape(shape),
            }
        return sampling.measure_chains(values, int(tree["sample_stats"]["diverging"].sum()))

    def _pairing(self, drawn: Sequence[Drawn], seed: int) -> list[npt.NDArray[np.intp]]:
        if self.estimators is None or len(drawn) == 1:
            return [np.arange(len(drawn[0].share))] * len(drawn)
        means = np.stack([d.means for d in drawn])
        return pair(means, self.estimators, stream(seed, "pairing"))

    def _outcomes(
        self,
        drawn: Sequence[Drawn],
        orders: Sequence[npt.NDArray[np.intp]],
        provenance: Provenance,
    ) -> Outcomes:
        means = np.stack([d.means[o] for d, o in zip(drawn, orders, strict=True)], axis=-1)
        return Outcomes.from_draws(
            means[:, 0, :],
            means[:, 1, :],
            measures=self.measures,
            periods=self.periods,
            cohort_size=(self.invited * drawn[0].share[orders[0]])[:, None],
            provenance=provenance,
        )

    def _tree(self, drawn: Sequence[Drawn], chains: int) -> xr.DataTree:
        import xarray as xr

        data: dict[str, tuple[tuple[str, ...], Array]] = {}
        for measure, d in zip(self.measures, drawn, strict=True):
            name = measure.name
            data[f"{name}_share"] = (("chain", "draw"), d.share.reshape(chains, -1))
            data[f"{name}_mean"] = (("chain", "draw", "arm"), d.means.reshape(chains, -1, 2))
        return xr.DataTree.from_dict({"posterior": xr.Dataset(data)})


def _by_take_up(cohort: Cohort, taken: int, kept: Sequence[int]) -> tuple[Array, Array, Array]:
    """Return assignment, take-up and the kept outcomes of each person."""
    return cohort.treated.astype(np.float64), cohort.y[:, taken], cohort.y[:, list(kept)]


def estimator_correlations(cohort: object, taken: int, kept: Sequence[int]) -> Array:
    """Return the correlation between estimators of the compliers' means (arm, outcome, outcome)."""
    if not isinstance(cohort, Cohort):
        raise TypeError("correlations of estimators need people")
    z, d, y = _by_take_up(cohort, taken, kept)
    out = []
    for took, sign in ((d, 1.0), (1 - d, -1.0)):
        weight = sign * (z / z.mean() - (1 - z) / (1 - z).mean()) * took
        mean = weight @ y / weight.sum()
        influence = weight[:, None] * (y - mean)
        out.append(_correlation(influence.T @ influence))
    return np.stack(out)


def _correlation(covariance: Array) -> Array:
    sd = np.sqrt(np.maximum(np.diag(covariance), 0.0))
    some = np.where(sd > 0, sd, np.inf)
    out: Array = np.clip(covariance / np.outer(some, some), -1.0, 1.0)
    np.fill_diagonal(out, 1.0)
    return out
