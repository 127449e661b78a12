"""The first line of a log of decisions: for which model, on what ground, and who may decide."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from impactmodel.clients.anticipation import ChanceModel
from impactmodel.clients.clients import ClientTable
from impactmodel.clients.encoding_record import encoding_data
from impactmodel.clients.model_record import ModelRecord
from impactmodel.clients.use import ClientUse
from impactmodel.core.errors import InputError
from impactmodel.core.spec import dump

LOG = "decision_log.jsonl"
MODEL = "model.npz"
"""Files that a run leaves for a desk."""

DECIDES_NOBODY = (
    "A run decides about nobody: this line opens the log for a model, and no proposal and no "
    "decision is in it."
)
SHOWN = (
    "the chance with its interval and reasons",
    "the model by its fingerprint",
    "keyed hashes of the inputs and the pseudonym",
    "what is suggested",
)
DECIDED = (
    "the number of what was shown",
    "the role that decided, never a name",
    "what was done",
    "whether that differs from what was suggested",
    "why, wherever it differs",
)


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Opening:
    """What a log of decisions is opened for.

    Parameters
    ----------
    use
        Purpose, legal basis, variables, who decides.
    model, record
        The model that ranks, as it was fitted and as it is saved.
    synthetic
        Whether it was learnt from made-up people.
    """

    use: ClientUse
    model: ChanceModel
    record: ModelRecord
    synthetic: bool

    def __repr__(self) -> str:
        return f"Opening of {self.use.name} for model {self.record.name}"

    @property
    def table(self) -> ClientTable:
        """The declared table."""
        return self.model.encoded.table

    def body(self) -> dict[str, Any]:
        """Return what the first line says: terms of the use and of the model, no person."""
        purpose, oversight = self.use.purpose, self.use.oversight
        return {
            "said": DECIDES_NOBODY,
            "synthetic": self.synthetic,
            "model": {
                "name": self.record.name,
                "fingerprint": self.record.fingerprint,
                "file": MODEL,
                "target": self.record.target,
                "policy": self.record.policy,
            },
            "purpose": purpose.purpose,
            "legal_basis": purpose.legal_basis,
            "controller": purpose.controller,
            "expires": purpose.expires.isoformat(),
            "decides": {
                "role": oversight.role,
                "also_uses": list(oversight.also_uses),
                "may_deviate": oversight.may_deviate,
                "contact": oversight.contact,
            },
            "must_record": {"shown": list(SHOWN), "decided": list(DECIDED)},
            "retention": {
                "until": purpose.retention.isoformat(),
                "log": "kept whole until that day; a line is never changed or taken out",
                "inputs": "kept apart, each until its own day, that day at the latest; then erased",
                "key": "kept apart from the log; without it no hash can be linked to a person",
            },
            "use": dump(self.use),
            "table": dump(self.table),
            "encoding": encoding_data(self.model.encoded),
        }

    def write(self, folder: Path) -> str:
        """Save the model and begin its log beside it; return the digest of the first line.

        The line needs no key: whoever has the file can check it against the digest, and the first
        keyed line after it binds it.

        Raises
        ------
        InputError
            If a log that holds more than an opening is there.
        """
        require_no_decisions(folder)
        self.record.save(folder / MODEL)
        line = opening_line(self.body())
        (folder / LOG).write_text(line + "\n", encoding="utf-8", newline="\n")
        return str(json.loads(line)["digest"])


def opening_line(body: Mapping[str, Any]) -> str:
    """Return the line that opens a log."""
    when = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
    held = {"number": 1, "kind": "opened", "when": when, "body": dict(body)}
    return json.dumps(held | {"digest": opening_digest(held)}, sort_keys=True)


def opening_digest(held: Mapping[str, Any]) -> str:
    """Return the SHA-256 of an opening without its digest: it needs no key.

    Examples
    --------
    >>> held = {"number": 1, "kind": "opened", "when": "", "body": {}}
    >>> opening_digest(held) == opening_digest(held | {"body": {"said": "else"}})
    False
    """
    return hashlib.sha256(("opened\0" + json.dumps(held, sort_keys=True)).encode()).hexdigest()


def require_no_decisions(folder: str | Path) -> None:
    """Refuse a folder whose log of decisions holds more than its opening.

    Such a log, and the model that its scores replay with, are never written over.

    Raises
    ------
    InputError
        Also if the file is there and is no log.
    """
    path = Path(folder) / LOG
    if not path.exists():
        return
    lines = path.read_bytes().splitlines()
    if len(lines) != 1 or not _opens(lines[0]):
        raise InputError(
            f"the log of decisions here holds {len(lines)} lines, more than its opening, and a "
            "run never writes over it",
            file=str(path),
            fix="name another folder, or move this one away and keep it",
        )


def _opens(line: bytes) -> bool:
    try:
        return bool(json.loads(line)["kind"] == "opened")
    except (ValueError, KeyError, TypeError):
        return False
