"""Periods, months, rounding, currencies, seeds and the run record."""

import dataclasses
import datetime as dt
from decimal import Decimal
from itertools import pairwise

import pytest

from impactmodel.core.errors import InputError, JoinError
from impactmodel.core.money import Rounding, check_currency, same
from impactmodel.core.record import RunRecord, file_hash
from impactmodel.core.schedule import Periods, add_months
from impactmodel.core.seeds import stream
from impactmodel.core.spec import dump, load


@pytest.mark.parametrize(
    ("step", "count", "every", "end"),
    [
        ("month", 2, 1, dt.date(2024, 3, 29)),
        ("year", 1, 3, dt.date(2027, 1, 29)),
        ("week", 2, 1, dt.date(2024, 2, 12)),
        ("day", 3, 1, dt.date(2024, 2, 1)),
    ],
)
def test_periods_follow_the_calendar(step, count, every, end):
    periods = Periods(dt.date(2024, 1, 29), step, count, every=every)
    assert periods.bounds()[-1][1] == end
    assert all(a[1] == b[0] for a, b in zip(periods.bounds(), periods.bounds()[1:], strict=False))


def test_bad_periods_are_refused():
    with pytest.raises(InputError, match="there must be a period"):
        Periods(dt.date(2024, 1, 1), "year", 0)
    with pytest.raises(InputError, match="a period needs a length"):
        Periods(dt.date(2024, 1, 1), every=0)
    with pytest.raises(InputError, match="leaves the calendar"):
        add_months(dt.date(9999, 1, 1), 12)


def test_periods_may_end_where_people_were_followed_up():
    start = dt.date(2020, 1, 31)
    periods = Periods(start, "month", ends=(6, 12, 24))
    assert (periods.count, periods.lengths) == (3, (6, 6, 12))
    edges = [start, dt.date(2020, 7, 31), dt.date(2021, 1, 31), dt.date(2022, 1, 31)]
    assert list(periods.bounds()) == list(pairwise(edges))
    assert load(Periods, dump(periods)) == periods
    assert dataclasses.replace(periods, clock="calendar").count == 3
    assert Periods(start, "year", 2, every=3).lengths == (3, 3)
    with pytest.raises(InputError, match=r"periods.ends: this needs periods of one length"):
        _ = periods.years


@pytest.mark.parametrize(
    ("ends", "more", "text"),
    [
        ((6, 12, 18), {}, "ends: periods of one length have no ends (seen: 'month 6, 12, 18'); "
         "give every and count"),
        ((6, 6, 24), {}, "ends: every period needs a length (seen: 'month 6, 6, 24')"),
        ((6, 12, 24), {"count": 4}, "count: ends already say how many periods there are and how "
         "long they are (seen: 4); leave it out"),
        ((6, 12, 24), {"every": 6}, "every: ends already say how many periods there are and how "
         "long they are (seen: 6); leave it out"),
    ],
)  # fmt: skip
def test_ends_that_say_nothing_or_too_much_are_refused(ends, more, text):
    with pytest.raises(InputError) as error:
        Periods(dt.date(2020, 1, 1), "month", ends=ends, **more)
    assert str(error.value) == text


def test_last_day_of_month_is_kept_inside_it():
    assert add_months(dt.date(2023, 3, 31), -1) == dt.date(2023, 2, 28)


@pytest.mark.parametrize(
    ("mode", "amount", "result"),
    [("half_up", "2.345", "2.35"), ("half_even", "2.345", "2.34"), ("down", "-2.349", "-2.34")],
)
def test_rounding_modes(mode, amount, result):
    assert Rounding(2, mode).apply(Decimal(amount)) == Decimal(result)


def test_unlike_currencies_do_not_join():
    same("currency", "EUR", "", "a", "b")
    with pytest.raises(JoinError, match="unlike currency: a has EUR, b has USD"):
        same("currency", "EUR", "USD", "a", "b")
    with pytest.raises(InputError, match="not a currency code"):
        check_currency("euro")


def test_streams_depend_on_seed_and_purpose_only():
    first = stream(1, "a").random(3).tolist()
    assert stream(1, "a").random(3).tolist() == first
    assert stream(2, "a").random(3).tolist() != first
    assert stream(1, "b").random(3).tolist() != first


def test_run_record_has_versions_and_hashes(tmp_path):
    (tmp_path / "in.txt").write_bytes(b"abc")
    # SHA-256 of "abc" from FIPS 180-2, appendix B.1.
    digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert file_hash(tmp_path / "in.txt") == digest
    record = RunRecord(seed=3, inputs={"in.txt": digest}).as_dict()
    assert record["seed"] == 3
    assert record["versions"]["numpy"]
