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


def test_decisions_are_numbered_without_gaps_and_have_the_same_shape(root: Path) -> None:
    paths = sorted((root / "docs" / "decisions").glob("*.md"))
    assert [path.name[:5] for path in paths] == [f"{n:04d}-" for n in range(1, len(paths) + 1)]
    for path in paths:
        headings = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
        assert headings[0].startswith(f"{path.name[:4]} "), path.name
        assert {"Context", "Decision", "Consequences"} <= set(headings), path.name


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
    block = project.split("\ndependencies = [")[1].split("]")[0]
    names = re.findall(r'"([a-z0-9.-]+)', block)
    text = (root / "docs" / "decisions" / "0002-dependencies.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| `([a-z0-9.-]+)` \|", text, flags=re.MULTILINE)
    assert sorted(listed) == sorted(names)
