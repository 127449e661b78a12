"""The sheet Checks: whether the workbook adds up and agrees with the library."""

from __future__ import annotations

from typing import TYPE_CHECKING

from impactmodel.contract.central_persons import COMBINATION
from impactmodel.contract.compile import TOTAL_CAP
from impactmodel.report.workbook_parts import CONTRACT, HEADINGS, SAVINGS
from impactmodel.report.workbook_sheet import Cell, Sheet, in_words

if TYPE_CHECKING:
    from impactmodel.report.workbook_calculation import Results
    from impactmodel.report.workbook_inputs import Inputs
    from impactmodel.report.workbook_material import Material
    from impactmodel.report.workbook_payer_rows import Shown

CENT = 0.005
PASS, FAIL, CHANGED = "PASS", "FAIL", "CHANGED"
_VERDICT, _COUNT = 5, 6
_LIVE = (
    "Live: the sheets Calculation and Payers (upright figures), the sums and the checks. They "
    "follow every yellow cell of Parameters and Assumptions."
)
_VALUES = (
    "Values: the sheet Uncertainty and the means over draws on Payers. They are results of the "
    "run and do not follow changed cells; run the case again for them."
)
_FIXED = (
    "Fixed in the formulas: the days by which a period is split over calendar years, the dates of "
    "payment, and which payer stands on which side of a line."
)
_MEASURED = (
    "The contract pays on measured results (view: measured). Live is the rule at the expected "
    "outcome; the mean over draws also holds the evaluation's noise."
)
_ON_SAVINGS = (
    "The contract pays on public savings. What it pays on stands among the inputs at the mean of "
    "the draws: payments do not follow a changed tax or benefit value."
)


def write_checks(
    sheet: Sheet, material: Material, inputs: Inputs, results: Results, shown: Shown
) -> None:
    """Write the verdict, every check and what is live."""
    sheet.set_up(
        "Checks",
        "PASS: agrees to the cent. CHANGED: an input was changed, so the stored figure no longer "
        "applies. FAIL: the workbook does not add up.",
        (74, 20, 20, 16, 12),
    )
    sheet.page.freeze_panes(2, 0)
    tests: list[int] = []
    sheet.row = _COUNT + 1
    _structure(sheet, material, inputs, shown, tests)
    _against_library(sheet, material, results, tests)
    _about(sheet, material)
    _verdict(sheet, inputs, tests)


def _verdict(sheet: Sheet, inputs: Inputs, tests: list[int]) -> None:
    end = sheet.row
    sheet.row = _VERDICT - 1
    span = f"{sheet.local(_COUNT + 1, 4)}:{sheet.local(max(tests, default=_COUNT + 1), 4)}"
    count = sheet.local(_COUNT, 1)
    formula = (
        f'=IF(COUNTIF({span},"{FAIL}")>0,"{FAIL}",IF({count}>0,"{PASS} ("&{count}&" changed)",'
        f'"{PASS}"))'
    )
    sheet.add(Cell("Overall", "section"), Cell(PASS, "verdict", formula))
    counted = "+".join(inputs.changed) or "0"
    sheet.add(
        Cell("Inputs and parameters changed since the run", "text"), Cell(0, "whole", f"={counted}")
    )
    sheet.page.set_row(_VERDICT - 1, 26)
    sheet.row = end
    last = end + 1
    for text, look in ((FAIL, "bad"), (CHANGED, "changed"), (PASS, "good")):
        options = {
            "type": "text",
            "criteria": "begins with",
            "value": text,
            "format": sheet.formats[look],
        }
        sheet.page.conditional_format(_COUNT, 4, last, 4, options)
        sheet.page.conditional_format(_VERDICT - 1, 1, _VERDICT - 1, 1, options)


def _test(
    sheet: Sheet, tests: list[int], name: str, live: Cell, wanted: Cell, *, run: bool
) -> None:
    """Write a check; ``run``: it holds only while no input is changed."""
    at = sheet.row + 1
    gap = sheet.local(at, 3)
    other = f'IF({sheet.local(_COUNT, 1)}>0,"{CHANGED}","{FAIL}")' if run else f'"{FAIL}"'
    difference = float(live.value) - float(wanted.value)
    sheet.add(
        Cell(name, "text"),
        live,
        wanted,
        Cell(difference, "cents", f"={sheet.local(at, 1)}-{sheet.local(at, 2)}"),
        Cell(
            PASS if abs(difference) < CENT else FAIL,
            "result",
            f'=IF(ABS({gap})<{CENT},"{PASS}",{other})',
        ),
    )
    tests.append(at)


def _structure(
    sheet: Sheet, material: Material, inputs: Inputs, shown: Shown, tests: list[int]
) -> None:
    if material.savings is not None and SAVINGS in material.parts:
        _transfers(sheet, material, shown, tests)
        _public_sum(sheet, shown, tests)
    contract = material.payments.contract if material.payments else None
    if contract is not None and contract.cap is not None and shown.paid_total:
        part = material.parts[CONTRACT]
        cell = inputs.cells[part.keys[TOTAL_CAP]]
        sheet.section("The total cap of the contract")
        sheet.header("Check", "Paid above it", "Should be", "Difference", "Result", words=(0,))
        over = Cell(0.0, "cents", f"=MAX(0,{shown.paid_total}-{cell})")
        _test(sheet, tests, "Payments of all years", over, Cell(0.0, "cents"), run=False)

    if contract is not None and CONTRACT in material.parts:
        _people_once(sheet, material, inputs, tests)


def _people_once(sheet: Sheet, material: Material, inputs: Inputs, tests: list[int]) -> None:
    """Check that the combinations under a cap per person are of all people at most."""
    part = material.parts[CONTRACT]
    shares = [key for key in part.central.inputs if key.startswith(COMBINATION)]
    if not shares:
        return
    first, last = (inputs.cells[part.keys[key]] for key in (shares[0], shares[-1]))
    sheet.section("Combinations of outcomes under the cap per person")
    sheet.header("Check", "Above all people", "Should be", "Difference", "Result", words=(0,))
    over = Cell(0.0, "number", f"=MAX(0,SUM({first}:{last.split('!')[1]})-1)")
    _test(sheet, tests, "Sum of the shares of people", over, Cell(0.0, "number"), run=False)


def _public_sum(sheet: Sheet, shown: Shown, tests: list[int]) -> None:
    first, last = shown.public_lines
    if not first:
        return
    column = 2 + len(shown.years)
    lines = f"SUM({shown.sheet}!{sheet.local(first, column)}:{sheet.local(last, column)})"
    sheet.section("Sums")
    sheet.header("Check", "By payer", "By line", "Difference", "Result", words=(0,))
    name = "Savings of all public payers over all years, undiscounted"
    total = shown.public_value
    live = Cell(total, "cents", f"={shown.public_total}")
    _test(sheet, tests, name, live, Cell(total, "cents", f"={lines}"), run=False)


def _transfers(sheet: Sheet, material: Material, shown: Shown, tests: list[int]) -> None:
    """Check that each transfer sums to zero over its payers, in each year."""
    assert material.savings is not None  # noqa: S101  the caller looked
    data = material.savings.ledger.dataset
    moved = dict(zip(data["line"].values.tolist(), data["transfer"].values.tolist(), strict=True))
    lines = [line for line, transfer in moved.items() if transfer]
    if not lines:
        return
    sheet.section(
        "Transfers: what one party gains, another loses",
        note="The largest sum over the parties in any year, from the sheet Payers.",
    )
    sheet.header("Line", "Sum over parties", "Should be", "Difference", "Result", words=(0,))
    first, last = shown.lines
    names = f"{shown.sheet}!{sheet.local(first, 1)}:{sheet.local(last, 1)}"
    for line in lines:
        here = sheet.local(sheet.row + 1, 0)
        sums = [
            f"ABS(SUMPRODUCT(({names}={here})*{shown.sheet}!{sheet.local(first, column)}:"
            f"{sheet.local(last, column)}))"
            for column in range(2, 2 + len(shown.years))
        ]
        formula = f"=MAX({','.join(sums)})"
        _test(
            sheet, tests, in_words(line), Cell(0.0, "cents", formula), Cell(0.0, "cents"), run=False
        )


def _against_library(sheet: Sheet, material: Material, results: Results, tests: list[int]) -> None:
    for name, part in material.parts.items():
        sheet.section(
            f"Formulas against the library: {HEADINGS[name]}",
        )
        sheet.header("Result", "Live", "Library", "Difference", "Result", words=(0,))
        known = material.joined.values()
        for total in part.totals():
            key = part.total(total)
            stored = float(known[key])
            live = Cell(results.values[key], "cents", f"={results.cells[key]}")
            _test(sheet, tests, in_words(total), live, Cell(stored, "cents"), run=True)


def _about(sheet: Sheet, material: Material) -> None:
    sheet.section("What is live and what is a value")
    said = [_LIVE, _VALUES, _FIXED]
    if material.payments is not None and material.payments.view == "measured":
        said.append(_MEASURED)
    result = material.result
    if (
        result is not None
        and material.payments is not None
        and result.paid_on is not result.outcomes
    ):
        said.append(_ON_SAVINGS)
    if result is not None and result.beside:
        names = "; ".join(result.beside)
        said.append(f"Values only, on Uncertainty: the public sides beside the main one ({names}).")
    said += [f"Values only, no formulas: {text}" for text in material.refused]
    for text in said:
        sheet.across(text, 0, 4)
        sheet.row += 1
