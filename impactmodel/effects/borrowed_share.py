"""A share whose comparison borrows from history."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from impactmodel.core.measures import OutcomeMeasure
from impactmodel.effects.arms import CountedArm
from impactmodel.effects.borrowing_checks import borrowing_checks
from impactmodel.effects.checks import Check
from impactmodel.effects.mixtures import BetaMixture
from impactmodel.effects.model import Levels
from impactmodel.effects.predictor import Array, Parameters
from impactmodel.effects.priors import BetaPriors


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
    history: tuple[Check, ...] = ()

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
        """Check history, the own comparison group against it, and show what was borrowed."""
        name = self.measure.name
        tail = None
        if self.control is not None:
            tail = self.mixture.without_vague().tail(self.control.events, self.control.people)
        own = self._own[1]
        found = borrowing_checks(name, self.mixture, self.posterior(), own, tail)
        return (*self.history, *found)
