"""For what register data may be used: legal basis, permit, allowed outputs, and the end of both."""

from __future__ import annotations

import datetime as dt
from typing import Literal

from impactmodel.core.errors import InputError
from impactmodel.core.spec import spec

type Aim = Literal["research", "statistics", "evaluation", "payment", "client_work"]
type Output = Literal["indicators", "cells", "effect", "savings", "payment", "client_decision"]

_AGGREGATES = ("research", "statistics", "evaluation")
NEEDS: dict[str, tuple[str, ...]] = {
    "indicators": (*_AGGREGATES, "payment", "client_work"),
    "cells": (*_AGGREGATES, "payment"),
    "effect": _AGGREGATES,
    "savings": _AGGREGATES,
    "payment": ("payment",),
    "client_decision": ("client_work",),
}
"""By output, the purposes that it may serve; the last two act on people or on a contract."""


@spec
class Purpose:
    """For what a set of extracts was received.

    What was received for statistics or research must not decide about individuals: a payment under
    a contract, and a decision about a client, each need a legal basis of their own.

    Parameters
    ----------
    legal_basis
        The provision that allows the processing, as the permit cites it.
    permit
        Its identifier; empty only for the controller's own client work or payment.
    controller
        Who is responsible for the data.
    purpose
        ``research``, ``statistics``, ``evaluation``, ``payment`` or ``client_work``.
    allowed_outputs
        What may be made: ``indicators``, ``cells``, ``effect``, ``savings``, ``payment``,
        ``client_decision``.
    expires
        The last day on which the data may be used.
    retention
        The day by which they are destroyed or archived.

    Raises
    ------
    InputError
        If an output is listed that the purpose can never serve.

    Examples
    --------
    >>> purpose = Purpose(
    ...     legal_basis="statistics act, section on research",
    ...     permit="P-1",
    ...     controller="the statistical office",
    ...     purpose="research",
    ...     allowed_outputs=("effect",),
    ...     expires=dt.date(2030, 12, 31),
    ...     retention=dt.date(2031, 12, 31),
    ... )
    >>> purpose.require("effect", on=dt.date(2030, 1, 1))
    >>> purpose.require("payment", on=dt.date(2030, 1, 1))
    Traceback (most recent call last):
    impactmodel.core.errors.InputError: purpose: data received for research ...
    """

    legal_basis: str
    permit: str
    controller: str
    purpose: Aim
    allowed_outputs: tuple[Output, ...]
    expires: dt.date
    retention: dt.date

    def __post_init__(self) -> None:
        for key in ("legal_basis", "controller"):
            if not getattr(self, key).strip():
                raise InputError("this is not stated", key=key, fix="state it as the permit does")
        if self.purpose in _AGGREGATES and not self.permit.strip():
            raise InputError(
                f"data for {self.purpose} come with a permit", key="permit", fix="state its number"
            )
        if not self.allowed_outputs:
            raise InputError("no output is allowed", key="allowed_outputs", fix="list at least one")
        for output in self.allowed_outputs:
            self.require_serves(output, "allowed_outputs")
        if self.retention < self.expires:
            raise InputError(
                "the data would be destroyed before their use ends",
                key="retention",
                seen=self.retention.isoformat(),
                fix=f"not before {self.expires}, or let the use expire earlier",
            )

    def require(self, output: Output, *, on: dt.date) -> None:
        """Refuse an output that the purpose, the permit or the day does not allow.

        Parameters
        ----------
        output
            What would be made.
        on
            The day of use.

        Raises
        ------
        InputError
            If the purpose cannot serve the output, the permit does not list it, it expired, or the
            data should be gone.
        """
        self.require_serves(output)
        if output not in self.allowed_outputs:
            raise InputError(
                "the permit does not list this output",
                key="allowed_outputs",
                seen=output,
                fix=f"make one of {', '.join(self.allowed_outputs)}, or extend the permit",
            )
        if on > self.retention:
            raise InputError(
                "these data were to be destroyed or archived",
                key="retention",
                seen=self.retention.isoformat(),
                fix="destroy or archive them, and ask for new ones under a new permit",
            )
        if on > self.expires:
            raise InputError(
                f"the permit expired before {on}",
                key="expires",
                seen=self.expires.isoformat(),
                fix="renew it before the data are used",
            )

    def require_today(self, output: Output) -> None:
        """Refuse an output as `require` does, on the day of today."""
        self.require(output, on=dt.datetime.now(dt.UTC).date())

    def require_serves(self, output: Output, key: str = "purpose") -> None:
        """Refuse an output that data received for this purpose can never serve.

        Raises
        ------
        InputError
            Names the purposes that can.
        """
        _require_known(output)
        if self.purpose not in NEEDS[output]:
            raise InputError(
                f"data received for {self.purpose} cannot serve this",
                key=key,
                seen=output,
                fix=f"it needs data received for {' or '.join(NEEDS[output])}",
            )


def _require_known(output: str) -> None:
    if output not in NEEDS:
        raise InputError("there is no such output", seen=output, fix=f"one of {', '.join(NEEDS)}")
