"""Synthetic residents: who they are, and what of them no register tells."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from impactmodel.registers.months import Window, first_day
from impactmodel.registers.synthetic.economy import Economy, PersonType

type Array = npt.NDArray[Any]

SEXES = ("female", "male")
LANGUAGES = ("finnish", "swedish", "other")
EDUCATIONS = ("basic", "upper_secondary", "tertiary")
DISTRICTS = (
    "southern",
    "western",
    "central",
    "northern",
    "north_eastern",
    "south_eastern",
    "eastern",
)
EXITS = ("death", "emigration")
NEVER = 1 << 30
ADULT, RETIRED = 18 * 12, 65 * 12
"""Ages in months at which people join the labour market and leave it."""

_LANGUAGE_SHARES = (0.755, 0.055, 0.19)
_EDUCATION_SHARES = ((0.19, 0.33, 0.48), (0.16, 0.28, 0.56), (0.38, 0.30, 0.32))
_DISTRICT_SHARES = (0.18, 0.17, 0.15, 0.07, 0.16, 0.09, 0.18)
_IN_LABOUR_MARKET = 0.83
_FUND = 0.62
_MONTHLY_WAGE = (2450.0, 2800.0, 3750.0)
_EPOCH = dt.date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class People:
    """Residents as arrays over persons; days are counted from 1970, months by their number.

    Parameters
    ----------
    birth, sex, language, education, district
        What registers tell: day of birth, and codes into the names of this module.
    exit_month, exit_day, exit_kind
        When they die or move away (`NEVER` if not), the day, and which of `EXITS`.
    kind, drive, active
        Code of the type, the hidden drive (standard normal), and whether they are in the labour
        market at all when of working age.
    wage, fund
        Wage of a full month, and whether they are in an unemployment fund.
    """

    birth: Array
    sex: Array
    language: Array
    education: Array
    district: Array
    exit_month: Array
    exit_day: Array
    exit_kind: Array
    kind: Array
    drive: Array
    active: Array
    wage: Array
    fund: Array

    def __len__(self) -> int:
        return len(self.birth)

    def take(self, rows: Array) -> People:
        """Return these rows, in this order."""
        return People(*(getattr(self, name)[rows] for name in self.__slots__))

    def months_old(self, month: int) -> Array:
        """Return ages on the first day of a numbered month, in whole months."""
        months: Array = ((day_number(first_day(month)) - self.birth) * 12 / 365.25).astype(np.int32)
        return months


def day_number(day: dt.date) -> int:
    """Return days since 1970-01-01.

    Examples
    --------
    >>> day_number(dt.date(1971, 1, 1))
    365
    """
    return (day - _EPOCH).days


def uniforms(seed: int, purpose: str, month: int, n: int) -> Array:
    """Return a uniform number per person, the same for a person however many there are.

    Every purpose and month has a stream of its own, so that no draw moves another.

    Examples
    --------
    >>> fewer, more = (uniforms(1, "move", 24252, n) for n in (2, 3))
    >>> bool((fewer == more[:2]).all())
    True
    """
    key = np.random.SeedSequence([seed, month, *purpose.encode()])
    drawn: Array = np.random.Generator(np.random.Philox(key)).random(n)
    return drawn


def pick(u: Array, shares: Sequence[float] | Array) -> Array:
    """Return codes that uniform numbers choose by shares: a list, or a row for each person.

    Examples
    --------
    >>> pick(np.array([0.1, 0.6, 0.9]), (1, 2, 1)).tolist()
    [0, 1, 2]
    """
    table = np.asarray(shares, dtype=float)
    edges = np.cumsum(table / table.sum(axis=-1, keepdims=True), axis=-1)[..., :-1]
    codes: Array = (u[:, None] >= edges).sum(axis=1).astype(np.int8)
    return codes


def draw_people(residents: int, seed: int, window: Window, economy: Economy) -> People:
    """Return the residents of a synthetic city; all draws depend on the seed and the person."""

    def u(purpose: str) -> Array:
        return uniforms(seed, purpose, 0, residents)

    language = pick(u("language"), _LANGUAGE_SHARES)
    education = pick(u("education"), np.array(_EDUCATION_SHARES)[language])
    today = day_number(first_day(window.months.start))
    birth = (today - _ages(u("age")) * 365.25).astype(np.int32)
    disadvantage = (language == 2).astype(float) + (education == 0)
    kind = _kinds(u("type"), list(economy.types.values()), disadvantage)
    pay = np.exp(0.3 * _normal(u("pay")))
    base = np.array(_MONTHLY_WAGE)[education] * np.where(language == 2, 0.9, 1.0)
    month, day, reason = _exits(u("death"), u("emigration"), u("exit day"), birth, window)
    return People(
        birth=birth,
        sex=pick(u("sex"), (0.5, 0.5)),
        language=language,
        education=education,
        district=pick(u("district"), _DISTRICT_SHARES),
        exit_month=month,
        exit_day=day,
        exit_kind=reason,
        kind=kind,
        drive=_normal(u("drive")),
        active=u("active") < _IN_LABOUR_MARKET,
        wage=base * pay,
        fund=u("fund") < _FUND,
    )


def _ages(u: Array) -> Array:
    """Return years of age: 18 % under 18, 65 % to 65, 17 % over it."""
    return np.interp(u, (0.0, 0.18, 0.55, 0.83, 0.95, 1.0), (0.0, 18.0, 40.0, 65.0, 78.0, 95.0))


def _kinds(u: Array, types: Sequence[PersonType], disadvantage: Array) -> Array:
    shares = np.array([t.share for t in types])
    added = np.array([t.disadvantage for t in types])
    return pick(u, shares * np.exp(added * disadvantage[:, None]))


def _normal(u: Array) -> Array:
    from scipy.special import ndtri

    drawn: Array = ndtri(np.clip(u, 1e-12, 1 - 1e-12))
    return drawn


def _exits(
    death: Array, emigration: Array, within: Array, birth: Array, window: Window
) -> tuple[Array, Array, Array]:
    """Return month, day and kind of the first exit in the window; chances do not change in it."""
    start = window.months.start
    age = (day_number(first_day(start)) - birth) / 365.25
    yearly = np.minimum(0.5, 0.0006 * np.exp(0.09 * np.maximum(age - 30, 0)))
    away = np.where((age > 18) & (age < 45), 0.008, 0.002)
    months = [
        (np.log(np.maximum(u, 1e-300)) / np.log1p(-rate) * 12).astype(np.int64)
        for u, rate in ((death, yearly), (emigration, away))
    ]
    kind = (months[1] < months[0]).astype(np.int8)
    after = np.minimum(*months)
    gone = after < window.count
    month = np.where(gone, start + after, NEVER)
    starts = np.array([day_number(first_day(start + i)) for i in range(window.count + 1)])
    place = np.where(gone, after, 0)
    length = starts[place + 1] - starts[place]
    day = np.where(gone, starts[place] + (within * length).astype(np.int64), NEVER)
    return month, day, kind
