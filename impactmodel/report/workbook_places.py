"""The sheet Places: cost per additional job and net value by payer, live at the means."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from impactmodel.core.summary import KIND
from impactmodel.fiscal.appraisal import ratio_summary
from impactmodel.report.client_value import ALL, NO_SIDE, described, pairs, sought
from impactmodel.report.languages import english
from impactmodel.report.workbook_sheet import Cell, Sheet, quantile_names

if TYPE_CHECKING:
    from impactmodel.clients.story import ClientStory
    from impactmodel.clients.value import PlaceValue
    from impactmodel.report.workbook_material import Material

PLACES = "Places"


def write_places(sheet: Sheet, material: Material, story: ClientStory, value: PlaceValue) -> None:
    """Write what places cost and are worth: formulas of means, beside quantiles of draws."""
    sheet.set_up(
        PLACES,
        "Cost per additional job and net value of a place, by service and group. Upright figures "
        "in the columns “at the means” are formulas; the others are quantiles and shares of draws.",
        (22, 44, 22, 14, 14, 14, 14, 14, 14, 14, 14),
    )
    sheet.add(Cell("Places seek", "strong"), Cell(sought(story), "text"))
    sheet.add(Cell("Currency", "strong"), Cell(value.currency, "text"))
    rows = _costs(sheet, material.prob, value)
    if not value.per_unit:
        sheet.add(Cell(NO_SIDE, "note"))
        return
    _values(sheet, material.prob, value, rows)


def _costs(sheet: Sheet, prob: float, value: PlaceValue) -> dict[tuple[int, int], int]:
    """Write a row for each service and group; return their numbers."""
    low, high = quantile_names(prob)
    sheet.section(
        "Cost per additional job",
        note=f"{low} and {high} bound the {prob:.0%} {KIND} interval, over the draws in which a "
        "place adds something.",
    )
    sheet.header(
        "Service",
        "Group",
        "Paid by",
        "Cost of a place",
        "Additional jobs per place, mean",
        "Cost per job at the means",
        "Median",
        low,
        high,
        "P(no additional job)",
        words=(0, 1, 2),
    )
    found = {}
    for s, g, service, group in pairs(value):
        at = found[s, g] = sheet.row + 1
        d = ratio_summary(value.cost_per_added[:, s, g], prob)
        cost, added = float(value.cost[:, s].mean()), float(value.added[:, s, g].mean())
        k, n = sheet.local(at, 3), sheet.local(at, 4)
        live = Cell(cost / added, "money", f"={k}/{n}") if added > 0 else Cell("not defined")
        payer = value.paid_by[s] if value.paid_by else ""
        sheet.add(
            Cell(service, "strong"),
            Cell(group, "text"),
            Cell(english(payer) if payer else "the public purse", "text"),
            Cell(cost, "money"),
            Cell(added, "number"),
            live,
            *(_defined(d[key]) for key in ("median", "lower", "upper")),
            Cell(d["p_undefined"], "percent"),
        )
    return found


def _values(sheet: Sheet, prob: float, value: PlaceValue, rows: dict[tuple[int, int], int]) -> None:
    low, high = quantile_names(prob)
    sheet.section(
        "Net value of a place by payer",
        note="At the means: additional jobs × value of one job − share of the cost that the payer "
        "bears × cost of the place.",
    )
    sheet.header(
        "Service",
        "Group",
        "Payer",
        "Value of one more job, mean",
        "Bears the cost",
        "Net value at the means",
        "Mean of draws",
        low,
        high,
        "P(above zero)",
        "Break-even jobs per place, at the means",
        words=(0, 1, 2),
    )
    for payer in (*value.payers, ""):
        for s, g, _, _ in pairs(value):
            _net_row(sheet, prob, value, payer, (s, g, rows[s, g]))


def _net_row(
    sheet: Sheet, prob: float, value: PlaceValue, payer: str, place: tuple[int, int, int]
) -> None:
    """Write what a place of a service in a group is worth to a payer."""
    s, g, cost_at = place
    at = sheet.row + 1
    worth, bear = float(value.value_of_unit(payer)[:, g].mean()), float(value.bears(payer)[s])
    cost, added = float(value.cost[:, s].mean()), float(value.added[:, s, g].mean())
    k, n = sheet.local(cost_at, 3), sheet.local(cost_at, 4)
    u, b = sheet.local(at, 3), sheet.local(at, 4)
    d = described(value.net(payer)[:, s, g], prob)
    even: Cell | str = ""
    if worth > 0:
        even = Cell(bear * cost / worth, "number", f"={b}*{k}/{u}")
    sheet.add(
        Cell(value.services[s], "strong"),
        Cell(value.groups[g], "text"),
        Cell(english(payer) if payer else ALL, "text"),
        Cell(worth, "money"),
        Cell(bear, "whole"),
        Cell(added * worth - bear * cost, "money", f"={n}*{u}-{b}*{k}"),
        *(Cell(float(d[key]), "value") for key in ("mean", "lower", "upper")),
        Cell(d["p_positive"], "percent"),
        even,
    )


def _defined(amount: float) -> Cell:
    return Cell("not defined", "text") if np.isnan(amount) else Cell(float(amount), "value")
