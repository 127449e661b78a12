"""A thousand marked people: none of their identifiers or values comes out anywhere."""

from __future__ import annotations

import datetime as dt
import json
import logging
import re
import traceback
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import pytest

from impactmodel.cli.main import status
from impactmodel.core.errors import InputError
from impactmodel.core.spec import dump
from impactmodel.registers import (
    Amount,
    AmountMonths,
    AmountRegister,
    Around,
    Attribute,
    AuditLog,
    CsvFiles,
    DisclosureRules,
    DuckDbEngine,
    Gate,
    MonthlyTrials,
    OfPerson,
    PersonRegister,
    Purpose,
    Source,
    SpellRegister,
    StateMonths,
    Study,
    StudyData,
    Window,
    WithAttribute,
    export,
    protect,
    read,
    study_data,
    tabulate,
    under,
)
from impactmodel.report.files import RUN_FILES

if TYPE_CHECKING:
    from ibis.backends import BaseBackend

MARK = "canary"
PEOPLE = [f"{MARK}{i:05d}" for i in range(1000)]
WAGE = "77431"
TAKEN = dt.date(2022, 12, 31)
PERSONS = PersonRegister(
    CsvFiles("persons.csv"),
    "key",
    TAKEN,
    {
        "born": Attribute("born", "day"),
        "region": Attribute("region", "category", values=("north", "south")),
        "size": Attribute("size", "number", low=0, high=9),
        "disabled": Attribute("disabled", "flag"),
    },
    {"death": "died"},
)
SPELLS = SpellRegister(
    CsvFiles("spells.csv"), "key", TAKEN, "start", "end", {"u": "out", "s": "service"}, "state"
)
WAGES = AmountRegister(
    CsvFiles("wages.csv"), "key", TAKEN, "day", {"wage": Amount("wage", "EUR", high=90_000)}
)
SOURCES: dict[str, Source] = {"persons": PERSONS, "spells": SPELLS, "wages": WAGES}
STUDY = Study(
    "persons",
    {"wage": AmountMonths("wages", "wage")},
    MonthlyTrials(
        "spells",
        ("service",),
        StateMonths("spells", ("out",)),
        Window(dt.date(2021, 3, 1), 2),
    ),
    {"wage": Around("wage", 0, 3)},
    group="region",
)


def frames() -> dict[str, pd.DataFrame]:
    many = len(PEOPLE)
    persons = pd.DataFrame(
        {
            "key": PEOPLE,
            "born": "1990-05-05",
            "region": ["north", "south"] * (many // 2),
            "size": "1",
            "disabled": "0",
            "died": "",
        }
    )
    spells = pd.DataFrame({"key": PEOPLE, "start": "2021-01-01", "end": "", "state": "u"})
    service = spells[: many // 2].assign(start="2021-03-05", state="s")
    wages = pd.DataFrame({"key": PEOPLE, "day": "2021-04-15", "wage": WAGE})
    return {"persons": persons, "spells": pd.concat([spells, service]), "wages": wages}


def written(folder: Path, given: Mapping[str, pd.DataFrame]) -> BaseBackend:
    for name, frame in given.items():
        frame.to_csv(folder / f"{name}.csv", index=False)
    return DuckDbEngine(temporary=str(folder)).connect()


def clean(*texts: str) -> None:
    for text in texts:
        assert MARK not in text.lower()
        assert WAGE not in text


FAULTS: dict[str, tuple[str, str, Callable[[pd.DataFrame], pd.DataFrame]]] = {
    "twice": ("1000 keys in more than one row", "persons", lambda f: pd.concat([f, f])),
    "day": ("no day of the form", "persons", lambda f: f.assign(born=f["key"])),
    "category": ("a category that is not declared", "persons", lambda f: f.assign(region=f["key"])),
    "number": ("no number in", "persons", lambda f: f.assign(size=f["key"])),
    "range": ("a value above", "persons", lambda f: f.assign(size=WAGE)),
    "flag": ("no number in", "persons", lambda f: f.assign(disabled=f["key"])),
    "exit": ("no day of the form", "persons", lambda f: f.assign(died=f["key"])),
    "state": ("a state that is not declared", "spells", lambda f: f.assign(state=f["key"])),
    "start": ("no day of the form", "spells", lambda f: f.assign(start=f["key"])),
    "overlap": ("overlap an earlier spell", "spells", lambda f: pd.concat([f, f])),
    "amount": ("no number in", "wages", lambda f: f.assign(wage=f["key"])),
    "cents": ("a part of a cent", "wages", lambda f: f.assign(wage=f"{WAGE}.123")),
    "too much": ("a value above", "wages", lambda f: f.assign(wage=f"{WAGE}0")),
    "column": ("no such column", "wages", lambda f: f.drop(columns="wage")),
    "empty": ("no key in 1000 rows", "wages", lambda f: f.assign(key="")),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_no_fault_shows_whom_it_is_about(
    fault: str,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.DEBUG)
    what, name, spoil = FAULTS[fault]
    given = frames()
    connection = written(tmp_path, given | {name: spoil(given[name])})
    with pytest.raises(InputError) as caught:
        read(name, SOURCES[name], connection, tmp_path)
    assert what in "; ".join(problem.what for problem in caught.value.problems)
    said = traceback.format_exception(caught.value)
    clean(
        *said, *(str(p) + repr(p) for p in caught.value.problems), caplog.text, *capsys.readouterr()
    )


def test_lines_that_no_reader_can_parse_are_not_shown(tmp_path: Path) -> None:
    connection = written(tmp_path, frames())
    path = tmp_path / "wages.csv"
    path.write_bytes(b'key,day,wage\n"' + "\n".join(PEOPLE).encode() + b'\xff"x,,,\n')
    with pytest.raises(InputError) as caught:
        read("wages", WAGES, connection, tmp_path)
    clean(*traceback.format_exception(caught.value))


@pytest.fixture(scope="module")
def studied(tmp_path_factory: pytest.TempPathFactory) -> StudyData:
    folder = tmp_path_factory.mktemp("extracts")
    connection = written(folder, frames())
    tables = {name: read(name, source, connection, folder) for name, source in SOURCES.items()}
    return study_data(STUDY, SOURCES, tables)


def test_a_study_holds_nobodys_key_and_shows_nobodys_value(studied: StudyData) -> None:
    assert len(studied.frame) == len(PEOPLE)
    clean(repr(studied), str(studied))
    assert MARK not in studied.frame.to_csv()
    assert MARK not in studied.counts.to_csv()


def test_no_file_that_is_written_holds_a_person(studied: StudyData, tmp_path: Path) -> None:
    extract = tmp_path / "extract.csv"
    extract.write_text("\n".join(PEOPLE), encoding="utf-8")
    log = AuditLog(tmp_path / "audit.jsonl")
    day = dt.date(2099, 1, 1)
    purpose = Purpose("act", "P-1", "office", "research", ("cells",), day, day)
    counts = {"entries": len(studied.frame)}
    sources = {"persons": extract}
    log.use(purpose, "cells", what="wages", sources=sources, counts=counts)
    with pytest.raises(InputError) as caught:
        log.use(purpose, "payment", what="wages", sources=sources, counts=counts)
    # One person alone in a cell of their own, with all of its wage.
    frame = under(studied.frame, purpose)
    frame = frame.assign(group=frame["group"].where(frame.index > 0, "one"))
    table = tabulate(frame, ["group", "treated"], population="entries", value="wage", unit="EUR")
    release = protect(table, DisclosureRules())
    export({"wages": release}, tmp_path / "out", Gate(purpose, "wages", log))
    written_files = [log.path, *(tmp_path / "out").iterdir()]
    assert len(written_files) == 3
    texts = [path.read_text(encoding="utf-8") for path in written_files]
    alone = f"{float(frame['wage'].iloc[0])}"
    assert MARK not in "".join(texts)
    assert f",{alone}," not in "".join(texts)
    assert int((table.counts == 1).sum()) >= 1
    assert release.hidden[table.counts == 1].all()
    clean(*traceback.format_exception(caught.value), repr(release), repr(table), repr(log))


def test_the_search_would_find_a_person() -> None:
    with pytest.raises(AssertionError):
        clean(f"failed for {PEOPLE[7].upper()}")
    with pytest.raises(AssertionError):
        clean(f"above {WAGE}.0")


def case_of(folder: Path, given: Mapping[str, pd.DataFrame]) -> Path:
    """A whole case on extracts of the thousand, whose wages and sizes differ."""
    written(folder, given)
    data = {
        "name": "A thousand",
        "draws": 200,
        "evidence": {
            "type": "registers",
            "sources": {name: dump(source) for name, source in SOURCES.items()},
            "study": dump(STUDY) | {"covariates": {"size": dump(OfPerson("persons", "size"))}},
            "outcomes": [{"name": "wage", "kind": "amount", "unit": "EUR/4 months"}],
            "indicators": {
                "unemployed": dump(StateMonths("spells", ("out",))),
                "services": dump(StateMonths("spells", ("service",))),
                "window": {"first": "2021-02-01", "count": 4},
                "groups": {"small": dump(WithAttribute("persons", "region", "north"))},
            },
            "purpose": {
                "legal_basis": "act",
                "permit": "P-1",
                "controller": "office",
                "purpose": "research",
                "allowed_outputs": ["effect", "indicators"],
                "expires": "2099-01-01",
                "retention": "2099-01-01",
            },
        },
        "design": {"type": "matched_comparison"},
    }
    path = folder / "case.json.yaml"
    path.write_text(json.dumps(data, default=str), encoding="utf-8")
    return path


def varied() -> dict[str, pd.DataFrame]:
    given = frames()
    place = given["persons"].index
    given["persons"]["size"] = [str(i % 5 + 1) for i in place]
    given["wages"]["wage"] = [WAGE if i % 3 else str(100 + i) for i in place]
    return given


def contents(path: Path) -> bytes:
    """What a file holds; of a workbook its parts."""
    if not zipfile.is_zipfile(path):
        return path.read_bytes()
    with zipfile.ZipFile(path) as book:
        return b"".join(name.encode() + book.read(name) for name in book.namelist())


def shows(data: bytes) -> bool:
    """Whether a key, or a wage as a number of its own, stands in it."""
    return MARK.encode() in data.lower() or bool(
        re.search(rb"(?<![\d.])77[,\xa0 ]?431(?!\d)", data)
    )


def test_a_whole_run_shows_nobody(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    path, out = case_of(tmp_path, varied()), tmp_path / "out"
    assert status(["run", str(path), "--out", str(out)]) == 0
    assert status(["check", str(path), "--json"]) == 0
    files = [*out.iterdir(), tmp_path / "audit.jsonl"]
    assert {p.name for p in files} == {*RUN_FILES, "audit.jsonl"}
    assert [p.name for p in files if shows(contents(p))] == []
    said = capfd.readouterr()
    assert not shows((said.out + said.err + caplog.text).encode())
    assert "A thousand" in said.out + said.err
    # The extracts themselves would be found.
    assert shows(contents(tmp_path / "wages.csv"))


@pytest.mark.parametrize("fault", ["twice", "category", "start", "overlap", "too much", "empty"])
def test_a_run_on_bad_rows_shows_nobody_even_where_tracebacks_are_asked_for(
    fault: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("IMPACTMODEL_DEBUG", "1")
    what, name, spoil = FAULTS[fault]
    given = varied()
    path = case_of(tmp_path, given | {name: spoil(given[name])})
    assert status(["run", str(path), "--out", str(tmp_path / "out")]) == 2
    said = capfd.readouterr()
    assert what in said.err
    assert "Traceback" in said.err
    assert not shows((said.out + said.err).encode())
    assert not (tmp_path / "out").exists()
