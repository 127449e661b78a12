"""The brief of a run: one page for those who decide, in every language that the case speaks."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from impactmodel.report.blocks import environment
from impactmodel.report.brief_parts import Card, cards, paid_sentences
from impactmodel.report.brief_tables import beside_of, effects_of, public_of, public_sentences
from impactmodel.report.design_words import members_are_units
from impactmodel.report.drivers_words import Words
from impactmodel.report.languages import CODES, Code, Language
from impactmodel.report.statements import Statement, told
from impactmodel.report.tables import Table
from impactmodel.report.translation import Translator

if TYPE_CHECKING:
    from impactmodel.report.result import RunResult


BRIEFLY = 2
"""Inputs that a brief names."""


@dataclass(frozen=True, slots=True)
class Edition:
    """A brief in one language.

    Parameters
    ----------
    notes
        What this is: the notes of the case.
    statements
        The most important assumptions and the warnings, marked.
    """

    language: Language
    title: str
    lead: str
    cards: tuple[Card, ...]
    effects: Table
    paid: tuple[str, ...]
    drivers: tuple[str, ...]
    public: tuple[str, ...]
    payers: Table | None
    beside: Table | None
    notes: tuple[str, ...]
    assumed: str
    statements: tuple[Statement, ...]
    made: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Brief:
    """A page of a brief's editions, the first language first."""

    editions: tuple[Edition, ...]

    def html(self) -> str:
        """Return the page as one self-contained HTML document: no script, no request."""
        template = environment().get_template("brief.html.j2")
        return template.render(editions=self.editions)

    def write(self, path: str | Path) -> Path:
        """Write the page to a file; return its path."""
        path = Path(path)
        path.write_text(self.html(), encoding="utf-8", newline="\n")
        return path


def brief(result: RunResult) -> Brief:
    """Return the brief of a run: in English, first in Finnish where the case has or asks for it.

    Parameters
    ----------
    result
        A run of a case.

    Raises
    ------
    InputError
        If Finnish has no word for a name; the error says which word to add to the case.
    """
    settings = result.case.settings
    spoken = {"en", settings.language, *settings.translations}
    codes = [code for code in reversed(CODES) if code in spoken]
    return Brief(tuple(_edition(result, code) for code in codes))


def language_of(result: RunResult, code: Code) -> Language:
    """Return a language with the case's words for it; names stay as typed where it has none."""
    translation = result.case.settings.translations.get(code)
    if translation is None:
        return Language(code, typed=True)
    return Language(code, dict(translation.words))


def _edition(result: RunResult, code: Code) -> Edition:
    settings, outcomes = result.case.settings, result.outcomes
    translation = settings.translations.get(code)
    language = language_of(result, code)
    say, prob = language.say, settings.interval
    people = float(outcomes.cohort_size.values.sum(axis=1).mean())
    population, units = outcomes.provenance.population, members_are_units(result.design)
    members = "members_people"
    if units:
        members = "members_unit" if people == 1 else "members_units"
    lead = {
        "members": say(members, {"count": language.number(people)}),
        "population": say("population_units" if units else f"population_{population}"),
    }
    beside = beside_of(result, language)
    public = public_sentences(result.savings, language, prob)
    if result.beside and beside is None:
        count = language.number(len(result.beside))
        public = (*public, say("beside_elsewhere", {"count": count}))
    assumed, statements = _assumed(result, language)
    return Edition(
        language=language,
        title=settings.name if translation is None else translation.name,
        lead=say("lead", lead),
        cards=cards(result, language),
        effects=effects_of(result, language),
        paid=paid_sentences(result, language),
        drivers=_drivers(result, language),
        public=public,
        payers=public_of(result, language),
        beside=beside,
        notes=_notes(result, language),
        assumed=assumed,
        statements=statements,
        made=_made(result, language),
    )


def _drivers(result: RunResult, language: Language) -> tuple[str, ...]:
    """Say what moves the result of the first tranche, or payer, most, and the break-even."""
    drivers = result.drivers
    if drivers is None:
        return ()
    words = Words.of(result, drivers, language)
    driven = drivers.driven[0]
    values = {"gain": words.gain(driven), "names": words.named(driven, BRIEFLY)}
    first = (language.say("brief_drivers", values),) if values["names"] else ()
    return (*first, *words.break_even(found_only=True))


def _notes(result: RunResult, language: Language) -> tuple[str, ...]:
    """Return the notes; a contract's own are in its language and only counted in another."""
    if language.code == "en":
        return tuple(note[:1].upper() + note[1:] for note in result.notes)
    settings = result.case.settings
    translation = settings.translations.get(language.code)
    notes = settings.notes if translation is None else translation.notes
    others = result.notes[len(settings.notes) :]
    translator = Translator(language)
    spoken = [(note, translator.text(note)) for note in others]
    known = tuple(said[:1].upper() + said[1:] for note, said in spoken if said != note)
    if len(known) == len(others):
        return notes + known
    rest = language.number(len(others) - len(known))
    return (*notes, *known, language.say("notes_elsewhere", {"count": rest}))


def _assumed(result: RunResult, language: Language) -> tuple[str, tuple[Statement, ...]]:
    say, count = language.say, len(result.assumptions)
    assumptions, _ = told(result.assumptions, language)
    warnings, others = told(result.warnings, language)
    if others:
        text = say("warnings_elsewhere", {"count": language.number(others)})
        warnings = (*warnings, Statement("warning", text))
    if not count:
        return say("assumptions_none"), warnings
    key = "assumptions_count" if assumptions else "assumptions_count_only"
    return say(key, {"count": language.number(count)}), warnings + assumptions


def _made(result: RunResult, language: Language) -> tuple[str, ...]:
    record, prob = result.record, result.case.settings.interval
    share = language.short_percent((1 - prob) / 2)
    named = language.interval(prob)
    values = {
        "draws": language.number(result.outcomes.n_draws),
        "seed": str(record.seed),
        "version": record.versions["impactmodel"],
        "day": language.day(dt.datetime.fromisoformat(record.started).date()),
    }
    base = result.outcomes.provenance.price_base
    prices = (language.say("price_level", {"base": base}),) if base else ()
    capital = named[:1].upper() + named[1:]
    meaning = language.say("interval_meaning", {"interval": capital, "tail": share})
    return (meaning, *prices, language.say("made_from", values))
