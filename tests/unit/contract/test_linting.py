"""The linter: each finding on a contract that has it, and none on one that is clean."""

from __future__ import annotations

import dataclasses
import datetime as dt
import re
from pathlib import Path

import numpy as np
import pytest

from impactmodel.contract import (
    Amendment,
    Clause,
    Evaluation,
    Fixed,
    Gated,
    Gross,
    Limit,
    Limited,
    MeasuredImpact,
    OutcomesContract,
    Rate,
    StepTable,
    check,
    describe,
    payments,
    threshold_noise,
)
from impactmodel.core.errors import InputError
from impactmodel.core.measures import OutcomeMeasure
from impactmodel.core.money import Rounding
from impactmodel.core.outcomes import Outcomes, Provenance
from impactmodel.core.schedule import Periods
from impactmodel.core.spec import load
from impactmodel.core.yaml import Document

START = dt.date(2024, 1, 1)
IMPACT = MeasuredImpact()
ROOT = Path(__file__).parents[3]


def clause(payment=None, name="jobs", **more):
    more = {"payer": "state", "basis": IMPACT, "outcome": "job"} | more
    return Clause(name, payment or Rate(100.0), **more)


def deal(*clauses, **more):
    more = {"rounding": Rounding(), "evaluation": Evaluation(comparison_size=400)} | more
    return OutcomesContract("T", "EUR", START, clauses or (clause(),), **more)


def found(draws=4000, size=400, effect=0.1):
    variance = np.zeros((2, 1, 1, 1, 1, 1))
    variance[:] = 0.24
    return Outcomes.from_draws(
        np.full((draws, 1), 0.4 + effect),
        np.full((draws, 1), 0.4),
        measures=[OutcomeMeasure("job", kind="binary")],
        periods=Periods(START, "year", 1, "calendar"),
        cohort_size=size,
        covariance=variance,
        provenance=Provenance(),
    )


WINDOWS = Periods(START, "year", 2, "calendar")
NARROW = StepTable(((0.1, 5.0), (0.2, 9.0), (0.3, 9.0)))
FINDINGS = {
    "no rounding rule is stated": deal(rounding=None),
    "never binds under the cap": deal(cap=100.0, limits=(Limit(100.0, payer="state"),)),
    "the step at 0.3 of 'jobs' changes nothing": deal(clause(NARROW)),
    "the steps of 'jobs' from 0.2 cannot be reached": deal(clause(NARROW), cap=5.0),
    "cannot be reached under the cap": deal(
        clause(Limited(StepTable(((0.1, 5.0), (0.2, 9.0))), at_most=5.0))
    ),
    "the gate at 0.2 of 'jobs' is never reached": deal(
        clause(Gated(0.1, Fixed(5.0), otherwise=Gated(0.2, Fixed(9.0))))
    ),
    "asks for a reduction by more than 100 %": deal(
        clause(StepTable(((0.5, 1.0), (1.2, 2.0)), "relative"), direction="decrease")
    ),
    "overlap: state pays twice": deal(clause(), clause(name="again")),
    "after the contract's end": deal(periods=WINDOWS, end=dt.date(2025, 6, 1)),
    "no index factor for period 1": deal(clause(indexation=(1.0,)), periods=WINDOWS),
}


@pytest.mark.parametrize(("text", "contract"), FINDINGS.items())
def test_it_finds(text, contract):
    assert any(text in finding.text for finding in check(contract)), check(contract)


def test_a_clean_contract_has_no_finding():
    assert check(deal(periods=WINDOWS, end=dt.date(2026, 6, 1), cap=500.0)) == ()
    assert check(deal(cap=5000.0), found()) == ()


def test_a_cap_below_the_expected_payment():
    # 400 people × 0.1 × 100 EUR are expected.
    (finding,) = check(deal(cap=3999.0), found())
    assert finding.key == "cap"
    assert "(3,999) is below the payment that is expected without it (4,000)" in finding.text
    assert check(deal(cap=4001.0), found()) == ()


def test_a_threshold_within_one_standard_error_of_noise():
    # sd of a difference of shares under p = 0.4: sqrt(2 × .24 / 400) = .03464.
    exact = (2 * 0.24 / 400) ** 0.5
    contract = deal(clause(StepTable(((0.03, 1.0), (0.05, 2.0)))))
    low, high = threshold_noise(contract, found(20_000))
    assert low.standard_error == pytest.approx(exact, rel=0.03)
    # P(z >= .03 / .03464) = .193; counts are whole, so the share reaches .03 a little more often.
    assert low.reached_without_effect == pytest.approx(0.193, abs=0.02)
    assert (low.within_noise, high.within_noise) == (True, False)
    (finding,) = check(contract, found())
    assert "the threshold 0.03 of 'jobs' lies within one standard error" in finding.text


def test_thresholds_need_the_size_of_the_comparison():
    with pytest.raises(InputError, match=r"evaluation\.comparison_size: the noise of thresholds"):
        threshold_noise(deal(evaluation=Evaluation()), found())


def test_a_step_that_no_cohort_can_reach():
    contract = deal(clause(StepTable(((100.0, 1.0), (500.0, 2.0)), "total")))
    texts = [finding.text for finding in check(contract, found())]
    assert any("the step at 500 of 'jobs' cannot be reached: the most is 400" in t for t in texts)


def test_the_tail_of_payments_is_the_mean_of_its_draws():
    paid = payments(deal(), found(1000), "measured", seed=3)
    total = np.sort(paid.total())
    assert paid.tail_mean(0.05) == pytest.approx(total[:50].mean())
    assert paid.tail_mean(0.05, "high") == pytest.approx(total[-50:].mean())
    # A quarter of the third draw counts.
    few = dataclasses.replace(paid, amount=paid.amount[:9])
    low = np.sort(few.total())
    assert few.tail_mean(0.25) == pytest.approx((low[:2].sum() + low[2] / 4) / 2.25)
    assert paid.tail_mean(1.0) == pytest.approx(total.mean())


def test_the_contract_of_the_page_can_be_written_as_it_stands(tmp_path):
    page = (ROOT / "docs/contract.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```yaml\n(.*?)```", page, flags=re.DOTALL)
    whole = [block for block in blocks if block.startswith("name:")]
    assert len(whole) == 2
    for block in whole:
        path = tmp_path / "contract.yaml"
        path.write_text(block, encoding="utf-8")
        contract = load(OutcomesContract, Document.read(path))
        assert not [finding for finding in check(contract) if finding.level == "error"]
        assert all(c.name.replace("_", " ") in describe(contract) for c in contract.clauses)


DATED = Periods(START, "year", 2, "calendar")


def test_findings_stand_at_their_clause_and_amended_ones_are_read():
    # What is odd only after 2025 is found there, and each gross clause at its own place.
    later = Amendment(dt.date(2025, 1, 1), (clause(NARROW), clause(name="new", basis=Gross())))
    other = clause(name="other", basis=Gross(), outcome="b")
    contract = deal(clause(), other, periods=DATED, amendments=(later,))
    assert [f.key for f in check(contract) if "gross outcomes" in f.text] == [
        "clauses[1].basis",
        "amendments[0].clauses[1].basis",
    ]
    (step,) = [f for f in check(contract) if "changes nothing" in f.text]
    assert step.key.startswith("amendments[0].clauses[0].payment")


def test_an_index_factor_of_zero_says_what_to_do():
    with pytest.raises(InputError, match=r"above 0 \(seen: 0\.0\); leave a window .* 'periods'"):
        clause(indexation=(1.0, 0.0))


SCALES = {
    "relative": ("warning", "clauses[0].payment.scale", "adds up 'job' and 'days' before"),
    "index": None,
    "total": None,
}


@pytest.mark.parametrize("scale", SCALES)
def test_an_index_that_adds_up_units_is_found(scale):
    steps = StepTable(((0.1, 1.0),), scale)
    mixed = deal(clause(steps, outcome="", index={"job": 1.0, "days": -1.0}))
    found_there = [f for f in check(mixed) if "job" in f.text and "days" in f.text]
    if SCALES[scale] is None:
        assert found_there == []
    else:
        level, where, text = SCALES[scale]
        assert [(f.level, f.key) for f in found_there] == [(level, where)]
        assert text in found_there[0].text
    gross = deal(clause(steps, outcome="", basis=Gross(), index={"job": 1.0, "days": -1.0}))
    errors = [f for f in check(gross) if f.level == "error"]
    if scale == "total":
        assert errors == []
    else:
        (error,) = errors
        assert error.key == "clauses[0].basis"
        assert "their units are added up; use another basis" in error.text


def test_with_evidence_unlike_units_under_thresholds_are_found():
    both = Outcomes.from_draws(
        np.full((2, 1, 2, 1), 0.5),
        np.full((2, 1, 2, 1), 0.4),
        measures=[OutcomeMeasure("job", kind="binary"), OutcomeMeasure("days", kind="days")],
        periods=Periods(START),
        cohort_size=10,
        provenance=Provenance(),
    )
    steps = StepTable(((0.1, 1.0),), "total")
    mixed = deal(clause(steps, outcome="", index={"job": 1.0, "days": -1.0}))
    texts = [f.text for f in check(mixed, both)]
    assert (
        "'jobs' compares a sum of unlike units with its thresholds (job in share, days in days); "
        "use 'scale: index'"
    ) in texts
    right = deal(
        clause(StepTable(((0.1, 1.0),), "index"), outcome="", index={"job": 1.0, "days": -1.0})
    )
    assert not [f for f in check(right, both) if "unlike units" in f.text]
