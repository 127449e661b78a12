"""Figures of one treated series show its numbers and refuse what they cannot show."""

import numpy as np
import pandas as pd
import pytest

from impactmodel.core.errors import InputError
from impactmodel.core.measures import OutcomeMeasure
from impactmodel.core.outcomes import Outcomes, Provenance
from impactmodel.evidence.panel import Panel
from impactmodel.report.series_figures import plot_series
from impactmodel.report.style import svg

JOBS = OutcomeMeasure("jobs", kind="index", unit="jobs")


def panel(start=2004.0):
    values = [5.0, 6, 5, 6, 9, 9]
    rows = pd.DataFrame({"unit": "a", "year": range(2000, 2006), "first": start, "jobs": values})
    return Panel.from_frame(rows, unit="unit", period="year", start="first", outcomes=[JOBS])


def outcomes(groups=("2004",)):
    from impactmodel.core.schedule import Periods

    without = np.random.default_rng(1).normal(5.5, 0.5, size=(200, len(groups), 1, 2))
    return Outcomes.from_draws(
        np.full_like(without, 9.0),
        without,
        measures=[JOBS],
        periods=Periods(panel().periods.bounds()[4][0], "year", 2, "calendar"),
        cohort_size=1,
        provenance=Provenance(),
        groups=groups,
    )


def test_the_lines_are_the_numbers():
    made = outcomes()
    figure = plot_series(made, panel(), before=np.array([[5.5, 5.5, 5.5, 5.5]]))
    top, bottom = figure.axes
    middle = np.median(made.level("counterfactual", "jobs").values[:, 0], axis=0)
    lines = [np.asarray(line.get_ydata(), dtype=float) for line in top.lines]
    assert any(len(y) == 6 and np.array_equal(y, [5, 6, 5, 6, 9, 9]) for y in lines)
    assert any(len(y) == 5 and y[-1] == pytest.approx(middle[0]) for y in lines)
    assert any(
        len(y) == 2 and y == pytest.approx(9 - middle)
        for y in (np.asarray(line.get_ydata(), dtype=float) for line in bottom.lines)
    )
    assert [ax.get_title(loc="left") for ax in figure.axes] == ["jobs (jobs)", "Effect (jobs)"]
    assert svg(plot_series(made, panel())) == svg(plot_series(made, panel()))


def test_names_of_lines_that_meet_are_moved_apart():
    made = outcomes().without_effect()
    texts = [
        t
        for t in plot_series(made, panel()).axes[0].texts
        if t.get_text() in ("observed", "without")
    ]
    shifts = [t.xyann[1] for t in texts]
    assert abs(shifts[0] - shifts[1]) >= 16 or abs(texts[0].xy[1] - texts[1].xy[1]) > 0.3


def test_what_is_no_single_series_is_refused():
    with pytest.raises(InputError, match="one group"):
        plot_series(outcomes(("x", "y")), panel())
    rows = pd.DataFrame({"unit": "a", "year": range(2000, 2005), "first": 2004.0, "jobs": 1.0})
    late = Panel.from_frame(rows, unit="unit", period="year", start="first", outcomes=[JOBS])
    with pytest.raises(InputError, match="do not end with the panel's periods"):
        plot_series(outcomes(), late)
