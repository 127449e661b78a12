import datetime as dt

import numpy as np
import pytest

from impactmodel.clients import employability_path, path_of_endings
from impactmodel.core.errors import InputError
from impactmodel.core.schedule import Periods
from impactmodel.effects import Endings
from impactmodel.effects.endings import leaving


def hazards(seed=1, shape=(50, 3, 12, 2)):
    return np.random.default_rng(seed).uniform(0.0, 0.3, shape)


@pytest.mark.parametrize("horizon", [1, 6, 12])
def test_the_law_of_total_probability_holds_in_every_draw(horizon):
    f = leaving(hazards())
    path = employability_path(f, (0,), horizon)
    work = np.concatenate([np.zeros((50, 3, 1)), f[..., 0].cumsum(axis=2)], axis=2)
    months = 12 - horizon + 1
    assert path.chance.shape == (50, 3, months)
    together = work[..., :months] + path.still_out * path.chance
    np.testing.assert_allclose(together, work[..., horizon:], atol=1e-12)


def test_the_path_of_one_person_is_that_of_later_hazards():
    """Given still out after m, the hazards from m + 1 are all that counts."""
    h = hazards()
    path = employability_path(leaving(h), (0,), 4)
    for m in (0, 3, 8):
        later = leaving(h[:, :, m : m + 4])[..., 0].sum(axis=2)
        np.testing.assert_allclose(path.chance[..., m], later, rtol=1e-10)


def test_a_mixed_group_becomes_less_employable_though_nobody_does():
    """Half have a hazard of .5, half of .1: after m periods the first half's share is known."""
    each = leaving(np.repeat([[[0.5]], [[0.1]]], 8, axis=1))
    assert np.ptp(employability_path(each, (0,), 1).chance, axis=1).max() < 1e-12
    mixed = employability_path(each.mean(axis=0)[None], (0,), 1).chance[0]
    m = np.arange(8)
    share = 0.5**m / (0.5**m + 0.9**m)
    np.testing.assert_allclose(mixed, 0.5 * share + 0.1 * (1 - share), rtol=1e-12)


def test_a_path_comes_from_a_duration_design():
    f = leaving(hazards(shape=(20, 2, 1, 6, 2)))
    months = Periods(dt.date(2024, 1, 1), "month", 6)
    ends = Endings(f, ("work", "pension"), ("all",), months)
    without = path_of_endings(ends, ("work",), 3)
    np.testing.assert_array_equal(without.chance, employability_path(f[:, 1], (0,), 3).chance)
    served = path_of_endings(ends, ("work",), 3, treated=True)
    np.testing.assert_array_equal(served.chance, employability_path(f[:, 0], (0,), 3).chance)
    with pytest.raises(InputError, match="no such cause"):
        path_of_endings(ends, ("studies",), 3)


def test_edges():
    with pytest.raises(InputError, match="outside the periods"):
        employability_path(leaving(hazards()), (0,), 13)
    with pytest.raises(InputError, match="no such cause"):
        employability_path(leaving(hazards()), (2,), 3)
    gone = employability_path(np.array([[[1.0], [0.0]]]), (0,), 1)
    assert gone.chance[0, 0] == 1.0
    assert np.isnan(gone.chance[0, 1])
