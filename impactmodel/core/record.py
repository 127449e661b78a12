"""The record of a run: versions, seeds and the hashes of its inputs."""

from __future__ import annotations

import hashlib
import platform
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

_PACKAGES = ("impactmodel", "numpy", "scipy", "pandas", "xarray", "pymc", "arviz", "nutpie")


def file_hash(path: str | Path) -> str:
    """Return the SHA-256 of a file, of whatever size."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def versions() -> dict[str, str]:
    """Return the versions of Python and of the packages that a result depends on."""
    found = {"python": platform.python_version()}
    for name in _PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


@dataclass(frozen=True, slots=True)
class RunRecord:
    """What a result was made from; no personal data, no path of a machine.

    Parameters
    ----------
    seed
        The seed of the run.
    inputs
        SHA-256 by the name of each input.
    made
        Specs from which inputs were made instead of read, with their seeds; by name.
    """

    seed: int
    inputs: dict[str, str] = field(default_factory=dict)
    made: dict[str, Any] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=versions)
    started: str = field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds"))

    def as_dict(self) -> dict[str, Any]:
        """Return the record as plain data."""
        return {
            "seed": self.seed,
            "inputs": self.inputs,
            "made": self.made,
            "versions": self.versions,
            "started": self.started,
        }
