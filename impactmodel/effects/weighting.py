"""Ways to weight comparison people so that they stand for the treated: values of a design."""

from __future__ import annotations

from dataclasses import field
from typing import Annotated, Literal

from pydantic import Field

from impactmodel.core.errors import InputError
from impactmodel.core.spec import spec


@spec
class EntropyBalancing:
    """Weights nearest to equal ones that give comparison people the means of the treated.

    Parameters
    ----------
    moments
        1 balances means; 2 also squares of covariates with more than two values, so variances.
    held_out
        Recorded covariates that the weights leave out and that test them: a difference between
        the weighted arms in one of them fails the design.
    trim_above
        People whose estimated propensity of treatment is above this are left out of both arms:
        nobody is comparable with them. The estimand is then that of the treated who remain.

    Examples
    --------
    >>> EntropyBalancing().moments
    1
    """

    moments: int = 1
    held_out: tuple[str, ...] = ()
    trim_above: float | None = None
    type: Literal["entropy_balancing"] = field(default="entropy_balancing", kw_only=True)

    def __post_init__(self) -> None:
        _require_sound(self.moments, self.trim_above)


@spec
class PropensityOdds:
    """Weights e / (1 - e) from a logistic regression of treatment on the covariates.

    Parameters
    ----------
    moments, held_out, trim_above
        As in `EntropyBalancing`; with ``moments=2`` squares enter the regression.
    """

    moments: int = 1
    held_out: tuple[str, ...] = ()
    trim_above: float | None = None
    type: Literal["propensity_odds"] = field(default="propensity_odds", kw_only=True)

    def __post_init__(self) -> None:
        _require_sound(self.moments, self.trim_above)


type Weighting = Annotated[EntropyBalancing | PropensityOdds, Field(discriminator="type")]


def _require_sound(moments: int, trim_above: float | None) -> None:
    if moments not in {1, 2}:
        raise InputError(
            "weights balance first moments, or first and second", key="moments", seen=moments
        )
    if trim_above is not None and not 0 < trim_above < 1:
        raise InputError("a propensity lies between 0 and 1", key="trim_above", seen=trim_above)
