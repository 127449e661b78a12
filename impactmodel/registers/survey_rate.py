"""The Labour Force Survey's unemployment rate with what its sample leaves open.

The survey asks a sample whether people have no work, seek it and are available (ILO); a register
counts everybody who is registered. The two are never mixed, and a register's rate has no sampling
error to state: its errors are of recording and of definition.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from impactmodel.core.errors import InputError
from impactmodel.core.seeds import stream
from impactmodel.core.summary import describe_draws
from impactmodel.registers.definitions import Definition
from impactmodel.registers.statfin import IndicatorSeries

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

_SURVEY = "labour force survey"
_CHANGE = "2021-01"
"""From this month on the survey has another method and other questions."""


@dataclass(frozen=True, slots=True, repr=False)
class SurveyRate:
    """Draws of a monthly rate of a sample.

    Parameters
    ----------
    definition, area, months
        Of what, where and when.
    published
        The estimates, percent.
    draws
        Shape (draw, month), percent.
    """

    definition: Definition
    area: str
    months: tuple[str, ...]
    published: tuple[float, ...]
    draws: NDArray[np.float64]

    def __repr__(self) -> str:
        return f"SurveyRate({self.definition.name} of {self.area}, {len(self.months)} months)"

    def table(self, prob: float = 0.9) -> pd.DataFrame:
        """Return a row per month: what was published, the mean of the draws and their interval."""
        import pandas as pd

        rows = [
            {"month": month, "published": seen, **describe_draws(self.draws[:, i], prob)}
            for i, (month, seen) in enumerate(zip(self.months, self.published, strict=True))
        ]
        return pd.DataFrame(rows).set_index("month")


def survey_rate(
    rate: IndicatorSeries,
    area: str,
    *,
    answered: int,
    design_effect: float,
    draws: int = 4000,
    seed: int = 1,
) -> SurveyRate:
    """Return what a sample of a month tells of a rate.

    With m = ``answered`` / ``design_effect`` and a published share p, the rate of the population
    is Beta(1/2 + p m, 1/2 + (1 - p) m): Jeffreys' prior and m independent answers. Months are drawn
    independently; the survey asks a person several times, so that a change between months of the
    same people is less uncertain than these draws say.

    Parameters
    ----------
    rate
        The survey's rate in percent, of one side of the change of 2021.
    area
        One of its areas.
    answered
        People of the labour force who answered in a month, as the survey's description of quality
        states.
    design_effect
        How many times the variance of a simple sample its design and weights give: 1 for a simple
        sample. It is an assumption if it is not published.
    draws, seed
        How many draws and of which seed.

    Raises
    ------
    InputError
        If the rate is not the survey's: a register counts everybody and has no sampling error; if
        it has months of both methods; or if a number is impossible.

    Examples
    --------
    >>> import datetime as dt, pandas as pd
    >>> from impactmodel.registers import DEFINITIONS
    >>> month = pd.DataFrame({"Finland": [8.0]}, index=["2021-06"])
    >>> series = IndicatorSeries(
    ...     DEFINITIONS["unemployment_rate_lfs"], month, "example", dt.date(2021, 7, 1)
    ... )
    >>> found = survey_rate(series, "Finland", answered=5000, design_effect=1.0)
    >>> round(float(found.draws.std()), 1)  # 100 sqrt(.08 x .92 / 5000) = .38
    0.4
    """
    _require_survey(rate)
    for key, value, low in (("answered", answered, 1), ("design_effect", design_effect, 1e-9)):
        if not low <= value < np.inf:
            raise InputError("this is above 0", key=key, seen=value)
    if design_effect > answered:
        raise InputError("less than one answer is left", key="design_effect", seen=design_effect)
    if draws < 2:
        raise InputError("there are at least two draws", key="draws", seen=draws)
    seen = rate.of(area).dropna()
    share = seen.to_numpy(dtype=float) / 100
    size = answered / design_effect
    random = stream(seed, "survey_rate", rate.definition.name, area)
    found = random.beta(0.5 + share * size, 0.5 + (1 - share) * size, (draws, len(share)))
    months = tuple(str(month) for month in seen.index)
    return SurveyRate(rate.definition, area, months, tuple(100 * share), 100 * found)


def _require_survey(rate: IndicatorSeries) -> None:
    definition = rate.definition
    if definition.statistic != _SURVEY:
        raise InputError(
            "a register counts everybody: its rate has no sampling error",
            key="rate",
            seen=definition.name,
            fix="give the rate of the Labour Force Survey, or state the register's without one",
        )
    if definition.unit != "percent":
        raise InputError("a rate is in percent", key="rate", seen=definition.unit)
    months = [str(month) for month in rate.values.index]
    if min(months) < _CHANGE <= max(months):
        raise InputError(
            "the survey changed in January 2021: its months before and after are not one series",
            key="rate",
            seen=f"{min(months)} to {max(months)}",
            fix="take one side",
        )
