"""Report and workbook in Finnish: complete, what is typed stays, and the same numbers."""

import json
import re
from pathlib import Path

import openpyxl
import pytest

from impactmodel import run_case
from impactmodel.case import Case
from impactmodel.core.yaml import Document
from impactmodel.report import run_page, workbook
from impactmodel.report.languages import Language, texts
from impactmodel.report.speaking import translator
from impactmodel.report.translation import Translator
from impactmodel.report.workbook import SHEETS
from tests.spreadsheet import convert
from tests.unit.report.test_languages import places

ROOT = Path(__file__).parents[3]
FINNISH = (
    "Lähteet", "Parametrit", "Oletukset", "Laskenta", "Maksajat", "Epävarmuus", "Tarkistukset",
    "Laatuloki",
)  # fmt: skip
SPACE = "\u00a0"


@pytest.fixture(scope="module")
def koto(tmp_path_factory):
    data = Document.read(ROOT / "examples/koto_sib/case.yaml").data
    data["draws"], data["language"] = 300, "fi"
    path = tmp_path_factory.mktemp("koto") / "case.yaml"
    path.write_text(json.dumps(data, default=str))
    return run_case(Case.from_yaml(path))


@pytest.mark.parametrize("english", list(texts()["texts"]))
def test_a_text_has_the_same_places_in_both_languages(english):
    assert places(texts()["texts"][english]) == places(english)
    assert texts()["texts"][english].strip()


@pytest.mark.parametrize(
    ("english", "finnish"),
    [
        ("EUR 1,234", "1 234 €"),
        ("2024-04-01", "1.4.2024"),
        ("−1.5 to 3.25", "−1,5 – 3,25"),
        ("state, municipal tax", "valtio, kunnallisvero"),
        ("under 1 %", "alle 1 %"),
        ("90 % equal-tailed interval", "90 %:n tasahäntäinen todennäköisyysväli"),
        ("Our own office, as we typed it", "Our own office, as we typed it"),
    ],
)
def test_numbers_dates_and_names(english, finnish):
    english = english.replace("EUR ", f"EUR{SPACE}")
    assert Translator(Language("fi")).text(english).replace(SPACE, " ") == finnish


def test_the_report_is_finnish_but_for_what_was_typed(koto):
    html = run_page(koto, "fi").html()
    assert '<html lang="fi">' in html
    shown = re.sub(r"<style>.*?</style>", "", html, flags=re.DOTALL)
    for english in ("Key results", "Payer<", "Switching values", "interval", "Savings", "overpays"):
        assert english not in shown
    for word in ("Kelan sairausvakuutusrahasto", "Kääntöarvot", "Takaisinmaksuvuosi"):
        assert word in shown
    assert "VARMISTAMATON" in shown
    assert koto.case.settings.translations["fi"].name in shown


def test_english_is_left_alone(koto):
    assert translator(koto, "en").text("Key results") == "Key results"
    assert '<html lang="en-GB">' in run_page(koto).html()


def test_the_workbook_has_the_same_formulas_and_numbers(koto, tmp_path):
    made = {
        code: openpyxl.load_workbook(workbook(koto, path=tmp_path / f"{code}.xlsx", language=code))
        for code in ("en", "fi")
    }
    assert tuple(made["fi"].sheetnames) == FINNISH
    called = dict(zip(SHEETS, FINNISH, strict=True))
    for english, finnish in called.items():
        for row in made["en"][english].iter_rows():
            for cell in row:
                other = made["fi"][finnish][cell.coordinate].value
                if cell.data_type == "n":
                    assert other == cell.value
                elif cell.data_type == "f":
                    wanted = re.sub(r"\b(\w+)!", lambda m: f"{called[m[1]]}!", cell.value)
                    assert other == wanted
    heads = {cell.value for row in made["fi"]["Maksajat"].iter_rows() for cell in row}
    assert {"Maksaja", "Säästää (kaava)", "Muut kustannukset (kaava)"} <= heads


@pytest.mark.libreoffice
def test_recalculated_the_finnish_workbook_passes_its_checks(koto, libreoffice, tmp_path):
    path = workbook(koto, path=tmp_path / "fi.xlsx", language="fi")
    convert(libreoffice, tmp_path / "out", "xlsx", path)
    fresh = openpyxl.load_workbook(tmp_path / "out" / "fi.xlsx", data_only=True)
    assert fresh["Tarkistukset"]["B5"].value == "PASS"
