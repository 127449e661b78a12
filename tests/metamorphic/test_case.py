"""The case still tells the truth after a stranger's changes: closed form, so that it is quick."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from impactmodel.case import Case
from impactmodel.core.errors import InputError
from impactmodel.core.yaml import Document
from impactmodel.running import run_case

ROOT = Path(__file__).parents[2]


def run(tmp_path, change=dict, name="case.yaml"):

    data = Document.read(ROOT / "examples/nsw/case.yaml").data
    data["design"] = {"type": "experiment", "adjust": False}
    data["draws"] = 2000
    change(data)
    path = tmp_path / name
    path.write_text(json.dumps(data, default=str))
    return run_case(Case.from_yaml(path))


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return run(tmp_path_factory.mktemp("base"))


def test_the_draw_index_runs_through(base):
    assert base.payments.lineage == base.savings.lineage == base.outcomes.provenance.lineage
    assert len(base.returns.irr) == len(base.savings.total()) == 2000


def test_double_prices_double_uncapped_payments(tmp_path):
    def uncapped(data):
        del data["contract"]["cap"]

    def doubled(data):
        uncapped(data)
        data["contract"]["clauses"][0]["payment"]["price"] *= 2
        data["contract"]["clauses"][1]["payment"]["share"] *= 2

    one, two = run(tmp_path, uncapped), run(tmp_path, doubled)
    np.testing.assert_allclose(two.payments.total(), 2 * one.payments.total(), rtol=1e-12)


def test_another_payer_pays(tmp_path, base):
    def change(data):
        for clause in data["contract"]["clauses"]:
            clause["payer"] = "foundation_of_bergen"

    changed = run(tmp_path, change)
    assert list(changed.payments.by_payer()) == ["foundation_of_bergen"]
    np.testing.assert_array_equal(changed.payments.total(), base.payments.total())
    assert changed.net.probability_overpays("foundation_of_bergen") > 0.9


def test_other_dates_move_the_payments(tmp_path, base):
    def change(data):
        data["contract"] |= {"start": "2031-03-01", "last_start": "2031-12-31"}
        data["funding"]["start"] = "2031-03-01"
        del data["budget"]

    changed = run(tmp_path, change)
    assert {day.year for day, _, _ in changed.payments.by_date()} == {2033}
    np.testing.assert_array_equal(changed.payments.total(), base.payments.total())


def test_a_renamed_outcome_and_a_strangers_cohort_run(tmp_path):
    rng = np.random.default_rng(5)
    n = 300
    arm = rng.integers(0, 2, n)
    rows = ["assigned,in_job,pay"]
    for a in arm:
        job = int(rng.random() < 0.4 + 0.15 * a)
        rows.append(f"{a},{job},{job * rng.gamma(2.0, 9000.0):.2f}")
    (tmp_path / "people.csv").write_text("\n".join(rows))

    def change(data):
        evidence = data["evidence"]
        del evidence["dataset"]
        evidence |= {
            "file": "people.csv",
            "treatment": "assigned",
            "covariates": [],
            "price_base": "2030",
            "source": "synthetic people",
        }
        evidence["outcomes"] = [
            {"name": "in_job", "kind": "binary"},
            {"name": "pay", "kind": "amount", "unit": "NOK/year"},
        ]
        for part in (data["contract"], data["funding"], data["public"]):
            part |= {"currency": "NOK", "price_base": "2030"}
        data["contract"]["clauses"][0]["outcome"] = "in_job"
        data["contract"]["clauses"][1]["outcome"] = "pay"
        for value in data["public"]["values"]:
            value["outcome"] = "pay"
        del data["budget"]

    result = run(tmp_path, change)
    assert result.outcomes.effect().sel(outcome="in_job").mean() == pytest.approx(0.15, abs=0.2)
    assert result.returns.currency == "NOK"
    assert "people.csv" in result.record.inputs


def test_permuted_labels_give_no_effect(tmp_path):
    from impactmodel import datasets

    frame = datasets.load("nsw")
    frame["treat"] = np.random.default_rng(2).permutation(frame["treat"].to_numpy())
    frame.to_csv(tmp_path / "shuffled.csv", index=False)

    def change(data):
        del data["evidence"]["dataset"]
        data["evidence"]["file"] = "shuffled.csv"

    effect = run(tmp_path, change).outcomes.effect().sel(outcome="employed").values.ravel()
    assert abs(effect.mean()) < 3 * effect.std()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: d["contract"]["clauses"][0].update(prise=3), "clauses[0].prise: unknown key"),
        (lambda d: d.update(fundin={}), "fundin: unknown key; did you mean"),
        (lambda d: d["evidence"].update(dataset="nws"), "nws"),
        (lambda d: d["funding"].update(start="1990-01-01"), "the fund enrols from 1990-01-01"),
        (
            lambda d: d["evidence"].update(outcomes=[{"name": "employd", "kind": "binary"}]),
            "employd",
        ),
        (lambda d: d.pop("contract"), "a fund needs a contract that pays it"),
        (lambda d: d.update(draws=10), "draws: too few or too many draws"),
    ],
)
def test_bad_cases_are_refused_in_a_sentence(tmp_path, change, message):
    with pytest.raises(InputError) as caught:
        run(tmp_path, change)
    assert message in str(caught.value)
