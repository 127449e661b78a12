"""The tables of what drives the result on the sheet Uncertainty, as values."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from impactmodel.report.drivers_section import scenario_name
from impactmodel.report.drivers_words import Words, changes
from impactmodel.report.impact_tables import impact_table, label
from impactmodel.report.numbers import number, probability
from impactmodel.report.tables import interval_words
from impactmodel.report.workbook_sheet import Cell, Content, Sheet

if TYPE_CHECKING:
    from impactmodel.report.drivers_result import Driven
    from impactmodel.report.result import RunResult


def write_drivers(sheet: Sheet, result: RunResult) -> None:
    """Write one-at-a-time, two-way and scenario tables of every party, break-even and impact."""
    if result.drivers is None:
        return
    words = Words.of(result, result.drivers, sheet.translator.language)
    for driven in result.drivers.driven:
        _one_at_a_time(sheet, driven, words)
        _together(sheet, driven, words)
        _scenarios(sheet, driven, words)
    if result.drivers.needed:
        sheet.section("Break-even of the investors")
        sheet.header("Of", "Unit", "Times as in this case")
        for needed in result.drivers.needed:
            factor: Content = needed.reason
            if needed.found is not None:
                factor = Cell(needed.found.factor, "number")
            sheet.add(Cell(needed.of.capitalize(), "strong"), Cell("", "text"), factor)
    if result.impact is not None:
        _impact(sheet, result)


def _one_at_a_time(sheet: Sheet, driven: Driven, words: Words) -> None:
    draws = words.drivers.n_draws
    sheet.section(
        f"One input at a time: {words.gain(driven)}",
        note=f"Over the same {draws:,} draws at each value: means, and the change from the case as "
        "stated. An empty value is as stated.",
    )
    chance = words.language.say(f"chance_{driven.gain}")
    sheet.header(
        "Input",
        "Unit",
        *("Low", "High", "Change at low", "Change at high"),
        *(f"{chance} at low", f"{chance} at high"),
    )
    chances = {swing.name: swing for swing in driven.chances.swings}
    base = float(driven.amounts.base.mean()), float(driven.chances.base.mean())
    unit = Cell(words.drivers.currency, "text")
    stated = f"As stated: mean {number(base[0])}; {chance}: {probability(base[1])}"
    sheet.add(Cell(stated, "strong"), unit)
    for swing in driven.amounts.swings:
        ends = (chances[swing.name].at_low, chances[swing.name].at_high)
        sheet.add(
            Cell(words.own[swing.name], "strong"),
            unit,
            *(None if v is None else Cell(v, "number") for v in (swing.low, swing.high)),
            *(Cell(move, "money") for move in changes(swing, driven)),
            *(Cell(float(end.mean()), "percent") for end in ends),
        )


def _together(sheet: Sheet, driven: Driven, words: Words) -> None:
    grid = driven.grid
    if grid is None:
        return
    (one, rows), (other, columns) = grid.first, grid.second
    sheet.section(
        f"Two inputs together: {words.gain(driven)}",
        note=f"Mean. Down: {words.own[one]}; across: {words.own[other]}.",
    )
    sheet.header("", "Unit", *(words.value(other, value) for value in columns))
    for place, value in enumerate(rows):
        means = grid.draws[place].mean(axis=-1).tolist()
        unit = Cell(words.drivers.currency, "text")
        cells = (Cell(mean, "money") for mean in means)
        sheet.add(Cell(words.value(one, value), "strong"), unit, *cells)


def _scenarios(sheet: Sheet, driven: Driven, words: Words) -> None:
    tail = (1 - words.prob) / 2
    sheet.section(
        f"Scenarios: {words.gain(driven)}",
        note=f"Low and high bound the {interval_words(words.prob)} of the same draws.",
    )
    sheet.header("Scenario", "Unit", "Mean", "Low", "P50", "High", "P(below zero)")
    found = {"As stated": driven.amounts.base}
    found |= {scenario_name(name, driven, words): d for name, d in driven.scenarios.items()}
    for name, draws in found.items():
        values = np.asarray(draws, dtype=float)
        numbers = [float(values.mean()), *np.quantile(values, [tail, 0.5, 1 - tail]).tolist()]
        sheet.add(
            Cell(name, "strong"),
            Cell(words.drivers.currency, "text"),
            *(Cell(value, "money") for value in numbers),
            Cell(float((values < 0).mean()), "percent"),
        )


def _impact(sheet: Sheet, result: RunResult) -> None:
    language = sheet.translator.language
    table = impact_table(result, language)
    assert result.impact is not None  # noqa: S101  the caller looked
    found = result.impact.summary(result.case.settings.interval)["measures"]
    sheet.section(table.title, note=table.note)
    sheet.header("Measure", "Unit", "Low", "P50", "High", "P(not defined)", "INDIGO", "IRIS+")
    for name, d in found.items():
        if d["median"] is None:
            continue
        sheet.add(
            Cell(label(name, result, language, per_paid=1.0)[0], "strong"),
            Cell("", "text"),
            *(Cell(d[key], "number") for key in ("lower", "median", "upper")),
            Cell(d["p_undefined"], "percent"),
            *(Cell(d.get(key, ""), "text") for key in ("indigo", "iris")),
        )
