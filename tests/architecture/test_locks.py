"""The two lock files: exact, hashed, without index addresses, and in step with pyproject.toml."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

LOCKS = ("requirements.lock", "requirements-dev.lock")
PIN = re.compile(r"^([a-z0-9][a-z0-9.-]*)==([^ ;\\]+)(?: ; [^\\]+)?")


def pins(path: Path) -> dict[str, str]:
    found = (PIN.match(line) for line in path.read_text(encoding="utf-8").splitlines())
    return {str(canonicalize_name(m[1])): m[2] for m in found if m}


@pytest.fixture(scope="module")
def project(root: Path) -> dict[str, Any]:
    return tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", LOCKS)
def test_every_pin_has_a_hash_and_nothing_else_is_in_the_file(root: Path, name: str) -> None:
    text = (root / name).read_text(encoding="utf-8")
    entries = text.replace("\\\n", " ").splitlines()
    assert len(entries) > 50
    pin = re.compile(PIN.pattern + r"(?:\s+--hash=sha256:[0-9a-f]{64})+")
    assert [entry for entry in entries if not pin.fullmatch(entry.strip())] == []


@pytest.mark.parametrize("name", LOCKS)
def test_no_address(root: Path, name: str) -> None:
    text = (root / name).read_text(encoding="utf-8")
    assert "://" not in text
    assert not re.search(r"^\s*-(?:i|f|-index|-extra|-find)", text, flags=re.MULTILINE)


def test_the_development_lock_contains_the_run_time_lock(root: Path) -> None:
    run_time, development = (pins(root / name) for name in LOCKS)
    assert run_time.items() <= development.items()


@pytest.mark.parametrize("name", LOCKS)
def test_the_locks_satisfy_the_project(root: Path, project: dict[str, Any], name: str) -> None:
    wanted = list(project["project"]["dependencies"])
    if name == "requirements-dev.lock":
        wanted += project["dependency-groups"]["dev"]
    locked = pins(root / name)
    unmet = [
        text
        for text in wanted
        for needed in [Requirement(text)]
        for version in [locked.get(str(canonicalize_name(needed.name)))]
        if version is None or Version(version) not in needed.specifier
    ]
    assert unmet == [], "run make lock"


def test_the_build_needs_only_what_the_development_lock_has(
    root: Path, project: dict[str, Any]
) -> None:
    locked = pins(root / "requirements-dev.lock")
    for text in project["build-system"]["requires"]:
        needed = Requirement(text)
        assert Version(locked[str(canonicalize_name(needed.name))]) in needed.specifier


def test_the_notices_list_every_run_time_package(root: Path) -> None:
    text = (root / "THIRD_PARTY_NOTICES").read_text(encoding="utf-8")
    table = text.split("make notices) --\n")[1].split("-- end of run-time")[0]
    rows = [line.split(maxsplit=2) for line in table.splitlines()]
    listed = {name: version for name, version, _ in rows}
    assert listed == pins(root / "requirements.lock"), "run make notices"
    copyleft = re.compile(r"\b(?:A?GPL|EUPL|CC-BY-NC)")
    assert [row for row in rows if copyleft.search(row[2])] == []
