"""Synthetic clients with a known truth, to test methods on; no row is or stands for a person."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from impactmodel.clients.clients import Clients, ClientTable
from impactmodel.clients.synthetic_assignment import (
    Assignment,
    OnRecord,
    assignment_chances,
    root,
)
from impactmodel.clients.synthetic_chances import Vector, chances, chances_on_published
from impactmodel.clients.synthetic_paths import (
    MONTHS,
    Luck,
    Stock,
    durations,
    stock_of,
)
from impactmodel.clients.synthetic_people import (
    PROTECTED,
    SERVICES,
    People,
    declared_features,
    draw_people,
    laid_off_given_published,
    unanswered,
)
from impactmodel.clients.synthetic_table import (
    ENTRY_MONTHS,
    entries,
    entry_weights,
    month,
    recorded,
)
from impactmodel.clients.synthetic_truth import Truth
from impactmodel.clients.target import Target
from impactmodel.core.errors import InputError
from impactmodel.core.seeds import stream
from impactmodel.core.spec import spec

if TYPE_CHECKING:
    import pandas as pd

WORK_7 = Target("work_7m", event="unsubsidised work", horizon_days=210, days_required=90)
WORK_18 = Target("work_18m", event="unsubsidised work", horizon_days=540, days_required=180)


@spec
class Drift:
    """A shift of the base rate.

    Parameters
    ----------
    points
        Percentage points by which the mean chance without a service moves.
    since
        First index date that it concerns.
    """

    points: float
    since: dt.date


@spec
class SyntheticClients:
    """Synthetic entrants to unemployment, built on a published logit.

    The chance of 90 days of unsubsidised work within seven months without a service is the
    published Austrian short-term score plus assumed interactions and features that it leaves out;
    a service multiplies the cumulative hazard (`cumulative_hazard`).

    Parameters
    ----------
    size
        Number of entrants.
    seed
        Seed; each part has its own stream, so that another assignment or drift changes no other
        part.
    assignment
        How services are assigned.
    missing
        Mean share of unanswered education, health and months since the last job.
    drift
        Shift of the base rate.
    first
        Its month is the first of eighteen months of entry.

    Examples
    --------
    >>> world = SyntheticClients(1000, seed=1).draw()
    >>> world
    SyntheticWorld(1000 synthetic clients, seed 1; features 17; services 4)
    >>> world.clients().since(world.later).size > 300
    True
    """

    size: int
    seed: int
    assignment: Assignment = OnRecord()
    missing: float = 0.05
    drift: Drift | None = None
    first: dt.date = dt.date(2022, 1, 1)

    def __post_init__(self) -> None:
        if self.size < 1:
            raise InputError("at least one client", key="size", seen=self.size)
        if not 0 <= self.missing <= 0.5:
            raise InputError("a share of 0 to .5", key="missing", seen=self.missing)

    def draw(self) -> SyntheticWorld:
        """Draw the table and, apart from it, the truth."""
        index, quarter = entries(self.size, self.first, stream(self.seed, "entries"))
        people = draw_people(self.size, quarter, stream(self.seed, "people"))
        shift = _shift(self, index, people)
        luck = Luck.draw(people, stream(self.seed, "luck"))
        gone = unanswered(people, self.missing, stream(self.seed, "answers"))
        seen = people | {n: np.where(g, 0, people[n]) for n, g in gone.items()}
        share = assignment_chances(self.assignment, seen, shift)
        pick = stream(self.seed, "assignment").random(self.size)
        service = (pick > np.cumsum(share, axis=0)[:-1]).sum(axis=0)
        truth = Truth.of(people, shift, share, luck)
        return SyntheticWorld(
            spec=self,
            table=recorded(people, gone, index, service, truth, (WORK_7, WORK_18)),
            declared=DECLARED,
            targets=(WORK_7, WORK_18),
            truth=truth,
        )

    def stock(self, size: int) -> Stock:
        """Draw the stock of unemployed that such an even inflow leaves when nobody is served.

        Parameters
        ----------
        size
            People in the stock, drawn from ``self.size`` entrants.
        """
        _, quarter = entries(self.size, self.first, stream(self.seed, "entries"))
        people = draw_people(self.size, quarter, stream(self.seed, "people"))
        luck = Luck.draw(people, stream(self.seed, "luck"))
        lasts = durations(people, chances(people)[0], luck)
        return stock_of(people, lasts, size, stream(self.seed, "stock"))


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class SyntheticWorld:
    """What `SyntheticClients` draws.

    Parameters
    ----------
    spec
        How it was drawn.
    table
        A row per client (pandas), all labelled synthetic; with ``employed_1`` and so on by month.
    declared, targets
        How the table is read.
    truth
        What no register holds; give it to no estimator.
    """

    spec: SyntheticClients
    table: pd.DataFrame
    declared: ClientTable
    targets: tuple[Target, ...]
    truth: Truth

    def clients(self) -> Clients:
        """Return the clients as an estimator sees them."""
        return self.declared.read(self.table, self.targets)

    @property
    def later(self) -> dt.date:
        """First day of the last third of the months of entry."""
        return month(self.spec.first, 2 * ENTRY_MONTHS // 3)

    def on_published(self) -> Vector:
        """Return the chance (person) without a service given only the published variables.

        Raises
        ------
        InputError
            If the world drifts: the published variables do not tell the time.
        """
        if self.spec.drift is not None:
            raise InputError("this is not defined where the base rate drifts", key="drift")
        calendar, weights = entry_weights(self.spec.first)
        quarters = np.bincount(calendar // 3, weights, minlength=4)
        people = self.truth.people
        return chances_on_published(people, laid_off_given_published(people), quarters)

    @property
    def employed(self) -> npt.NDArray[np.bool_]:
        """Whether unsubsidised work was held (person, month), as a register would record it."""
        names = [f"employed_{month}" for month in range(1, MONTHS + 1)]
        return np.asarray(self.table[names].to_numpy(dtype=np.bool_))

    def __repr__(self) -> str:
        return (
            f"SyntheticWorld({self.spec.size} synthetic clients, seed {self.spec.seed}; "
            f"features {len(self.declared.features)}; services {len(self.declared.services)})"
        )


DECLARED = ClientTable(
    index="index",
    features=declared_features(),
    protected=PROTECTED,
    service="service",
    services=SERVICES,
)


def _shift(made: SyntheticClients, index: npt.NDArray[np.datetime64], people: People) -> Vector:
    """Return what to add to the logit (person) for the mean to move by the points of the drift."""
    shift = np.zeros(made.size)
    if made.drift is None:
        return shift
    concerned = index >= np.datetime64(made.drift.since)
    few = {name: values[concerned] for name, values in people.items()}
    if not concerned.any():
        return shift
    wanted = float(chances(few)[0].mean()) + made.drift.points / 100
    if not 0 < wanted < 1:
        raise InputError("the mean chance leaves 0 to 1", key="points", seen=made.drift.points)
    shift[concerned] = root(lambda x: float(chances(few, x)[0].mean()) - wanted)
    return shift
