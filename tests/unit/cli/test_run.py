"""A run writes whole folders with the promised keys, and a failed one changes nothing."""

import json
import re
import subprocess
from pathlib import Path

import pytest

from impactmodel.cli.main import main
from impactmodel.core.yaml import Document

ROOT = Path(__file__).parents[3]
FILES = {
    "report.html",
    "brief.html",
    "workbook.xlsx",
    "summary.json",
    "outcomes.nc",
    "run.json",
}


def write_case(folder, **changes):
    data = Document.read(ROOT / "examples/nsw/case.yaml").data
    data |= {"design": {"type": "experiment"}, "draws": 1000} | changes
    path = folder / "case.yaml"
    path.write_text(json.dumps(data, default=str))
    return path


def call(monkeypatch, *words):
    monkeypatch.setattr("sys.argv", ["impactmodel", *map(str, words)])
    try:
        return main() or 0
    except SystemExit as stop:
        return stop.code or 0


@pytest.fixture
def done(tmp_path, monkeypatch):
    assert call(monkeypatch, "run", write_case(tmp_path), "--out", tmp_path / "out", "--quiet") == 0
    return tmp_path / "out"


def test_summary_has_every_promised_key(done):
    s = json.loads((done / "summary.json").read_text())
    for effect in (s["effects"]["employed"], s["effects"]["re78"]):
        assert {"mean", "sd", "lower", "upper", "prob", "kind", "unit", "estimand"} <= set(effect)
    assert {"view", "total", "probability_zero"} <= set(s["payments"])
    for ratio in (s["returns"]["irr"], s["returns"]["moic"]):
        assert {"median", "lower", "upper", "p_undefined", "p_multiple"} <= set(ratio)
    assert 0 < s["returns"]["probability_of_loss"] < 1
    assert set(s["savings"]["by_payer"]) == {"state", "participant"}
    assert {"passed", "rhat_max", "ess_min", "divergences"} <= set(s["diagnostics"])
    assert s["assumptions"]
    assert {"seed", "versions", "inputs"} <= set(s["run"])
    assert {p.name for p in done.iterdir()} == FILES


def test_no_text_holds_a_row_of_a_person(done):
    # 9,930.046 are the earnings of one participant, to the decimals of the data.
    for name in ("report.html", "summary.json", "run.json"):
        assert "9930.04" not in (done / name).read_text().replace(",", "")


def test_report_loads_nothing(done):
    html = (done / "report.html").read_text()
    loads = re.findall(r'(?:src|href|xlink:href)="([^"#]*)"', html)
    assert [v for v in loads if v and not v.startswith("data:")] == []
    assert "<script" not in html
    assert "default-src 'none'" in html


@pytest.mark.chromium
def test_report_opens_in_chromium(done, chromium, tmp_path):
    switches = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
    ]
    shown = subprocess.run(
        [
            chromium,
            *switches,
            f"--user-data-dir={tmp_path / 'profile'}",
            "--dump-dom",
            (done / "report.html").as_uri(),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    ).stdout
    assert "Key results" in shown
    assert shown.count("<svg") >= 6


def test_a_failed_run_leaves_the_earlier_result(done, tmp_path, monkeypatch, capsys):
    before = {p.name: p.read_bytes() for p in done.iterdir()}
    bad = write_case(tmp_path, draws=5)
    assert call(monkeypatch, "run", bad, "--out", done, "--quiet") == 2
    assert {p.name: p.read_bytes() for p in done.iterdir()} == before
    error = capsys.readouterr().err
    assert "draws: too few or too many draws (seen: 5)" in error
    assert "Traceback" not in error


def test_json_is_for_machines(tmp_path, monkeypatch, capsys):
    case = write_case(tmp_path)
    assert call(monkeypatch, "run", case, "--out", tmp_path / "o", "--json", "--quiet") == 0
    assert json.loads(capsys.readouterr().out)["case"].startswith("National Supported Work")


def test_settle_and_check_from_files(tmp_path, monkeypatch, capsys):
    contract = ROOT / "examples/contracts/augsburg.yaml"
    (tmp_path / "r.csv").write_text("outcome,total\nsustained_work,20\n")
    assert call(monkeypatch, "settle", contract, tmp_path / "r.csv", "--json") == 0
    assert json.loads(capsys.readouterr().out)["total"] == "250000.00"
    assert call(monkeypatch, "check", contract) == 0
    assert call(monkeypatch, "settle", contract, tmp_path / "none.csv") == 2
    assert "none.csv: the results cannot be read" in capsys.readouterr().err
