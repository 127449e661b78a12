"""What a client is told: what was assessed, with which data, what moved it, who decides."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from impactmodel.clients.clients import ClientTable
from impactmodel.clients.features import Category, Number
from impactmodel.clients.model_record import Score
from impactmodel.core.errors import InputError
from impactmodel.core.spec import spec

type LetterLanguage = Literal["fi", "sv", "en"]

LANGUAGES: tuple[LetterLanguage, ...] = ("fi", "sv", "en")


@spec
class Words:
    """The same words in the languages of a letter.

    Raises
    ------
    InputError
        If a language has none: a letter in one language never shows words of another.
    """

    fi: str
    sv: str
    en: str

    def __post_init__(self) -> None:
        for key in LANGUAGES:
            if not getattr(self, key).strip():
                raise InputError("there are no words in this language", key=key, fix="add them")

    def of(self, language: LetterLanguage) -> str:
        """Return the words of a language."""
        return {"fi": self.fi, "sv": self.sv, "en": self.en}[language]


@spec
class FeatureWords:
    """What a feature is called in a letter.

    Parameters
    ----------
    name
        What it is, such as months without work.
    source
        Where it comes from, such as the register of clients.
    levels
        By level of a category, what it is called; empty for numbers and flags.
    unit
        Of a number, as it is written after it.
    decimals
        Decimals of a number.
    """

    name: Words
    source: Words
    levels: dict[str, Words] = dataclasses.field(default_factory=dict)
    unit: Words | None = None
    decimals: int = 0


@spec
class UseWords:
    """What a declared use is called in a letter; see `impactmodel.clients.use.ClientUse`.

    Parameters
    ----------
    assesses, target
        What is assessed, and the event whose chance it is.
    purpose, legal_basis, controller
        For what, on which provision, and who is responsible for the data.
    role
        Who decides.
    also_uses
        What the person who decides uses beside the score.
    contact
        Where a client asks, objects, or has data corrected.
    """

    assesses: Words
    target: Words
    purpose: Words
    legal_basis: Words
    controller: Words
    role: Words
    also_uses: tuple[Words, ...]
    contact: Words

    def __post_init__(self) -> None:
        if not self.also_uses:
            raise InputError(
                "a decision rests on the score alone",
                key="also_uses",
                fix="state what else the person who decides uses",
            )


@dataclass(frozen=True, slots=True, repr=False)
class UsedValue:
    """A value of the client that was used, as it is shown to the client.

    Parameters
    ----------
    words
        Of the feature.
    value
        A number, yes or no, words of a level, or None where it is not known.
    recorded
        The day it describes.
    """

    words: FeatureWords
    value: float | bool | Words | None
    recorded: dt.date

    def __repr__(self) -> str:
        return f"UsedValue of {self.words.name.en}"


@dataclass(frozen=True, slots=True, repr=False)
class ClientLetter:
    """The content of a letter, in no language yet; `impactmodel.report` writes it.

    Parameters
    ----------
    day
        Of the letter.
    use
        Words of the use.
    score
        As it was shown.
    used
        Every value that was used.
    raised, lowered
        Features that raised and lowered the chance, the strongest first.
    without_service
        Whether the chance is that without service; else services are given as now.
    model, fingerprint
        Identifier and SHA-256 of the model.
    synthetic
        Whether the person is made up.
    """

    day: dt.date
    use: UseWords
    score: Score
    used: tuple[UsedValue, ...]
    raised: tuple[Words, ...]
    lowered: tuple[Words, ...]
    without_service: bool
    model: str
    fingerprint: str
    synthetic: bool = False

    def __repr__(self) -> str:
        return f"ClientLetter of {self.day} about one person, {len(self.used)} values"


def used_values(
    table: ClientTable,
    words: Mapping[str, FeatureWords],
    values: Mapping[str, float],
    *,
    index: dt.date,
    recorded: Mapping[str, dt.date] | None = None,
) -> tuple[UsedValue, ...]:
    """Return a client's own view of every value that was used.

    Parameters
    ----------
    table
        Declared features.
    words
        What each is called.
    values
        By feature, a number, 0 or 1, or the code of a level, as `Clients.values` holds them.
    index
        The index date.
    recorded
        By feature, the day it describes where that is not the index date.

    Raises
    ------
    InputError
        If a feature or a level has no words, or a value was recorded after the index date.
    """
    days = recorded or {}
    found = []
    for name, feature in table.features.items():
        if name not in words:
            raise InputError("this feature has no words for a letter", key=name, fix="add them")
        if name not in values:
            raise InputError("a letter shows every value; this one is not given", key=name)
        said = words[name]
        value, day = values[name], days.get(name, index)
        if day > index:
            raise InputError("recorded after the index date", key=name, fix="use what was known")
        shown: float | bool | Words | None
        if np.isnan(value) or (isinstance(feature, Category) and value < 0):
            shown = None
        elif isinstance(feature, Category):
            level = feature.levels[int(value)]
            if level not in said.levels:
                raise InputError("a level has no words for a letter", key=f"{name}.levels")
            shown = said.levels[level]
        else:
            shown = float(value) if isinstance(feature, Number) else bool(value)
        found.append(UsedValue(said, shown, day))
    return tuple(found)


def moved(
    score: Score, words: Mapping[str, FeatureWords], *, most: int = 5, least: float = 0.05
) -> tuple[tuple[Words, ...], tuple[Words, ...]]:
    """Return what raised and what lowered a chance, the strongest first.

    Parameters
    ----------
    score
        With its reasons.
    words
        By feature.
    most
        How many of each.
    least
        Reasons that move the logit by less are left out: 0.05 is about a percentage point.

    Raises
    ------
    InputError
        If a feature has no words.
    """
    strong = [reason for reason in score.reasons if abs(reason.effect) >= least]
    for reason in strong:
        if reason.feature not in words:
            raise InputError("this feature has no words for a letter", key=reason.feature)
    strong.sort(key=lambda reason: -abs(reason.effect))

    def named(sign: Sequence[bool]) -> tuple[Words, ...]:
        chosen = [r for r, kept in zip(strong, sign, strict=True) if kept]
        return tuple(words[r.feature].name for r in chosen[:most])

    up = [reason.effect > 0 for reason in strong]
    return named(up), named([not one for one in up])
