"""The Koto-SIB case gives the published figures.

Source: evaluation of the Koto-SIB (2024): per assigned person over three years earnings +4,500 EUR
(+18 %), taxes +1,330, transfers -1,340, together 2,670 EUR (12 %); 2,636 assigned, 1,692 trainings
completed; 1,500 EUR for each and half of the difference; about 14 M EUR committed and lost in part;
about 6.8 M EUR of public savings reported, while 2,670 x 2,636 is 7.04 M EUR.
"""

from pathlib import Path

import numpy as np
import pytest

from impactmodel.case import Case
from impactmodel.running import run_case

CASE = Path(__file__).parents[2] / "examples/koto_sib/case.yaml"


@pytest.fixture(scope="module")
def result():
    return run_case(Case.from_yaml(CASE))


def effect(result, name):
    return result.outcomes.effect().sel(outcome=name).values[:, 0, 0].mean()


def test_taxes_and_transfers_are_2_670_a_person_and_half_of_it_1_335(result):
    per_person = effect(result, "taxes") - effect(result, "transfers")
    assert per_person == pytest.approx(2670, abs=1e-6)
    paid = result.payments.by_clause()["taxes_and_transfers"].mean() / 2636
    # The payment is at least 0, which cuts the draws off below: by less than a cent a person.
    assert paid == pytest.approx(1335, abs=0.01)


def test_shares_of_the_level_are_those_published(result):
    # 18 %, rounded to a whole percent; and 2,670 is 12 % of 22,250 as 4,500 is of 25,000.
    level = result.outcomes.level("counterfactual", "earnings").values.mean()
    assert effect(result, "earnings") / level == pytest.approx(0.18, abs=0.005)


def test_payments_are_about_6_1_million(result):
    # 1,692 trainings: the share is rounded to four decimals, so by 2,636 * 0.00005 trainings.
    training = result.payments.by_clause()["completed_training"].mean()
    assert training == pytest.approx(1692 * 1500, abs=2636 * 0.00005 * 1500)
    assert result.payments.total().mean() == pytest.approx(6.1e6, abs=0.05e6)


def test_the_fund_loses_and_the_target_is_missed_while_the_effect_is_positive(result):
    assert result.returns.probability_of_loss > 0.99
    assert [v.probability_met for v in result.verdicts] == [0.0]
    gain = result.outcomes.effect().sel(outcome="earnings").values
    assert (gain > 0).mean() > 0.99


def test_savings_are_7_04_million_undiscounted_and_the_note_says_so(result):
    by_year = result.savings.by_year()
    # Three calendar years; 7.04 is 2,670 x 2,636 to two decimals.
    assert list(by_year) == [2019, 2020, 2021]
    assert sum(d.mean() for d in by_year.values()) == pytest.approx(2670 * 2636, abs=1)
    # Present value at 3.5 % by calendar year, by hand; days of a leap year in the middle.
    days = np.array([365, 366, 365]) / 1096
    expected = 2670 * 2636 * float(days @ (1.035 ** -np.arange(3.0)))
    assert result.savings.total().mean() == pytest.approx(expected, abs=1)
    assert any("7.04 M EUR" in note and "6.8 M EUR" in note for note in result.notes)


def test_the_municipality_bears_no_benefit_here_and_much_of_it_beside(result):
    ledger = result.savings.ledger
    benefit = ledger.dataset["line"].values == "transfers"
    assert "municipality" not in ledger.dataset["payer"].values[benefit]
    beside = next(s for n, s in result.beside.items() if "same effect" in n)
    # Half of labour market subsidy between 300 and 1,000 paid days (law 1415/2014 in 2019).
    part = beside.by_line("municipality")["transfers"] / -beside.by_line("participant")["transfers"]
    np.testing.assert_allclose(part, 0.5, rtol=1e-9)
    np.testing.assert_allclose(beside.total(), result.savings.total())


def test_three_correlations_and_three_variations_are_shown(result):
    seen = [(v.correlation, v.variation) for v in result.varied]
    assert seen == [(r, cv) for cv in (0.15, 0.3, 0.6) for r in (0.0, 0.5, 1.0)]
    # Closed form: sd of half the difference is half the root of the sum of squares, r = 0.
    sd = 0.5 * 2636 * 0.3 * np.hypot(1330, 1340)
    trainings = 2636 * 1500 * 0.0093
    row = result.varied[seen.index((0.0, 0.3))]
    # 4,000 draws: the joint covariance is exact by construction, the cut at 0 is negligible.
    assert row.payments.std() == pytest.approx(np.hypot(sd, trainings), rel=1e-3)
