"""The stories of an economist, a fund manager and a ministry run as they are written."""

import json
import runpy
from pathlib import Path

import numpy as np
import pytest

from impactmodel.finance import cashflows
from impactmodel.finance.returns import present_value, years_of

STORIES = Path(__file__).parents[2] / "examples" / "stories"


@pytest.mark.sampler
@pytest.mark.slow
def test_economist_then_fund_manager(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    economist = runpy.run_path(str(STORIES / "economist.py"))
    summary = economist["fit"].outcomes.summary(prob=0.9)
    # The range around the published 1,794 and 1,672 that the mission states for this case.
    assert 1350 < summary.loc[summary["outcome"] == "re78", "mean"].item() < 2050
    manager = runpy.run_path(str(STORIES / "fund_manager.py"))
    solved = manager["solved"]
    contract = manager["im"].contract
    repriced = contract.reprice(manager["contract"], "sustained_job", solved.price)
    flows = cashflows(
        manager["structure"], contract.payments(repriced, manager["outcomes"], seed=1)
    )
    value = present_value(flows.investor, years_of(flows), 0.05)
    assert abs(value.mean()) < 1e-6 * np.abs(value).mean()
    assert "Investment memo: Sustained jobs" in (tmp_path / "memo.html").read_text()
    assert "equal-tailed" in capsys.readouterr().out
    assert json.dumps(manager["returns"].summary(0.9)["irr"])


def test_ministry(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    ministry = runpy.run_path(str(STORIES / "ministry.py"))
    savings, payments = ministry["savings"], ministry["payments"]
    assert savings.lineage == payments.lineage
    tax = sum(draws for name, draws in savings.by_line().items() if name != "labour_market_subsidy")
    benefit = savings.by_line()["labour_market_subsidy"]
    np.testing.assert_allclose(tax + benefit, savings.total())
    said = capsys.readouterr().out
    # Law on the financing of unemployment security: half from 300 and 70 % from 1,000 paid days.
    assert "municipality, labour_market_subsidy, 2021" in said
    assert "from 300 days 50 %; from 1,000 days 70 %" in said
    assert (tmp_path / "savings.xlsx").stat().st_size > 10_000
