"""Fitting a matched comparison: the Bayesian bootstrap around a doubly robust estimate."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from impactmodel.core.errors import InputError
from impactmodel.core.outcomes import Outcomes, Provenance
from impactmodel.core.schedule import Periods
from impactmodel.core.seeds import stream
from impactmodel.effects import sampling
from impactmodel.effects.checks import Check, Diagnostics
from impactmodel.effects.design_stage import DesignStage
from impactmodel.effects.designs import Say
from impactmodel.effects.doubly_robust import Estimate
from impactmodel.effects.matched_checks import (
    hidden_confounding,
    least_squares_row,
    people_treated,
    twins,
)
from impactmodel.effects.methods import ClosedForm, Sampler
from impactmodel.effects.people_bootstrap import Atoms, Resampled
from impactmodel.effects.result import EffectFit
from impactmodel.effects.sensitivity import BenchmarkBias, Bias, omitted_variable_bias
from impactmodel.effects.stratum import Stratum
from impactmodel.evidence import Cells

if TYPE_CHECKING:
    import pymc as pm
    import xarray as xr

type Array = npt.NDArray[np.float64]
type Source = Callable[[Atoms], Iterator[Array]]


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Matched:
    """A matched comparison made ready, see `designs.Ready`.

    Parameters
    ----------
    stage
        The frozen design.
    cells
        Sums of the outcomes over the cells of the stage, in its order.
    atoms
        Distinct people; together for rows, one set per outcome for cells.
    bias
        By outcome.
    periods, provenance
        Of the results.
    """

    stage: DesignStage
    cells: Cells
    atoms: tuple[Atoms, ...]
    bias: Mapping[str, Bias]
    periods: Periods
    provenance: Provenance

    @property
    def exact(self) -> str:
        """Empty: draws of a Bayesian bootstrap are independent."""
        return ""

    def build(self) -> pm.Model:
        """Return the PyMC model: gamma weights of distinct people, scaled a Dirichlet."""
        return sampling.assemble([Resampled(atoms) for atoms in self.atoms])

    def prior(self, draws: int, seed: int) -> Outcomes:
        """Refuse: the Bayesian bootstrap is the limit without prior people.

        Raises
        ------
        InputError
            Always.
        """
        raise InputError(
            "the Bayesian bootstrap has no prior to draw outcomes from",
            key="prior_outcomes",
            fix="look at the checks of the design stage, or state a bias prior",
        )

    def estimates(self) -> Iterator[tuple[str, str, Estimate, Estimate]]:
        """Yield outcome, group, the doubly robust estimate and the weighted difference."""
        for i, measure in enumerate(self.cells.outcomes):
            for s in self.stage.strata:
                total = self.cells.y_sum[s.cells, i]
                squares = self.cells.y_cross[s.cells, i, i]
                found = s.robust.estimate(total, squares, binary=measure.kind == "binary")
                yield measure.name, s.label, found, s.robust.difference(total, squares)

    def fit(self, method: Sampler | ClosedForm, say: Say) -> EffectFit:
        """Compute the posterior, its checks and the outcomes."""
        if isinstance(method, ClosedForm):
            say("drawing the Bayesian bootstrap")
            means = self._means(
                lambda atoms: atoms.weights(method.draws, stream(method.seed, atoms.name))
            )
            chains, tree = sampling.Chains(1.0, float(method.draws), 0), _tree(means, 1)
        else:
            say("compiling the model and sampling its posterior")
            sampled = sampling.sample([Resampled(atoms) for atoms in self.atoms], method)
            parts = {atoms.name: Resampled(atoms).read(sampled) for atoms in self.atoms}
            means = self._means(lambda atoms: atoms.blocks(parts[atoms.name]))
            chains = _measure(means, method, int(sampled["sample_stats"]["diverging"].sum()))
            tree = _tree(means, method.chains)
            tree["sample_stats"] = sampled["sample_stats"]
        say("checking the fit")
        outcomes, notes = self._biased(means, method.seed)
        checks = (*chains.checks(), *self.stage.checks, *self._informing(means, outcomes))
        diagnostics = Diagnostics(checks, chains.rhat_max, chains.ess_min, chains.divergences)
        provenance = dataclasses.replace(
            self.provenance.assuming(*notes), seed=method.seed, diagnostics=diagnostics.status
        )
        return EffectFit(self._outcomes(outcomes, provenance), diagnostics, tree)

    def _means(self, source: Source) -> Array:
        """Return both means of the treated (arm, draw, group, outcome)."""
        out: list[Array] = []
        order: list[int] = []
        for atoms in self.atoms:
            binary = np.array([self.cells.outcomes[i].kind == "binary" for i in atoms.outcomes])
            blocks = []
            for weights in source(atoms):
                people, sums = atoms.sums(weights)
                blocks.append(
                    np.stack(
                        [
                            s.robust.means(people[:, s.cells], sums[:, s.cells], binary)
                            for s in self.stage.strata
                        ],
                        axis=2,
                    )
                )
            out.append(np.concatenate(blocks, axis=1))
            order += atoms.outcomes
        return np.concatenate(out, axis=-1)[..., np.argsort(order)]

    def _biased(self, means: Array, seed: int) -> tuple[Array, list[str]]:
        """Add a draw of the stated bias to the counterfactual; return notes for the record."""
        out, notes = means.copy(), []
        for i, measure in enumerate(self.cells.outcomes):
            bias = self.bias.get(measure.name)
            if bias is None:
                continue
            mean, sd, how = self._bias_scale(i, bias)
            drawn = mean + sd * stream(seed, "bias", measure.name).standard_normal(
                (means.shape[1],)
            )
            moved = out[1, :, :, i] + drawn[:, None]
            note = (
                f"bias of the estimated effect on '{measure.name}' ~ N({mean:.4g}, {sd:.4g}) "
                f"{measure.unit}{how}, taken off every draw"
            )
            if measure.kind == "binary":
                outside = float(np.mean((moved < 0) | (moved > 1)))
                moved = np.clip(moved, 0.0, 1.0)
                if outside:
                    note += f"; {outside:.1%} of draws were held at 0 or 1"
            out[1, :, :, i] = moved
            notes.append(note)
        return out, notes

    def _bias_scale(self, outcome: int, bias: Bias) -> tuple[float, float, str]:
        if not isinstance(bias, BenchmarkBias):
            return bias.mean, bias.sd, ""
        found = least_squares_row(self.cells, outcome)
        place = self.cells.covariates.index(bias.covariate)
        sd = omitted_variable_bias(found, place, bias.times)
        return 0.0, sd, f" (a confounder {bias.times:g} times as strong as {bias.covariate})"

    def _informing(self, means: Array, biased: Array) -> tuple[Check, ...]:
        return (
            twins(self.cells, tuple(self.estimates()), means),
            *hidden_confounding(self.cells, self.stage, biased),
            people_treated(self.provenance.population),
        )

    def _outcomes(self, means: Array, provenance: Provenance) -> Outcomes:
        between = np.stack([_spread(self.cells, s) for s in self.stage.strata], axis=1)
        size = [s.robust.people[s.robust.treated].sum() for s in self.stage.strata]
        return Outcomes.from_draws(
            means[0][..., None],
            means[1][..., None],
            measures=self.cells.outcomes,
            periods=self.periods,
            cohort_size=np.array(size),
            provenance=provenance,
            groups=self.stage.labels,
            covariance=between[:, :, :, None, :, None],
        )


def _spread(cells: Cells, s: Stratum) -> Array:
    """Return the covariance of outcomes between treated, and between weighted comparison people."""
    out = []
    for arm in (s.robust.treated, ~s.robust.treated):
        at, w = s.cells[arm], s.robust.weights[arm]
        total = w @ s.robust.people[arm]
        mean = w @ cells.y_sum[at] / total
        cross = np.tensordot(w, cells.y_cross[at], axes=1) / total
        out.append(np.nan_to_num(cross - np.outer(mean, mean)))
    return np.stack(out)


def _measure(means: Array, method: Sampler, divergences: int) -> sampling.Chains:
    shape = (method.chains, method.draws, -1)
    values = {
        "treated": means[0].reshape(shape),
        "counterfactual": means[1].reshape(shape),
        "effect": (means[0] - means[1]).reshape(shape),
    }
    return sampling.measure_chains(values, divergences)


def _tree(means: Array, chains: int) -> xr.DataTree:
    """Keep the estimates before any bias; the weights of people are not kept."""
    import xarray as xr

    shape = (chains, -1, *means.shape[2:])
    dims = ("chain", "draw", "group", "outcome")
    names = ("treated", "counterfactual")
    data = {name: (dims, means[i].reshape(shape)) for i, name in enumerate(names)}
    return xr.DataTree.from_dict({"posterior": xr.Dataset(data)})
