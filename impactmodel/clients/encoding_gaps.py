"""What a missing answer becomes: a level like any other, or the mean answer and a deviation."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field

from impactmodel.clients.clients import Clients
from impactmodel.clients.features import missing
from impactmodel.core.errors import InputError
from impactmodel.core.spec import spec

type Matrix = npt.NDArray[np.float64]
type Vector = npt.NDArray[np.float64]


@spec
class OwnLevel:
    """A missing answer is a level of its own, with the prior of the feature's other columns."""

    type: Literal["own_level"] = field(default="own_level", kw_only=True)


@spec
class PooledGaps:
    """A missing answer counts as the mean answer, and a deviation from it that is pooled.

    Who does not answer is a mixture of those who would have given each answer. The deviation says
    by how much they differ from that; it is drawn towards nothing the more the fewer people did not
    answer, and the less the missing answers to other questions tell.

    Parameters
    ----------
    spread
        Scale of the half-normal prior of the deviations' standard deviation, which all features
        share.
    """

    spread: float = 0.25
    type: Literal["pooled_gaps"] = field(default="pooled_gaps", kw_only=True)

    def __post_init__(self) -> None:
        if not self.spread > 0:
            raise InputError("this must be above 0", key="spread", seen=self.spread)


type GapTerm = Annotated[OwnLevel | PooledGaps, Field(discriminator="type")]


@dataclass(frozen=True, slots=True, eq=False)
class MeanAnswer:
    """Columns of a feature, at their mean where the answer is missing, and an indicator of that.

    Parameters
    ----------
    name, term
        The feature, and the columns of whoever answered.
    mean
        Of each of these columns among those who answered in the training window (column).
    """

    name: str
    term: Any
    mean: Vector

    @classmethod
    def learn(cls, name: str, term: Any, clients: Clients) -> MeanAnswer:
        """Learn the mean answer; raise `InputError` if nobody answered."""
        absent = missing(clients.table.features[name], clients.values[name])
        if absent.all():
            raise InputError("nobody answered in the training window", key=name, fix="leave it out")
        return cls(name, term, term.columns_of(clients)[~absent].mean(axis=0))

    @property
    def columns(self) -> int:
        """Number of columns."""
        return int(self.term.columns) + 1

    def columns_of(self, clients: Clients) -> Matrix:
        """Return the columns (person, column)."""
        absent = missing(clients.table.features[self.name], clients.values[self.name])
        own = np.where(absent[:, None], self.mean, self.term.columns_of(clients))
        return np.column_stack([own, absent])
