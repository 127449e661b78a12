"""Arms as published: counts or means of earlier and own groups, and how far to borrow from them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

from impactmodel.core.errors import InputError
from impactmodel.core.measures import OutcomeMeasure
from impactmodel.core.spec import spec
from impactmodel.effects.pooling import Spread


@spec
class CountedArm:
    """People of one arm and how many had the outcome."""

    label: str
    people: int
    events: int

    def __post_init__(self) -> None:
        _require_named(self.label)
        if self.people < 1:
            raise InputError("an arm has people", key="people", seen=self.people)
        if not 0 <= self.events <= self.people:
            raise InputError(
                f"events lie between 0 and {self.people} people", key="events", seen=self.events
            )


@spec
class MeasuredArm:
    """People of one arm, the mean of their outcome and its standard deviation between them."""

    label: str
    people: int
    mean: float
    sd: float

    def __post_init__(self) -> None:
        _require_named(self.label)
        if self.people < 2:
            raise InputError("an arm needs two people for an sd", key="people", seen=self.people)
        if not self.sd > 0:
            raise InputError("this must be above 0", key="sd", seen=self.sd)

    @property
    def error(self) -> float:
        """Standard error of the mean."""
        return self.sd / math.sqrt(self.people)


type Arm = CountedArm | MeasuredArm


@spec
class Trial:
    """The people of the evaluation itself.

    Parameters
    ----------
    treated
        The treated arm.
    control
        The own comparison arm, which may be small; None where there is none.
    population
        Whose outcomes the treated arm's are: all ``assigned``, or ``participants`` only.
    """

    treated: Arm
    control: Arm | None = None
    population: Literal["assigned", "participants"] = "assigned"


@spec
class TrialGroups:
    """An outcome in the arms of an evaluation and in earlier comparison groups, see `Trial`."""

    outcome: OutcomeMeasure
    trial: Trial
    history: tuple[Arm, ...]


@spec
class BorrowingPriors:
    """Priors of borrowing from earlier comparison groups.

    Parameters
    ----------
    mean, mean_sd
        Of the mean over groups: on the logit scale for shares (None: N(0, 2²)), in the outcome's
        unit otherwise (None: the people's mean, ten times their sd).
    spread
        Between groups, on the same scale. None: half-normal with scale 1 for shares, and half the
        sd between people otherwise, which allows very large differences (Neuenschwander et al.
        2010, https://doi.org/10.1177/1740774509356002).
    vague_weight
        Prior probability that the own comparison group is unlike the earlier ones; it then gets a
        vague prior worth one person (Schmidli et al. 2014, https://doi.org/10.1111/biom.12242).
    """

    mean: float | None = None
    mean_sd: float | None = None
    spread: Spread | None = None
    vague_weight: float = 0.2

    def __post_init__(self) -> None:
        if self.mean_sd is not None and not self.mean_sd > 0:
            raise InputError("this must be above 0", key="mean_sd", seen=self.mean_sd)
        if not 0 < self.vague_weight < 1:
            raise InputError(
                "the weight of the vague component lies between 0 and 1",
                key="vague_weight",
                seen=self.vague_weight,
            )


def require_history(history: Sequence[Arm]) -> None:
    """Raise `InputError` unless there are earlier groups, each given once."""
    if not history:
        raise InputError("there is no earlier group to borrow from", key="history", fix="give one")
    labels = [arm.label for arm in history]
    twice = next((label for label in labels if labels.count(label) > 1), None)
    if twice is not None:
        raise InputError("an earlier group is given twice", key="history", seen=twice)


def _require_named(label: str) -> None:
    if not label.strip():
        raise InputError("an arm needs a name", key="label", fix="give it one")
