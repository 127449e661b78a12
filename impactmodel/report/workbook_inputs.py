"""Sheets of what goes in: Parameters (terms and dated values) and Assumptions (with all inputs)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

from impactmodel.core.rule.numbers import Table
from impactmodel.report.workbook_parts import CONTRACT
from impactmodel.report.workbook_sheet import Cell, Content, Sheet

if TYPE_CHECKING:
    from impactmodel.core.central import Amount, CentralParameter
    from impactmodel.report.workbook_material import Material

_PARAMETER_HEADS = (
    "Parameter",
    "Unit",
    "From (threshold)",
    "Value",
    "Rise of the rate",
    "Valid from",
    "Status",
    "Source",
    "Verified",
    "Threshold in the run",
    "Value in the run",
    "Key in the library",
)


@dataclass(slots=True)
class Inputs:
    """Where the values are that a reader may change.

    Parameters
    ----------
    cells
        By key of the joined scenario, as formulas read them; of a table: ``.from``, ``.value``
        and ``.rise``.
    labels
        What each is called in words.
    changed
        Formulas that count the values that differ from those of the run.
    """

    cells: dict[str, str] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    changed: list[str] = field(default_factory=list)


def write_parameters(sheet: Sheet, material: Material, inputs: Inputs) -> None:
    """Write the terms of the contract and the dated parameters, each with its source."""
    sheet.set_up(
        "Parameters",
        "Terms of the contract and dated parameters of the rules. Yellow cells may be changed: "
        "every formula of the workbook follows.",
        (46, 12, 12, 14, 11, 11, 12, 52, 13, 12, 14, 30),
    )
    found = material.joined.parameters
    contract = material.parts.get(CONTRACT)
    terms = {contract.keys[k] for k in contract.central.parameters} if contract else set()
    groups = (
        ("Terms of the contract", {k: p for k, p in found.items() if k in terms}),
        ("Dated parameters of the rules", {k: p for k, p in found.items() if k not in terms}),
    )
    for title, group in groups:
        if group:
            _write_group(sheet, title, group, inputs)
    sheet.page.freeze_panes(5, 1)
    sheet.page.print_area(0, 0, sheet.row, 8)
    if not found:
        text = "No contract and no dated parameters: stated values stand on Assumptions."
        sheet.add(Cell(text, "note"))


def _write_group(
    sheet: Sheet, title: str, group: Mapping[str, CentralParameter], inputs: Inputs
) -> None:
    sheet.section(title)
    sheet.header(*_PARAMETER_HEADS, words=(0, 1, 5, 6, 7, 8, 11))
    start = sheet.row + 1
    for key, parameter in group.items():
        _write_parameter(sheet, key, parameter, inputs)
    inputs.changed += [_differ(sheet, start, now, run) for now, run in ((2, 9), (3, 10))]


def _differ(sheet: Sheet, start: int, now: int, run: int) -> str:
    """Return a formula that counts where two columns of a table differ."""
    one, other = (
        f"{sheet.ref(start, column)}:{sheet.local(sheet.row, column)}" for column in (now, run)
    )
    return f"SUMPRODUCT(--({one}<>{other}))"


def _write_parameter(sheet: Sheet, key: str, one: CentralParameter, inputs: Inputs) -> None:
    rows: Table | tuple[tuple[None, Amount]]
    rows = one.value if isinstance(one.value, tuple) else ((None, one.value),)
    top = sheet.row + 1
    mark = Cell("verified", "text") if one.verified else Cell("UNVERIFIED", "mark")
    rates = [value for _, value in rows]
    rises = [rates[0], *(b - a for a, b in pairwise(rates))] if len(rows) > 1 else []  # type: ignore[operator]
    for place, (threshold, value) in enumerate(rows):
        at = sheet.row + 1
        here = sheet.local(at, 3)
        rise = f"={here}" if place == 0 else f"={here}-{sheet.local(at - 1, 3)}"
        is_table = threshold is not None
        sheet.add(
            Cell(one.label.replace("_", " ") if place == 0 else "", "text"),
            Cell(unit_said(one.unit) if place == 0 else "", "text"),
            editable(threshold) if threshold is not None else Cell("", "text"),
            editable(value),
            Cell(rises[place] if rises else float(rates[0]), "number", rise)
            if is_table
            else Cell("", "text"),
            Cell(one.valid_from if place == 0 else "", "text"),
            Cell(one.status if place == 0 else "", "text"),
            Cell(one.source.removeprefix(f"{one.label}: ") if place == 0 else "", "text"),
            mark if place == 0 else Cell("", "text"),
            Cell(threshold, "run") if threshold is not None else Cell("", "text"),
            Cell(value, "run"),
            Cell(key if place == 0 else "", "grey"),
        )
    inputs.labels[key] = one.label.replace("_", " ")
    if isinstance(one.value, tuple):
        for name, column in (("from", 2), ("value", 3), ("rise", 4)):
            span = f"{sheet.ref(top, column)}:{sheet.local(sheet.row, column)}"
            inputs.cells[f"{key}.{name}"] = span
    else:
        inputs.cells[key] = sheet.ref(top, 3)


def write_assumptions(sheet: Sheet, material: Material, inputs: Inputs) -> None:
    """Write every statement, marked, and below them every input."""
    sheet.set_up(
        "Assumptions and inputs",
        "First what was assumed, then every input of the central scenario. Yellow cells may be "
        "changed: every formula of the workbook follows.",
        (14, 62, 14, 15, 15, 56, 34),
    )
    statements = [
        *(("WARNING", text) for text in material.warnings),
        *(("Assumption", text) for text in material.assumptions),
        *(("Note", text) for text in material.notes),
    ]
    top = sheet.section("Warnings, assumptions and notes")
    for mark, text in statements:
        style = "mark" if mark == "WARNING" or "UNVERIFIED" in text else "text"
        sheet.across(text, 1, 5)
        sheet.write(sheet.row, 0, Cell(mark, style))
        sheet.row += 1
    if not statements:
        sheet.add(Cell("Nothing was stated.", "note"))
    sheet.page.freeze_panes(2, 0)
    found = material.joined.inputs
    if found:
        at = _write_inputs(sheet, material, inputs)
        sheet.page.print_area(0, 0, sheet.row, 5)
        below = sheet.translator.text("Go to the inputs below")
        link = f"internal:'{sheet.name}'!A{at}"
        sheet.page.write_url(top - 1, 5, link, sheet.formats["link"], below)


def _write_inputs(sheet: Sheet, material: Material, inputs: Inputs) -> int:
    at = sheet.section("Inputs of the central scenario")
    heads = ("Used for", "Input", "Unit", "Value", "Value in the run", "Source")
    sheet.header(*heads, "Key in the library", words=(0, 1, 2, 5, 6))
    start = sheet.row + 1
    outcomes = material.result.outcomes if material.result else material.savings
    evidence = outcomes.provenance.source if outcomes else ""
    used = {name: set(part.keys.values()) for name, part in material.parts.items()}
    for key, one in material.joined.inputs.items():
        row = sheet.add(
            Cell(", ".join(name for name, keys in used.items() if key in keys), "text"),
            Cell(one.label.replace("_", " "), "text"),
            Cell(unit_said(one.unit), "text"),
            editable(one.value),
            Cell(_single(one.value), "run"),
            Cell("the evidence, see Sources" if one.source == evidence else one.source, "text"),
            Cell(key, "grey"),
        )
        inputs.cells[key], inputs.labels[key] = sheet.ref(row, 3), one.label.replace("_", " ")
    inputs.changed.append(_differ(sheet, start, 3, 4))
    return at


def _single(value: Amount) -> float | str:
    if isinstance(value, tuple):
        raise TypeError("an input is one number or text; tables are parameters")
    return value


def editable(value: Amount | None) -> Content:
    """Return the cell of a value that may be changed."""
    if value is None or isinstance(value, tuple):
        return None
    if isinstance(value, str):
        return Cell(value, "edit_text")
    whole = float(value).is_integer() or abs(value) >= 100_000
    return Cell(value, "edit_whole" if whole else "edit")


_UNITS = {
    "eur_year": "EUR a year",
    "eur_month": "EUR a month",
    "eur_day": "EUR a day",
}


def unit_said(unit: str) -> str:
    """Say a unit.

    Examples
    --------
    >>> unit_said("children, eur_day"), unit_said("USD")
    ('children, EUR a day', 'USD')
    """
    return ", ".join(_UNITS.get(part, part) for part in unit.split(", "))
