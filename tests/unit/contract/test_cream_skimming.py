"""Cream-skimming: the standard error is that of drawing without replacement."""

from __future__ import annotations

import numpy as np
import pytest

from impactmodel.contract import cream_skimming
from impactmodel.core.errors import InputError

ELIGIBLE = {"easy": 300, "middle": 400, "hard": 300}
CHANCE = {"easy": 0.6, "middle": 0.4, "hard": 0.15}


def test_random_enrolment_has_the_stated_spread_and_seldom_alarms():
    rng = np.random.default_rng(2)
    drawn = rng.multivariate_hypergeometric(list(ELIGIBLE.values()), 200, size=4000)
    found = [
        cream_skimming(dict(zip(ELIGIBLE, row.tolist(), strict=True)), ELIGIBLE, CHANCE)
        for row in drawn
    ]
    means = np.array([f.enrolled for f in found])
    # The sd of 4,000 draws is known to about 1.1 %; four of that.
    assert means.std() == pytest.approx(found[0].standard_error, rel=0.045)
    assert np.mean([f.probability < 0.05 for f in found]) == pytest.approx(0.05, abs=0.014)


def test_the_better_mix_pays_what_it_would_have_paid_anyway():
    found = cream_skimming({"easy": 150, "middle": 50, "hard": 0}, ELIGIBLE, CHANCE)
    assert found.gross_units == pytest.approx(150 * 0.6 + 50 * 0.4 - 200 * 0.385)
    assert found.probability < 1e-9
    everybody = cream_skimming(ELIGIBLE, ELIGIBLE, CHANCE)
    assert (everybody.standard_error, everybody.probability) == (0.0, 1.0)


@pytest.mark.parametrize(
    ("enrolled", "chance", "message"),
    [
        ({"easy": 301}, CHANCE, "more people of 'easy' are enrolled"),
        ({"easy": 3}, {"easy": 0.5}, "a stratum has no chance"),
        ({}, CHANCE, "nobody is enrolled"),
    ],
)
def test_what_cannot_be_compared_is_refused(enrolled, chance, message):
    with pytest.raises(InputError, match=message):
        cream_skimming(enrolled, ELIGIBLE, chance)
