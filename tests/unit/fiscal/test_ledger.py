"""The ledger: double entry, views, years, joins."""

import datetime as dt

import numpy as np
import pytest

from impactmodel.core.errors import InputError, JoinError
from impactmodel.core.schedule import Periods
from impactmodel.fiscal import Ledger, Line

YEARS = Periods(dt.date(2024, 1, 1), "year", 2)


def array(*values):
    return np.asarray(values, float).reshape(len(values), 1, 1) * np.ones((1, 1, 2))


def line(name="tax", channel="tax", driver="wage", amount=3.0, payer="state", **more):
    treated = {payer: array(amount, 2 * amount), "participant": array(-amount, -2 * amount)}
    without = {payer: array(1.0, 1.0), "participant": array(-1.0, -1.0)}
    return Line(name, channel, driver, treated, without, **more)


def ledger(*lines, **more):
    given = {"periods": YEARS, "cohort_size": 10, "currency": "EUR", **more}
    return Ledger.of(lines or [line()], **given)


def test_views_are_sums_of_the_change_times_people():
    both = ledger(line(), line("fee", "service", "care", 5.0, "municipality"))
    # Per member and year, draw 0: tax 3 - 1 = 2, fee 5 - 1 = 4; ten people, two years.
    assert {k: v[0] for k, v in both.by_payer().items()} == {
        "state": 40.0,
        "participant": -120.0,
        "municipality": 80.0,
    }
    assert {k: v[0] for k, v in both.by_line().items()} == {"tax": 40.0, "fee": 80.0}
    assert {k: v[0] for k, v in both.by_year().items()} == {2024: 60.0, 2025: 60.0}
    assert both.total()[0] == 120.0
    assert both.cell("state", "tax", 2025)[1] == 10 * (6 - 1)
    view = both.view("payer", "line", "year")
    assert view.dims == ("draw", "payer", "line", "year")
    assert (view.sum(("payer", "line")) == 0).all()


def test_a_period_across_a_new_year_is_split_by_days():
    periods = Periods(dt.date(2024, 12, 2), "month", 2)
    crossing = ledger(periods=periods)
    # December 2 to January 1 has 30 of 31 days in 2024; the second month lies in 2025.
    assert crossing.by_year()[2024][0] == pytest.approx(20 * 30 / 31)
    assert crossing.by_year()[2025][0] == pytest.approx(20 * 1 / 31 + 20)


def test_cohort_sizes_may_differ_by_draw():
    assert ledger(cohort_size=[[1.0], [2.0]]).total().tolist() == [4.0, 20.0]


def test_parties_beside_participant_and_employer_may_be_private():
    church = line("church_tax", payer="parish")
    assert ledger(church).total()[0] == 40
    assert ledger(church, private=("parish",)).total()[0] == 0


def test_a_line_twice_for_a_payer_is_refused():
    with pytest.raises(InputError) as caught:
        ledger(line(), line())
    assert str(caught.value) == (
        "ledger: the line 'tax' has two entries for one payer and period (seen: 'participant'); "
        "give each line once, with one amount per payer"
    )


def test_a_transfer_that_does_not_sum_to_zero_is_refused():
    one_sided = Line("tax", "tax", "wage", {"state": array(1.0)}, {"state": array(0.0)})
    with pytest.raises(InputError, match="the transfer 'tax' does not sum to zero over the payers"):
        ledger(one_sided)
    resource = Line("care", "service", "x", one_sided.treated, one_sided.counterfactual, False)
    assert ledger(resource).total().tolist() == [20.0]


def test_a_transfer_must_balance_in_each_draw_and_period_not_on_average():
    off = np.array([1.0, -1.0]).reshape(2, 1, 1) * np.ones((1, 1, 2))
    treated = {"state": array(1.0, 1.0) + off, "participant": -array(1.0, 1.0)}
    with pytest.raises(InputError, match="does not sum to zero"):
        ledger(Line("tax", "tax", "wage", treated, treated))


def test_a_channel_with_two_drivers_is_refused():
    with pytest.raises(InputError, match="the channel 'tax' has two drivers"):
        ledger(line(), line("other_tax", driver="taxes"))
    assert ledger(line(channel="other"), line("b", "other", "taxes")).lines == ("tax", "b")


def test_amounts_must_be_finite_and_arms_alike():
    with pytest.raises(InputError, match="has amounts that are not finite"):
        ledger(line(amount=float("nan")))
    with pytest.raises(InputError, match="the two arms of 'tax' name different payers"):
        Line("tax", "tax", "wage", {"state": array(1.0)}, {})
    with pytest.raises(InputError, match="a ledger needs an entry"):
        Ledger.of([], periods=YEARS, cohort_size=1, currency="EUR")


def test_unknown_names_and_views_are_refused():
    with pytest.raises(InputError) as caught:
        ledger().view("payer", payers=["city"])
    assert str(caught.value) == (
        "payer: no such payer in the ledger (seen: 'city'); use one of state, participant"
    )
    with pytest.raises(InputError, match="the ledger has no such view"):
        ledger().view("year", "period")
    with pytest.raises(InputError, match="'fee' does not touch this payer"):
        ledger(line(), line("fee", "service", "care", 5.0, "municipality")).cell(
            "state", "fee", 2024
        )


def test_lines_can_be_left_out():
    both = ledger(line(), line("fee", "service", "care", 5.0, "municipality"))
    assert both.without("fee").lines == ("tax",)
    with pytest.raises(InputError, match="no such line in the ledger"):
        both.without("vat")


def test_join_keeps_the_draws_and_refuses_unlike_ledgers():
    fee = ledger(line("fee", "service", "care", 5.0, "municipality"))
    both = ledger().join(fee)
    assert both.total().tolist() == (ledger().total() + fee.total()).tolist()
    with pytest.raises(InputError, match="two entries for one payer"):
        ledger().join(ledger())
    with pytest.raises(InputError, match="two drivers"):
        ledger().join(ledger(line("fee", "tax", "taxes")))
    with pytest.raises(JoinError, match="unlike currency"):
        ledger().join(ledger(line("fee"), currency="USD"))
    with pytest.raises(JoinError, match="unlike cohort sizes"):
        ledger().join(ledger(line("fee"), cohort_size=11))
    with pytest.raises(JoinError, match="unlike periods"):
        ledger().join(ledger(line("fee"), periods=Periods(dt.date(2025, 1, 1), "year", 2)))


def test_a_ledger_cannot_be_changed():
    with pytest.raises(ValueError, match="read-only"):
        ledger().dataset["treated"].values[:] = 0
