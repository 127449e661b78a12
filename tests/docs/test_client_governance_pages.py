"""The examples on the pages on clients run, and their pages say what the tests found."""

import csv
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = ROOT / "docs" / "clients"
BLOCK = re.compile(r"^```python\n(.*?)^```", re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("name", ["governance", "fairness", "monitoring"])
def test_the_examples_run(name):
    blocks = BLOCK.findall((PAGES / f"{name}.md").read_text(encoding="utf-8"))
    assert blocks
    shared = {}
    for block in blocks:
        assert "assert" in block
        exec(compile(block, name, "exec"), shared)  # noqa: S102  our own page


def test_the_monitoring_page_has_the_study():
    text = (PAGES / "monitoring.md").read_text(encoding="utf-8")
    path = ROOT / "tests" / "calibration" / "results" / "client_monitor.csv"
    rows = list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()[1:]))
    for row in rows:
        cells = [
            f"{float(row['base_rate']):.2f}",
            f"{int(row['reference']):,}",
            f"{float(row['shift']) * 100:g}",
            f"{float(row['any_alarm']) * 100:.1f}",
            f"{float(row['base_rate_alarm']) * 100:.1f}",
        ]
        assert f"| {' | '.join(cells)} |" in text


def test_both_law_pages_say_the_same():
    english, finnish = (
        (PAGES / f"law{code}.md").read_text(encoding="utf-8") for code in ("", ".fi")
    )
    for mark in ("2024/1689", "C-634/21", "W256 2235360-1", "K 53/16", "2022-212-3676", "145/2022"):
        assert mark in english
        assert mark in finnish
    assert "not legal advice" in english
    assert "ei ole oikeudellista neuvontaa" in finnish
    assert "2 December 2027" in english
    assert "2.12.2027" in finnish
    assert english.count("*not verified") + english.count("*articles not verified") == 5
    assert finnish.count("*ei varmistettu*") + finnish.count("*artikloja ei varmistettu") == 5
