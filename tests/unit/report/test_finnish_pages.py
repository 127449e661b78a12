"""Nothing on a Finnish page stays in English: neither of the library nor of a case with words."""

import dataclasses
import json
import re
from pathlib import Path

import pytest

from impactmodel import run_case
from impactmodel.case import Case
from impactmodel.core.yaml import Document
from impactmodel.report.blocks import Marked, Page
from impactmodel.report.evidence_reports import evidence_pages
from impactmodel.report.files import DESK_FILES, spoken_pages, write_run
from impactmodel.report.fitted_words import placed, widened
from impactmodel.report.languages import Language
from impactmodel.report.memo import investment_memo
from impactmodel.report.run_page import run_page
from impactmodel.report.speaking import translator
from impactmodel.report.translation import Translator

ROOT = Path(__file__).parents[3]
PAGES = ("model_card.html", "data_sheet.html", "fairness.html", "monitoring.html")
SPACE = "\u00a0"
FINGERPRINT = re.compile("[0-9a-f]{12,}…")


def finnish(name, folder, **changes):
    data = Document.read(ROOT / f"examples/{name}/case.yaml").data
    data |= {"draws": 500, "language": "fi"}
    for key, value in changes.items():
        data["evidence"]["rows"]["clients"][key] = value
    path = folder / "case.yaml"
    path.write_text(json.dumps(data, default=str))
    return run_case(Case.from_yaml(path))


@pytest.fixture(scope="module")
def clients(tmp_path_factory):
    return finnish("client_groups", tmp_path_factory.mktemp("clients"), size=4000)


@pytest.fixture(scope="module")
def studies(tmp_path_factory):
    return finnish("ips", tmp_path_factory.mktemp("ips"))


def left(result, speaker):
    """What stayed as it was: but for names and fingerprints, which are the same everywhere."""
    names = {*result.record.versions, *result.record.inputs, *DESK_FILES}
    return [t for t in speaker.unknown if t not in names and not FINGERPRINT.fullmatch(t)]


def test_no_text_of_the_pages_of_a_model_stays_english(clients):
    speaker = translator(clients, "fi")
    pages = spoken_pages(clients, speaker)
    assert {name for name, page in pages.items() if isinstance(page, Page)} == set(PAGES)
    assert left(clients, speaker) == []


def report(result):
    """The report in English, without what drives the result: that is written in Finnish at once."""
    page = run_page(result, "en")
    return tuple(section for section in page.sections if section.name != "drivers")


def test_no_text_of_the_report_on_clients_stays_english(clients):
    speaker = translator(clients, "fi")
    speaker.blocks(report(clients))
    assert left(clients, speaker) == []


def test_a_word_that_the_case_lacks_is_found(clients):
    settings = clients.case.settings
    told = settings.translations["fi"]
    words = {key: word for key, word in told.words.items() if key != "coaching"}
    fewer = dataclasses.replace(told, words=words)
    case = dataclasses.replace(
        clients.case, settings=dataclasses.replace(settings, translations={"fi": fewer})
    )
    without = dataclasses.replace(clients, case=case)
    speaker = translator(without, "fi")
    spoken_pages(without, speaker)
    assert left(without, speaker) == ["coaching"]


def test_no_english_sentence_of_a_page_stands_on_the_finnish_one(clients, tmp_path):
    write_run(clients, tmp_path)
    for name in PAGES:
        html = (tmp_path / name).read_text(encoding="utf-8")
        assert '<html lang="fi">' in html
        english = evidence_pages(clients.evidence_report)[name]
        said = {english.title, english.lead, *(s.heading for s in english.sections)}
        for section in english.sections:
            for block in section.blocks:
                said |= set(block.items) if isinstance(block, Marked) else set()
        assert [text for text in said if f">{text}<" in html] == []


def test_numbers_and_days_are_written_as_in_finnish(clients):
    pages = spoken_pages(clients, translator(clients, "fi"))
    for name in PAGES:
        shown = re.sub(r"<style>.*?</style>", "", pages[name].html(), flags=re.DOTALL)
        assert not re.search(r">[^<]*\b\d{4}-\d\d-\d\d\b", shown)
        assert not re.search(r">[^<]*\d\.\d+\D", re.sub(r"\d+\.\d+\.\d{4}", "", shown))
    assert f"{SPACE}%" in pages["fairness.html"].html()


def test_no_text_of_a_report_on_studies_stays_english(studies):
    speaker = translator(studies, "fi")
    speaker.blocks(report(studies))
    cited = re.compile("Probyn|doi:|^trial in ")
    assert [text for text in left(studies, speaker) if not cited.search(text)] == []


def test_a_mark_keeps_its_look_in_every_language():
    said = Translator(Language("fi")).blocks(Marked("Warning", ("x",)))
    assert (said.mark, said.name) == ("Varoitus", "warning")


@pytest.mark.parametrize(
    ("english", "other"),
    [
        ("age basic", "ikä: perusaste"),
        ("age: 41.5 (40.0)", "ikä: 41,5 (40,0)"),
        ("age, over 99 %", f"ikä, yli{SPACE}99{SPACE}%".replace(SPACE, " ")),
        ("state 163.00, age 1.5", "valtio 163,00, ikä 1,5"),
    ],
)
def test_names_of_the_case_and_their_values(english, other):
    said = Translator(Language("fi", {"age": "ikä", "basic": "perusaste"})).text(english)
    assert said.replace(SPACE, " ") == other


def test_half_of_a_sentence_is_not_translated():
    speaker = Translator(Language("fi"))
    text = "Our own office wrote this down for the people who asked, People"
    assert speaker.text(text) == text
    assert list(speaker.unknown) == [text]


TAG = (
    '<text style="font-weight: 700; font-size: 10px; text-anchor: {}" x="{}" y="9" '
    'transform="rotate(-0 1 9)">'
)


def test_a_title_that_is_too_long_begins_at_the_left_edge():
    head, begins, ends = placed(TAG.format("start", 150), "word " * 10, 400.0)
    assert ('x="4"' in head, begins) == (True, 4.0)
    assert 200 < ends < 400


def test_a_label_that_is_too_long_widens_the_drawing():
    head, begins, ends = placed(TAG.format("end", 50), "word " * 10, 400.0)
    assert head == TAG.format("end", 50)
    assert ends == 50
    wide = widened('<svg viewBox="0 0 400 100">', begins, ends)
    low, _, width, _ = map(float, re.search(r'viewBox="([^"]+)"', wide)[1].split())
    assert low < begins < 0
    assert low + width == pytest.approx(400)


def test_the_memo_says_what_moves_the_result(tmp_path):
    result = finnish("koto_sib", tmp_path)
    contract = result.payments.contract
    for code, heading in (("fi", "Mistä tulos riippuu"), ("en", "What drives the result")):
        path = tmp_path / f"{code}.html"
        investment_memo(contract, result.returns, path=path, result=result, language=code)
        html = path.read_text(encoding="utf-8")
        words = Language(code)
        assert heading in html
        assert words.interval(0.9) in html
        first = result.drivers.driven[0].amounts.swings[0]
        assert first.name == "funding.service_costs.per_participant"
        assert words.say("lever_per_participant").lower() in html.lower()
    bare = investment_memo(contract, result.returns, path=tmp_path / "bare.html")
    assert "What drives" not in bare.read_text(encoding="utf-8")
