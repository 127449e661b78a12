"""The repository holds nothing of the machine it was written on, and nothing left to do."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

LARGEST = 2_000_000
HOSTS = ("pypi" + ".org", "files.python" + "hosted.org", "conda." + "anaconda.org")
PATHS = re.compile(
    r"(?<![\w.~-])/(?:work|tmp|root|home/\w+|Users/\w+)" + r"/(?=\w)|[A-Za-z]:\\+Users\\"
)
UNDONE = re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME|X" + r"XX|HA" + r"CK)\b")


def texts(paths: list[Path]) -> dict[Path, str]:
    found = {}
    for path in paths:
        try:
            found[path] = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
    return found


def hits(tracked: list[Path], root: Path, pattern: re.Pattern[str]) -> list[str]:
    return [
        f"{path.relative_to(root)}:{number}"
        for path, text in texts(tracked).items()
        for number, line in enumerate(text.splitlines(), start=1)
        if pattern.search(line)
    ]


def test_no_machine_paths(tracked: list[Path], root: Path) -> None:
    assert hits(tracked, root, PATHS) == []


def test_no_registry_hosts(tracked: list[Path], root: Path) -> None:
    assert hits(tracked, root, re.compile("|".join(map(re.escape, HOSTS)))) == []


def test_nothing_left_to_do(tracked: list[Path], root: Path) -> None:
    assert hits(tracked, root, UNDONE) == []


def test_no_function_that_only_refuses(modules: dict[Path, ast.Module]) -> None:
    unbuilt = [
        f"{path}:{node.lineno}"
        for path, tree in modules.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and node.id == "NotImplementedError"
    ]
    assert unbuilt == []


def test_no_large_file(tracked: list[Path], root: Path) -> None:
    large = {str(p.relative_to(root)): p.stat().st_size for p in tracked}
    assert {name: size for name, size in large.items() if size > LARGEST} == {}


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("out = '/" + "tmp/x'", True),
        ("see /" + "home/anna/data.csv", True),
        ("a ratio of tax/" + "work/leisure", False),
        ("https://example.eu/" + "work/page", False),
        ("the folder /usr/bin/env", False),
    ],
)
def test_the_path_pattern(line: str, found: bool) -> None:
    assert bool(PATHS.search(line)) is found
