"""Report and workbook in another language: English texts, and what stands in their place.

Pages and sheets are made in English. An English text is its own key, as in gettext: `Translator`
finds the text, or a template that it fits, in ``phrases.toml`` and translates what fills it in
turn. What a user typed is in no list and stays as typed.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Mapping
from typing import Any

from impactmodel.report.design_words import entries
from impactmodel.report.fitted_words import placed, widened, width_of
from impactmodel.report.languages import Language, texts
from impactmodel.report.numbers import NBSP

# A comma parts thousands: one before other than three digits is a decimal comma, which stays.
_NUMBER = re.compile(r"(?<![\w.])[\u2212+-]?\d+(?:,\d{3})*(?:\.\d+)?(?![\w.])")
_DATE = re.compile(r"(?<![\w-])(\d{4})-(\d\d)-(\d\d)(?![\w-])")
_PERCENT = re.compile(r"(?<=\d)%")
_MONEY = re.compile(rf"^([A-Z]{{3}}){NBSP}(\S+)$")
_LINES = re.compile(r"(\n|(?<=\)); (?=paid to ))")
"""What parts texts that are said one after the other."""
_BREAKS = (
    (re.compile(r"(; )"), 9),
    (re.compile(r"(, | \u00d7 | \+ | \u2212 | \u00f7 |\(|\)|: )"), 6),
)
"""Where a list or a label is taken apart, and the most words that a part of it has."""
_NOT_SHOWN = ("kind", "name", "svg", "language")
_LETTER = re.compile("[A-Za-z]")
_CODE = re.compile(r"[A-Z]{3}|[PA]\d+|[0-9a-f]{16,}|\d{4}-\d\d-\d\dT\S+|E\[f\(x\)\]|f\(E\[x\]\)")
"""What every language writes alike: currencies, percentiles, numbers of rows, digests, formulae."""
_FILLED = {
    "n": rf"(?:[A-Z]{{3}}{NBSP})?[\d\u2212.,\u00d7%+\u221e {NBSP}-]+?",
    "c": "[A-Z]{3}",
    "t": r"one year|[\d.,]+ \w+",
    "unit": r"\S+",
    "one": "[\\d.,\u2212-]+",
    "who": "[a-z_]+",
    "whom": "[a-z_ ]+",
    "per": "per .+?",
    "i": rf"[\d.,]+[ {NBSP}]?%[ a-z-]* interval",
    "r": rf"[\d.]+[ {NBSP}]?%?",
    "quoted": "[^”]+",
    "quote": "[^']+",
    "d": r"\d{4}-\d\d-\d\d\S*",
}
_FILLED["m"] = _FILLED["n"]
_SVG_TEXT = re.compile(r"(<text[^>]*>)([^<]+)(</text>)")
_SVG_WORDS = re.compile(r"(<(?:title|desc)[^>]*>)([^<]+)(</(?:title|desc)>)")


class Translator:
    r"""Translates texts into a language; English is left as it is.

    Parameters
    ----------
    language
        With the case's own words for names.
    titles
        Words for what the case calls its outcomes, by title.

    Attributes
    ----------
    unknown
        Texts, or parts of them, that nothing fitted: they stay as they are.

    Examples
    --------
    >>> Translator(Language("fi")).text("Probability of a loss")
    'Tappion todennäköisyys'
    >>> Translator(Language("fi")).text("Interval: 90\xa0% equal-tailed interval of 4,000 draws.")
    'Väli: 90\xa0%:n tasahäntäinen todennäköisyysväli, 4\xa0000 simulointia.'
    """

    def __init__(self, language: Language, titles: Mapping[str, str] | None = None) -> None:
        self.language = language
        self.unknown: dict[str, None] = {}
        self._found: dict[str, str] = {}
        self._words: dict[str, str] = {}
        self._templates: list[tuple[str, re.Pattern[str], str]] = []
        if language.code == "en":
            return
        self._words = _words(language) | dict(titles or {}) | _designs(language)
        # The one that says most comes first: short ones fit nearly everything.
        for english, other in sorted(texts()["texts"].items(), key=lambda one: -_fixed(one[0])):
            if "{" in english:
                self._templates.append((_head(english), _pattern(english), other))
            else:
                self._words.setdefault(english, other)

    def text(self, english: str) -> str:
        """Return a text in the language; one that nothing fits is returned as it is."""
        if self.language.code == "en" or _CODE.fullmatch(english):
            return english
        if not _LETTER.search(english) and not _NUMBER.search(english):
            return english
        if english not in self._found:
            found = self._translated(english)
            if found is None:
                self.unknown[english] = None
            self._found[english] = english if found is None else found
        return self._found[english]

    def blocks(self, page: Any) -> Any:
        """Return a page, a block, a table or any part of one with all its texts translated."""
        if self.language.code == "en":
            return page
        if isinstance(page, str):
            return self.text(page)
        if isinstance(page, tuple):
            return tuple(self.blocks(part) for part in page)
        if not dataclasses.is_dataclass(page) or isinstance(page, type):
            return page
        changed = {
            f.name: self.blocks(getattr(page, f.name))
            for f in dataclasses.fields(page)
            if f.init and f.name not in _NOT_SHOWN
        }
        if hasattr(page, "svg"):
            changed["svg"] = self._drawing(page.svg)
        return dataclasses.replace(page, **changed)

    def _drawing(self, svg: str) -> str:
        """Translate the texts of a drawing; what is escaped in it stays escaped."""
        from html import escape, unescape

        width, begins, ends = width_of(svg), 0.0, 0.0

        def said(match: re.Match[str]) -> str:
            nonlocal begins, ends
            head, text, tail = match.groups()
            known = unescape(text).strip()
            other = self.text(known)
            if head.startswith("<text") and len(other) > len(known):
                head, low, high = placed(head, other, width)
                begins, ends = min(begins, low), max(ends, high)
            return f"{head}{escape(other, quote=False)}{tail}"

        svg = _SVG_WORDS.sub(said, _SVG_TEXT.sub(said, svg))
        return widened(svg, begins, ends)

    def _translated(self, text: str) -> str | None:
        lines = _LINES.split(text)
        if len(lines) > 1:
            said = (self.text(line) for line in lines[::2])
            return "".join(a + b for a, b in zip(said, [*lines[1::2], ""], strict=True))
        return self._whole(text) or self._pieces(text)

    def _whole(self, text: str) -> str | None:
        """Translate a text that is known as a whole; None for other texts."""
        plain = text.strip().replace(NBSP, " ")
        if plain in self._words:
            return self._words[plain]
        if plain.endswith(".") and plain[:-1] in self._words:
            return f"{self._words[plain[:-1]]}."
        for head, pattern, other in self._templates:
            if text.startswith(head) or NBSP in text:
                match = pattern.fullmatch(text)
                if match:
                    parts = {k: self.text(v) for k, v in match.groupdict().items()}
                    return other.format(**parts)
        return self._numeric(text) or self._level(plain)

    def _level(self, text: str) -> str | None:
        """Translate a name of the case and what it is, such as ``education basic``."""
        for name, word in self.language.own.items():
            for head in (name, name.replace("_", " ")):
                rest = text.removeprefix(f"{head} ")
                if rest != text and (rest in self._words or not _LETTER.search(rest)):
                    return f"{word}: {self._words.get(rest, rest)}"
        return None

    def _numeric(self, text: str) -> str | None:
        """Write an amount, a number or a date as the language does; None for other texts."""
        day = _DATE.fullmatch(text)
        if day:
            return f"{int(day[3])}.{int(day[2])}.{day[1]}"
        money = _MONEY.match(text)
        if money and _NUMBER.fullmatch(money[2]):
            unit = "€" if money[1] == "EUR" else money[1]
            return f"{_comma(money[2])}{NBSP}{unit}"
        if re.search(r"[A-Za-z]", text) or not _NUMBER.search(text):
            return None
        return _NUMBER.sub(lambda match: _comma(match[0]), _PERCENT.sub(f"{NBSP}%", text))

    def _pieces(self, text: str) -> str | None:
        """Translate the parts of a label or a list; None unless one of them is known."""
        for breaks, most in _BREAKS:
            parts = breaks.split(text)
            if len(parts) == 1:
                continue
            known = [self._part(part, whole=len(part.split()) > most) for part in parts[::2]]
            pairs = list(zip(known, parts[::2], strict=True))
            # A long part that is not known is running text: half of a sentence stays English.
            if any(a is None and len(b.split()) > most for a, b in pairs):
                continue
            if any(a is not None for a in known):
                self._left(b for a, b in pairs if a is None)
                said = [b if a is None else a for a, b in pairs]
                return "".join(a + b for a, b in zip(said, [*parts[1::2], ""], strict=True))
        return None

    def _left(self, parts: Iterable[str]) -> None:
        """Remember parts that stay in English inside a text of which others are translated."""
        self.unknown |= {part.strip(): None for part in parts if _LETTER.search(part)}

    def _part(self, part: str, *, whole: bool) -> str | None:
        bare = part.strip()
        if not bare:
            return None
        found = self._whole(bare) if whole else self._translated(bare)
        return None if found is None else part.replace(bare, found)


def _words(language: Language) -> dict[str, str]:
    """Return words for names by how English writes them: with and without capital, and raw."""
    found: dict[str, str] = {}
    pairs = [
        (name, both["en"], both[language.code])
        for kind, words in texts()["words"].items()
        if kind != "genitives"
        for name, both in words.items()
    ]
    pairs += [(name, name, word) for name, word in language.own.items()]
    for name, english, word in pairs:
        for key in (name, name.replace("_", " "), english):
            if key and word:
                found[key] = word
                found.setdefault(key[:1].upper() + key[1:], word[:1].upper() + word[1:])
    return found


def _designs(language: Language) -> dict[str, str]:
    """Return what the designs assume, in plain words."""
    return {
        entry[key]["en"]: entry[key][language.code]
        for entry in entries()
        for key in ("from", "assumes", "fails")
    }


def _head(template: str) -> str:
    return template.partition("{")[0]


def _fixed(template: str) -> int:
    return len(re.sub(r"\{\w+\}", "", template))


def _pattern(template: str) -> re.Pattern[str]:
    parts = re.split(r"\{(\w+)\}", template)
    regex = "".join(
        re.escape(part).replace(r"\ ", f"[ {NBSP}]")
        if place % 2 == 0
        else f"(?P<{part}>{_FILLED.get(part, '.+?')})"
        for place, part in enumerate(parts)
    )
    return re.compile(regex, re.DOTALL)


def _comma(number: str) -> str:
    whole, _, decimals = number.partition(".")
    return whole.replace(",", NBSP) + (f",{decimals}" if decimals else "")
