"""The ministry pages quote the run of the example."""

from pathlib import Path

import pytest

from impactmodel import run_case
from impactmodel.case import Case
from impactmodel.report import summary

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def found():
    return summary(run_case(Case.from_yaml(ROOT / "examples/koto_sib/case.yaml")))


@pytest.mark.parametrize(("page", "comma"), [("ministry.md", "."), ("ministry.fi.md", ",")])
def test_the_numbers_are_those_of_the_run(found, page, comma):
    text = (ROOT / "docs" / page).read_text(encoding="utf-8").replace("\u2212", "-")
    saved, total = found["savings"]["by_payer"], found["savings"]["total"]
    amounts = [
        found["payments"]["by_payer"]["state"]["mean"],
        *(total[key] for key in ("mean", "lower", "upper")),
        *(saved[name]["mean"] for name in ("state", "municipality", "kela_sickness_fund")),
        found["net_position"]["state"]["mean"],
    ]
    for amount in amounts:
        assert f"{amount / 1e6:.2f}".replace(".", comma) in text
    switching = found["appraisal"]["decisions"]["state"]["switching_values"]
    assert f"{switching['price|completed_training']['value']:.0f}" in text
