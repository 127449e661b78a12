"""Portfolios: what is kept, what a common shock does, what is refused."""

import datetime as dt
import math
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import multivariate_normal, spearmanr

from impactmodel.core.errors import InputError, JoinError
from impactmodel.finance import (
    CommonShock,
    FundingStructure,
    SameDraws,
    Senior,
    ServiceCosts,
    cashflows,
    portfolio,
)
from tests.unit.finance.given import paid

N = 20_000


def fund(seed, start=dt.date(2024, 1, 1), lineage=None, **more):
    structure = FundingStructure(
        "F", "USD", start, Senior(1000.0), service_costs=ServiceCosts(set_up=1000.0), **more
    )
    amounts = np.random.default_rng(seed).normal(1100, 150, N)
    due = replace(paid(dt.date(2025, 1, 1), *amounts), lineage=lineage or f"lineage {seed}")
    return cashflows(structure, due)


def test_same_draws_are_added_date_by_date():
    one, two = fund(1, lineage="x"), fund(2, dt.date(2024, 3, 1), lineage="x")
    held = portfolio({"a": one, "b": two}, SameDraws(), weights={"b": 0.5})
    assert held.dates[0] == dt.date(2024, 1, 1)
    gain = one.investor.sum(axis=1) + 0.5 * two.investor.sum(axis=1)
    np.testing.assert_allclose(held.returns().gain, gain, atol=1e-8)
    assert held.lineage == "x"


@pytest.mark.parametrize("rho", [0.0, 0.3, 0.8])
def test_common_shock_has_the_copula_s_closed_forms(rho):
    one, two = fund(1), fund(2)
    held = portfolio({"a": one, "b": two}, CommonShock(rho), seed=4)
    gains = [held.by_fund[n].sum(axis=1) for n in ("a", "b")]
    # Every fund keeps its draws.
    np.testing.assert_allclose(np.sort(gains[0]), np.sort(one.investor.sum(axis=1)))
    # Rank correlation of a Gaussian copula: 6/pi asin(rho/2); standard error 1/sqrt(20,000) = .007.
    assert spearmanr(*gains).statistic == pytest.approx(6 / math.pi * math.asin(rho / 2), abs=0.025)
    # P(both lose): the bivariate normal at the marginal quantiles (z = -100/150); s.e. .003.
    z = -2 / 3
    joint = multivariate_normal(cov=[[1, rho], [rho, 1]]).cdf([z, z])
    assert ((gains[0] < 0) & (gains[1] < 0)).mean() == pytest.approx(joint, abs=0.012)
    assert f"correlation {rho:g}" in held.assumptions[0]


def test_diversification_lowers_the_tail_and_a_full_shock_does_not():
    funds = {str(k): fund(k) for k in range(5)}
    alone = portfolio({"0": funds["0"]}, CommonShock()).returns().cvar()
    apart = portfolio(funds, CommonShock(0.0)).returns().cvar() / 5
    together = portfolio(funds, CommonShock(1.0)).returns().cvar() / 5
    assert apart < 0.5 * alone
    assert together == pytest.approx(alone, rel=0.02)


def test_bad_holdings_are_refused():
    with pytest.raises(JoinError, match="are unrelated; make both from one Outcomes"):
        portfolio({"a": fund(1), "b": fund(2)}, SameDraws())
    with pytest.raises(JoinError, match="stand on the same draws"):
        portfolio({"a": fund(1, lineage="x"), "b": fund(2, lineage="x")}, CommonShock(0.2))
    with pytest.raises(JoinError, match="unlike price base: a has 2020, b has 2021"):
        portfolio({"a": fund(1, price_base="2020"), "b": fund(2, price_base="2021")}, CommonShock())
    with pytest.raises(InputError, match="correlation: a common shock correlates between 0 and 1"):
        CommonShock(1.2)
    with pytest.raises(InputError, match="there is no fund"):
        portfolio({}, SameDraws())
    with pytest.raises(InputError, match="weights: no fund has this name"):
        portfolio({"a": fund(1)}, SameDraws(), weights={"c": 1.0})
