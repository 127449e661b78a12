"""A case whose contract pays on public money that the rules give: end to end, from one file."""

import json

import numpy as np
import pytest

from impactmodel.case import Case
from impactmodel.fiscal import as_outcomes
from impactmodel.running import run_case
from tests.evidence import published_job

PERSON = {
    "wage": 2500,
    "age": 30,
    "benefit": "labour_market_subsidy",
    "municipality": "helsinki",
    "paid_days": 500,
}


def case(**more):
    """Share of a year in work .3 against .2 (sd of the effect .03), 400 people, two years."""
    return {
        "name": "Half of what the public purse saves",
        "draws": 1000,
        "pays_on": "savings",
        "evidence": published_job(
            "2024-01-01", 2, people=400, estimate=0.1, se=0.03, level=0.2, correlation=1.0
        ),
        "contract": {
            "name": "savings",
            "currency": "EUR",
            "start": "2024-01-01",
            "evaluation": {"comparison_size": 400, "lag_months": 12},
            "clauses": [
                {
                    "name": "saving",
                    "index": {"tax": 1, "benefit": -1},
                    "basis": {"type": "measured_impact"},
                    "payment": {"type": "share", "share": 0.5},
                    "floor": None,
                    "payer": "state",
                }
            ],
        },
        "public": {"type": "rules", "driver": "job", "persons": [PERSON]},
        "sensitivity": {"correlations": [], "variations": []},
        **more,
    }


def run(tmp_path, data):
    path = tmp_path / "case.yaml"
    path.write_text(json.dumps(data), encoding="utf-8")
    return run_case(Case.from_yaml(path))


@pytest.fixture(scope="module")
def expected(tmp_path_factory):
    return run(tmp_path_factory.mktemp("expected"), case(view="expected"))


def test_half_of_the_saving_is_paid_draw_by_draw(expected):
    found = expected
    saved = found.savings.ledger.total()
    assert found.payments.total() == pytest.approx(0.5 * saved, rel=1e-9)
    assert found.payments.lineage == found.savings.lineage
    # By the rules of 2024 and 2025 a year's work is worth about 19,600 euros to the public purse.
    assert saved.mean() / (400 * 0.1 * 2) == pytest.approx(19_600, abs=800)
    assert found.net.probability_overpays("municipality") == 0.0
    years = found.budget.sel(item="payments").sum("payer").mean("draw").to_series()
    assert {y for y, a in years.items() if a} == {2026, 2027}
    savings = found.budget.sel(item="savings", payer=list(found.savings.ledger.public_payers))
    assert savings.sum(("payer", "year")).values == pytest.approx(saved)


def test_measured_payments_are_as_large_on_average_and_spread_as_people_differ(tmp_path, expected):
    measured = run(tmp_path, case(view=None))
    assert measured.payments.view == "measured"
    noise = measured.payments.total() - expected.payments.total()
    # Two means of 400 people each; a person's two years hang together: sum over outcome and year.
    covariance = as_outcomes(expected.savings).dataset["covariance"].values[:, 0]
    sign = np.array([1.0, -1.0])
    names = expected.paid_on.dataset["outcome"].values.tolist()
    assert names in (["tax", "benefit"], ["benefit", "tax"])
    sign = sign if names[0] == "tax" else -sign
    people = np.einsum("aoypz,o,p->a", covariance, sign, sign)
    sd = 0.5 * 400 * np.sqrt(people.sum() / 400)
    # 1,000 draws: an sd is known to 2.2 %, the simulated covariance to 2 %.
    assert noise.std() == pytest.approx(sd, rel=0.1)
    assert abs(noise.mean()) < 4 * sd / np.sqrt(1000)


def test_no_effect_pays_nothing_at_the_expected_outcomes(tmp_path):
    data = case(view="expected")
    for estimate in data["evidence"]["published"]["estimates"]:
        estimate |= {"estimate": 0.0, "uncertainty": {"type": "standard_error", "se": 1e-12}}
    found = run(tmp_path, data)
    assert np.abs(found.payments.total()).max() < 1e-4
    assert np.abs(found.savings.total()).max() < 1e-4


def test_a_later_start_moves_savings_and_payments(tmp_path):
    data = case(view="expected")
    data["contract"]["start"] = "2023-07-01"
    data["evidence"]["published"]["periods"] |= {"start": "2023-07-01"}
    found = run(tmp_path, data)
    assert found.savings.ledger.years == (2023, 2024, 2025)
    assert found.payments.total() == pytest.approx(0.5 * found.savings.ledger.total(), rel=1e-9)
    assert "months of 2023 before the start are on benefit in both arms" in found.assumptions
