"""Assumptions and warnings in the language of a brief, told by what the library says of them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from impactmodel.report.languages import Language, texts


@dataclass(frozen=True, slots=True)
class Statement:
    """A marked sentence.

    Parameters
    ----------
    mark
        ``assumption``, ``unverified`` or ``warning``.
    """

    mark: str
    text: str


def told(said: Sequence[str], language: Language) -> tuple[tuple[Statement, ...], int]:
    """Return what a brief repeats of assumptions or warnings, and how many others there are.

    Those that agree in everything but a name are said once. The order is that of
    ``phrases.toml``, the most important first.

    Raises
    ------
    InputError
        If the language has no word for a name.

    Examples
    --------
    >>> found, others = told(["the terms of the fund 'F' are assumed", "x"], Language("fi"))
    >>> found[0].text, others
    ('Rahaston ehdot ovat oletuksia.', 1)
    """
    kinds = texts()["statements"]
    found: dict[tuple[int, tuple[tuple[str, str], ...]], list[str]] = {}
    others = 0
    for sentence in said:
        place, groups = _match(sentence, kinds)
        if place is None:
            others += 1
            continue
        name = groups.pop("name", "")
        groups.pop("payer", None)
        names = found.setdefault((place, tuple(groups.items())), [])
        if name and name not in names:
            names.append(name)
    statements = []
    for (place, rest), names in sorted(found.items(), key=lambda item: item[0]):
        values = {key: _written(key, value, language) for key, value in rest}
        values["name"] = ", ".join(language.word(name) for name in names)
        kind = kinds[place]
        statements.append(Statement(kind["mark"], kind[language.code].format(**values)))
    return tuple(statements), others


def _match(sentence: str, kinds: list[dict[str, str]]) -> tuple[int | None, dict[str, str]]:
    for place, kind in enumerate(kinds):
        match = re.fullmatch(kind["pattern"], sentence, flags=re.DOTALL)
        if match:
            return place, match.groupdict()
    return None, {}


def _written(key: str, text: str, language: Language) -> str:
    if key == "reason":
        return (language.known(text) or text).rstrip(".") + "."
    if key == "count":
        return language.number(len(text.split(", ")))
    decimals = len(text.partition(".")[2])
    return language.number(float(text), decimals) + ("\u00a0%" if key == "share" else "")
