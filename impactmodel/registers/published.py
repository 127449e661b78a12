"""Figures printed about the Helsinki employment trial in autumn 2021, and how to read them.

They were carried over from a review that quotes them; the release itself was not seen, so each is
marked unverified. A printed figure is set beside a computed one with both populations named: where
populations differ, a difference is no error and is not adjusted away.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field
from typing import TYPE_CHECKING

from impactmodel.core.errors import InputError
from impactmodel.core.spec import spec
from impactmodel.registers.definitions import Statistic
from impactmodel.registers.statfin import IndicatorSeries

if TYPE_CHECKING:
    import pandas as pd

_SOURCE = "City of Helsinki, business sub-committee, review of the employment trial, autumn 2021"
_TRIAL = "not stated; perhaps the trial's clients"
_CITY = "residents of the area"


@spec
class PrintedFigure:
    """A figure of a text.

    Parameters
    ----------
    name, area, month
        Which number, of where, and of the end of which month.
    value
        In percent, as printed.
    population
        Whom it is about, as far as the text says.
    source
        The text.
    note
        What is not certain about it.
    statistic
        Which statistics define it.
    verified
        Whether the text itself was read.
    """

    name: str
    area: str
    month: str
    value: float
    population: str
    source: str
    note: str = ""
    statistic: Statistic = "employment service statistics"
    verified: bool = field(default=False, kw_only=True)


# Of one decimal, and what a float may add: an exact half may have been printed either way.
_HALF_A_DECIMAL = 0.05 + 1e-9

TRIAL_FIGURES = (
    PrintedFigure("activation_rate", "Helsinki", "2021-07", 18.8, _TRIAL, _SOURCE, "July 2021"),
    PrintedFigure(
        "activation_rate", "Helsinki", "2021-08", 21.9, _TRIAL, _SOURCE, "start of September 2021"
    ),
    PrintedFigure("unemployment_rate_ess", "Helsinki", "2021-08", 12.8, _CITY, _SOURCE),
    PrintedFigure("unemployment_rate_ess", "Helsinki", "2020-08", 14.3, _CITY, _SOURCE),
    PrintedFigure("unemployment_rate_under30", "Helsinki", "2021-08", 12.2, _CITY, _SOURCE),
    PrintedFigure("unemployment_rate_under30", "Helsinki", "2020-08", 14.6, _CITY, _SOURCE),
)
"""The figures of the review; of those under 30 no counts are published to compute a rate from."""


def beside_printed(figures: Sequence[PrintedFigure], computed: IndicatorSeries) -> pd.DataFrame:
    """Return printed figures beside computed ones, a row each; figures of other names are left out.

    Columns ``printed``, ``computed``, ``difference`` (percentage points), both populations,
    ``verdict`` (``agrees`` or ``differs`` at one decimal, ``another population``), ``note``,
    ``verified`` and ``source``.

    Raises
    ------
    InputError
        If no figure has this name, one is of another statistic, or a month has no value.
    """
    import pandas as pd

    definition = computed.definition
    chosen = [figure for figure in figures if figure.name == definition.name]
    if not chosen:
        raise InputError("no printed figure is of this series", key="name", seen=definition.name)
    rows = []
    for figure in chosen:
        if figure.statistic != definition.statistic:
            raise InputError(
                "the printed figure is of another statistic; they are never mixed",
                key=f"{figure.name}.{figure.month}",
                seen=figure.statistic,
            )
        value = computed.at(figure.area, figure.month)
        alike = "agrees" if abs(value - figure.value) <= _HALF_A_DECIMAL else "differs"
        same = figure.population == definition.population
        rows.append(
            {
                "area": figure.area,
                "month": figure.month,
                "printed": figure.value,
                "computed": value,
                "difference": figure.value - value,
                "printed_population": figure.population,
                "computed_population": definition.population,
                "verdict": alike if same else "another population",
                "note": figure.note,
                "verified": figure.verified,
                "source": figure.source,
            }
        )
    return pd.DataFrame(rows)
