"""The desk: one model in a permitted use, which makes proposals and no decisions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from impactmodel.clients.decision_log import Proposal
from impactmodel.clients.kept_inputs import inputs_digest

if TYPE_CHECKING:
    import numpy.typing as npt

    from impactmodel.clients.clients import ClientTable
    from impactmodel.clients.keyed import Key
    from impactmodel.clients.model_record import ModelRecord
    from impactmodel.clients.use import ClientGate

CROSSED = " × "
"""Between the features of a crossed pair, in the name of its columns."""


@dataclass(frozen=True, slots=True, repr=False)
class Desk:
    """A saved model in a declared use. Opening it leaves a line in the audit log.

    Parameters
    ----------
    gate
        The use and its log.
    table
        Which features are declared, and which of them are protected.
    model
        Its features rank.
    key
        Of the controller.

    Raises
    ------
    InputError
        If the purpose does not serve decisions about clients or has expired, the model reads an
        undeclared variable, or a protected one ranks without a ground. A line is written.
    """

    gate: ClientGate
    table: ClientTable
    model: ModelRecord
    key: Key

    def __post_init__(self) -> None:
        names = [name for pair in self.model.features for name in pair.split(CROSSED)]
        self.gate.open(self.table, tuple(dict.fromkeys(names)))

    def __repr__(self) -> str:
        return f"Desk of {self.gate.use.name} with model {self.model.name}"

    def propose(self, inputs: npt.ArrayLike, *, pseudonym: str, suggests: str) -> Proposal:
        """Score one person and make it a proposal that somebody must decide on.

        Parameters
        ----------
        inputs
            Encoded values (column).
        pseudonym
            Of the person in the user's own register; only its keyed hash is held.
        suggests
            The action that is suggested, such as a service.

        Raises
        ------
        InputError
            If the permission has expired since the desk was opened; a line is written.
        """
        self.gate.require_today()
        return Proposal(
            use=self.gate.use.name,
            person=self.key.digest("person", pseudonym),
            score=self.model.score(inputs),
            model=self.model.name,
            fingerprint=self.model.fingerprint,
            inputs=inputs_digest(self.key, self.model.columns, inputs),
            suggests=suggests,
        )
