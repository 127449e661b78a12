"""Synthetic wages and benefits of a month, in whole cents: assumptions, not calibrated figures."""

from __future__ import annotations

import numpy as np

from impactmodel.registers.months import first_day
from impactmodel.registers.synthetic.dynamics import (
    COACHING,
    EMPLOYED,
    LAID_OFF,
    OTHER,
    UNEMPLOYED,
    Month,
    States,
)
from impactmodel.registers.synthetic.people import Array, People, day_number, uniforms

SUBSIDISED = "wage_subsidy"
BASIC_DAILY = {2019: 32.40, 2020: 33.66, 2021: 33.78, 2022: 34.50, 2023: 37.21}
"""Basic unemployment allowance and labour market subsidy, EUR a day (Kela); earlier and later
years take the nearest."""

WORKING_DAYS = 21.5
BENEFITS = ("labour_market_subsidy", "basic_allowance", "earnings_related", "housing_allowance")
_LONGEST = 18
_GROWTH = 1.025
_SUBSIDISED_SHARE = 0.75


def wages(people: People, states: States, month: Month, pay: Array) -> tuple[Array, Array]:
    """Return rows with a wage in a month and their wages in cents.

    Whoever is in work on the last working day is paid from the day on which work began, in full
    if that was an earlier month. Wages grow by 2.5 % a year and vary by up to 4 % by month.

    Parameters
    ----------
    people, states, month
        Who, where they are at the month's end, and the month.
    pay
        A uniform number per person.
    """
    paid = states.code == EMPLOYED
    subsidised = np.zeros(len(paid), dtype=bool)
    if SUBSIDISED in month.economy.services:
        code = OTHER + list(month.economy.services).index(SUBSIDISED)
        subsidised = states.code == code
    rows = np.flatnonzero(paid | subsidised)
    start, after = (day_number(first_day(month.number + i)) for i in (0, 1))
    part = np.clip((after - states.since[rows]) / (after - start), 0.0, 1.0)
    level = _GROWTH ** ((month.number - 2019 * 12) / 12) * (0.96 + 0.08 * pay[rows])
    level = level * np.where(subsidised[rows], _SUBSIDISED_SHARE, 1.0)
    cents = np.round(100 * people.wage[rows] * level * part).astype(np.int64)
    kept = cents > 0
    return rows[kept], cents[kept]


def benefits(
    people: People, states: States, month: Month, seed: int
) -> tuple[Array, dict[str, Array]]:
    """Return rows with a benefit in a month and their benefits in cents, by name.

    The unemployed, the laid off and people in services (but for subsidised work) are paid 21.5
    days. Members of a fund whose search began from work are paid by earnings for 18 months, others
    from work the basic allowance, and everybody else the labour market subsidy.
    """
    names = list(month.economy.services)
    codes = [UNEMPLOYED, LAID_OFF, COACHING]
    codes += [OTHER + i for i, name in enumerate(names) if name != SUBSIDISED]
    rows = np.flatnonzero(np.isin(states.code, codes))
    year = min(max(month.number // 12, min(BASIC_DAILY)), max(BASIC_DAILY))
    daily = BASIC_DAILY[year] * month.phase.allowances
    entitled = states.worked[rows] & (month.number - states.search[rows] < _LONGEST)
    fund = people.fund[rows] & entitled
    basic = round(100 * daily * WORKING_DAYS)
    own = 0.45 * np.maximum(people.wage[rows] / WORKING_DAYS - daily, 0.0)
    by_earnings = np.round(100 * (daily + own) * WORKING_DAYS).astype(np.int64)
    lot = uniforms(seed, "housing", 0, len(people))[rows]
    housing = np.where(~fund & (lot < 0.5), np.round(100 * (220 + 300 * lot)), 0)
    amounts = (
        np.where(entitled, 0, basic),
        np.where(entitled & ~fund, basic, 0),
        np.where(fund, by_earnings, 0),
        housing,
    )
    return rows, {n: a.astype(np.int64) for n, a in zip(BENEFITS, amounts, strict=True)}
