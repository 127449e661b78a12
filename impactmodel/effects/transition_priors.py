"""Priors of transitions between states, and what is wanted of a chain, as values."""

from __future__ import annotations

from dataclasses import field
from typing import Annotated, Literal

from pydantic import Field

from impactmodel.core.errors import InputError
from impactmodel.core.spec import spec


@spec
class DirichletRows:
    """Independent Dirichlet priors of the rows of each arm's transition matrices: conjugate.

    A row of an origin has mean ``stay`` for staying and the rest in equal parts for every other
    state, and is worth ``months`` months of one person. The states of the first month have a
    Dirichlet prior of one person per state.
    """

    stay: float = 0.9
    months: float = 4.0
    type: Literal["dirichlet_rows"] = field(default="dirichlet_rows", kw_only=True)

    def __post_init__(self) -> None:
        _require_share(self.stay, "stay")
        _require_positive(months=self.months)


@spec
class LogitRows:
    r"""Priors of a multinomial logit per origin state, with an effect on every transition.

    .. math:: \log \frac{p_{od}}{p_{oo}} = \alpha_{od} + \beta_{od,b} + u_{g,od}
        + (\tau_{od} + v_{g,od})\,(t - \tfrac12)

    Parameters
    ----------
    stay
        Centre of the intercepts: this share stays, the others go everywhere alike.
    base_sd
        Of :math:`\alpha_{od}`.
    treatment_sd
        Of the treatment's log odds ratio :math:`\tau_{od}` of each transition, centred on 0: it
        shrinks effects on transitions that are rarely seen.
    band_sd
        Of :math:`\beta_{od,b}`, the deviation of each band of months.
    group_sd, group_effect_sd
        Scales of the half-normal priors of the spread of :math:`u` and :math:`v` between groups,
        where groups are pooled; one spread for all transitions.
    """

    stay: float = 0.9
    base_sd: float = 1.5
    treatment_sd: float = 0.5
    band_sd: float = 0.5
    group_sd: float = 0.5
    group_effect_sd: float = 0.25
    type: Literal["logit_rows"] = field(default="logit_rows", kw_only=True)

    def __post_init__(self) -> None:
        _require_share(self.stay, "stay")
        _require_positive(
            base_sd=self.base_sd,
            treatment_sd=self.treatment_sd,
            band_sd=self.band_sd,
            group_sd=self.group_sd,
            group_effect_sd=self.group_effect_sd,
        )


type RowPriors = Annotated[DirichletRows | LogitRows, Field(discriminator="type")]


@spec
class StateTarget:
    """What is wanted of the chains.

    Parameters
    ----------
    horizon
        Months from the start, the first month included; None: as many as were observed.
    every
        Months in a period of the results; the horizon is a multiple of it.
    beyond
        What is assumed after the last month observed: the treated keep their transition
        probabilities (``effect_lasts``) or move like the comparison (``effect_ends``).
    work
        The state that counts as work; its months have the channel employment and make histories.
    """

    horizon: int | None = None
    every: int = 1
    beyond: Literal["effect_lasts", "effect_ends"] = "effect_lasts"
    work: str = "employed"

    def __post_init__(self) -> None:
        if self.every < 1:
            raise InputError("a period needs a length", key="every", seen=self.every)
        if self.horizon is not None and (self.horizon < 2 or self.horizon % self.every):
            raise InputError(
                "the horizon has two months or more and whole periods",
                key="horizon",
                seen=self.horizon,
                fix=f"give a multiple of {self.every}",
            )


def _require_share(value: float, key: str) -> None:
    if not 0 < value < 1:
        raise InputError("a share lies between 0 and 1", key=key, seen=value)


def _require_positive(**values: float) -> None:
    for key, value in values.items():
        if not value > 0:
            raise InputError("this must be above 0", key=key, seen=value)
