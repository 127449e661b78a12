"""A contract that prices groups, from a case file to its totals; and what a check finds first."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from impactmodel.cli.main import main
from impactmodel.core.yaml import Document

HERE = Path(__file__).parent / "groups"
CASE = HERE / "experiment_by_group.yaml"
PRICES = {"young": 1000, "adult": 2000, "old": 3000}
COUNTS = {"young": (45, 100, 36, 120), "adult": (96, 200, 88, 220), "old": (12, 50, 9, 60)}
ESTIMATES = {"young": (0.10, 0.3, 100), "adult": (0.05, 0.4, 200), "old": (0.08, 0.2, 50)}


def call(*words):
    with pytest.raises(SystemExit) as stop:
        main([str(word) for word in words])
    return stop.value.code or 0


def written(folder, change=dict):
    shutil.copy(HERE / "groups.csv", folder)
    data = Document.read(CASE).data
    change(data)
    path = folder / "case.yaml"
    path.write_text(json.dumps(data, default=str))
    return path


def publish(data, kind="binary", **more):
    """Put published estimates in the place of the counts."""
    del data["design"]
    outcome = {"name": "licence", "kind": kind, "channel": "other"}
    data["evidence"] = {
        "type": "published",
        "published": {
            "study": {"citation": "made up", "estimand": "ITT", "population": "assigned",
                      "design": "randomised trial", "verified": False},
            "cohort_size": {group: people for group, (_, _, people) in ESTIMATES.items()},
            "periods": {"start": "2026-01-01"},
            "estimates": [
                {"outcome": outcome, "group": group, "estimate": effect, "level": {"mean": level},
                 "uncertainty": {"type": "standard_error", "se": 0.01}}
                for group, (effect, level, _) in ESTIMATES.items()
            ],
            **more,
        },
    }  # fmt: skip


def total(folder):
    return json.loads((folder / "summary.json").read_text())["payments"]["total"]


def test_an_experiment_pays_each_group_its_price(tmp_path):
    assert call("run", written(tmp_path), "--out", tmp_path / "out", "--quiet") == 0
    mean = variance = 0.0
    for group, (y1, n1, y0, n0) in COUNTS.items():
        worth = n1 * PRICES[group]
        arms = [((y + 1) / (n + 2), n) for y, n in ((y1, n1), (y0, n0))]
        mean += worth * (arms[0][0] - arms[1][0])
        variance += worth**2 * sum(p * (1 - p) / (n + 3) for p, n in arms)
    found = total(tmp_path / "out")
    # Beta posteriors by hand; four standard errors of 2,000 independent draws.
    assert found["mean"] == pytest.approx(mean, abs=4 * np.sqrt(variance / 2000))
    assert found["sd"] == pytest.approx(np.sqrt(variance), rel=4 / np.sqrt(4000))


@pytest.mark.parametrize("correlation", [None, 1.0])
def test_published_groups_pay_what_the_hand_calculates(tmp_path, correlation):
    path = written(tmp_path, lambda data: publish(data, correlation=correlation))
    assert call("run", path, "--out", tmp_path / "out", "--quiet") == 0
    found = total(tmp_path / "out")
    # 100 x .10 x 1,000 + 200 x .05 x 2,000 + 50 x .08 x 3,000; errors .01 of each, so that the
    # floor of 0 is six sds away.
    assert found["mean"] == pytest.approx(42_000, abs=1e-6)
    errors = np.array([100 * 0.01 * 1000, 200 * 0.01 * 2000, 50 * 0.01 * 3000])
    sd = errors.sum() if correlation else np.sqrt(errors @ errors)
    # The draws' moments are the stated ones with divisor n.
    assert found["sd"] == pytest.approx(sd, rel=1e-3)


def test_check_lists_all_that_run_refuses_and_so_does_run(tmp_path, capsys):
    def spoil(data):
        publish(data, kind="days")
        del data["view"]
        data["evidence"]["published"]["periods"] = {"start": "2020-01-01", "clock": "calendar"}
        clause = data["contract"]["clauses"][0]
        data["contract"]["clauses"] = [
            clause | {"name": "one", "outcome": "job"},
            clause | {"name": "two", "groups": ["baby"], "periods": [3]},
        ]

    path = written(tmp_path, spoil)
    assert call("check", path) == 2
    found = capsys.readouterr().out
    for text in (
        "contract.start: the outcomes are those of the calendar from 2020-01-01 on",
        "contract.clauses[0].outcome: no such outcome (seen: 'job')",
        "contract.clauses[1].groups: 'two' pays for a group that the evidence does not have",
        "contract.clauses[1].periods: the evidence has no such period (seen: 3)",
        "evidence: a measured view needs the spread of outcomes between people",
    ):
        assert text in found
    assert call("run", path, "--out", tmp_path / "out", "--quiet") == 2
    told = capsys.readouterr().err
    assert told.count("impactmodel: ") == found.count("Error: ") == 5
    assert "more problem" not in told
    assert not (tmp_path / "out").exists()


def test_a_missing_column_is_found_by_check(tmp_path, capsys):
    def spoil(data):
        data["evidence"]["columns"] = {"licence": ["licence_1", "licence_2"]}
        data["evidence"]["periods"]["count"] = 2

    assert call("check", written(tmp_path, spoil)) == 2
    assert "licence_1_sum" in capsys.readouterr().out


def test_faults_of_several_sections_are_told_together(tmp_path, capsys):
    def spoil(data):
        data["draws"] = 5
        data["colour"] = "red"
        data["evidence"]["file"] = ""
        data["contract"]["currency"] = "zloty"

    assert call("run", written(tmp_path, spoil), "--out", tmp_path / "out", "--quiet") == 2
    told = capsys.readouterr().err
    for key in ("draws: too few", "colour: unknown key", "evidence", "contract.currency"):
        assert key in told


def test_the_linter_sees_the_evidence(tmp_path, capsys):
    def capped(data):
        publish(data)
        data["contract"]["cap"] = 30_000

    assert call("check", written(tmp_path, capped)) == 0
    found = capsys.readouterr().out
    assert "Warning: " in found
    assert "is below the payment that is expected without it (42,000)" in found


def test_a_stock_in_several_windows_without_periods_is_a_warning(tmp_path, capsys):
    def stock(data):
        publish(data, periods={"start": "2026-01-01", "count": 2})
        found = data["evidence"]["published"]["estimates"]
        for one in found:
            one["outcome"] = one["outcome"] | {"accrual": "stock"}
        data["evidence"]["published"]["estimates"] = [
            one | {"periods": [n, n]} for one in found for n in (1, 2)
        ]

    assert call("check", written(tmp_path, stock)) == 0
    assert "'licences' states no periods and 'licence' is a stock" in capsys.readouterr().out


STAY = """
name: Housing
currency: GBP
start: 2024-01-01
rounding: {places: 2}
periods: {start: 2024-01-01, step: week, every: 4, count: 3, clock: calendar}
counting: {housed: {unit: day, unpaid_first: 7}}
clauses:
  - {name: nights, outcome: housed, basis: {type: gross}, payment: {type: rate, price: 10}, payer: council}
  - {name: jobs, outcome: job, periods: [0], basis: {type: gross}, payment: {type: rate, price: 500}, payer: council}
"""  # noqa: E501
SPELLS = "person,outcome,start,end\nanna,housed,2024-01-01,2024-02-05\nben,housed,2024-01-22,\n"


def test_spells_are_settled_with_other_results_in_units_of_four_weeks(tmp_path, capsys):
    (tmp_path / "c.yaml").write_text(STAY)
    (tmp_path / "s.csv").write_text(SPELLS)
    (tmp_path / "r.csv").write_text("outcome,total\njob,3\n")
    words = ["settle", tmp_path / "c.yaml", tmp_path / "r.csv"]
    words += ["--spells", tmp_path / "s.csv", "--until", "2024-03-25", "--json"]
    assert call(*words) == 0
    text = capsys.readouterr().out
    # Windows of 28 days: 21 of Anna; 7 of hers and 28 of Ben, his first week unpaid; 28 of Ben.
    assert json.loads(text)["total"] == f"{10 * (21 + 35 + 28) + 3 * 500}.00"
    assert "anna" not in text


@pytest.mark.parametrize(
    ("spells", "words", "told"),
    [
        (SPELLS, [], "--until: spells are counted up to a day"),
        (
            SPELLS.replace("ben", "anna"),
            ["--until", "2024-03-25"],
            "s.csv, line 3, start: two spells",
        ),
        (
            SPELLS.replace("2024-01-22", "22.1."),
            ["--until", "2024-03-25"],
            "line 3, start: the cell",
        ),
        (SPELLS, ["--until", "2023-03-25"], "no measurement window has begun"),
    ],
)
def test_faults_in_spells_say_where_and_never_who(tmp_path, capsys, spells, words, told):
    (tmp_path / "c.yaml").write_text(STAY)
    (tmp_path / "s.csv").write_text(spells)
    assert call("settle", tmp_path / "c.yaml", "--spells", tmp_path / "s.csv", *words) == 2
    error = capsys.readouterr().err
    assert told in error
    assert not any(word in error for word in ("anna", "ben", "2024-01-22", "22.1."))
