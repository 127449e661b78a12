"""Draws side by side compute what numpy computes for each."""

from __future__ import annotations

import numba
import numpy as np

from impactmodel.contract.lanes import FUNCTIONS
from impactmodel.core.memory import WIDTH

SOURCE = """
def run(x, y, found):
    a, b, half = load(x, 0), load(y, 0), fill(0.5)
    fetch(x, 10_000_000, 0)
    store(found, 0, a + b * half - a / b)
    store(found, 1, least(a, b))
    store(found, 2, most(a, b))
    store(found, 3, choose(a, b, half, b))
    return any_above(a, b), any_above(a, a), any_zero(a - b), any_zero(b)

def turn(source, factor, rows, target):
    turn_in(source, (3, 1, 2), load(factor, 0), rows, 1)
    turn_in_more(source, (3, 0, 2), load(factor, 1), rows, 1)
    turn_out(target, (2, 5), rows, 1)
"""


def compiled(name):
    space = dict(FUNCTIONS)
    exec(SOURCE, space)  # noqa: S102
    return numba.njit(space[name])


def test_lanes_compute_as_numpy_does():
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(2, 1, WIDTH))
    x[0, 3] = y[0, 3]
    found = np.empty((4, WIDTH))
    said = compiled("run")(x, y, found)
    assert said == ((x > y).any(), False, True, False)
    # The sum may be contracted, so its last bit is free.
    np.testing.assert_allclose(found[0], (x + y * 0.5 - x / y)[0], rtol=1e-14)
    np.testing.assert_array_equal(found[1], np.minimum(x, y)[0])
    np.testing.assert_array_equal(found[2], np.maximum(x, y)[0])
    np.testing.assert_array_equal(found[3], np.where(x >= y, 0.5, y)[0])


def test_squares_are_turned_into_rows_and_back():
    rng = np.random.default_rng(2)
    source, factor = rng.normal(size=(3 + WIDTH, 2, 2 + WIDTH)), rng.normal(size=(2, WIDTH))
    rows, target = np.zeros((WIDTH + 2, WIDTH)), np.zeros((WIDTH + 3, WIDTH + 6))
    compiled("turn")(source, factor, rows, target)
    one, two = (source[3:, group, 2:] for group in (1, 0))
    expected = one * factor[0][:, None] + two * factor[1][:, None]
    np.testing.assert_allclose(rows[1:-1], expected.T, rtol=1e-14)
    np.testing.assert_array_equal(target[2:-1, 5:-1], rows[1:-1].T)
    # Nothing around is touched.
    assert not rows[[0, -1]].any()
    assert not target[[0, 1, -1]].any()
    assert not target[:, :5].any()
    assert not target[:, -1].any()
