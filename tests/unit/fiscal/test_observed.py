"""Observed money: split to payers by shares or by rules, and the Koto-SIB figures."""

import datetime as dt

import numpy as np
import pytest

from impactmodel.core.errors import InputError
from impactmodel.core.measures import OutcomeMeasure
from impactmodel.core.outcomes import Outcomes, Provenance
from impactmodel.core.schedule import Periods
from impactmodel.core.spec import dump, load
from impactmodel.fiscal import (
    ByRules,
    Observed,
    ObservedFlow,
    PublicSide,
    Shares,
    load_rules,
    savings,
)

TAXES = OutcomeMeasure("taxes", kind="amount", unit="EUR", channel="tax")
TRANSFERS = OutcomeMeasure("transfers", kind="amount", unit="EUR", channel="benefit")
SPLIT = ByRules(
    date=dt.date(2019, 1, 1),
    person={
        "age": 35.0,
        "children_under_18": 0.0,
        "sole_carer": 0.0,
        "church_member": 0.0,
        "municipality": "helsinki",
    },
    without={"wage": 0.0, "taxable_benefit": 8359.2},
    with_programme={"wage": 25_000.0, "taxable_benefit": 0.0},
    results={
        "state_tax": "state",
        "broadcasting_tax": "state",
        "municipal_tax": "municipality",
        "medical_care_contribution": "kela_sickness_fund",
        "daily_allowance_contribution": "kela_sickness_fund",
    },
)
STATE = Shares({"state": 1.0}, source="Act on the Promotion of Immigrant Integration")


def koto(draws=1, sd=0.0, size=2636):
    """Over three years taxes rose by 1,330 and transfers fell by 1,340 euros per assigned."""
    rng = np.random.default_rng(1)
    effect = np.array([1330.0, -1340.0]) + sd * rng.standard_normal((draws, 2))
    return Outcomes.from_draws(
        effect,
        None,
        measures=[TAXES, TRANSFERS],
        periods=Periods(dt.date(2019, 1, 1), "year", 1, every=3),
        cohort_size=size,
        provenance=Provenance(source="Koto-SIB evaluation 2024"),
    )


def side(tax_split=SPLIT, **more):
    flows = (ObservedFlow("taxes", "tax", tax_split), ObservedFlow("transfers", "benefit", STATE))
    return Observed(flows, currency="EUR", discount_rate=0.0, **more)


def test_koto_sib_per_assigned_person_and_in_all():
    one = savings(koto(size=1), side())
    assert one.total()[0] == pytest.approx(2670, abs=1e-9)  # published: 2,670 euros, 12 %
    assert one.by_payer()["participant"][0] == pytest.approx(-2670, abs=1e-9)
    # 2,670 x 2,636 = 7.04 million; about 6.8 million is reported, from unrounded or fewer people.
    assert savings(koto(), side()).total()[0] == pytest.approx(7.04e6, abs=5e3)


def test_the_municipality_has_no_benefit_cell_and_a_share_of_the_taxes():
    found = savings(koto(draws=200, sd=300.0), side())
    assert (
        "municipality"
        not in found.ledger.view(
            "payer",
            lines=["transfers"],
            payers=[
                p for p in found.ledger.payers if p not in {"municipality", "kela_sickness_fund"}
            ],
        )["payer"].values
    )
    with pytest.raises(InputError, match="'transfers' does not touch this payer"):
        found.ledger.cell("municipality", "transfers", 2019)
    assert (found.by_payer()["municipality"] > 0).mean() > 0.9
    total = sum(found.ledger.by_payer().values())
    assert np.abs(total).max() < 1e-9 * np.abs(found.total()).max()


def test_the_split_by_rules_is_the_change_of_what_each_payer_receives():
    rules = load_rules("fi").at(dt.date(2019, 1, 1))
    arms = [
        rules.compute({**SPLIT.person, **change}, *SPLIT.books)
        for change in (SPLIT.with_programme, SPLIT.without)
    ]
    change = {n: float(arms[0][n] - arms[1][n]) for n in SPLIT.results}
    split = SPLIT.split()
    assert sum(split.values()) == pytest.approx(1.0, abs=1e-12)
    assert split["municipality"] == pytest.approx(change["municipal_tax"] / sum(change.values()))
    # The worked rules of 2019: a wage of 25,000 instead of subsidy is taxed by the municipality.
    assert 0.5 < split["municipality"] < 0.95


def test_mean_incomes_of_the_arms_give_no_split():
    """From a wage of 8,333 and a benefit of 5,600 to 9,833 and 5,153 euros, Helsinki, 2019.

    By hand: without, net income 13,183, contributions 8.25 % of the wage, earned income deduction
    2,721.14, basic deduction 2,140.51: municipal tax 18 % of 7,633.88 less the credit of .122 x
    5,833 = 662.47. With: 18 % of 8,247.32 less .122 x 7,333 = 589.89, and broadcasting tax 2.5 %
    of 14,236 - 14,000. Taxes fall by 66.68 though they were observed to rise: shares of -.09 for
    the state and 1.09 for the municipality split nothing.
    """
    means = ByRules(
        SPLIT.date,
        SPLIT.person,
        {"wage": 8333.0, "taxable_benefit": 5600.0},
        {"wage": 9833.0, "taxable_benefit": 5153.0},
        SPLIT.results,
    )
    municipal = 0.18 * 8247.32 - 0.122 * 7333 - (0.18 * 7633.88 - 0.122 * 5833)
    expected = {"state": 0.025 * 236, "municipality": municipal, "kela_sickness_fund": 0.0}
    assert means.changes() == pytest.approx(expected, abs=0.01)
    with pytest.raises(InputError) as caught:
        savings(koto(), side(means))
    assert str(caught.value) == (
        "flows[0].split.with_programme: payers move against each other: their changes are no "
        "shares of what was observed (seen: 'state 5.90, municipality -72.58, kela_sickness_fund "
        "0.00'); state two situations between which all move alike, such as no income and a year "
        "in work"
    )


def test_taxes_on_a_years_wage_split_2019_by_hand():
    """24,000 euros, Helsinki: deductions 750, 8.25 and 1.54 % and 3,153.75, basic 742.95.

    Municipal 18 % of 17,003.70; the credit of 1,630 exceeds the state tax of 6 % above 17,600
    plus 8 by 1,422.98, which comes off municipal tax alone, as no medical care contribution falls
    on wages in 2019.
    """
    year = {"wage": 24_000.0, "taxable_benefit": 0.0}
    nothing = {"wage": 0.0, "taxable_benefit": 0.0}
    found = ByRules(SPLIT.date, SPLIT.person, nothing, year, SPLIT.results)
    contributions = (0.0675 + 0.015 + 0.0154) * 24_000
    earned = 3570 - 0.045 * (23_250 - 14_000)
    before = 23_250 - contributions - earned
    taxable = before - (3305 - 0.18 * (before - 3305))
    state = 8 + 0.06 * (23_250 - contributions - 17_600)
    municipal = 0.18 * taxable - (1630 - state)
    expected = {"state": 163.0, "municipality": municipal, "kela_sickness_fund": 0.0154 * 24_000}
    assert found.changes() == pytest.approx(expected, abs=1e-8)
    total = sum(expected.values())
    assert found.split() == pytest.approx({p: a / total for p, a in expected.items()}, rel=1e-9)


@pytest.mark.parametrize("wage", [18_000.0, 24_000.0, 30_000.0, 45_000.0])
def test_taxes_on_a_wage_are_shares_at_every_wage(wage):
    given = ({"wage": 0.0, "taxable_benefit": 0.0}, {"wage": wage, "taxable_benefit": 0.0})
    split = ByRules(SPLIT.date, SPLIT.person, *given, SPLIT.results).split()
    assert min(split.values()) >= 0
    assert sum(split.values()) == pytest.approx(1.0, abs=1e-12)


def test_a_negative_share_is_refused():
    with pytest.raises(InputError) as caught:
        Shares({"state": 1.1, "municipality": -0.1})
    assert str(caught.value) == "shares.municipality: a share is not negative (seen: -0.1)"


def test_three_years_fall_due_evenly_by_days():
    found = savings(koto(size=1), side())
    by_year = found.by_year()
    days = {2019: 365, 2020: 366, 2021: 365}
    assert {y: d[0] for y, d in by_year.items()} == pytest.approx(
        {y: 2670 * d / 1096 for y, d in days.items()}
    )


def test_the_split_is_explained_with_its_date_and_inputs():
    said = savings(koto(), side()).explain("municipality", "taxes", 2020)
    assert "rules of fi on 2019-01-01 for a stated person (wage 0 → 25,000" in said
    assert "state 163.00, municipality 825.21, kela_sickness_fund 288.98" in said
    assert "UNVERIFIED" in said


def test_a_service_that_is_not_used_is_saved_without_a_counterparty():
    service = OutcomeMeasure("service", kind="amount", unit="EUR", channel="service")
    outcomes = Outcomes.from_draws(
        [[-100.0]],
        None,
        measures=[service],
        periods=Periods(dt.date(2024, 1, 1)),
        cohort_size=10,
        provenance=Provenance(),
    )
    county = Shares({"wellbeing_county": 0.8, "municipality": 0.2})
    found = savings(
        outcomes, Observed((ObservedFlow("service", "service", county),), currency="EUR")
    )
    assert found.by_payer()["wellbeing_county"][0] == pytest.approx(800.0)
    assert "participant" not in found.by_payer()


def test_other_names_of_payers_move_the_money_to_them():
    names = {"state": "municipality", "municipality": "a_fund", "kela_sickness_fund": "state"}
    found, moved = (
        savings(koto(), Observed((ObservedFlow("taxes", "tax", split),), "EUR"))
        for split in (
            SPLIT,
            ByRules(
                SPLIT.date,
                SPLIT.person,
                SPLIT.without,
                SPLIT.with_programme,
                {result: names[payer] for result, payer in SPLIT.results.items()},
            ),
        )
    )
    for before, after in names.items():
        assert moved.by_payer()[after] == pytest.approx(found.by_payer()[before], rel=1e-12)
    assert moved.total() == pytest.approx(found.total(), rel=1e-12)


def test_shares_that_do_not_sum_to_one_are_refused():
    with pytest.raises(InputError) as caught:
        Shares({"state": 0.5, "municipality": 0.4})
    assert str(caught.value) == "shares: the shares of the payers must sum to 1 (seen: 0.9)"


def test_a_participant_cannot_stand_on_both_sides():
    with pytest.raises(InputError) as caught:
        side(Shares({"participant": 1.0}))
    assert str(caught.value) == (
        "flows[0].split: the participant is the other side of the split; name the payers that "
        "receive the tax or pay the benefit"
    )


def test_inputs_that_change_nothing_give_no_split():
    same = ByRules(
        SPLIT.date, SPLIT.person, SPLIT.without, SPLIT.without, {"municipal_tax": "municipality"}
    )
    with pytest.raises(InputError, match="nothing changes for the stated person"):
        same.split()


def test_it_loads_from_a_file_and_dumps():
    assert load(PublicSide, dump(side())) == side()
