"""Letters to clients in Finnish, Swedish and English, in plain language."""

from __future__ import annotations

import datetime as dt
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from impactmodel.report.blocks import environment
from impactmodel.report.numbers import NBSP, number

if TYPE_CHECKING:
    from impactmodel.clients.letters import ClientLetter, LetterLanguage, UsedValue, Words

_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip
_SHOWN_OF_HASH = 12


@cache
def letter_phrases() -> dict[str, dict[str, str]]:
    """Return every phrase by key and language."""
    source = files("impactmodel.report") / "letters.toml"
    return tomllib.loads(source.read_text(encoding="utf-8"))


def letter_number(value: float, decimals: int, language: LetterLanguage) -> str:
    r"""Write a number as the language does.

    Examples
    --------
    >>> letter_number(1234.5, 1, "sv"), letter_number(1234.5, 1, "en")
    ('1\xa0234,5', '1,234.5')
    """
    text = number(value, decimals)
    return text if language == "en" else text.replace(",", NBSP).replace(".", ",")


def letter_day(day: dt.date, language: LetterLanguage) -> str:
    r"""Write a day as the language does in Finland.

    Examples
    --------
    >>> letter_day(dt.date(2026, 11, 4), "fi"), letter_day(dt.date(2026, 11, 4), "en")
    ('4.11.2026', '4\xa0November\xa02026')
    """
    if language == "en":
        return f"{day.day}{NBSP}{_MONTHS[day.month - 1]}{NBSP}{day.year}"
    return f"{day.day}.{day.month}.{day.year}"


@dataclass(frozen=True, slots=True, repr=False)
class LetterPart:
    """A headed part of a letter: facts, texts, lists, a table and texts after them.

    Parameters
    ----------
    heading
        A question that the part answers.
    facts
        Word and value.
    texts, after
        Before and after lists and table.
    lists
        Introduction and items.
    columns, table
        Headings and rows.
    """

    heading: str
    facts: tuple[tuple[str, str], ...] = ()
    texts: tuple[str, ...] = ()
    lists: tuple[tuple[str, tuple[str, ...]], ...] = ()
    columns: tuple[str, ...] = ()
    table: tuple[tuple[str, ...], ...] = ()
    after: tuple[str, ...] = ()

    def text(self) -> str:
        """Return the part as plain text."""
        lines = [self.heading, ""]
        lines += [f"{word}: {value}" for word, value in self.facts]
        lines += self.texts
        for text, items in self.lists:
            lines += [*([text] if text else []), *(f"- {item}" for item in items)]
        for row in self.table:
            cells = zip(self.columns, row, strict=True)
            lines.append("- " + ". ".join(f"{column}: {cell}" for column, cell in cells))
        return "\n".join([*lines, *self.after])


@dataclass(frozen=True, slots=True, repr=False)
class WrittenLetter:
    """A letter in a language; its repr shows nothing of the person.

    Parameters
    ----------
    language
        ``fi``, ``sv`` or ``en``.
    title, lead, day
        Its head.
    synthetic
        Says that the person is made up; empty for a real one.
    parts
        In order.
    """

    language: LetterLanguage
    title: str
    lead: str
    day: str
    synthetic: str
    parts: tuple[LetterPart, ...]

    def __repr__(self) -> str:
        return f"WrittenLetter in {self.language}, {len(self.parts)} parts"

    def html(self) -> str:
        """Return the letter as one self-contained HTML document: no script, no request."""
        return environment().get_template("letter.html.j2").render(letter=self)

    def text(self) -> str:
        """Return the letter as plain text."""
        head = [self.title, *([self.synthetic] if self.synthetic else []), self.day, self.lead]
        return "\n\n".join([*head, *(part.text() for part in self.parts)]) + "\n"


def write_letter(letter: ClientLetter, language: LetterLanguage) -> WrittenLetter:
    """Write a letter in a language.

    Chances are written as so many of a hundred people, from 1 to 99.

    Parameters
    ----------
    letter
        Its content.
    language
        ``fi``, ``sv`` or ``en``.
    """
    say = _Sayer(language)
    return WrittenLetter(
        language=language,
        title=say("title"),
        lead=say("lead"),
        day=f"{say('day')}: {letter_day(letter.day, language)}",
        synthetic=say("synthetic") if letter.synthetic else "",
        parts=(
            _what(letter, say),
            _result(letter, say),
            _data(letter, say),
            _reasons(letter, say),
            _human(letter, say),
            _rights(letter, say),
        ),
    )


@dataclass(frozen=True, slots=True)
class _Sayer:
    language: LetterLanguage

    def __call__(self, key: str, values: Mapping[str, str] | None = None) -> str:
        return letter_phrases()[key][self.language].format(**(values or {}))

    def fact(self, key: str, words: Words) -> tuple[str, str]:
        return self(key), words.of(self.language)


def _what(letter: ClientLetter, say: _Sayer) -> LetterPart:
    use = letter.use
    return LetterPart(
        say("what"),
        facts=(
            say.fact("assesses", use.assesses),
            say.fact("target", use.target),
            say.fact("purpose", use.purpose),
            say.fact("legal_basis", use.legal_basis),
            say.fact("controller", use.controller),
        ),
    )


def _result(letter: ClientLetter, say: _Sayer) -> LetterPart:
    score = letter.score
    key, chance = "about", score.chance
    if chance < 0.01:
        key, chance = "at_most", 0.01
    elif chance > 0.99:
        key, chance = "at_least", 0.99
    target = letter.use.target.of(say.language)
    prob = score.prob * 100
    ends = {
        "prob": letter_number(prob, 0 if round(prob, 9).is_integer() else 1, say.language),
        "lower": letter_number(score.lower * 100, 0, say.language),
        "upper": letter_number(score.upper * 100, 0, say.language),
    }
    return LetterPart(
        say("result"),
        texts=(
            say(key, {"chance": letter_number(chance * 100, 0, say.language), "target": target}),
            say("uncertain", ends),
            say("group"),
            say("without_service" if letter.without_service else "as_usual"),
        ),
        after=(say("model", {"model": letter.model, "fingerprint": _short(letter.fingerprint)}),),
    )


def _data(letter: ClientLetter, say: _Sayer) -> LetterPart:
    rows = tuple(
        (
            one.words.name.of(say.language),
            _value(one, say),
            one.words.source.of(say.language),
            letter_day(one.recorded, say.language),
        )
        for one in letter.used
    )
    columns = ("column_name", "column_value", "column_source", "column_day")
    return LetterPart(
        say("data"),
        texts=(say("data_all"),),
        columns=tuple(say(key) for key in columns),
        table=rows,
    )


def _value(one: UsedValue, say: _Sayer) -> str:
    value = one.value
    if value is None:
        return say("missing")
    if isinstance(value, bool):
        return say("yes" if value else "no")
    if isinstance(value, int | float):
        text = letter_number(float(value), one.words.decimals, say.language)
        unit = one.words.unit.of(say.language) if one.words.unit else ""
        return f"{text}{NBSP}{unit}" if unit else text
    return value.of(say.language)


def _reasons(letter: ClientLetter, say: _Sayer) -> LetterPart:
    lists = []
    for key, words in (("raised", letter.raised), ("lowered", letter.lowered)):
        names = tuple(one.of(say.language) for one in words)
        lists.append((say(key if names else f"none_{key}"), names))
    return LetterPart(say("reasons"), lists=tuple(lists), after=(say("predicts"),))


def _human(letter: ClientLetter, say: _Sayer) -> LetterPart:
    also = tuple(one.of(say.language) for one in letter.use.also_uses)
    return LetterPart(
        say("human"),
        facts=(say.fact("role", letter.use.role),),
        texts=(say("human_decides"), say("deviates")),
        lists=((f"{say('also_uses')}:", also),),
    )


def _rights(letter: ClientLetter, say: _Sayer) -> LetterPart:
    keys = ("see", "correct", "object", "view", "complain")
    return LetterPart(
        say("rights"),
        facts=(say.fact("contact", letter.use.contact),),
        lists=(("", tuple(say(key) for key in keys)),),
    )


def _short(fingerprint: str) -> str:
    return fingerprint[:_SHOWN_OF_HASH]
