"""The files of declared extracts, and their hashes for the record of a run."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from impactmodel.core.errors import InputError
from impactmodel.core.record import file_hash
from impactmodel.registers.sources import Source
from impactmodel.registers.tables import SparkTable, found_files

NO_FILE = "a table of a catalogue: it has no file to hash"


@dataclass(frozen=True, slots=True)
class SourceHashes:
    """SHA-256 of extracts.

    Parameters
    ----------
    sources
        By source. Of several files: that of their names and hashes, a line each, sorted by name.
    files
        By file, its path as declared or found by the declared pattern.
    """

    sources: dict[str, str]
    files: dict[str, str]


def source_hashes(sources: Mapping[str, Source], folder: Path) -> SourceHashes:
    """Hash the files of every source, block by block.

    Parameters
    ----------
    sources
        The declared extracts.
    folder
        Where their paths start.

    Raises
    ------
    InputError
        If a source has no file.
    """
    by_source: dict[str, str] = {}
    by_file: dict[str, str] = {}
    for name, source in sources.items():
        if isinstance(source.table, SparkTable):
            by_source[name] = by_file[f"{name}: {source.table.table}"] = NO_FILE
            continue
        try:
            paths = found_files(folder, source.table.path)
        except InputError as error:
            raise error.located(key=f"sources.{name}.table") from None
        hashes = {_shown(path, folder): file_hash(path) for path in paths}
        by_file |= hashes
        lines = "".join(f"{file} {digest}\n" for file, digest in sorted(hashes.items()))
        one = next(iter(hashes.values()))
        by_source[name] = one if len(hashes) == 1 else hashlib.sha256(lines.encode()).hexdigest()
    return SourceHashes(by_source, by_file)


def _shown(path: Path, folder: Path) -> str:
    """Return a path as a record shows it: never where it lies on a machine."""
    return path.relative_to(folder).as_posix() if path.is_relative_to(folder) else path.name
