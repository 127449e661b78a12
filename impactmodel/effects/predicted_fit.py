"""Fitting a predicted baseline: observed outcomes of the served beside draws of the predicted."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from impactmodel.core.measures import OutcomeMeasure
from impactmodel.core.outcomes import Outcomes, Provenance
from impactmodel.core.schedule import Periods
from impactmodel.core.seeds import stream
from impactmodel.effects import sampling
from impactmodel.effects.calibration import calibrate, calibration_check
from impactmodel.effects.checks import Check, Diagnostics
from impactmodel.effects.coupling import pair
from impactmodel.effects.designs import Say
from impactmodel.effects.given_prediction import Given
from impactmodel.effects.methods import ClosedForm, Sampler
from impactmodel.effects.prediction_layout import Parameters, PredictionModel, Served, flat
from impactmodel.effects.result import EffectFit

if TYPE_CHECKING:
    import pymc as pm
    import xarray as xr

type Array = npt.NDArray[np.float64]

_EXTRAPOLATION_LIMIT = 0.05
_CORRELATIONS = (0.0, 0.5, 1.0)


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Observed:
    """What the served did: people (group), sums and sums of squares (group, outcome)."""

    measures: tuple[OutcomeMeasure, ...]
    groups: tuple[str, ...]
    size: Array
    sums: Array
    squares: Array

    @property
    def means(self) -> Array:
        """Mean per person (group, outcome)."""
        return self.sums / self.size[:, None]

    @property
    def variances(self) -> Array:
        """Variance between people, n - 1 (group, outcome)."""
        n = self.size[:, None]
        spread = self.squares - n * self.means**2
        return np.maximum(spread, 0.0) / np.maximum(n - 1.0, 1.0)

    def draw(self, n: int, rng: np.random.Generator) -> Array:
        """Draw the expected outcomes of people like the served (draw, group, outcome).

        A rate has a uniform prior; a mean is Student t around the observed one, the posterior
        under a flat prior of mean and log variance.
        """
        size = self.size[:, None]
        error = np.sqrt(self.variances / size)
        t = rng.standard_t(np.maximum(size - 1.0, 1.0), (n, *self.sums.shape))
        out: Array = self.means + error * t
        for i, measure in enumerate(self.measures):
            if measure.kind == "binary":
                events, others = self.sums[:, i], self.size - self.sums[:, i]
                out[:, :, i] = rng.beta(1.0 + events, 1.0 + others, (n, len(events)))
        return out


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Predicted:
    """A predicted baseline made ready, see `designs.Ready`.

    Parameters
    ----------
    models
        One per outcome.
    layout
        Of the learnt predictions; None where all are given.
    observed
        What the served did.
    cohort, baseline
        As in `PredictedBaseline`.
    estimators, people
        Correlation of residuals and of outcomes within an arm (arm, outcome, outcome).
    periods, provenance
        Of the results.
    sensitivity
        What hidden confounding would have to be; empty where all predictions are given.
    """

    models: tuple[PredictionModel, ...]
    layout: Served | None
    observed: Observed
    cohort: Literal["realised", "new"]
    baseline: Mapping[str, float]
    estimators: Array | None
    people: Array
    periods: Periods
    provenance: Provenance
    sensitivity: tuple[Check, ...] = ()

    @property
    def exact(self) -> str:
        """Why there is no closed form; empty where there is one."""
        return next((m.why_not_exact for m in self.models if m.why_not_exact), "")

    def build(self) -> pm.Model:
        """Return the PyMC model of the predictions."""
        return sampling.assemble(self.models)

    def prior(self, draws: int, seed: int) -> Outcomes:
        """Draw the predictions that the priors imply; both arms are alike before data."""
        drawn = [m.prior(draws, stream(seed, "prior", m.measure.name)) for m in self.models]
        without = self._without(drawn, seed)
        provenance = dataclasses.replace(
            self.provenance.assuming(
                "drawn from the priors, before the data: nothing is assumed of the served, who "
                "are put where they are predicted"
            ),
            seed=seed,
        )
        return self._outcomes(without, without, drawn, provenance)

    def fit(self, method: Sampler | ClosedForm, say: Say) -> EffectFit:
        """Compute the posterior, its checks and the outcomes."""
        if isinstance(method, ClosedForm):
            say("drawing from the exact posterior")
            drawn = [
                m.exact(method.draws, stream(method.seed, m.measure.name)) for m in self.models
            ]
            without = self._without(drawn, method.seed)
            chains, tree = sampling.Chains(1.0, float(method.draws), 0), _tree(drawn)
        else:
            say("compiling the model and sampling its posterior")
            tree = sampling.sample(self.models, method)
            drawn = [flat(tree)] * len(self.models)
            without = self._without(drawn, method.seed)
            chains = self._measure(tree, drawn, method)
        say("checking the fit")
        checks = (
            *chains.checks(),
            *self.checks(),
            *self.sensitivity,
            *self._informing(without),
        )
        diagnostics = Diagnostics(checks, chains.rhat_max, chains.ess_min, chains.divergences)
        provenance = dataclasses.replace(
            self.provenance, seed=method.seed, diagnostics=diagnostics.status
        )
        treated = np.broadcast_to(self.observed.means, without.shape)
        if self.cohort == "new":
            treated = self.observed.draw(len(without), stream(method.seed, "served"))
        orders = self._pairing(treated, without, method.seed)
        treated, without = _ordered(treated, orders), _ordered(without, orders)
        drawn = [
            {name: values[order] for name, values in part.items()}
            for part, order in zip(drawn, orders, strict=True)
        ]
        return EffectFit(self._outcomes(treated, without, drawn, provenance), diagnostics, tree)

    def checks(self) -> tuple[Check, ...]:
        """Return what can be checked before the served's outcomes are read."""
        found = [
            calibration_check(m.measure.name, calibrate(m.held_out(), self.observed.groups))
            for m in self.models
        ]
        if self.layout is not None:
            found.append(_extrapolation(self.layout))
        given = [m for m in self.models if isinstance(m, Given)]
        if given:
            found.append(_correlated(given))
        return tuple(found)

    def _without(self, drawn: Sequence[Parameters], seed: int) -> Array:
        """Return the served without the programme (draw, group, outcome)."""
        out = []
        for model, parameters in zip(self.models, drawn, strict=True):
            if self.cohort == "realised":
                rng = stream(seed, "residuals", model.measure.name)
                out.append(model.realised(parameters, rng))
            else:
                out.append(model.expected(parameters))
        return np.stack(out, axis=-1)

    def _pairing(self, treated: Array, without: Array, seed: int) -> list[npt.NDArray[np.intp]]:
        """Return the order of each outcome's draws in which errors of outcomes go together."""
        count, outcomes = len(without), without.shape[2]
        if self.estimators is None or outcomes == 1:
            return [np.arange(count)] * outcomes
        rng = stream(seed, "pairing")
        share = self.observed.size / self.observed.size.sum()
        served, predicted = (np.tensordot(v, share, axes=([1], [0])).T for v in (treated, without))
        correlations = self.estimators
        if self.cohort == "realised":
            # What is observed has no error: noise stands in its place, tied to nothing.
            served = rng.standard_normal((outcomes, count))
            correlations = np.stack([np.eye(outcomes), correlations[1]])
        return pair(np.stack([served, predicted], axis=-1), correlations, rng)

    def _outcomes(
        self,
        treated: Array,
        without: Array,
        drawn: Sequence[Parameters],
        provenance: Provenance,
    ) -> Outcomes:
        outcomes = Outcomes.from_draws(
            treated[..., None],
            without[..., None],
            measures=self.observed.measures,
            periods=self.periods,
            cohort_size=self.observed.size,
            provenance=provenance,
            groups=self.observed.groups,
            covariance=self._spread(treated, drawn) if self.cohort == "new" else None,
        )
        if not self.baseline:
            return outcomes
        fixed = [self.baseline.get(m.name, np.nan) for m in self.observed.measures]
        shape = (len(self.observed.groups), len(fixed), 1)
        values = np.broadcast_to(np.array(fixed)[None, :, None], shape).copy()
        dims = ("group", "outcome", "period")
        return Outcomes(outcomes.dataset.assign(prediction=(dims, values)))

    def _spread(self, treated: Array, drawn: Sequence[Parameters]) -> Array:
        """Return the covariance between people (draw, arm, group, outcome, 1, outcome, 1)."""
        without = np.stack([m.spread(d) for m, d in zip(self.models, drawn, strict=True)], axis=-1)
        served = np.broadcast_to(self.observed.variances, without.shape).copy()
        for i, measure in enumerate(self.observed.measures):
            if measure.kind == "binary":
                served[..., i] = treated[..., i] * (1 - treated[..., i])
        sd = np.sqrt(np.stack([served, without], axis=1))
        correlation = np.nan_to_num(self.people)[:, None]
        between: Array = correlation * sd[..., :, None] * sd[..., None, :]
        return between[..., :, None, :, None]

    def _measure(
        self, tree: xr.DataTree, drawn: Sequence[Parameters], method: Sampler
    ) -> sampling.Chains:
        values = {str(k): v.values for k, v in tree["posterior"].dataset.items()}
        for model, parameters in zip(self.models, drawn, strict=True):
            expected = model.expected(parameters)
            shape = (method.chains, method.draws, -1)
            values[f"{model.measure.name}:0"] = expected.reshape(shape)
        return sampling.measure_chains(values, int(tree["sample_stats"]["diverging"].sum()))

    def _informing(self, without: Array) -> tuple[Check, ...]:
        if not self.baseline:
            return ()
        share = self.observed.size / self.observed.size.sum()
        rows: list[tuple[str | float, ...]] = [
            ("outcome", "contract's prediction", "predicted here", "sd", "observed")
        ]
        for i, measure in enumerate(self.observed.measures):
            if measure.name in self.baseline:
                drawn = without[:, :, i] @ share
                rows.append(
                    (
                        measure.name,
                        self.baseline[measure.name],
                        float(drawn.mean()),
                        float(drawn.std(ddof=1)),
                        float(share @ self.observed.means[:, i]),
                    )
                )
        text = "; ".join(
            f"'{row[0]}': the contract fixes {float(row[1]):.4g}, predicted here "
            f"{float(row[2]):.4g} ({float(row[3]):.2g})"
            for row in rows[1:]
        )
        return (Check("the contract's own prediction", None, text, tuple(rows)),)


def _ordered(values: Array, orders: Sequence[npt.NDArray[np.intp]]) -> Array:
    return np.stack([values[order, :, i] for i, order in enumerate(orders)], axis=-1)


def _extrapolation(layout: Served) -> Check:
    """Say how many of the served are farther out than every unserved person (by leverage)."""
    inverse = np.linalg.inv((layout.x0 * layout.n0[:, None]).T @ layout.x0)
    inside, beyond = (np.einsum("cj,jk,ck->c", x, inverse, x) for x in (layout.x0, layout.x1))
    share = float(layout.n1 @ (beyond > inside.max()) / layout.n1.sum())
    text = (
        f"{share:.1%} of the served have covariates farther out than those of every unserved "
        f"person (limit {_EXTRAPOLATION_LIMIT:.0%})"
    )
    return Check("extrapolation", share <= _EXTRAPOLATION_LIMIT, text)


def _correlated(given: Sequence[Given]) -> Check:
    """Show what the error of a mean would be at other correlations between people's errors."""
    rows: list[tuple[str | float, ...]] = [
        ("outcome", "group", "stated", *(f"sd at {rho:g}" for rho in _CORRELATIONS))
    ]
    for model in given:
        for place, label in enumerate(model.groups):
            sds = [float(model.error_sd(rho)[place]) for rho in _CORRELATIONS]
            rows.append((model.measure.name, label, model.given.correlation, *sds))
    text = (
        "given predictions: the error of the mean hangs on the correlation between people's "
        "errors, which is an assumption; the table has it at 0, .5 and 1"
    )
    return Check("correlation of given predictions", None, text, tuple(rows))


def _tree(drawn: Sequence[Parameters]) -> xr.DataTree:
    import xarray as xr

    data = {
        name: (("chain", "draw", *(f"{name}_{i}" for i in range(1, v.ndim))), v[None])
        for part in drawn
        for name, v in part.items()
    }
    return xr.DataTree.from_dict({"posterior": xr.Dataset(data)})
