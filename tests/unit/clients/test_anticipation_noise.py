import numpy as np
import pytest
from scipy.special import ndtri

from impactmodel.clients import (
    Anticipation,
    CalibrationLimits,
    CalibrationRow,
    anticipate,
    calibrate_chances,
    chances,
)
from impactmodel.clients.anticipation_noise import noise_of_groups
from impactmodel.core.errors import InputError
from impactmodel.effects import Importance
from tests.unit.clients.anticipated import DAY, TABLE, WORK, clients, simulated

SMALL = CalibrationLimits(least=1)
QUICK = Importance(seed=1, draws=600)


def exact_beyond(p, limit):
    """P(|mean of p - observed share| > limit), of the Poisson-binomial written out."""
    law = np.ones(1)
    for chance in p:
        law = np.convolve(law, [1 - chance, chance])
    off = np.abs(np.arange(len(law)) - p.sum()) > limit * len(p) * (1 + 1e-12)
    return law[off].sum()


def row_of(p, y, fit=0.0):
    noise = np.sqrt((p * (1 - p)).sum()) / len(p)
    return CalibrationRow("group", len(p), int(y.sum()), float(p.mean()), float(noise), fit)


@pytest.mark.parametrize("n", [500, 700, 1100])
def test_the_chance_of_lying_beyond_is_the_poisson_binomials(n):
    """The normal is off by half a step of the share at most, in either tail: .02 at 500."""
    rng = np.random.default_rng(n)
    off = []
    for _ in range(6):
        p = rng.beta(2, 3, n)
        row = row_of(p, p > 2)
        off.append(row.chance_beyond(0.02) - exact_beyond(p, 0.02))
        step = np.exp(-0.5 * (0.02 / row.noise) ** 2) / (row.noise * n * np.sqrt(2 * np.pi))
        assert abs(off[-1]) < 1.1 * step
    assert abs(np.mean(off)) < 0.01


def test_right_chances_lie_beyond_as_often_as_expected_and_outside_the_band_as_rarely():
    """Ten groups that share nobody, 600 times: counts and alarms within four of their errors."""
    rng = np.random.default_rng(5)
    groups = [rng.beta(2, 3, n) for n in (500, 600, 700, 800, 900, 1000, 1500, 2000, 3000, 4000)]

    def drawn(times):
        return np.column_stack([(rng.random((times, len(p))) < p).mean(axis=1) for p in groups])

    biases = np.array([p.mean() for p in groups]) - drawn(2000)
    counts, alarms, probabilities = [], [], []
    for shares in drawn(600):
        came = (np.round(s * len(p)) for s, p in zip(shares, groups, strict=True))
        rows = tuple(
            row_of(p, np.repeat([1, 0], [int(k), len(p) - int(k)]))
            for k, p in zip(came, groups, strict=True)
        )
        found = noise_of_groups(rows, biases)
        counts.append(found.beyond)
        alarms.append(bool(found.larger))
        probabilities.append(found.probability)
    error = np.std(counts) / np.sqrt(len(counts))
    assert abs(np.mean(counts) - found.expected) < 4 * error + 0.05
    assert abs(np.mean(alarms) - 0.05) < 4 * np.sqrt(0.05 * 0.95 * (1 / 600 + 1 / 2000))
    assert abs(np.mean(probabilities) - 0.5) < 4 / np.sqrt(12 * 600)


def test_the_band_is_sidaks_for_groups_apart_and_that_of_one_for_groups_alike():
    rng = np.random.default_rng(2)
    rows = tuple(CalibrationRow(f"group {i}", 500, 150, 0.3, 0.02, 0.01) for i in range(12))
    error = rows[0].error
    assert error == pytest.approx(np.hypot(0.02, 0.01), rel=1e-12)
    apart = noise_of_groups(rows, error * rng.standard_normal((40_000, 12)))
    # A 95 % quantile of 40,000 has a standard error of about .01 here.
    assert apart.critical == pytest.approx(ndtri((1 + 0.95 ** (1 / 12)) / 2), abs=0.04)
    assert apart.bands == pytest.approx([apart.critical * error] * 12)
    same = noise_of_groups(rows, error * np.repeat(rng.standard_normal((40_000, 1)), 12, axis=1))
    assert same.critical == pytest.approx(1.96, abs=0.04)
    assert (same.beyond, same.larger, same.failed, same.probability) == (0, (), (), 1.0)


def test_what_noise_does_not_excuse_is_named():
    rows = (
        CalibrationRow("small", 500, 165, 0.3, 0.02),
        CalibrationRow("off", 900, 360, 0.3, 0.015),
        CalibrationRow("off a little", 90_000, 27_900, 0.3, 0.0015),
        CalibrationRow("few", 90, 60, 0.3, 0.05),
    )
    replicated = np.random.default_rng(1).standard_normal((4000, 4)) * [0.02, 0.015, 0.0015, 0.05]
    found = noise_of_groups(rows, replicated)
    assert [row.who for row in found.rows] == ["small", "off", "off a little"]
    assert found.beyond == 2
    assert found.larger == ("off", "off a little")
    assert found.failed == ("off",)
    assert found.probability < 0.001
    assert [row.shown_beyond(0.02) for row in rows] == [False, True, False, True]
    assert found.expected == pytest.approx(0.317 + 0.182, abs=0.001)
    assert CalibrationRow("all of them", 5, 5, 1.0, 0.0).chance_beyond(0.02) == 0


def test_replications_spread_as_errors_say_and_do_not_depend_on_outcomes():
    people = clients(12_000)
    model = anticipate(Anticipation("work"), people.before(DAY), QUICK).aware
    late = people.since(DAY)
    found = calibrate_chances(chances(model, late), ("origin", "health", "region"))
    # A standard deviation of 600 draws has a relative standard error of .03.
    errors = [row.error for row in found.rows]
    np.testing.assert_allclose(found.replicated.std(axis=0), errors, rtol=0.12)
    assert (np.abs(found.replicated.mean(axis=0)) < 4 * np.array(errors) / np.sqrt(600)).all()
    again = calibrate_chances(chances(model, late), ("origin", "health", "region"))
    np.testing.assert_array_equal(found.replicated, again.replicated)
    assert not found.noise().failed
    table = simulated(12_000)[0].copy()
    ill = table["health"].to_numpy() == 1
    table["work"] = np.where(
        ill & (np.random.default_rng(4).random(12_000) < 0.25), 1.0, table["work"]
    )
    moved = calibrate_chances(chances(model, TABLE.read(table, [WORK]).since(DAY)), ("health",))
    assert moved.noise().failed == ("health: yes",)
    assert {c.name: c.passed for c in moved.checks()}["bias by group beyond noise"] is False


def test_nobody_to_judge_is_refused():
    row = CalibrationRow("few", 90, 60, 0.3, 0.05)
    with pytest.raises(InputError, match="no group is large enough"):
        noise_of_groups((row,), np.zeros((10, 1)))
    with pytest.raises(InputError, match="between 0 and 1"):
        noise_of_groups((row,), np.zeros((10, 1)), SMALL, prob=1.0)
