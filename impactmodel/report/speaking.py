"""The translator of a run: the language with what the case says of itself in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from impactmodel.report.brief import language_of
from impactmodel.report.languages import Language
from impactmodel.report.translation import Translator

if TYPE_CHECKING:
    from impactmodel.report.languages import Code
    from impactmodel.report.result import RunResult


def translator(result: RunResult | None, code: Code) -> Translator:
    """Return the translator of a run, or of savings alone, into a language."""
    if result is None or code == "en":
        return Translator(Language(code, typed=True))
    language, settings = language_of(result, code), result.case.settings
    titles: dict[str, str] = {}
    for measure in result.outcomes.measures:
        word = language.known(measure.name)
        if word is not None:
            titles[measure.title] = word
            titles[measure.title[:1].upper() + measure.title[1:]] = word[:1].upper() + word[1:]
    translation = settings.translations.get(code)
    if translation is not None:
        titles[settings.name] = translation.name
        titles |= dict(zip(settings.notes, translation.notes, strict=True))
    return Translator(language, titles)
