"""What drives a result, in every output, on the case whose every number is done by hand."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import openpyxl
import pytest

from impactmodel.core.errors import InputError
from impactmodel.report.brief import brief
from impactmodel.report.drivers_section import drivers_blocks
from impactmodel.report.languages import Language
from impactmodel.report.run_page import run_page
from impactmodel.report.summary import summary
from impactmodel.report.workbook import workbook
from impactmodel.running import CaseResult
from tests.unit.report.given import CONTRACT, FINNISH, FUND, PUBLIC, TAX, Run

ZERO = "discount_rate: 0\n"
"""So that the net present value is received less paid in: half of the tax of two years, 100 people,
less 2,000: -1,000, 0, 1,000 and 2,000, on average 500."""
SOCIAL = "social_values: [{outcome: taxes, value: 3, source: a study}]\n"


def of(result: CaseResult, party: str):  # type: ignore[no-untyped-def]
    assert result.drivers is not None
    (driven,) = (d for d in result.drivers.driven if d.party == party)
    return driven


def moves(result: CaseResult, party: str) -> dict[str, tuple[float, float]]:
    driven = of(result, party)
    base = driven.amounts.base.mean()
    return {
        s.name: (s.at_low.mean() - base, s.at_high.mean() - base) for s in driven.amounts.swings
    }


def test_the_tornado_of_investors_by_hand(run: Run) -> None:
    result = run(ZERO, CONTRACT, FUND)
    assert of(result, "investors").amounts.base.tolist() == [-1000.0, 0.0, 1000.0, 2000.0]
    found = moves(result, "investors")
    sd = 100 * float(TAX.std())
    assert next(iter(found)) == "effect.taxes"
    # A standard deviation less, the first draw would pay less than nothing: it pays nothing.
    low = float(np.maximum(100 * TAX - sd, 0.0).mean()) - 2500
    assert found["effect.taxes"] == pytest.approx((low, sd))
    assert found["contract.clauses.0.payment.share"] == pytest.approx((-250.0, 250.0))
    assert found["cohort"] == pytest.approx((-250.0, 250.0))
    # Costs above the commitment are the provider's: the investors lose no more.
    assert found["funding.service_costs.set_up"] == pytest.approx((200.0, 0.0))
    # Without discounting a later payment moves nothing.
    assert "contract.evaluation.lag_months" not in found
    chances = {s.name: s for s in of(result, "investors").chances.swings}
    assert of(result, "investors").chances.base.mean() == 0.25
    assert chances["effect.taxes"].at_low.mean() == 0.75


def test_two_inputs_scenarios_and_break_even_by_hand(run: Run) -> None:
    result = run(ZERO, CONTRACT, FUND)
    driven = of(result, "investors")
    assert {driven.grid.first[0], driven.grid.second[0]} <= set(moves(result, "investors"))
    assert driven.grid.draws[1, 1].tolist() == driven.amounts.base.tolist()
    assert driven.scenarios["no_effect"].tolist() == [-2000.0] * 4
    assert driven.scenarios["effects_low"].mean() == pytest.approx(
        np.maximum(100 * (TAX - TAX.std()), 0).mean() - 2000
    )
    assert driven.scenarios["widest_low"].mean() < driven.amounts.base.mean()
    needed = {n.of: n.found.factor for n in result.drivers.needed}
    # 2,500 are paid on average, 2,000 are needed.
    assert needed == pytest.approx({"effect": 0.8, "cohort": 0.8}, rel=1e-3)


def test_a_payer_with_savings_is_judged_by_its_net_position(run: Run) -> None:
    result = run("discount_rate: 0\n", CONTRACT, PUBLIC)
    driven = of(result, "state")
    assert driven.gain == "net"
    np.testing.assert_allclose(driven.amounts.base, result.net.by_payer()["state"])
    assert "public.values.0.value" in moves(result, "state")
    paid = run(ZERO, CONTRACT)
    assert of(paid, "state").gain == "paid"
    np.testing.assert_allclose(of(paid, "state").amounts.base, paid.payments.total())
    assert paid.drivers.needed == ()


def test_what_a_payer_spends_beside_counts_and_moves_by_hand(run: Run) -> None:
    budget = """budget:
  currency: EUR
  costs: [{name: evaluation, payer: state, amount: 300, date: 2024-06-30}]
"""
    without, result = (run("discount_rate: 0\n", CONTRACT, PUBLIC, more) for more in ("", budget))
    assert of(result, "state").amounts.base == pytest.approx(
        of(without, "state").amounts.base - 300
    )
    # The drivers say what the net position says.
    assert of(result, "state").amounts.base == pytest.approx(result.net.by_payer()["state"])
    assert moves(result, "state")["budget.costs.0.amount"] == pytest.approx((30.0, -30.0))
    assert "Cost beside the payments: evaluation" in run_page(result).html()
    finnish = repr(drivers_blocks(result, Language("fi", {"evaluation": "arviointi"})))
    assert "Kustannus maksujen lisäksi: arviointi" in finnish


def test_a_case_states_its_own_ranges_and_scenarios(run: Run) -> None:
    own = """
sensitivity:
  ranges: {funding.service_costs.set_up: [1000, 2000], effect: [0.5, 2]}
  scenarios: {Half and cheap: {effect: 0.5, funding.service_costs.set_up: 1000}}
"""
    result = run(ZERO, CONTRACT, FUND, own)
    found = moves(result, "investors")
    assert found["funding.service_costs.set_up"] == pytest.approx((1000.0, 0.0))
    assert found["effect"] == pytest.approx((-1250.0, 2500.0))
    scenario = of(result, "investors").scenarios["Half and cheap"]
    assert scenario.tolist() == [-500.0, 0.0, 500.0, 1000.0]
    # A clause by its name is the same as by its place.
    named = "sensitivity: {ranges: {contract.clauses.half.payment.share: [0.25, 0.5]}}\n"
    by_name = moves(run(ZERO, CONTRACT, FUND, named), "investors")
    assert by_name["contract.clauses.half.payment.share"] == pytest.approx((-1250.0, 0.0))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("ranges: {funding.service_costs.setup: [1, 2]}", r"sensitivity\.ranges\.funding.*set_up"),
        ("ranges: {cohort: [2, 1]}", r"ranges\.cohort.*rises"),
        ("scenarios: {S: {contract.cap: -1}}", r"sensitivity\.scenarios\.S.*above 0"),
        ("change: 10", r"change.*between 0 and 1"),
    ],
)
def test_what_cannot_be_varied_is_refused(run: Run, text: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        run(CONTRACT, FUND, f"sensitivity: {{{text}}}\n")


def test_what_cannot_be_computed_by_default_is_listed(run: Run) -> None:
    late = CONTRACT.replace("  population", "  end: 2026-02-01\n  population")
    result = run(ZERO, late, FUND)
    ((key, value, reason),) = result.drivers.refused
    assert (key, value) == ("contract.evaluation.lag_months", 6.0)
    assert "after the contract's end" in reason
    assert "after the contract&#39;s end" in run_page(result).html()


def test_every_output_has_it(run: Run, tmp_path: Path) -> None:
    result = run(ZERO, CONTRACT, FUND, PUBLIC, FINNISH, SOCIAL)
    html = run_page(result).html()
    section = html.split('<section id="drivers"')[1].split("</section>")[0]
    assert section.count("<svg") == 2
    assert "50\u00a0% equal-tailed interval" in section
    assert "0.80 times the effect of this case" in section
    assert "with 80 people" in section
    found = summary(result)["drivers"]
    investors = found["parties"][0]
    assert (investors["party"], investors["stated"]["kind"]) == ("investors", "equal-tailed")
    by_key = {one["key"]: one for one in investors["inputs"]}
    assert by_key["cohort"]["at_high"]["change"] == pytest.approx(250.0)
    assert found["break_even"]["cohort"]["people"]["mean"] == pytest.approx(80.0, rel=1e-3)
    json.dumps(found, allow_nan=False)
    book = openpyxl.load_workbook(workbook(result, path=tmp_path / "book.xlsx"))
    rows = [[c.value for c in row] for row in book["Uncertainty"].iter_rows()]
    (at,) = (
        i
        for i, r in enumerate(rows)
        if "One input at a time: Net present value of inv" in str(r[0])
    )
    cohort = next(r for r in rows[at:] if r[0] == "People in the cohort, of those stated")
    assert cohort[2:6] == pytest.approx([0.9, 1.1, -250.0, 250.0])


def test_impact_measures_by_hand(run: Run) -> None:
    result = run(ZERO, CONTRACT, FUND, SOCIAL)
    impact = result.impact
    # 200 times the effect on taxes; three euros a unit; costs of 2,000.
    assert impact.outcomes["taxes"].tolist() == (200 * TAX).tolist()
    assert impact.sroi == pytest.approx(600 * TAX / 2000)
    assert impact.outcomes_per_unit_paid("taxes") == pytest.approx([2.0] * 4)
    assert summary(result)["impact"]["measures"]["sroi"]["median"] == pytest.approx(7.5)
    assert "social value of 'taxes': 3 per unit (a study, UNVERIFIED)" in result.assumptions
    html = run_page(result).html()
    assert "Social return on investment" in html
    assert "UNVERIFIED" in html
    bare = run(ZERO, CONTRACT)
    assert np.isnan(bare.impact.sroi).all()
    assert "Social return" not in run_page(bare).html()
    with pytest.raises(InputError, match=r"social_values\[0\]\.outcome: no such outcome"):
        run(CONTRACT, "social_values: [{outcome: jobs, value: 3}]\n")


def test_finnish_has_no_english(run: Run) -> None:
    result = run(ZERO, CONTRACT, FUND, PUBLIC, FINNISH, SOCIAL)
    edition = brief(result).editions[0]
    said = " ".join(edition.drivers)
    assert said.startswith("Nettonykyarvo, kun korko on 0\u00a0% (sijoittajat): eniten vaikuttavat")
    assert "vaikutus: verot" in said
    assert "0,80-kertainen" in said
    blocks = repr(drivers_blocks(result, Language("fi", {"taxes": "verot"})))
    for word in ("Input", "stated", "Change", "Effect", "Cost of", "probability", "Scenario"):
        assert word not in blocks


def test_a_case_without_a_contract_has_none(run: Run) -> None:
    result = run(PUBLIC)
    assert result.drivers is None
    assert summary(result)["drivers"] is None
    assert 'id="drivers"' not in run_page(result).html()
