"""The figure of durations shows the draws' quantiles, the observed marks and refuses a guess."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from impactmodel.core.errors import InputError
from impactmodel.core.schedule import Periods
from impactmodel.effects.endings import Endings, leaving
from impactmodel.effects.survival import aalen_johansen
from impactmodel.evidence.spell_cells import SpellCells
from impactmodel.report.duration_figures import plot_durations
from impactmodel.report.style import svg

FORTNIGHTS = Periods(dt.date(2024, 1, 1), "week", 13, every=2)


def found(groups=("all",)):
    rng = np.random.default_rng(1)
    hazard = rng.uniform(0.02, 0.08, (200, 2, len(groups), 13, 2))
    return Endings(leaving(hazard), ("job", "other"), groups, FORTNIGHTS)


def spells():
    rows = [
        {"treat": a, "period": t, "job": 10 + 5 * a, "other": 4, "censored": 60 * (t == 13)}
        for a in (0, 1)
        for t in range(1, 14)
    ]
    return SpellCells.from_frame(
        pd.DataFrame(rows), "treat", causes=("job", "other"), periods=FORTNIGHTS
    )


def test_lines_are_medians_and_marks_are_what_was_observed():
    endings, evidence = found(), spells()
    figure = plot_durations(endings, ("job",), observed=evidence)
    above, below = figure.axes
    incidence = 100 * endings.incidence(("job",))[:, :, 0]
    lines = [line.get_ydata() for line in above.lines]
    for arm in (0, 1):
        median = np.concatenate([[0.0], np.median(incidence[:, arm], axis=0)])
        assert any(np.allclose(line, median) for line in lines if len(line) == 14)
        n, d = evidence.arm(treated=arm == 0)
        seen = 100 * aalen_johansen(n, d).incidence[:, 0]
        assert any(np.allclose(line, seen) for line in lines if len(line) == 13)
    difference = np.median(incidence[:, 0] - incidence[:, 1], axis=0)
    assert any(
        np.allclose(line.get_ydata()[1:], difference)
        for line in below.lines
        if len(line.get_ydata()) == 14
    )
    # 13 fortnights are six months.
    assert above.get_xlim() == pytest.approx((0, 6))
    text = svg(figure)
    for words in (
        "with the programme",
        "months since the start",
        "median, middle half",
        "observed",
    ):
        assert words in text


def test_one_group_is_drawn_and_must_be_named():
    with pytest.raises(InputError, match="a figure shows one group"):
        plot_durations(found(("a", "b")), ("job",))
    with pytest.raises(InputError, match="name one of a, b"):
        plot_durations(found(("a", "b")), ("job",), group="c")
    assert plot_durations(found(("a", "b")), ("job",), group="b").axes
