"""The examples on the pages of synthetic clients, scores and segments run as they stand."""

import doctest
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("page", ["world", "scores", "segments"])
def test_examples_run(page, monkeypatch):
    monkeypatch.chdir(ROOT)
    found = doctest.testfile(str(ROOT / "docs" / "clients" / f"{page}.md"), module_relative=False)
    assert found.attempted > 3
    assert found.failed == 0
