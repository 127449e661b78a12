"""Impact beside money as a table, with the identifiers of the standards."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from impactmodel.report.brief_parts import outcome_name
from impactmodel.report.languages import Language
from impactmodel.report.numbers import decimals_of
from impactmodel.report.tables import Table

if TYPE_CHECKING:
    from impactmodel.finance import Impact
    from impactmodel.report.result import RunResult

PER_PAID = 1_000_000.0
"""Outcomes other than amounts are told per million paid."""
RATIOS = ("sroi", "impact_multiple")
LEFT_OUT = ("irr",)
"""Shown beside, among the investors' returns."""


def impact_table(result: RunResult, language: Language) -> Table:
    """Tabulate the impact measures of a run: median, interval, the share undefined."""
    impact, prob = result.impact, result.case.settings.interval
    if impact is None:
        raise ValueError("a run without a contract has no impact table")
    measures = {m.name: m for m in result.outcomes.measures}
    say = language.say
    shown = {
        key: d
        for key, d in impact.summary(prob)["measures"].items()
        if d["median"] is not None and _asked(key, impact)
    }
    rows = [_row(key, d, result, language) for key, d in shown.items()]
    codes = {row[0]: _codes(d) for row, d in zip(rows, shown.values(), strict=True)}
    values = [outcome_name(measures[name], language) for name in impact.valued]
    note = {
        "interval": language.interval(prob),
        "draws": language.number(len(impact.paid)),
        "values": say("values_stated", {"names": ", ".join(values)})
        if values
        else say("values_none"),
        "codes": "; ".join(f"{name}: {code}" for name, code in codes.items() if code),
    }
    return Table(
        title=say("table_impact"),
        columns=(
            say("column_measure"),
            say("column_median"),
            language.interval(prob),
            say("column_undefined"),
        ),
        rows=tuple(rows),
        note=say("note_impact", note),
    )


def _codes(d: dict[str, Any]) -> str:
    names = {"indigo": "INDIGO", "iris": "IRIS+"}
    return ", ".join(f"{name} {d[key]}" for key, name in names.items() if key in d)


def _asked(key: str, impact: Impact) -> bool:
    """Leave out what rests on a value that nobody states, and investors who are not there."""
    if key in (*RATIOS, "value") and not impact.valued:
        return False
    return key not in LEFT_OUT and (key != "invested" or bool(impact.invested.any()))


def label(
    key: str, result: RunResult, language: Language, *, per_paid: float = PER_PAID
) -> tuple[str, float]:
    """Return what an impact measure is called, and the factor by which it is told.

    Parameters
    ----------
    per_paid
        Outcomes other than amounts are told per so much paid.
    """
    impact = result.impact
    currency = "" if impact is None else impact.currency
    kind, _, name = key.partition(".")
    if kind in LEFT_OUT:
        return language.say(f"impact_{kind}"), 1.0
    measure = {m.name: m for m in result.outcomes.measures}.get(name)
    amount = measure is not None and measure.kind == "amount"
    paid = kind == "outcomes_per_unit_paid"
    factor = per_paid if paid and not amount else 1.0
    unit = language.amount(factor, 1.0, currency) if paid else currency
    if kind == "outcomes":
        shown = measure.currency if measure is not None and amount else ""
        unit = f", {shown}" if shown else ""
    said = {"name": "" if measure is None else outcome_name(measure, language), "unit": unit}
    return language.say(f"impact_{kind}", said), factor


def _row(key: str, d: dict[str, Any], result: RunResult, language: Language) -> tuple[str, ...]:
    called, factor = label(key, result, language)
    middle, *ends = (d[end] * factor for end in ("median", "lower", "upper"))
    decimals = decimals_of(abs(ends[1] - ends[0]) / 4 or abs(middle) / 100, most=2)
    whole = key in {"people", "paid", "invested", "value"}
    cells = [language.number(v, min(decimals, 0) if whole else decimals) for v in (middle, *ends)]
    return (called, cells[0], language.span(*cells[1:]), _undefined(d, language))


def _undefined(d: dict[str, Any], language: Language) -> str:
    return "–" if d["p_undefined"] == 0 else language.probability(d["p_undefined"])
