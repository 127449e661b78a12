"""Chances of clients, draw by draw and in blocks: never all people and draws at once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import expit

from impactmodel.clients.anticipation import ChanceModel
from impactmodel.clients.clients import Clients
from impactmodel.core.errors import InputError

type Matrix = npt.NDArray[np.float64]
type Vector = npt.NDArray[np.float64]

_BLOCK = 4_000_000


def chances(model: ChanceModel, clients: Clients) -> Chances:
    """Return the chances of clients under a model.

    Raises
    ------
    DiagnosticsError
        If the model's fit failed its diagnostics.
    InputError
        If the clients were declared otherwise than those of the training window.
    """
    model.diagnostics.raise_if_failed()
    model.encoded.require_same(clients)
    return Chances(model, clients)


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Chances:
    r"""Chances :math:`p_{di} = 1 / (1 + e^{-\eta_{di}})` of people, computed when they are read.

    Parameters
    ----------
    model
        Whose draws they are.
    clients
        Whose chances they are.
    """

    model: ChanceModel
    clients: Clients

    @property
    def size(self) -> int:
        """Number of people."""
        return self.clients.size

    def blocks(self) -> Iterator[tuple[slice, Matrix]]:
        """Yield a slice of people and their chances (draw, person), block by block."""
        step = max(1, _BLOCK // self.model.draws)
        for start in range(0, self.size, step):
            part = slice(start, min(start + step, self.size))
            x = self.model.encoded.matrix(self.clients.take(np.arange(part.start, part.stop)))
            eta = self.model.beta[:, 1:] @ x.T
            eta += self.model.beta[:, :1]
            yield part, expit(eta, out=eta)

    def expected(self) -> Vector:
        """Return each person's chance, averaged over draws (person): what ranks and is shown."""
        out = np.empty(self.size)
        for part, p in self.blocks():
            out[part] = p.mean(axis=0)
        return out

    def interval(self, probability: float) -> Matrix:
        """Return an equal-tailed credible interval of each person's chance (2, person).

        It is of the chance, not of what comes, which is yes or no.
        """
        if not 0 < probability < 1:
            raise InputError("a probability lies between 0 and 1", key="probability")
        tail = (1 - probability) / 2
        out = np.empty((2, self.size))
        for part, p in self.blocks():
            out[:, part] = np.quantile(p, (tail, 1 - tail), axis=0)
        return out

    def group_means(self, groups: npt.NDArray[Any], count: int) -> Matrix:
        r"""Return mean chances of groups, draw by draw (draw, group).

        Parameters
        ----------
        groups
            A code for each person, -1 for none, or probabilities of membership (person, group),
            with which the mean is weighted.
        count
            Number of groups; one with nobody in it has NaN.
        """
        inside = membership(groups, count, self.size)
        total = inside.sum(axis=0)
        out = np.zeros((self.model.draws, count))
        for part, p in self.blocks():
            out += p @ inside[part]
        return np.asarray(out / np.where(total > 0, total, np.nan))

    def __repr__(self) -> str:
        return f"Chances({self.size} people, {self.model.draws} draws of {self.model!r})"


def membership(groups: npt.NDArray[Any], count: int, size: int) -> Matrix:
    """Return weights (person, group) from codes, of which -1 is none, or from probabilities."""
    if groups.ndim == 2:
        if groups.shape != (size, count) or (groups < 0).any():
            raise InputError("membership is (person, group) and not negative", key="groups")
        return np.asarray(groups, dtype=float)
    code = np.asarray(groups, dtype=np.intp)
    if code.shape != (size,) or (code < -1).any() or (code >= count).any():
        raise InputError(
            f"a code from 0 to {count - 1}, or -1, for each person is needed", key="groups"
        )
    out = np.zeros((size, count + 1))
    out[np.arange(size), code] = 1.0
    return out[:, :count]
