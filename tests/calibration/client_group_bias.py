"""Biases of chances by group against the truth, and the parts that they come from."""

from dataclasses import dataclass

import numpy as np
from scipy.special import expit, ndtr

from impactmodel.clients import Chances
from impactmodel.effects.propensity import logistic

GROUPS = (
    "sex", "age_group", "origin", "language", "education", "care", "health", "region",
    "occupation", "employed", "cases", "past", "quarter", "long_case", "laid_off",
)  # fmt: skip
LIMIT, LEAST = 0.02, 500


def inside_of(clients):
    """Return names and membership (person, group) of all levels of all categories and flags."""
    names, columns = [], []
    for name in GROUPS:
        codes, labels = clients.labels(name)
        names += [f"{name}: {label}" for label in labels]
        columns.append(np.eye(len(labels))[codes])
    return names, np.column_stack(columns)


def beyond(error):
    """Return the chance that something normal with mean 0 lies beyond the limit."""
    return 2 * ndtr(-LIMIT / error)


@dataclass(frozen=True, eq=False)
class GroupBiases:
    """Of one model, the groups of 500 or more of a later window: all in shares, not points.

    Parameters
    ----------
    names, people, fitted
        Groups, their people in the later window, and in the training window (group).
    bias
        Mean chance less the mean true chance on record (group).
    spread, covered
        Posterior standard deviation of the mean chance, and whether its central 50 and 90 %
        intervals hold the truth (group), (2, group).
    form
        Bias of the same columns fitted to the true chances instead of outcomes (group): of the
        form of the model, without the luck of the training window.
    """

    names: tuple[str, ...]
    people: np.ndarray
    fitted: np.ndarray
    bias: np.ndarray
    spread: np.ndarray
    covered: np.ndarray
    form: np.ndarray

    @property
    def count(self):
        """Groups whose bias lies beyond the limit."""
        return int((np.abs(self.bias) > LIMIT).sum())

    @property
    def expected(self):
        """The same on average, if biases have the posterior's spread and nothing else."""
        return float(beyond(self.spread).sum())


def biases_of(model, early, later, true, weight=None):
    """Return the biases of a model.

    Parameters
    ----------
    model
        A `ChanceModel`.
    early, later
        Clients of the training window whose target is known under the policy, and all of the later.
    true
        True chances under the policy, on what is recorded, of both (person), (person).
    weight
        Of the first; none makes all alike.
    """
    names, inside = inside_of(later)
    kept = inside.sum(axis=0) >= LEAST
    inside = inside[:, kept] / inside.sum(axis=0)[kept]
    shape = _fit_to_truth(model.encoded.matrix(early), true[0], weight, model.encoded.matrix(later))
    bias, spread, covered = against_truth(model, later, inside, true[1])
    return GroupBiases(
        names=tuple(n for n, k in zip(names, kept, strict=True) if k),
        people=np.round(1 / inside.max(axis=0)),
        fitted=inside_of(early)[1].sum(axis=0)[kept],
        bias=bias,
        spread=spread,
        covered=covered,
        form=inside.T @ (shape - true[1]),
    )


def against_truth(model, later, weights, true):
    """Return bias and posterior sd of the mean chance of groups, and if intervals hold the truth.

    Parameters
    ----------
    weights
        Of people in groups, which sum to 1 (person, group).
    true
        True chances on what is recorded (person).
    """
    drawn = Chances(model, later).group_means(weights, weights.shape[1])
    right = weights.T @ true
    low, high = np.quantile(drawn, [[0.25, 0.05], [0.75, 0.95]], axis=0)
    return drawn.mean(axis=0) - right, drawn.std(axis=0, ddof=1), (low <= right) & (right <= high)


def _fit_to_truth(x, true, weight, later):
    """Return chances (later person) of a logit of maximum likelihood whose outcomes are chances."""
    weight = np.ones(len(x)) if weight is None else weight * len(x)
    rows = np.column_stack([np.ones(len(x)), x])
    # Indicators of every level, and combinations nobody has, leave directions without people.
    sizes, turn = np.linalg.eigh(rows.T @ rows / len(rows))
    turn = (turn / np.sqrt(np.maximum(sizes, 1e-300)))[:, sizes > 1e-12 * sizes[-1]]
    found = logistic(rows @ turn, weight * true, weight)
    return expit(np.column_stack([np.ones(len(later)), later]) @ turn @ found.beta)


def expected_beyond(later, seen, true):
    """Return how many groups of 500 or more outcomes put beyond the limit if chances are true.

    Parameters
    ----------
    later, seen
        Clients, and whose outcomes are looked at (person).
    true
        Their true chances on what is recorded (person).
    """
    _, inside = inside_of(later.take(seen))
    people = inside.sum(axis=0)
    kept = people >= LEAST
    p = true[seen]
    return float(beyond(np.sqrt(inside.T @ (p * (1 - p)))[kept] / people[kept]).sum())
