"""One published estimate and the study that it comes from."""

from __future__ import annotations

import math
from typing import Literal

from impactmodel.core.distribution import Uncertain
from impactmodel.core.errors import InputError
from impactmodel.core.measures import OutcomeMeasure
from impactmodel.core.spec import spec
from impactmodel.evidence.uncertainty import Interval, StandardError, Uncertainty

# A t value in the thousands is nearly always a p value or a typing error in the column of errors.
_QUESTIONABLE_T = 1000.0
# An estimate may lie off the middle of its interval by this share of the width, by rounding.
_OFF_CENTRE = 0.1


@spec
class Study:
    """Where estimates come from and what they estimate.

    Parameters
    ----------
    citation
        Author, year, title, as it is to be cited.
    estimand, population
        Such as ``ITT`` on the ``assigned``.
    design
        Such as ``randomised trial`` or ``matched registers``.
    locator
        Page or table; or ``url`` and ``quote``; or neither and ``verified`` false.
    verified
        Whether somebody has read the value at its source.
    """

    citation: str
    estimand: str
    population: Literal["assigned", "participants", "compliers"]
    design: str
    locator: str = ""
    url: str = ""
    quote: str = ""
    verified: bool = True

    def __post_init__(self) -> None:
        for key in ("citation", "estimand", "design"):
            if not getattr(self, key).strip():
                raise InputError("this must be said of published evidence", key=key)
        if self.verified and not self.locator and not (self.url and self.quote):
            raise InputError(
                "the place in the source is missing",
                key="locator",
                fix="give a locator, or url and quote, or set verified: false",
            )


@spec
class Level:
    """The outcome without the programme, which an effect alone does not tell.

    Parameters
    ----------
    mean
        Expected outcome per person over the periods of the estimate, known or uncertain.
    person_sd
        Standard deviation between people, for the evaluator's measured view.
    """

    mean: Uncertain
    person_sd: float | None = None

    def __post_init__(self) -> None:
        if self.person_sd is not None and not self.person_sd > 0:
            raise InputError("this must be above 0", key="person_sd", seen=self.person_sd)


@spec
class PublishedEstimate:
    """An effect on one outcome, with the uncertainty in the form in which it is published.

    Parameters
    ----------
    outcome
        What was measured.
    uncertainty
        Exactly one of `StandardError`, `Interval`, `PValue`, `PRange`, `AssumedVariation`.
    estimate
        The effect per person; may be left out beside an interval (its middle is taken).
    scale
        ``difference`` (in the outcome's unit) or ``ratio`` (treated over comparison; normal on
        the log scale, so an interval of a ratio is one of ratios).
    periods
        First and last period covered, from 1. A flow over several is spread evenly over them.
    level
        The outcome without the programme.
    group
        The target group or site that it is an estimate for.
    confirmed
        Set it to keep an estimate that looks like a misprint.

    Raises
    ------
    InputError
        If the estimate is missing, is more than a thousand standard errors from no effect, or
        lies off the middle of its interval, unless ``confirmed``.

    Examples
    --------
    >>> days = OutcomeMeasure("days", kind="days", channel="employment")
    >>> e = PublishedEstimate(days, Interval(-2.3, 5.4, prob=0.95))
    >>> round(e.centre, 2), round(e.standard_error, 2)
    (1.55, 1.96)
    """

    outcome: OutcomeMeasure
    uncertainty: Uncertainty
    estimate: float | None = None
    scale: Literal["difference", "ratio"] = "difference"
    periods: tuple[int, int] = (1, 1)
    level: Level | None = None
    group: str = "all"
    confirmed: bool = False

    def __post_init__(self) -> None:
        first, last = self.periods
        if not 1 <= first <= last:
            raise InputError(
                "periods are the first and the last one covered", key="periods", seen=self.periods
            )
        if first != last and self.outcome.accrual != "flow":
            raise InputError(
                f"a {self.outcome.accrual} cannot be spread over several periods",
                key="periods",
                seen=self.periods,
                fix="give one period, or make the outcome a flow",
            )
        self._require_ratio()
        if self.estimate is None and not isinstance(self.uncertainty, Interval):
            raise InputError("the estimate is missing", key="estimate", fix="add it")
        if not self.confirmed:
            self._question()

    def _require_ratio(self) -> None:
        if self.scale == "difference":
            return
        if self.outcome.kind == "index":
            raise InputError("an index has no ratio", key="scale", fix="give a difference")
        if self.estimate is not None and not self.estimate > 0:
            raise InputError("a ratio is above 0", key="estimate", seen=self.estimate)
        if isinstance(self.uncertainty, Interval) and not self.uncertainty.lower > 0:
            raise InputError("a ratio is above 0", key="uncertainty", seen=self.uncertainty.lower)

    def _question(self) -> None:
        se = self.standard_error
        if abs(self.centre) > _QUESTIONABLE_T * se:
            misread = isinstance(self.uncertainty, StandardError)
            raise InputError(
                f"the estimate is {abs(self.centre) / se:,.0f} standard errors from no effect",
                key="uncertainty",
                seen=f"{self.outcome.name}: {self.estimate:g} with error {se:g}",
                fix="check that the error is not a p value; set confirmed: true if it is right"
                if misread
                else "check the source; set confirmed: true if it is right",
            )
        if self.estimate is not None and isinstance(self.uncertainty, Interval):
            low, high = (self._scaled(v) for v in (self.uncertainty.lower, self.uncertainty.upper))
            if abs((low + high) / 2 - self.centre) > _OFF_CENTRE * (high - low):
                raise InputError(
                    "the estimate is not in the middle of its interval",
                    key="uncertainty",
                    seen=f"{self.outcome.name}: {self.estimate:g} in {self.uncertainty.lower:g} "
                    f"to {self.uncertainty.upper:g}",
                    fix="check the scale (difference or ratio); set confirmed: true if it is right",
                )

    def _scaled(self, value: float) -> float:
        return math.log(value) if self.scale == "ratio" else value

    @property
    def title(self) -> str:
        """The outcome, its group and its periods, for a sentence."""
        whose = "" if self.group == "all" else f" in {self.group}"
        first, last = self.periods
        when = f"period {first}" if first == last else f"periods {first} to {last}"
        return f"'{self.outcome.name}'{whose} in {when}"

    @property
    def centre(self) -> float:
        """The estimate on the scale on which it is normal: itself, or the log of a ratio."""
        if self.estimate is not None:
            return self._scaled(self.estimate)
        interval = self.uncertainty
        if not isinstance(interval, Interval):
            raise InputError("the estimate is missing", key="estimate", fix="add it")
        return (self._scaled(interval.lower) + self._scaled(interval.upper)) / 2

    @property
    def standard_error(self) -> float:
        """The standard error on the scale of `centre`."""
        given = self.uncertainty
        if isinstance(given, Interval):
            low, high = self._scaled(given.lower), self._scaled(given.upper)
            return Interval(low, high, given.prob).standard_error(self.centre)
        return given.standard_error(self.centre)

    @property
    def span(self) -> int:
        """Number of periods covered."""
        return self.periods[1] - self.periods[0] + 1
