"""Unit values: who gains what from an outcome, accrual, discounting, refusals."""

import datetime as dt

import numpy as np
import pytest

from impactmodel.core.distribution import Beta, Normal
from impactmodel.core.errors import DiagnosticsError, InputError, JoinError
from impactmodel.core.measures import OutcomeMeasure
from impactmodel.core.outcomes import Outcomes, Provenance
from impactmodel.core.schedule import Periods
from impactmodel.core.spec import dump, load
from impactmodel.fiscal import PublicSide, UnitValue, UnitValues, savings

WAGE = OutcomeMeasure("wage", kind="amount", unit="EUR/year", channel="earnings")
TAX = UnitValue("tax", "wage", 0.128, "state", "participant")


def outcomes(effects, size=10, count=1, measure=WAGE, diagnostics="none", **periods):
    effect = np.asarray(effects, float).reshape(-1, 1, 1, count)
    return Outcomes.from_draws(
        0.25 + effect,
        np.full_like(effect, 0.25),
        measures=[measure],
        periods=Periods(dt.date(2024, 1, 1), "year", count, **periods),
        cohort_size=size,
        provenance=Provenance(diagnostics=diagnostics),
    )


def test_a_transfer_is_value_times_effect_times_people():
    saved = savings(outcomes([1000.0, -500.0]), UnitValues((TAX,), "EUR"))
    assert saved.by_payer()["state"].tolist() == pytest.approx([1280.0, -640.0])
    assert saved.by_payer()["participant"].tolist() == pytest.approx([-1280.0, 640.0])
    assert saved.total().tolist() == pytest.approx([1280.0, -640.0])
    assert (saved.by_payer()["state"] + saved.by_payer()["participant"] == 0).all()


def test_zero_effect_is_exactly_zero():
    saved = savings(outcomes([0.0, 0.0]), UnitValues((TAX,), "EUR"))
    assert (saved.total() == 0).all()


def test_linear_in_the_effect():
    once, thrice = (
        savings(outcomes([effect]), UnitValues((TAX,), "EUR")).total() for effect in (700.0, 2100.0)
    )
    assert thrice == pytest.approx(3 * once)


def test_years_are_discounted_from_the_first():
    public = UnitValues((TAX,), "EUR", discount_rate=0.05)
    saved = savings(outcomes([1000.0, 1000.0], count=2), public)
    assert saved.ledger.years == (2024, 2025)
    assert saved.total()[0] == pytest.approx(1280 * (1 + 1 / 1.05))
    assert {y: d[0] for y, d in saved.by_year("state").items()} == pytest.approx(
        {2024: 1280.0, 2025: 1280.0}
    )
    half = savings(outcomes([1000.0, 1000.0], count=2), public, discount_rate=0.0)
    assert half.total()[0] == pytest.approx(2560)


def test_a_rate_of_minus_100_percent_is_refused():
    with pytest.raises(InputError) as caught:
        UnitValues((TAX,), "EUR", discount_rate=-1.0)
    assert str(caught.value) == (
        "discount_rate: a discount rate is above -100 % (seen: -1.0); give it as a share, 0.035 "
        "for 3.5 %"
    )


def test_cumulative_outcomes_count_by_increments_and_stocks_at_the_end():
    total = OutcomeMeasure("wage", kind="amount", unit="EUR", accrual="cumulative")
    saved = savings(outcomes([300.0, 500.0], count=2, measure=total), UnitValues((TAX,), "EUR"))
    years = saved.by_year("state")
    assert years[2024][0] == pytest.approx(0.128 * 300 * 10)
    assert years[2025][0] == pytest.approx(0.128 * 200 * 10)
    stock = OutcomeMeasure("wage", kind="amount", unit="EUR", accrual="stock")
    saved = savings(outcomes([300.0, 500.0], count=2, measure=stock), UnitValues((TAX,), "EUR"))
    years = saved.by_year("state")
    assert years[2024][0] == 0
    assert years[2025][0] == pytest.approx(0.128 * 500 * 10)


def test_displacement_and_deadweight_take_their_shares_of_the_effect():
    public = UnitValues((TAX,), "EUR", displacement=0.25, deadweight=0.5)
    saved = savings(outcomes([1000.0]), public)
    assert saved.total()[0] == pytest.approx(1280 * 0.75 * 0.5)
    assert "displacement: 25% of the effect is lost by others" in saved.assumptions
    assert "deadweight: 50% of the effect comes anyway" in saved.assumptions


def test_fade_out_over_the_horizon_is_a_geometric_series():
    public = UnitValues((TAX,), "EUR", discount_rate=0.0, fade_out=0.2)
    saved = savings(outcomes([1000.0]), public, horizon_years=4)
    assert saved.total()[0] == pytest.approx(1280 * (1 - 0.8**4) / 0.2)
    said = [s for s in saved.assumptions if "fade-out" in s]
    assert said == [
        "after 1 year of evidence, to year 4, the effect loses 20% a year (fade-out); the level "
        "without the programme stays as it was"
    ]


def test_a_horizon_inside_the_evidence_is_refused():
    with pytest.raises(InputError, match="the horizon must be a whole number of periods"):
        savings(outcomes([1.0, 1.0], count=2), UnitValues((TAX,), "EUR"), horizon_years=1)


def test_a_share_whose_draws_leave_the_unit_interval_is_refused():
    public = UnitValues((TAX,), "EUR", displacement=Normal(0.05, 0.2))
    with pytest.raises(InputError, match="displacement: this is a share"):
        savings(outcomes(np.ones(500)), public)


def test_uncertain_values_are_drawn_for_each_draw_of_the_outcomes():
    value = UnitValue("tax", "wage", Beta(0.3, 0.05), "state", "participant")
    saved = savings(outcomes(np.full(40_000, 1.0), size=1), UnitValues((value,), "EUR"))
    total = saved.total()
    # Four Monte Carlo errors of a mean with sd .05 over 40,000 draws; of an sd: sd / sqrt(2 n).
    assert total.mean() == pytest.approx(0.3, abs=4 * 0.05 / 200)
    assert total.std() == pytest.approx(0.05, abs=4 * 0.05 / np.sqrt(80_000))
    again = savings(outcomes(np.full(40_000, 1.0), size=1), UnitValues((value,), "EUR"))
    assert (again.total() == total).all()


def test_a_line_may_be_split_over_payers():
    values = tuple(
        UnitValue("tax", "wage", share, payer, "participant")
        for payer, share in (("state", 0.1), ("municipality", 0.2))
    )
    saved = savings(outcomes([1000.0]), UnitValues(values, "EUR"))
    assert saved.by_payer()["participant"][0] == pytest.approx(-3000)
    assert saved.total()[0] == pytest.approx(3000)
    assert saved.ledger.lines == ("tax",)


def test_every_cell_explains_itself():
    tax = UnitValue(
        "tax", "wage", 0.2, "state", "participant", "A study", "2019", "table 2", status="estimated"
    )
    saved = savings(outcomes([1000.0]), UnitValues((tax,), "EUR"))
    assert saved.explain("state", "tax", 2024) == (
        "state, tax, 2024: on average 2,000.00 EUR (undiscounted, whole cohort); "
        "0.2 per unit of wage (A study, 2019, table 2; estimated)"
    )
    assert "paid to state: 0.2 per unit" in saved.explain("participant", "tax", 2024)
    unsourced = savings(outcomes([1000.0]), UnitValues((TAX,), "EUR"))
    assert "(no source; assumption, UNVERIFIED)" in unsourced.explain("state", "tax", 2024)
    assert any("UNVERIFIED" in said for said in unsourced.assumptions)


def test_unknown_cells_are_refused():
    saved = savings(outcomes([1000.0]), UnitValues((TAX,), "EUR"))
    with pytest.raises(InputError) as caught:
        saved.explain("state", "vat", 2024)
    assert str(caught.value) == "line: no such line in the ledger (seen: 'vat'); use one of tax"
    with pytest.raises(InputError, match="no such year in the ledger"):
        saved.explain("state", "tax", 2030)
    with pytest.raises(InputError, match="no such payer in the ledger"):
        saved.explain("sate", "tax", 2024)


def test_overlaps_and_unlike_money_are_refused():
    with pytest.raises(InputError, match="the same money would count twice"):
        UnitValues((TAX, UnitValue("tax", "job", 5.0, "state", "participant")), "EUR")
    with pytest.raises(InputError, match="the same money would count twice"):
        UnitValues((TAX, TAX), "EUR")
    with pytest.raises(JoinError, match="unlike currency"):
        savings(outcomes([1.0]), UnitValues((TAX,), "USD"))
    with pytest.raises(InputError, match=r"values\[0\]\.outcome: no such outcome"):
        savings(outcomes([1.0]), UnitValues((UnitValue("x", "job", 1.0, "state"),), "EUR"))
    with pytest.raises(InputError, match="payer and counterparty are the same"):
        UnitValue("x", "wage", 1.0, "state", "state")
    with pytest.raises(InputError, match="a value that is no assumption needs a source"):
        UnitValue("x", "wage", 1.0, "state", status="enacted")


def test_a_modelled_tax_beside_an_observed_one_is_refused():
    observed = OutcomeMeasure("taxes", kind="amount", unit="EUR/year", channel="tax")
    both = outcomes([1.0]).join(outcomes([1.0], measure=observed), independent=True)
    values = (
        UnitValue("income_tax", "wage", 0.3, "state", "participant", channel="tax"),
        UnitValue("all_taxes", "taxes", 1.0, "state", "participant"),
    )
    with pytest.raises(InputError, match="the channel 'tax' has two drivers"):
        savings(both, UnitValues(values, "EUR"))


def test_a_failed_fit_stops_the_money_step():
    with pytest.raises(DiagnosticsError, match="failed its diagnostics"):
        savings(outcomes([1.0], diagnostics="failed: rhat"), UnitValues((TAX,), "EUR"))


def test_the_spec_survives_a_round_trip():
    public = UnitValues((TAX,), "EUR", displacement=Beta(0.2, 0.1), label="text")
    assert load(PublicSide, dump(public)) == public


def test_the_central_scenario_is_the_ledger_at_the_means():
    values = (
        UnitValue("tax", "wage", Beta(0.3, 0.05), "state", "participant"),
        UnitValue("care", "wage", 0.01, "wellbeing_county"),
    )
    public = UnitValues(values, "EUR", displacement=0.1, deadweight=0.2, fade_out=0.3)
    draws = outcomes([[900.0, 500.0], [1100.0, 700.0]], count=2)
    central = savings(draws, public, horizon_years=3).central()
    # By hand: 10 people, effects 1,000 and 600, then 600 × .7.
    tax = [10 * 0.9 * 0.8 * 0.3 * e for e in (1000, 600, 600 * 0.7)]
    totals = central.totals()
    assert [totals[f"tax|state|{year}"] for year in (2024, 2025, 2026)] == pytest.approx(tax)
    assert totals["participant"] == pytest.approx(
        -sum(amount / 1.035**t for t, amount in enumerate(tax))
    )
    assert totals["wellbeing_county"] == pytest.approx(-totals["participant"] / 30)
    doubled = central.changed({"people|all": 20.0}).totals()
    assert doubled["state"] == pytest.approx(2 * totals["state"])
    with pytest.raises(InputError, match="no such input"):
        central.changed({"peple": 1.0})
