"""What a difference-in-differences assumes: comparison, priors, and violations of the trend."""

from __future__ import annotations

from typing import Literal

from impactmodel.core.errors import InputError
from impactmodel.core.spec import spec

type Controls = Literal["never", "not_yet"]
type ClusterBy = Literal["unit", "group"]
type Shape = Literal["walk", "slope"]


@spec
class Comparison:
    """Whom the treated are compared with, and how.

    Parameters
    ----------
    controls
        ``never``: units that are never treated. ``not_yet``: all units not treated in either of
        the two periods that are compared.
    adjust
        Adjust for the panel's covariates, as they were in the earlier of the two periods:
        doubly robust (Sant'Anna and Zhao 2020).
    anticipation
        Periods before the start in which outcomes may already react; the period of comparison
        moves back by as many.
    cluster
        What errors may be dependent within: the unit, or its group where whole groups are treated.

    Examples
    --------
    >>> Comparison("not_yet").controls
    'not_yet'
    """

    controls: Controls = "never"
    adjust: bool = False
    anticipation: int = 0
    cluster: ClusterBy = "unit"

    def __post_init__(self) -> None:
        if self.anticipation < 0:
            raise InputError(
                "anticipation counts periods", key="anticipation", seen=self.anticipation
            )


@spec
class TrendViolation:
    r"""A bias prior: how far the trends of treated and controls may part after the start.

    The bias of ATT(g, t) is :math:`\delta_e` with *e* the periods since the period of
    comparison, the same for all cohorts, so that cohorts do not average it out:

    .. math::
        \text{walk: } \delta_e = \sum_{s \le e} \eta_s,\ \eta_s \sim N(0, v^2), \qquad
        \text{slope: } \delta_e = e\,\eta,\ \eta \sim N(0, v^2).

    The data say nothing about it, so the interval widens by all of it (compare Rambachan and Roth
    2023, who bound it instead).

    Parameters
    ----------
    per_period
        :math:`v`, in the outcome's unit, per period. `pretrend_scale` gives the size of the
        changes before the start, in the same unit, to compare with.
    shape
        ``walk``: new shocks each period. ``slope``: one difference in trend.

    Examples
    --------
    >>> TrendViolation(0.01).shape
    'walk'
    """

    per_period: float
    shape: Shape = "walk"

    def __post_init__(self) -> None:
        if not self.per_period > 0:
            raise InputError("this must be above 0", key="per_period", seen=self.per_period)


@spec
class DifferencePriors:
    r"""Priors of the effects ATT(g, t), pooled over cohorts *g* and the time *e* since the start.

    .. math::
        \theta_{ge} = \mu + \beta\,\frac{e - \bar e}{\max e}
        + \frac{\tau}{\sqrt 3}\,(u_g + v_e + w_{ge}), \quad
        \mu, \beta \sim N(0, (a s)^2), \quad \tau \sim \text{HalfNormal}(b s)

    with standard normal *u*, *v*, *w*, and *s* the standard deviation of the change of untreated
    units from the first to the last period, so that the answer is the same in every unit of
    measurement.

    Parameters
    ----------
    level, spread
        :math:`a` and :math:`b`.
    scale
        :math:`s` in the outcome's unit; None computes it from the controls.
    pool
        False: effects are not pooled; each has a prior of its own, :math:`N(0, (a s)^2)`, and so
        follows its estimate.
    violation
        Bias prior of the trend; None: trends are taken as exactly parallel.

    Examples
    --------
    >>> DifferencePriors(violation=TrendViolation(0.02)).level
    2.5
    """

    level: float = 2.5
    spread: float = 1.0
    scale: float | None = None
    pool: bool = True
    violation: TrendViolation | None = None

    def __post_init__(self) -> None:
        for key in ("level", "spread", "scale"):
            value = getattr(self, key)
            if value is not None and not value > 0:
                raise InputError("this must be above 0", key=key, seen=value)
