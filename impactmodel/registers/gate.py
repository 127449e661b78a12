"""The gate between register data and what is made of them: purpose, audit line, then the output."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from impactmodel.core.errors import InputError
from impactmodel.core.spec import dump, load
from impactmodel.registers.audit import AuditLog
from impactmodel.registers.purpose import Output, Purpose

if TYPE_CHECKING:
    import pandas as pd

_MARK = "impactmodel_purpose"
"""Key of ``DataFrame.attrs``: pandas hands it on to frames that are made of this one."""


def under(frame: pd.DataFrame, purpose: Purpose) -> pd.DataFrame:
    """Return a table of register data, marked with the purpose that they were received for.

    Frames made of it (chosen rows or columns, sums by group) stay marked, and so does a Parquet
    file.
    """
    marked = frame.copy(deep=False)
    marked.attrs[_MARK] = dump(purpose)
    return marked


def purpose_of(data: object) -> Purpose | None:
    """Return the purpose that data carry; None where they carry none.

    Parameters
    ----------
    data
        A `StudyData`, a `Tabulation` or a frame that `under` marked.
    """
    carried = getattr(data, "purpose", None)
    if isinstance(carried, Purpose):
        return carried
    attrs = getattr(data, "attrs", {})
    return load(Purpose, attrs[_MARK]) if isinstance(attrs, dict) and _MARK in attrs else None


def require_unmarked_or(data: object, output: Output) -> None:
    """Refuse data that were received for a purpose which can never serve an output.

    Data without a mark pass: they are not of registers, as an official aggregate is.

    Raises
    ------
    InputError
        Names the purpose and what the output needs.
    """
    carried = purpose_of(data)
    if carried is not None:
        carried.require_serves(output)


@dataclass(frozen=True, slots=True)
class Gate:
    """What every use of a set of extracts passes.

    Parameters
    ----------
    purpose
        Under which the extracts were received.
    what
        Name of the study or table in the log.
    log
        Where each use, and each refusal, leaves a line; None for synthetic rows alone, which are
        about nobody.
    sources
        SHA-256 of each extract by name.
    """

    purpose: Purpose
    what: str
    log: AuditLog | None
    sources: Mapping[str, str] = field(default_factory=dict)

    def use(self, output: Output, data: object, counts: Mapping[str, int] | None = None) -> None:
        """Let data be used for an output, or refuse it; either leaves a line in the log.

        Parameters
        ----------
        output
            What is made of them.
        data
            What is used; it carries its purpose.
        counts
            People or rows by name, for the line.

        Raises
        ------
        InputError
            If the data carry no purpose, or another one than the gate's, or if it does not allow
            the output today.
        """
        carried = purpose_of(data)
        fault = ""
        if carried is None:
            fault = "register data are used without a purpose"
        elif carried != self.purpose:
            fault = "register data are used under another purpose than they were received for"
        entry: dict[str, Any] = {
            "what": self.what,
            "sources": self.sources,
            "counts": counts or {},
        }
        if fault:
            if self.log is not None:
                self.log.refuse(carried, output, reason=fault, **entry)
            fix = "state it where the extracts are read, and pass it on"
            raise InputError(fault, key="purpose", fix=fix)
        if self.log is None:
            self.purpose.require_today(output)
        else:
            self.log.use(self.purpose, output, **entry)
