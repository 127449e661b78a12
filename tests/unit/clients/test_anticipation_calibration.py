import json
from pathlib import Path

import numpy as np
import pytest

from impactmodel.clients import (
    Anticipation,
    CalibrationLimits,
    CalibrationRow,
    ShiftAndScale,
    ShiftIntercept,
    WithoutService,
    anticipate,
    area,
    calibrate_chances,
    chances,
    reasons,
    recalibrate,
)
from impactmodel.clients.anticipation_calibration import calibration_intercept
from impactmodel.core.errors import InputError
from impactmodel.effects import Importance
from impactmodel.effects.propensity import logistic
from tests.unit.clients.anticipated import DAY, TABLE, WORK, clients, simulated

ORACLE = json.loads(
    (Path(__file__).parents[2] / "golden" / "clients" / "chances_oracle.json").read_text("utf-8")
)
CHANCE, Y = np.array(ORACLE["chance"]), np.array(ORACLE["y"])
QUICK = Importance(seed=1, draws=600)


@pytest.fixture(scope="module")
def model():
    return anticipate(Anticipation("work"), clients(12_000).before(DAY), QUICK).aware


def test_area_slope_and_intercept_agree_with_scikit_learn_and_statsmodels():
    x = np.log(CHANCE / (1 - CHANCE))
    assert area(CHANCE, Y).value == pytest.approx(ORACLE["area"], abs=1e-12)
    found = logistic(np.column_stack([np.ones(len(x)), x]), Y, np.ones(len(x)))
    slope = (found.beta[1], np.sqrt(found.covariance[1, 1]))
    # Both stop where the likelihood is flat: 1e-8 for coefficients, 1e-6 for errors.
    assert slope[0] == pytest.approx(ORACLE["slope"][0], rel=1e-8)
    assert slope[1] == pytest.approx(ORACLE["slope"][1], rel=1e-6)
    shift = calibration_intercept(x, Y)
    assert shift[0] == pytest.approx(ORACLE["intercept"][0], rel=1e-8)
    assert shift[1] == pytest.approx(ORACLE["intercept"][1], rel=1e-6)
    wilson = CalibrationRow("all", 47, 13, 0.3, 0.1).interval(0.9)
    np.testing.assert_allclose(wilson, ORACLE["wilson"], rtol=1e-12)


def test_the_error_of_an_area_is_delongs_written_out():
    score, y = CHANCE[:80], Y[:80]
    yes, no = score[y == 1], score[y == 0]
    pairs = (yes[:, None] > no) + 0.5 * (yes[:, None] == no)
    variance = pairs.mean(1).var(ddof=1) / len(yes) + pairs.mean(0).var(ddof=1) / len(no)
    found = area(score, y)
    assert found.value == pytest.approx(pairs.mean(), abs=1e-12)
    assert found.error == pytest.approx(np.sqrt(variance), rel=1e-12)
    with pytest.raises(InputError, match="two people"):
        area(score, np.zeros(80))


def test_chances_of_a_right_model_are_calibrated_later(model):
    later = chances(model, clients(12_000).since(DAY))
    found = calibrate_chances(later, ("origin", "health", "region"))
    assert found.later
    assert found.policy == "services as usual"
    # Four standard errors; 4,000 people.
    assert abs(found.slope[0] - 1) < 4 * found.slope[1]
    assert abs(found.intercept[0]) < 4 * found.intercept[1]
    assert [row.who for row in found.rows[:3]] == ["all", "origin: home", "origin: abroad"]
    assert sum(r.people for r in found.rows[1:3]) == found.rows[0].people
    assert all(abs(row.bias) < 4 * row.error for row in found.rows)
    assert len(found.reliability) == 10
    assert sum(r.reached for r in found.reliability) == found.rows[0].reached
    rates = [row.predicted for row in found.reliability]
    assert rates == sorted(rates)


def test_without_a_service_the_unserved_are_looked_at():
    people = clients(12_000)
    made = anticipate(Anticipation("work", policy=WithoutService()), people.before(DAY), QUICK)
    late = people.since(DAY)
    found = calibrate_chances(chances(made.aware, late))
    assert found.rows[0].people == int((late.service == 0).sum())
    assert abs(found.rows[0].bias) < 4 * found.rows[0].error


def test_permuted_outcomes_rank_nobody():
    """Of 4,000 people the standard error of an area is .009."""
    table = simulated(12_000)[0].copy()
    table["work"] = np.random.default_rng(3).permutation(table["work"].to_numpy())
    people = TABLE.read(table, [WORK])
    made = anticipate(Anticipation("work"), people.before(DAY), QUICK).aware
    found = calibrate_chances(chances(made, people.since(DAY)))
    assert abs(found.area.value - 0.5) < 4 * found.area.error < 0.05


def test_checks_fail_where_they_should(model):
    people = clients(12_000)
    early = calibrate_chances(chances(model, people.before(DAY)), ("health",))
    checks = {check.name: check for check in early.checks()}
    assert checks["later window"].passed is False
    assert checks["bias by group"].passed
    table = simulated(12_000)[0].copy()
    table["work"] = np.maximum(table["work"], np.random.default_rng(1).random(12_000) < 0.2)
    moved = calibrate_chances(chances(model, TABLE.read(table, [WORK]).since(DAY)), ("health",))
    failed = {check.name for check in moved.checks() if check.passed is False}
    assert {"bias", "bias by group"} <= failed
    everybody = CalibrationLimits(bias=1.0, group_bias=1.0, slope=9.0)
    assert all(check.passed for check in moved.checks(everybody))


def test_recalibration_is_explicit_and_keeps_reasons_exact(model):
    table = simulated(12_000)[0].copy()
    table["work"] = np.minimum(table["work"], np.random.default_rng(1).random(12_000) < 0.8)
    late = TABLE.read(table, [WORK]).since(DAY)
    half = np.arange(late.size) % 2 == 0
    before = calibrate_chances(chances(model, late.take(~half))).rows[0]
    assert before.bias > 4 * before.error
    shifted = recalibrate(model, late.take(half), ShiftIntercept(), seed=1)
    after = calibrate_chances(chances(shifted, late.take(~half))).rows[0]
    assert abs(after.bias) < 4 * after.error
    # The shift is uncertain: 2,000 people more, one draw each.
    assert after.error > before.error
    assert shifted.recalibration.startswith("shift_intercept: logit -")
    assert model.recalibration == ""
    scaled = recalibrate(model, late.take(half), ShiftAndScale(), seed=1)
    why = reasons(scaled, late.take(np.arange(5)))
    rows = scaled.encoded.matrix(late.take(np.arange(5)))
    np.testing.assert_allclose(
        why.logits(), scaled.beta[:, :1] + scaled.beta[:, 1:] @ rows.T, atol=1e-10
    )
    with pytest.raises(InputError, match="recalibrated already"):
        recalibrate(shifted, late, ShiftIntercept())
    with pytest.raises(InputError, match="after the window of the fit"):
        recalibrate(model, clients(12_000).before(DAY), ShiftIntercept())


def test_scaling_undoes_a_known_distortion(model):
    """Logits doubled and raised by 1 are brought back: a = -.5, b = .5."""
    import dataclasses

    beta = 2 * model.beta
    beta[:, 0] += 1.0
    wrong = dataclasses.replace(model, beta=beta)
    late = clients(12_000).since(DAY)
    found = calibrate_chances(chances(wrong, late))
    right = calibrate_chances(chances(model, late))
    # Expected chances, not logits, are averaged over draws, which bends the line a little.
    assert found.slope[0] == pytest.approx(right.slope[0] / 2, rel=0.01)
    back = recalibrate(wrong, late, ShiftAndScale())
    np.testing.assert_allclose(
        chances(back, late).expected(), chances(model, late).expected(), atol=0.02
    )


def test_reasons_add_up_against_either_reference(model):
    few = clients(12_000).take(np.arange(40))
    eta = model.beta[:, :1] + model.beta[:, 1:] @ model.encoded.matrix(few).T
    for reference in ("average", "levels"):
        why = reasons(model, few, reference)
        np.testing.assert_allclose(why.logits(), eta, atol=1e-10)
        start, mean = why.expected()
        np.testing.assert_allclose(start + mean.sum(axis=1), eta.mean(axis=0), atol=1e-10)
        assert why.note == "predicts, does not cause"
        assert "predicts, does not cause" in repr(why)
    low, high = why.interval(0.9)
    assert (low <= high).all()
    at = why.features.index("health")
    well = few.values["health"] == 0
    assert (why.contributions[:, well, at] == 0).all()
    # The true coefficient is -.8 on the logit of the unserved; services blur it a little.
    ill = why.contributions[:, ~well, at]
    assert -1.1 < ill.mean() < -0.4
    with pytest.raises(InputError, match="no such reference"):
        reasons(model, few, "median")
