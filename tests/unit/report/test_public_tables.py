"""Tables of the public side, against sums done by hand.

Taxes rise by 10, 20, 30 or 40 EUR a person and year, for 100 people, in 2024 and 2025. The state
receives three quarters, the municipality a quarter less a tenth for fees; a quarter is the discount
rate, so that the second year counts 0.8.
"""

from __future__ import annotations

import numpy as np
import pytest

from impactmodel.fiscal import at_expected_months
from impactmodel.report.public_section import explanations, public_blocks
from impactmodel.report.public_tables import (
    beside_table,
    budget_table,
    expected_months,
    expected_months_table,
    lines_table,
    savings_table,
)
from impactmodel.report.run_page import run_page
from impactmodel.running import CaseResult
from tests.unit.report.given import BESIDE, CONTRACT, PUBLIC, Run

SPACE = "\u00a0"


def rows(table) -> dict[str, tuple[str, ...]]:
    return {row[0]: row[1:] for row in table.rows}


def test_savings_undiscounted_and_discounted(run: Run) -> None:
    table = savings_table(run(PUBLIC).savings, 0.5)
    assert table.columns[:4] == (
        "Party",
        "Undiscounted, mean",
        "Discounted, mean",
        "Standard deviation",
    )
    assert table.columns[4] == f"50{SPACE}% equal-tailed interval"
    # State: 0.75 × 100 × 25 × 2 = 3,750 and × 1.8 = 3,375, to two digits of the sd of about 1,700.
    assert rows(table)["state"][:2] == ("3,800", "3,400")
    # Municipality: 0.15 × 100 × 25 × 2 = 750 and × 1.8 = 675; sd 349.
    assert rows(table)["municipality"][:2] == ("750", "680")
    assert rows(table)["participants (private)"][:2] == ("−5,000", "−4,500")
    # All public payers: 0.9 × 100 × 25 × 2 = 4,500 and 4,050; participants are no part of it.
    assert rows(table)["All public payers"][:2] == ("4,500", "4,000")
    assert f"Discounted at 25{SPACE}% a year to 2024" in table.note
    assert f"50{SPACE}% equal-tailed interval of 4 draws" in table.note


def test_savings_by_line_add_up_to_those_by_payer(run: Run) -> None:
    table = lines_table(run(PUBLIC).savings, 0.5)
    found = {row[:2]: row[2:] for row in table.rows}
    assert list(found) == [
        ("state", "tax"),
        ("municipality", "tax"),
        ("municipality", "fees"),
        ("participants (private)", "tax"),
    ]
    # 0.25 × 2,500 × 2 = 1,250 and −0.1 × 2,500 × 2 = −500, together the 750 above; × 0.9 each.
    assert found["municipality", "tax"][:2] == ("1,250", "1,120")
    assert found["municipality", "fees"][:2] == ("−500", "−450")
    assert found["municipality", "fees"][-1] == f"over{SPACE}99{SPACE}%"


def test_budget_years(run: Run) -> None:
    result = run(PUBLIC, CONTRACT)
    table = budget_table(result.budget, result.savings)
    found = {row[:2]: row[2:] for row in table.rows}
    # State, each year: 750, 1,500, 2,250, 3,000: mean and P50 1,875, P95 2,887.5; sd 839.
    # It pays half of the tax of a year, 500 to 2,000, a day after the year has ended.
    assert found["state", "2024"] == ("1,880", "1,880", "2,890", "0", "0", "0")
    assert found["state", "2025"] == ("1,880", "1,880", "2,890", "1,250", "1,250", "1,920")
    assert found["state", "2026"] == ("0", "0", "0", "1,250", "1,250", "1,920")
    assert ("municipality", "2026") not in found
    # Both payers: 900, 1,800, 2,700, 3,600: mean 2,250, P95 3,465; sd 1,006.
    assert found["All public payers", "2024"][:3] == ("2,200", "2,200", "3,500")
    assert not any("participant" in row[0] for row in table.rows)
    assert table.note.endswith("Left out, being private: participants.")


def test_other_public_sides_stand_beside(run: Run) -> None:
    result = run(PUBLIC, BESIDE)
    table = beside_table(result.savings, result.beside, 0.5)
    assert table.columns == ("Party", "This case", "All to the state")
    assert list(rows(table)) == [
        "state",
        "municipality",
        "All public payers",
        "participants (private)",
    ]
    assert rows(table)["municipality"] == ("680 (470 to 880)", "–")
    assert [cell.split()[0] for cell in rows(table)["state"]] == ["3,400", "4,500"]
    html = run_page(result).html()
    assert "<strong>All to the state.</strong> as if the state took all" in html
    assert "<strong>This case.</strong> by hand" in html


def test_a_side_without_rules_has_no_expected_months(run: Run) -> None:
    assert expected_months(run(PUBLIC).savings) is None


def test_expected_months_are_summed_over_lines(koto: CaseResult) -> None:
    side = list(koto.beside.values())[1]
    found = expected_months(side)
    by_line = at_expected_months(side)
    state = by_line[by_line["payer"] == "state"]
    assert len(state) > 1
    assert found.loc["state", "expected_saving"] == pytest.approx(state["expected_saving"].sum())
    # Undiscounted and over all lines, it is the ledger's own mean.
    mean = float(np.mean(side.ledger.by_payer()["municipality"]))
    assert found.loc["municipality", "expected_saving"] == pytest.approx(mean)
    table = rows(expected_months_table(side, found))

    def number(text: str) -> float:
        return float(text.replace(",", "").replace("−", "-"))

    # Two digits of the sd over draws are written.
    spread = 0.051 * side.ledger.by_payer()["municipality"].std()
    assert number(table["municipality"][0]) == pytest.approx(mean, abs=spread)
    difference = (found["expected_saving"] - found["saving_of_expected_months"]).to_dict()
    public = sum(difference[payer] for payer in side.ledger.public_payers)
    spread = 0.051 * side.ledger.total().std()
    assert number(table["All public payers"][2]) == pytest.approx(public, abs=spread)
    assert abs(public) > 5 * spread
    html = run_page(koto).html()
    assert html.count("the rules are not linear in months of work") == 1


def test_years_with_the_same_explanation_are_said_once(run: Run) -> None:
    found = dict(explanations(run(PUBLIC).savings))
    assert found["municipality, fees, 2024 to 2025"] == (
        "On average, in EUR, undiscounted, whole cohort: 2024: −250.00; 2025: −250.00.\n"
        "-0.1 per unit of taxes (a law, § 1; enacted)"
    )
    assert len(found) == 4
    assert "UNVERIFIED" in found["state, tax, 2024 to 2025"]


def test_every_cell_of_a_side_by_rules_is_explained_with_its_values(koto: CaseResult) -> None:
    side = list(koto.beside.values())[1]
    found = dict(explanations(side))
    # The allowance of a day rose on 2020-01-01 and not on 2021-01-01 alone: years stay apart.
    subsidy = {name: text for name, text in found.items() if name.startswith("state, labour")}
    assert len(subsidy) > 1
    for year in (2019, 2020, 2021):
        (text,) = (t for n, t in subsidy.items() if str(year) in n)
        mean = float(side.ledger.cell("state", "labour_market_subsidy", year).mean())
        assert f"{year}: {mean:,.2f} (by 'earnings', " in text
    data = side.ledger.dataset
    named = {(p, ln) for p, ln in zip(data["payer"].values, data["line"].values, strict=True)}
    assert len(found) >= len(named)
    wage = next(t for n, t in found.items() if n.startswith("participants (private), gross wage"))
    assert "the profile's wage of months in work" in wage


def test_what_is_folded_can_be_opened_and_is_escaped(run: Run) -> None:
    html = run_page(run(PUBLIC.replace("a law", "<b>law</b>"))).html()
    public = html.split('<section id="public"')[1].split("</section>")[0]
    assert public.count("<details>") == 1
    assert "<summary>What stands behind each cell</summary>" in html
    assert "&lt;b&gt;law&lt;/b&gt;" in html
    assert "<b>law" not in html


def test_other_sides_show_what_is_unverified(koto: CaseResult) -> None:
    html = run_page(koto).html()
    listed = html.split("stands on:")[2].split("</ul>")[0]
    assert "UNVERIFIED values used: contribution.pension.employer" in listed
    public = html.split('<section id="public"')[1].split("</section>")[0]
    assert public.count("<details>") == 2


def test_a_case_without_a_public_side_shows_none(run: Run) -> None:
    result = run(CONTRACT)
    assert public_blocks(result, 0.5) == ()
    assert 'id="public"' not in run_page(result).html()


def test_why_no_ratio_is_shown_is_said_where_there_is_a_contract(run: Run) -> None:
    said = "Marginal value of public funds: not shown, the public side has no line for"
    assert said in run_page(run(PUBLIC, CONTRACT)).html()
    assert said not in run_page(run(PUBLIC)).html()
