"""Tables over a scale: what steps, bands and points have in common."""

from __future__ import annotations

from collections.abc import Sequence

from impactmodel.contract.quantity import Scale
from impactmodel.core.errors import InputError
from impactmodel.core.rule import Constant
from impactmodel.core.rule.numbers import check_table, exact, shown

type Rows = tuple[tuple[float, float], ...]


def check_rows(rows: Rows, what: str) -> None:
    """Raise `InputError` at the key ``table`` unless thresholds rise strictly."""
    try:
        check_table(rows, what)
    except InputError as error:
        raise error.located(key="table") from None


def scaled(what: str, scale: Scale) -> str:
    """Say a quantity on a scale."""
    return {
        "total": f"{what} over the cohort",
        "per_person": f"{what} per person",
        "relative": f"{what} as a share of the level compared with",
        "ratio": f"{what} as a multiple of the level compared with",
    }[scale]


def threshold(value: float, scale: Scale) -> str:
    """Write a threshold on a scale: a relative change in per cent."""
    return f"{shown(exact(value) * 100)} %" if scale == "relative" else shown(value)


def money(amount: float, currency: str) -> str:
    """Write an amount of money."""
    return Constant(amount, currency).text()


def rows_text(rows: Sequence[tuple[float, float]], scale: Scale, currency: str, word: str) -> str:
    """Write the rows of a table: ``from 10 %: 9,600,000 USD; from 11 %: ...``."""
    return "; ".join(f"{word} {threshold(low, scale)}: {money(v, currency)}" for low, v in rows)
