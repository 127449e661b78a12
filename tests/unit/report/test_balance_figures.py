"""The balance figure shows the stage's own numbers, panel by panel."""

import numpy as np
import pandas as pd
import pytest

from impactmodel.effects.candidates import Candidates
from impactmodel.effects.design_stage import design_stage
from impactmodel.effects.weighting import EntropyBalancing
from impactmodel.report.balance_figures import plot_balance
from impactmodel.report.style import svg


def stage(*, by_group=False, held_out=()):
    rng = np.random.default_rng(1)
    n = 400
    p = pd.DataFrame({"age": rng.normal(40, 10, n), "school": rng.integers(0, 3, n) * 1.0})
    p["months"] = rng.normal(6, 3, n) + 0.1 * p["age"]
    p["treat"] = (rng.random(n) < 1 / (1 + np.exp(0.06 * (p["age"] - 40)))) * 1
    p["site"] = rng.choice(["north", "south"], n)
    made = Candidates.from_frame(
        p, treatment="treat", covariates=["age", "school", "months"], group="site"
    )
    return design_stage(made, EntropyBalancing(held_out=held_out), by_group=by_group)


def marks(ax):
    """Return the positions of single marks by row: before, then after."""
    single = [line for line in ax.lines if len(line.get_xdata()) == 1 and line.get_marker() != ""]
    return {
        int(line.get_ydata()[0]): [
            m.get_xdata()[0] for m in single if m.get_ydata() == line.get_ydata()
        ]
        for line in single
    }


def test_marks_are_the_balance_before_and_after_from_the_largest_down():
    made = stage(held_out=("months",))
    (ax,) = plot_balance(made).axes
    names = [label.get_text().split(" (")[0] for label in ax.get_yticklabels()]
    rows = {b.covariate: b for b in made.balance}
    assert set(names) == set(rows)
    for y, name in enumerate(names):
        assert marks(ax)[y] == [rows[name].difference_before, rows[name].difference_after]
    sizes = [abs(rows[name].difference_before) for name in names]
    assert sizes == sorted(sizes)
    assert [t.get_text() for t in ax.get_yticklabels() if "held out" in t.get_text()] == [
        "months (held out)"
    ]
    # The shaded band is the limit of the check.
    band = ax.patches[0].get_extents().transformed(ax.transData.inverted())
    assert (band.x0, band.x1) == pytest.approx((-0.1, 0.1))


def test_each_stratum_has_its_panel():
    made = stage(by_group=True)
    axes = plot_balance(made).axes
    assert [ax.get_title(loc="left") for ax in axes] == [
        "Treated less comparison, north",
        "Treated less comparison, south",
    ]
    north = {b.difference_before for b in made.balance if b.group == "north"}
    assert {values[0] for values in marks(axes[0]).values()} == north


def test_the_same_stage_gives_the_same_bytes():
    assert svg(plot_balance(stage())) == svg(plot_balance(stage()))
