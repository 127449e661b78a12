"""The keys of the public side in summary.json, against sums done by hand."""

from __future__ import annotations

import json

import pytest

from impactmodel.report.summary import summary
from impactmodel.running import CaseResult
from tests.unit.report.given import BESIDE, CONTRACT, FUND, PUBLIC, TARGET, Run

DESCRIBED = {"mean", "sd", "lower", "upper", "prob", "kind"}


def test_savings_by_line_and_by_year(run: Run) -> None:
    found = summary(run(PUBLIC))["savings"]
    assert set(found) == {"currency", "total", "by_payer", "by_line", "by_year"}
    # Discounted: 0.25 × 100 × 25 × 1.8; undiscounted: 0.75 × 100 × 25 a year.
    assert found["by_line"]["municipality"]["tax"]["mean"] == pytest.approx(1125)
    assert found["by_line"]["municipality"]["fees"]["mean"] == pytest.approx(-450)
    assert set(found["by_line"]["state"]) == {"tax"}
    assert found["by_year"]["state"]["2025"]["mean"] == pytest.approx(1875)
    assert found["by_year"]["participant"]["2024"]["mean"] == pytest.approx(-2500)
    lines = sum(line["mean"] for line in found["by_line"]["municipality"].values())
    assert lines == pytest.approx(found["by_payer"]["municipality"]["mean"])
    assert set(found["by_year"]["state"]["2025"]) == DESCRIBED
    assert found["by_year"]["state"]["2025"]["prob"] == 0.5


def test_budget(run: Run) -> None:
    found = summary(run(PUBLIC, CONTRACT))["budget"]
    state = found["by_payer"]["state"]
    assert list(state) == ["2024", "2025", "2026"]
    assert state["2025"]["savings"]["p95"] == pytest.approx(2887.5)
    assert state["2025"]["payments"]["p50"] == pytest.approx(1250)
    assert state["2026"]["savings"]["mean"] == 0
    assert set(state["2025"]["payments"]) == DESCRIBED | {"p50", "p95"}
    assert found["currency"] == "EUR"
    assert summary(run(PUBLIC))["budget"] is None


def test_beside(run: Run) -> None:
    found = summary(run(PUBLIC, BESIDE))["beside"]["All to the state"]
    assert found["label"] == "as if the state took all"
    assert found["total"]["mean"] == pytest.approx(100 * 25 * 1.8)
    assert found["expected_months"] is None
    assert any("UNVERIFIED" in text for text in found["assumptions"])
    assert summary(run(PUBLIC))["beside"] == {}


def test_beside_by_rules(koto: CaseResult) -> None:
    found = list(summary(koto)["beside"].values())[1]
    state = found["expected_months"]["state"]
    assert set(state) == {"expected_saving", "saving_of_expected_months"}
    # Undiscounted against discounted at 3.5 % to the first of three years.
    assert 0.93 < found["by_payer"]["state"]["mean"] / state["expected_saving"] < 1


def test_sensitivity(koto: CaseResult) -> None:
    found = summary(koto)["sensitivity"]
    assert len(found) == 9
    (own,) = (row for row in found if row["own"])
    assert (own["correlation"], own["variation"]) == (0, 0.3)
    assert own["payments"] == summary(koto)["payments"]["total"]
    assert own["saved"] == summary(koto)["savings"]["total"]
    assert own["probability_of_loss"] == koto.returns.probability_of_loss
    overpays = summary(koto)["net_position"]["state"]["probability_overpays"]
    assert own["probability_overpays"]["state"] == overpays


def test_verdicts(run: Run) -> None:
    (found,) = summary(run(TARGET, CONTRACT, FUND))["verdicts"]
    assert (found["name"], found["promised"], found["reached"]["mean"]) == ("jobs", 50, 20)
    assert (found["probability_met"], found["verified"], found["source"]) == (0, True, "a report")
    assert summary(run())["verdicts"] == []
    assert summary(run())["sensitivity"] == []


def test_it_is_strict_json(koto: CaseResult) -> None:
    assert json.loads(json.dumps(summary(koto), allow_nan=False)) == summary(koto)
