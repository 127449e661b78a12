"""Other assumptions about the evidence, and gross targets beside the effect."""

from __future__ import annotations

import dataclasses

import numpy as np

from impactmodel.report.evidence_tables import sensitivity_table, verdict_sentences
from impactmodel.report.run_page import run_page
from impactmodel.running import CaseResult
from impactmodel.targets import GrossTarget, TargetVerdict
from tests.unit.report.given import CONTRACT, FUND, PUBLIC, TARGET, Run

SPACE = "\u00a0"


def test_what_is_varied_is_named_and_the_own_row_is_marked(koto: CaseResult) -> None:
    table = sensitivity_table(koto)
    assert table.columns == (
        "Correlation",
        "Coefficient of variation",
        "Payments, mean",
        "Payments, sd",
        "P(investors lose)",
        "Public saving, mean",
        "Public saving, sd",
        "P(state overpays)",
        "As in this run",
    )
    assert [row[:2] for row in table.rows] == [
        (rho, cv) for cv in ("0.15", "0.3", "0.6") for rho in ("0", "0.5", "1")
    ]
    assert [row[:2] for row in table.rows if row[-1] == "yes"] == [("0", "0.3")]
    assert "taken as 0 in this run" in table.note
    assert "taxes over three years, here 0.3" in table.note
    assert "training" not in table.note  # its standard error is published


def test_the_own_row_is_the_run_itself(koto: CaseResult) -> None:
    table = sensitivity_table(koto)
    own = next(row for row in table.rows if row[-1] == "yes")
    paid, saved = koto.payments.total(), koto.savings.total()

    def near(text: str, value: float, tolerance: float) -> bool:
        return abs(float(text.replace(",", "")) - value) <= tolerance

    assert near(own[2], paid.mean(), 0.051 * paid.std())
    assert near(own[3], paid.std(ddof=1), 0.051 * paid.std())
    assert near(own[5], saved.mean(), 0.051 * saved.std())
    assert own[4] == f"over{SPACE}99{SPACE}%"


def test_a_correlation_of_one_moves_the_spread_as_its_formula_says(koto: CaseResult) -> None:
    """Taxes less transfers: sd doubles its square when two equal errors move together."""
    rows = {row[:2]: row for row in sensitivity_table(koto).rows}
    apart, together = (float(rows[rho, "0.3"][6].replace(",", "")) for rho in ("0", "1"))
    # sqrt(2) within 10 %: 400 draws of each sd, and two digits written.
    assert abs(together / apart / np.sqrt(2) - 1) < 0.1


def test_nothing_is_varied_without_published_evidence(run: Run) -> None:
    result = run(PUBLIC, CONTRACT)
    assert sensitivity_table(result) is None
    assert 'id="sensitivity"' not in run_page(result).html()


def test_two_verdicts_on_the_finnish_case(koto: CaseResult) -> None:
    said = dict(verdict_sentences(koto))
    target = said["Gross target: employed"]
    assert target.startswith(f"2,500 promised, 1,034 reached (41{SPACE}%): the target is missed.")
    assert target.endswith("by September 2020 (UNVERIFIED).")
    assert (
        f"above zero with a probability of over{SPACE}99{SPACE}%"
        in (said["Effect on earnings over three years"])
    )
    assert f"Investors lose money with a probability of over{SPACE}99{SPACE}%" in said["Investors"]
    assert "Public purse" in said


def test_a_target_met_with_its_source(run: Run) -> None:
    (word, text), *rest = verdict_sentences(run(TARGET.replace("achieved: 20", "achieved: 50")))
    assert word == "Gross target: jobs"
    assert text == (
        f"50 promised, 50 reached (100{SPACE}%): the target is met. A gross count includes what "
        "would have happened anyway. Source: a report."
    )
    assert [word for word, _ in rest] == ["Effect on taxes"]


def test_a_target_that_is_only_met_in_some_draws(run: Run) -> None:
    result = run(TARGET, CONTRACT, FUND)
    verdict = TargetVerdict(GrossTarget("jobs", 25, outcome="x"), np.array([10.0, 20, 30, 40]))
    (_, text), *_ = verdict_sentences(dataclasses.replace(result, verdicts=(verdict,)))
    assert text == (
        f"25 promised, 25 reached on average (50{SPACE}% interval 18 to 32); the target is met "
        f"with a probability of 50{SPACE}%. A gross count includes what would have happened "
        "anyway. No source is stated (UNVERIFIED)."
    )


def test_without_a_target_there_is_no_such_section(run: Run) -> None:
    result = run(PUBLIC)
    assert verdict_sentences(result) == ()
    assert 'id="verdicts"' not in run_page(result).html()
