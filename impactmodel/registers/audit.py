"""The audit log: a line for each use of register data, also for each use that was refused."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from impactmodel.core.errors import InputError
from impactmodel.core.record import file_hash
from impactmodel.registers.purpose import Output, Purpose

_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_DIGITS = re.compile(r"\d{5}")


@dataclass(frozen=True, slots=True)
class AuditLog:
    """Lines of JSON in a file that is only added to.

    Names are words of at most 40 characters without a run of five digits, so that no identifier
    of a person fits into a line.

    Parameters
    ----------
    path
        The file; made at the first line.
    smallest
        Counts from 1 to below this are written as text such as ``"<3"``.
    """

    path: Path
    smallest: int = 3

    def use(
        self,
        purpose: Purpose,
        output: Output,
        *,
        what: str,
        sources: Mapping[str, Path],
        counts: Mapping[str, int],
    ) -> None:
        """Write that data are used for an output, or refuse it and write that.

        Parameters
        ----------
        purpose, output
            Under what the data were received, and what is made of them.
        what
            Name of the study or table.
        sources
            Files by name of the source; their SHA-256 is written, their paths are not.
        counts
            People or rows by name.

        Raises
        ------
        InputError
            If the use is not allowed (see `Purpose.require`), after the line was written; or if a
            name could hold an identifier, before.
        """
        for name in (what, *sources, *counts):
            _require_name(name)
        now = dt.datetime.now(dt.UTC)
        line: dict[str, Any] = {
            "when": now.isoformat(timespec="seconds"),
            "what": what,
            "output": str(output),
            "purpose": purpose.purpose,
            "permit": purpose.permit,
            "sources": {name: file_hash(path) for name, path in sources.items()},
            "counts": {name: self._safe(count) for name, count in counts.items()},
        }
        try:
            purpose.require(output, on=now.date())
        except InputError as error:
            self._write(line | {"allowed": False, "reason": error.problems[0].what})
            raise
        self._write(line | {"allowed": True})

    def refuse(self, *, what: str, output: Output, reason: str, purpose: str = "") -> None:
        """Write that a use was refused for another reason than its purpose.

        Parameters
        ----------
        what, output
            Name of the use, and what it would have made.
        reason
            In words that hold no person's data.
        purpose
            Under what the data were received; empty where that is not stated.

        Raises
        ------
        InputError
            If the name could hold an identifier.
        """
        _require_name(what)
        now = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
        line = {"when": now, "what": what, "output": str(output), "purpose": purpose}
        self._write(line | {"allowed": False, "reason": reason})

    def _safe(self, count: int) -> int | str:
        return f"<{self.smallest}" if 0 < count < self.smallest else int(count)

    def _write(self, line: dict[str, Any]) -> None:
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line, sort_keys=True) + "\n")


def _require_name(name: str) -> None:
    if not _NAME.fullmatch(name) or _DIGITS.search(name):
        raise InputError(
            "a name in the audit log has small letters, figures and _, and no long number",
            key="what",
            fix="name the study, source or count without a person's data",
        )
