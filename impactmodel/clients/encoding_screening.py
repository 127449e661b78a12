"""Which pairs of features a model of single features misses: a screening of the training window."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt
from scipy.special import chdtrc

from impactmodel.clients.anticipation import Anticipation, ChanceModel, anticipate
from impactmodel.clients.chances import Chances
from impactmodel.clients.clients import Clients
from impactmodel.clients.features import Number
from impactmodel.core.errors import InputError
from impactmodel.effects.chances import Importance
from impactmodel.effects.methods import Sampler

type Matrix = npt.NDArray[np.float64]
type Vector = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class CrossedPair:
    """What a pair of features adds beyond the sum of the two.

    Parameters
    ----------
    pair
        The features.
    statistic, cells
        Score statistic of the combinations beyond the first levels, and its degrees of freedom.
    probability
        P(a statistic at least as large | the pair adds nothing).
    """

    pair: tuple[str, str]
    statistic: float
    cells: int
    probability: float


def screen_crossed(
    model: ChanceModel, clients: Clients, least: int = 50
) -> tuple[CrossedPair, ...]:
    r"""Look at the residuals of every pair of flags and categories that a model reads.

    With indicators *Z* of the combinations beyond the first levels, columns *X* of the model and
    *W* = diag(p (1 - p)), Rao's score statistic

    .. math:: u'V^{-1}u, \quad u = Z'(y - p), \quad V = Z'WZ - Z'WX (X'WX)^{-1} X'WZ

    is chi-squared with as many degrees of freedom as *V* has rank where the pair adds nothing.

    Parameters
    ----------
    clients
        The training window of the model: a later one is for judging.
    least
        Fewest people of a combination.

    Returns
    -------
    tuple
        Pairs not crossed yet, the clearest first.

    Raises
    ------
    InputError
        If the clients are not those of the model's window.
    """
    people = clients.take(model.seen(clients))
    if not people.size or people.index.max() > model.window[1]:
        raise InputError(
            "pairs are screened in the training window",
            key="clients",
            seen=people.size,
            fix="give the clients that the model was fitted to",
        )
    p = Chances(model, people).expected()
    score = _Score.of(model, people, people.target(model.target.name) - p, p * (1 - p))
    features = clients.table.features
    names = [n for n in model.encoded.names if n in features]
    labels = {n: people.labels(n) for n in names if not isinstance(features[n], Number)}
    crossed = {frozenset(part.features) for part in model.encoded.parts}
    found = []
    for pair in combinations(labels, 2):
        (a, _), (b, levels) = labels[pair[0]], labels[pair[1]]
        code = np.where((a > 0) & (b > 0), a * len(levels) + b, 0)
        kept = [c for c in np.flatnonzero(np.bincount(code) >= least) if c > 0]
        if frozenset(pair) not in crossed and kept:
            statistic, cells = score.of_columns((code[:, None] == kept).astype(float))
            found.append(CrossedPair(pair, statistic, cells, float(chdtrc(cells, statistic))))
    return tuple(sorted(found, key=lambda each: each.probability))


@dataclass(frozen=True, slots=True, eq=False)
class _Score:
    """What a score test of more columns needs of a fitted model: rows, residuals, variances."""

    rows: Matrix
    residual: Vector
    spread: Vector
    inverse: Matrix

    @classmethod
    def of(cls, model: ChanceModel, people: Clients, residual: Vector, spread: Vector) -> _Score:
        rows = np.column_stack([np.ones(people.size), model.encoded.matrix(people)])
        inner = (rows * spread[:, None]).T @ rows
        return cls(rows, residual, spread, np.linalg.pinv(inner, hermitian=True))

    def of_columns(self, z: Matrix) -> tuple[float, int]:
        """Return statistic and degrees of freedom of columns."""
        u, weighted = z.T @ self.residual, z * self.spread[:, None]
        cross = weighted.T @ self.rows
        v = weighted.T @ z - cross @ self.inverse @ cross.T
        rank = int(np.linalg.matrix_rank(v, hermitian=True))
        return float(u @ np.linalg.pinv(v, hermitian=True) @ u), rank


def with_crossed(
    anticipation: Anticipation,
    clients: Clients,
    method: Importance | Sampler | None = None,
    false: float = 0.1,
) -> Anticipation:
    """Return an anticipation whose encoding crosses the pairs that stand out.

    They are chosen in the model of all features by the rule of Benjamini and Hochberg (1995,
    doi:10.1111/j.2517-6161.1995.tb02031.x). The choice is made on the training window and stands in
    the spec; a pair that adds nothing is pooled towards nothing.

    Parameters
    ----------
    clients
        The training window.
    false
        Expected share of pairs that add nothing among those crossed.
    """
    if not 0 < false < 1:
        raise InputError("a share lies between 0 and 1", key="false", seen=false)
    found = screen_crossed(anticipate(anticipation, clients, method).aware, clients)
    below = [i for i, each in enumerate(found, 1) if each.probability <= false * i / len(found)]
    chosen = tuple(each.pair for each in found[: max(below, default=0)])
    encoding = dataclasses.replace(
        anticipation.encoding, crossed=(*anticipation.encoding.crossed, *chosen)
    )
    return dataclasses.replace(anticipation, encoding=encoding)
