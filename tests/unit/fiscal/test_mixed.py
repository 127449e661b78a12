"""Mixtures of a year's flows: binomial sums by hand, and what is kept is never another's."""

import datetime as dt

import numpy as np
import pytest
from scipy.stats import binom

from impactmodel.effects.dependence import Comonotone, Independent
from impactmodel.effects.histories import Histories, HistoryAssumptions
from impactmodel.fiscal import mixed as module
from impactmodel.fiscal.mixed import mixed
from impactmodel.fiscal.tabulated import YearTable

KEYS = (("tax", "state"), ("benefit", "state"))


@pytest.fixture(autouse=True)
def _nothing_kept():
    module._kept.clear()


def histories(treated, without, dependence=None):
    """Two draws and one group over four months, each arm with one share of months by draw."""
    by_arm = np.array([treated, without]).T[:, :, None, None]
    assumed = HistoryAssumptions(dependence=dependence or Independent())
    shares = np.broadcast_to(by_arm, (2, 2, 1, 4))
    return Histories(shares, dt.date(2024, 1, 1), ("all",), assumed)


def table(scale=1.0):
    """The last three of four months: amounts by months in work and by months missed before."""
    amounts = scale * np.random.default_rng(2).normal(size=(1, 4, 2, len(KEYS)))
    return YearTable(first=1, after=4, keys=KEYS, amounts=amounts)


def by_hand(share, year):
    worked, missed = binom.pmf(np.arange(4), 3, share), binom.pmf([0, 1], 1, 1 - share)
    return np.einsum("k,b,kbc->c", worked, missed, year.amounts[0])


def test_independent_months_are_binomial():
    year, shares = table(), ([0.3, 0.8], [0.2, 0.5])
    for arm in (0, 1):
        found = mixed(histories(*shares), year, arm=arm, group=0)
        for draw in (0, 1):
            # Sums of eight products: the last bits differ.
            np.testing.assert_allclose(found[draw], by_hand(shares[arm][draw], year), rtol=1e-12)


def test_the_arm_that_does_not_change_is_found_again():
    year = table()
    before = mixed(histories([0.3, 0.8], [0.2, 0.5]), year, arm=1, group=0)
    assert mixed(histories([0.4, 0.9], [0.2, 0.5]), year, arm=1, group=0) is before
    assert not before.flags.writeable


@pytest.mark.parametrize(
    "other",
    [
        (histories([0.3, 0.8], [0.2, 0.6]), None),
        (histories([0.3, 0.8], [0.2, 0.5], Comonotone()), None),
        (histories([0.3, 0.8], [0.2, 0.5]), table(2.0)),
    ],
    ids=["shares", "dependence", "table"],
)
def test_whatever_differs_is_mixed_anew(other):
    year = table()
    before = mixed(histories([0.3, 0.8], [0.2, 0.5]), year, arm=1, group=0)
    held, another = other
    kept = mixed(held, another or year, arm=1, group=0)
    module._kept.clear()
    np.testing.assert_array_equal(kept, mixed(held, another or year, arm=1, group=0))
    assert not np.allclose(kept, before)


def test_what_is_kept_is_bounded(monkeypatch):
    year = table()
    one = mixed(histories([0.3, 0.8], [0.2, 0.5]), year, arm=0, group=0)
    monkeypatch.setattr(module, "_MOST_BYTES", 2 * one.nbytes)
    for share in (0.1, 0.2, 0.3, 0.4):
        mixed(histories([share, 0.8], [0.2, 0.5]), year, arm=0, group=0)
    assert len(module._kept) == 2
