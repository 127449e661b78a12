"""Funding of real projects: the amounts of Roca's structure, and Skill Mill's payments.

Roca: Commonwealth of Massachusetts, fact sheet of January 2014: senior 9 M, junior 3 M, deferred
fees 3.76 M, recyclable grants 6 M, success payments of at most 27 M. Skill Mill: quarterly
payments as published from August 2020 on, 1.0 M invested; service costs are not public, so the
payments test cash flows and no published return.
"""

import datetime as dt
from pathlib import Path

import numpy as np
import pytest
import pyxirr

from impactmodel.core.schedule import add_months
from impactmodel.finance import FundingStructure, Senior, ServiceCosts, cashflows, returns
from tests.unit.finance.given import Given, paid

ROCA = Path(__file__).parents[2] / "examples" / "funds" / "roca.yaml"
END = dt.date(2021, 1, 1)
M = 1_000_000.0

SKILL_MILL = [
    42_950, 168_830, 58_380, 467_210, 80_460, 370_000, 54_250, 328_500,
    93_870, 368_860, 146_720, 310_910, 152_490, 358_480, 143_090, 14_820,
]  # fmt: skip


@pytest.fixture(scope="module")
def roca():
    structure = FundingStructure.from_yaml(ROCA)
    return cashflows(structure, paid(END, 0.0, 10 * M, 15 * M, 22 * M, 27 * M, payer="state"))


def test_roca_s_commitments_pay_for_the_whole_service(roca):
    paid_in = {name: draws[0].sum() / M for name, draws in roca.ladder.paid_in.items()}
    assert paid_in == pytest.approx(
        {"senior_lender": 9, "junior_lenders": 3, "deferred_fees": 3.76, "foundations": 6}
    )
    assert roca.probability_of_shortfall() == 0
    assert np.abs(roca.flows.sum("party")).max() < 1e-6


def test_roca_s_waterfall(roca):
    out = {name: draws.sum(axis=1) for name, draws in roca.ladder.paid_out.items()}
    dates = [(END - day).days / 365 for day in roca.dates]
    due = {}
    for name, rate in (("senior_lender", 0.05), ("junior_lenders", 0.02)):
        # Each draw of a loan compounds to the one payment: the closed form.
        due[name] = float(roca.ladder.paid_in[name][0] @ (1 + rate) ** np.array(dates))
    senior, junior = due["senior_lender"], due["junior_lenders"]
    assert 9 * M < senior < 12.7 * M
    rest = [15 * M - senior - junior, 22 * M - senior - junior - 3.76 * M]
    assert out["senior_lender"] == pytest.approx([0, 10 * M, senior, senior, senior])
    assert out["junior_lenders"] == pytest.approx([0, 0, junior, junior, junior])
    assert out["deferred_fees"] == pytest.approx([0, 0, rest[0], 3.76 * M, 3.76 * M])
    assert out["foundations"] == pytest.approx([0, 0, 0, rest[1], 6 * M])
    surplus = roca.of("massachusetts").sum(axis=1)[-1]
    assert surplus == pytest.approx(27 * M - senior - junior - (3.76 + 6 + 1) * M)


def test_roca_s_lenders_earn_their_caps(roca):
    assert returns(roca, "senior_lender").irr[2:] == pytest.approx([0.05] * 3, abs=1e-9)
    assert returns(roca, "junior_lenders").irr[2:] == pytest.approx([0.02] * 3, abs=1e-9)
    assert returns(roca, "foundations").moic[-1] == pytest.approx(1.0)
    assert returns(roca).irr[0] == -1.0


def test_skill_mill_s_payments():
    start = dt.date(2020, 8, 1)
    days = [add_months(start, 3 * (k + 1)) for k in range(len(SKILL_MILL))]
    rows = tuple((d, "payer", np.array([float(a)])) for d, a in zip(days, SKILL_MILL, strict=True))
    structure = FundingStructure(
        "Skill Mill", "GBP", start, Senior(M), service_costs=ServiceCosts(set_up=M)
    )
    flows = cashflows(structure, Given(rows, 1, currency="GBP"))
    found = returns(flows)
    # All of it stays below the published cap of 3,241,776.
    assert sum(SKILL_MILL) == 3_159_820
    assert found.moic[0] == pytest.approx(3.15982)
    assert found.trough[0] == pytest.approx(M)
    # The sixth payment brings the sum to 1,187,830.
    assert found.payback_years[0] == pytest.approx((days[5] - start).days / 365)
    theirs = pyxirr.xirr([start, *days], [-M, *SKILL_MILL])
    assert found.irr[0] == pytest.approx(theirs, abs=1e-9)
    assert found.n_roots[0] == 1
