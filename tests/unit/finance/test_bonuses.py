"""Performance fees by hand: a share of what the investors earn beyond a hurdle."""

import datetime as dt

import numpy as np
import pytest

from impactmodel.core.errors import InputError
from impactmodel.core.spec import dump, load
from impactmodel.finance import (
    Bonus,
    FundingStructure,
    Junior,
    MultipleCap,
    Senior,
    ServiceCosts,
    SimpleCap,
    cashflows,
)
from tests.unit.finance.given import Given, paid

START, DUE = dt.date(2023, 1, 1), dt.date(2025, 1, 1)
YEARS = 731 / 365


def fund(*bonuses, senior=None, subordinate=()):
    return FundingStructure(
        "F",
        "USD",
        START,
        senior or Senior(1000.0),
        subordinate,
        service_costs=ServiceCosts(set_up=1000.0),
        bonuses=bonuses,
    )


def received(structure, party, *amounts):
    return cashflows(structure, paid(DUE, *amounts)).of(party).sum(axis=1).tolist()


@pytest.mark.parametrize(
    ("hurdle", "needed"),
    [
        (0.08, 1000 * 1.08**YEARS),
        (SimpleCap(0.08), 1000 * (1 + 0.08 * YEARS)),
        (MultipleCap(1.25), 1250.0),
    ],
)
def test_the_fee_is_a_share_of_what_is_beyond_the_hurdle(hurdle, needed):
    structure = fund(Bonus(0.2, "fund_manager", hurdle=hurdle))
    amounts = (900.0, needed, 2000.0)
    assert received(structure, "fund_manager", *amounts) == pytest.approx(
        [0.0, 0.0, 0.2 * (2000 - needed)]
    )
    assert received(structure, "investors", *amounts) == pytest.approx(
        [-100.0, needed - 1000, 1000 - 0.2 * (2000 - needed)]
    )


def test_two_hurdles_are_two_tiers_and_a_plain_bonus_comes_first():
    structure = fund(
        Bonus(0.5, "fund_manager", hurdle=MultipleCap(1.5)),
        Bonus(0.2, "adviser", hurdle=MultipleCap(1.2)),
        Bonus(0.1, "provider"),
    )
    # 1,000 are left: the provider takes 100. Of 900 the manager has half beyond 500, so 200; of
    # the 700 that this leaves the adviser has a fifth beyond 200, so 100.
    assert received(structure, "fund_manager", 2000.0) == pytest.approx([200.0])
    assert received(structure, "adviser", 2000.0) == pytest.approx([100.0])
    assert received(structure, "investors", 2000.0) == pytest.approx([600.0])


def test_a_fee_has_a_cap_and_counts_earlier_distributions():
    structure = fund(Bonus(0.5, "fund_manager", cap=120.0, hurdle=MultipleCap(1.1)))
    rows = tuple(
        (dt.date(year, 1, 1), "city", np.array([amount]))
        for year, amount in ((2024, 1050.0), (2025, 150.0), (2026, 1000.0))
    )
    flows = cashflows(structure, Given(rows, 1))
    # 50 are missing to 1.1 times the principal after the first year: half of 100 in the second;
    # in the third the cap leaves 70.
    fees = flows.ladder.bonuses[0][0]
    assert fees[fees > 0].tolist() == pytest.approx([50.0, 70.0])
    assert np.abs(flows.flows.values.sum(axis=2)).max() < 1e-9


def test_yaml_and_what_is_refused():
    stated = Bonus(0.2, "fund_manager", hurdle=SimpleCap(0.05))
    assert load(Bonus, dump(stated)) == stated
    with pytest.raises(InputError, match=r"bonuses\[0\].hurdle: .* every tranche has one"):
        fund(Bonus(0.2, hurdle=0.05), senior=Senior(900.0, 0.1), subordinate=(Junior(100.0, 0.1),))
    with pytest.raises(InputError, match=r"hurdle.*not below 0"):
        Bonus(0.2, hurdle=-0.05)
