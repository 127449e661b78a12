"""Anticipation: the chance that a client reaches a target, under a policy that is named."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field

from impactmodel.clients.anticipation_overlap import Overlap, balance_unserved, require_least
from impactmodel.clients.clients import Clients
from impactmodel.clients.encoding import Encoded, Encoding
from impactmodel.clients.target import Target
from impactmodel.core.errors import InputError
from impactmodel.core.spec import spec
from impactmodel.effects.additive_logit import AdditiveLogit
from impactmodel.effects.chances import Importance, logit_posterior
from impactmodel.effects.checks import Diagnostics
from impactmodel.effects.methods import Sampler

type Matrix = npt.NDArray[np.float64]
type Mask = npt.NDArray[np.bool_]


@spec
class AsUsual:
    """What comes if services go to people as they did in the training window."""

    type: Literal["as_usual"] = field(default="as_usual", kw_only=True)

    @property
    def title(self) -> str:
        """The policy in words."""
        return "services as usual"


@spec
class WithoutService:
    """What would come without a service: learnt from the unserved, for all the eligible.

    It holds where whether a person was served depends on the declared features alone.

    Parameters
    ----------
    least_unserved
        Chance of going unserved below which nobody like a person was left unserved.
    on_poor_overlap
        Whether to ``warn`` or to ``refuse`` where more than one in a hundred are below it, or the
        weighted unserved are worth less than a fifth of their number.
    """

    least_unserved: float = 0.05
    on_poor_overlap: Literal["warn", "refuse"] = "warn"
    type: Literal["without_service"] = field(default="without_service", kw_only=True)

    def __post_init__(self) -> None:
        require_least(self.least_unserved)

    @property
    def title(self) -> str:
        """The policy in words."""
        return "without a service"


@spec
class Unaware:
    """Rank by a model that reads no protected feature."""

    type: Literal["unaware"] = field(default="unaware", kw_only=True)


@spec
class Aware:
    """Rank by a model that reads protected features.

    Parameters
    ----------
    legal_ground
        The statute that allows it; it is repeated wherever the ranking is.
    """

    legal_ground: str
    type: Literal["aware"] = field(default="aware", kw_only=True)

    def __post_init__(self) -> None:
        if not self.legal_ground.strip():
            raise InputError(
                "protected features rank on a legal ground only",
                key="legal_ground",
                fix="name the statute, or rank unaware",
            )


type Policy = Annotated[AsUsual | WithoutService, Field(discriminator="type")]
type Ranking = Annotated[Unaware | Aware, Field(discriminator="type")]


@spec
class Anticipation:
    """What is anticipated, and how.

    Parameters
    ----------
    target
        Name of a target of the clients; one such as a year out of work is anticipated like work.
    policy
        `AsUsual` or `WithoutService`: a chance means nothing without it.
    ranking
        `Unaware`, or `Aware` on a legal ground. Both models are fitted, whatever ranks.
    encoding
        How the features enter.
    base_rate, intercept_sd
        Prior of the intercept, N(logit(base rate), sd²).

    Examples
    --------
    >>> Anticipation("work", policy=WithoutService()).policy.title
    'without a service'
    """

    target: str
    policy: Policy = field(default_factory=AsUsual)
    ranking: Ranking = field(default_factory=Unaware)
    encoding: Encoding = field(default_factory=Encoding)
    base_rate: float = 0.5
    intercept_sd: float = 1.5


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class ChanceModel:
    """A fitted model of the chance of a target; it holds no person.

    Parameters
    ----------
    target, policy
        What it anticipates under which policy.
    encoded
        The columns.
    beta
        Draws of the coefficients, the intercept first (draw, coefficient).
    diagnostics
        Whether the draws may be used.
    left_out
        Features that it does not read; the protected ones where it is unaware.
    window
        First and last index date of the people it was fitted to.
    people, reached
        How many these were, and how many of them reached the target.
    statement
        The model in a sentence, for the record.
    recalibration
        How it was recalibrated; empty where it was not.
    """

    target: Target
    policy: AsUsual | WithoutService
    encoded: Encoded
    beta: Matrix
    diagnostics: Diagnostics
    left_out: tuple[str, ...]
    window: tuple[np.datetime64, np.datetime64]
    people: int
    reached: int
    statement: str
    recalibration: str = ""

    @property
    def draws(self) -> int:
        """Number of draws."""
        return len(self.beta)

    def seen(self, clients: Clients) -> Mask:
        """Return whose target is known under the model's policy (person)."""
        known = ~np.isnan(clients.target(self.target.name))
        if isinstance(self.policy, WithoutService):
            known &= clients.service == 0
        return np.asarray(known)

    def __repr__(self) -> str:
        without = f", without {', '.join(self.left_out)}" if self.left_out else ""
        return (
            f"ChanceModel({self.target.title}, {self.policy.title}; {self.people} people, "
            f"{self.encoded.average.size} columns{without})"
        )


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Anticipated:
    """Both models of one anticipation, side by side.

    Parameters
    ----------
    anticipation
        What was asked for.
    aware, unaware
        The model of all features, and that of all but the protected; one and the same where
        nothing is protected.
    overlap
        How the unserved cover the eligible; None as usual.
    """

    anticipation: Anticipation
    aware: ChanceModel
    unaware: ChanceModel
    overlap: Overlap | None

    @property
    def ranking(self) -> ChanceModel:
        """The model that ranks."""
        return self.aware if isinstance(self.anticipation.ranking, Aware) else self.unaware

    def __repr__(self) -> str:
        by = self.anticipation.ranking.type
        return f"Anticipated({self.aware!r}; ranked {by})"


def anticipate(
    anticipation: Anticipation, clients: Clients, method: Importance | Sampler | None = None
) -> Anticipated:
    """Fit the chance of a target to the clients of a training window.

    Parameters
    ----------
    anticipation
        What, and how.
    clients
        The training window, such as ``clients.before(day)``: all who were eligible.
    method
        By default `Importance`.

    Raises
    ------
    InputError
        If there is no such target, no service is recorded where chances without one are asked for,
        or nobody has a known target.
    NotIdentifiedError
        If everybody was served, or overlap fails and is to be refused.

    Warns
    -----
    OverlapWarning
        If overlap fails and is to be warned of.

    Assumptions
    -----------
    Without a service: whether a person was served depends on the declared features alone. Whoever's
    target is not known is like those alike in features whose target is.
    """
    method = method or Importance()
    protected = clients.table.protected
    encoded = anticipation.encoding.learn(clients)
    seen, weight, overlap = _chosen(anticipation, clients, encoded)
    aware = _fit(anticipation, clients, (seen, weight), encoded, method)
    if not protected:
        return Anticipated(anticipation, aware, aware, overlap)
    fewer = anticipation.encoding.learn(clients, protected)
    unaware = _fit(anticipation, clients, (seen, weight), fewer, method)
    return Anticipated(anticipation, aware, unaware, overlap)


def _chosen(
    anticipation: Anticipation, clients: Clients, encoded: Encoded
) -> tuple[Mask, Matrix | None, Overlap | None]:
    """Return who is fitted to (person), their weights, and how well they cover the eligible."""
    seen = ~np.isnan(clients.target(anticipation.target))
    policy = anticipation.policy
    if isinstance(policy, AsUsual):
        if not seen.any():
            raise InputError("nobody's target is known", key="target", seen=anticipation.target)
        return seen, None, None
    if not clients.table.service:
        raise InputError(
            "chances without a service need to know who was served",
            key="service",
            fix="declare its column",
        )
    unserved = seen & (clients.service == 0)
    how = (policy.least_unserved, policy.on_poor_overlap)
    overlap, weight = balance_unserved(encoded.matrix(clients), unserved, *how)
    return unserved, weight, overlap


def _fit(
    anticipation: Anticipation,
    clients: Clients,
    chosen: tuple[Mask, Matrix | None],
    encoded: Encoded,
    method: Importance | Sampler,
) -> ChanceModel:
    rows, weight = chosen
    people = clients.take(rows)
    y = people.target(anticipation.target)
    prior = (anticipation.base_rate, anticipation.intercept_sd)
    model = AdditiveLogit(encoded.matrix(people), y, encoded.blocks, *prior, weight)
    found = logit_posterior(model, method)
    read = {name for part in encoded.parts for name in part.features}
    return ChanceModel(
        target=next(t for t in clients.targets if t.name == anticipation.target),
        policy=anticipation.policy,
        encoded=encoded,
        beta=found.beta,
        diagnostics=found.diagnostics,
        left_out=tuple(n for n in clients.table.features if n not in read),
        window=(people.index.min(), people.index.max()),
        people=people.size,
        reached=int(y.sum()),
        statement=model.statement,
    )
