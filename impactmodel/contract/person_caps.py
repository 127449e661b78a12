"""Caps per person over several outcomes, in expectation over people.

A person's payment is min(sum of price × outcome, cap), which depends on how the outcomes of one
person hang together. With binary outcomes and a stated dependence the expectation is exact.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from impactmodel.contract.compile import PEOPLE, total_name
from impactmodel.contract.quantities import clause_inputs
from impactmodel.contract.terms import Gross, Rate
from impactmodel.core.errors import InputError

if TYPE_CHECKING:
    from impactmodel.contract.agreement import OutcomesContract
    from impactmodel.contract.clause import Clause, Dependence
    from impactmodel.contract.dues import Due
    from impactmodel.core.outcomes import Outcomes

type Draws = NDArray[np.float64]

MOST_COMBINATIONS = 1_024
"""Combinations of outcomes that are tabulated: ten independent outcomes."""


@dataclass(frozen=True, slots=True)
class Persons:
    """What single persons may earn under a contract's cap per person.

    Parameters
    ----------
    probabilities
        That a person has the outcome of each due, shape (draw, due).
    prices
        One per due.
    people
        Of the cohort, shape (draw,).
    """

    probabilities: Draws
    prices: tuple[float, ...]
    people: Draws
    dependence: Dependence

    def granted(self, cap: float) -> Draws:
        """Return what the cap leaves of each due over the cohort, shape (draw, due)."""
        each = capped_shares(self.probabilities, self.prices, cap, self.dependence)
        return each * self.people[:, None]

    def combinations(self) -> dict[tuple[int, ...], float]:
        """Return the share of people with each combination of paid outcomes, as places of dues.

        The mean over draws, weighted by people. The share of those with no outcome is the rest.

        Raises
        ------
        InputError
            If there are more than `MOST_COMBINATIONS`.
        """
        if self.dependence == "comonotone":
            found = _nested(self.probabilities, self.people)
        else:
            found = _crossed(self.probabilities, self.people)
        if len(found) > MOST_COMBINATIONS:
            raise _too_many(f"{len(found):,} combinations")
        return found


def persons_of(contract: OutcomesContract, outcomes: Outcomes, dues: Sequence[Due]) -> Persons:
    """Return what single persons may earn, due by due.

    Raises
    ------
    InputError
        If a clause pays other than one price per gross binary outcome, or if it is not stated how
        several outcomes of one person hang together.
    """
    prices, probabilities = [], []
    people = outcomes.cohort_size.values.sum(axis=1)
    for due in dues:
        prices.append(_price(due.clause, outcomes))
        env = clause_inputs(contract, due.clause, outcomes, due.period)
        total, size = env[total_name(due.clause.outcome)], env[PEOPLE]
        share = np.divide(total, size, out=np.zeros_like(size), where=size > 0)
        probabilities.append(share)
    dependence = _dependence(contract, dues)
    return Persons(np.stack(probabilities, axis=1), tuple(prices), people, dependence)


def _price(clause: Clause, outcomes: Outcomes) -> float:
    payment = clause.payment
    single = isinstance(payment, Rate) and isinstance(payment.price, (float, int))
    plain = isinstance(clause.basis, Gross) and clause.direction == "increase"
    bare = not (clause.index or clause.indexation or clause.groups or clause.floor)
    binary = bool(clause.outcome) and outcomes.measure(clause.outcome).kind == "binary"
    if not (single and plain and bare and binary and clause.cap_per_person is None):
        raise InputError(
            f"a cap per person over all clauses cannot be priced with '{clause.name}': it is "
            "exact for one price per gross binary outcome",
            key="cap_per_person",
            fix="settle it on person rows, or leave the cap per person out for pricing",
        )
    return float(payment.price)  # type: ignore[union-attr, arg-type]


def _dependence(contract: OutcomesContract, dues: Sequence[Due]) -> Dependence:
    stated = contract.evaluation.dependence
    if len(dues) < 2:
        return stated or "independent"
    if stated is None:
        raise InputError(
            "a cap per person over several outcomes depends on how they hang together",
            key="evaluation.dependence",
            fix="state comonotone or independent",
        )
    events = [(due.clause.outcome, due.period) for due in dues]
    twice = [name for place, (name, _) in enumerate(events) if events[place] in events[:place]]
    if stated == "independent" and twice:
        raise InputError(
            "two clauses pay for one result, which cannot be independent of itself",
            key="evaluation.dependence",
            seen=twice[0],
            fix="state comonotone, or pay for it in one clause",
        )
    return stated


def _nested(probabilities: Draws, people: Draws) -> dict[tuple[int, ...], float]:
    """Return the shares of combinations where who has the rarer outcome has the commoner."""
    happens, widths = _levels(probabilities)
    weights = widths * (people / people.sum())[:, None]
    kept = weights > 0
    sets, which = np.unique(happens[kept], axis=0, return_inverse=True)
    shares = np.bincount(which.ravel(), weights=weights[kept], minlength=len(sets))
    return {
        tuple(np.flatnonzero(one).tolist()): float(share)
        for one, share in zip(sets, shares, strict=True)
        if one.any()
    }


def _crossed(probabilities: Draws, people: Draws) -> dict[tuple[int, ...], float]:
    """Return the shares of combinations of independent outcomes."""
    count = probabilities.shape[1]
    if 2**count > MOST_COMBINATIONS:
        raise _too_many(f"{count} independent outcomes")
    found = {}
    for one in product((False, True), repeat=count):
        chance = np.where(one, probabilities, 1 - probabilities).prod(axis=1)
        share = float(np.average(chance, weights=people))
        if any(one) and share > 0:
            found[tuple(np.flatnonzero(one).tolist())] = share
    return found


def _too_many(seen: str) -> InputError:
    return InputError(
        "one person's outcomes combine in too many ways to be tabulated",
        key="cap_per_person",
        seen=seen,
        fix=f"at most {MOST_COMBINATIONS:,} combinations are; show the payments as values",
    )


def capped_shares(
    probabilities: Draws, prices: Sequence[float], cap: float, dependence: Dependence
) -> Draws:
    r"""Return the expected payment per person of each outcome, in order, under a cap per person.

    Outcome *i* is paid what the cap leaves after the outcomes before it:
    :math:`E[\min(S_i, c)] - E[\min(S_{i-1}, c)]` with :math:`S_i = \sum_{j \le i} p_j Y_j`.

    Parameters
    ----------
    probabilities
        Shape (draw, outcome).
    prices
        One per outcome, in the order of payment.
    cap
        Most per person.
    dependence
        ``comonotone``: :math:`Y_i = 1\{U < \pi_i\}` with one U per person; ``independent``.

    Returns
    -------
    array
        Shape (draw, outcome).

    Examples
    --------
    >>> capped_shares(np.array([[0.5, 0.5]]), [6.0, 6.0], 8.0, "comonotone").tolist()
    [[3.0, 1.0]]
    >>> capped_shares(np.array([[0.5, 0.5]]), [6.0, 6.0], 8.0, "independent").tolist()
    [[3.0, 2.0]]
    """
    joint = _comonotone if dependence == "comonotone" else _independent
    expected = joint(np.asarray(probabilities, dtype=float), np.asarray(prices, dtype=float), cap)
    return np.diff(expected, axis=1, prepend=0.0)


def _comonotone(probabilities: Draws, prices: Draws, cap: float) -> Draws:
    happens, widths = _levels(probabilities)
    sums = np.minimum(np.cumsum(happens * prices, axis=2), cap)
    return np.asarray((widths[:, :, None] * sums).sum(axis=1))


def _levels(probabilities: Draws) -> tuple[NDArray[np.bool_], Draws]:
    """Return the outcomes that happen at each level of U, and the width of the level.

    Between two neighbouring probabilities the set of outcomes that happen is constant in U.
    """
    edges = np.sort(probabilities, axis=1)
    widths = np.diff(edges, axis=1, prepend=0.0)
    return probabilities[:, None, :] >= edges[:, :, None], widths


def _independent(probabilities: Draws, prices: Draws, cap: float) -> Draws:
    draws, count = probabilities.shape
    chances: dict[float, Draws] = {0.0: np.ones(draws)}
    expected = np.empty((draws, count))
    for i in range(count):
        share = probabilities[:, i]
        grown: dict[float, Draws] = {}
        for paid, chance in chances.items():
            for value, weight in ((paid, 1 - share), (min(paid + prices[i], cap), share)):
                grown[value] = grown.get(value, np.zeros(draws)) + chance * weight
        chances = grown
        expected[:, i] = sum(value * chance for value, chance in chances.items())
    return expected
