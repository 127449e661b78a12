"""The brief: every sentence is true of its case, in every language that the case speaks."""

from __future__ import annotations

import dataclasses
import re
import subprocess
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from impactmodel.core.errors import InputError
from impactmodel.core.measures import OutcomeMeasure
from impactmodel.effects import DifferenceInDifferences
from impactmodel.evidence import Panel
from impactmodel.report import write_run
from impactmodel.report.brief import brief
from impactmodel.report.files import RUN_FILES
from impactmodel.running import CaseResult
from impactmodel.targets import GrossTarget, TargetVerdict
from tests.unit.report.given import (
    BESIDE,
    CONTRACT,
    EVERYTHING,
    FINNISH,
    FUND,
    PUBLIC,
    TARGET,
    TAX,
    Run,
)

SPACE = "\u00a0"


def edition(result: CaseResult, code: str):
    return next(one for one in brief(result).editions if one.language.code == code)


def plain(text: str) -> str:
    return text.replace(SPACE, " ")


def texts(result: CaseResult, code: str) -> str:
    """The visible text of one edition."""
    html = brief(result).html()
    article = re.search(rf'<article lang="{code}">.*?</article>', html, flags=re.DOTALL)
    words = re.sub(r"<[^>]*>", " ", article.group())
    return " ".join(plain(words).replace("&#39;", "'").split())


def test_languages(run: Run) -> None:
    both = brief(run(*EVERYTHING))
    assert [one.language.code for one in both.editions] == ["fi", "en"]
    assert both.html().count("<article") == 2
    assert '<html lang="fi">' in both.html()
    english = brief(run(TARGET, CONTRACT))
    assert [one.language.code for one in english.editions] == ["en"]
    assert '<html lang="en">' in english.html()
    assert "Tiivistelmä" not in english.html()


def test_the_same_numbers_in_both_languages(run: Run) -> None:
    result = run(*EVERYTHING)
    fi, en = (edition(result, code).payers for code in ("fi", "en"))
    # Saves 0.75 × 2,500 × 1.8 = 3,375; pays 1,250 × (0.8 + 0.64) = 1,800; net 1,575. One precision
    # for the table: tens, by its least sd of 349.
    assert en.rows[0][:4] == ("state", "3,380", "1,800", "1,580")
    assert fi.rows[0][:4] == ("valtio", f"3{SPACE}380", f"1{SPACE}800", f"1{SPACE}580")
    assert en.rows[1][:4] == ("municipality", "680", "0", "680")
    assert en.rows[2][0] == "All of these payers"
    assert fi.rows[2][0] == "Kaikki nämä maksajat"
    assert len(fi.rows) == len(en.rows) == 3
    assert plain(fi.columns[4]) == "Neton 50 %:n tasahäntäinen todennäköisyysväli"
    assert plain(en.columns[4]) == "50 % equal-tailed interval of the net"
    assert plain(fi.title) == (
        "Maksajittain, €, nykyarvo vuonna 2024, korko 25 % vuodessa; simulointien keskiarvo"
    )


def test_a_payer_that_pays_more_than_it_saves(run: Run) -> None:
    dear = CONTRACT.replace("{type: share, share: 0.5}", "{type: rate, price: 2}")
    row = edition(run(dear, PUBLIC), "en").payers.rows[0]
    # 3,375 saved against 2 × 2,500 × (0.8 + 0.64) = 7,200 paid, in every draw.
    assert row[1:4] == ("3,380", "7,200", "−3,820")
    assert plain(row[-1]) == "over 99 %"


def test_what_was_promised_and_what_was_reached(run: Run) -> None:
    missed = edition(run(FINNISH, TARGET), "fi").cards[0]
    assert (missed.verdict, missed.tone, missed.marks) == ("Jäi saavuttamatta", "bad", ())
    assert plain(missed.lines[0]) == "Työpaikat: luvattiin 50, saavutettiin 20 (40 %)."
    met = edition(run(FINNISH, TARGET.replace("achieved: 20", "achieved: 50")), "en").cards[0]
    assert (met.verdict, met.tone) == ("Met", "good")
    assert met.lines[1] == "Source: a report."


def test_no_target(run: Run) -> None:
    result = run(FINNISH)
    assert edition(result, "fi").cards[0].verdict == "Ei ilmoitettu"
    assert edition(result, "en").cards[0].lines == ("This case states no gross target.",)
    assert "luvattiin 50" not in texts(result, "fi")


def test_a_target_without_a_place_to_look_it_up_is_marked(run: Run) -> None:
    bare = TARGET.replace(", source: a report, locator: page 3", "")
    card = edition(run(FINNISH, bare), "fi").cards[0]
    assert card.marks == ("VARMISTAMATON",)
    assert card.lines[1] == "Lähdettä ei ole ilmoitettu."
    html = brief(run(FINNISH, bare)).html()
    assert '<p class="mark">VARMISTAMATON</p>' in html
    assert '<p class="mark">UNVERIFIED</p>' in html


def test_a_source_is_said_in_finnish_where_the_case_has_a_word_for_it(run: Run) -> None:
    card = edition(run(FINNISH, TARGET), "fi").cards[0]
    assert card.lines[1] == "Lähde on nimetty englanninkielisessä osassa."
    named = FINNISH.replace("taxes: verot", "a report: eräs raportti, taxes: verot")
    assert edition(run(named, TARGET), "fi").cards[0].lines[1] == "Lähde: eräs raportti."


def test_targets_that_are_met_in_some_draws_and_several_targets(run: Run) -> None:
    result = run(FINNISH, TARGET)
    half = TargetVerdict(GrossTarget("jobs", 25, outcome="x"), np.array([10.0, 20, 30, 40]))
    some = dataclasses.replace(result, verdicts=(half,))
    assert plain(edition(some, "en").cards[0].verdict) == "Met with a probability of 50 %"
    assert plain(edition(some, "fi").cards[0].lines[0]) == (
        "Työpaikat: luvattiin 25, saavutetaan keskimäärin 25 "
        "(50 %:n tasahäntäinen todennäköisyysväli 18–32); tavoitteen saavuttamisen "
        "todennäköisyys on 50 %."
    )
    sure = TargetVerdict(GrossTarget("jobs", 25, achieved=30), np.full(4, 30.0))
    two = dataclasses.replace(result, verdicts=(*result.verdicts, sure))
    assert edition(two, "en").cards[0].verdict == "1 of 2 met"
    assert edition(two, "fi").cards[0].verdict == "1/2 saavutettiin"


@pytest.mark.parametrize(
    ("tax", "fi", "en", "effect"),
    [
        (TAX, "Nollan yläpuolella", "Above zero", "EUR +50 per person"),
        (-TAX, "Nollan alapuolella", "Below zero", "EUR −50 per person"),
        (
            [-20, -10, 10, 20],
            "Väli sisältää nollan",
            "Zero is within the interval",
            "EUR 0 per person",
        ),
        ([0, 0, 0, 0], "Täsmälleen nolla", "Exactly zero", "EUR 0 per person"),
    ],
)
def test_the_verdict_on_the_effect(run: Run, tax: object, fi: str, en: str, effect: str) -> None:
    result = run(FINNISH, PUBLIC, tax=tax)
    assert edition(result, "fi").cards[1].verdict == fi
    card = edition(result, "en").cards[1]
    assert card.verdict == en
    assert effect in plain(card.lines[0])
    assert card.lines[1] == (
        "From a randomised comparison. Only chance decided who was offered the programme."
    )


def test_the_design_is_said_in_plain_words_and_one_without_words_is_not(run: Run) -> None:
    result = run(FINNISH)

    def designed(design: str) -> CaseResult:
        about = dataclasses.replace(result.outcomes.provenance, design=design)
        return dataclasses.replace(result, outcomes=result.outcomes.replace(provenance=about))

    matched = designed("matched comparison (entropy balancing)")
    assert edition(matched, "fi").cards[1].lines[1].startswith("Perustuu kaltaistettuun vertailu")
    assert "satunnaistettu" not in texts(matched, "fi")
    assert len(edition(designed("an oracle"), "fi").cards[1].lines) == 1


def test_units_of_a_panel_are_not_called_people(run: Run) -> None:
    result = run(FINNISH)
    assert "100 people (assigned to the programme)" in plain(edition(result, "en").lead)
    rows = pd.DataFrame(
        {"office": list("aabb"), "year": [2020, 2021] * 2, "first": [2021, 2021, None, None]}
    ).assign(jobs=1.0)
    jobs = OutcomeMeasure("jobs", kind="index")
    panel = Panel.from_frame(rows, unit="office", period="year", start="first", outcomes=[jobs])
    units = dataclasses.replace(result, design=DifferenceInDifferences(panel))
    assert "100 units (with the programme)" in plain(edition(units, "en").lead)
    assert "100 yksikköä (ohjelman piirissä)" in plain(edition(units, "fi").lead)


def test_public_payers_gain_or_lose(run: Run) -> None:
    (gain,) = edition(run(FINNISH, PUBLIC), "en").public
    assert plain(gain) == (
        "Before payments, public payers together gain EUR 4,000 on average (50 % equal-tailed "
        "interval EUR 2,800 to 5,300)."
    )
    result = run(FINNISH, PUBLIC, tax=-TAX)
    (loss,) = edition(result, "en").public
    assert plain(loss) == (
        "Before payments, public payers together lose EUR 4,000 on average (50 % equal-tailed "
        "interval of the gain EUR −5,300 to −2,800)."
    )
    assert "häviävät yhteensä keskimäärin 4 000 €" in texts(result, "fi")
    assert edition(result, "fi").payers.rows[0][-1] == f"yli 99{SPACE}%"


@pytest.mark.parametrize(
    ("commitment", "fi", "en"),
    [
        # Paid in as much as the service costs, paid back 1,000 to 4,000.
        ("5000", "Kärsivät tappion", "Lose money"),
        ("2000", "Tappio on mahdollinen", "A loss is possible"),
        ("500", "Saavat rahansa takaisin", "Get their money back"),
    ],
)
def test_the_verdict_on_the_fund(run: Run, commitment: str, fi: str, en: str) -> None:
    result = run(FINNISH, CONTRACT, FUND.replace("2000", commitment))
    card = edition(result, "fi").cards[2]
    assert card.verdict == fi
    assert edition(result, "en").cards[2].verdict == en
    assert "Odotettu tappio on" in card.lines[0]
    assert "Sisäisen korkokannan mediaani" in card.lines[1]


def test_expected_loss(run: Run) -> None:
    # 5,000 paid in, 1,000 to 4,000 paid back: losses of 4,000 to 1,000, 2,500 on average.
    card = edition(run(CONTRACT, FUND.replace("2000", "5000")), "en").cards[2]
    assert plain(card.lines[0]) == "Probability of a loss: over 99 %. Expected loss: EUR 2,500."


def test_a_total_loss_has_a_rate(run: Run) -> None:
    card = edition(run(FINNISH, CONTRACT, FUND, tax=[0, 0, 0, 0]), "fi").cards[2]
    assert "−100,0 %" in plain(card.lines[1])


def test_no_fund_no_contract_no_public_side(run: Run) -> None:
    result = run(FINNISH)
    fi, en = texts(result, "fi"), texts(result, "en")
    assert "Tapauksessa ei ole sopimusta: tuloksista ei makseta." in fi
    assert "Tapauksessa ei ole rahastoa" in fi
    assert "Tapauksessa ei ole julkisen talouden laskelmaa" in fi
    assert "This case has no contract: nothing is paid for outcomes." in en
    assert "This case has no fund" in en
    assert "This case has no public side" in en
    assert edition(result, "fi").payers is None


def test_savings_without_a_contract(run: Run) -> None:
    table = edition(run(FINNISH, PUBLIC), "fi").payers
    assert table.columns[:2] == ("Maksaja", "Säästää")
    assert "Maksaa" not in table.columns
    assert [row[0] for row in table.rows] == ["valtio", "kunta", "Kaikki nämä maksajat"]
    assert table.note == "Yksityiset osapuolet eivät ole mukana: osallistujat."


def test_what_is_paid(run: Run) -> None:
    result = run(FINNISH, CONTRACT, tax=[0, 20, 30, 40])
    fi = edition(result, "fi").paid
    # Half of 2 × 100 × (0, 20, 30, 40).
    assert plain(fi[0]) == (
        "Sopimuksen mukaan maksetaan keskimäärin 2 200 € (50 %:n tasahäntäinen todennäköisyysväli "
        "1 500–3 200 €), diskonttaamatta."
    )
    assert plain(fi[1]) == "Mitään ei makseta todennäköisyydellä 25 %."
    assert fi[2] == "Luku kertoo, mitä sopimus maksaa todellisesta vaikutuksesta."
    capped = CONTRACT.replace("  clauses:", "  cap: 3000\n  clauses:")
    en = edition(run(capped), "en").paid
    assert "The cap of EUR 3,000 binds with a probability of 50 %." in [plain(s) for s in en]
    assert len(edition(run(CONTRACT), "en").paid) == 2  # something is paid in every draw


def test_other_public_sides(run: Run) -> None:
    result = run(FINNISH, PUBLIC, BESIDE)
    en = edition(result, "en").beside
    assert en.columns == ("Payer", "This case", "All to the state")
    assert en.rows[1][2] == "–"
    fi = edition(result, "fi")
    assert fi.beside is None
    assert fi.public[-1] == (
        "Julkinen puoli on laskettu myös muilla tavoilla (1); ne ovat tiedostossa report.html."
    )
    named = FINNISH.replace("taxes: verot", "All to the state: kaikki valtiolle, taxes: verot")
    fi = edition(run(named, PUBLIC, BESIDE), "fi")
    assert fi.beside.columns[-1] == "kaikki valtiolle"
    assert len(fi.public) == 1


def test_a_missing_word_is_an_error_that_names_it(run: Run) -> None:
    result = run(FINNISH.replace("jobs: työpaikat", ""), TARGET)
    with pytest.raises(InputError, match=r"translations\.fi\.words.*'jobs'.*add 'jobs: \.\.\.'"):
        brief(result)
    payer = PUBLIC.replace("payer: municipality", "payer: job_centre")
    with pytest.raises(InputError, match=r"seen: 'job_centre'"):
        brief(run(FINNISH, payer))
    assert "job centre" in texts(run(payer), "en")


def test_notes_and_assumptions(run: Run) -> None:
    noted = CONTRACT.replace("  clauses:", "  notes: [a note of the contract]\n  clauses:")
    result = run(FINNISH, noted, FUND)
    assert edition(result, "fi").notes == (
        "ensimmäinen huomautus",
        "Sopimuksessa on omia huomautuksia (1); ne ovat tiedostossa report.html.",
    )
    assert edition(result, "en").notes == ("The first note", "A note of the contract")
    fi = edition(result, "fi")
    assert fi.assumed.startswith(f"Kirjattuja oletuksia: {len(result.assumptions)}.")
    assert "Oletus Rahaston ehdot ovat oletuksia." in texts(result, "fi")
    assert "Assumption The terms of the fund are assumed." in texts(result, "en")
    assert edition(run(), "en").assumed == "No assumption is recorded."


def test_warnings_come_first(run: Run, koto: CaseResult) -> None:
    assert len(koto.warnings) == 1
    result = dataclasses.replace(run(FINNISH, CONTRACT, FUND), warnings=koto.warnings)
    first = edition(result, "fi").statements[0]
    assert first.mark == "warning"
    assert first.text.startswith("Sopimus maksaa myös siitä")
    odd = dataclasses.replace(result, warnings=("something new",))
    assert edition(odd, "fi").statements[0].text.startswith("Muita varoituksia on 1;")


def test_where_it_comes_from(run: Run) -> None:
    result = run(FINNISH)
    meaning, made = edition(result, "fi").made
    assert plain(meaning) == (
        "50 %:n tasahäntäinen todennäköisyysväli: simuloinneista 25 % jää välin alapuolelle "
        "ja 25 % sen yläpuolelle."
    )
    version = result.record.versions["impactmodel"]
    assert made.startswith(f"Simulointeja 4, siemenluku 1, impactmodel {version}, laskettu ")
    assert re.search(r"laskettu \d{1,2}\.\d{1,2}\.\d{4}\.$", made)


def test_the_price_level_is_said_where_there_is_one(run: Run) -> None:
    result = run(FINNISH)
    about = dataclasses.replace(result.outcomes.provenance, price_base="1982")
    priced = dataclasses.replace(result, outcomes=result.outcomes.replace(provenance=about))
    assert edition(priced, "en").made[1] == "Amounts are in the prices of 1982."
    assert edition(priced, "fi").made[1] == "Rahamäärien hintataso: 1982."


def test_every_interval_names_its_probability_and_kind(koto: CaseResult) -> None:
    for code, named in (
        ("fi", "90 %:n tasahäntäinen todennäköisyysväli"),
        ("en", "90 % equal-tailed interval"),
    ):
        text = texts(koto, code)
        bare = re.findall(r"\((?!90 %)[^()]*(?:väli|interval) [^()]*\)", text)
        assert bare == []
        assert text.count(named) >= 6


def test_the_finnish_case(koto: CaseResult) -> None:
    fi, en = texts(koto, "fi"), texts(koto, "en")
    for text in (
        "Koto-SIB, kotoutumiskoulutuksen tulosperusteinen rahoitussopimus",
        "Työllistyneet: luvattiin 2 500, saavutettiin 1 034 (41 %).",
        "Jäi saavuttamatta",
        "Nollan yläpuolella",
        "Kärsivät tappion",
        "Tappion todennäköisyys on yli 99 %.",
        "koulutuksen suorittaneet 3 vuotta",
        "prosenttiyksikköä",
        "Asiakkaat arvottiin vuosina 2016–2019",
    ):
        assert text in fi
    # 50 % of 2,670 EUR for 2,636 people and 1,500 EUR for 1,692 trainings: 6.06 million.
    paid = 0.5 * 2670 * 2636 + 1500 * 1692
    assert abs(paid - 6.06e6) < 5e3
    found = re.search(r"maksetaan keskimäärin ([\d,]+) milj\. €", fi)
    # The mean of 400 draws has a standard error of about 37,000.
    assert abs(float(found.group(1).replace(",", ".")) * 1e6 - paid) < 150_000
    assert f"pays EUR {found.group(1).replace(',', '.')} million on average" in en


def test_no_english_stands_in_the_finnish_part(koto: CaseResult) -> None:
    fi = texts(koto, "fi").lower()
    english = ("the", "of", "and", "payer", "draws", "interval", "state", "assumed", "years")
    assert [word for word in english if re.search(rf"\b{word}\b", fi)] == []
    assert re.search(r"\bthe\b", texts(koto, "en").lower())


def test_nothing_is_loaded_and_everything_is_escaped(run: Run) -> None:
    html = brief(run("notes: ['<script>x</script> & {{ 7 }}']\n", PUBLIC)).html()
    assert "default-src 'none'" in html
    assert re.findall(r'(?:src|href)="(?!data:)[^"#]*"', html) == []
    assert "url(" not in html
    assert "@import" not in html
    assert "<script" not in html
    assert "{{ 7 }}" in html


def test_a_run_writes_it(run: Run, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    result = run(*EVERYTHING)
    write_run(result, out)
    assert {path.name for path in out.iterdir()} == set(RUN_FILES)
    assert (out / "brief.html").read_text(encoding="utf-8") == brief(result).html()


@pytest.mark.chromium
@pytest.mark.slow
def test_each_language_prints_on_one_sheet(koto: CaseResult, chromium: str, tmp_path: Path) -> None:
    page = brief(koto).write(tmp_path / "brief.html")
    printed = tmp_path / "brief.pdf"
    command = [chromium, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"]
    command += ["--disable-background-networking", f"--user-data-dir={tmp_path / 'profile'}"]
    command += ["--no-pdf-header-footer", f"--print-to-pdf={printed}", page.as_uri()]
    subprocess.run(command, check=True, capture_output=True, timeout=240)
    content = printed.read_bytes()
    assert re.findall(rb"/Count (\d+)", content) == [b"2"]
    (box,) = set(re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", content))
    # A4 in points: 210 × 297 mm at 72 to an inch.
    assert [round(float(side)) for side in box] == [595, 842]
