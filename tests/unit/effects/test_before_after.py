"""A naive before/after comparison is refused with its reasons and what to use instead."""

import pandas as pd
import pytest

from impactmodel.core.errors import NotIdentifiedError
from impactmodel.core.measures import OutcomeMeasure
from impactmodel.effects import build_model, fit, prior_outcomes
from impactmodel.effects.before_after import BeforeAfter
from impactmodel.evidence.panel import Panel


def panel(units=1, years=6):
    rows = pd.DataFrame(
        {
            "unit": [f"u{i}" for i in range(units) for _ in range(years)],
            "year": [*range(2015, 2015 + years)] * units,
            "first": [
                2015.0 + years - 1 if i == 0 else None for i in range(units) for _ in range(years)
            ],
            "jobs": 1.0,
        }
    )
    rows["first"] = rows["first"].astype(float)
    jobs = [OutcomeMeasure("jobs", kind="count")]
    return Panel.from_frame(rows, unit="unit", period="year", start="first", outcomes=jobs)


@pytest.mark.parametrize("ask", [fit, build_model, prior_outcomes])
def test_nothing_is_computed(ask):
    with pytest.raises(NotIdentifiedError) as error:
        ask(BeforeAfter(panel()))
    for reason in ("regression to the mean", "Ashenfelter's dip", "business cycle"):
        assert reason in str(error.value)


@pytest.mark.parametrize(
    ("units", "years", "instead"),
    [
        (1, 6, "with 5 periods before the start, InterruptedTimeSeries"),
        (4, 6, "this panel has 3 units that are never treated: use DifferenceInDifferences"),
        (1, 1, "add periods before the start and units that are not treated"),
    ],
)
def test_the_refusal_names_the_designs_that_this_panel_allows(units, years, instead):
    with pytest.raises(NotIdentifiedError, match=instead):
        fit(BeforeAfter(panel(units, years)))
