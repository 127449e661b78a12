"""Stated lines beside the rules: tax on consumption and services, against sums by hand."""

import datetime as dt

import numpy as np
import pytest

from impactmodel.core.distribution import Beta, Normal
from impactmodel.core.errors import InputError
from impactmodel.core.measures import OutcomeMeasure
from impactmodel.core.outcomes import Outcomes, Provenance
from impactmodel.core.schedule import Periods
from impactmodel.core.spec import dump, load
from impactmodel.fiscal import Person, RuleSide, ServiceCost, at_expected_months, savings

PERSON = Person(wage=2500.0, age=30.0, municipality="helsinki")
SERVICES = (
    ServiceCost("employment_services", "municipality", 120.0, source="a budget"),
    ServiceCost("social_work", "wellbeing_county", 40.0),
)


def outcomes(treated, without, draws=1, size=10.0):
    rng = np.random.default_rng(2)
    shift = rng.normal(0, 0.02, (draws, 1, 1, 2)) if draws > 1 else np.zeros((1, 1, 1, 2))
    treated, without = (np.asarray(a, float)[None, None, None, :] for a in (treated, without))
    return Outcomes.from_draws(
        treated + shift,
        without + 0 * shift,
        measures=[OutcomeMeasure("job", kind="binary", channel="employment")],
        periods=Periods(dt.date(2024, 1, 1), "year", 2),
        cohort_size=size,
        provenance=Provenance(),
    )


def run(draws=1, **given):
    side = RuleSide(persons=(PERSON,), **given)
    return savings(outcomes([0.6, 0.5], [0.4, 0.4], draws), side, seed=3)


def test_services_cost_months_out_of_work():
    found = run(services=SERVICES)
    # 10 people, .2 and .1 of a year more in work.
    assert found.ledger.cell("municipality", "employment_services", 2024)[0] == pytest.approx(
        10 * 0.2 * 12 * 120
    )
    assert found.ledger.cell("wellbeing_county", "social_work", 2025)[0] == pytest.approx(
        10 * 0.1 * 12 * 40
    )


def test_consumption_tax_is_a_share_of_extra_net_income():
    plain, taxed = run(), run(consumption_tax=0.15)
    for year in (2024, 2025):
        net = sum(
            float(plain.ledger.cell("participant", line, year)[0])
            for line in plain.ledger.lines
            if "participant" in plain.ledger.view("payer", "line", "year").payer.values
            and not line.startswith("employer_")
        )
        state = float(taxed.ledger.cell("state", "consumption_tax", year)[0])
        assert state == pytest.approx(0.15 * net)
        assert taxed.ledger.cell("participant", "consumption_tax", year)[0] == -state


def test_uncertain_values_are_carried_draw_by_draw():
    found = run(
        draws=400,
        consumption_tax=Beta(0.15, 0.02),
        services=(ServiceCost("services", "municipality", Normal(100.0, 10.0)),),
    )
    plain = run(draws=400)
    share = found.ledger.cell("state", "consumption_tax", 2024) / sum(
        plain.ledger.cell("participant", line, 2024)
        for line in plain.ledger.lines
        if not line.startswith("employer_")
    )
    months = 10 * 12 * (found.ledger.cell("participant", "gross_wage", 2024) / (10 * 12 * 2500))
    cost = found.ledger.cell("municipality", "services", 2024) / months
    assert (share.mean(), share.std()) == pytest.approx((0.15, 0.02), rel=0.15)
    assert (cost.mean(), cost.std()) == pytest.approx((100.0, 10.0), rel=0.15)


def test_the_central_scenario_has_them():
    found = run(consumption_tax=0.15, services=SERVICES, discount_rate=0.03)
    totals = found.central().totals()
    for payer, draws in found.by_payer().items():
        assert totals[payer] == pytest.approx(draws[0], rel=1e-12)
    doubled = found.central().changed({"service|social_work": 80.0}).totals()
    assert doubled["wellbeing_county"] == pytest.approx(2 * totals["wellbeing_county"])
    raised = found.central().changed({"consumption_tax": 0.3}).totals()
    assert raised["consumption_tax|state|2024"] == pytest.approx(
        2 * totals["consumption_tax|state|2024"]
    )


def test_a_sheet_at_expected_months_has_them():
    found = run(consumption_tax=0.15, services=SERVICES)
    rows = at_expected_months(found).set_index(["line", "payer"])
    service = rows.loc[("social_work", "wellbeing_county")]
    assert service["difference"] == pytest.approx(0.0, abs=1e-9)
    assert ("consumption_tax", "state") in rows.index


def test_they_are_explained_and_called_assumptions():
    found = run(consumption_tax=0.15, services=SERVICES)
    assert "0.15 of the change" in found.explain("state", "consumption_tax", 2024)
    assert "120.00 EUR for each month out of work (a budget)" in found.explain(
        "municipality", "employment_services", 2024
    )
    said = " ".join(found.assumptions)
    assert "assumed: 15% of participants' extra net income" in said
    assert "social_work: 40 EUR for a month out of work, borne by the wellbeing_county (an" in said


def test_no_effect_saves_nothing_and_none_stated_leaves_no_line():
    side = RuleSide(persons=(PERSON,), consumption_tax=0.2, services=SERVICES)
    flat = savings(outcomes([0.4, 0.4], [0.4, 0.4]), side)
    assert all(np.all(draws == 0.0) for draws in flat.by_payer().values())
    assert "consumption_tax" not in run().ledger.lines


def test_they_are_read_from_a_file():
    side = RuleSide(persons=(PERSON,), consumption_tax=Beta(0.15, 0.02), services=SERVICES)
    assert load(RuleSide, dump(side)) == side


class TestRefusals:
    @pytest.mark.parametrize("share", [-0.1, 1.0, Normal(0.5, 1.0)])
    def test_no_share(self, share):
        with pytest.raises(InputError, match="share of extra income"):
            run(draws=50, consumption_tax=share)

    def test_a_negative_cost(self):
        with pytest.raises(InputError, match="a cost is not negative"):
            run(services=(ServiceCost("x", "state", -1.0),))

    def test_an_empty_payer(self):
        with pytest.raises(InputError, match="this is empty"):
            ServiceCost("x", " ", 1.0)
