"""The figure of states: heights are shares, bars are effects, and what lacks states is refused."""

import datetime as dt

import numpy as np
import pytest

from impactmodel.core.errors import InputError
from impactmodel.core.measures import OutcomeMeasure
from impactmodel.core.outcomes import Outcomes, Provenance
from impactmodel.core.schedule import Periods
from impactmodel.report.state_figures import plot_states
from impactmodel.report.style import svg


def outcomes(share=0.4, every=1):
    """Two draws of two states over three months in two groups of 10 and 30 people."""
    names = ("employed", "out_of_work")
    measures = [OutcomeMeasure(f"months_{n}", kind="count", unit="months") for n in names]
    measures += [
        OutcomeMeasure(n, kind="binary", accrual="stock", label=n.replace("_", " ")) for n in names
    ]
    base = np.broadcast_to([[share], [1 - share]], (2, 2, 2, 3)).copy()
    treated = base.copy()
    treated[0, :, 0, 2] += 0.1
    treated[1, 1, 0, 2] += 0.2
    treated[:, :, 1] = 1 - treated[:, :, 0]
    both = [np.concatenate([v, v], axis=2) for v in (treated, base)]
    return Outcomes.from_draws(
        *both,
        measures=measures,
        periods=Periods(dt.date(2024, 1, 1), "month", 3, every=every),
        cohort_size=[10.0, 30.0],
        provenance=Provenance(),
        groups=("a", "b"),
    )


def test_areas_are_mean_shares_of_the_cohort():
    figure = plot_states(outcomes())
    with_it, without, _ = figure.axes
    # Draws .1 in both groups, and .2 in the group of 30 of 40 people: .125 on average.
    for ax, last in ((with_it, 0.525), (without, 0.4)):
        first = ax.collections[0].get_paths()[0].vertices
        assert first[first[:, 0] > 2.5, 1].max() == pytest.approx(last)
        assert first[first[:, 0] < 1.5, 1].max() == pytest.approx(0.4)
        assert ax.collections[1].get_paths()[0].vertices[:, 1].max() == pytest.approx(1.0)
    legend = [text.get_text() for text in with_it.get_legend().get_texts()]
    assert legend == ["employed", "out of work"]


def test_dots_are_mean_effects_on_time():
    ax = plot_states(outcomes()).axes[2]
    dots = [line for line in ax.lines if line.get_marker() == "o"]
    found = [(line.get_xdata()[0], line.get_ydata()[0]) for line in dots]
    assert found == [(pytest.approx(-0.125), 0.0), (pytest.approx(0.125), 1.0)]
    assert "over 3 months" in ax.get_xlabel()


def test_shares_at_the_end_of_long_periods_are_said_to_be_those():
    label = plot_states(outcomes(every=3)).axes[0].get_xlabel()
    assert label == "months since the start; shares at the end of each period"
    assert plot_states(outcomes()).axes[0].get_xlabel() == "months since the start"


def test_the_same_outcomes_give_the_same_picture():
    assert svg(plot_states(outcomes())) == svg(plot_states(outcomes()))


def test_outcomes_without_states_are_refused():
    job = Outcomes.from_draws(
        [[0.5]],
        [[0.4]],
        measures=[OutcomeMeasure("job", kind="binary")],
        periods=Periods(dt.date(2024, 1, 1), "year", 1),
        cohort_size=10,
        provenance=Provenance(),
    )
    with pytest.raises(InputError, match="needs from 2 to 6 states"):
        plot_states(job)


def test_states_add_up_to_everybody():
    some = outcomes()
    base = some.dataset["counterfactual"].values.copy()
    base[:, :, 3] -= 0.1
    with pytest.raises(InputError, match="do not add up to everybody"):
        plot_states(some.replace(counterfactual=base))
