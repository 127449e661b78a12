"""Synthetic extracts as Parquet files, each of them named and marked as synthetic."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from impactmodel.core.errors import InputError
from impactmodel.registers.months import first_day
from impactmodel.registers.sources import Source
from impactmodel.registers.synthetic.dynamics import GONE, OUTSIDE, Month
from impactmodel.registers.synthetic.extracts import (
    CATEGORIES,
    KEY,
    MARK,
    PREFIX,
    file_names,
    sources,
    state_names,
)
from impactmodel.registers.synthetic.pay import benefits, wages
from impactmodel.registers.synthetic.people import (
    EXITS,
    NEVER,
    Array,
    People,
    day_number,
    uniforms,
)
from impactmodel.registers.synthetic.plan import Plan
from impactmodel.registers.synthetic.simulation import Step, live

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


_KEYS = """
CREATE TABLE keys AS SELECT CAST(range AS INTEGER) AS person,
translate(substr(md5(? || '|' || range), 1, 20), '0123456789', 'ghijklmnop') AS person_key
FROM range(?)
"""
_DAY = "DATE '1970-01-01' + CAST({} AS INTEGER)"
_PAYDAY = 14
_ROWS_OF_A_GROUP = 100_000


def write_registers(spec: Plan, folder: Path) -> dict[str, Source]:
    """Write the extracts and return their declarations.

    Files are written beside the folder's others under a temporary name and renamed when all are
    whole.

    Raises
    ------
    InputError
        If the folder holds synthetic files that these would not replace.
    """
    import ibis

    folder.mkdir(parents=True, exist_ok=True)
    strange = {p.name for p in folder.glob(f"{PREFIX}*.parquet")} - file_names(spec)
    if strange:
        raise InputError(
            "the folder holds files of another synthetic city",
            key="folder",
            seen=min(strange),
            fix="name an empty folder",
        )
    with (
        tempfile.TemporaryDirectory(dir=folder, prefix=f".{PREFIX}") as made,
        ibis.duckdb.connect(threads=1, memory_limit="1GB").con as connection,
    ):
        connection.execute("SET enable_progress_bar = false")
        writer = _Writer(spec, Path(made), connection)
        for step in live(spec):
            writer.month(step)
        (Path(made) / f"{PREFIX}README.txt").write_text(_label(spec), encoding="utf-8")
        for path in sorted(Path(made).iterdir()):
            path.replace(folder / path.name)
    return sources(spec)


def _label(spec: Plan) -> str:
    return (
        f"All files here are {MARK}.\n{spec.residents} synthetic residents, {spec.window.count} "
        f"months from {first_day(spec.window.months.start)}, seed {spec.seed}.\n"
    )


@dataclass(slots=True)
class _Spells:
    """Spells as they end, by the person's row."""

    parts: list[tuple[Array, ...]] = field(default_factory=list)

    def add(self, rows: Array, code: Array, start: Array, finish: Array) -> None:
        kept = code > OUTSIDE
        self.parts.append(tuple(a[kept].astype(np.int32) for a in (rows, code, start, finish)))

    def table(self) -> dict[str, Array]:
        names = ("person", "code", "start", "finish")
        columns = zip(*self.parts, strict=True)
        return {n: np.concatenate(c) for n, c in zip(names, columns, strict=True)}


class _Writer:
    """Writes months as they are lived; a year of amounts is one file."""

    def __init__(self, spec: Plan, folder: Path, connection: DuckDBPyConnection) -> None:
        self.spec, self.folder, self.connection = spec, folder, connection
        self.spells = _Spells()
        self.amounts: dict[str, list[dict[str, Array]]] = {"incomes": [], "benefits": []}
        # As many keys again are nobody's: those of rows that are planted without a person.
        strangers = spec.residents if spec.defects.unmatched else 0
        connection.execute(_KEYS, [str(spec.seed), spec.residents + strangers])

    def month(self, step: Step) -> None:
        """Take the moves and amounts of a month; write a year that is over, and all at the end."""
        moves, spec = step.moves, self.spec
        self.spells.add(moves.rows, moves.code, moves.since, moves.last)
        month = Month.of(step.month, spec.economy, spec.programme)
        pay = uniforms(spec.seed, "wage", step.month, spec.residents)
        day = day_number(first_day(step.month)) + _PAYDAY
        rows, cents = wages(step.people, step.states, month, pay)
        self._add("incomes", rows, day, {"wage": cents})
        self._add("benefits", *_with_day(benefits(step.people, step.states, month, spec.seed), day))
        is_last = step.month == spec.window.months.stop - 1
        if step.month % 12 == 11 or is_last:
            self._write_year(step.month // 12)
        if is_last:
            self._write_people(step)

    def _add(self, name: str, rows: Array, day: int, amounts: Mapping[str, Array]) -> None:
        days = np.full(len(rows), day, dtype=np.int32)
        cents = {f"{n}_cents": a.astype(np.int32) for n, a in amounts.items()}
        self.amounts[name].append({"person": rows.astype(np.int32), "paid": days, **cents})

    def _write_year(self, year: int) -> None:
        for name, parts in self.amounts.items():
            table = {n: np.concatenate([part[n] for part in parts]) for n in parts[0]}
            parts.clear()
            cents = ", ".join(n for n in table if n.endswith("_cents"))
            select = f"SELECT {KEY}, {_DAY.format('paid')} AS paid, {cents}"
            self._copy(f"{name}_{year}", select, self._without_match(name, year, table))

    def _write_people(self, step: Step) -> None:
        here = np.flatnonzero(step.states.code != GONE)
        never = np.full(len(here), NEVER)
        self.spells.add(here, step.states.code[here], step.states.since[here], never)
        spells = self._without_match("spells", 0, self.spells.table())
        wrong = _some(self.spec, "impossible", len(spells["person"]), self.spec.defects.impossible)
        spells["finish"][wrong] = spells["start"][wrong] - 1
        states = ", ".join(f"'{name}'" for name in state_names(self.spec))
        select = (
            f"SELECT {KEY}, [{states}][code + 1] AS state, {_DAY.format('start')} AS first_day, "
            f"{_or_empty('finish')} AS last_day"
        )
        self._copy("employment_service", select, spells, f"ORDER BY {KEY}, start")
        people = _columns(step.people)
        twice = _some(self.spec, "duplicated", len(step.people), self.spec.defects.duplicated)
        rows = np.concatenate([np.arange(len(step.people)), twice])
        people = {name: column[rows] for name, column in people.items()}
        names = (f"[{_quoted(values)}][{n} + 1] AS {n}" for n, values in CATEGORIES.items())
        exits = (f"{_or_empty(reason)} AS {reason}_day" for reason in EXITS)
        select = ", ".join([f"SELECT {KEY}, {_DAY.format('birth')} AS birth", *names, *exits])
        self._copy("persons", select, people, f"ORDER BY {KEY}")

    def _without_match(self, name: str, year: int, table: dict[str, Array]) -> dict[str, Array]:
        """Plant rows whose person is nobody: a number above the last resident's."""
        n, share = len(table["person"]), self.spec.defects.unmatched
        rows = _some(self.spec, f"unmatched {name} {year}", n, share)
        residents = self.spec.residents
        table["person"][rows] = residents + np.arange(len(rows)) % residents
        return table

    def _copy(self, name: str, select: str, table: Mapping[str, Array], order: str = "") -> None:
        """Write a table with keys in place of the numbers of persons."""
        path = str(self.folder / f"{PREFIX}{name}.parquet").replace("'", "''")
        self.connection.register("made", dict(table))
        self.connection.execute(
            f"COPY ({select} FROM made JOIN keys USING (person) {order}) TO '{path}' "
            f"(FORMAT parquet, ROW_GROUP_SIZE {_ROWS_OF_A_GROUP}, "
            f"KV_METADATA {{synthetic: '{MARK}'}})"
        )
        self.connection.unregister("made")


def _with_day(
    found: tuple[Array, dict[str, Array]], day: int
) -> tuple[Array, int, dict[str, Array]]:
    return found[0], day, found[1]


def _some(spec: Plan, purpose: str, n: int, share: float) -> Array:
    """Return the rows that a fault is planted in: the share of them, rounded to whole rows."""
    if share == 0:
        return np.zeros(0, dtype=np.int64)
    lots = uniforms(spec.seed, purpose, 0, n)
    return np.sort(np.argsort(lots, kind="stable")[: round(share * n)])


def _columns(people: People) -> dict[str, Array]:
    codes = {name: getattr(people, name).astype(np.int32) for name in CATEGORIES}
    days = {
        reason: np.where(people.exit_kind == i, people.exit_day, NEVER).astype(np.int32)
        for i, reason in enumerate(EXITS)
    }
    number = np.arange(len(people), dtype=np.int32)
    return {"person": number, "birth": people.birth.astype(np.int32), **codes, **days}


def _or_empty(column: str) -> str:
    return f"CASE WHEN {column} < {NEVER} THEN {_DAY.format(column)} END"


def _quoted(values: tuple[str, ...]) -> str:
    return ", ".join(f"'{value}'" for value in values)
