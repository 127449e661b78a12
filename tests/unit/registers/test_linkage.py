"""Linkage counts against pandas on registers with planted faults, and nobody alone in a count."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import pytest

from impactmodel.core.errors import InputError
from impactmodel.registers import DuckDbEngine, LinkageReport, linkage
from impactmodel.registers.reading import open_source, standard
from tests.unit.registers.synthetic import SOURCES, TAKEN, make
from tests.unit.registers.test_study import spark  # noqa: F401  a fixture

if TYPE_CHECKING:
    from ibis.backends import BaseBackend

EARLY, BORN = dt.date(1899, 5, 5), dt.date(1960, 1, 1)


def spoil(rows: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Plant faults: strangers, repeated rows, days that cannot be, rows before birth."""
    jobless = rows["jobless"].sample(frac=1, random_state=1, ignore_index=True)
    wages = rows["wages"].sample(frac=1, random_state=2, ignore_index=True)
    strangers = [f"x{i}" for i in range(5)]
    wages.loc[:39, "id"] = [strangers[i % 5] for i in range(40)]
    wages.loc[50:59, "day"] = None
    wages.loc[60:79, "day"] = BORN - dt.timedelta(days=100)
    wages = pd.concat([wages, wages.loc[100:120]], ignore_index=True)
    turned = jobless.loc[:19].assign(to=jobless.loc[:19, "from"] - dt.timedelta(days=1))
    early = jobless.loc[20:29].assign(**{"from": EARLY})
    return rows | {"wages": wages, "jobless": pd.concat([turned, early, jobless.loc[30:]])}


def report(
    folder: Path, rows: dict[str, pd.DataFrame], engine: BaseBackend | None = None
) -> LinkageReport:
    for name, frame in rows.items():
        frame.to_parquet(folder / f"{name}.parquet")
    connection = engine or DuckDbEngine().connect()
    tables = {
        name: standard(source, open_source(name, source, connection, folder))
        for name, source in SOURCES.items()
    }
    return linkage(tables, SOURCES, "people", birth="birth")


def by_pandas(rows: dict[str, pd.DataFrame], name: str) -> dict[str, int]:
    """The counts of one register, written down without the library."""
    people = rows["people"].set_index("id")
    table = rows[name].copy()
    known = table["id"].isin(people.index)
    first, last = ("day", "day") if name == "wages" else ("from", "to")
    for column in {first, last}:
        table[column] = pd.to_datetime(table[column], errors="coerce")
    open_ = table[last].isna() & (name != "wages")
    end = table[last].mask(open_, pd.Timestamp(TAKEN)).clip(upper=pd.Timestamp(TAKEN))
    born = pd.to_datetime(table["id"].map(people["born"]))
    died = pd.to_datetime(table["id"].map(people["died"]))
    start = table[first]
    wrong = start.isna() | (start < "1900-01-01") | (start > pd.Timestamp(TAKEN))
    wrong |= (table[last] < start) & ~open_
    return {
        "rows": len(table),
        "persons": table["id"].nunique(),
        "matched": table.loc[known, "id"].nunique(),
        "unmatched": table.loc[~known, "id"].nunique(),
        "without": len(set(people.index) - set(table["id"])),
        "unmatched_rows": int((~known).sum()),
        "duplicates": int(rows[name].astype(str).duplicated().sum()),
        "impossible": int(wrong.sum()),
        "before birth": int((start < born).sum()),
        "after death": int((end > died).sum()),
    }


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> dict[str, pd.DataFrame]:
    return spoil(make(tmp_path_factory.mktemp("rows"), people=600, seed=8))


def test_counts_are_those_of_pandas(rows: dict[str, pd.DataFrame], tmp_path: Path) -> None:
    found = report(tmp_path, rows)
    assert found.people == 600
    frame = found.frame().set_index("name")
    for name in ("jobless", "wages"):
        expected = by_pandas(rows, name)
        shown = {key: frame.loc[name, key] for key in expected}
        small = {key for key, count in expected.items() if 0 < count < 3}
        assert shown == {k: "<3" if k in small else n for k, n in expected.items()}
        assert expected["impossible"] >= 10
        assert expected["before birth"] >= 10
    assert frame.loc["wages", "unmatched"] == 5
    assert frame.loc["wages", "duplicates"] == 21
    assert frame.loc["people", ["rows", "persons", "matched", "unmatched"]].tolist() == [
        600,
        600,
        600,
        0,
    ]


def test_a_few_strangers_are_not_counted_by_subtraction(
    rows: dict[str, pd.DataFrame], tmp_path: Path
) -> None:
    wages = rows["wages"].copy()
    wages["id"] = wages["id"].where(~wages["id"].str.startswith("x"), "x0")
    (wages_shown,) = (
        r for r in report(tmp_path, rows | {"wages": wages}).registers if r.name == "wages"
    )
    assert wages_shown.unmatched == "<3"
    assert (wages_shown.matched, wages_shown.without) == ("withheld", "withheld")
    # Forty rows of one person are rows of one person.
    assert wages_shown.unmatched_rows == "withheld"
    assert isinstance(wages_shown.persons, int)


def test_persons_that_stand_twice_are_counted_once(
    rows: dict[str, pd.DataFrame], tmp_path: Path
) -> None:
    people = pd.concat([rows["people"], rows["people"].loc[:9]])
    found = report(tmp_path, rows | {"people": people})
    first = found.registers[0]
    assert (found.people, first.rows, first.persons, first.duplicates) == (600, 610, 600, 10)
    assert found.registers[1].rows == len(rows["jobless"])


def test_what_is_no_population_is_refused() -> None:
    for name, birth, words in (
        ("wages", "", "a register of persons"),
        ("people", "born", "no such day of birth"),
    ):
        with pytest.raises(InputError, match=words):
            linkage({}, SOURCES, name, birth=birth)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_spark_counts_the_same(
    rows: dict[str, pd.DataFrame],
    tmp_path: Path,
    spark: BaseBackend,  # noqa: F811  the fixture
) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    assert report(tmp_path / "one", rows) == report(tmp_path / "two", rows, spark)
