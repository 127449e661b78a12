"""The tables of a brief in one language."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from impactmodel.core.summary import describe_draws
from impactmodel.report.brief_parts import (
    effect_written,
    heading,
    money_span,
    outcome_name,
    per_member,
    time_written,
)
from impactmodel.report.collapse import collapse
from impactmodel.report.languages import Language, Scale
from impactmodel.report.tables import Table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from impactmodel.fiscal import Savings
    from impactmodel.report.result import Positions, RunResult


def effects_of(result: RunResult, language: Language) -> Table:
    """Tabulate the effect on each outcome per person."""
    prob, outcomes = result.case.settings.interval, result.outcomes
    rows = []
    for part in collapse(outcomes):
        written = effect_written(part, outcomes, language, prob)
        rows.append(
            (
                outcome_name(part.measure, language),
                time_written(part.measure, outcomes.periods, language),
                written.mean,
                written.span,
                language.probability(float((part.effect > 0).mean())),
            )
        )
    people = language.say(per_member(result))
    return Table(
        title=language.say("table_effects", {"people": people}),
        columns=(
            language.say("column_outcome"),
            language.say("column_time"),
            language.say("column_effect"),
            language.interval(prob),
            language.say("column_above"),
        ),
        rows=tuple(rows),
        words=(0, 1),
    )


def public_sentences(savings: Savings | None, language: Language, prob: float) -> tuple[str, ...]:
    """Say what public payers gain or lose together before payments."""
    if savings is None:
        return (language.say("public_none"),)
    d = describe_draws(savings.total(), prob)
    key = "public_total" if d["mean"] >= 0 else "public_total_loss"
    values = {
        "mean": language.amount(abs(d["mean"]), d["sd"], savings.currency),
        "interval": language.interval(prob),
        "span": money_span(language, d, savings.currency),
    }
    return (language.say(key, values),)


def public_of(result: RunResult, language: Language) -> Table | None:
    """Tabulate who saves and who pays, payer by payer; None without a public side."""
    savings = result.savings
    if savings is None:
        return None
    if result.net is None:
        return _savings_only(savings, language, result.case.settings.interval)
    return _positions(result.net, savings, language, result.case.settings.interval)


def _title(savings: Savings, scale: Scale, language: Language) -> str:
    values = {
        "unit": heading(language, scale),
        "year": str(savings.ledger.years[0]),
        "rate": language.short_percent(savings.discount_rate),
    }
    return language.say("table_public", values)


def _note(savings: Savings, language: Language) -> str:
    public = savings.ledger.public_payers
    private = [language.word(p) for p in savings.ledger.payers if p not in public]
    if not private:
        return ""
    return language.say("private_left_out", {"names": ", ".join(private)})


def _positions(net: Positions, savings: Savings, language: Language, prob: float) -> Table:
    parts = {name: (np.asarray(net.saved[name]), np.asarray(net.paid[name])) for name in net.saved}
    rows = {language.word(name): pair for name, pair in parts.items()}
    if len(rows) > 1:
        saved, paid = (sum(pair[i] for pair in parts.values()) for i in (0, 1))
        rows[language.say("row_total")] = (np.asarray(saved), np.asarray(paid))
    money = _Money.of(language, savings.currency, [d for pair in rows.values() for d in pair])

    def written(saved: Any, paid: Any) -> tuple[str, ...]:
        cells = [money.mean(draws) for draws in (saved, paid, saved - paid)]
        chance = language.probability(float((saved - paid < 0).mean()))
        return (*cells, money.span(saved - paid, prob), chance)

    interval = language.interval(prob)
    return Table(
        title=_title(savings, money.scale, language),
        columns=(
            language.say("column_payer"),
            language.say("column_saves"),
            language.say("column_pays"),
            language.say("column_net"),
            language.say("column_net_interval", {"interval": interval}),
            language.say("column_overpays"),
        ),
        rows=tuple((name, *written(*pair)) for name, pair in rows.items()),
        note=_note(savings, language),
    )


def _savings_only(savings: Savings, language: Language, prob: float) -> Table:
    gains, public = savings.by_payer(), savings.ledger.public_payers
    rows = {language.word(name): gains[name] for name in public}
    if len(rows) > 1:
        rows[language.say("row_total")] = savings.total()
    money = _Money.of(language, savings.currency, list(rows.values()))
    interval = language.interval(prob)
    return Table(
        title=_title(savings, money.scale, language),
        columns=(
            language.say("column_payer"),
            language.say("column_saves"),
            language.say("column_saves_interval", {"interval": interval}),
            language.say("column_loses"),
        ),
        rows=tuple(
            (
                name,
                money.mean(draws),
                money.span(draws, prob),
                language.probability(float((draws < 0).mean())),
            )
            for name, draws in rows.items()
        ),
        note=_note(savings, language),
    )


def beside_of(result: RunResult, language: Language) -> Table | None:
    """Tabulate the saving of each public payer on this and the other public sides.

    Returns
    -------
    Table or None
        None without other sides, or where the language has no word for the name of one.
    """
    savings = result.savings
    if savings is None or not result.beside:
        return None
    english = language.code == "en"
    names = [name if english else language.known(name) for name in result.beside]
    if any(name is None for name in names):
        return None
    prob, sides = result.case.settings.interval, [savings, *result.beside.values()]
    gains: list[Mapping[str, Any]] = [side.by_payer() for side in sides]
    public = dict.fromkeys(p for side in sides for p in side.ledger.public_payers)
    totals = [side.total() for side in sides]
    money = _Money.of(language, savings.currency, totals)

    def cell(draws: Any) -> str:
        if draws is None:
            return "–"
        return f"{money.mean(draws)} ({money.span(draws, prob)})"

    rows = [(language.word(p), *(cell(found.get(p)) for found in gains)) for p in public]
    rows.append((language.say("row_total"), *(cell(total) for total in totals)))
    values = {"unit": heading(language, money.scale), "interval": language.interval(prob)}
    return Table(
        title=language.say("table_beside", values),
        columns=(
            language.say("column_payer"),
            language.say("column_this"),
            *(str(name) for name in names),
        ),
        rows=tuple(rows),
    )


@dataclass(frozen=True, slots=True)
class _Money:
    """How the amounts of one table are written: one unit, one precision, so that they add up."""

    language: Language
    scale: Scale
    spread: float

    @classmethod
    def of(cls, language: Language, currency: str, draws: list[Any]) -> _Money:
        largest = max(abs(float(np.mean(d))) for d in draws)
        spreads = [float(np.std(d)) for d in draws]
        return cls(
            language,
            language.scale(currency, largest),
            min((s for s in spreads if s > 0), default=0.0),
        )

    def mean(self, draws: Any) -> str:
        return self.language.bare(float(np.mean(draws)), self.spread, self.scale)

    def span(self, draws: Any, prob: float) -> str:
        d = describe_draws(draws, prob)
        ends = (self.language.bare(d[end], self.spread, self.scale) for end in ("lower", "upper"))
        return self.language.span(*ends)
