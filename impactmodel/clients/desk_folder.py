"""The desk of a run: its model and its log of decisions, opened from the folder that it left."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from impactmodel.clients.clients import ClientTable
from impactmodel.clients.decision_log import DecisionLog, Entry, Proposal
from impactmodel.clients.decision_opening import LOG, MODEL
from impactmodel.clients.desk import Desk
from impactmodel.clients.encoding import Encoded
from impactmodel.clients.encoding_record import encoding_of
from impactmodel.clients.keyed import Key
from impactmodel.clients.model_record import ModelRecord
from impactmodel.clients.use import ClientGate, ClientUse
from impactmodel.core.errors import InputError
from impactmodel.core.spec import load
from impactmodel.registers.audit import AuditLog


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class RunDesk:
    """A desk with the log that the run opened for it.

    Parameters
    ----------
    desk
        Makes proposals.
    log
        The run's own log, continued.
    encoded
        How values of a client become inputs of the model.
    """

    desk: Desk
    log: DecisionLog
    encoded: Encoded

    def __repr__(self) -> str:
        return repr(self.desk)

    def inputs(self, rows: object) -> npt.NDArray[np.float64]:
        """Return the inputs of clients (person, column), as the model takes them.

        Parameters
        ----------
        rows
            A table as the run's clients were declared; targets are not needed.

        Raises
        ------
        InputError
            If a value does not fit, or was recorded after the index date.
        """
        return self.encoded.matrix(self.encoded.table.read(rows, ()))

    def propose(self, inputs: npt.ArrayLike, *, pseudonym: str, suggests: str) -> Proposal:
        """Score one person; see `Desk.propose`."""
        return self.desk.propose(inputs, pseudonym=pseudonym, suggests=suggests)


def open_desk(folder: str | Path, key: Key, audit: AuditLog) -> RunDesk:
    """Open the desk of a run; a line in the audit log says so, or that it was refused.

    Parameters
    ----------
    folder
        Of the run: it holds the saved model and the log.
    key
        Of the controller; a log that was continued opens with its own key alone.
    audit
        The controller's audit log.

    Raises
    ------
    InputError
        If the log was tampered with, the model is another one than it was opened for, or the use
        is not allowed today.
    """
    folder = Path(folder)
    log = DecisionLog(folder / LOG, key)
    opened = _opening(log)
    try:
        body: dict[str, Any] = dict(opened.body)
        use, table = load(ClientUse, body["use"]), load(ClientTable, body["table"])
        stated, encoded = body["model"]["fingerprint"], encoding_of(body["encoding"], table)
    except (KeyError, TypeError):
        raise InputError("the opening of the log is not whole", file=LOG, line=1) from None
    model = ModelRecord.load(folder / MODEL)
    if model.fingerprint != stated:
        raise InputError(
            "this is not the model that the log was opened for",
            file=MODEL,
            fix="take model and log from the folder of one run",
        )
    return RunDesk(Desk(ClientGate(use, audit), table, model, key), log, encoded)


def _opening(log: DecisionLog) -> Entry:
    entries = log.entries()
    if not entries or entries[0].kind != "opened":
        raise InputError(
            "no run opened this log", file=log.path.name, fix="name the folder of a run on clients"
        )
    return entries[0]
