"""Two arms of which the comparison borrows from history: the models of a share and of a mean."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from impactmodel.core.measures import OutcomeMeasure
from impactmodel.effects.checks import Check
from impactmodel.effects.map_prior import CountedArm, MeasuredArm
from impactmodel.effects.mixtures import BetaMixture, NormalMixture
from impactmodel.effects.model import Levels
from impactmodel.effects.predictor import Array, Parameters
from impactmodel.effects.prior_checks import CONFLICT_LIMIT
from impactmodel.effects.priors import BetaPriors

# The treated mean gets a prior this many sds between people wide: it is left to its own data.
TREATED_SDS = 10.0


@dataclass(frozen=True, slots=True, eq=False)
class BorrowedShare:
    """A yes-or-no outcome whose comparison has a mixture prior: an `OutcomeModel`.

    Treated: p ~ Beta, conjugate. Comparison: p ~ a mixture of betas, conjugate by component.
    """

    measure: OutcomeMeasure
    treated: CountedArm
    control: CountedArm | None
    mixture: BetaMixture
    treated_prior: BetaPriors
    told: str

    @property
    def signature(self) -> Hashable:
        """What decides the compiled code."""
        return type(self).__name__, self.measure.name

    @property
    def target_accept(self) -> float:
        """Acceptance that a sampler's steps are adapted to."""
        return 0.95

    @property
    def _name(self) -> str:
        return f"{self.measure.name}_probability"

    @property
    def _own(self) -> tuple[int, int]:
        return (0, 0) if self.control is None else (self.control.events, self.control.people)

    @property
    def data(self) -> dict[str, npt.NDArray[Any]]:
        """The arrays that the PyMC model reads, by name."""
        events, people = self._own
        counts = [[self.treated.events, events], [self.treated.people, people]]
        m = self.mixture
        return {
            f"{self.measure.name}_counts": np.array(counts, dtype=float),
            f"{self.measure.name}_mixture": np.stack([np.log(m.weights), m.a, m.b]),
            f"{self.measure.name}_prior": np.array(
                [self.treated_prior.events, self.treated_prior.non_events]
            ),
        }

    @property
    def statement(self) -> str:
        """One sentence on the model, for the record."""
        p = self.treated_prior
        return (
            f"'{self.measure.name}': comparison by {self.told}; treated Beta({p.events:g}, "
            f"{p.non_events:g})"
        )

    def add(self, data: Mapping[str, Any]) -> None:
        """Add parameters and likelihood to the PyMC model in context."""
        import pymc as pm
        import pytensor.tensor as pt

        name = self.measure.name
        counts, parts, prior = (data[f"{name}_{key}"] for key in ("counts", "mixture", "prior"))
        p = pm.Beta(self._name, 1.0, 1.0, shape=2)
        norm = pt.gammaln(parts[1]) + pt.gammaln(parts[2]) - pt.gammaln(parts[1] + parts[2])
        log = (parts[1] - 1) * pt.log(p[1]) + (parts[2] - 1) * pt.log1p(-p[1]) - norm
        own = (prior[0] - 1) * pt.log(p[0]) + (prior[1] - 1) * pt.log1p(-p[0])
        likelihood = (counts[0] * pt.log(p) + (counts[1] - counts[0]) * pt.log1p(-p)).sum()
        pm.Potential(f"{name}_prior_density", own + pm.math.logsumexp(parts[0] + log))
        pm.Potential(f"{name}_likelihood", likelihood)

    def posterior(self) -> BetaMixture:
        """Return the exact posterior of the comparison's probability."""
        return self.mixture.update(*self._own)

    def prior(self, n: int, rng: np.random.Generator) -> dict[str, Array]:
        """Draw the probabilities of the arms from their priors."""
        p = self.treated_prior
        treated = rng.beta(p.events, p.non_events, n)
        return {self._name: np.column_stack([treated, self.mixture.draw(n, rng)])}

    def _treated_posterior(self) -> tuple[float, float]:
        p, arm = self.treated_prior, self.treated
        return p.events + arm.events, p.non_events + arm.people - arm.events

    def exact(self, n: int, rng: np.random.Generator) -> dict[str, Array]:
        """Draw the probabilities of the arms independently from the exact posterior."""
        treated = rng.beta(*self._treated_posterior(), n)
        return {self._name: np.column_stack([treated, self.posterior().draw(n, rng)])}

    def exact_moments(self) -> tuple[Array, Array]:
        """Return mean (arm) and covariance (arm, arm) of the two probabilities, exactly."""
        a, b = self._treated_posterior()
        control = self.posterior()
        variance = a * b / ((a + b) ** 2 * (a + b + 1))
        return np.array([a / (a + b), control.mean]), np.diag([variance, control.sd**2])

    def levels(self, drawn: Parameters) -> Levels:
        """Return the probabilities; the variance between people is p (1 - p)."""
        p = drawn[self._name].T[:, :, None]
        return Levels(p, p * (1 - p))

    def predictive_checks(self, drawn: Parameters, rng: np.random.Generator) -> tuple[Check, ...]:
        """Check the own comparison group against history, and show what was borrowed."""
        name = self.measure.name
        tail = None
        if self.control is not None:
            tail = self.mixture.without_vague().tail(self.control.events, self.control.people)
        own = self._own[1]
        return borrowing_checks(name, self.mixture, self.posterior(), own, tail)


@dataclass(frozen=True, slots=True, eq=False)
class BorrowedMean:
    """A measured outcome whose comparison has a mixture prior: an `OutcomeModel`.

    Sample means are normal with the sds between people taken as known. Comparison: a mixture of
    normals, conjugate by component. Treated: a normal prior ten sds wide.
    """

    measure: OutcomeMeasure
    treated: MeasuredArm
    control: MeasuredArm | None
    mixture: NormalMixture
    told: str

    @property
    def signature(self) -> Hashable:
        """What decides the compiled code."""
        return type(self).__name__, self.measure.name, self.control is None

    @property
    def target_accept(self) -> float:
        """Acceptance that a sampler's steps are adapted to."""
        return 0.95

    @property
    def _name(self) -> str:
        return f"{self.measure.name}_mean"

    @property
    def _wide(self) -> float:
        return TREATED_SDS * self.mixture.person_sd

    @property
    def data(self) -> dict[str, npt.NDArray[Any]]:
        """The arrays that the PyMC model reads, by name."""
        m, control = self.mixture, self.control
        own = (0.0, 1.0) if control is None else (control.mean, control.error)
        return {
            f"{self.measure.name}_means": np.array(
                [[self.treated.mean, own[0]], [self.treated.error, own[1]]]
            ),
            f"{self.measure.name}_mixture": np.stack([np.log(m.weights), m.means, m.sds]),
            f"{self.measure.name}_prior": np.array([m.mean, self._wide]),
        }

    @property
    def statement(self) -> str:
        """One sentence on the model, for the record."""
        return (
            f"'{self.measure.name}': comparison by {self.told}; treated N({self.mixture.mean:.4g}, "
            f"{self._wide:.4g}); sds between people taken as known"
        )

    def add(self, data: Mapping[str, Any]) -> None:
        """Add parameters and likelihood to the PyMC model in context."""
        import pymc as pm
        import pytensor.tensor as pt

        name = self.measure.name
        means, parts, prior = (data[f"{name}_{key}"] for key in ("means", "mixture", "prior"))
        # In units of the wide prior, so that steps fit whatever the unit of the outcome.
        z = pm.Normal(f"{name}_standardised", 0.0, 1.0, shape=2)
        mean = pm.Deterministic(self._name, prior[0] + prior[1] * z)
        pull = (mean[1] - parts[1]) / parts[2]
        log = parts[0] - 0.5 * pull**2 - pt.log(parts[2])
        pm.Potential(f"{name}_prior_density", pm.math.logsumexp(log) + 0.5 * z[1] ** 2)
        kept = 1 if self.control is None else 2
        error = (means[0, :kept] - mean[:kept]) / means[1, :kept]
        pm.Potential(f"{name}_likelihood", -0.5 * (error**2).sum())

    def posterior(self) -> NormalMixture:
        """Return the exact posterior of the comparison's mean."""
        if self.control is None:
            return self.mixture
        return self.mixture.update(self.control.mean, self.control.error)

    def prior(self, n: int, rng: np.random.Generator) -> dict[str, Array]:
        """Draw the means of the arms from their priors."""
        treated = rng.normal(self.mixture.mean, self._wide, n)
        return {self._name: np.column_stack([treated, self.mixture.draw(n, rng)])}

    def _treated_posterior(self) -> tuple[float, float]:
        total = math.hypot(self._wide, self.treated.error)
        own = (self._wide / total) ** 2
        mean = self.mixture.mean + own * (self.treated.mean - self.mixture.mean)
        return mean, self._wide * self.treated.error / total

    def exact(self, n: int, rng: np.random.Generator) -> dict[str, Array]:
        """Draw the means of the arms independently from the exact posterior."""
        treated = rng.normal(*self._treated_posterior(), n)
        return {self._name: np.column_stack([treated, self.posterior().draw(n, rng)])}

    def exact_moments(self) -> tuple[Array, Array]:
        """Return mean (arm) and covariance (arm, arm) of the two means, exactly."""
        mean, sd = self._treated_posterior()
        control = self.posterior()
        return np.array([mean, control.mean]), np.diag([sd**2, control.sd**2])

    def levels(self, drawn: Parameters) -> Levels:
        """Return the means; the variance between people is the arms' own."""
        mean = drawn[self._name].T[:, :, None]
        control = self.mixture.person_sd if self.control is None else self.control.sd
        variance = np.array([self.treated.sd**2, control**2])[:, None, None]
        return Levels(mean, np.broadcast_to(variance, mean.shape).copy())

    def predictive_checks(self, drawn: Parameters, rng: np.random.Generator) -> tuple[Check, ...]:
        """Check the own comparison group against history, and show what was borrowed."""
        tail = None
        if self.control is not None:
            tail = self.mixture.without_vague().tail(self.control.mean, self.control.error)
        own = 0 if self.control is None else self.control.people
        return borrowing_checks(self.measure.name, self.mixture, self.posterior(), own, tail)


def borrowing_checks(
    name: str,
    prior: BetaMixture | NormalMixture,
    posterior: BetaMixture | NormalMixture,
    own: int,
    tail: float | None,
) -> tuple[Check, ...]:
    """Return the check of conflict with history, and how much was borrowed.

    Parameters
    ----------
    name
        The outcome.
    prior, posterior
        Robust mixtures, the vague component last.
    own
        People of the own comparison group.
    tail
        Two-sided probability of the own comparison's data under history alone.
    """
    before, after = float(prior.weights[-1]), float(posterior.weights[-1])
    worth = posterior.people("elir")
    rows = (
        ("quantity", "before the own comparison", "after"),
        ("weight of the vague component", before, after),
        ("worth in people (ELIR)", prior.people("elir"), worth),
        ("worth in people (moments)", prior.people("moment"), posterior.people("moment")),
        ("mean", prior.mean, posterior.mean),
        ("sd", prior.sd, posterior.sd),
    )
    borrowed = Check(
        f"borrowing: {name}",
        None,
        f"'{name}': history adds {worth - own:.0f} people to {own} of the own comparison; weight "
        f"of the vague component {before:.2f} before and {after:.2f} after",
        rows,
    )
    if tail is None:
        text = f"'{name}' has no own comparison group: nothing can contradict the history"
        return Check(f"conflict with history: {name}", None, text), borrowed
    text = (
        f"'{name}': two-sided probability of the own comparison group under history {tail:.3f} "
        f"(limit {CONFLICT_LIMIT:g})"
    )
    return Check(f"conflict with history: {name}", tail >= CONFLICT_LIMIT, text), borrowed
