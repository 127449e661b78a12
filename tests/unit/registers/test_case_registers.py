"""A case on registers: the example in small, real extracts beside a case, and what is refused."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from impactmodel.case import Case
from impactmodel.cli.main import status
from impactmodel.core.errors import InputError
from impactmodel.core.spec import dump, load
from impactmodel.core.yaml import Document
from impactmodel.registers.synthetic import SyntheticRegisters
from tests.unit.registers.synthetic import SOURCES, STUDY, make

ROOT = Path(__file__).parents[3]
EXAMPLE = ROOT / "examples" / "helsinki_registers" / "case.yaml"
RESIDENTS = 6000
PURPOSE: dict[str, Any] = {
    "legal_basis": "act on statistics",
    "permit": "P-1",
    "controller": "the office",
    "purpose": "research",
    "allowed_outputs": ["effect", "indicators"],
    "expires": dt.date(2099, 12, 31),
    "retention": dt.date(2100, 12, 31),
}


def written(folder: Path, data: dict[str, Any]) -> Path:
    path = folder / "case.yaml"
    path.write_text(yaml.safe_dump(data, sort_keys=False), encoding="utf-8")
    return path


def example() -> dict[str, Any]:
    data: dict[str, Any] = dict(Document.read(EXAMPLE).data)
    data["evidence"] = data["evidence"] | {
        "synthetic": data["evidence"]["synthetic"] | {"residents": RESIDENTS}
    }
    # Savings by rules have tests of their own, and take longer than the registers do.
    values = [{"line": "tax", "outcome": "wages", "value": 0.3, "payer": "state"}]
    data["public"] = {"type": "unit_values", "currency": "EUR", "values": values}
    return data


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example with few residents and a short public side, run as a user runs it, in Finnish."""
    folder, scratch = tmp_path_factory.mktemp("case"), tmp_path_factory.mktemp("scratch")
    before, tempfile.tempdir = tempfile.tempdir, str(scratch)
    try:
        path = written(folder, example() | {"draws": 500, "language": "fi"})
        assert status(["run", str(path), "--out", str(folder / "out"), "--quiet"]) == 0
    finally:
        tempfile.tempdir = before
    assert list(scratch.iterdir()) == []
    return folder


def test_the_record_names_the_synthetic_city_and_not_its_files(done: Path) -> None:
    run = json.loads((done / "out" / "run.json").read_text(encoding="utf-8"))
    assert set(run["inputs"]) == {"case.yaml"}
    assert run["made"]["registers"]["residents"] == RESIDENTS
    assert load(SyntheticRegisters, run["made"]["registers"]).seed == 1
    assert {p.name for p in done.iterdir()} == {"case.yaml", "out"}


def test_every_output_says_that_it_is_synthetic(done: Path) -> None:
    out = done / "out"
    for name in ("report.html", "brief.html"):
        assert "synteettisi" in (out / name).read_text(encoding="utf-8")
    with zipfile.ZipFile(out / "workbook.xlsx") as book:
        texts = "".join(book.read(n).decode() for n in book.namelist() if n.endswith(".xml"))
    assert "synteettisi" in texts
    summary = json.loads((out / "summary.json").read_text(encoding="utf-8"))
    assert (
        summary["evidence"]["synthetic"] == f"{RESIDENTS:,} synthetic residents, 48 months, seed 1"
    )
    assert b"SYNTHETIC" in (out / "outcomes.nc").read_bytes()


def test_the_page_tells_purpose_linkage_flow_and_indicators_in_finnish(done: Path) -> None:
    html = (done / "out" / "report.html").read_text(encoding="utf-8")
    for words in (
        "Rekisterit</h2>",
        "Tiedot on saatu tähän tarkoitukseen: tutkimus.",
        "hävitettävä tai arkistoitava viimeistään 31.12.2036",
        "Rekisterien yhdistäminen",
        "Aloittaneista seurattuihin",
        "Viralliset tunnusluvut kohderyhmittäin, 2022-12",
        "ihmisiä on vähemmän kuin raja-arvo",
        "alle 30-vuotiaat",
    ):
        assert words in html, words
    for english in (
        "Linkage of the registers",
        "Activation rate",
        "Counted on the last",
        "The last day of use",
    ):
        assert english not in html


def test_the_numbers_are_those_of_the_registers(done: Path, tmp_path: Path) -> None:
    """Counted again with pandas alone from the same synthetic extracts."""
    found = json.loads((done / "out" / "summary.json").read_text(encoding="utf-8"))["evidence"]
    spec = load(SyntheticRegisters, example()["evidence"]["synthetic"])
    spec.write(tmp_path)
    spells = pd.read_parquet(tmp_path / "synthetic_employment_service.parquet")
    for name in ("first_day", "last_day"):
        spells[name] = pd.to_datetime(spells[name])
    registers = found["linkage"]["registers"]
    assert found["linkage"]["people"] == RESIDENTS
    assert registers["employment_service"]["rows"] == len(spells)
    assert registers["employment_service"]["persons"] == spells["person_key"].nunique()
    day = pd.Timestamp(2021, 8, 31)
    there = (spells["first_day"] <= day) & ~(spells["last_day"] < day)
    services = ["coaching", "training", "study", "wage_subsidy", "work_trial"]
    served = spells.loc[there & spells["state"].isin(services), "person_key"].nunique()
    idle = spells.loc[there & spells["state"].isin(["unemployed", "laid_off"]), "person_key"]
    august = found["indicators"]["groups"]["everyone"]["2021-08"]
    assert (august["in_services"], august["unemployed"]) == (served, idle.nunique())
    assert august["activation_rate"] == pytest.approx(100 * served / (served + idle.nunique()))
    flow = {(row["arm"], row["follow_up"]): row["count"] for row in found["flow"]}
    starts = spells[
        (spells["state"] == "coaching") & (spells["first_day"].astype("str").str[:4] == "2021")
    ]
    assert 0 < flow["treated", "Total"] <= starts["person_key"].nunique()


@pytest.fixture
def real(tmp_path: Path) -> Callable[..., dict[str, Any]]:
    """Declared extracts beside a case, as a permit gives them."""
    make(tmp_path, people=400)

    def case(**evidence: object) -> dict[str, Any]:
        return {
            "name": "Extracts",
            "draws": 200,
            "evidence": {
                "type": "registers",
                "sources": {name: dump(source) for name, source in SOURCES.items()},
                "study": dump(replace(STUDY, group="")),
                "outcomes": [
                    {"name": "wage_after", "kind": "amount", "unit": "EUR/year"},
                ],
                "purpose": PURPOSE,
            }
            | evidence,
            "design": {"type": "matched_comparison"},
        }

    return case


def lines(folder: Path) -> list[dict[str, Any]]:
    text = (folder / "audit.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def test_files_are_hashed_and_each_use_leaves_a_line(
    real: Callable[..., dict[str, Any]], tmp_path: Path
) -> None:
    path, out = written(tmp_path, real()), tmp_path / "out"
    assert status(["run", str(path), "--out", str(out), "--quiet"]) == 0
    run = json.loads((out / "run.json").read_text(encoding="utf-8"))
    for name in SOURCES:
        digest = hashlib.sha256((tmp_path / f"{name}.parquet").read_bytes()).hexdigest()
        assert run["inputs"][f"{name}.parquet"] == digest
    assert run["made"] == {}
    (line,) = lines(tmp_path)
    assert (line["output"], line["allowed"], line["permit"]) == ("effect", True, "P-1")
    assert line["sources"]["wages"] == run["inputs"]["wages.parquet"]
    assert "No log is kept" not in (out / "report.html").read_text(encoding="utf-8")
    # A second run adds to the log and replaces the result.
    assert status(["check", str(path)]) == 0
    assert len(lines(tmp_path)) == 2


@pytest.mark.parametrize(
    ("purpose", "public", "words"),
    [
        ({"allowed_outputs": ["cells"]}, False, "the permit does not list this output"),
        ({"expires": dt.date(2020, 1, 1)}, False, "the permit expired before"),
        (
            {"purpose": "client_work", "allowed_outputs": ["client_decision"]},
            False,
            "data received for client_work cannot serve this",
        ),
        ({}, True, "the permit does not list this output (seen: 'savings')"),
    ],
)
def test_a_wrong_purpose_leaves_a_line_and_no_output(
    real: Callable[..., dict[str, Any]],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    purpose: dict[str, Any],
    public: bool,
    words: str,
) -> None:
    data = real(purpose=PURPOSE | purpose)
    if public:
        values = [{"line": "tax", "outcome": "wage_after", "value": 0.3, "payer": "state"}]
        data["public"] = {"type": "unit_values", "currency": "EUR", "values": values}
    path, out = written(tmp_path, data), tmp_path / "out"
    assert status(["run", str(path), "--out", str(out), "--quiet"]) == 2
    assert words in capsys.readouterr().err
    assert not out.exists()
    (line,) = lines(tmp_path)
    assert line["allowed"] is False


def test_a_purpose_must_be_stated(real: Callable[..., dict[str, Any]], tmp_path: Path) -> None:
    data = real()
    del data["evidence"]["purpose"]
    with pytest.raises(InputError, match=r"evidence\.registers\.purpose|evidence\.purpose"):
        Case.from_yaml(written(tmp_path, data))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"outcomes": [{"name": "pay", "kind": "count"}]}, "the study has no such outcome"),
        (
            {"outcomes": [{"name": "worked", "kind": "days"}]},
            "the study measures 'worked' in yes and no",
        ),
        (
            {
                "outcomes": [
                    {"name": "worked", "kind": "binary"},
                    {"name": "wage_after", "kind": "amount", "unit": "EUR/year"},
                ]
            },
            "the outcomes cover different months",
        ),
        ({"synthetic": {"residents": 10}}, "exactly one of 'sources' and 'synthetic'"),
        ({"outcomes": []}, "no outcome is named"),
    ],
)
def test_what_does_not_fit_the_study_is_refused(
    real: Callable[..., dict[str, Any]], tmp_path: Path, change: dict[str, Any], words: str
) -> None:
    from impactmodel.running import run_case

    with pytest.raises(InputError, match=words):
        run_case(Case.from_yaml(written(tmp_path, real(**change))))
