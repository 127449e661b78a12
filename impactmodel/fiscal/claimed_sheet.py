"""A third party's sheet of savings: its amounts, and what it states of itself."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zipfile import BadZipFile

from impactmodel.core.errors import InputError
from impactmodel.core.spec import load, load_yaml, spec
from impactmodel.fiscal.reform import Change, Reform

if TYPE_CHECKING:
    import pandas as pd

type Place = tuple[str, str, int]
"""(payer, line, year)."""

COLUMNS = ("payer", "line", "year", "amount")
_VALUES, _ABOUT = "Parameters", "About"
_THEIRS = "values of the sheet"


@spec
class SheetStatement:
    """What a sheet says of itself; all of it may be left out.

    Parameters
    ----------
    values
        Its parameter values, where they are known.
    people
        How many people it counts.
    discount_rate
        Per year, where its amounts are present values.
    price_factors
        What it multiplies the amounts of a year with, to put them into the prices of its base.
    price_base, note
        In its own words; repeated, not used.
    """

    values: tuple[Change, ...] = ()
    people: float | None = None
    discount_rate: float | None = None
    price_factors: dict[int, float] = field(default_factory=dict)
    price_base: str = ""
    note: str = ""

    def __post_init__(self) -> None:
        for key, low in (("people", 0.0), ("discount_rate", -1.0)):
            value = getattr(self, key)
            if value is not None and not value > low:
                raise InputError("out of its range", key=key, seen=value, fix=f"above {low:g}")

    @classmethod
    def from_yaml(cls, path: str | Path) -> SheetStatement:
        """Read a statement; `InputError` names file, line and key of a fault."""
        return load_yaml(cls, path)

    @property
    def reform(self) -> Reform | None:
        """The stated values as a patch of the rules."""
        return Reform(_THEIRS, changes=self.values) if self.values else None


@dataclass(frozen=True, slots=True)
class ClaimedSheet:
    """Amounts by payer, line and year, positive where the payer is better off, with a statement."""

    amounts: Mapping[Place, Decimal]
    states: SheetStatement = field(default_factory=SheetStatement)

    @property
    def total(self) -> Decimal:
        """The sum of all amounts."""
        return sum(self.amounts.values(), Decimal(0))

    @classmethod
    def read(cls, source: str | Path | pd.DataFrame) -> ClaimedSheet:
        """Read a sheet with the columns ``payer, line, year, amount``.

        Parameters
        ----------
        source
            A CSV file, a data frame or an Excel file: its first sheet holds the amounts, a sheet
            ``Parameters`` may hold ``parameter, valid_from, value``, and a sheet ``About`` the
            other keys of `SheetStatement` with their values. Further columns are not read.

        Raises
        ------
        InputError
            With file, row and column: a missing column or cell, an amount that is no number, a
            year that is none, a row that stands twice.
        """
        import pandas as pd

        if isinstance(source, pd.DataFrame):
            return cls(_amounts(source, ""))
        path = Path(source)
        if path.suffix.lower() in {".xlsx", ".xlsm"}:
            sheets = _excel(path)
            first = next(iter(sheets.values()))
            return cls(_amounts(first, str(path)), _statement(sheets, str(path)))
        try:
            frame = pd.read_csv(path, dtype=str, encoding="utf-8-sig", skip_blank_lines=False)
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or "it is no table of comma-separated values"
            raise InputError(
                f"the sheet cannot be read: {reason}", file=str(path), fix="check the path"
            ) from None
        return cls(_amounts(frame, str(path)))


def _excel(path: Path) -> dict[str, pd.DataFrame]:
    import pandas as pd

    try:
        return {str(k): v for k, v in pd.read_excel(path, sheet_name=None, dtype=object).items()}
    except (OSError, ValueError, KeyError, BadZipFile) as error:
        reason = getattr(error, "strerror", None) or "it is no Excel file"
        raise InputError(f"the sheet cannot be read: {reason}", file=str(path)) from None


def _amounts(frame: pd.DataFrame, file: str) -> dict[Place, Decimal]:
    frame = frame.rename(columns=lambda name: str(name).strip().lower())
    missing = [name for name in COLUMNS if name not in frame.columns]
    if missing:
        fix = f"a sheet has the columns {', '.join(COLUMNS)}"
        raise InputError("this column is missing", file=file, key=missing[0], line=1, fix=fix)
    found: dict[Place, Decimal] = {}
    for row, cells in enumerate(frame[list(COLUMNS)].itertuples(index=False), start=2):
        if all(_text(cell) == "" for cell in cells):
            continue
        for name, cell in zip(COLUMNS, cells, strict=True):
            if not _text(cell):
                raise InputError("the cell is empty", file=file, key=name, line=row, fix="fill it")
        year = _number(cells[2], "year", file, row)
        if year != int(year) or not 1900 <= year <= 2200:
            raise InputError("this is no calendar year", file=file, key="year", line=row, seen=year)
        place = (place_name(cells[0]), place_name(cells[1]), int(year))
        if place in found:
            raise InputError(
                "payer, line and year stand twice", file=file, line=row, fix="leave one row"
            )
        found[place] = _number(cells[3], "amount", file, row)
    if not found:
        raise InputError("the sheet has no amount", file=file, fix="add a row")
    return found


def _text(cell: object) -> str:
    text = "" if cell is None else str(cell).strip()
    return "" if text.lower() in {"nan", "nat", "none"} else text


def place_name(cell: object) -> str:
    """Return the name of a payer or a line as it is compared: small letters and underscores."""
    return _text(cell).lower().replace(" ", "_").replace("-", "_")


def _number(cell: object, key: str, file: str, row: int) -> Decimal:
    try:
        value = Decimal(_text(cell))
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite():
        raise InputError(
            "this is not a number",
            file=file,
            key=key,
            line=row,
            seen=_text(cell),
            fix="write it with a decimal point and no spaces",
        )
    return value


def _statement(sheets: Mapping[str, pd.DataFrame], file: str) -> SheetStatement:
    stated: dict[str, Any] = {}
    about = sheets.get(_ABOUT)
    if about is not None:
        rows = [[about.columns[0], about.columns[1]], *about.iloc[:, :2].to_numpy().tolist()]
        for key, value in rows:
            name = place_name(key)
            if name in {"people", "discount_rate"}:
                stated[name] = float(_number(value, name, file, 0))
            elif name.startswith("price_factor_"):
                year = int(_number(name.removeprefix("price_factor_"), name, file, 0))
                stated.setdefault("price_factors", {})[year] = float(_number(value, name, file, 0))
            elif name in {"price_base", "note"}:
                stated[name] = _text(value)
            elif name not in {"", "key"}:
                raise InputError("unknown key", file=f"{file}, sheet {_ABOUT}", key=name)
    values = sheets.get(_VALUES)
    if values is not None:
        names = [str(name) for name in values.columns]
        stated["values"] = tuple(
            _change(dict(zip(names, row, strict=True)), file) for row in values.to_numpy().tolist()
        )
    try:
        return SheetStatement(**stated)
    except InputError as error:
        raise error.located(file=file) from None


def _change(row: Mapping[Any, Any], file: str) -> Change:
    cells: dict[str, Any] = {place_name(key): value for key, value in row.items() if _text(value)}
    for key in ("valid_from", "until"):
        if key in cells:
            cells[key] = _day(cells[key], key, file)
    try:
        return load(Change, cells)
    except InputError as error:
        raise error.located(file=f"{file}, sheet {_VALUES}") from None


def _day(cell: object, key: str, file: str) -> dt.date:
    try:
        return dt.date.fromisoformat(_text(cell)[:10])
    except ValueError:
        raise InputError(
            "this is no day", file=f"{file}, sheet {_VALUES}", key=key, seen=cell, fix="YYYY-MM-DD"
        ) from None
