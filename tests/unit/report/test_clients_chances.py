import numpy as np

from impactmodel.clients import CalibrationRow, ChanceCalibration
from impactmodel.clients.anticipation_auc import Area
from impactmodel.report.clients_section import _group_noise

DAY = np.datetime64("2024-01-01")


def calibration(*rows):
    everybody = CalibrationRow("all", 3000, 1200, 0.4, 0.009)
    rng = np.random.default_rng(1)
    errors = [row.error for row in (everybody, *rows)]
    return ChanceCalibration(
        policy="without a service",
        window=(DAY, DAY),
        later=True,
        intercept=(0.0, 0.04),
        slope=(1.0, 0.05),
        area=Area(0.7, 0.01),
        rows=(everybody, *rows),
        reliability=(),
        replicated=rng.standard_normal((2000, len(errors))) * errors,
    )


def test_groups_are_counted_beside_what_noise_gives_and_named_beyond_it():
    small = CalibrationRow("region: 5", 600, 222, 0.4, 0.02)
    off = CalibrationRow("health: yes", 900, 270, 0.4, 0.016)
    ((name, said),) = _group_noise(calibration(small, off))
    assert name == "Groups"
    assert "Of 2 groups of 500 or more, 2 differ by more than 2 points" in said
    # 2 Phi(-2 / 2) + 2 Phi(-2 / 1.6).
    assert "noise puts 0.5 there" in said
    assert said.endswith("Larger than noise allows: health: yes.")
    ((_, calm),) = _group_noise(calibration(small))
    assert calm.endswith("Larger than noise allows: none.")


def test_nothing_is_said_where_no_group_is_large_enough():
    assert _group_noise(calibration(CalibrationRow("region: 5", 90, 30, 0.4, 0.05))) == ()
