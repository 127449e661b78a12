"""Lock-in: the effect of each service on being employed, month by month since the index date."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from impactmodel.clients.effect_groups import EffectDesign, group_means, scores_of
from impactmodel.clients.effect_inputs import Served
from impactmodel.clients.effect_overlap import Overlap
from impactmodel.core.errors import InputError
from impactmodel.core.seeds import stream
from impactmodel.core.summary import check_prob
from impactmodel.effects.clustered import clustered_covariance
from impactmodel.evidence.columns import frozen

type Draws = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class MonthlyEffects:
    """Draws of the effect on employment by month, over everybody.

    Parameters
    ----------
    services, months
        Names of services (without none) and of the outcomes, in the order of time.
    effect
        Change of the chance of being employed (draw, service, month).
    without
        Chance without service (draw, month).
    """

    services: tuple[str, ...]
    months: tuple[str, ...]
    effect: Draws
    without: Draws

    @property
    def added_months(self) -> Draws:
        """Months of employment that a service adds in all (draw, service)."""
        return np.asarray(self.effect.sum(axis=2))

    def lock_in(self, prob: float = 0.95) -> npt.NDArray[np.bool_]:
        """Return in which months a service holds people back (service, month).

        That is where the equal-tailed interval of this probability is below 0.
        """
        return np.asarray(np.quantile(self.effect, 1 - (1 - check_prob(prob)) / 2, axis=0) < 0)

    def __repr__(self) -> str:
        return f"MonthlyEffects({', '.join(self.services)}; {len(self.months)} months)"


def effects_by_month(
    served: Served, design: EffectDesign | None = None, *, draws: int = 2000, seed: int = 0
) -> MonthlyEffects:
    """Estimate the effect on employment in each month; ``served.y`` has a column for each.

    All months are estimated jointly, without pooling: their errors have the covariance of one
    person's months and of one comparison group.

    Raises
    ------
    NotIdentifiedError
        Without overlap.
    InputError
        With a single month.
    """
    if len(served.outcomes) < 2:
        raise InputError("lock-in needs two months or more", key="outcomes", seen=1)
    design = design or EffectDesign()
    made, kept = scores_of(served, design, seed)
    weights = np.ones((int(kept.sum()), 1))
    Overlap.of(made, weights, served.services, ("everybody",), design.threshold).require(
        design.tolerated
    )
    parts = [group_means(made.scores[:, :, j], weights) for j in range(len(served.outcomes))]
    mean = np.stack([m[:, 0] for m, _ in parts], axis=1)
    influence = np.stack([i for _, i in parts], axis=2).reshape(len(weights), -1)
    clusters = tuple(code[kept] for code in served.clusters)
    values, vectors = np.linalg.eigh(clustered_covariance(influence, clusters))
    rng = stream(seed, "effects", "months")
    noise = rng.standard_normal((draws, mean.size)) * np.sqrt(np.maximum(values, 0.0))
    drawn = mean + (noise @ vectors.T).reshape(draws, *mean.shape)
    return MonthlyEffects(
        served.services[1:],
        served.outcomes,
        frozen(drawn[:, 1:].copy()),
        frozen(np.clip(drawn[:, 0], 0.0, 1.0)),
    )
