"""Rates of return against pyxirr, closed forms and a flow with two rates."""

import datetime as dt

import numpy as np
import pytest
import pyxirr

from impactmodel.core.errors import InputError
from impactmodel.finance import all_roots, irr


def test_agrees_with_pyxirr_on_dated_flows():
    rng = np.random.default_rng(1)
    dates = [
        dt.date(2020, 1, 1) + dt.timedelta(days=int(d)) for d in np.cumsum(rng.integers(20, 60, 40))
    ]
    flows = np.abs(rng.normal(100, 60, (200, 40)))
    flows[:, :12] *= -2.0
    ours = irr(flows, dates)
    theirs = [pyxirr.xirr(dates, row) for row in flows]
    assert (ours.n_roots == 1).all()
    # Both solve to double precision; 1e-9 a year is far below any quoted rate.
    np.testing.assert_allclose(ours.rate, theirs, atol=1e-9)


def test_two_rates_are_reported_not_chosen():
    flow = [-100.0, 230.0, -132.0]
    assert np.isnan(irr(flow).rate[0])
    assert irr(flow).n_roots[0] == 2
    # (1.1)(1.2) = 1.32 and 1.1 + 1.2 = 2.3: the roots are 10 % and 20 % exactly.
    np.testing.assert_allclose(all_roots(flow)[0], [0.1, 0.2], atol=1e-9)


@pytest.mark.parametrize(
    ("flow", "rate", "count"),
    [
        ([-100.0, 0.0], -1.0, 0),
        ([0.0, 0.0], np.nan, 0),
        ([100.0, 5.0], np.nan, 0),
        ([-100.0, 121.0 / 1.1], 0.1 / 1.1 * 1.1, 1),
    ],
)
def test_edges(flow, rate, count):
    result = irr(flow)
    np.testing.assert_allclose(result.rate, [rate], atol=1e-9)
    assert result.n_roots[0] == count


def test_bad_flows_are_refused():
    with pytest.raises(InputError, match="not a finite number"):
        irr([np.nan, 1.0])
    with pytest.raises(InputError, match="need as many dates"):
        irr([1.0, 2.0], [dt.date(2020, 1, 1)])


def test_number_of_roots_against_the_polynomial():
    # Coefficients of a polynomial in v = 1/(1+r); numpy's companion matrix finds all its roots.
    rng = np.random.default_rng(7)
    flows = rng.normal(size=(400, 6))
    ours, found = irr(flows), all_roots(flows)
    counts = set()
    for flow, roots, rate, count in zip(flows, found, ours.rate, ours.n_roots, strict=True):
        v = np.roots(flow[::-1])
        positive = np.sort(1 / v[(np.abs(v.imag) < 1e-9) & (v.real > 0)].real - 1)
        counts.add(positive.size)
        assert count == positive.size
        # The companion matrix loses digits at large rates: 1e-7 of 1 + r.
        np.testing.assert_allclose(roots, positive, rtol=1e-7, atol=1e-7)
        # A flow that only pays out is a total loss, not a rate.
        assert (np.isfinite(rate) and rate > -1) == (count == 1)
    assert {0, 1, 2, 3} <= counts


def test_many_flows_are_solved_as_one_is():
    rng = np.random.default_rng(3)
    flows = np.abs(rng.normal(100, 60, (70, 30)))
    flows[:, :9] *= -1.7
    flows[::7] = np.abs(flows[::7])
    together = irr(flows).rate
    np.testing.assert_array_equal(together, [irr(flow).rate[0] for flow in flows])


def test_a_rate_beyond_any_start_is_still_found():
    # All outlay at once, nearly all receipts in the last of 600 periods: 1 = 1e-4 (1+r)^-600.
    flow = np.zeros(601)
    flow[0], flow[-1] = -1.0, 1e-4
    assert irr(flow).rate[0] == pytest.approx(1e-4 ** (1 / 600) - 1, abs=1e-12)
