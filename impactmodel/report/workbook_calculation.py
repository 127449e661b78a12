"""The sheet Calculation: every rule of the central scenario as a live formula."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from impactmodel.report.workbook_formulas import lay_out, words
from impactmodel.report.workbook_inputs import Inputs
from impactmodel.report.workbook_parts import CONTRACT, HEADINGS, SAVINGS
from impactmodel.report.workbook_sheet import LINE, Cell, Sheet, in_words

if TYPE_CHECKING:
    from impactmodel.core.central import Block
    from impactmodel.core.rule import Named
    from impactmodel.report.workbook_material import Material

_VALUE = 2
_FOLDED = 40
"""With more blocks than this, blocks are folded to their headings."""


@dataclass(slots=True)
class Results:
    """Where the results are, by key of the joined scenario, and their values in the run."""

    cells: dict[str, str] = field(default_factory=dict)
    values: dict[str, float] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)

    def formula(self, key: str) -> Cell:
        """Return a cell that shows a result."""
        return Cell(self.values[key], "money", f"={self.cells[key]}")


def write_calculation(sheet: Sheet, material: Material, inputs: Inputs) -> Results:
    """Write every block; return where its results stand."""
    sheet.set_up(
        "Calculation",
        "The central scenario, live: every formula is the rule that the library computes with.",
        (44, 88, 18, 12, 40),
    )
    found = Results()
    blocks = material.joined.blocks
    if not blocks:
        sheet.add(Cell("Nothing in this case is computed live; see Checks.", "note"))
        return found
    sheet.header("Result", "In words", "Value", "Unit", "Key in the library", words=(0, 1, 3, 4))
    sheet.page.freeze_panes(sheet.row, 1)
    sheet.page.repeat_rows(sheet.row - 1)
    sheet.page.outline_settings(visible=True, symbols_below=False)
    known = material.joined.values()
    folded = len(blocks) > _FOLDED
    part = ""
    for block in blocks:
        if material.part_of(block.key) != part:
            part = material.part_of(block.key)
            sheet.section(HEADINGS[part])
        fold = folded and not block.key.endswith("totals")
        _write_block(sheet, block, inputs, found, known, material, fold=fold)
    sheet.page.print_area(0, 0, sheet.row, 3)
    return found


def _write_block(  # noqa: PLR0913  a block, what it reads and where it goes
    sheet: Sheet,
    block: Block,
    inputs: Inputs,
    found: Results,
    known: Mapping[str, Any],
    material: Material,
    *,
    fold: bool,
) -> None:
    sheet.add(*(Cell(text, "block") for text in (block.title, "", "", "", "")))
    if fold:
        sheet.page.set_row(sheet.row - 1, LINE + 2, None, {"level": 0, "collapsed": True})
    rows = lay_out(block.book)
    cells, labels = _read(block, inputs, found, sheet)
    for place, rule in enumerate(rows):
        cells[rule.name] = sheet.local(sheet.row + 1 + place, _VALUE)
        labels[rule.name] = _label(block.key, rule)
    env: dict[str, Any] = {name: known[key] for name, key in block.reads.items()}
    money = block.key.endswith("totals")
    for rule in rows:
        env[rule.name] = float(np.asarray(rule.numpy(env)))
        key = f"{block.key}/{rule.name}"
        formula = f"={rule.rule.excel(cells)}"
        own = key.removeprefix(f"{material.part_of(block.key)}:")
        unit = material.currency if money or "|" in rule.name else ""
        row = sheet.add(
            Cell(labels[rule.name], "text"),
            Cell(words(rule.rule, labels), "text"),
            Cell(env[rule.name], "cents" if abs(env[rule.name]) >= 1000 else "number", formula),
            Cell(unit, "text"),
            Cell(own, "grey"),
            level=1,
            hidden=fold,
        )
        found.cells[key] = sheet.ref(row, _VALUE)
        found.values[key] = env[rule.name]
        found.labels[key] = labels[rule.name]


def _label(block: str, rule: Named) -> str:
    """Name a result; a payer alone is its whole present value, or all that it pays."""
    if rule.label or "|" in rule.name:
        return in_words(rule.label or rule.name)
    ends = {f"{SAVINGS}:totals": ", present value", f"{CONTRACT}:totals": ", all payments"}
    return in_words(rule.name) + ends.get(block, "")


def _read(
    block: Block, inputs: Inputs, found: Results, sheet: Sheet
) -> tuple[dict[str, str], dict[str, str]]:
    """Return the cells and the labels of what a block reads, by the names that it uses."""
    cells: dict[str, str] = {}
    labels: dict[str, str] = {}
    for name, key in block.reads.items():
        if key in found.cells:
            cells[name] = found.cells[key].removeprefix(f"{sheet.name}!")
            labels[name] = found.labels[key]
            continue
        labels[name] = inputs.labels[key]
        for end in ("", ".from", ".value", ".rise"):
            if f"{key}{end}" in inputs.cells:
                cells[f"{name}{end}"] = inputs.cells[f"{key}{end}"]
    return cells, labels
