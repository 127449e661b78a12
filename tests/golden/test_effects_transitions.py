"""Transitions against the means of real people, msm of R, and Greenwood's formula."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from impactmodel.effects.fitting import fit
from impactmodel.effects.intensities import IntervalCounts, fit_intensities
from impactmodel.effects.methods import ClosedForm
from impactmodel.effects.transition_priors import StateTarget
from impactmodel.effects.transition_twins import aalen_johansen
from impactmodel.effects.transitions import Transitions
from impactmodel.evidence.state_cells import StateCells

DATA = Path(__file__).parent / "data"
STATES = ("employed", "not_employed", "arrested")

# The men's own rows: mean weeks employed of the 216 with and 216 without aid (README beside).
MEANS, DIFFERENCE, ERROR = (22.22685185, 20.72685185), 1.5, 1.7118599354


@pytest.fixture(scope="module")
def rossi():
    counts = pd.read_csv(DATA / "rossi_states.csv", keep_default_na=False)
    return StateCells.from_frame(counts, states=STATES, absorbing=("arrested",), step="week")


def test_counts_give_the_mean_weeks_employed_exactly(rossi):
    found = aalen_johansen(rossi)
    # Nobody is lost, so that the estimator is the share seen: equal but for float64.
    assert found.time[:, 0, 0] == pytest.approx(MEANS, abs=1e-8)
    assert found.gained()[0][0, 0] == pytest.approx(DIFFERENCE, abs=1e-12)


def test_the_model_agrees_with_the_difference_in_means(rossi):
    target = StateTarget(horizon=52, every=52)
    design = Transitions(rossi, bands=(4, 13, 26), design_effect=1.33, target=target)
    found = fit(design, ClosedForm(seed=1, draws=4000)).outcomes
    effect = found.effect().sel(outcome="weeks_employed").values.ravel()
    # Bands smooth over weeks: the model may differ from the means by a fraction of their error.
    assert abs(effect.mean() - DIFFERENCE) < 0.2 * ERROR
    # 1.33 is the variance of weeks between men over that of chains: with it the errors agree.
    assert effect.std() == pytest.approx(ERROR, rel=0.05)
    levels = [
        found.level(arm, "weeks_employed").values.mean() for arm in ("treated", "counterfactual")
    ]
    assert levels == pytest.approx(MEANS, abs=0.5)


def test_a_band_a_week_gives_the_weeks_of_the_men(rossi):
    weeks = tuple(range(2, 52))
    target = StateTarget(horizon=52, every=52)
    found = fit(
        Transitions(rossi, bands=weeks, target=target), ClosedForm(seed=1, draws=2000)
    ).outcomes.effect()
    effect = found.sel(outcome="weeks_employed").values.ravel()
    # The prior is worth 4 weeks of one man in each of 200 rows; Monte Carlo error is .03.
    assert effect.mean() == pytest.approx(DIFFERENCE, abs=0.25)
    assert effect.std() == pytest.approx(float(aalen_johansen(rossi).gained()[1][0, 0]), rel=0.08)


def cav(exact):
    rows = pd.read_csv(DATA / "cav_intervals.csv")
    return IntervalCounts(
        rows["from"].to_numpy() - 1,
        rows["to"].to_numpy() - 1,
        rows["days"].to_numpy() / 365,
        rows["n"].to_numpy(dtype=float),
        exact,
    )


# R 4.2.2, msm 1.7: (from, to) to (intensity a year, standard error).
MSM = {
    (3,): (
        3968.797881,
        {
            (0, 1): (0.1278744202, 0.00902272378),
            (0, 3): (0.04248488692, 0.004763372013),
            (1, 0): (0.2250993736, 0.03392127076),
            (1, 2): (0.3425892116, 0.03958191496),
            (1, 3): (0.04027444391, 0.0260532165),
            (2, 1): (0.1306248384, 0.0330807907),
            (2, 3): (0.3064533819, 0.0393881224),
        },
    ),
    (): (
        3986.087077,
        {
            (0, 1): (0.1260726567, 0.008958636626),
            (0, 3): (0.04864171478, 0.004803381447),
            (1, 0): (0.2378900995, 0.03526647828),
            (1, 2): (0.3050583763, 0.03440968212),
            (1, 3): (0.07588560896, 0.02209410531),
            (2, 1): (0.1506417061, 0.0377325342),
            (2, 3): (0.3343877007, 0.04602432122),
        },
    ),
}
START = np.array([[0, 0.25, 0, 0.25], [0.166, 0, 0.166, 0.166], [0, 0.25, 0, 0.25], [0, 0, 0, 0]])


@pytest.mark.parametrize("exact", MSM, ids=["death dated", "panel only"])
def test_heart_transplants_as_in_msm(exact):
    likelihood, rates = MSM[exact]
    found = fit_intensities(cav(exact), START)
    assert found.minus_twice_log_likelihood == pytest.approx(likelihood, abs=1e-5)
    for place, (value, error) in rates.items():
        # Two searches stop at most 1e-4 of a standard error apart; Hessians differ by method.
        assert found.q[place] == pytest.approx(value, abs=2e-3 * error)
        assert found.se[place] == pytest.approx(error, rel=5e-3)


def test_what_follows_from_intensities_as_in_msm():
    found = fit_intensities(cav((3,)), START)
    after_ten = [0.3094246317, 0.09750298453, 0.08787298492, 0.5051993989]
    assert found.probabilities(10.0)[0] == pytest.approx(after_ten, abs=1e-5)
    years = [5.602545995, 1.17223998, 0.7177749225, 2.507439103]
    assert found.time_in_states(10.0, 0) == pytest.approx(years, abs=1e-4)
