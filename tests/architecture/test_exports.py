"""The names a user meets: few at the top, each importable, each on the page that lists them."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest

TOP_LEVEL_NAMES = 25


@pytest.fixture(scope="module")
def page(root: Path) -> set[str]:
    """Every name that docs/api.md sets as code."""
    text = (root / "docs" / "api.md").read_text(encoding="utf-8")
    return set(re.findall(r"`([\w.]+)", text))


def test_few_names_at_the_top() -> None:
    names = importlib.import_module("impactmodel").__all__
    assert 0 < len(names) <= TOP_LEVEL_NAMES
    assert len(set(names)) == len(names)


def test_every_top_level_name_is_importable() -> None:
    package = importlib.import_module("impactmodel")
    missing = [name for name in package.__all__ if getattr(package, name, None) is None]
    assert missing == []
    assert set(package.__all__) <= set(dir(package))


def test_an_unknown_name_is_an_attribute_error() -> None:
    package = importlib.import_module("impactmodel")
    with pytest.raises(AttributeError, match="has no attribute 'nothing_of_this_name'"):
        package.nothing_of_this_name  # noqa: B018


def test_every_top_level_name_is_on_the_page(page: set[str]) -> None:
    names = importlib.import_module("impactmodel").__all__
    assert sorted(set(names) - page) == []


def test_every_name_of_a_room_is_importable_and_on_the_page(
    page: set[str], rooms: list[str]
) -> None:
    absent, unlisted = [], []
    for room in rooms:
        module = importlib.import_module(f"impactmodel.{room}")
        for name in getattr(module, "__all__", ()):
            if getattr(module, name, None) is None:
                absent.append(f"{room}.{name}")
            if f"{room}.{name}" not in page:
                unlisted.append(f"{room}.{name}")
    assert absent == []
    assert unlisted == [], "run make api"
