"""How a posterior is computed: exactly where that is possible, by a sampler otherwise."""

from __future__ import annotations

from dataclasses import field
from typing import Annotated, Literal

from pydantic import Field

from impactmodel.core.errors import InputError
from impactmodel.core.spec import spec


@spec
class Sampler:
    """Hamiltonian Monte Carlo (NUTS) by nutpie.

    Parameters
    ----------
    seed
        The same seed gives the same draws on one machine, with any number of cores.
    chains, draws, tune
        Independent chains, and kept and discarded draws of each.
    cores
        Chains that run at once; None uses as many as the machine has.
    target_accept
        Acceptance that steps are adapted to; higher is slower and avoids divergences. None: the
        design's own, .8 to .99, higher where groups are pooled.
    keep
        Folder in which finished chains are kept: a run that was stopped does not sample them
        again, as long as data, settings and versions are the same. Empty: nothing is kept.

    Examples
    --------
    >>> Sampler(seed=1).chains * Sampler(seed=1).draws
    4000
    """

    seed: int = 0
    chains: int = 4
    draws: int = 1000
    tune: int = 1000
    cores: int | None = None
    target_accept: float | None = None
    keep: str = ""
    type: Literal["sampler"] = field(default="sampler", kw_only=True)

    def __post_init__(self) -> None:
        # Agreement between chains cannot be judged with one, nor tails with a hundred draws.
        least = {"seed": 0, "chains": 2, "draws": 100, "tune": 100, "cores": 1}
        for key, low in least.items():
            value = getattr(self, key)
            if value is not None and value < low:
                raise InputError(f"this must be at least {low}", key=key, seen=value)
        if self.target_accept is not None and not 0 < self.target_accept < 1:
            raise InputError(
                "a probability lies between 0 and 1", key="target_accept", seen=self.target_accept
            )


@spec
class ClosedForm:
    """Independent draws from the exact posterior: conjugate, or by quadrature.

    Only for designs without covariates and without pooled groups.
    """

    seed: int = 0
    draws: int = 4000
    type: Literal["closed_form"] = field(default="closed_form", kw_only=True)

    def __post_init__(self) -> None:
        for key, low in (("seed", 0), ("draws", 100)):
            if getattr(self, key) < low:
                raise InputError(f"this must be at least {low}", key=key, seen=getattr(self, key))


type Method = Annotated[Sampler | ClosedForm, Field(discriminator="type")]
