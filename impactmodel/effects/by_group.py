"""Groups that are estimated apart: each has the model of an outcome to itself."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from impactmodel.core.errors import InputError
from impactmodel.core.measures import OutcomeMeasure
from impactmodel.effects.checks import Check
from impactmodel.effects.layout import Codes, Layout
from impactmodel.effects.model import Levels, PeopleModel
from impactmodel.effects.predictor import Array, Parameters, Predictor


@dataclass(frozen=True, slots=True, eq=False)
class ByGroup:
    """One outcome's model in each group, and nothing between the groups: a `PeopleModel`.

    The posterior of a group is that of its people alone, and groups are independent. Parameters
    of group *i*, counted from 0, begin with ``group<i>::``.

    Parameters
    ----------
    models, labels
        One for each group of the results.
    patterns
        The patterns of each group.
    share
        Share of each group in the cohort of the results, for moments of the whole.
    """

    models: tuple[PeopleModel, ...]
    labels: tuple[str, ...]
    patterns: tuple[Codes, ...]
    share: Array

    @classmethod
    def of(cls, layout: Layout, make: Callable[[Layout], PeopleModel], size: Array) -> ByGroup:
        """Make the model of each group.

        Parameters
        ----------
        make
            Makes the model of a layout of one group.
        size
            People of the results (group).

        Raises
        ------
        InputError
            Names the group in which an arm has nobody, or that the model cannot be made of.
        """
        places = range(len(layout.labels))
        return cls(
            tuple(_made(layout.alone(place), make) for place in places),
            layout.labels,
            tuple(np.flatnonzero(layout.pattern_label == place) for place in places),
            size / size.sum(),
        )

    @property
    def measure(self) -> OutcomeMeasure:
        """The outcome."""
        return self.models[0].measure

    @property
    def signature(self) -> Hashable:
        """What decides the compiled code."""
        return type(self).__name__, *(model.signature for model in self.models)

    @property
    def target_accept(self) -> float:
        """Acceptance that a sampler's steps are adapted to."""
        return max(model.target_accept for model in self.models)

    @property
    def data(self) -> dict[str, npt.NDArray[Any]]:
        """The arrays that the PyMC model reads, by name."""
        return {
            f"{_prefix(place)}{name}": values
            for place, model in enumerate(self.models)
            for name, values in model.data.items()
        }

    @property
    def statement(self) -> str:
        """One sentence on the models, for the record."""
        each = [model.statement for model in self.models]
        if len(set(each)) == 1:
            return f"{each[0]}; in each group by itself"
        said = (f"in {label}, {text}" for label, text in zip(self.labels, each, strict=True))
        return "; ".join(said)

    def add(self, data: Mapping[str, Any]) -> None:
        """Add parameters and likelihoods to the PyMC model in context."""
        import pymc as pm

        for place, model in enumerate(self.models):
            with pm.Model(name=_prefix(place).removesuffix("::")):
                model.add(_own(place, data))

    def prior(self, n: int, rng: np.random.Generator) -> dict[str, Array]:
        """Draw the parameters from their priors."""
        return _joined([model.prior(n, rng) for model in self.models])

    def exact(self, n: int, rng: np.random.Generator) -> dict[str, Array]:
        """Draw the parameters independently from the exact posterior."""
        return _joined([model.exact(n, rng) for model in self.models])

    def exact_moments(self) -> tuple[Array, Array]:
        """Return mean (arm) and covariance (arm, arm) over the whole cohort, exactly."""
        each = [model.exact_moments() for model in self.models]
        mean = np.stack([mean for mean, _ in each], axis=-1) @ self.share
        return mean, np.stack([covariance for _, covariance in each], axis=-1) @ self.share**2

    def levels(self, drawn: Parameters) -> Levels:
        """Return the expected outcomes of each group, from its own parameters."""
        each = [model.levels(_own(place, drawn)) for place, model in enumerate(self.models)]
        return Levels(
            np.concatenate([level.mean for level in each], axis=-1),
            np.concatenate([level.variance for level in each], axis=-1),
        )

    @property
    def predictors(self) -> tuple[Predictor, ...]:
        """The linear predictors of every group, by the names of their parameters here."""
        return tuple(
            dataclasses.replace(predictor, name=f"{_prefix(place)}{predictor.name}")
            for place, model in enumerate(self.models)
            for predictor in model.predictors
        )

    def totals(self, drawn: Parameters, people: Array, arm: int, rng: np.random.Generator) -> Array:
        """Draw the sum of the outcome over some people of each pattern."""
        draws = len(next(iter(drawn.values())))
        out = np.zeros((draws, len(people)))
        for place, (model, mine) in enumerate(zip(self.models, self.patterns, strict=True)):
            out[:, mine] = model.totals(_own(place, drawn), people[mine], arm, rng)
        return out

    def predictive_checks(self, drawn: Parameters, rng: np.random.Generator) -> tuple[Check, ...]:
        """Compare the data of each group with data that its model would give."""
        return tuple(
            dataclasses.replace(check, name=f"{check.name}, {label}", text=f"{label}: {check.text}")
            for place, (model, label) in enumerate(zip(self.models, self.labels, strict=True))
            for check in model.predictive_checks(_own(place, drawn), rng)
        )


def _made(alone: Layout, make: Callable[[Layout], PeopleModel]) -> PeopleModel:
    label, cells = alone.labels[0], alone.cells
    for arm, word in ((True, "treated"), (False, "in comparison")):
        if not cells.n[cells.treated == arm].sum() > 0:
            raise InputError(
                f"nobody in group '{label}' is {word} with a known outcome",
                key="separate_groups",
                fix="pool the groups, or leave this one out of the evidence",
            )
    try:
        return make(alone)
    except InputError as error:
        problems = [dataclasses.replace(p, what=f"{p.what} in '{label}'") for p in error.problems]
        raise InputError.of(problems) from None


def _prefix(place: int) -> str:
    return f"group{place}::"


def _own[T](place: int, values: Mapping[str, T]) -> dict[str, T]:
    """Return the values of one group under the names that its model knows."""
    prefix = _prefix(place)
    return {k.removeprefix(prefix): v for k, v in values.items() if k.startswith(prefix)}


def _joined(each: list[dict[str, Array]]) -> dict[str, Array]:
    return {f"{_prefix(n)}{k}": v for n, drawn in enumerate(each) for k, v in drawn.items()}
