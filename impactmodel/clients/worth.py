"""What one more job is worth to whom: the public side of a case, seen by group of clients."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field

from impactmodel.clients.value import PlaceValue, place_value
from impactmodel.core.errors import InputError
from impactmodel.core.outcomes import Outcomes, Provenance
from impactmodel.core.spec import spec
from impactmodel.evidence.columns import frozen
from impactmodel.fiscal import RuleSide, savings

if TYPE_CHECKING:
    import datetime as dt

    from impactmodel.clients.allocation_rules import AllocationRules
    from impactmodel.clients.effect_draws import EffectDraws
    from impactmodel.core.measures import OutcomeMeasure
    from impactmodel.core.schedule import Periods
    from impactmodel.fiscal import PublicSide

type Draws = npt.NDArray[np.float64]

STEP = 0.1
"""Change of the chance at which one more job is valued."""


@spec
class Jobs:
    """Places go where they are expected to add most jobs."""

    type: Literal["jobs"] = field(default="jobs", kw_only=True)


@spec
class NetValue:
    """Places go where the value of the jobs less the cost of the place is highest.

    Parameters
    ----------
    payer
        Whose value; empty for all public payers together.
    """

    payer: str = ""
    type: Literal["net_value"] = field(default="net_value", kw_only=True)


type Aim = Annotated[Jobs | NetValue, Field(discriminator="type")]


@spec
class PlaceWorth:
    """Who pays for places, and whether places seek jobs or money.

    Parameters
    ----------
    paid_by
        Payer of a place, by service; a service that is not named is paid by the public purse.
    aim
        What the places that are not drawn by lot maximise.
    currency
        Of the costs of places; by default that of the public side or the contract.
    """

    paid_by: dict[str, str] = field(default_factory=dict)
    aim: Aim = Jobs()
    currency: str = ""

    def __post_init__(self) -> None:
        for service, payer in self.paid_by.items():
            if not payer.strip():
                raise InputError("a payer has a name", key=f"paid_by.{service}", fix="name it")

    def require_known(self, rules: AllocationRules) -> None:
        """Raise `InputError` for a service that is not allocated, or money without costs."""
        for service in self.paid_by:
            if service not in rules.capacity:
                raise InputError(
                    "this service has no capacity",
                    key=f"worth.paid_by.{service}",
                    fix=f"one of {', '.join(rules.capacity)}",
                )
        free = [s for s in rules.capacity if s not in rules.cost]
        if isinstance(self.aim, NetValue) and free:
            raise InputError(
                "net value needs the cost of every service",
                key="places.cost",
                seen=", ".join(free),
                fix="state it per place",
            )


@dataclass(frozen=True, slots=True)
class Purse:
    """The public side as places meet it.

    Parameters
    ----------
    public
        None where the case has none.
    measure, periods, start
        The target as an outcome, when it comes, and when a contract starts.
    currency
        Of the public side or the contract; empty where there is neither.
    """

    public: PublicSide | None
    measure: OutcomeMeasure
    periods: Periods
    start: dt.date | None = None
    currency: str = ""


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class JobValue:
    """Present value of one more job to each payer.

    Parameters
    ----------
    by_payer
        Draws (draw, group); empty without a public side.
    private
        Payers that are no public ones, beside participant and employer.
    """

    by_payer: Mapping[str, Draws]
    private: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"JobValue({', '.join(self.by_payer) or 'nobody'})"


def job_value(purse: Purse, drawn: EffectDraws, *, seed: int = 0) -> JobValue:
    r"""Return what one more job in each group is worth to each payer.

    .. math:: u_{dgp} = \frac{S_{dgp}(p^0_{dg} \pm 0.1) - S_{dgp}(p^0_{dg})}{\pm 0.1}

    with S the savings of the public side for one person of the group at a chance of a job, and
    :math:`p^0` the chance without service; up where that is at most a half, down elsewhere. Exact
    where savings are in proportion to the effect: unit values, and rules whose months of one
    person are comonotone within one period. Elsewhere it is the value of the next tenth.

    Parameters
    ----------
    purse
        The public side and what it sees.
    drawn
        For the chance without service; draw i of the value belongs to draw i of the effects.
    seed
        Of uncertain values, as in the savings of the case.

    Raises
    ------
    InputError
        If the public side does not read the target, or has no persons for a group.
    """
    if purse.public is None:
        return JobValue({})
    without = drawn.without
    step = np.where(without <= 0.5, STEP, -STEP)
    found, private = _saved(purse, drawn, without + step, seed)
    return JobValue({payer: frozen(amount / step) for payer, amount in found.items()}, private)


def _saved(
    purse: Purse, drawn: EffectDraws, treated: Draws, seed: int
) -> tuple[dict[str, Draws], tuple[str, ...]]:
    """Return what each payer saves on one person of each group (draw, group); private payers."""
    assert purse.public is not None  # noqa: S101  the caller looked
    outcomes = Outcomes.from_draws(
        treated[:, :, None, None],
        drawn.without[:, :, None, None],
        measures=[purse.measure],
        periods=purse.periods,
        cohort_size=1.0,
        provenance=Provenance(estimand="one more job by group", design="stated"),
        groups=list(drawn.groups),
    )
    if purse.start is not None:
        outcomes = outcomes.starting(purse.start)
    try:
        saved = savings(outcomes, purse.public, seed=seed)
    except InputError as error:
        raise error.located(key="public") from None
    ledger, factors = saved.ledger, saved.discount
    found = {
        payer: np.asarray(
            ledger.view("group", payers=(payer,), factors=factors).transpose("draw", "group").values
        )
        for payer in ledger.payers
    }
    public = set(ledger.public_payers)
    return found, tuple(payer for payer in found if payer not in public)


def _at_effects(purse: Purse, drawn: EffectDraws, seed: int) -> dict[str, Draws]:
    """Return what a place is worth to each payer at its own effect (draw, service, group).

    Rules need not be in proportion to the effect; chances are held between 0 and 1.
    """
    by_service = [
        _saved(purse, drawn, np.clip(drawn.without + drawn.effect[:, s], 0.0, 1.0), seed)[0]
        for s in range(len(drawn.services))
    ]
    return {p: frozen(np.stack([one[p] for one in by_service], axis=1)) for p in by_service[0]}


def worth_of_places(
    worth: PlaceWorth, rules: AllocationRules, purse: Purse, drawn: EffectDraws, *, seed: int = 0
) -> PlaceValue | None:
    """Return what places are worth by service and group; None where that is not known.

    It is not where a service has no cost, or no currency is known: `why_no_worth` says which.

    Raises
    ------
    InputError
        As `job_value` does; if currencies differ, or the aim names a payer who neither gains nor
        pays, or places of a named payer's are paid by nobody in particular.
    """
    worth.require_known(rules)
    if worth.currency and purse.currency not in {"", worth.currency}:
        raise InputError(
            "places cost in another currency than the case counts in",
            key="worth.currency",
            seen=worth.currency,
            fix=f"state costs in {purse.currency}",
        )
    aim = worth.aim
    if isinstance(aim, NetValue) and purse.public is None:
        raise InputError(
            "places cannot seek value that no public side states",
            key="worth.aim",
            fix="add 'public' to the case, or aim at jobs",
        )
    if why_no_worth(worth, rules, purse):
        return None
    found = job_value(purse, drawn, seed=seed)
    made = place_value(
        ("jobs", drawn.effect),
        (drawn.services, drawn.groups),
        found.by_payer,
        rules.cost,
        worth.currency or purse.currency,
        seed=seed,
    )
    if isinstance(purse.public, RuleSide):
        made = dataclasses.replace(made, by_payer=_at_effects(purse, drawn, seed))
    made = dataclasses.replace(
        made,
        private=found.private,
        paid_by=tuple(worth.paid_by.get(s, "") for s in drawn.services),
    )
    if isinstance(aim, NetValue) and aim.payer:
        _require_payer(aim.payer, made)
    return made


def why_no_worth(worth: PlaceWorth, rules: AllocationRules, purse: Purse) -> str:
    """Say why places have no cost per job; empty where they have."""
    free = [s for s in rules.capacity if s not in rules.cost]
    if free:
        return f"The plan states no cost of a place of {', '.join(free)}."
    if not (worth.currency or purse.currency):
        return "The plan states no currency, and the case has neither a contract nor a public side."
    return ""


def _require_payer(payer: str, made: PlaceValue) -> None:
    known = dict.fromkeys([*made.by_payer, *filter(None, made.paid_by)])
    if payer not in known:
        raise InputError(
            "this payer neither gains from a job nor pays for a place",
            key="worth.aim.payer",
            seen=payer,
            fix=f"one of {', '.join(known)}",
        )
    free = [s for s, paid in zip(made.services, made.paid_by, strict=True) if not paid]
    if free:
        raise InputError(
            "the value of one payer needs to know who pays for each place",
            key="worth.paid_by",
            seen=", ".join(free),
            fix="name the payer of a place by service",
        )
