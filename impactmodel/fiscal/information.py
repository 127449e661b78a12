r"""The value of information for a payer's decision: what it is worth to know before deciding.

With net benefit :math:`B_d(\theta)` of each decision :math:`d`, draw by draw:

.. math:: \mathrm{EVPI} = E[\max_d B_d] - \max_d E[B_d]

.. math:: \mathrm{EVPPI}(\phi) = E[\max_d E[B_d \mid \phi]] - \max_d E[B_d]

The inner expectation is the regression of the net benefits on the draws of :math:`\phi`: one cubic
spline, or for several quantities splines of each and their products. Both values are per decision
taken once, in the currency and price base of the net benefits, and an upper bound on what a study
is worth that settles everything, or :math:`\phi` alone.
Source: Strong, Oakley and Brennan (2014), Estimating multiparameter partial expected value of
perfect information from a probabilistic sensitivity analysis sample, Medical Decision Making 34(3),
doi:10.1177/0272989X13505910.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from impactmodel.core.errors import InputError, JoinError
from impactmodel.core.seeds import stream

type Draws = NDArray[np.float64]

_LEAST_DRAWS = 200
_KNOTS = 5
_REPEATS = 200


@dataclass(frozen=True, slots=True)
class ValueOfInformation:
    """What it would be worth to know something before deciding.

    Parameters
    ----------
    value
        Expected gain from deciding after it is known; never below zero.
    error
        Standard deviation of ``value`` from the finite number of draws.
    decision
        The decision that is best as things are known now.
    p_change
        Probability that knowing it would change that decision.
    """

    value: float
    error: float
    decision: str
    p_change: float


def evpi(net_benefits: Mapping[str, ArrayLike]) -> ValueOfInformation:
    """Return the expected value of perfect information.

    Parameters
    ----------
    net_benefits
        For each decision, its net benefit to the payer, draws; draw i is one joint realisation.

    Raises
    ------
    InputError
        If there are fewer than two decisions, too few draws, or a value is not finite.
    JoinError
        If the decisions have different numbers of draws.

    Examples
    --------
    Doing nothing against a gain of 1 or a loss of 2 with equal chance: knowing is worth 0.5.

    >>> draws = np.tile([1.0, -2.0], 500)
    >>> found = evpi({"nothing": np.zeros(1000), "programme": draws})
    >>> found.value, found.decision, found.p_change
    (0.5, 'nothing', 0.5)
    """
    names, table = _table(net_benefits)
    return _value(names, table, table)


def evppi(
    net_benefits: Mapping[str, ArrayLike],
    parameters: Mapping[str, ArrayLike],
    of: Sequence[str],
    *,
    seed: int = 1,
) -> ValueOfInformation:
    """Return the expected value of perfect information on some quantities alone.

    Parameters
    ----------
    net_benefits
        For each decision, its net benefit to the payer, draws.
    parameters
        Draws of uncertain quantities by name, of the same realisations.
    of
        The quantities that would be known, at most four at once.
    seed
        Of the resampling behind ``error``.

    Raises
    ------
    InputError
        As `evpi`; if a quantity is not there, none or more than four are named, or all its draws
        are equal.
    JoinError
        If draws do not belong together.

    Examples
    --------
    A programme whose gain is the sum of two uncertain quantities, against doing nothing: knowing
    one of them, normal with mean 0 and standard deviation 1, is worth the standard normal density
    at zero, .3989.

    >>> rng = np.random.default_rng(1)
    >>> a, b = rng.normal(size=(2, 20_000))
    >>> found = evppi({"no": 0 * a, "yes": a + b}, {"a": a, "b": b}, ["a"])
    >>> abs(found.value - 0.3989) < 3 * found.error, found.error < 0.02
    (True, True)
    """
    names, table = _table(net_benefits)
    basis, _ = np.linalg.qr(_basis(_columns(parameters, of, len(table))))
    # Only differences from one decision matter; regressing them keeps the noise they share out.
    differences = table - table[:, :1]
    known, covariance = _fitted(basis, differences)
    found = _value(names, known, differences)
    return ValueOfInformation(
        found.value, _error(basis, known, covariance, seed), found.decision, found.p_change
    )


def _table(net_benefits: Mapping[str, ArrayLike]) -> tuple[tuple[str, ...], Draws]:
    names = tuple(net_benefits)
    if len(names) < 2:
        raise InputError(
            "a decision needs an alternative",
            key="net_benefits",
            seen=", ".join(names) or "none",
            fix="add one, such as doing nothing with a net benefit of zero",
        )
    columns = [np.asarray(net_benefits[name], dtype=float).ravel() for name in names]
    lengths = {len(column) for column in columns}
    if len(lengths) > 1:
        raise JoinError(f"decisions have different numbers of draws: {sorted(lengths)}")
    table = np.column_stack(columns)
    _require_draws(len(table))
    if not np.isfinite(table).all():
        raise InputError("a net benefit is not finite", key="net_benefits")
    return names, table


def _require_draws(draws: int) -> None:
    if draws < _LEAST_DRAWS:
        raise InputError(
            "too few draws for a value of information",
            key="net_benefits",
            seen=draws,
            fix=f"give at least {_LEAST_DRAWS}",
        )


def _columns(parameters: Mapping[str, ArrayLike], of: Sequence[str], draws: int) -> list[Draws]:
    if not 1 <= len(of) <= 4 or len(set(of)) < len(of):
        raise InputError(
            "name one to four different quantities", key="of", seen=", ".join(of) or "none"
        )
    found = []
    for name in of:
        if name not in parameters:
            raise InputError(
                "no such quantity",
                key="of",
                seen=name,
                fix=f"use one of {', '.join(sorted(parameters))}",
            )
        values = np.asarray(parameters[name], dtype=float).ravel()
        if len(values) != draws:
            raise JoinError(f"'{name}' has {len(values)} draws, the net benefits {draws}")
        if not np.isfinite(values).all() or np.ptp(values) == 0:
            raise InputError("this quantity does not vary, or is not finite", key="of", seen=name)
        found.append(values)
    return found


def _basis(columns: Sequence[Draws]) -> Draws:
    """Return a regression basis: splines of each quantity, and products of their splines."""
    splines = [_spline(values) for values in columns]
    parts = [np.ones((len(columns[0]), 1)), *splines]
    parts += [
        (one[:, :, None] * other[:, None, :]).reshape(len(one), -1)
        for one, other in combinations([spline[:, :3] for spline in splines], 2)
    ]
    return np.hstack(parts)


def _spline(values: Draws) -> Draws:
    """Return a natural cubic spline basis without its constant, knots at quantiles."""
    scaled = (values - values.mean()) / values.std()
    knots = np.unique(np.quantile(scaled, np.linspace(0.02, 0.98, _KNOTS)))
    if len(knots) < 3:
        return scaled[:, None]

    def piece(k: int) -> Draws:
        above = np.maximum(scaled - knots[k], 0) ** 3 - np.maximum(scaled - knots[-1], 0) ** 3
        return np.asarray(above / (knots[-1] - knots[k]))

    last = piece(len(knots) - 2)
    return np.column_stack([scaled, *(piece(k) - last for k in range(len(knots) - 2))])


def _fitted(basis: Draws, values: Draws) -> tuple[Draws, Draws]:
    """Return values fitted on an orthonormal basis, and a root of the coefficients' covariance."""
    fitted = basis @ (basis.T @ values)
    left = (values - fitted).T @ (values - fitted) / (len(values) - basis.shape[1])
    spread, vectors = np.linalg.eigh(left)
    return fitted, vectors * np.sqrt(np.maximum(spread, 0.0))


def _error(basis: Draws, known: Draws, root: Draws, seed: int) -> float:
    """Return the spread of the value over regressions and over draws."""
    rng = stream(seed, "value of information")
    # A decision's draws side by side: sums and maxima over many short rows are slow.
    across, by_decision = np.ascontiguousarray(basis.T), np.ascontiguousarray(known.T)
    n = len(known)
    values = np.empty(_REPEATS)
    for i in range(_REPEATS):
        rows = rng.integers(0, n, n)
        moved = rng.normal(size=(basis.shape[1], root.shape[1])) @ root.T
        table = (by_decision + moved.T @ across).take(rows, axis=1)
        values[i] = table.max(axis=0).mean() - table.mean(axis=1).max()
    return float(values.std(ddof=1))


def _value(names: tuple[str, ...], known: Draws, table: Draws) -> ValueOfInformation:
    best = int(table.mean(axis=0).argmax())
    gain = known.max(axis=1) - known[:, best]
    return ValueOfInformation(
        value=float(max(gain.mean(), 0.0)),
        error=float(gain.std(ddof=1) / np.sqrt(len(gain))),
        decision=names[best],
        p_change=float((known.argmax(axis=1) != best).mean()),
    )
