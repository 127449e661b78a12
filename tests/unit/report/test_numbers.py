"""How numbers are written, against the rule: two significant digits of the standard deviation."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from impactmodel.core.measures import OutcomeMeasure
from impactmodel.report import numbers as n

SPACE = "\u00a0"


@pytest.mark.parametrize(
    ("value", "spread", "written"),
    [
        # Dehejia and Wahba's difference 1,794.34 with its standard error 670.82.
        (1794.34, 670.82, f"USD{SPACE}1,790"),
        (-1794.34, 670.82, f"USD{SPACE}−1,790"),
        (6_060_000.0, 812_345.0, f"USD{SPACE}6,060,000"),
        (0.0, 0.0, f"USD{SPACE}0"),
        (12.345, 0.01, f"USD{SPACE}12"),
        (math.nan, 1.0, "not defined"),
        (math.inf, 1.0, "∞"),
    ],
)
def test_money(value: float, spread: float, written: str) -> None:
    assert n.money("USD").write(value, spread) == written


@pytest.mark.parametrize(
    ("value", "spread", "written"),
    [
        (0.1059, 0.0423, "10.6 percentage points"),
        (0.0004, 0.00001, "0.0 percentage points"),
        (-0.25, 0.31, "−25 percentage points"),
    ],
)
def test_effect_on_a_share(value: float, spread: float, written: str) -> None:
    unit = n.unit_of(OutcomeMeasure("job", kind="binary"), "share", effect=True)
    assert unit.write(value, spread) == written


def test_a_level_of_a_share_is_per_cent() -> None:
    unit = n.unit_of(OutcomeMeasure("job", kind="binary"), "share", effect=False)
    assert unit.write(0.3541, 0.03) == f"35.4{SPACE}%"


def test_a_share_summed_over_months_is_months() -> None:
    unit = n.unit_of(OutcomeMeasure("job", kind="binary"), "months", effect=True)
    assert unit.write(1.234, 0.21) == "1.23 months"


def test_intervals_name_the_currency_once() -> None:
    assert n.money("EUR").span(-1240.0, 99_860.0, 31_000.0) == "−1,000 to 100,000"
    assert n.POINTS.span(0.036, 0.174, 0.0423) == "3.6 to 17.4 percentage points"


def test_a_total_loss_is_minus_one_hundred_per_cent() -> None:
    assert n.percent(-1.0) == f"−100{SPACE}%"
    assert n.RATE.write(-1.0, 0.0) == f"−100.0{SPACE}%"


@pytest.mark.parametrize(
    ("share", "written"),
    [(0.0, "under{}1{}%"), (0.0099, "under{}1{}%"), (0.01, "1{}%"), (1.0, "over{}99{}%")],
)
def test_no_probability_from_draws_is_certain(share: float, written: str) -> None:
    assert n.probability(share) == written.replace("{}", SPACE)


@given(st.floats(-1e12, 1e12), st.floats(1e-3, 1e9))
def test_what_is_written_is_within_a_twentieth_of_the_spread(value: float, spread: float) -> None:
    """Two significant digits of the spread: an error of at most half of its second digit."""
    decimals = n.decimals_of(spread, most=12)
    written = n.number(value, decimals).replace(",", "").replace("−", "-")
    assert abs(float(written) - value) <= 0.0501 * spread + 1e-9 * abs(value)


@given(st.floats(-1e15, 1e15), st.integers(-6, 6))
def test_digits_come_in_threes(value: float, decimals: int) -> None:
    whole = n.number(value, decimals).lstrip("−").split(".")[0].split(",")
    assert 1 <= len(whole[0]) <= 3
    assert all(len(part) == 3 for part in whole[1:])
