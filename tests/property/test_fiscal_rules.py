"""What savings by rules keep whatever the shares, persons, dates and assumptions are."""

import datetime as dt
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from impactmodel.core.measures import OutcomeMeasure
from impactmodel.core.outcomes import Outcomes, Provenance
from impactmodel.core.schedule import Periods
from impactmodel.effects.dependence import Comonotone, Copula, Independent
from impactmodel.effects.histories import HistoryAssumptions
from impactmodel.fiscal import (
    ByRules,
    Observed,
    ObservedFlow,
    Person,
    RuleSide,
    Shares,
    UnitValue,
    UnitValues,
    savings,
)

JOB = OutcomeMeasure("job", kind="binary", channel="employment")

shares = st.lists(st.floats(0, 1), min_size=2, max_size=2)
starts = st.dates(dt.date(2019, 1, 1), dt.date(2024, 12, 1)).map(lambda day: day.replace(day=1))
persons = st.builds(
    Person,
    wage=st.floats(300, 9000),
    age=st.integers(17, 66).map(float),
    benefit=st.sampled_from(["labour_market_subsidy", "basic_allowance", "basic_level"]),
    paid_days=st.floats(0, 1500),
    children=st.integers(0, 4).map(float),
    church=st.sampled_from([0.0, 1.0]),
    municipality=st.sampled_from(["helsinki", "average"]),
    service_share=st.floats(0, 1),
    integration_ground=st.sampled_from(["none", "refugee", "other"]),
    integration_years=st.floats(0, 4),
)
assumptions = st.builds(
    HistoryAssumptions,
    dependence=st.sampled_from([Comonotone(), Independent(), Copula(0.7)]),
    filling=st.sampled_from(["even", "block_at_end", "block_at_start"]),
)


def saved(treated, without, start, side, size=1.0):
    arms = [np.array(arm, dtype=float).reshape(1, 1, 1, 2) for arm in (treated, without)]
    outcomes = Outcomes.from_draws(
        arms[0],
        arms[1],
        measures=[JOB],
        periods=Periods(start, "year", 2),
        cohort_size=size,
        provenance=Provenance(),
    )
    return savings(outcomes, side)


@settings(max_examples=12, deadline=None)
@given(shares, shares, starts, st.lists(persons, min_size=1, max_size=3), assumptions)
def test_everybodys_gain_is_the_work_done(treated, without, start, people, how):
    """Taxes, benefits and contributions move money; only work makes it."""
    side = RuleSide(persons=tuple(people), histories=how)
    found = saved(treated, without, start, side)
    gains = found.ledger.view("payer", "year")
    work = found.ledger.view("year", lines=["gross_wage"])
    scale = 1.0 + float(np.abs(gains).max())
    assert float(np.abs(gains.sum("payer") - work).max()) < 1e-9 * scale
    reversed_ = saved(without, treated, start, side)
    for payer, draws in found.by_payer().items():
        assert np.allclose(draws, -reversed_.by_payer()[payer], rtol=1e-9, atol=1e-9 * scale)


@settings(max_examples=6, deadline=None)
@given(shares, starts, persons, assumptions)
def test_no_effect_saves_exactly_nothing(share, start, person, how):
    found = saved(share, share, start, RuleSide(persons=(person,), histories=how), 2636)
    assert all((draws == 0.0).all() for draws in found.by_payer().values())


@settings(max_examples=6, deadline=None)
@given(shares, shares, starts, persons)
def test_weights_of_equal_persons_do_not_matter(treated, without, start, person):

    one = saved(treated, without, start, RuleSide(persons=(person,)))
    twins = (replace(person, weight=0.3), replace(person, weight=7.0))
    two = saved(treated, without, start, RuleSide(persons=twins))
    for payer, draws in one.by_payer().items():
        assert np.allclose(draws, two.by_payer()[payer], rtol=1e-9, atol=1e-6)


def money(treated, without, size, groups):
    """Observed taxes and benefits of two years from July."""
    measures = [
        OutcomeMeasure("taxes", kind="amount", unit="EUR", channel="tax"),
        OutcomeMeasure("transfers", kind="amount", unit="EUR", channel="benefit"),
    ]
    shape = (1, len(groups), 2, 2)
    return Outcomes.from_draws(
        np.broadcast_to(np.reshape(treated, (1, 1, 2, 1)), shape),
        np.broadcast_to(np.reshape(without, (1, 1, 2, 1)), shape),
        measures=measures,
        periods=Periods(dt.date(2020, 7, 1), "year", 2),
        cohort_size=size,
        groups=groups,
        provenance=Provenance(),
    )


OBSERVED = Observed(
    (
        ObservedFlow("taxes", "tax", Shares({"state": 0.3, "municipality": 0.7})),
        ObservedFlow(
            "transfers",
            "benefit",
            ByRules(
                dt.date(2019, 1, 1),
                {
                    "benefit_kind": "basic_level",
                    "days_paid_before": 900.0,
                    "service_share": 0.0,
                    "benefit_ground": "unemployment",
                    "integration_ground": "none",
                    "integration_years": 0.0,
                    "children_under_18": 2.0,
                    "part_time_wage": 0.0,
                },
                {"month_share": 1.0},
                {"month_share": 0.0},
                {"state_benefit": "state", "municipal_benefit": "municipality"},
                books=("unemployment_benefit", "municipal_share"),
            ),
        ),
    ),
    "EUR",
    displacement=0.1,
    fade_out=0.2,
    horizon_years=4.0,
)
UNITS = UnitValues(
    (
        UnitValue("tax", "taxes", 0.4, "state", "participant", channel="tax"),
        UnitValue("tax", "taxes", 0.6, "municipality", "participant", channel="tax"),
        UnitValue("benefit", "transfers", -1.0, "state", "participant", channel="benefit"),
    ),
    "EUR",
)
amounts = st.lists(st.floats(-5000, 5000), min_size=2, max_size=2)


@settings(max_examples=15, deadline=None)
@given(amounts, amounts, st.sampled_from([OBSERVED, UNITS]))
def test_observed_and_stated_money_only_moves(treated, without, side):
    """Transfers sum to zero in every year and group; cohorts and groups add; no effect is zero."""
    found = savings(money(treated, without, [10, 30], ["a", "b"]), side)
    scale = 1.0 + float(np.abs(found.ledger.view("payer")).max())
    assert float(np.abs(found.ledger.view("line", "group", "year")).max()) < 1e-9 * scale
    assert sum(found.by_group().values()) == pytest.approx(found.total(), abs=1e-9 * scale)
    whole = savings(money(treated, without, [40], ["all"]), side)
    double = savings(money(treated, without, [80], ["all"]), side)
    for payer, draws in whole.by_payer().items():
        assert found.by_payer()[payer] == pytest.approx(draws, abs=1e-9 * scale)
        assert double.by_payer()[payer] == pytest.approx(2 * draws, abs=1e-9 * scale)
    nothing = savings(money(without, without, [40], ["all"]), side)
    assert all((draws == 0.0).all() for draws in nothing.by_payer().values())


@settings(max_examples=8, deadline=None)
@given(shares, shares, starts, st.lists(persons, min_size=2, max_size=2), st.floats(0.1, 0.9))
def test_savings_by_rules_are_linear_in_weights(treated, without, start, people, weight):
    ends = [saved(treated, without, start, RuleSide(persons=(one,))) for one in people]
    mixed = tuple(
        replace(one, weight=part) for one, part in zip(people, (weight, 1 - weight), strict=True)
    )
    both = saved(treated, without, start, RuleSide(persons=mixed))
    for payer, draws in both.by_payer().items():
        parts = [end.by_payer().get(payer, np.zeros(1)) for end in ends]
        expected = weight * parts[0] + (1 - weight) * parts[1]
        assert np.allclose(draws, expected, rtol=1e-9, atol=1e-6), payer


@settings(max_examples=6, deadline=None)
@given(shares, shares, starts, persons, assumptions)
def test_groups_add_up_and_twice_the_people_save_twice(treated, without, start, person, how):
    side = RuleSide(persons=(person,), histories=how)
    arms = [np.array(arm, dtype=float).reshape(1, 1, 1, 2) for arm in (treated, without)]
    two = Outcomes.from_draws(
        *(np.repeat(arm, 2, axis=1) for arm in arms),
        measures=[JOB],
        periods=Periods(start, "year", 2),
        cohort_size=[10, 30],
        groups=("a", "b"),
        provenance=Provenance(),
    )
    found, whole = savings(two, side), saved(treated, without, start, side, 40)
    twice = saved(treated, without, start, side, 80)
    for payer, draws in whole.by_payer().items():
        assert np.allclose(found.by_payer()[payer], draws, rtol=1e-9, atol=1e-6)
        assert np.allclose(twice.by_payer()[payer], 2 * draws, rtol=1e-9, atol=1e-6)
    assert np.allclose(sum(found.by_group().values()), found.total(), rtol=1e-9, atol=1e-6)
