r"""Whose effect an experiment is asked for: three quantities that are never mixed up.

The *population* is the model's expectation at the covariates of the people in the evidence. The
*realised cohort* is these people themselves: what was seen of them is fixed, and what was not is
drawn for each of them. A *new cohort* is other people, and perhaps another group.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from impactmodel.core.errors import InputError
from impactmodel.core.seeds import stream
from impactmodel.core.spec import spec
from impactmodel.effects.around import Around
from impactmodel.effects.layout import Layout
from impactmodel.effects.meta_targets import CohortPart, NewCohort
from impactmodel.effects.model import Levels, PeopleModel
from impactmodel.effects.predictor import Array, Parameters

_NEW = "new group"


@spec
class Population:
    """The effect that people like those in the evidence can expect: the contract's default."""

    type: Literal["population"] = field(default="population", kw_only=True)


@spec
class RealisedCohort:
    """The effect among the very people of the evidence (finite population).

    What a person had is fixed, and what the person would have had in the other arm is drawn.
    The draws of a person's two outcomes are independent given the model, which no data can tell;
    if instead everybody has the same effect, the uncertainty is that of `Population`.

    Parameters
    ----------
    people
        ``everybody`` who was assigned to an arm, or the ``treated`` only.
    """

    people: Literal["everybody", "treated"] = "everybody"
    type: Literal["realised_cohort"] = field(default="realised_cohort", kw_only=True)


type ExperimentTarget = Annotated[
    Population | RealisedCohort | NewCohort, Field(discriminator="type")
]


def estimand(target: ExperimentTarget) -> str:
    """Name the quantity, for the record."""
    if isinstance(target, RealisedCohort):
        return f"ITT, effect in the realised cohort ({target.people})"
    return "ITT, effect in a new cohort (predictive)" if isinstance(target, NewCohort) else "ITT"


def aimed(layout: Layout, target: ExperimentTarget) -> Layout:
    """Return the layout with the patterns of a new cohort; of another target, the layout itself.

    Raises
    ------
    InputError
        If a part of the cohort lacks a covariate, has another one, or names no group.
    """
    if not isinstance(target, NewCohort):
        return layout
    for key, given in (("levels", bool(target.levels)), ("outside", target.outside != "refuse")):
        if given:
            raise InputError(
                "this is for published studies, an experiment has its levels",
                key=f"target.{key}",
                fix="leave it out",
            )
    if layout.by_group and _NEW in layout.groups:
        raise InputError("this name is kept for a group outside the evidence", seen=_NEW)
    if not target.parts:
        if not layout.by_group:
            return layout
        new = np.full(len(layout.pattern_z), len(layout.groups))
        return dataclasses.replace(
            layout, pattern_group=new, labels=(_NEW,), pattern_label=np.zeros_like(new)
        )
    mean, sd = layout.scale
    places = [_place(part, layout, f"target.parts[{i}]") for i, part in enumerate(target.parts)]
    names = [*layout.groups, _NEW] if layout.by_group else list(layout.groups)
    labels = tuple(name for g, name in enumerate(names) if g in places)
    values = [[part.covariates[name] for name in layout.covariates] for part in target.parts]
    share = np.array([part.share for part in target.parts])
    return dataclasses.replace(
        layout,
        pattern_z=(np.array(values).reshape(len(share), -1) - mean) / sd,
        pattern_group=np.array(places),
        pattern_people=np.stack([share, np.zeros_like(share)]),
        labels=labels,
        pattern_label=np.array([labels.index(names[g]) for g in places]),
    )


def _place(part: CohortPart, layout: Layout, key: str) -> int:
    """Return the group of a part; one past the last for a new group."""
    wrong = sorted(set(part.covariates) ^ set(layout.covariates))
    if wrong:
        lacks = wrong[0] in layout.covariates
        raise InputError(
            "this covariate has no value" if lacks else "the analysis has no such covariate",
            key=f"{key}.covariates.{wrong[0]}",
            fix="give every covariate that is adjusted for, and no other",
        )
    if not layout.by_group:
        if part.group is not None:
            raise InputError(
                "groups are merged here", key=f"{key}.group", seen=part.group, fix="pool them"
            )
        return 0
    if part.group is None:
        return len(layout.groups)
    if part.group not in layout.groups:
        raise InputError(
            "there is no such group",
            key=f"{key}.group",
            seen=part.group,
            fix=f"use {', '.join(layout.groups)}, or leave it out for a group of its own",
        )
    return layout.groups.index(part.group)


def cohort_size(layout: Layout, target: ExperimentTarget) -> Array:
    """Return people for each group of the results: the treated, or those of a new cohort."""
    people = layout.pattern_people[0]
    if isinstance(target, NewCohort):
        size = layout.pattern_size
        people = target.size * size / size.sum()
    return np.bincount(layout.pattern_label, people, minlength=len(layout.labels))


@dataclass(frozen=True, slots=True, eq=False)
class Realised(Around):
    """A model whose people are those who were seen.

    Parameters
    ----------
    model
        Of the people who were seen.
    seen
        Sum of the outcome over people of the cohort who were seen in an arm (arm, group).
    rest
        People of the cohort whose outcome in an arm was not seen (arm, pattern).
    member
        Whether a pattern is of a group (pattern, group).
    size
        People of the cohort (group).
    """

    seen: Array
    rest: Array
    member: Array
    size: Array

    @classmethod
    def of(cls, model: PeopleModel, layout: Layout, target: RealisedCohort) -> Realised:
        """Tell what was seen of a cohort from what was not."""
        cells, groups = layout.cells, len(layout.labels)
        at, arm = cells.outcomes.index(model.measure), 1 - cells.treated.astype(np.intp)
        total, known = np.zeros((2, groups)), np.zeros_like(layout.pattern_people)
        np.add.at(total, (arm, cells.group), cells.y_sum[:, at])
        np.add.at(known, (arm, layout.patterns_of(cells)), cells.n)
        people = layout.pattern_size
        if target.people == "treated":
            people, total[1], known[1] = layout.pattern_people[0], 0.0, 0.0
        member = np.eye(groups)[layout.pattern_label]
        return cls(model, total, np.rint(people - known), member, people @ member)

    @property
    def statement(self) -> str:
        """One sentence on the model and one on the cohort, for the record."""
        return (
            f"{self.model.statement}; what was seen is fixed, what was not is drawn for each person"
        )

    def exact_moments(self) -> tuple[Array, Array]:
        """Raise: the moments of a realised cohort come from draws."""
        raise InputError("there are no exact moments of a realised cohort", fix="use fit")

    def levels(self, drawn: Parameters) -> Levels:
        """Complete the cohort; the variance between people is the model's."""
        means = []
        for arm, word in enumerate(("treated", "comparison")):
            rng = stream(0, "realised", self.measure.name, word)
            completed = self.model.totals(drawn, self.rest[arm], arm, rng) @ self.member
            means.append((self.seen[arm] + completed) / self.size)
        return Levels(np.stack(means), self.model.levels(drawn).variance)


@dataclass(frozen=True, slots=True, eq=False)
class NewGroup(Around):
    """A model whose people belong to a group that is not in the evidence, in part or all."""

    @property
    def statement(self) -> str:
        """One sentence on the model and one on the group, for the record."""
        return (
            f"{self.model.statement}; a group that is not in the evidence differs from the average "
            "as those in it do"
        )

    def levels(self, drawn: Parameters) -> Levels:
        """Draw level and effect of the group from the spread between groups."""
        for predictor in self.model.predictors:
            drawn = predictor.another_group(drawn, stream(0, "new group", predictor.name))
        return self.model.levels(drawn)


def for_target(model: PeopleModel, layout: Layout, target: ExperimentTarget) -> PeopleModel:
    """Return the model with the outcomes of a target, laid out for it by `aimed`."""
    if isinstance(target, RealisedCohort):
        return Realised.of(model, layout, target)
    outside = bool((layout.pattern_group == len(layout.groups)).any())
    return NewGroup(model) if outside else model
