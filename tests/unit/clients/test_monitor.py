"""Monitoring finds drift and stays quiet otherwise; the full study is in tests/calibration."""

import csv
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from impactmodel.clients.monitor import MonitorRules, observe, psi, watch
from impactmodel.core.errors import InputError
from impactmodel.core.spec import dump, load
from tests.client_quarters import clients, found

RULES = MonitorRules()
STUDY = Path(__file__).parents[2] / "calibration" / "results" / "client_monitor.csv"


def pair(change=None, people=6000):
    rng = np.random.default_rng(1)
    then = observe(*clients(rng, 20_000, 0.35))
    p, y, gaps = clients(np.random.default_rng(2), people, 0.35)
    p, y, gaps = change(p, y, gaps) if change else (p, y, gaps)
    return then, observe(p, y, gaps, edges=then.edges)


def test_three_points_are_found_and_nothing_is_not():
    """A quick version: 60 quarters each; the bands are those of 95 % and 5 % at 99.9 %."""
    hits = {
        shift: np.mean(
            [
                bool(found(np.random.default_rng([3, i]), RULES, 20_000, 0.35, shift))
                for i in range(60)
            ]
        )
        for shift in (0.0, 0.03)
    }
    assert hits[0.03] >= stats.binom.ppf(0.001, 60, 0.95) / 60
    assert hits[0.0] <= stats.binom.ppf(0.999, 60, 0.05) / 60


def test_the_study_says_what_the_page_says():
    """Acceptance: a shift of 3 points in 95 % of quarters, false alarms in 5 % at most."""
    lines = STUDY.read_text(encoding="utf-8").splitlines()
    rows = list(csv.DictReader(lines[1:]))
    still = [float(r["any_alarm"]) for r in rows if float(r["shift"]) == 0]
    moved = [float(r["any_alarm"]) for r in rows if float(r["shift"]) == 0.03]
    assert len(still) == len(moved) == 6
    assert np.mean(still) <= 0.05
    assert min(moved) >= 0.95


def test_the_probability_of_a_false_alarm_is_shared_out():
    """Spent over looks and tests, it adds up to alpha where the union bound is used."""
    spent = sum(RULES.level("missing", look, tests=3) * 3 for look in range(3))
    assert spent == pytest.approx(0.05 * 0.15, rel=1e-3)
    alone = MonitorRules(looks=(1.0,), shares={"base_rate": 1.0})
    assert alone.level("base_rate", 0) == pytest.approx(0.05, rel=1e-6)
    assert alone.level("missing", 0) == 0.0
    assert load(MonitorRules, dump(RULES)) == RULES


def test_the_index_is_the_divergence_and_its_test_is_that_of_chi_square():
    rng = np.random.default_rng(5)
    p = np.full(10, 0.1)
    scaled = [
        psi(a := rng.multinomial(20_000, p), b := rng.multinomial(5000, p))
        / (1 / a.sum() + 1 / b.sum())
        for _ in range(2000)
    ]
    # 2,000 draws: Kolmogorov's distance at 99.9 % is 1.95 / sqrt(2000) = 0.044.
    assert stats.kstest(scaled, stats.chi2(9).cdf).statistic < 0.044
    q, r = np.array([0.2, 0.8]), np.array([0.5, 0.5])
    by_hand = ((r - q) * np.log(r / q)).sum()
    assert psi(q * 1000, r * 1000) == pytest.approx(by_hand, abs=1e-12)


DRIFTS = {
    "missing": lambda p, y, g: (p, y, g | {"0.02": g["0.02"] | (np.arange(len(p)) % 50 == 0)}),
    "scores": lambda p, y, g: (np.clip(p * 1.1, 0, 1), y, g),
    "calibration_slope": lambda p, y, g: (p, np.where(np.arange(len(y)) % 2, y, y[::-1]), g),
}  # fmt: skip


@pytest.mark.parametrize("what", DRIFTS)
def test_each_kind_of_drift_raises_its_own_alarm(what):
    then, now = pair(DRIFTS[what])
    assert what in {test.watched for test in watch(then, now, RULES, 2).alarms}
    assert watch(*pair(), RULES, 2).alarms == ()


def test_tests_agree_with_those_of_scipy():
    then, now = pair()
    found_tests = {(t.watched, t.of): t for t in watch(then, now, RULES, 2).tests}
    table = [[then.reached, then.known - then.reached], [now.reached, now.known - now.reached]]
    chi = stats.chi2_contingency(table, correction=False)
    assert found_tests["base_rate", ""].p_value == pytest.approx(chi.pvalue, abs=1e-12)
    a, b = then.missing["0.1"], now.missing["0.1"]
    exact = stats.fisher_exact([[a, then.people - a], [b, now.people - b]])
    assert found_tests["missing", "0.1"].p_value == exact.pvalue


def test_outcomes_that_are_not_known_yet_do_not_count():
    p, y, gaps = clients(np.random.default_rng(1), 2000, 0.35)
    now = observe(p, np.where(np.arange(2000) < 1500, y, np.nan), gaps)
    assert (now.people, now.known) == (2000, 1500)
    assert now.reached == int(y[:1500].sum())


def test_what_cannot_be_watched_is_refused():
    then, now = pair()
    other = observe(*clients(np.random.default_rng(8), 500, 0.2))
    with pytest.raises(InputError, match="look: looks are 0 to 2"):
        watch(then, now, RULES, 3)
    with pytest.raises(InputError, match="classes differ"):
        watch(other, now, RULES, 0)
    with pytest.raises(InputError, match="100 known outcomes"):
        observe(np.full(50, 0.2), np.zeros(50), {})
    with pytest.raises(InputError, match="differ in length"):
        observe(np.full(50, 0.2), np.zeros(5), {})


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"shares": {"base_rate": 0.5}}, "add up to 1"),
        ({"bins": 1}, "two or more classes"),
        ({"looks": (0.5, 0.9)}, "rise from above 0 to 1"),
    ],
)
def test_rules_that_do_not_add_up_are_refused(change, words):
    with pytest.raises(InputError, match=words):
        MonitorRules(**change)


def test_nothing_of_a_person_is_kept():
    then, _ = pair()
    assert repr(then) == "Observed 20000 people, 20000 with a known outcome"
    assert all(np.size(getattr(then, name)) < 30 for name in then.__slots__ if name != "missing")
