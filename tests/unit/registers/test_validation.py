"""Malformed extracts: one clear error for each, and no value of a row in what is said."""

import datetime as dt
import re
import traceback
from dataclasses import replace

import duckdb
import pandas as pd
import pytest

from impactmodel.core.errors import InputError
from impactmodel.registers import (
    Amount,
    AmountRegister,
    Attribute,
    CsvFiles,
    DuckDbEngine,
    DuckDbTable,
    ParquetFiles,
    PersonRegister,
    SparkTable,
    SpellRegister,
    read,
)

TAKEN = dt.date(2023, 3, 31)
FORMATS = ("csv", "parquet", "duckdb")
ABSENT = CsvFiles("absent.csv")

PERSONS = PersonRegister(
    ABSENT,
    "pid",
    TAKEN,
    attributes={
        "birth": Attribute("born", "day"),
        "sex": Attribute("gender", "category", values=("woman", "man")),
        "school": Attribute("years", "number", low=0.0, high=30.0),
        "native": Attribute("nat", "flag"),
        "height": Attribute("cm", "number", missing=True),
    },
    exits={"death": "died"},
)
SPELLS = SpellRegister(
    ABSENT, "pid", TAKEN, "begin", "stop", {"JOBLESS": "unemployed", "COURSE": "service"}, "code"
)
AMOUNTS = AmountRegister(
    ABSENT,
    "pid",
    TAKEN,
    "paid",
    {"wage": Amount("eur", "EUR", high=9000.0), "shifts": Amount("nights", "days", missing=True)},
)
SOURCES = {"persons": PERSONS, "spells": SPELLS, "amounts": AMOUNTS}


def sound(kind):
    """Synthetic rows, every value as text."""
    columns = {
        "persons": {
            "pid": ["kq7101", "kq7102", "kq7103"],
            "born": ["1971-04-17", "1988-11-23", "1993-07-29"],
            "gender": ["woman", "man", "woman"],
            "years": ["11", "12.5", "16"],
            "nat": ["1", "0", "1"],
            "cm": ["171.25", None, "183.75"],
            "died": ["2022-08-19", None, None],
        },
        "spells": {
            "pid": ["kq7101", "kq7101", "kq7102"],
            "begin": ["2020-05-13", "2021-02-11", "2021-09-21"],
            "stop": ["2020-10-27", None, "2022-06-18"],
            "code": ["JOBLESS", "JOBLESS", "COURSE"],
        },
        "amounts": {
            "pid": ["kq7101", "kq7101", "kq7102"],
            "paid": ["2021-05-17", "2021-05-17", "2021-06-23"],
            "eur": ["1317.45", "1317.45", "2741.05"],
            "nights": ["13", None, "17"],
        },
    }[kind]
    return pd.DataFrame(columns, dtype="object")


def put(column, value, row=1):
    """Return a change of a row of a column."""

    def change(frame):
        frame.loc[row, column] = value
        return frame

    return change


def drop(column):
    return lambda frame: frame.drop(columns=column)


def typed(column, values):
    """Return a change of a column to values of a type of its own."""
    return lambda frame: frame.assign(**{column: values})


def again(frame):
    return pd.concat([frame, frame.tail(1)], ignore_index=True)


def spell(*values):
    return lambda frame: pd.concat(
        [frame, pd.DataFrame([values], columns=frame.columns, dtype="object")], ignore_index=True
    )


CODE = "170471-913X"
NO_DAY = r"no day of the form YYYY-MM-DD in '{}' in 1 row"
LATE = r"a day after the extract of 2023-03-31 in '{}' in 1 row"
# What is changed in sound rows, and what is then said, in all three kinds of file.
EVERYWHERE = {
    "persons": {
        "key empty": (put("pid", None), r"sources\.x\.key: no key in 1 row"),
        "key blank": (put("pid", "  "), r"\.key: no key in 1 row"),
        "identity code": (put("pid", CODE), "identity code stands in place of a pseudonym in 1"),
        "code of 2000s": (put("pid", "230704A917K"), "a personal identity code"),
        "code in blanks": (put("pid", f" {CODE} "), "a personal identity code"),
        "same key": (again, r"\.key: 1 key in more than one row; one row per person"),
        "same key in blanks": (put("pid", " kq7101"), "1 key in more than one row"),
        "no key column": (drop("pid"), r"\.key: the extract has no such column \(seen: 'pid'\)"),
        "no birth column": (drop("born"), r"attributes\.birth\.column: the extract has no such"),
        "no exit column": (drop("died"), r"exits\.death: the extract has no such column"),
        "birth empty": (put("born", None), r"attributes\.birth: no day in 'born' in 1 row"),
        "birth reversed": (put("born", "23.11.1988"), NO_DAY.format("born")),
        "birth impossible": (put("born", "1989-02-29"), NO_DAY.format("born")),
        "birth short": (put("born", "1988-1-23"), NO_DAY.format("born")),
        "birth word": (put("born", "unknown-day"), NO_DAY.format("born")),
        "birth with time": (put("born", "1988-11-23 10:15"), NO_DAY.format("born")),
        "birth before 1900": (put("born", "1788-11-23"), "a day before 1900 in 'born' in 1 row"),
        "birth after": (put("born", "2024-11-23"), LATE.format("born")),
        "death after": (put("died", "2023-04-01"), LATE.format("died")),
        "death before birth": (put("died", "1987-08-19"), "'died' is before 'born' in 1 row"),
        "death no day": (put("died", "never-died"), NO_DAY.format("died")),
        "category strange": (put("gender", "herring"), "a category that is not declared in 'gen"),
        "category other case": (put("gender", "WOMAN"), "a category that is not declared"),
        "category empty": (put("gender", ""), "no value in 'gender' in 1 row; complete it or st"),
        "number word": (put("years", "twelve"), "no number in 'years' in 1 row; convert it"),
        "number of two": (put("years", "12 13"), "no number in 'years'"),
        "number with comma": (put("years", "12,5"), "no number in 'years'"),
        "number underscored": (put("years", "1_2"), "no number in 'years'"),
        "number suffixed": (put("years", "12d"), "no number in 'years'"),
        "number in hex": (put("years", "0x1F"), "no number in 'years'"),
        "number endless": (put("years", "inf"), "no finite number in 'years' in 1 row"),
        "number nan": (put("years", "NaN"), "no finite number in 'years'"),
        "number low": (put("years", "-4321"), "a value below 0 in 'years' in 1 row"),
        "number high": (put("years", "4321"), "a value above 30 in 'years' in 1 row"),
        "number empty": (put("years", None), "no value in 'years' in 1 row"),
        "optional word": (put("cm", "tall-one"), "no number in 'cm' in 1 row"),
        "flag two": (put("nat", "2"), "neither 0 nor 1 in 'nat' in 1 row"),
        "flag word": (put("nat", "perhaps"), "no number in 'nat'"),
        "no rows": (lambda f: f.head(0), r"sources\.x: the extract has no rows; export it again"),
        "type of category": (typed("gender", [1.25, 2.25, 3.25]), "not declared|hold a text"),
    },
    "spells": {
        "key empty": (put("pid", None), "no key in 1 row"),
        "identity code": (put("pid", CODE), "a personal identity code"),
        "no start column": (drop("begin"), r"\.start: the extract has no such column"),
        "no end column": (drop("stop"), r"\.end: the extract has no such column"),
        "no state column": (drop("code"), r"\.state: the extract has no such column"),
        "start empty": (put("begin", None), r"\.start: no day in 'begin' in 1 row"),
        "start no day": (put("begin", "2021/02/11"), NO_DAY.format("begin")),
        "start in month 13": (put("begin", "2021-13-11"), NO_DAY.format("begin")),
        "start after": (put("begin", "2023-04-01"), LATE.format("begin")),
        "start before 1900": (put("begin", "0021-02-11", 2), "a day before 1900 in 'begin'"),
        "end no day": (put("stop", "goes-on"), NO_DAY.format("stop")),
        "end before start": (put("stop", "2021-02-10"), "'stop' is before 'begin' in 1 row"),
        "state strange": (put("code", "SAILOR"), r"\.states: a state that is not declared in 'co"),
        "state empty": (put("code", None), r"\.state: no state in 'code' in 1 row"),
        "overlap": (
            spell("kq7101", "2020-10-27", "2020-11-15", "JOBLESS"),
            r"\.start: 1 row overlap an earlier spell of the same person and state",
        ),
        "overlap of one without end": (
            spell("kq7101", "2022-10-21", None, "JOBLESS"),
            "1 row overlap an earlier spell",
        ),
        "inside another": (
            spell("kq7102", "2021-10-22", "2021-10-24", "COURSE"),
            "1 row overlap an earlier spell",
        ),
        "same spell": (again, "1 row overlap an earlier spell"),
        "no rows": (lambda f: f.head(0), "the extract has no rows"),
    },
    "amounts": {
        "key empty": (put("pid", None), "no key in 1 row"),
        "identity code": (put("pid", CODE), "a personal identity code"),
        "no day column": (drop("paid"), r"\.day: the extract has no such column"),
        "no amount column": (drop("eur"), r"amounts\.wage\.column: the extract has no such"),
        "day empty": (put("paid", None), r"\.day: no day in 'paid' in 1 row"),
        "day a month": (put("paid", "2021-05"), NO_DAY.format("paid")),
        "day after": (put("paid", "2023-04-01"), LATE.format("paid")),
        "day before 1900": (put("paid", "1821-05-17"), "a day before 1900 in 'paid'"),
        "amount empty": (put("eur", None), r"amounts\.wage: no amount in 'eur' in 1 row"),
        "amount word": (put("eur", "plenty"), "no number in 'eur'"),
        "amount with sign": (put("eur", "1317.45 EUR"), "no number in 'eur'"),
        "amount in thousands": (put("eur", "1,317.45"), "no number in 'eur'"),
        "amount endless": (put("eur", "-inf"), "no finite number in 'eur'"),
        "amount negative": (put("eur", "-1317.46"), "a value below 0 in 'eur' in 1 row"),
        "amount high": (put("eur", "9317.46"), "a value above 9000 in 'eur' in 1 row"),
        "part of a cent": (put("eur", "1317.455"), "a part of a cent in 'eur' in 1 row"),
        "optional word": (put("nights", "some-nights"), "no number in 'nights'"),
        "no rows": (lambda f: f.head(0), "the extract has no rows"),
    },
}
# Types that no text can have.
STORED = {
    "persons": {
        "key decimal": (
            typed("pid", [7101.5, 7102.5, 7103.5]),
            r"\.key: this column cannot hold a",
        ),
        "key a flag": (typed("pid", [True, False, True]), "cannot hold a text.*export a key as te"),
        "birth a number": (typed("born", [19710417, 19881123, 19930729]), "cannot hold a day"),
        "birth a flag": (typed("born", [True, False, True]), "cannot hold a day"),
        "number a day": (typed("years", [dt.date(2001, 7, 11)] * 3), "cannot hold a number"),
        "number nan": (typed("years", [11.0, float("inf"), 16.0]), "no finite number in 'years'"),
        "flag three": (typed("nat", [1, 3, 0]), "neither 0 nor 1 in 'nat' in 1 row"),
        "birth a day after": (
            typed("born", [dt.date(1971, 4, 17), dt.date(2024, 1, 31), dt.date(1993, 7, 29)]),
            LATE.format("born"),
        ),
    },
    "spells": {
        "start a number": (typed("begin", [1317, 1318, 1319]), r"\.start: this column cannot hold"),
        "end a list": (typed("stop", [[1317], [1318], [1319]]), r"\.end: this column cannot hold"),
        "state decimal": (typed("code", [1.25, 2.25, 3.25]), "cannot hold a text"),
    },
    "amounts": {
        "amount a day": (typed("eur", [dt.date(2001, 7, 11)] * 3), "cannot hold a number"),
        "amount a part": (typed("eur", [1317.45, 1317.455, 2.0]), "a part of a cent in 'eur' in 1"),
        "amount endless": (typed("eur", [1.0, float("-inf"), 2.0]), "no finite number"),
        "day a number": (typed("paid", [1317, 1318, 1319]), r"\.day: this column cannot hold"),
    },
}


def cases():
    for table, formats in ((EVERYWHERE, FORMATS), (STORED, FORMATS[1:])):
        for kind, changes in table.items():
            for name, (change, said) in changes.items():
                for form in formats:
                    yield pytest.param(kind, form, change, said, id=f"{kind}-{name}-{form}")


def write(frame, folder, form):
    """Write rows and return the table that is declared."""
    if form == "csv":
        frame.to_csv(folder / "rows.csv", index=False)
        return CsvFiles("rows.csv")
    if form == "parquet":
        frame.to_parquet(folder / "rows.parquet")
        return ParquetFiles("rows.parquet")
    with duckdb.connect(str(folder / "rows.duckdb")) as database:
        database.register("given", frame)
        database.sql("create table rows as select * from given")
    return DuckDbTable("rows.duckdb", "rows")


def refused(source, folder):
    """Return the error of an extract and all that a traceback tells of it."""
    try:
        read("x", source, DuckDbEngine().connect(), folder)
    except InputError as error:
        return error, "".join(traceback.format_exception(error))
    pytest.fail("the extract was read")


def told(frame, text, declared=()):
    """Return the values of rows that a text tells."""
    values = {str(value).strip() for column in frame for value in frame[column]}
    return [v for v in values if len(v) > 3 and v not in {"None", *declared} and v in text]


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("kind", SOURCES)
def test_sound_rows_are_read(kind, form, tmp_path):
    source = replace(SOURCES[kind], table=write(sound(kind), tmp_path, form))
    frame = read("x", source, DuckDbEngine().connect(), tmp_path).to_pandas()
    assert sorted(frame["person"]) == sorted(sound(kind)["pid"])
    if kind == "persons":
        found = frame.set_index("person").loc["kq7102"]
        assert found["birth"] == dt.date(1988, 11, 23) or str(found["birth"])[:10] == "1988-11-23"
        assert (found["sex"], found["school"], found["native"]) == ("man", 12.5, 0)
        assert pd.isna(found["height"])
    elif kind == "amounts":
        assert sorted(frame["wage"]) == [131745, 131745, 274105]
        assert sorted(frame["shifts"]) == [0.0, 13.0, 17.0]
    else:
        assert sorted(frame["state"]) == ["service", "unemployed", "unemployed"]
        assert frame["end"].isna().sum() == 1


@pytest.mark.parametrize(("kind", "form", "change", "said"), list(cases()))
def test_a_malformed_extract(kind, form, change, said, tmp_path):
    frame = change(sound(kind))
    error, text = refused(replace(SOURCES[kind], table=write(frame, tmp_path, form)), tmp_path)
    assert re.search(said, str(error)), str(error)
    assert len(error.problems) == 1, error.problems
    assert told(frame, text) == []


def truncated(folder):
    write(sound("persons"), folder, "parquet")
    whole = (folder / "rows.parquet").read_bytes()
    (folder / "rows.parquet").write_bytes(whole[: len(whole) // 2])
    return ParquetFiles("rows.parquet")


def without_middle(folder):
    write(pd.concat([sound("persons")] * 4000), folder, "parquet")
    whole = (folder / "rows.parquet").read_bytes()
    (folder / "rows.parquet").write_bytes(whole[:4] + b"kq7101\xff" * 60 + whole[424:])
    return ParquetFiles("rows.parquet")


def text(content, choice):
    def change(folder):
        (folder / "rows.any").write_bytes(content)
        return choice

    return change


HEAD = b"pid,born,gender,years,nat,cm,died\n"
ROW = b"kq7101,1971-04-17,woman,11,1,171.25,\n"
CSV = CsvFiles("rows.any")
FILES = {
    "missing csv": (lambda _: ABSENT, r"table\.path: there is no such file \(seen: 'absent.csv'\)"),
    "missing parquet": (lambda _: ParquetFiles("no/where.parquet"), "there is no such file"),
    "missing pattern": (lambda _: ParquetFiles("*.parquet"), "there is no such file"),
    "missing duckdb": (lambda _: DuckDbTable("absent.duckdb", "rows"), "there is no such file"),
    "no path": (lambda _: CsvFiles(""), "there is no such file"),
    "truncated parquet": (truncated, r"sources\.x\.table: the extract cannot be read"),
    "broken parquet": (without_middle, "could not compute this|cannot be read"),
    "empty parquet": (text(b"", ParquetFiles("rows.any")), "the extract cannot be read"),
    "csv as parquet": (text(HEAD + ROW, ParquetFiles("rows.any")), "the extract cannot be read"),
    "csv as duckdb": (text(HEAD + ROW, DuckDbTable("rows.any", "rows")), "cannot be read"),
    "empty csv": (text(b"", CSV), "cannot be read|no such column"),
    "header alone": (text(HEAD, CSV), "the extract has no rows"),
    "no header": (text(ROW + ROW, CSV), "no such column"),
    "other delimiter": (text((HEAD + ROW).replace(b",", b";"), CSV), "no such column"),
    "short row": (text(HEAD + ROW + b"kq7102,1988-11-23\n" + ROW, CSV), "cannot be|not compute"),
    "long row": (text(HEAD + ROW + ROW[:-1] + b",kq7109,9\n", CSV), "cannot be|no such column"),
    "open quote": (text(HEAD + b'"' + ROW + ROW, CSV), "cannot be|not compute|no such"),
    "not UTF-8": (text(HEAD + ROW.replace(b"woman", b"m\xe4\xff"), CSV), "cannot be|not compute"),
    "no such table": (
        lambda folder: replace(write(sound("persons"), folder, "duckdb"), table="other"),
        "cannot be read",
    ),
    "catalogue of Spark": (lambda _: SparkTable("rows"), "only Spark reads a table of its catal"),
}


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_cannot_be_read(name, tmp_path):
    make, said = FILES[name]
    error, text = refused(replace(PERSONS, table=make(tmp_path)), tmp_path)
    assert re.search(said, str(error)), str(error)
    assert all(problem.key.startswith("sources.x") for problem in error.problems)
    assert told(sound("persons"), text) == []


def test_finnish_numbers(tmp_path):
    frame = sound("amounts")
    frame["eur"] = ["1317,45", "0,5", "2741"]
    frame.to_csv(tmp_path / "rows.csv", index=False, sep=";")
    source = replace(AMOUNTS, table=CsvFiles("rows.csv", ";", ","))
    table = read("x", source, DuckDbEngine().connect(), tmp_path)
    assert sorted(table.to_pandas()["wage"]) == [50, 131745, 274100]
    # A point would part thousands here: 1.000 is not one euro.
    frame["eur"] = ["1317,45", "1.000", "2741"]
    frame.to_csv(tmp_path / "rows.csv", index=False, sep=";")
    error, _ = refused(source, tmp_path)
    assert "no number in 'eur' in 1 row" in str(error)


def test_every_fault_is_counted_at_once(tmp_path):
    frame = pd.concat([sound("persons")] * 3, ignore_index=True)
    frame["pid"] = [f"kq72{i:02d}" for i in range(9)]
    frame.loc[:3, "born"] = "17.4.1971"
    frame.loc[2:3, "years"] = "many-years"
    frame.loc[8, "pid"] = None
    error, text = refused(replace(PERSONS, table=write(frame, tmp_path, "parquet")), tmp_path)
    assert [str(p).split(": ", 1)[1].split(";")[0] for p in error.problems] == [
        "no key in 1 row",
        "no day of the form YYYY-MM-DD in 'born' in 4 rows",
        "no number in 'years' in 2 rows",
    ]
    assert told(frame, text) == []


def test_an_open_end_and_cents(tmp_path):
    frame = sound("spells")
    frame.loc[1, "stop"] = "9999-12-31"
    source = replace(SPELLS, table=write(frame, tmp_path, "csv"), open_end=dt.date(9999, 12, 31))
    table = read("x", source, DuckDbEngine().connect(), tmp_path)
    assert table.end.isnull().sum().to_pandas() == 1
    cents = sound("amounts")
    cents["eur"] = ["131745", "1", "0"]
    wage = Amount("eur", "EUR", scale=0.01, high=9000.0)
    source = replace(AMOUNTS, table=write(cents, tmp_path, "parquet"), amounts={"wage": wage})
    table = read("x", source, DuckDbEngine().connect(), tmp_path)
    assert sorted(table.to_pandas()["wage"]) == [0, 1, 131745]


def test_files_of_a_pattern_and_absolute_paths(tmp_path):
    for i, part in enumerate((sound("persons").head(1), sound("persons").tail(2))):
        part.to_parquet(tmp_path / f"part{i}.parquet")
    for path in ("part*.parquet", str(tmp_path / "part*.parquet")):
        source = replace(PERSONS, table=ParquetFiles(path))
        assert read("x", source, DuckDbEngine().connect(), tmp_path).count().to_pandas() == 3
