"""What every design gives: a new design is one file that registers `prepare` for its type."""

from __future__ import annotations

from collections.abc import Callable
from functools import singledispatch
from typing import TYPE_CHECKING, Protocol

from impactmodel.core.outcomes import Outcomes
from impactmodel.effects.methods import ClosedForm, Sampler
from impactmodel.effects.result import EffectFit

if TYPE_CHECKING:
    import pymc as pm

type Say = Callable[[str], None]


class Ready(Protocol):
    """A design made ready to be looked at, drawn from its priors and fitted."""

    @property
    def exact(self) -> str:
        """Why there is no closed form; empty where there is one."""
        ...

    def build(self) -> pm.Model:
        """Return the PyMC model."""
        ...

    def prior(self, draws: int, seed: int) -> Outcomes:
        """Draw the outcomes that the priors imply."""
        ...

    def fit(self, method: Sampler | ClosedForm, say: Say) -> EffectFit:
        """Compute the posterior, its checks and the outcomes."""
        ...


@singledispatch
def prepare(design: object) -> Ready:
    """Return a design made ready."""
    raise TypeError(f"{type(design).__name__} is not a design")
