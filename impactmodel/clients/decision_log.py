"""The log of decisions: what was shown, what was decided by whom, and why it differs."""

from __future__ import annotations

import datetime as dt
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from impactmodel.clients.decision_opening import opening_digest
from impactmodel.clients.kept_inputs import KeptInputs, inputs_digest
from impactmodel.clients.keyed import Key, require_no_identity
from impactmodel.clients.model_record import ModelRecord, Reason, Score
from impactmodel.core.errors import InputError
from impactmodel.core.spec import spec

START = "0" * 64


@dataclass(frozen=True, slots=True, repr=False)
class Proposal:
    """What a person who decides is shown: a score and a suggestion, never a decision.

    Made by `impactmodel.clients.desk.Desk.propose`.

    Parameters
    ----------
    use
        Name of the declared use.
    person
        Keyed hash of the pseudonym.
    score
        Chance, interval and reasons.
    model, fingerprint
        Identifier and SHA-256 of the model.
    inputs
        Keyed hash of the inputs.
    suggests
        The action that is suggested.
    """

    use: str
    person: str
    score: Score
    model: str
    fingerprint: str
    inputs: str
    suggests: str

    def __repr__(self) -> str:
        return f"Proposal of model {self.model} for one person: {self.suggests}"


@spec
class Decision:
    """What somebody decided, having seen a proposal.

    Parameters
    ----------
    role
        Who decided, as a role and not as a name.
    action
        What was done.
    why
        Why; required where the action is not the one that was suggested. Screened for identity
        codes, long numbers and addresses.
    """

    role: str
    action: str
    why: str = ""

    def __post_init__(self) -> None:
        for key in ("role", "action"):
            if not getattr(self, key).strip():
                raise InputError("this is not stated", key=key, fix="state it")
        for key in ("role", "action", "why"):
            require_no_identity(getattr(self, key), key)


@dataclass(frozen=True, slots=True, repr=False)
class Entry:
    """A line of the log.

    Parameters
    ----------
    number
        From 1.
    kind
        ``shown`` or ``decided``; the first line may be ``opened``, by a run.
    when
        Time, UTC.
    body
        What was shown or decided.
    digest
        Keyed hash of this line and the one before.
    """

    number: int
    kind: Literal["opened", "shown", "decided"]
    when: str
    body: Mapping[str, Any]
    digest: str

    def __repr__(self) -> str:
        return f"Entry {self.number}: {self.kind} {self.when}"

    @property
    def score(self) -> Score:
        """The score that was shown."""
        held = dict(self.body["score"])
        reasons = tuple(Reason(**one) for one in held.pop("reasons"))
        return Score(**held, reasons=reasons)


@dataclass(frozen=True, slots=True, repr=False)
class DecisionLog:
    """Lines of JSON that are only added to, each bound to the one before by a keyed hash.

    A line that was changed, taken out, put in or moved is found by `entries`. Lines cut off at the
    end are found where `head` is kept elsewhere, as it should be each day. One process writes at
    a time. A log that a run opened begins with its opening, whose hash needs no key: the first
    keyed line binds it. See `impactmodel.clients.decision_opening`.

    Parameters
    ----------
    path
        The file; made at the first line.
    key
        Of the controller: without it no line can be made that fits.
    """

    path: Path
    key: Key
    _checked_so_far: dict[str, tuple[Entry, ...]] = field(
        default_factory=dict, init=False, compare=False
    )

    def __repr__(self) -> str:
        return "DecisionLog of a controller"

    def show(self, proposal: Proposal) -> int:
        """Write what is shown; return its number, which a decision names.

        Raises
        ------
        InputError
            If the log was opened for another use or model.
        """
        self._require_opened_for(proposal)
        body = {
            "use": proposal.use,
            "person": proposal.person,
            "score": asdict(proposal.score),
            "model": proposal.model,
            "fingerprint": proposal.fingerprint,
            "inputs": proposal.inputs,
            "suggests": proposal.suggests,
        }
        require_no_identity(proposal.suggests, "suggests")
        return self._add("shown", body)

    def decide(self, number: int, decision: Decision) -> int:
        """Write what was decided on a proposal; return the number of the new line.

        Raises
        ------
        InputError
            If nothing was shown under this number, or the action differs from what was suggested
            and no reason is given.
        """
        shown = [e for e in self.entries() if e.number == number and e.kind == "shown"]
        if not shown:
            raise InputError("nothing was shown under this number", key="number", seen=number)
        override = decision.action != shown[0].body["suggests"]
        if override and not decision.why.strip():
            raise InputError(
                "the decision differs from the suggestion and no reason is given",
                key="why",
                fix="say why, without telling who the person is",
            )
        body = {
            "of": number,
            "person": shown[0].body["person"],
            "role": decision.role,
            "action": decision.action,
            "override": override,
            "why": decision.why,
        }
        return self._add("decided", body)

    def entries(self, *, head: str = "") -> tuple[Entry, ...]:
        """Return all lines, having checked that none was tampered with.

        Parameters
        ----------
        head
            The last hash as it was kept elsewhere: a line must still have it.

        Raises
        ------
        InputError
            At the first line that does not fit.
        """
        text = self.path.read_text(encoding="utf-8") if self.path.exists() else ""
        # A text that begins as one that was checked is checked from there on.
        known, found = next(
            ((old, list(e)) for old, e in self._checked_so_far.items() if text.startswith(old)),
            ("", []),
        )
        before = found[-1].digest if found else START
        for number, line in enumerate(text[len(known) :].splitlines(), start=len(found) + 1):
            entry = self._checked(line, number, before)
            found.append(entry)
            before = entry.digest
        self._checked_so_far.clear()
        self._checked_so_far[text] = tuple(found)
        if head and head not in {START, *(e.digest for e in found)}:
            raise InputError(
                "the log lacks lines that it had",
                key="head",
                file=self.path.name,
                fix="restore it from a copy",
            )
        return tuple(found)

    def head(self) -> str:
        """Return the hash of the last line: keep it elsewhere, such as in a diary of records."""
        found = self.entries()
        return found[-1].digest if found else START

    def undecided(self) -> tuple[int, ...]:
        """Return numbers of proposals that nobody has decided on: they have no effect."""
        entries = self.entries()
        done = {e.body["of"] for e in entries if e.kind == "decided"}
        return tuple(e.number for e in entries if e.kind == "shown" and e.number not in done)

    def replay(self, number: int, model: ModelRecord, kept: KeptInputs) -> Score:
        """Compute a logged score again from the kept inputs and the saved model.

        Raises
        ------
        InputError
            If nothing was shown under this number, the model or the inputs are not those that were
            logged, or the score is not the same to the bit.
        """
        shown = [e for e in self.entries() if e.number == number and e.kind == "shown"]
        if not shown:
            raise InputError("nothing was shown under this number", key="number", seen=number)
        body, logged = shown[0].body, shown[0].score
        if model.fingerprint != body["fingerprint"]:
            raise InputError(
                "this is not the model that was used", key="model", fix=f"load '{body['model']}'"
            )
        columns, values = kept.find(body["inputs"])
        if columns != model.columns or inputs_digest(self.key, columns, values) != body["inputs"]:
            raise InputError("the inputs are not those that were used", key="inputs")
        again = model.score(values, logged.prob)
        if again != logged:
            raise InputError(
                "the score does not replay to the bit",
                key="score",
                fix="use the versions that are recorded with the model",
            )
        return again

    def _checked(self, line: str, number: int, before: str) -> Entry:
        fault = InputError(
            "the log was tampered with here",
            file=self.path.name,
            line=number,
            fix="restore it from a copy",
        )
        try:
            held = json.loads(line)
            digest = held.pop("digest")
            entry = Entry(held["number"], held["kind"], held["when"], held["body"], digest)
        except (ValueError, KeyError, TypeError, AttributeError):
            raise fault from None
        first = entry.kind == "opened" and number == 1
        due = opening_digest(held) if first else self._digest(held, before)
        if entry.number != number or digest != due:
            raise fault
        return entry

    def _require_opened_for(self, proposal: Proposal) -> None:
        entries = self.entries()
        if not entries or entries[0].kind != "opened":
            return
        opened = entries[0].body
        if opened["model"]["fingerprint"] != proposal.fingerprint:
            raise InputError(
                "the log was opened for another model",
                key="fingerprint",
                file=self.path.name,
                fix="show it in the log of its own run",
            )
        if opened["use"]["name"] != proposal.use:
            raise InputError("the log was opened for another use", key="use", seen=proposal.use)

    def _digest(self, held: Mapping[str, Any], before: str) -> str:
        return self.key.digest("log", before + json.dumps(held, sort_keys=True))

    def _add(self, kind: str, body: Mapping[str, Any]) -> int:
        entries = self.entries()
        before = entries[-1].digest if entries else START
        number = len(entries) + 1
        when = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
        held = {"number": number, "kind": kind, "when": when, "body": body}
        line = json.dumps(held | {"digest": self._digest(held, before)}, sort_keys=True)
        with self.path.open("a", encoding="utf-8") as file:
            file.write(line + "\n")
            file.flush()
            os.fsync(file.fileno())
        return number
