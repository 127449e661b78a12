"""Survival curves and hazard regressions against R's survival and glm on unemployment durations.

Frozen values have ten digits: 1e-8 relative holds for closed forms, 1e-6 for iterated fits (the
convergence of R's own).
"""

from itertools import pairwise

import numpy as np
import pytest

from impactmodel.effects.hazard_regression import cox_regression, hazard_regression
from impactmodel.effects.survival import aalen_johansen, kaplan_meier, restricted_mean
from tests.golden.durations.frozen import BANDS, CAUSES, results, unempdur

EVENTS = {"fulltime": [0], "anyjob": [0, 1, 2]}
BAND = np.searchsorted(BANDS, np.arange(1, 29))


def expected(model, quantity):
    return results()[model, quantity]


def arm(ui, causes):
    n, d = unempdur().arm(treated=ui == 1)
    return n, d[:, causes].sum(axis=1)


def test_counts_are_those_that_r_saw():
    cells = unempdur()
    assert cells.size == 3343
    for ui in (0, 1):
        n, d = cells.arm(treated=ui == 1)
        assert n.sum() == expected("counts", f"total_periods:ui{ui}")[0]
        assert d.sum(axis=0).tolist() == [
            expected("counts", f"cause{k}:ui{ui}")[0] for k in (1, 2, 3)
        ]


@pytest.mark.parametrize("ui", [0, 1])
@pytest.mark.parametrize("events", ["fulltime", "anyjob"])
def test_kaplan_meier_and_restricted_means(events, ui):
    n, d = arm(ui, EVENTS[events])
    curve = kaplan_meier(n, d)
    frozen = [expected(f"{events}:KM", f"S({t}):ui{ui}") for t in range(1, 29)]
    np.testing.assert_allclose(curve.survival, [s for s, _ in frozen], rtol=1e-8)
    np.testing.assert_allclose(curve.se, [se for _, se in frozen], rtol=1e-8)
    assert curve.median() == expected(f"{events}:KM", f"median:ui{ui}")[0]
    for horizon in (13, 26):
        np.testing.assert_allclose(
            restricted_mean(n, d, horizon),
            expected(f"{events}:KM", f"RMST({horizon}):ui{ui}"),
            rtol=1e-8,
        )


def test_survival_at_twelve_weeks_with_and_without_insurance():
    seen = [round(float(kaplan_meier(*arm(ui, [0])).survival[5]), 3) for ui in (1, 0)]
    assert seen == [0.821, 0.577]


@pytest.mark.parametrize("ui", [0, 1])
def test_aalen_johansen_with_its_infinitesimal_jackknife(ui):
    found = aalen_johansen(*unempdur().arm(treated=ui == 1))
    for k in range(len(CAUSES)):
        frozen = [expected("survfit_AJ", f"CIF_cause{k + 1}({t}):ui{ui}") for t in range(1, 29)]
        np.testing.assert_allclose(found.incidence[:, k], [v for v, _ in frozen], rtol=1e-8)
        np.testing.assert_allclose(found.se[:, k], [se for _, se in frozen], rtol=1e-8)


def test_one_minus_a_net_survival_is_not_the_probability_of_an_exit():
    n, d = unempdur().arm(treated=False)
    net = 1 - kaplan_meier(n, d[:, 0]).survival[12]
    assert net == pytest.approx(0.558, abs=5e-4)
    assert aalen_johansen(n, d).incidence[12, 0] == pytest.approx(0.425, abs=5e-4)


def person_period(causes):
    n, d = zip(*(arm(ui, causes) for ui in (0, 1)), strict=True)
    x = np.zeros((2, 28, len(BANDS) + 1))
    x[:, np.arange(28), BAND] = 1.0
    x[1, :, -1] = 1.0
    return np.concatenate(n), np.concatenate(d), x.reshape(56, -1)


@pytest.mark.parametrize("link", ["logit", "cloglog"])
@pytest.mark.parametrize("events", ["fulltime", "anyjob"])
def test_person_period_regressions(events, link):
    found = hazard_regression(*person_period(EVENTS[events]), link)
    model = f"{events}:pp_{link}_bands13"
    edges = (0, *BANDS)
    names = [f"band({a},{b}]" for a, b in pairwise(edges)]
    frozen = [expected(model, name) for name in (*names, "uiN")]
    np.testing.assert_allclose(found.beta, [v for v, _ in frozen], rtol=1e-6)
    np.testing.assert_allclose(found.se, [se for _, se in frozen], rtol=1e-5)
    assert found.log_likelihood == pytest.approx(expected(model, "loglik")[0], rel=1e-8)


@pytest.mark.parametrize("ties", ["breslow", "efron"])
@pytest.mark.parametrize("events", ["fulltime", "anyjob"])
def test_cox_with_tied_exits(events, ties):
    n, d = zip(*(arm(ui, EVENTS[events]) for ui in (0, 1)), strict=True)
    found = cox_regression(n, d, [[0.0], [1.0]], ties)
    value, se = expected(f"{events}:cox_{ties}", "uiyes")
    assert float(found.beta[0]) == pytest.approx(value, rel=1e-6)
    assert float(found.se[0]) == pytest.approx(se, rel=1e-6)
    frozen = expected(f"{events}:cox_{ties}", "loglik")[0]
    assert found.log_likelihood == pytest.approx(frozen, rel=1e-8)
