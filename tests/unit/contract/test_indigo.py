"""INDIGO records: reading, the faults of public data, contracts both ways.

The shape is that of the standard's schema ``project.json`` (April 2024). The Apollo case is public
(INDIGO-POJ-0123, Government Outcomes Lab): prices, units, what was paid and the maximum; the
payer's identifier and the dates here are made up. The other record is synthetic.
"""

import copy
import datetime as dt
import json

import pandas as pd
import pytest

from impactmodel.cli.main import status
from impactmodel.contract import (
    BandTable,
    Clause,
    OutcomesContract,
    Rate,
    contract_from_indigo,
    contract_yaml,
    indigo_findings,
    indigo_record,
    read_indigo,
    settle,
)
from impactmodel.core.errors import InputError

# Units and price of each metric, as paid; metric 17 has 21 units of which 20 were paid.
APOLLO = [
    (103, 220),
    (91, 220),
    (87, 220),
    (99, 220),
    (53, 220),
    (45, 220),
    (32, 220),
    (17, 1760),
    (19, 4730),
    (3, 4730),
    (22, 110),
    (17, 330),
    (73, 660),
    (64, 2750),
    (54, 2750),
    (46, 2750),
    (33, 2750),
    (20, 220),
]
CAP, PAID = 1_083_550, 848_540


def v(value):
    return {"value": value, "source_ids": "s1", "status": "PUBLIC"}


def record():
    metrics = [f"Outcome metric {i}" for i in range(1, len(APOLLO) + 1)]
    return {
        "name": v("Apollo care-leavers"),
        "stage_development": v("Complete"),
        "dates": {
            "outcomes_contract_signed": v("2018-01"),
            "start_date_of_service_provision": v("2018-04-01"),
        },
        "overall_project_finance": {
            "maximum_potential_outcome_payment_v2": {"currency": v("GBP"), "amount": v(CAP)},
            "total_outcome_payments_made": {"currency": v("GBP"), "amount": v(PAID)},
        },
        "outcome_metrics": [{"id": name, "definition": v(name)} for name in metrics],
        "outcome_pricings": [
            {
                "outcome_metric_id": v(name),
                "currency": v("GBP"),
                "price_per_unit": {"amount": v(price)},
            }
            for name, (_, price) in zip(metrics, APOLLO, strict=True)
        ],
        "outcome_payment_commitments": [
            {
                "organisation_id": v("INDIGO-ORG-X"),
                "maximum_potential_outcome_payment": {"currency": v("GBP"), "amount": v(CAP)},
            }
        ],
        "outcome_payments": [
            {
                "outcome_metric_id": v(name),
                "type": v("Actual"),
                "payer_organisation_id": v("INDIGO-ORG-X"),
                "period": {"start_date": v("2018"), "end_date": v("2021-12-31")},
                "money": {
                    "currency": v("GBP"),
                    "amount": v(units * price),
                    "amount_usd": v(units * price * 1.3),
                },
            }
            for name, (units, price) in zip(metrics, APOLLO, strict=True)
        ],
        "results": [
            {
                "outcome_metric_id": v(metrics[0]),
                "number_engaged_in_impact_bond": v(150),
                "number_with_positive_social_outcomes": v(103),
            }
        ],
        "sources": [{"id": "s1", "name": v("Apollo data")}],
    }


def read(tmp_path, data, wrap=True):
    path = tmp_path / "project.json"
    whole = {"project": {"id": "INDIGO-POJ-0123", "data": data}} if wrap else data
    path.write_text(json.dumps(whole, indent=1), encoding="utf-8")
    return read_indigo(path)


class TestApollo:
    def test_the_public_record_is_consistent(self, tmp_path):
        project = read(tmp_path, record())
        assert (project.id, project.cap, project.paid) == ("INDIGO-POJ-0123", CAP, PAID)
        assert project.start == dt.date(2018, 4, 1)
        assert project.signed == dt.date(2018, 1, 1)
        assert sum(p.amount for p in project.payments) == PAID
        assert indigo_findings(project) == ()

    def test_its_contract_pays_what_was_paid(self, tmp_path):
        contract = contract_from_indigo(read(tmp_path, record()))
        rows = [
            {"outcome": clause.outcome, "total": units}
            for clause, (units, _) in zip(contract.clauses, APOLLO, strict=True)
        ]
        assert (contract.currency, contract.cap) == ("GBP", CAP)
        assert all(clause.assumed and clause.payer == "INDIGO-ORG-X" for clause in contract.clauses)
        assert settle(contract, pd.DataFrame(rows)).total == PAID

    def test_the_bare_data_reads_the_same(self, tmp_path):
        with_answer, bare = read(tmp_path, record()), read(tmp_path, record(), wrap=False)
        assert bare.id == ""
        assert bare.payments == with_answer.payments


def changed(**paths):
    """The record with values at ``a__0__b`` paths set."""
    data = copy.deepcopy(record())
    for path, value in paths.items():
        keys = [int(k) if k.isdigit() else k for k in path.split("__")]
        node = data
        for key in keys[:-1]:
            node = node[key]
        node[keys[-1]] = v(value)
    return data


FAULTS = {
    "cap_below_payments": (
        {"overall_project_finance__maximum_potential_outcome_payment_v2__amount": 800_000},
        ["the actual payments are above", "commitments do not add up"],
    ),
    "published_total": (
        {"overall_project_finance__total_outcome_payments_made__amount": 848_760},
        ["do not add up to the published total"],
    ),
    "text_in_a_number": (
        {"outcome_payments__0__money__amount": "£22,660"},
        ["a number without signs", "do not add up to the published total"],
    ),
    "no_whole_units": (
        {"outcome_payments__7__money__amount": 29_930},
        ["no whole number of units at 1,760.00", "do not add up to the published total"],
    ),
    "swapped_dollars": (
        {"outcome_payments__3__money__amount_usd": 10_000},
        ["implies 0.459 a unit, the others 1.3"],
    ),
    "unknown_metric": (
        {"outcome_payments__0__outcome_metric_id": "Outcome metric 99"},
        ["no metric has this identifier"],
    ),
    "other_currency": (
        {"outcome_payments__0__money__currency": "EUR"},
        ["another than the project's GBP"],
    ),
    "no_currency": ({"outcome_pricings__0__currency": "pounds"}, ["not a currency code"]),
    "dates": (
        {"outcome_payments__0__period__end_date": "2017-12-31"},
        ["the end comes before the start"],
    ),
    "broken_date": ({"dates__outcomes_contract_signed": "March 2018"}, ["a date is YYYY"]),
    "more_outcomes_than_people": (
        {"results__0__number_with_positive_social_outcomes": 151},
        ["more people have the outcome than took part"],
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_each_fault_of_public_data_is_reported_and_nothing_else(tmp_path, name):
    change, said = FAULTS[name]
    found = indigo_findings(read(tmp_path, changed(**change)))
    assert len(found) == len(said)
    for text in said:
        assert any(text in str(problem) for problem in found), [str(p) for p in found]
    assert all(problem.key for problem in found)


def test_a_payment_entered_twice(tmp_path):
    data = record()
    data["outcome_payments"].append(copy.deepcopy(data["outcome_payments"][2]))
    found = indigo_findings(read(tmp_path, data))
    assert any("the same payment stands in outcome_payments[2]" in str(p) for p in found)


def test_planned_payments_above_the_cap(tmp_path):
    data = record()
    for payment in data["outcome_payments"]:
        payment["type"] = v("Planned")
        payment["money"]["amount"] = v(payment["money"]["amount"]["value"] * 2)
        payment["money"].pop("amount_usd")
    found = indigo_findings(read(tmp_path, data))
    assert [p.what for p in found] == ["the planned payments are above the highest outcome payment"]


def test_a_price_above_its_own_maximum(tmp_path):
    data = record()
    data["outcome_pricings"][8]["maximum_price_if_all_targets_achieved"] = {"amount": v("473")}
    found = indigo_findings(read(tmp_path, data))
    assert [p.what for p in found] == ["one unit costs more than all targets together"]


def test_a_fault_has_its_line(tmp_path):
    found = read(tmp_path, changed(outcome_payments__0__money__amount="22k")).problems
    lines = (tmp_path / "project.json").read_text().splitlines()
    assert len(found) == 1
    assert '"amount"' in lines[found[0].line - 1]
    assert found[0].key == "outcome_payments[0].money.amount"


class TestRefusals:
    @pytest.mark.parametrize("text", ["", "[1, 2]", '{"a": 1}', "{", '{"project": {"id": "x"}}'])
    def test_no_project(self, tmp_path, text):
        path = tmp_path / "project.json"
        path.write_text(text)
        with pytest.raises(InputError):
            read_indigo(path)

    def test_an_unread_price_makes_no_contract(self, tmp_path):
        data = changed()
        data["outcome_pricings"][0]["price_per_unit"]["amount"] = v("two hundred")
        with pytest.raises(InputError, match="could not be read"):
            contract_from_indigo(read(tmp_path, data))

    def test_two_payers_need_names(self, tmp_path):
        data = record()
        data["outcome_payment_commitments"].append({"organisation_id": v("INDIGO-ORG-Y")})
        project = read(tmp_path, data)
        with pytest.raises(InputError, match="who pays the metric 'Outcome metric 1'"):
            contract_from_indigo(project)
        payers = {metric.id: "council" for metric in project.metrics}
        assert contract_from_indigo(project, payers=payers).payers == ("council",)

    def test_two_prices(self, tmp_path):
        data = record()
        data["outcome_pricings"].append(
            {"outcome_metric_id": v("Outcome metric 1"), "price_per_unit": {"amount": v(330)}}
        )
        with pytest.raises(InputError, match="two prices"):
            contract_from_indigo(read(tmp_path, data))

    @pytest.mark.parametrize(
        ("drop", "said"), [("outcome_pricings", "no metric has a price"), ("dates", "no date")]
    )
    def test_too_little(self, tmp_path, drop, said):
        data = record()
        del data[drop]
        with pytest.raises(InputError, match=said):
            contract_from_indigo(read(tmp_path, data))


class TestBothWays:
    @staticmethod
    def contract():
        return OutcomesContract(
            "Youth jobs",
            "NOK",
            dt.date(2024, 3, 1),
            (
                Clause("jobs", Rate(30_000.0), payer="city", outcome="job", cap=900_000.0),
                Clause(
                    "weeks",
                    BandTable(((0.0, 100.0), (10.0, 200.0)), scale="total"),
                    payer="state",
                    outcome="weeks",
                ),
            ),
            cap=2_000_000.0,
        )

    def test_what_the_standard_holds_comes_back(self, tmp_path):
        project = read(tmp_path, indigo_record(self.contract()))
        back = contract_from_indigo(project, payers={"jobs": "city"})
        jobs = back.clause("jobs")
        assert indigo_findings(project) == ()
        assert (back.name, back.currency, back.start) == ("Youth jobs", "NOK", dt.date(2024, 3, 1))
        assert (jobs.payment, jobs.cap, back.cap) == (Rate(30_000.0), 900_000.0, 2_000_000.0)
        assert any("left out: weeks" in note for note in back.notes)

    def test_what_it_does_not_hold_stands_in_words(self):
        pricing = indigo_record(self.contract())["outcome_pricings"][1]
        assert "price_per_unit" not in pricing
        assert "by bands" in pricing["price_description"]["value"]

    def test_a_settlement_becomes_actual_payments(self, tmp_path):
        contract = self.contract()
        results = pd.DataFrame(
            {
                "outcome": ["job", "weeks"],
                "people": [60, 60],
                "total": [12, 15],
            }
        )
        statement = settle(contract, results)
        data = indigo_record(contract, organisations={"city": "INDIGO-ORG-1"}, settlement=statement)
        project = read(tmp_path, data)
        assert sum(p.amount for p in project.payments) == float(statement.total)
        assert {p.payer for p in project.payments} == {"INDIGO-ORG-1", "state"}

    def test_a_contract_is_written_and_read_again(self, tmp_path):
        path = tmp_path / "contract.yaml"
        path.write_text(contract_yaml(self.contract()))
        assert OutcomesContract.from_yaml(path) == self.contract()


class TestCommandLine:
    def test_a_record_becomes_a_contract(self, tmp_path, capsys):
        read(tmp_path, changed(results__0__number_with_positive_social_outcomes=151))
        out = tmp_path / "out"
        code = status(["indigo", str(tmp_path / "project.json"), "--out", str(out)])
        said = capsys.readouterr().out
        assert code == 0
        assert "more people have the outcome than took part" in said
        assert "Assumed: read from an INDIGO record" in said
        assert OutcomesContract.from_yaml(out / "contract.yaml").cap == CAP

    def test_check_lists_the_faults(self, tmp_path, capsys):
        read(tmp_path, changed(outcome_payments__0__money__currency="EUR"))
        code = status(["check", str(tmp_path / "project.json")])
        assert code == 0
        assert "another than the project's GBP" in capsys.readouterr().out

    def test_a_wrong_payer(self, tmp_path, capsys):
        read(tmp_path, record())
        out = tmp_path / "out"
        code = status(["indigo", str(tmp_path / "project.json"), "--out", str(out), "--payer", "x"])
        assert code == 2
        assert "METRIC=NAME" in capsys.readouterr().err
        assert not out.exists()
