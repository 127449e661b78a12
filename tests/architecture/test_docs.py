"""The pages that describe the house agree with the house."""

from __future__ import annotations

import re
from pathlib import Path

LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")


def test_the_architecture_page_lists_the_rooms_that_exist(root: Path, rooms: list[str]) -> None:
    text = (root / "docs" / "architecture.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| `(\w+)/` \|", text, flags=re.MULTILINE)
    assert len(listed) == len(set(listed))
    assert sorted(listed) == rooms


def test_every_decision_has_its_own_number_in_its_name_and_its_title(root: Path) -> None:
    paths = sorted((root / "docs" / "decisions").glob("*.md"))
    numbers = [int(path.name[:4]) for path in paths]
    assert len(set(numbers)) == len(numbers) >= 3
    for number, path in zip(numbers, paths, strict=True):
        title = path.read_text(encoding="utf-8").splitlines()[0]
        assert re.match(rf"# 0*{number}\b", title), path.name


def test_links_between_pages_lead_somewhere(root: Path) -> None:
    pages = [*root.glob("*.md"), *(root / "docs").rglob("*.md")]
    assert len(pages) > 5
    broken = [
        f"{page.relative_to(root)}: {target}"
        for page in pages
        for target in LINK.findall(page.read_text(encoding="utf-8"))
        if "://" not in target and not target.startswith("mailto:")
        if not (page.parent / target).exists()
    ]
    assert broken == []


def test_every_direct_dependency_is_justified(root: Path) -> None:
    project = (root / "pyproject.toml").read_text(encoding="utf-8")
    block = project.split("\ndependencies = [")[1].split("\n]")[0]
    names = re.findall(r'"([a-z0-9.-]+)', block)
    text = (root / "docs" / "decisions" / "0002-dependencies.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| `([a-z0-9.-]+)` \|", text, flags=re.MULTILINE)
    assert sorted(listed) == sorted(names)
