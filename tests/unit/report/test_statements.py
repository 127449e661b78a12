"""What a brief repeats of assumptions, told from the sentences that the library really makes."""

from __future__ import annotations

import datetime as dt

import pytest

from impactmodel.core.errors import InputError
from impactmodel.core.schedule import Periods
from impactmodel.fiscal.projection import Adjustments
from impactmodel.report.languages import Language, texts
from impactmodel.report.statements import told
from impactmodel.running import CaseResult
from tests.unit.report.given import CONTRACT, FUND, Run

FI, EN = Language("fi"), Language("en")
YEARS = Periods(dt.date(2024, 1, 1), "year", 3)


def said(sentences, language=FI) -> list[tuple[str, str]]:
    return [(s.mark, s.text.replace("\u00a0", " ")) for s in told(tuple(sentences), language)[0]]


def test_the_finnish_case(koto: CaseResult) -> None:
    language = Language("fi", koto.case.settings.translations["fi"].words)
    assert said(koto.assumptions, language) == [
        ("unverified", "Julkaistua näyttöä ei ole tarkistettu lähteestä."),
        (
            "assumption",
            "Keskivirhettä ei ole julkaistu; variaatiokertoimeksi oletetaan 0,3: ansiotulot, "
            "verot, tulonsiirrot.",
        ),
        (
            "assumption",
            "Estimaattien virheet oletetaan toisistaan riippumattomiksi: niiden korrelaatiota ei "
            "ole julkaistu.",
        ),
        ("assumption", "Rahaston ehdot ovat oletuksia."),
        (
            "unverified",
            "Rahavirran jakoa maksajille ei ole tarkistettu lähteestä: verot, tulonsiirrot.",
        ),
        (
            "assumption",
            "Syrjäytysvaikutusta ei ole: syntyneiden työpaikkojen ei oleteta olevan muilta pois.",
        ),
    ]
    (warning,), others = told(koto.warnings, language)
    assert (warning.mark, others) == ("warning", 0)
    assert warning.text.startswith("Sopimus maksaa myös siitä, mikä olisi tapahtunut")


def test_rules_that_are_not_verified_are_counted(koto: CaseResult) -> None:
    side = list(koto.beside.values())[1]
    listed = next(s for s in side.assumptions if s.startswith("UNVERIFIED values used: "))
    count = len(listed.split(": ")[1].split(", "))
    found = said(side.assumptions, Language("fi", koto.case.settings.translations["fi"].words))
    text = f"Säännösten arvoja, joita ei ole tarkistettu lähteestä: {count}."
    assert ("unverified", text) in found
    assert count >= 1
    assert any("karttuu eläkettä" in text for _, text in found)


def test_displacement_deadweight_and_fade_out() -> None:
    adjustments = Adjustments(displacement=0.25, deadweight=0.1, fade_out=0.2, horizon_years=5)
    assert [text for _, text in said(adjustments.statements(YEARS))] == [
        "Syrjäytysvaikutus: 25 % vaikutuksesta on muilta pois.",
        "Hukkavaikutus: 10 % vaikutuksesta syntyisi ilman ohjelmaakin.",
        "Näytön kattamien vuosien (3) jälkeen vaikutus heikkenee 20 % vuodessa.",
    ]


def test_terms_and_shortfall(run: Run) -> None:
    assumed = CONTRACT.replace("payer: state", "payer: state\n      assumed: true")
    result = run(assumed, FUND.replace("commitment: 2000", "commitment: 500"))
    terms = [text for text in result.assumptions if "clause" in text]
    assert len(terms) == 1
    assert said(terms, EN) == [
        ("assumption", "Terms of the contract are assumed: no source states them.")
    ]
    assert said(result.warnings) == [
        (
            "warning",
            "Sitoumus ei riitä palvelun kustannuksiin (100,0 % simuloinneista); palveluntuottaja "
            "vastaa lopuista.",
        )
    ]


def test_what_it_does_not_know_is_counted() -> None:
    found, others = told(("something else", "the terms of the fund 'F' are assumed", "x"), FI)
    assert (len(found), others) == (1, 2)


def test_a_name_without_a_word_is_refused() -> None:
    sentence = (
        "standard error of 'visits' in period 1 assumed: coefficient of variation 0.3, none is "
        "published"
    )
    assert said([sentence], EN)[0][1].endswith("is assumed: visits.")
    with pytest.raises(InputError, match=r"add 'visits: ...' to the words of the case"):
        told((sentence,), FI)


def test_no_statement_shadows_another() -> None:
    """The first pattern that fits counts: assumption and estimate of the public side stay apart."""
    head = "public side, tax for state: 0.75 per unit of wage ("
    assert said([head + "no source; assumption, UNVERIFIED)"])[0][0] == "assumption"
    assert said([head + "a law, 2019; estimated, UNVERIFIED)"])[0][0] == "unverified"
    assert len(texts()["statements"]) >= 15
