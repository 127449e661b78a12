"""The examples of the pages on anticipation and case mix run as they stand."""

import doctest
from pathlib import Path

import pytest

PAGES = Path(__file__).parents[2] / "docs" / "clients"


@pytest.mark.parametrize("page", ["anticipation.md", "case_mix.md"])
def test_the_example_gives_what_it_shows(page):
    found = doctest.testfile(str(PAGES / page), module_relative=False, encoding="utf-8")
    assert found.attempted > 3
    assert found.failed == 0
