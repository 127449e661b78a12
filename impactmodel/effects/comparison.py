"""A planned comparison of two arms: sizes, how outcomes vary, how people are allotted."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import field
from typing import Annotated, Literal

from pydantic import Field

from impactmodel.core.errors import InputError
from impactmodel.core.spec import spec


@spec
class Individuals:
    """People are allotted one by one."""

    type: Literal["individuals"] = field(default="individuals", kw_only=True)

    def text(self) -> str:
        """Say how people are allotted."""
        return "people are allotted one by one"


@spec
class Clusters:
    r"""Whole clusters (sites, offices, classes) are allotted to one arm.

    The variance of an arm's mean grows by the design effect
    :math:`1 + ((1 + cv^2)\, m - 1)\,\rho` (Eldridge et al. 2006,
    https://doi.org/10.1093/ije/dyl129).

    Parameters
    ----------
    size
        People per cluster *m*, on average.
    icc
        Intra-cluster correlation of the outcome :math:`\rho`.
    cv
        Coefficient of variation of the clusters' sizes.

    Examples
    --------
    >>> Clusters(size=20, icc=0.05).design_effect.__round__(6)
    1.95
    """

    size: float
    icc: float
    cv: float = 0.0
    type: Literal["clusters"] = field(default="clusters", kw_only=True)

    def __post_init__(self) -> None:
        if not self.size >= 1:
            raise InputError("a cluster has people", key="size", seen=self.size)
        if not 0 <= self.icc < 1:
            raise InputError(
                "an intra-cluster correlation lies between 0 and 1", key="icc", seen=self.icc
            )
        if not self.cv >= 0:
            raise InputError("this must not be negative", key="cv", seen=self.cv)

    @property
    def design_effect(self) -> float:
        """By how much the variance of a mean grows."""
        return 1 + ((1 + self.cv**2) * self.size - 1) * self.icc

    def text(self) -> str:
        """Say how people are allotted."""
        return f"clusters of {self.size:g} are allotted, intra-cluster correlation {self.icc:g}"


@spec
class Sites:
    r"""People are allotted within each of several sites, whose effects differ.

    Between sites the level drops out; what is left is the variance within sites,
    :math:`1 - \rho` of the whole, and that of the effects,
    :math:`\sigma_{effect}^2 / J` over *J* sites.

    Parameters
    ----------
    count
        Number of sites *J*.
    icc
        Share of the outcome's variance that lies between sites.
    effect_sd
        Standard deviation of the effect between sites, in the unit of the effect; 0 plans for
        these sites only and not for others like them.
    """

    count: int
    icc: float = 0.0
    effect_sd: float = 0.0
    type: Literal["sites"] = field(default="sites", kw_only=True)

    def __post_init__(self) -> None:
        if self.count < 2:
            raise InputError("there are two sites or more", key="count", seen=self.count)
        if not 0 <= self.icc < 1:
            raise InputError(
                "the share of variance between sites lies between 0 and 1",
                key="icc",
                seen=self.icc,
            )
        if not self.effect_sd >= 0:
            raise InputError("this must not be negative", key="effect_sd", seen=self.effect_sd)

    def text(self) -> str:
        """Say how people are allotted."""
        return f"people are allotted within {self.count} sites, effect sd {self.effect_sd:g}"


type Allotment = Annotated[Individuals | Clusters | Sites, Field(discriminator="type")]


@spec
class ComparedShares:
    """A planned comparison of shares (binary outcomes).

    Parameters
    ----------
    base
        The share without the programme.
    treated, comparison
        People in each arm.
    allotment
        `Individuals`, `Clusters` or `Sites`.

    Examples
    --------
    >>> round(ComparedShares(0.3, 50, 50).standard_error(0.0), 4)
    0.0917
    """

    base: float
    treated: int
    comparison: int
    allotment: Allotment = field(default_factory=Individuals)
    type: Literal["shares"] = field(default="shares", kw_only=True)

    def __post_init__(self) -> None:
        if not 0 < self.base < 1:
            raise InputError("a share lies between 0 and 1", key="base", seen=self.base)
        _require_arms(self)

    @property
    def largest_effect(self) -> float:
        """The largest effect that the base leaves room for."""
        return 1 - self.base

    def errors(self, effect: float) -> tuple[float, float]:
        """Return the standard error of the difference if there were no effect, and with it.

        Without an effect both arms have the pooled share.

        Raises
        ------
        InputError
            If the effect leads out of [0, 1].
        """
        one, n1, n0 = self.base + effect, self.treated, self.comparison
        if not 0 <= one <= 1:
            raise InputError(
                "the effect leads out of [0, 1]",
                key="effect",
                seen=f"{self.base:g} + {effect:g}",
            )
        pooled = (n1 * one + n0 * self.base) / (n1 + n0)
        null = pooled * (1 - pooled)
        ways = (null, null), (one * (1 - one), self.base * (1 - self.base))
        first, second = (_error(*pair, self) for pair in ways)
        return first, second

    def standard_error(self, effect: float) -> float:
        """Return the standard error of the difference at an effect."""
        return self.errors(effect)[1]

    def resized(self, treated: int, comparison: int) -> ComparedShares:
        """Return the same comparison with other sizes."""
        return dataclasses.replace(self, treated=treated, comparison=comparison)


@spec
class ComparedMeans:
    """A planned comparison of means.

    Parameters
    ----------
    sd
        Standard deviation between people within an arm (after covariates, where the analysis
        adjusts for them).
    treated, comparison
        People in each arm.
    allotment
        `Individuals`, `Clusters` or `Sites`.
    treated_sd
        That of the treated, if it differs.

    Examples
    --------
    >>> ComparedMeans(10.0, 50, 50).standard_error(0.0)
    2.0
    """

    sd: float
    treated: int
    comparison: int
    allotment: Allotment = field(default_factory=Individuals)
    treated_sd: float | None = None
    type: Literal["means"] = field(default="means", kw_only=True)

    def __post_init__(self) -> None:
        for key in ("sd", "treated_sd"):
            value = getattr(self, key)
            if value is not None and not value > 0:
                raise InputError("this must be above 0", key=key, seen=value)
        _require_arms(self)

    @property
    def largest_effect(self) -> float:
        """There is no bound."""
        return math.inf

    def errors(self, effect: float) -> tuple[float, float]:
        """Return the standard error of the difference without and with an effect: the same."""
        error = _error((self.treated_sd or self.sd) ** 2, self.sd**2, self)
        return error, error

    def standard_error(self, effect: float) -> float:
        """Return the standard error of the difference at an effect."""
        return self.errors(effect)[1]

    def resized(self, treated: int, comparison: int) -> ComparedMeans:
        """Return the same comparison with other sizes."""
        return dataclasses.replace(self, treated=treated, comparison=comparison)


type Comparison = Annotated[ComparedShares | ComparedMeans, Field(discriminator="type")]


def degrees_of_freedom(plan: ComparedShares | ComparedMeans) -> float:
    """Return those of the test of the difference: people, clusters or sites less what is fitted.

    Shares of people who are allotted one by one are tested as normal.
    """
    people = plan.treated + plan.comparison
    if isinstance(plan.allotment, Clusters):
        return people / plan.allotment.size - 2
    if isinstance(plan.allotment, Sites) and plan.allotment.effect_sd > 0:
        return plan.allotment.count - 1
    if isinstance(plan, ComparedShares):
        return math.inf
    lost = plan.allotment.count + 1 if isinstance(plan.allotment, Sites) else 2
    return people - lost


def _error(treated: float, compared: float, plan: ComparedShares | ComparedMeans) -> float:
    """Return the standard error for the variances between people of the two arms."""
    variance = treated / plan.treated + compared / plan.comparison
    if isinstance(plan.allotment, Clusters):
        return math.sqrt(plan.allotment.design_effect * variance)
    if isinstance(plan.allotment, Sites):
        within = (1 - plan.allotment.icc) * variance
        return math.sqrt(within + plan.allotment.effect_sd**2 / plan.allotment.count)
    return math.sqrt(variance)


def _require_arms(plan: ComparedShares | ComparedMeans) -> None:
    for key in ("treated", "comparison"):
        if getattr(plan, key) < 2:
            raise InputError("an arm needs two people", key=key, seen=getattr(plan, key))
    if not degrees_of_freedom(plan) > 0:
        raise InputError(
            "there are too few clusters or people to tell chance from effect",
            key="allotment",
            fix="plan three clusters or more",
        )
