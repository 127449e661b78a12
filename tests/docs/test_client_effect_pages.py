"""The examples on the pages of effects and allocations of clients give what they show."""

import doctest
from pathlib import Path

import pytest

PAGES = Path(__file__).parents[2] / "docs" / "clients"


@pytest.mark.parametrize("page", ["effects.md", "allocation.md", "worth.md"])
def test_the_examples_give_what_they_show(page):
    found = doctest.testfile(str(PAGES / page), module_relative=False)
    assert found.attempted >= 5
    assert found.failed == 0
