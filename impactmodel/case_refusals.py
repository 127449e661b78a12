"""Refused uses of clients' data by a case: each leaves a line in the audit log and no output."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from impactmodel.clients.use import OUTPUT
from impactmodel.core.errors import InputError
from impactmodel.core.yaml import Document
from impactmodel.registers import AuditLog

if TYPE_CHECKING:
    from impactmodel.registers import Purpose
    from impactmodel.registers.purpose import Output

_FILE = "audit.jsonl"
_OF_USE = ("evidence.purpose", "evidence.use", "purpose.", "use.")


def refused(
    error: InputError, log: AuditLog | None, purpose: Purpose, output: Output, what: str
) -> InputError:
    """Write that a use was refused, and return the error that says why.

    Parameters
    ----------
    log
        None for synthetic clients, who are nobody.
    what
        Name in the log.
    """
    if log is not None:
        log.refuse(purpose, output, what=what, reason=_reason(error))
    return error


def note_refusal(path: Path, error: InputError) -> None:
    """Write that a case on clients cannot be read for its purpose or use, such as without a basis.

    A case that is not on clients, or not at fault there, leaves no line.

    Parameters
    ----------
    path
        Of the case, beside which the log lies.
    error
        Of reading it.
    """
    faults = [p for p in error.problems if p.key.startswith(_OF_USE)]
    if not faults:
        return
    with suppress(InputError):
        document = Document.read(path).at("evidence")
        if isinstance(document.data, str):
            document = Document.read(path.parent / document.data)
        data = document.data
        if not isinstance(data, dict) or data.get("type") != "clients":
            return
        rows, named = data.get("rows"), data.get("audit") or ""
        synthetic = isinstance(rows, dict) and rows.get("type") == "synthetic"
        if synthetic and not named:
            return
        log = AuditLog(path.parent / str(named or _FILE))
        output: Output = OUTPUT if "use." in f"{faults[0].key}." else "effect"
        log.refuse(None, output, what="case", reason=_reason(InputError.of(faults)))


def _reason(error: InputError) -> str:
    first = error.problems[0]
    return f"{first.key}: {first.what}" if first.key else first.what
