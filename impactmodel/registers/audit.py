"""The audit log: a line for each use of register data, also for each use that was refused."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from impactmodel.core.errors import InputError
from impactmodel.core.record import file_hash
from impactmodel.registers.purpose import Output, Purpose
from impactmodel.registers.small_counts import LEAST, require_name, shown_count


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
    smallest: int = LEAST

    def use(
        self,
        purpose: Purpose,
        output: Output,
        *,
        what: str,
        sources: Mapping[str, Path | str],
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
            Files by name of the source, or their SHA-256; that is written, paths are not.
        counts
            People or rows by name.

        Raises
        ------
        InputError
            If the use is not allowed (see `Purpose.require`), after the line was written; or if a
            name could hold an identifier, before.
        """
        line = self._line(purpose, output, what, sources, counts)
        try:
            purpose.require_today(output)
        except InputError as error:
            self._write(line | {"allowed": False, "reason": error.problems[0].what})
            raise
        self._write(line | {"allowed": True})

    def refuse(
        self,
        purpose: Purpose | None,
        output: Output,
        *,
        what: str,
        reason: str,
        sources: Mapping[str, Path | str] | None = None,
        counts: Mapping[str, int] | None = None,
    ) -> None:
        """Write that a use was refused, with the reason; see `use` for the rest."""
        line = self._line(purpose, output, what, sources or {}, counts or {})
        self._write(line | {"allowed": False, "reason": reason})

    def _line(
        self,
        purpose: Purpose | None,
        output: Output,
        what: str,
        sources: Mapping[str, Path | str],
        counts: Mapping[str, int],
    ) -> dict[str, Any]:
        for name in (what, *sources, *counts):
            require_name(name, least=1, most=40, where="a name in the audit log", key="what")
        hashes = {k: v if isinstance(v, str) else file_hash(v) for k, v in sources.items()}
        return {
            "when": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
            "what": what,
            "output": str(output),
            "purpose": None if purpose is None else purpose.purpose,
            "permit": None if purpose is None else purpose.permit,
            "sources": hashes,
            "counts": {name: shown_count(n, self.smallest) for name, n in counts.items()},
        }

    def _write(self, line: dict[str, Any]) -> None:
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line, sort_keys=True) + "\n")
