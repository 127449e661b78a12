"""Letters to clients: every language whole, nothing left unfilled, no word of another language."""

import datetime as dt
import re

import numpy as np
import pytest

from impactmodel.clients import Category, ClientTable, Flag, Number
from impactmodel.clients.letters import (
    LANGUAGES,
    ClientLetter,
    FeatureWords,
    UseWords,
    Words,
    moved,
    used_values,
)
from impactmodel.clients.model_record import Reason, Score
from impactmodel.core.errors import InputError
from impactmodel.report.letters import letter_day, letter_number, letter_phrases, write_letter

INDEX = dt.date(2027, 1, 4)
REGISTER = Words("asiakasrekisteri", "kundregistret", "client register")
FEATURES = {
    "age": FeatureWords(
        Words("ikä", "ålder", "age"), REGISTER, unit=Words("vuotta", "år", "years")
    ),
    "months": FeatureWords(
        Words("työttömyyden kesto", "arbetslöshetens längd", "time without work"),
        REGISTER,
        unit=Words("kuukautta", "månader", "months"),
        decimals=1,
    ),
    "education": FeatureWords(
        Words("koulutus", "utbildning", "education"),
        REGISTER,
        levels={
            "basic": Words("peruskoulu", "grundskola", "basic school"),
            "upper": Words("toinen aste", "andra stadiet", "upper secondary"),
        },
    ),
    "licence": FeatureWords(Words("ajokortti", "körkort", "driving licence"), REGISTER),
}
USE = UseWords(
    assesses=Words("palvelun tarve", "behovet av service", "the need of services"),
    target=Words(
        "työssä vähintään 90 päivää 7 kuukauden aikana",
        "i arbete minst 90 dagar under 7 månader",
        "in work for at least 90 days within 7 months",
    ),
    purpose=Words("palvelujen suunnittelu", "planering av tjänster", "planning of services"),
    legal_basis=Words("esimerkkilain 1 §", "1 § i exempellagen", "section 1 of an example act"),
    controller=Words("esimerkkikaupunki", "exempelstaden", "the example city"),
    role=Words("työllisyysasiantuntija", "sysselsättningsexpert", "employment adviser"),
    also_uses=(Words("haastattelu", "intervjun", "the interview"),),
    contact=Words("kirjaamo", "registratorskontoret", "the registry"),
)
TABLE = ClientTable(
    "entry",
    {
        "age": Number(),
        "months": Number(),
        "education": Category(("basic", "upper")),
        "licence": Flag(gaps=True),
    },
)
VALUES = {"age": 44.0, "months": 1234.5, "education": 1.0, "licence": 1.0}
REASONS = (Reason("age", -0.2), Reason("months", -0.9), Reason("education", 0.4))
SCORE = Score(0.4231, 0.3512, 0.4877, 0.9, -0.1, (*REASONS, Reason("licence", 0.01)))


def letter(score=SCORE, synthetic=True, without=True, **values):
    used = used_values(TABLE, FEATURES, VALUES | values, index=INDEX)
    raised, lowered = moved(score, FEATURES)
    return ClientLetter(
        dt.date(2027, 1, 5), USE, score, used, raised, lowered, without,
        "chance-1", "ab" * 32, synthetic,
    )  # fmt: skip


def holes(text):
    return set(re.findall(r"{(\w+)}", text))


@pytest.mark.parametrize("key", letter_phrases())
def test_every_phrase_has_every_language_and_the_same_holes(key):
    phrase = letter_phrases()[key]
    assert tuple(phrase) == LANGUAGES
    assert all(text.strip() for text in phrase.values())
    assert len({frozenset(holes(text)) for text in phrase.values()}) == 1


@pytest.mark.parametrize("language", LANGUAGES)
def test_everything_is_said_and_filled(language):
    written = write_letter(letter(), language)
    for text in (written.text(), written.html()):
        assert "{" not in text.split("</style>")[-1]
        for words in (USE.assesses, USE.target, USE.purpose, USE.legal_basis, USE.controller):
            assert words.of(language) in text
        for words in (USE.role, USE.contact, *USE.also_uses):
            assert words.of(language) in text
        for feature in FEATURES.values():
            assert feature.name.of(language) in text
        for key in ("predicts", "human_decides", "object", "correct", "group", "without_service"):
            assert letter_phrases()[key][language] in text
        assert letter_phrases()["synthetic"][language] in text
        assert "42" in text
        assert ("35–49" if language == "fi" else "35") in text
    assert f'lang="{language}"' in written.html()


def test_every_phrase_is_used():
    """Over letters of all kinds, no phrase is never said."""
    kinds = [
        letter(),
        letter(without=False, licence=0.0, education=-1.0),
        letter(Score(0.001, 0.0, 0.01, 0.9, 0, ())),
        letter(Score(0.999, 0.9, 1.0, 0.9, 0, ())),
    ]
    text = "".join(write_letter(one, "fi").text() for one in kinds)
    unsaid = [
        key
        for key, phrase in letter_phrases().items()
        if not re.search(re.sub(r"\\{\w+\\}", ".+?", re.escape(phrase["fi"])), text)
    ]
    assert unsaid == []


ENGLISH = {"the", "and", "you", "your", "what", "which", "who", "that", "with", "not", "data", "of"}


def words(text):
    return set(re.findall(r"[a-zåäö]+", re.sub(r"{\w+}", "", text.lower())))


def test_no_english_word_is_left_over():
    phrases = letter_phrases().values()
    said = [Words(**p) for p in phrases] + [f.name for f in FEATURES.values()] + [REGISTER]
    said += [*FEATURES["education"].levels.values(), FEATURES["age"].unit, FEATURES["months"].unit]
    said += [getattr(USE, name) for name in UseWords.__dataclass_fields__ if name != "also_uses"]
    said += USE.also_uses
    for language in ("fi", "sv"):
        own = words(" ".join(one.of(language) for one in said))
        assert own & ENGLISH == set()
        # All that is written comes from words of the language, but for the name of the model.
        assert words(write_letter(letter(), language).text()) - own == {"chance", "abababababab"}
    assert len(words(" ".join(p["en"] for p in phrases)) & ENGLISH) > 8


def test_numbers_and_days_are_the_languages_own():
    assert "1\xa0234,5\xa0kuukautta" in write_letter(letter(), "fi").text()
    assert "1\xa0234,5\xa0månader" in write_letter(letter(), "sv").text()
    assert "1,234.5\xa0months" in write_letter(letter(), "en").text()
    assert letter_day(INDEX, "sv") == "4.1.2027"
    assert letter_number(-0.5, 1, "fi") == "\u22120,5"


def test_the_strongest_reason_comes_first_and_weak_ones_are_left_out():
    raised, lowered = moved(SCORE, FEATURES)
    assert [w.en for w in raised] == ["education"]
    assert [w.en for w in lowered] == ["time without work", "age"]


def test_a_chance_is_never_said_to_be_certain():
    rare = write_letter(letter(Score(0.0004, 0.0, 0.001, 0.9, 0, ())), "en").text()
    assert "to at most 1 of them" in rare
    sure = write_letter(letter(Score(0.9996, 0.99, 1.0, 0.9, 0, ())), "sv").text()
    assert "för minst 99 av dem" in sure


def test_a_client_sees_every_value_with_its_day_and_source():
    rows = write_letter(letter(licence=np.nan), "en").parts[2].table
    assert rows[2] == ("education", "upper secondary", "client register", "4\xa0January\xa02027")
    assert rows[3][1] == "not known"
    assert len(rows) == len(TABLE.features)
    assert write_letter(letter(licence=0.0), "sv").parts[2].table[3][1] == "nej"


def test_what_has_no_words_is_refused():
    with pytest.raises(InputError, match="licence: this feature has no words"):
        used_values(TABLE, {k: v for k, v in FEATURES.items() if k != "licence"}, VALUES,
                    index=INDEX)  # fmt: skip
    with pytest.raises(InputError, match="sv: there are no words in this language"):
        Words("ikä", " ", "age")
    with pytest.raises(InputError, match="a letter shows every value"):
        used_values(TABLE, FEATURES, {"age": 77431.0}, index=INDEX)
    late = {"age": INDEX + dt.timedelta(days=1)}
    with pytest.raises(InputError, match="age: recorded after the index date") as caught:
        used_values(TABLE, FEATURES, VALUES, index=INDEX, recorded=late)
    assert "44" not in str(caught.value)


def test_what_a_controller_writes_is_escaped():
    odd = Words("<b>x</b>", "<b>x</b>", "<b>x</b>")
    values = {name: getattr(USE, name) for name in UseWords.__dataclass_fields__}
    made = letter()
    odd_letter = ClientLetter(
        made.day, UseWords(**(values | {"role": odd})), made.score, made.used, made.raised,
        made.lowered, True, "m", "ab" * 32,
    )  # fmt: skip
    html = write_letter(odd_letter, "en").html()
    assert "<b>x" not in html
    assert "&lt;b&gt;x" in html


def test_reprs_show_nobody():
    made = letter(months=77431.0)
    text = repr(made) + repr(made.used) + repr(write_letter(made, "fi")) + repr(made.score)
    assert "77431" not in text
    assert "0.4231" not in text
