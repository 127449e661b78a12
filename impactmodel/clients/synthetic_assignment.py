"""Who gets which service in a synthetic world."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from impactmodel.clients.synthetic_chances import (
    RATIOS,
    Matrix,
    Vector,
    chances_on_record,
    kinds_of,
    logistic,
)
from impactmodel.clients.synthetic_people import People
from impactmodel.core.errors import InputError
from impactmodel.core.spec import spec


def _require_share(key: str, share: float) -> None:
    if not 0 <= share < 1:
        raise InputError("a share of 0 or more and below 1", key=key, seen=share)


@spec
class AtRandom:
    """Served by lot; which service also.

    Parameters
    ----------
    served
        Share served.
    """

    served: float = 0.30
    type: Literal["at_random"] = field(default="at_random", kw_only=True)

    def __post_init__(self) -> None:
        _require_share("served", self.served)


@spec
class OnRecord:
    """Served by what is recorded: the weak more often, each kind mostly with what helps it.

    A missing answer counts as the reference, as it does for whoever reads the record.
    """

    served: float = 0.30
    type: Literal["on_record"] = field(default="on_record", kw_only=True)

    def __post_init__(self) -> None:
        _require_share("served", self.served)


@spec
class OnHidden:
    """Served also by what the caseworker alone knows.

    Parameters
    ----------
    served
        Share served.
    strength
        Logit of being served for one standard deviation of hidden weakness; negative where
        caseworkers choose the hidden strong.
    """

    served: float = 0.30
    strength: float = 0.18
    type: Literal["on_hidden"] = field(default="on_hidden", kw_only=True)

    def __post_init__(self) -> None:
        _require_share("served", self.served)


type Assignment = Annotated[AtRandom | OnRecord | OnHidden, Field(discriminator="type")]


def root(rises: Callable[[float], float]) -> float:
    """Return where a rising function is zero."""
    from scipy.optimize import brentq

    return float(brentq(rises, -20.0, 20.0, xtol=1e-12))


def assignment_chances(how: AtRandom | OnRecord | OnHidden, seen: People, shift: Vector) -> Matrix:
    """Return the chance (service, person) of each service, none first.

    Parameters
    ----------
    how
        The rule.
    seen
        Features as they are on record, a missing answer as the reference.
    shift
        Added to the logit (person).
    """
    size, offered = len(shift), len(RATIOS) - 1
    lean, choice = np.zeros(size), np.full((offered, size), 1 / offered)
    if not isinstance(how, AtRandom):
        weak = -np.log(1 / (1 / chances_on_record(seen, shift)[0] - 1))
        lean = 0.5 * weak
        gains = (RATIOS[1:] - 1)[:, kinds_of(seen)]
        choice = gains**0.7 / (gains**0.7).sum(axis=0)
    if isinstance(how, OnHidden):
        lean = lean - how.strength * seen["hidden"]
    if how.served == 0:
        return np.concatenate([np.ones((1, size)), np.zeros((offered, size))])
    level = root(lambda x: float(logistic(lean + x).mean()) - how.served)
    served = logistic(lean + level)
    return np.concatenate([[1 - served], served * choice])
