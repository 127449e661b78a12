"""Whose effect a pooled analysis is asked for, and the outcome there without the programme."""

from __future__ import annotations

from dataclasses import field
from typing import Annotated, Literal

from pydantic import Field

from impactmodel.core.distribution import Uncertain
from impactmodel.core.errors import InputError
from impactmodel.core.spec import spec
from impactmodel.effects.pooling import Spread

# Shares that were rounded when they were written down sum to 1 within this.
_ROUNDING = 1e-6

type Outside = Literal["refuse", "cap"]


@spec
class TargetLevel:
    """The outcome without the programme in the cohort that a pooled effect is wanted for.

    Parameters
    ----------
    outcome
        Name of the outcome.
    mean
        Expected outcome per person over the periods of the estimate, known or uncertain.
    person_sd
        Standard deviation between people, for the evaluator's measured view.
    periods
        First and last period, as in the estimates; None for every horizon of the outcome.
    """

    outcome: str
    mean: Uncertain
    person_sd: float | None = None
    periods: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        if self.person_sd is not None and not self.person_sd > 0:
            raise InputError("this must be above 0", key="person_sd", seen=self.person_sd)


@spec
class CohortPart:
    """A part of a new cohort: people of one group who share their covariates.

    Parameters
    ----------
    share
        Of the cohort's people.
    covariates
        The value of each covariate that the analysis adjusts for.
    group
        A group of the evidence; None is a group that is not in it.
    """

    share: float
    covariates: dict[str, float] = field(default_factory=dict)
    group: str | None = None

    def __post_init__(self) -> None:
        if not 0 < self.share <= 1:
            raise InputError("a share lies between 0 and 1", key="share", seen=self.share)


@spec
class NewCohort:
    """The effect in a cohort that no study has seen: the predictive distribution.

    Its uncertainty holds the spread between studies (or the groups of one), which a mean over them
    leaves out.

    Parameters
    ----------
    size
        People of the cohort.
    levels
        For published studies: outcomes without the programme there; needed for ratios.
    outside
        For published studies: what to do with draws in which a probability leaves [0, 1]:
        ``refuse``, or ``cap`` at the bound, with the share of draws on record.
    parts
        For people of an experiment: who the cohort is made of. Empty: people like those of the
        evidence, in a group of their own.
    """

    size: float
    levels: tuple[TargetLevel, ...] = ()
    outside: Outside = "refuse"
    parts: tuple[CohortPart, ...] = ()
    type: Literal["new_cohort"] = field(default="new_cohort", kw_only=True)

    def __post_init__(self) -> None:
        _require_people(self.size)
        whole = sum(part.share for part in self.parts)
        if self.parts and abs(whole - 1) > _ROUNDING:
            raise InputError("the parts' shares do not sum to 1", key="parts", seen=whole)


@spec
class MeanEffect:
    """The mean of the effects over studies like these: not the effect in any one cohort.

    Parameters
    ----------
    size, levels, outside
        As in `NewCohort`.
    """

    size: float
    levels: tuple[TargetLevel, ...] = ()
    outside: Outside = "refuse"
    type: Literal["mean_effect"] = field(default="mean_effect", kw_only=True)

    def __post_init__(self) -> None:
        _require_people(self.size)


@spec
class EachStudy:
    """Each study's own effect in its own cohort, drawn towards the mean of all (shrunken).

    The groups of the outcomes are the studies; sizes and levels are those of their evidence.

    Parameters
    ----------
    outside
        As in `NewCohort`.
    """

    outside: Outside = "refuse"
    type: Literal["each_study"] = field(default="each_study", kw_only=True)


type Target = Annotated[NewCohort | MeanEffect | EachStudy, Field(discriminator="type")]


@spec
class MetaPriors:
    """Priors of a pooled effect on the scale of its estimates (log for ratios).

    Parameters
    ----------
    mean, mean_sd
        The mean effect is N(mean, mean_sd²). None for the sd: 2 for ratios (a factor of 50 either
        way); for differences four times the root mean square of the estimates.
    spread
        Of the effects between studies. None: half-normal with scale .5 for ratios (Röver et al.
        2021, https://doi.org/10.1002/jrsm.1475), and for differences with half the root mean
        square of the estimates, which makes the answer the same in every unit.
    """

    mean: float = 0.0
    mean_sd: float | None = None
    spread: Spread | None = None

    def __post_init__(self) -> None:
        if self.mean_sd is not None and not self.mean_sd > 0:
            raise InputError("this must be above 0", key="mean_sd", seen=self.mean_sd)


def _require_people(size: float) -> None:
    if not size > 0:
        raise InputError("a cohort has people", key="size", seen=size)
