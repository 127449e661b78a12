"""A stranger's contract takes levels and prices by stratum from its clients."""

from dataclasses import replace

import numpy as np
import openpyxl
import pandas as pd
import pytest

from impactmodel.case import Case
from impactmodel.case_tables import Material
from impactmodel.case_terms import with_clients
from impactmodel.cli.check import check_file
from impactmodel.contract import Rate, open_terms
from impactmodel.core.errors import InputError
from impactmodel.core.outcomes import Outcomes
from impactmodel.report import run_page, workbook
from impactmodel.report.summary import summary
from impactmodel.running import run_case
from tests.spreadsheet import convert

FLAT = 40_000
CASE = """
name: Contract of a region
seed: 7
draws: 500
evidence:
  type: clients
  rows:
    type: file
    file: register.csv
    population: made-up people of a test
    table:
      index: entered
      features:
        school: {type: category, levels: [basic, upper]}
        weeks: {type: number, unit: weeks}
        woman: {type: flag}
      protected: [woman]
      service: measure
      services: [none, coach, wages]
    targets: [{name: own_work, event: own work, horizon_days: 300, days_required: 60}]
  periods: {start: 2028-03-01, step: year, count: 1, clock: since_start}
  purpose:
    legal_basis: section 1 of an act
    permit: T-2
    controller: a test
    purpose: evaluation
    allowed_outputs: [effect]
    expires: 2099-12-31
    retention: 2099-12-31
  use:
    name: test_use
    assesses: the chance of own work
    purpose:
      legal_basis: section 2 of an act
      permit: ""
      controller: a test
      purpose: client_work
      allowed_outputs: [client_decision]
      expires: 2099-12-31
      retention: 2099-12-31
    variables: [school, weeks, woman]
    oversight: {role: adviser, also_uses: [the interview], contact: the desk}
  plan:
    anticipation: {target: own_work, policy: {type: without_service}}
    later: 2026-07-01
    groups: {type: given_groups, by: [school]}
    places: {capacity: {coach: 300, wages: 200}, random_share: 0.2}
    audited: [woman]
HIDDEN
contract:
  name: Region pays for own work
  currency: SEK
  start: 2028-03-01
  population: participants
  rounding: {places: 0}
  clauses:
    - name: work
      outcome: own_work
      BASIS
      PAYMENT
      payer: region
"""
LEVELS = "basis: {type: above_prediction, prediction: {type: case_mix, decimals: 2}}"
GROSS = "basis: {type: gross}"
PRICES = f"payment: {{type: rate, price: {{type: case_mix, flat: {FLAT}, decimals: 0}}}}"
HIDDEN = "    hidden: {size: {type: normal, sd: 0.02}, reason: motivation}"


def people(size=4000):
    """Return people of whom the basic have .3 and the upper .6 without a service; both gain .1."""
    rng = np.random.default_rng(5)
    basic, weeks, woman = rng.random(size) < 0.4, rng.gamma(2, 10, size), rng.random(size) < 0.5
    got = rng.choice(3, size, p=[0.5, 0.25, 0.25])
    chance = np.where(basic, 0.3, 0.6) + 0.1 * (got > 0)
    day = np.datetime64("2026-01-01") + rng.integers(0, 365, size)
    return pd.DataFrame(
        {
            "entered": day.astype(str),
            "school": np.where(basic, "basic", "upper"),
            "weeks": weeks.round(1),
            "woman": woman.astype(int),
            "measure": np.array(["none", "coach", "wages"])[got],
            "own_work": (rng.random(size) < chance).astype(int),
        }
    )


def written(folder, basis=LEVELS, payment=PRICES, hidden=""):
    people().to_csv(folder / "register.csv", index=False)
    path = folder / "case.yaml"
    text = CASE.replace("BASIS", basis).replace("PAYMENT", payment).replace("HIDDEN", hidden)
    path.write_text(text)
    return path


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    folder = tmp_path_factory.mktemp("terms")
    return run_case(Case.from_yaml(written(folder, hidden=HIDDEN)))


def test_the_contract_states_what_the_clients_say(ran):
    contract, offer = ran.case.contract, ran.evidence_report.case_mix
    assert open_terms(contract) == ()
    (clause,) = contract.clauses
    levels, prices = clause.basis.prediction, clause.payment.price
    # Planted chances; 2,000 people of the later window learnt from 1,000 unserved earlier ones:
    # a standard error of .02, and the contract rounds to .01.
    for name, planted in (("school basic", 0.3), ("school upper", 0.6)):
        assert abs(levels[name] - planted) < 0.08
        assert levels[name] == round(offer.mix.baseline[name], 2)
    mean = sum(n * offer.mix.baseline[s] for n, s in zip(offer.mix.people, prices, strict=True))
    mean /= offer.mix.people.sum()
    for name, price in prices.items():
        assert price == round(FLAT * mean / offer.mix.baseline[name])
    assert {term.key for term in offer.fixed} == {
        "clauses[0].basis.prediction",
        "clauses[0].payment.price",
    }


def test_payments_are_prices_times_outcomes_above_the_levels(ran):
    clause = ran.case.contract.clauses[0]
    data = ran.outcomes.dataset
    wanted = 0.0
    for g, group in enumerate(data["group"].values.tolist()):
        above = data["treated"].values[:, g, 0, 0] - clause.basis.prediction[group]
        wanted = (
            wanted + ran.outcomes.cohort_size.values[:, g] * above * clause.payment.price[group]
        )
    np.testing.assert_allclose(ran.payments.total(), np.maximum(wanted, 0).round(), atol=1.0)
    assert ran.payments.currency == "SEK"
    assert ran.payments.contract.payers == ("region",)


def test_hidden_bias_widens_what_is_paid_and_moves_no_mean(ran):
    learnt, (before,) = ran.evidence_report.learnt, ran.varied
    np.testing.assert_allclose(
        learnt.drawn.effect.mean(axis=0), learnt.recorded.effect.mean(axis=0), atol=1e-12
    )
    grown = learnt.drawn.effect.var(axis=0) - learnt.recorded.effect.var(axis=0)
    # The prior's variance of .02², plus twice a covariance that is 0 but for 500 draws.
    noise = 4 * 2 * 0.02 * learnt.recorded.effect.std(axis=0) / np.sqrt(500)
    assert (np.abs(grown - 0.02**2) < noise + 4 * 0.02**2 * np.sqrt(2 / 500)).all()
    assert ran.payments.total().std() > before.payments.std()
    assert any("motivation" in said for said in ran.assumptions)
    assert not any("among the recorded columns" in said for said in ran.assumptions)
    assert ran.warnings == ()


def test_report_and_summary_print_the_case_mix(ran):
    html = run_page(ran).html()
    for text in (
        "Case mix: what a contract pays for anyway",
        "Beyond the stock, points",
        "as in the clause “work”",
        "What taking the easiest adds to the expected payment",
        "Effects with and without the prior of hidden bias",
        "Money with and without the prior of hidden bias",
    ):
        assert text in html
    found = summary(ran)["evidence"]
    strata = found["case_mix"]["strata"]
    chances = [one["chance_without_service"]["mean"] for one in strata.values()]
    paid = [one["price"] * chance for one, chance in zip(strata.values(), chances, strict=True)]
    # The same for nothing in every stratum, but for prices rounded to a krona.
    assert paid[0] == pytest.approx(paid[1], abs=1.0)
    easy = found["case_mix"]["taking_the_easiest"]["easiest strata first"]
    assert easy["one price"]["mean"] > 1_000_000
    assert abs(easy["prices by stratum"]["mean"]) < 1000
    assert found["hidden"]["prior"]["sd"] == {"coach": 0.02, "wages": 0.02}
    (run,) = found["hidden"]["nothing_hidden"]["money"]
    assert run["payments"]["sd"] < summary(ran)["payments"]["total"]["sd"]


def test_without_a_prior_the_effects_are_said_to_assume_that_nothing_is_hidden(tmp_path):
    found = run_case(Case.from_yaml(written(tmp_path, GROSS, "payment: {type: rate, price: 90}")))
    (said,) = [w for w in found.warnings if "caseworkers" in w]
    assert "no prior of hidden bias is stated" in said
    assert "E-value" in said
    assert found.varied == ()
    assert found.evidence_report.learnt.drawn is found.evidence_report.learnt.recorded
    html = run_page(found).html()
    assert html.count("no prior of hidden bias is stated") >= 2
    assert "SEK\u00a090, as in the clause “work”" in html


@pytest.mark.libreoffice
def test_recalculated_the_sheet_of_the_case_mix_is_the_same(ran, libreoffice, tmp_path):
    path = workbook(ran, path=tmp_path / "book.xlsx")
    stored = openpyxl.load_workbook(path, data_only=True)
    convert(libreoffice, tmp_path / "out", "xlsx", path)
    fresh = openpyxl.load_workbook(tmp_path / "out" / "book.xlsx", data_only=True)
    formulas = openpyxl.load_workbook(path)["Case mix"]
    checked = 0
    for row in formulas.iter_rows():
        for cell in row:
            if cell.data_type == "f":
                before = stored["Case mix"][cell.coordinate].value
                after = fresh["Case mix"][cell.coordinate].value
                assert after == pytest.approx(before, rel=1e-9, abs=1e-6)
                checked += 1
    assert checked >= 20
    assert fresh["Checks"]["B5"].value == "PASS"


BASIS_AT, PAYMENT_AT, HIDDEN_AT = range(3)
SPOILT = [
    (
        (GROSS, "payment: {type: rate, price: {school basic: 90, school middle: 80}}", ""),
        PAYMENT_AT,
        "contract.clauses[0].payment.price: the clients have no such group "
        "(seen: 'school middle'); use school basic; school upper",
    ),
    (
        (
            "basis: {type: above_prediction, prediction: {school basic: 0.3, school uper: 0.6}}",
            "payment: {type: rate, price: 90}",
            "",
        ),
        BASIS_AT,
        "contract.clauses[0].basis.prediction: the clients have no such group "
        "(seen: 'school uper')",
    ),
    (
        (LEVELS.replace("2}", "-1}"), PRICES, ""),
        BASIS_AT,
        "contract.clauses[0].basis.prediction.decimals: decimals lie between 0 and 12",
    ),
    (
        (GROSS, PRICES.replace(str(FLAT), "-5"), ""),
        PAYMENT_AT,
        "contract.clauses[0].payment.price.flat: a price is above 0",
    ),
    (
        (GROSS, PRICES, HIDDEN.replace("0.02", "-0.02")),
        HIDDEN_AT,
        "evidence.plan.hidden.size.sd: this must be above 0",
    ),
    (
        (GROSS, PRICES, HIDDEN.replace("motivation", "motivation, shared: 1.2")),
        HIDDEN_AT,
        "evidence.plan.hidden.shared: the shares of the variance add up to more than 1",
    ),
    (
        (GROSS, PRICES, HIDDEN.replace("normal, sd: 0.02", "benchmark, covariate: height")),
        HIDDEN_AT,
        "evidence.plan.hidden.size.covariate: no such column (seen: 'height'); use one of school",
    ),
]


@pytest.mark.parametrize(("parts", "at", "said"), SPOILT)
def test_what_cannot_be_used_is_said_with_key_and_line(tmp_path, capsys, parts, at, said):
    path = written(tmp_path, *parts)
    lines = path.read_text().splitlines()
    line = 1 + next(n for n, text in enumerate(lines) if parts[at].strip() in text)
    assert not check_file(path, as_json=False)
    assert f"line {line}, {said}" in capsys.readouterr().out


def test_a_price_for_a_group_that_gets_no_place_is_refused(ran):
    story = ran.evidence_report
    alone = Material(Outcomes(ran.outcomes.dataset.isel(group=[0])), report=story)
    with pytest.raises(InputError, match=r"nobody of this group gets a place .*school upper"):
        with_clients(ran.case.contract, alone)
    level = replace(ran.case.contract.clauses[0], payment=Rate(90.0))
    kept = replace(ran.case.contract, clauses=(level,))
    assert with_clients(kept, alone) == (kept, alone)


def test_other_evidence_has_no_case_mix(tmp_path):
    path = written(tmp_path)
    _, contract = path.read_text().split("contract:\n")
    path.write_text(
        "name: Trial\nevidence: {type: outcomes, file: some.nc}\ncontract:\n" + contract
    )
    with pytest.raises(InputError) as caught:
        Case.from_yaml(path)
    (problem,) = caught.value.problems
    assert problem.line == 12
    assert problem.key == "contract.clauses[0].basis.prediction"
    assert "needs evidence of type 'clients'" in problem.what
