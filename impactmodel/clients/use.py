"""Use of clients' data: on what legal basis, for what, with what, and who decides."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from impactmodel.clients.clients import Clients, ClientTable
from impactmodel.core.errors import InputError, Problem
from impactmodel.core.spec import load, spec
from impactmodel.registers.audit import AuditLog
from impactmodel.registers.purpose import Output, Purpose

if TYPE_CHECKING:
    from impactmodel.clients.target import Target

OUTPUT: Output = "client_decision"
"""What every use that shows something about one client makes."""


@spec
class Oversight:
    """Who decides about a client, and what the person has beside a score.

    A score that must be followed is itself the decision (CJEU C-634/21, SCHUFA): who decides has
    more information than the score, and deviates where that is needed.

    Parameters
    ----------
    role
        Who decides, such as ``employment adviser``.
    also_uses
        What else the person bases the decision on, such as the interview.
    contact
        Where a client objects, or has data corrected.
    may_deviate
        Must be true: no automatic decision is made.
    """

    role: str
    also_uses: tuple[str, ...]
    contact: str
    may_deviate: bool = True

    def __post_init__(self) -> None:
        for key in ("role", "contact"):
            if not getattr(self, key).strip():
                raise InputError("this is not stated", key=key, fix="state it")
        if not [one for one in self.also_uses if one.strip()]:
            raise InputError(
                "a decision rests on the score alone",
                key="also_uses",
                fix="state what else the person who decides uses, such as the interview",
            )
        if not self.may_deviate:
            raise InputError(
                "a score that must be followed is an automated decision",
                key="may_deviate",
                seen=self.may_deviate,
                fix="let the person who decides deviate from it",
            )


@spec
class ClientUse:
    """A declared use of a score about clients one by one.

    Parameters
    ----------
    name
        As it stands in the audit log: small letters, figures and _.
    assesses
        What is assessed, in words that a client understands.
    purpose
        Legal basis, controller, purpose (``client_work``), outputs and end of the permission.
    variables
        Features that may be used, as the provision or the decision behind the use names them.
    oversight
        Who decides.
    ranking_grounds
        By protected feature, the provision that lets it rank people; without one it only
        calibrates and audits.

    Raises
    ------
    InputError
        If something is not stated, or a ground is given for an undeclared variable.
    """

    name: str
    assesses: str
    purpose: Purpose
    variables: tuple[str, ...]
    oversight: Oversight
    ranking_grounds: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for key in ("name", "assesses"):
            if not getattr(self, key).strip():
                raise InputError("this is not stated", key=key, fix="state it")
        if not self.variables:
            raise InputError("no variable is declared", key="variables", fix="list them")
        for name, ground in self.ranking_grounds.items():
            if name not in self.variables:
                raise InputError(
                    "a ground is given for a variable that is not declared",
                    key="ranking_grounds",
                    seen=name,
                    fix="declare it under 'variables'",
                )
            if not ground.strip():
                raise InputError(
                    "this ground is not stated", key=f"ranking_grounds.{name}", fix="cite it"
                )

    def problems(self, table: ClientTable, ranking: Sequence[str]) -> list[Problem]:
        """Return why a table may not be used in this way; empty where it may.

        Parameters
        ----------
        table
            What would be read.
        ranking
            Features that the model ranks people by; the others only calibrate and audit.
        """
        found = [
            Problem("this variable is not declared for the use", "declare or drop it", key=name)
            for name in table.features
            if name not in self.variables
        ]
        found += [
            Problem("there is no such feature to rank by", "name features of the table", key=name)
            for name in ranking
            if name not in table.features
        ]
        found += [
            Problem(
                "a protected attribute would rank people without a legal ground",
                f"cite one under 'ranking_grounds.{name}', or rank without it",
                key=name,
            )
            for name in ranking
            if name in table.protected and name not in self.ranking_grounds
        ]
        return found


def declared_use(data: object, log: AuditLog, *, what: str) -> ClientUse:
    """Read a declared use from plain data; one that cannot stand leaves a line in the log.

    Parameters
    ----------
    data
        Plain data or a YAML document of a `ClientUse`.
    log
        Where a refusal is written.
    what
        Name of the use in that line.

    Raises
    ------
    InputError
        If something is not stated, such as the legal basis.
    """
    try:
        return load(ClientUse, data)
    except InputError as error:
        first = error.problems[0]
        reason = f"{first.key}: {first.what}" if first.key else first.what
        log.refuse(None, OUTPUT, what=what, reason=reason)
        raise


@dataclass(frozen=True, slots=True)
class ClientGate:
    """The one way to clients' data: every use of them, and every refusal, leaves one line.

    Parameters
    ----------
    use, log
        What is declared, and where it is written.
    sources
        Files of the extracts by name: their SHA-256 is written.

    Examples
    --------
    >>> import tempfile
    >>> import pandas as pd
    >>> from impactmodel.clients import Number
    >>> day = dt.date(2099, 12, 31)
    >>> purpose = Purpose("act on services", "P-1", "the city", "research", ("effect",), day, day)
    >>> people = Oversight("adviser", ("the interview",), "the registry office")
    >>> use = ClientUse("support_2027", "the need of support", purpose, ("age",), people)
    >>> table = ClientTable("entry", {"age": Number()})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     log = AuditLog(Path(folder) / "audit.jsonl")
    ...     ClientGate(use, log).clients(table, pd.DataFrame(), [], ranking=["age"])
    Traceback (most recent call last):
    impactmodel.core.errors.InputError: purpose: data received for research cannot serve this ...
    """

    use: ClientUse
    log: AuditLog
    sources: Mapping[str, Path] = field(default_factory=dict)

    def clients(
        self, table: ClientTable, data: object, targets: Sequence[Target], *, ranking: Sequence[str]
    ) -> Clients:
        """Read clients for the use, or refuse it.

        Parameters
        ----------
        table, data, targets
            As `ClientTable.read` takes them.
        ranking
            Features that rank people.

        Raises
        ------
        InputError
            If the purpose does not serve decisions about clients or has expired, a variable is not
            declared, a protected one ranks without a ground, or the data do not fit, such as a
            feature that was recorded after the index date. One line is written in each case.
        """
        self._require(table, ranking)
        try:
            found = table.read(data, targets)
        except InputError as error:
            raise self._refused(error) from None
        self._allowed({"people": found.size})
        return found

    def open(self, table: ClientTable, ranking: Sequence[str]) -> None:
        """Write that a model is put to the use, or refuse it.

        Parameters
        ----------
        table, ranking
            Declared features, and those that the model ranks people by.

        Raises
        ------
        InputError
            As `clients` does for the use and its variables.
        """
        self._require(table, ranking)
        self._allowed({})

    def require_today(self) -> None:
        """Refuse the use if its permission does not cover today; a line is written then."""
        try:
            self.use.purpose.require(OUTPUT, on=dt.datetime.now(dt.UTC).date())
        except InputError as error:
            raise self._refused(error) from None

    def _require(self, table: ClientTable, ranking: Sequence[str]) -> None:
        problems = self.use.problems(table, ranking)
        if problems:
            raise self._refused(InputError.of(problems))
        self.require_today()

    def _allowed(self, counts: Mapping[str, int]) -> None:
        self.log.use(
            self.use.purpose, OUTPUT, what=self.use.name, sources=self.sources, counts=counts
        )

    def _refused(self, error: InputError) -> InputError:
        first = error.problems[0]
        reason = f"{first.key}: {first.what}" if first.key else first.what
        self.log.refuse(self.use.purpose, OUTPUT, what=self.use.name, reason=reason)
        return error
