"""Transitions: chains, rows, outcomes, histories and checks against closed forms and simulation."""

import dataclasses
import datetime as dt
from itertools import pairwise, product

import numpy as np
import pytest
from scipy import stats

from impactmodel.core.errors import InputError
from impactmodel.core.spec import dump, load
from impactmodel.effects.chain_histories import chain_histories
from impactmodel.effects.choices_states import TransitionsChoice
from impactmodel.effects.designs import prepare
from impactmodel.effects.fitting import build_model, fit, prior_outcomes
from impactmodel.effects.intensities import IntervalCounts, fit_intensities, interval_likelihood
from impactmodel.effects.markov import Chain, band_of, person_covariance
from impactmodel.effects.methods import ClosedForm, Sampler
from impactmodel.effects.transition_checks import (
    attrition_by_arm,
    effect_check,
    independence,
    memory_checks,
    occupancy_checks,
    thin_check,
    time_check,
)
from impactmodel.effects.transition_priors import DirichletRows, LogitRows, StateTarget
from impactmodel.effects.transition_rows import Rows, dirichlet
from impactmodel.effects.transition_twins import aalen_johansen, transition_estimates
from impactmodel.effects.transitions import Transitions
from impactmodel.evidence.state_cells import cells_of

STATES, ABSORBING = ("employed", "unemployed", "retired"), ("retired",)
INITIAL = np.array([0.1, 0.9, 0.0])
MOVES = np.array(
    [
        [[[0.94, 0.05, 0.01], [0.10, 0.88, 0.02], [0, 0, 1]]],
        [[[0.92, 0.07, 0.01], [0.06, 0.92, 0.02], [0, 0, 1]]],
    ]
)


def chain(months=12, arm=0):
    return Chain(INITIAL, MOVES[arm], np.zeros(months - 1, dtype=int))


def walk(initial, moves, people, months, rng):
    """Simulate people of one arm, written apart from the package."""
    path = np.empty((people, months), dtype=np.int16)
    path[:, 0] = rng.choice(len(initial), people, p=initial)
    for month in range(1, months):
        for state in range(len(initial)):
            here = path[:, month - 1] == state
            path[here, month] = rng.choice(len(initial), here.sum(), p=moves[state])
    return path


def counted(path, arm, groups=("all",), group=None):
    where = np.zeros(len(path), dtype=int) if group is None else group
    return cells_of(path, arm, where, (STATES, ABSORBING, groups), "month")


@pytest.fixture(scope="module")
def cells():
    """Four hundred people in each arm over 12 months, everybody followed."""
    rng = np.random.default_rng(5)
    path = np.concatenate([walk(INITIAL, MOVES[a, 0], 400, 12, rng) for a in (0, 1)])
    return counted(path, np.arange(800) < 400)


@pytest.fixture(scope="module")
def fitted(cells):
    return fit(Transitions(cells), ClosedForm(seed=2, draws=2000))


def test_occupancy_is_the_power_of_the_matrix():
    power = np.linalg.matrix_power(MOVES[0, 0], 11)
    assert chain().occupancy()[-1] == pytest.approx(INITIAL @ power, abs=1e-14)


def test_covariance_is_that_of_all_paths():
    few = Chain(INITIAL, MOVES[0], np.zeros(3, dtype=int))
    values, weights = [], []
    for path in product(range(3), repeat=4):
        p = INITIAL[path[0]]
        for a, b in pairwise(path):
            p *= MOVES[0, 0][a, b]
        time = [sum(s == state for s in path[i : i + 2]) for state in (0, 1) for i in (0, 2)]
        ends = [path[i] == state for state in (0, 1) for i in (1, 3)]
        values.append([*time, *ends])
        weights.append(p)
    exact = np.cov(np.array(values, dtype=float).T, aweights=weights, ddof=0)
    found = person_covariance(few, (0, 1), every=2).reshape(8, 8)
    # Sums of 81 paths in another order.
    assert found == pytest.approx(exact, abs=1e-13)


def test_covariance_is_that_of_simulated_people():
    path = walk(INITIAL, MOVES[0, 0], 200_000, 12, np.random.default_rng(1))
    months = (path == 0).reshape(-1, 2, 6).sum(axis=2)
    found = person_covariance(chain(), (0,), every=6)[0, :, 0, :]
    # The relative error of a variance of 200,000 people is about .4 %; four of them.
    assert found == pytest.approx(np.cov(months.T), rel=0.02)


def test_persistence_spreads_months_between_people():
    # 36 months at p = .4 with persistence .94: sd 11.0 months, 2.9 if months were independent.
    moves = np.array([[[0.94, 0.06], [0.04, 0.96]]])
    found = Chain(np.array([0.4, 0.6]), moves, np.zeros(35, dtype=int))
    sd = np.sqrt(person_covariance(found, (0,), every=36)[0, 0, 0, 0])
    assert sd == pytest.approx(11.0, abs=0.05)


def test_bands_begin_at_their_months():
    assert band_of((3, 5), 7).tolist() == [0, 0, 1, 1, 2, 2]


def test_everybody_followed_errs_as_a_multinomial(cells):
    found = aalen_johansen(cells)
    assert found.occupancy == pytest.approx(cells.seen / 400, abs=1e-12)
    p = found.occupancy[0, 0, 7]
    exact = (np.diag(p) - np.outer(p, p)) / 400
    assert found.covariance[0, 0, 7] == pytest.approx(exact, abs=1e-12)


def test_one_way_out_errs_as_greenwood():
    rng = np.random.default_rng(7)
    leave = rng.geometric(0.15, 300)
    lost = rng.geometric(0.05, 300)
    path = np.where(np.arange(10) >= leave[:, None], 1, 0)
    path = np.where((np.arange(10) >= lost[:, None]) & (leave > lost)[:, None], -1, path)
    names = (("at home", "gone"), ("gone",), ("all",))
    data = cells_of(path.astype(np.int16), np.arange(300) < 150, np.zeros(300, int), names, "month")
    found = aalen_johansen(data)
    counts = data.counts[0, 0]
    n, d = counts[:, 0].sum(axis=1), counts[:, 0, 1]
    kept = np.cumprod(1 - d / n)
    greenwood = kept**2 * np.cumsum(d / (n * (n - d)))
    assert found.occupancy[0, 0, 1:, 0] == pytest.approx(kept, abs=1e-12)
    assert found.covariance[0, 0, 1:, 0, 0] == pytest.approx(greenwood, abs=1e-12)


def test_error_of_months_is_that_of_many_cohorts():
    rng = np.random.default_rng(11)
    gained, errors = [], []
    for _ in range(400):
        path = np.concatenate([walk(INITIAL, MOVES[a, 0], 60, 10, rng) for a in (0, 1)])
        last = rng.geometric(0.06, 120)
        held = path[np.arange(120), np.minimum(last, 10) - 1]
        gone = (np.arange(10) >= last[:, None]) & (held != 2)[:, None]
        found = aalen_johansen(counted(np.where(gone, -1, path), np.arange(120) < 60))
        value, error = found.gained()
        gained.append(value[0, 0])
        errors.append(error[0, 0])
    true = chain(10).occupancy().sum(axis=0)[0] - chain(10, 1).occupancy().sum(axis=0)[0]
    sd = np.std(gained)
    # Four standard errors of the mean, and of a standard deviation, of 400 cohorts.
    assert np.mean(gained) == pytest.approx(true, abs=4 * sd / 20)
    assert np.mean(errors) == pytest.approx(sd, rel=4 / np.sqrt(800))


def test_transition_estimates_are_shares(cells):
    found = transition_estimates(cells)
    counts = cells.counts[:, 0].sum(axis=1)
    assert found.probability[:, 0, 0] == pytest.approx(counts / counts.sum(-1, keepdims=True))
    assert found.at_risk[:, 0, 0] == pytest.approx(counts.sum(-1))


def test_rows_have_the_moments_of_their_dirichlets(cells, fitted):
    rows = Rows.of(cells, ())
    alpha = np.array([3.6, 0.2, 0.2]) + rows.counts[0, 0, 0, 0]
    exact = stats.dirichlet(alpha)
    drawn = fitted.posterior["posterior"]["transition"].values[0, :, 0, 0, 0, 0]
    # Order of destinations: the origin itself first; 2,000 draws, four Monte Carlo errors.
    assert drawn.mean(axis=0) == pytest.approx(exact.mean(), abs=4 * exact.var().max() ** 0.5 / 44)
    assert drawn.var(axis=0) == pytest.approx(exact.var(), rel=0.15)


def test_tiny_parameters_give_proper_rows():
    drawn = dirichlet(np.full((5, 4), 1e-3), 500, np.random.default_rng(1))
    assert np.isfinite(drawn).all()
    assert drawn.sum(axis=-1) == pytest.approx(1.0)
    assert drawn.mean(axis=(0, 1)) == pytest.approx(0.25, abs=0.04)


def test_outcomes_are_months_by_period_and_states_at_the_end(fitted, cells):
    outcomes = fitted.outcomes
    names = [m.name for m in outcomes.measures]
    assert names[:2] == ["months_employed", "months_unemployed"]
    assert outcomes.measure("months_employed").channel == "employment"
    level = outcomes.level("treated", "months_employed").values
    share = outcomes.level("treated", "employed").values
    # Periods of one month: months in it are the share of people.
    assert level == pytest.approx(share)
    total = sum(outcomes.level("treated", s).values for s in STATES)
    assert total == pytest.approx(1.0)
    yearly = fit(
        dataclasses.replace(Transitions(cells), target=StateTarget(horizon=12, every=12)),
        ClosedForm(seed=2, draws=2000),
    ).outcomes
    assert yearly.level("treated", "months_employed").values[:, 0, 0] == pytest.approx(
        level[:, 0].sum(axis=1)
    )
    assert yearly.level("treated", "employed").values[:, 0, 0] == pytest.approx(share[:, 0, -1])


def test_effect_is_near_the_truth_and_the_twin(fitted, cells):
    effect = fitted.outcomes.effect().sel(outcome="months_employed").sum("period").values.ravel()
    value, error = (v[0, 0] for v in aalen_johansen(cells).gained())
    assert effect.mean() == pytest.approx(value, abs=0.5 * error)
    # A chain in time errs less than the estimator that has a matrix for every month.
    assert 0.7 * error < effect.std() < 1.05 * error


def test_measured_view_has_the_spread_of_people(fitted):
    seen = fitted.outcomes.measured(400, seed=3)
    means = seen.effect().sel(outcome="months_employed").sum("period").values.ravel()
    spread = fitted.outcomes.effect().sel(outcome="months_employed").sum("period").values.var()
    people = [person_covariance(chain(12, a), (0,), every=12)[0, 0, 0, 0] / 400 for a in (0, 1)]
    # Variance of the posterior and of two finite arms; 2,000 draws give 3 % and rounding some.
    assert means.var() == pytest.approx(spread + sum(people), rel=0.2)


def test_extrapolation_is_an_assumption(cells):
    design = Transitions(cells, target=StateTarget(horizon=24, every=12))
    outcomes = fit(design, ClosedForm(seed=2, draws=500)).outcomes
    said = " ".join(outcomes.provenance.assumptions)
    assert "extrapolated: months 13 to 24 were not observed" in said
    assert "extrapolated" not in " ".join(
        fit(Transitions(cells), ClosedForm(draws=100)).outcomes.provenance.assumptions
    )


def test_an_effect_that_ends_fades(cells):
    ends, lasts = (
        fit(
            Transitions(cells, target=StateTarget(horizon=120, every=12, beyond=beyond)),
            ClosedForm(seed=2, draws=200),
        )
        .outcomes.effect()
        .sel(outcome="employed")
        .mean("draw")
        .values.ravel()
        for beyond in ("effect_ends", "effect_lasts")
    )
    assert ends[0] == pytest.approx(lasts[0])
    assert abs(ends[-1]) < 0.15 * lasts[-1]


def test_a_common_start_has_no_effect_in_the_first_month(cells):
    found = fit(Transitions(cells, initial="common"), ClosedForm(draws=200)).outcomes
    first = found.effect().sel(outcome="employed").isel(period=0).values
    assert np.all(first == 0.0)


def test_a_design_effect_widens_by_its_root(cells):
    sd = [
        fit(Transitions(cells, design_effect=d), ClosedForm(seed=1))
        .outcomes.effect()
        .sel(outcome="months_employed")
        .sum("period")
        .values.std()
        for d in (1.0, 2.0)
    ]
    # Rows of hundreds of months are normal; the sd of 4,000 draws errs by 1 %.
    assert sd[1] / sd[0] == pytest.approx(np.sqrt(2), rel=0.05)


def test_prior_outcomes_do_not_see_the_movements(cells):
    nothing = dataclasses.replace(
        cells, counts=np.zeros_like(cells.counts) + np.eye(3) * 5, initial=cells.initial
    )
    first, second = (prior_outcomes(Transitions(c), draws=200, seed=4) for c in (cells, nothing))
    assert np.array_equal(first.effect().values, second.effect().values)
    assert abs(float(first.effect().sel(outcome="employed").mean())) < 0.1


REFUSED = {
    "bands": ({"bands": (5, 3)}, "bands begin one after another"),
    "late band": ({"bands": (12,)}, "from month 2 to 11"),
    "no such state": ({"target": StateTarget(work="job")}, "no such state"),
    "groups": ({"pool_groups": True}, "cannot pool groups"),
    "periods": ({"target": StateTarget(every=5)}, "not whole periods"),
    "design effect": ({"design_effect": 0.9}, "do not spread less than chains"),
}


@pytest.mark.parametrize(("change", "message"), REFUSED.values(), ids=REFUSED)
def test_designs_that_make_no_sense_are_refused(cells, change, message):
    with pytest.raises(InputError, match=message):
        fit(Transitions(cells, **change))


def test_horizons_are_whole_periods():
    with pytest.raises(InputError, match="multiple of 6"):
        StateTarget(horizon=20, every=6)


def test_a_logit_has_no_closed_form(cells):
    with pytest.raises(InputError, match="there is no closed form: transitions have a logit"):
        fit(Transitions(cells, priors=LogitRows()), ClosedForm())


def test_groups_need_both_arms():
    path = walk(INITIAL, MOVES[0, 0], 40, 6, np.random.default_rng(2))
    data = counted(path, np.arange(40) < 20, ("a", "b"), (np.arange(40) < 20).astype(int))
    with pytest.raises(InputError, match="nobody in one arm"):
        fit(Transitions(data, pool_groups=True, priors=LogitRows()))


# Histories


def test_histories_count_months_as_all_paths_do(cells, fitted):
    histories = chain_histories(Transitions(cells), fitted).draws(0, 3)
    found = histories.states(2, 5, arm=0, group=0)
    moves = fitted.posterior["posterior"]["transition"].values[0, 1, 0, 0, 0]
    first = fitted.posterior["posterior"]["initial"].values[0, 1, 0, 0]
    exact = np.zeros((4, 3))
    for path in product(range(3), repeat=5):
        p = first[path[0]] * np.prod([moves[a, b] for a, b in pairwise(path)])
        exact[sum(s == 0 for s in path[2:]), sum(s != 0 for s in path[:2])] += p
    assert found[1] == pytest.approx(exact, abs=1e-14)


def test_histories_agree_with_outcomes_and_their_own_paths(cells, fitted):
    histories = chain_histories(Transitions(cells, start=dt.date(2024, 1, 1)), fitted)
    level = fitted.outcomes.level("counterfactual", "employed").values[:, 0]
    assert histories.probability[:, 1, 0] == pytest.approx(level)
    one = histories.central()
    paths = next(one.paths(40_000, seed=1))
    assert paths.mean(axis=3)[0] == pytest.approx(one.probability[0], abs=0.012)
    months = np.bincount(paths[0, 0, 0].sum(axis=1), minlength=13) / 40_000
    assert one.states(0, 12, arm=0, group=0)[0, :, 0] == pytest.approx(months, abs=0.012)
    assert histories.years()[0] == (2024, 0, 12)
    assert "chain" in histories.statements[0]


def test_histories_make_spells(cells, fitted):
    table = chain_histories(Transitions(cells), fitted).spells(5, 30, seed=1)
    whole = table.groupby(["arm", "person"]).agg({"start": "min", "end": "max"})
    assert (whole["end"] == dt.date(2001, 1, 1)).all()


def test_histories_read_months_only(cells, fitted):
    weekly = dataclasses.replace(cells, step="week")
    with pytest.raises(InputError, match="histories count months"):
        chain_histories(Transitions(weekly), fitted)


# Checks


def test_independence_is_pearsons():
    table = np.random.default_rng(3).poisson(30.0, (2, 4, 3)).astype(float)
    exact = [stats.chi2_contingency(t, correction=False) for t in table]
    found = independence(table)
    assert found.statistic == pytest.approx(sum(e.statistic for e in exact))
    assert found.df == 12
    assert found.p == pytest.approx(stats.chi2.sf(found.statistic, 12))


def test_a_chain_passes_its_checks(fitted):
    assert fitted.diagnostics.passed
    by_name = {c.name: c for c in fitted.diagnostics.checks}
    for name in ("Markov, previous state", "Markov, time in state", "time homogeneity"):
        assert by_name[name].table[1][2] > 0.001
    assert float(by_name["effect constant over time"].text.split("p ")[1]) > 0.001


def people_who_differ(rng):
    """Half the people find and keep work, the others hardly."""
    kinds = [np.array([[0.9, 0.1, 0], [0.3, 0.7, 0], [0, 0, 1]])]
    kinds += [np.array([[0.4, 0.6, 0], [0.04, 0.96, 0], [0, 0, 1]])]
    path = np.concatenate([walk(INITIAL, kinds[i % 2], 150, 12, rng) for i in range(4)])
    return counted(path, np.arange(600) < 300)


def test_people_who_differ_for_good_are_noticed():
    data = people_who_differ(np.random.default_rng(4))
    for check in memory_checks(data):
        assert check.table[1][2] < 1e-6
    found = fit(Transitions(data), ClosedForm(draws=500)).diagnostics
    assert any("set design_effect to this ratio" in text for text in found.messages)
    ratio = float(found.messages[-1].split("is ")[1].split(" times")[0])
    mended = fit(Transitions(data, design_effect=ratio), ClosedForm(draws=500)).diagnostics
    assert not any("design_effect" in text for text in mended.messages)


def test_a_change_over_time_is_noticed():
    rng = np.random.default_rng(6)
    early, late = MOVES[1, 0], np.array([[0.94, 0.05, 0.01], [0.3, 0.68, 0.02], [0, 0, 1]])
    path = walk(INITIAL, early, 800, 7, rng)
    more = np.stack([walk(np.eye(3)[s], late, 1, 7, rng)[0, 1:] for s in path[:, -1]])
    data = counted(np.concatenate([path, more], axis=1), np.arange(800) < 400)
    assert time_check(data, ()).table[1][2] < 1e-6
    assert time_check(data, (7,)).table[1][2] > 0.001
    found = fit(Transitions(data), ClosedForm(draws=500)).diagnostics
    assert any(text.startswith("occupancy of the treated arm") for text in found.messages)
    banded = fit(Transitions(data, bands=(7,)), ClosedForm(draws=500)).diagnostics
    assert not any(text.startswith("occupancy") for text in banded.messages)


def test_an_effect_that_wanes_is_noticed():
    rng = np.random.default_rng(8)
    strong = np.array([[0.94, 0.05, 0.01], [0.3, 0.68, 0.02], [0, 0, 1]])
    first = walk(INITIAL, strong, 600, 5, rng)
    rest = np.stack([walk(np.eye(3)[s], MOVES[1, 0], 1, 9, rng)[0, 1:] for s in first[:, -1]])
    path = np.concatenate(
        [np.concatenate([first, rest], axis=1), walk(INITIAL, MOVES[1, 0], 600, 13, rng)]
    )
    found = effect_check(counted(path, np.arange(1200) < 600), ())
    assert float(found.text.split("p ")[1]) < 1e-4


def test_right_chains_seldom_fail_the_check_of_occupancy():
    rng, failed = np.random.default_rng(10), 0
    for i in range(60):
        path = np.concatenate([walk(INITIAL, MOVES[a, 0], 120, 10, rng) for a in (0, 1)])
        data = counted(path, np.arange(240) < 120)
        rows = dirichlet(np.array([3.6, 0.2, 0.2]) + Rows.of(data, ()).counts, 500, rng)
        made = Chain(
            dirichlet(1.0 + data.initial, 500, rng),
            Rows.of(data, ()).matrices(rows),
            band_of((), 10),
        )
        failed += any(not c.passed for c in occupancy_checks(data, made, np.random.default_rng(i)))
    # At 1 % for the two arms together, five failures of 60 have a chance of 4e-4.
    assert failed < 5


def test_thin_rows_are_named(cells):
    few = counted(np.array([[0, 1, 1], [1, 1, 1]], dtype=np.int16), np.array([True, False]))
    found = thin_check(few, ())
    assert found.passed is False
    assert ("comparison", "all", 0, "employed", 0.0) in found.table
    assert thin_check(cells, ()).passed


def test_loss_that_differs_by_arm_is_noticed():
    rng = np.random.default_rng(12)
    path = walk(INITIAL, MOVES[0, 0], 600, 10, rng)
    shares = []
    for rate in (0.02, 0.12):
        last = rng.geometric(np.where(np.arange(600) < 300, rate, 0.02))
        held = path[np.arange(600), np.minimum(last, 10) - 1]
        gone = (np.arange(10) >= last[:, None]) & (held != 2)[:, None]
        shares.append(attrition_by_arm(counted(np.where(gone, -1, path), np.arange(600) < 300)))
    assert shares[0].passed
    assert shares[1].passed is False


# Continuous time


def test_intensities_of_one_way_out_are_events_over_exposure():
    counts = IntervalCounts(
        np.array([0, 0]), np.array([1, 0]), np.array([2.0, 3.0]), np.array([8.0, 20.0]), (1,)
    )
    found = fit_intensities(counts, np.array([[0.0, 0.2], [0.0, 0.0]]))
    # Deaths are dated: 8 events in 16 + 60 years; se is the estimate over the root of events.
    assert found.q[0, 1] == pytest.approx(8 / 76, rel=1e-4)
    assert found.se[0, 1] == pytest.approx(8 / 76 / np.sqrt(8), rel=1e-3)
    assert found.time_in_states(5.0, 0)[0] == pytest.approx(
        (1 - np.exp(-5 * 8 / 76)) / (8 / 76), rel=1e-4
    )
    assert found.probabilities(2.0)[0, 0] == pytest.approx(np.exp(-2 * 8 / 76), rel=1e-3)


def test_transitions_that_never_occur_are_refused():
    counts = IntervalCounts(np.array([0]), np.array([0]), np.array([1.0]), np.array([9.0]))
    with pytest.raises(InputError, match="no maximum inside"):
        fit_intensities(counts, np.array([[0.0, 0.2], [0.0, 0.0]]))
    with pytest.raises(InputError, match="longer than nothing"):
        IntervalCounts(np.array([0]), np.array([0]), np.array([0.0]), np.array([9.0]))
    with pytest.raises(InputError, match="0 or more"):
        IntervalCounts(np.array([0]), np.array([0]), np.array([1.0]), np.array([-9.0]))


def test_impossible_moves_have_no_likelihood():
    counts = IntervalCounts(np.array([1]), np.array([0]), np.array([1.0]), np.array([1.0]))
    assert interval_likelihood(counts, np.array([[-0.1, 0.1], [0.0, 0.0]])) == -np.inf


# Case files and samplers


def test_choices_survive_a_file(cells):
    choice = TransitionsChoice(
        bands=(3,), priors=DirichletRows(months=6.0), target=StateTarget(horizon=24, every=6)
    )
    assert load(TransitionsChoice, dump(choice)) == choice
    design = choice.design(cells, dt.date(2024, 1, 1), source="register")
    assert (design.bands, design.start, design.source) == ((3,), dt.date(2024, 1, 1), "register")


def test_the_pooled_model_has_the_likelihood_of_its_matrices():
    rng = np.random.default_rng(13)
    path = np.concatenate([walk(INITIAL, MOVES[a, 0], 30, 6, rng) for a in (0, 1)])
    data = counted(path, np.arange(60) < 30, ("a", "b"), np.arange(60) % 2)
    design = Transitions(data, bands=(3,), pool_groups=True, priors=LogitRows())
    density = build_model(design).compile_logp(jacobian=False, mode="FAST_COMPILE")
    rows = prepare(design).model
    share = rows.data["move_share"]
    np.testing.assert_allclose(share.sum(axis=0), 1.0, rtol=1e-12)
    scales = {"move_level": 1.5, "move_effect": 0.5, "move_band": 0.5}
    found = []
    for _ in range(2):
        level, effect = rng.normal(-2.0, 1.0, (2, 2)), rng.normal(0.0, 0.5, (2, 2))
        band, raw = rng.normal(0.0, 0.5, (2, 2, 2)), rng.normal(0.0, 1.0, (2, 2, 2, 2))
        sd = np.array([0.3, 0.2])
        point = {"move_level": level, "move_effect": effect, "move_band": band}
        # The sampler moves in the groups' average, of which the level lies a deviation away.
        shift = (share * sd[:, None, None, None] * raw).sum(axis=1)
        moved_in = {
            "move_level_group_raw": level + shift[0],
            "move_effect_group_raw": effect + shift[1],
        }
        moved_in |= {"move_group_raw": raw, "move_group_sd_log__": np.log(sd)}
        value = density({"move_band": band} | moved_in)
        drawn = {k: v[None] for k, v in point.items()}
        p = rows.matrices(drawn | {"move_group": (sd[:, None, None, None] * raw)[None]})[0]
        moved = data.banded((3,))
        exact = (moved[..., :2, :] * np.log(p[..., :2, :])).sum()
        centre = np.log(0.1 / 2 / 0.9)
        for name, v in point.items():
            mean = centre if name == "move_level" else 0.0
            exact += stats.norm.logpdf(v, mean, scales[name]).sum()
        exact += stats.norm.logpdf(raw).sum()
        exact += stats.halfnorm.logpdf(sd, scale=[0.5, 0.25]).sum()
        found.append((value, exact))
    for value, exact in found:
        assert float(value) == pytest.approx(float(exact), abs=1e-8)


def test_dirichlet_rows_have_the_density_of_their_posterior(cells):
    model = build_model(Transitions(cells))
    density = model.compile_logp(jacobian=False, mode="FAST_COMPILE")
    transform = model.rvs_to_transforms[model["row"]]
    rows = prepare(Transitions(cells)).model
    drawn = rows.posterior(3, np.random.default_rng(1))["row"]
    alpha = rows.alpha + rows.rows.counts
    found = [float(density({"row_simplex__": transform.forward(r).eval()})) for r in drawn]
    exact = ((alpha - 1) * np.log(drawn)).sum(axis=(1, 2, 3, 4, 5))
    # The evidence is a constant; densities are sums of thousands.
    assert np.diff(found) == pytest.approx(np.diff(exact), abs=1e-6)


@pytest.mark.sampler
def test_the_sampler_of_dirichlet_rows_agrees_with_the_closed_form(cells, fitted):
    found = fit(Transitions(cells), Sampler(seed=1, chains=2, draws=1500, tune=500, cores=1))
    assert found.diagnostics.passed
    ours, exact = (
        f.outcomes.effect().sel(outcome="months_employed").sum("period").values.ravel()
        for f in (found, fitted)
    )
    # Four Monte Carlo errors of 2,000 and about as many effective draws.
    assert ours.mean() == pytest.approx(exact.mean(), abs=4 * exact.std() * np.sqrt(2 / 2000))
    assert ours.std() == pytest.approx(exact.std(), rel=0.1)


@pytest.mark.sampler
@pytest.mark.slow
def test_groups_are_pooled():
    rng = np.random.default_rng(9)
    sizes = (300, 300, 20)
    path, arm, group = [], [], []
    for g, n in enumerate(sizes):
        for a in (0, 1):
            path.append(walk(INITIAL, MOVES[a, 0], n, 12, rng))
            arm += [a == 0] * n
            group += [g] * n
    data = counted(np.concatenate(path), np.array(arm), ("a", "b", "c"), np.array(group))
    design = Transitions(data, pool_groups=True, priors=LogitRows())
    assert "move_group" in [v.name for v in build_model(design).deterministics]
    found = fit(design, Sampler(seed=1, chains=2, draws=600, tune=600, cores=1))
    assert found.diagnostics.rhat_max < 1.02
    assert found.diagnostics.divergences == 0
    effect = found.outcomes.effect().sel(outcome="months_employed").sum("period").values
    alone = aalen_johansen(data).gained()[1][:, 0]
    # The small group borrows: its effect is known better than from its own people.
    assert effect[:, 2].std() < 0.7 * alone[2]
    true = chain().occupancy()[:, 0].sum() - chain(arm=1).occupancy()[:, 0].sum()
    assert (np.abs(effect.mean(axis=0) - true) < 3 * effect.std(axis=0)).all()
