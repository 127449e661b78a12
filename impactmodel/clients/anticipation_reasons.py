"""Reasons of a chance: what each feature adds to a client's logit, against a stated reference."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from impactmodel.clients.anticipation import ChanceModel
from impactmodel.clients.clients import Clients
from impactmodel.core.errors import InputError

type Matrix = npt.NDArray[np.float64]
type Vector = npt.NDArray[np.float64]
type Reference = Literal["average", "levels"]

NOTE = "predicts, does not cause"
_REFERENCES = {
    "average": "the average client of the training window",
    "levels": "the reference levels, and the average of each number",
}


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Reasons:
    r"""Contributions of features to the logits of clients; each predicts, none causes.

    .. math:: \eta_i = c_0 + \sum_f c_{if}, \quad
        c_{if} = \sum_{j \in f} \beta_j (x_{ij} - r_j), \quad c_0 = \beta_0 + \sum_j \beta_j r_j

    Parameters
    ----------
    features
        Features, and crossed pairs, in the order of the contributions.
    reference
        What a contribution is compared with.
    start
        :math:`c_0`, draw by draw (draw).
    contributions
        :math:`c_{if}` (draw, person, feature).
    note
        What must stand beside every contribution that is shown.
    """

    features: tuple[str, ...]
    reference: str
    start: Vector
    contributions: Matrix
    note: str = NOTE

    def logits(self) -> Matrix:
        """Return what start and contributions add up to (draw, person)."""
        return np.asarray(self.start[:, None] + self.contributions.sum(axis=2))

    def expected(self) -> tuple[float, Matrix]:
        """Return start and contributions (person, feature), averaged over draws.

        They add up to the mean logit; the chance of that logit differs a little from the mean
        chance, the more so the fewer people the model was fitted to.
        """
        return float(self.start.mean()), np.asarray(self.contributions.mean(axis=0))

    def interval(self, probability: float) -> Matrix:
        """Return equal-tailed credible intervals of the contributions (2, person, feature)."""
        if not 0 < probability < 1:
            raise InputError("a probability lies between 0 and 1", key="probability")
        tail = (1 - probability) / 2
        return np.asarray(np.quantile(self.contributions, (tail, 1 - tail), axis=0))

    def __repr__(self) -> str:
        people, features = self.contributions.shape[1:]
        return f"Reasons({people} people, {features} features, against {self.reference}; {NOTE})"


def reasons(model: ChanceModel, clients: Clients, reference: Reference = "average") -> Reasons:
    """Return the reasons of some clients' chances; take few clients at a time.

    Parameters
    ----------
    model
        Its columns are additive, so that reasons are exact; a crossed pair is one reason.
    clients
        Whose reasons.
    reference
        ``average``: the average client of the training window. ``levels``: the reference level of
        each flag and category (of a pooled one, the mean of its levels), the first bin and
        the average of each other number.

    Raises
    ------
    InputError
        For an unknown reference, or clients declared otherwise.
    """
    if reference not in _REFERENCES:
        raise InputError(
            "there is no such reference", key="reference", seen=reference, fix="average or levels"
        )
    encoded = model.encoded
    at = encoded.average if reference == "average" else np.zeros_like(encoded.average)
    x = encoded.matrix(clients) - at
    parts = [model.beta[:, 1:][:, s] @ x[:, s].T for s in encoded.places().values()]
    return Reasons(
        features=encoded.names,
        reference=_REFERENCES[reference],
        start=np.asarray(model.beta[:, 0] + model.beta[:, 1:] @ at),
        contributions=np.stack(parts, axis=2),
    )
