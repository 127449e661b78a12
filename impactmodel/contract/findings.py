"""A finding of the linter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding: ``error`` makes the contract unusable, ``warning`` needs an answer."""

    level: Literal["error", "warning"]
    key: str
    text: str
