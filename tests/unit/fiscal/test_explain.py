"""Every cell of a ledger is explained in one sentence: amount, value, date and source."""

import datetime as dt
import re

import numpy as np
import pytest

from impactmodel.core.measures import OutcomeMeasure
from impactmodel.core.outcomes import Outcomes, Provenance
from impactmodel.core.schedule import Periods
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
SINGLE = Person(
    wage=2500.0, age=34.0, benefit="labour_market_subsidy", paid_days=250.0, municipality="helsinki"
)
PARENT = Person(
    wage=2200.0,
    age=29.0,
    benefit="basic_allowance",
    paid_days=90.0,
    children=2.0,
    sole_carer=1.0,
    church=1.0,
    service_share=0.5,
)
CLIENT = Person(
    wage=1900.0, age=55.0, paid_days=400.0, integration_ground="refugee", integration_years=1.0
)
# Minors pay no broadcasting tax whatever its rate is; low wages no daily allowance contribution.
YOUNG = Person(wage=900.0, age=17.0, municipal_rate=0.05)


def saved(side, start=dt.date(2021, 7, 1), years=2, shares=(0.5, 0.3)):
    arms = [np.full((2, 1, 1, years), share) for share in shares]
    outcomes = Outcomes.from_draws(
        *arms,
        measures=[JOB],
        periods=Periods(start, "year", years),
        cohort_size=[1],
        provenance=Provenance(),
    )
    return savings(outcomes, side)


def sentences(found):
    data = found.ledger.dataset
    pairs = zip(data["line"].values.tolist(), data["payer"].values.tolist(), strict=True)
    return {
        (line, payer, year): found.explain(payer=payer, line=line, year=year)
        for line, payer in pairs
        for year in found.ledger.years
    }


def check_form(said, amounts):
    for (line, payer, year), text in said.items():
        assert text.startswith(f"{payer}, {line}, {year}: on average "), text
        amount = float(re.search(r"on average (-?[\d,.]+) EUR", text)[1].replace(",", ""))
        assert amount == pytest.approx(float(amounts.cell(payer, line, year).mean()), abs=0.005)
        assert "\n" not in text
        assert "  " not in text
        assert ".." not in text


@pytest.mark.parametrize(
    ("people", "start", "years"),
    [
        ((SINGLE,), dt.date(2021, 7, 1), 2),
        ((SINGLE, PARENT), dt.date(2023, 10, 1), 2),
        ((CLIENT, PARENT), dt.date(2024, 1, 1), 3),
        ((YOUNG,), dt.date(2026, 1, 1), 1),
    ],
)
def test_every_cell_by_rules(people, start, years):
    found = saved(RuleSide(persons=people), start, years)
    said = sentences(found)
    check_form(said, found.ledger)
    seen = 0
    for (line, payer, year), text in said.items():
        if line == "gross_wage":
            assert text.endswith("; the profile's wage of months in work")
        elif "; values: " in text:
            seen += 1
            assert re.search(r"\(from 20\d\d-\d\d-\d\d", text), text
            assert re.search(r"\[(SISU|Kela|Kun|The|Laki|Law|Työ|HE |no |No |Hel)", text), text
        else:
            # Such as a benefit that is not in force in that year.
            assert found.ledger.cell(payer, line, year) == pytest.approx(0.0), text
    assert seen > 0.6 * len(said)


def test_a_single_person_hears_nothing_of_children_church_or_part_time():
    for text in sentences(saved(RuleSide(persons=(SINGLE,)))).values():
        for word in (
            "hild",
            "hurch",
            "art-time",
            "carer",
            "services",
            "integration",
            "smallest age",
        ):
            assert word not in text, text
    said = sentences(saved(RuleSide(persons=(PARENT,))))
    assert "from 2 children 7.95 € a day" in said["basic_allowance", "state", 2022]


def test_values_that_change_within_a_year_stand_one_after_the_other():
    said = sentences(saved(RuleSide(persons=(SINGLE,))))
    text = said["labour_market_subsidy", "municipality", 2022]
    assert "6.00 months in work with and 3.60 without the programme" in text
    assert "34.5 € a day (from 2022-01-01), then 35.72 € a day (from 2022-08-01)" in text
    assert "from 300 days 50 % (from 2019-01-01) [" in text
    # Nobody reaches 1,000 days.
    assert "1,000 days" not in text
    earlier = said["labour_market_subsidy", "municipality", 2021]
    assert "33.78 € a day (from 2021-01-01)" in earlier
    assert "35.72" not in earlier


def test_a_tax_that_a_credit_takes_away_is_explained_by_it():
    """State tax of 2022 on 30,000 euros lies below the credit, on benefit below its scale."""
    found = saved(RuleSide(persons=(SINGLE,)))
    assert found.ledger.cell("state", "state_tax", 2022) == pytest.approx([0.0, 0.0])
    text = found.explain("state", "state_tax", 2022)
    assert "Work income credit, maximum: 1,930 € a year (from 2022-01-01)" in text


def test_unverified_values_are_marked_where_they_are_used():
    client = sentences(saved(RuleSide(persons=(CLIENT,)), dt.date(2024, 1, 1), 2))
    text = client["labour_market_subsidy", "state", 2025]
    assert "3 years (from 2025-01-01, UNVERIFIED, medium confidence)" in text


TAXES = OutcomeMeasure("taxes", kind="amount", unit="EUR", channel="tax")
CARE = OutcomeMeasure("care", kind="amount", unit="EUR", channel="service")
SPLIT = ByRules(
    date=dt.date(2019, 1, 1),
    person={
        "age": 35.0,
        "children_under_18": 0.0,
        "sole_carer": 0.0,
        "church_member": 0.0,
        "municipality": "helsinki",
    },
    without={"wage": 0.0, "taxable_benefit": 0.0},
    with_programme={"wage": 24_000.0, "taxable_benefit": 0.0},
    results={"state_tax": "state", "broadcasting_tax": "state", "municipal_tax": "municipality"},
)
SIDES = {
    "observed": Observed(
        (
            ObservedFlow("taxes", "tax", SPLIT),
            ObservedFlow("care", "service", Shares({"wellbeing_county": 1.0}, source="Act 612")),
        ),
        "EUR",
    ),
    "unit values": UnitValues(
        (
            UnitValue("tax", "taxes", 0.6, "state", "participant", "A study", "2019", "table 2"),
            UnitValue("tax", "taxes", 0.4, "municipality", "participant"),
            UnitValue("saved_care", "care", -1.0, "wellbeing_county", source="A study"),
        ),
        "EUR",
    ),
}


@pytest.mark.parametrize("name", SIDES)
def test_every_cell_of_stated_and_observed_money(name):
    outcomes = Outcomes.from_draws(
        np.array([[[[900.0, 700.0], [-20.0, -30.0]]]]),
        None,
        measures=[TAXES, CARE],
        periods=Periods(dt.date(2020, 7, 1), "year", 2),
        cohort_size=[10],
        provenance=Provenance(),
    )
    found = savings(outcomes, SIDES[name])
    said = sentences(found)
    assert len(said) == 4 * 3
    check_form(said, found.ledger)
    for (_, payer, _), text in said.items():
        assert "per unit of" in text
        named = ["rules of fi on 2019-01-01", "A study", "Act 612", "no source"]
        assert any(source in text for source in named), text
        if payer == "participant":
            assert text.count("paid to ") == 2
