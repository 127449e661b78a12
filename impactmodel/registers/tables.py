"""Where the rows of a register extract are: files, a DuckDB database or a table of Spark."""

from __future__ import annotations

from dataclasses import field
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from impactmodel.core.errors import InputError
from impactmodel.core.spec import spec

if TYPE_CHECKING:
    from ibis.backends import BaseBackend
    from ibis.expr.types import Table


@spec
class ParquetFiles:
    """Parquet files: a path, or a pattern such as ``incomes/*.parquet``."""

    path: str
    type: Literal["parquet"] = field(default="parquet", kw_only=True)

    def open(self, connection: BaseBackend, folder: Path) -> Table:
        """Return the rows as they are stored."""
        return connection.read_parquet(str(_found(folder, self.path)))


@spec
class CsvFiles:
    """CSV files with a header; every column is read as text and converted as its source declares.

    Parameters
    ----------
    path
        A path or a pattern.
    delimiter, decimal
        Of columns and of decimals; Finnish extracts often have ``;`` and ``,``.
    """

    path: str
    delimiter: str = ","
    decimal: Literal[".", ","] = "."
    type: Literal["csv"] = field(default="csv", kw_only=True)

    def __post_init__(self) -> None:
        require_delimiter(self.delimiter, self.decimal)

    def open(self, connection: BaseBackend, folder: Path) -> Table:
        """Return the rows, every column as text."""
        path = str(_found(folder, self.path))
        if connection.name == "pyspark":
            options = {
                "sep": self.delimiter,
                "header": True,
                "inferSchema": False,
                "mode": "FAILFAST",
            }
        else:
            options = {"delim": self.delimiter, "header": True, "all_varchar": True}
            options |= {"quote": '"', "escape": '"', "skip": 0}
        return connection.read_csv(path, **options)


def require_delimiter(delimiter: str, decimal: str) -> None:
    """Raise `InputError` unless columns are parted by one character that is not the decimal one."""
    if len(delimiter) != 1 or delimiter == decimal:
        raise InputError(
            "columns are parted by one character that is not the decimal one",
            key="delimiter",
            seen=delimiter,
        )


@spec
class DuckDbTable:
    """A table of a DuckDB database file, opened to read only."""

    path: str
    table: str
    type: Literal["duckdb"] = field(default="duckdb", kw_only=True)

    def open(self, connection: BaseBackend, folder: Path) -> Table:
        """Return the rows of the table."""
        path = _found(folder, self.path)
        if connection.name != "duckdb":
            raise InputError(
                "only DuckDB reads a DuckDB database",
                key="type",
                seen=self.type,
                fix="use `engine: {type: duckdb}`, or export the table to Parquet",
            )
        name = f"file_{sha256(str(path).encode()).hexdigest()[:16]}"
        quoted = str(path).replace("'", "''")
        connection.raw_sql(f"ATTACH IF NOT EXISTS '{quoted}' AS {name} (READ_ONLY)")
        return connection.table(self.table, database=(name, "main"))


@spec
class SparkTable:
    """A table of the catalogue of the Spark session that is used."""

    table: str
    type: Literal["spark"] = field(default="spark", kw_only=True)

    def open(self, connection: BaseBackend, folder: Path) -> Table:
        """Return the rows of the table."""
        del folder
        if connection.name != "pyspark":
            raise InputError(
                "only Spark reads a table of its catalogue",
                key="type",
                seen=self.type,
                fix="use `engine: {type: spark}`",
            )
        return connection.table(self.table)


type TableChoice = Annotated[
    ParquetFiles | CsvFiles | DuckDbTable | SparkTable, Field(discriminator="type")
]


def _found(folder: Path, path: str) -> Path:
    """Return the path from ``folder``, if a file is there."""
    found_files(folder, path)
    return folder / path


def found_files(folder: Path, path: str) -> tuple[Path, ...]:
    """Return the files of a path or a pattern, sorted.

    Raises
    ------
    InputError
        If there is none.
    """
    whole = (folder / path).absolute()
    start = Path(whole.anchor)
    found = sorted(start.glob(str(whole.relative_to(start)))) if path else []
    if not found:
        raise InputError("there is no such file", key="path", seen=path, fix="check the path")
    return tuple(found)
