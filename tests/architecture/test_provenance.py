"""Every dated parameter value says where it is from: read as plain YAML, not by the library."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

STATUSES = {"enacted", "proposed", "estimated", "assumption"}


def documents(root: Path) -> dict[Path, Mapping[str, Any]]:
    """Every YAML file of the package whose top level is a mapping."""
    reader = YAML(typ="safe")
    found = {}
    for path in sorted((root / "impactmodel").rglob("*.yaml")):
        content = reader.load(path.read_text(encoding="utf-8"))
        if isinstance(content, Mapping):
            found[path] = content
    return found


def values(root: Path) -> Iterator[tuple[str, Mapping[str, Any], Mapping[str, Any]]]:
    """Place, parameter and value of every dated value."""
    for path, content in documents(root).items():
        for parameter in content.get("parameters", ()):
            for value in parameter["values"]:
                place = f"{path.name} {parameter['id']} {value.get('valid_from')}"
                yield place, parameter, value


def faults(parameter: Mapping[str, Any], value: Mapping[str, Any], sources: set[str]) -> list[str]:
    """What a value lacks."""
    evidence = value.get("locator") or (value.get("url") and value.get("quote"))
    return [
        what
        for what, wrong in {
            "no date": not value.get("valid_from"),
            "no value (null would end it)": "value" not in value,
            "no unit": not parameter.get("unit"),
            "unknown source": value.get("source") not in sources,
            "neither read nor unverified": not evidence and value.get("verified") is not False,
            "both read and unverified": bool(evidence) and value.get("verified") is False,
            "unknown status": value.get("status") not in STATUSES,
            "no confidence": not value.get("confidence"),
        }.items()
        if wrong
    ]


@pytest.fixture(scope="module")
def sources(root: Path) -> set[str]:
    listed = [s for content in documents(root).values() for s in content.get("sources", ())]
    untitled = [s["key"] for s in listed if not s.get("title")]
    assert untitled == []
    assert len({s["key"] for s in listed}) == len(listed)
    return {s["key"] for s in listed}


def test_every_value_has_a_source(root: Path, sources: set[str]) -> None:
    wrong = {
        place: found
        for place, parameter, value in values(root)
        if (found := faults(parameter, value, sources))
    }
    assert sum(1 for _ in values(root)) > 100
    assert wrong == {}


def test_every_source_is_used(root: Path, sources: set[str]) -> None:
    holding = [path for path, content in documents(root).items() if "parameters" in content]
    text = "\n".join(path.read_text(encoding="utf-8") for path in holding)
    assert sorted(s for s in sources if not re.search(rf"\bsource: {s}\b", text)) == []


def test_a_value_without_a_source_is_seen() -> None:
    good = {
        "valid_from": "2024-01-01",
        "value": 1,
        "source": "law",
        "locator": "section 1",
        "status": "enacted",
        "confidence": "high",
    }
    assert faults({"unit": "eur"}, good, {"law"}) == []
    assert faults({"unit": "eur"}, {**good, "locator": ""}, {"law"}) == [
        "neither read nor unverified"
    ]
    assert faults({}, {**good, "source": "hearsay", "verified": False}, {"law"}) == [
        "no unit",
        "unknown source",
        "both read and unverified",
    ]
