"""A bundle of releases for the staff of a closed environment: few files, readable, checkable."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from impactmodel.core.errors import InputError
from impactmodel.core.record import file_hash
from impactmodel.core.spec import dump
from impactmodel.registers.disclosure import Release
from impactmodel.registers.gate import Gate
from impactmodel.registers.small_counts import require_name

MOST_FILES = 50


def export(
    releases: Mapping[str, Release],
    folder: Path,
    gate: Gate,
    output: Literal["cells", "indicators"] = "cells",
) -> dict[str, str]:
    """Write a CSV per release, and ``contents.json``: what each is, its rules and its checksum.

    Parameters
    ----------
    releases
        By a readable name in small letters, figures and ``_``.
    folder
        A new or empty folder.
    gate, output
        What the tables pass before a file is written: their rows carry the gate's purpose, and it
        allows the output.

    Returns
    -------
    dict
        SHA-256 by file name.

    Raises
    ------
    InputError
        If there are more files than 50, a name is not readable, the folder is not empty, or the
        use is not allowed (see `Gate.use`); no file is written then.
    """
    if len(releases) + 1 > MOST_FILES:
        raise InputError(
            f"a bundle has at most {MOST_FILES} files",
            seen=len(releases) + 1,
            fix="split it, or join tables",
        )
    for name in releases:
        require_name(name, least=3, most=60, where="a table's name", key="releases")
    if folder.exists() and any(folder.iterdir()):
        raise InputError("the folder is not empty", key="folder", seen=folder.name)
    for release in releases.values():
        gate.use(output, release.table, {"tables": len(releases)})
    folder.mkdir(parents=True, exist_ok=True)
    contents, sums = [], {}
    for name, release in releases.items():
        path = folder / f"{name}.csv"
        release.frame().to_csv(path, index=False, lineterminator="\n")
        sums[path.name] = file_hash(path)
        contents.append(_entry(path.name, release, sums[path.name]))
    index = folder / "contents.json"
    index.write_text(json.dumps(contents, indent=2) + "\n", encoding="utf-8")
    return sums | {index.name: file_hash(index)}


def _entry(file: str, release: Release, checksum: str) -> dict[str, object]:
    table = release.table
    return {
        "file": file,
        "result": "counts of people" if table.sums is None else "sums with counts of people",
        "protected_by": "suppression" if release.rounded is None else "controlled rounding",
        "population": table.population,
        "classified_by": list(table.dims),
        "unit": "people" if table.sums is None else table.unit,
        "cells": len(table.keys),
        "hidden": int(release.hidden.sum()),
        "rules": dump(release.rules),
        "purpose": None if table.purpose is None else dump(table.purpose),
        "sha256": checksum,
    }
