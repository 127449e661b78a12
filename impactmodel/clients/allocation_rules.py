"""Rules of an allocation: places, costs, who may have what, floors, and what is maximised."""

from __future__ import annotations

from dataclasses import field
from typing import Annotated, Literal

from pydantic import Field

from impactmodel.core.errors import InputError
from impactmodel.core.spec import spec


@spec
class Floor:
    """Places reserved for a group: at least this share of the capacity.

    Parameters
    ----------
    group
        A mark of client types.
    share
        Of the capacity of the service, or of all services together.
    service
        Empty for all services together.
    """

    group: str
    share: float
    service: str = ""

    def __post_init__(self) -> None:
        if not 0 < self.share <= 1:
            raise InputError(
                "a floor is a share above 0 and at most 1", key="share", seen=self.share
            )

    @property
    def title(self) -> str:
        """The floor in words."""
        where = f"'{self.service}'" if self.service else "all services"
        return f"at least {self.share:.0%} of the places of {where} for '{self.group}'"


@spec
class Expected:
    """Maximise the mean over draws."""

    type: Literal["expected"] = field(default="expected", kw_only=True)


@spec
class TailMean:
    """Maximise the mean of the worst draws of the total: conditional value at risk.

    Parameters
    ----------
    share
        Share of the draws that are the worst.
    """

    share: float = 0.1
    type: Literal["tail_mean"] = field(default="tail_mean", kw_only=True)

    def __post_init__(self) -> None:
        if not 0 < self.share <= 1:
            raise InputError("a share of draws is above 0 and at most 1", key="share")


@spec
class ChanceAbove:
    """Maximise the expected number of places whose gain is above a threshold.

    Parameters
    ----------
    threshold
        In the unit of the gain.
    """

    threshold: float = 0.0
    type: Literal["chance_above"] = field(default="chance_above", kw_only=True)


type Objective = Annotated[Expected | TailMean | ChanceAbove, Field(discriminator="type")]


@spec
class AllocationRules:
    """What an allocation must keep to.

    Parameters
    ----------
    capacity
        Places of each service.
    cost
        Per place; needed with a budget.
    budget
        For all places together; None for no limit but places.
    floors
        Places reserved for groups.
    random_share
        Share of each service's places that is drawn by lot among everybody eligible, before
        anything else, so that effects can still be learned.
    objective
        What is maximised with the other places.

    Raises
    ------
    InputError
        For a negative number, a budget without costs, or an unknown service.

    Examples
    --------
    >>> AllocationRules({"course": 10}, random_share=0.1).drawn_by_lot("course")
    1
    """

    capacity: dict[str, int]
    cost: dict[str, float] = field(default_factory=dict)
    budget: float | None = None
    floors: tuple[Floor, ...] = ()
    random_share: float = 0.05
    objective: Objective = Expected()

    def __post_init__(self) -> None:
        if not self.capacity:
            raise InputError("there is no service to allocate", key="capacity")
        for key, values in (("capacity", self.capacity), ("cost", self.cost)):
            for service, value in values.items():
                if not value >= 0:
                    raise InputError("this is at least 0", key=f"{key}.{service}", seen=value)
        if not 0 <= self.random_share < 1:
            raise InputError(
                "a share of random places is at least 0 and below 1",
                key="random_share",
                seen=self.random_share,
            )
        if self.budget is not None:
            if not self.budget >= 0:
                raise InputError("a budget is at least 0", key="budget", seen=self.budget)
            free = sorted(set(self.capacity) - set(self.cost))
            if free:
                raise InputError(
                    "a budget needs the cost of every service", key="cost", seen=", ".join(free)
                )
        strange = sorted(
            (set(self.cost) | {f.service for f in self.floors if f.service}) - set(self.capacity)
        )
        if strange:
            raise InputError(
                "this service has no capacity", key="capacity", seen=strange[0], fix="state it"
            )

    def drawn_by_lot(self, service: str) -> int:
        """Return how many places of a service are drawn by lot."""
        return int(self.random_share * self.capacity[service] + 1e-9)
