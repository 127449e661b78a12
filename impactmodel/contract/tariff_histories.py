"""A tariff per month on simulated histories: units that a cohort would be paid for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from impactmodel.contract.tariff import UnitTariff, paid_units
from impactmodel.core.errors import InputError
from impactmodel.core.measures import OutcomeMeasure
from impactmodel.core.outcomes import Outcomes

if TYPE_CHECKING:
    from impactmodel.contract.agreement import OutcomesContract
    from impactmodel.effects.histories import Histories

type Draws = NDArray[np.float64]


def count_histories(
    contract: OutcomesContract,
    outcome: str,
    histories: Histories,
    outcomes: Outcomes,
    *,
    people: int = 400,
    seed: int = 1,
) -> Outcomes:
    """Return the paid months per person, with and without the programme, as outcomes.

    Parameters
    ----------
    contract
        Its ``counting`` says how months of ``outcome`` are counted, its ``periods`` the windows.
    histories, outcomes
        Months in the state, and the outcomes that they were made of (cohort, provenance).
    people
        People simulated per draw and group.

    Returns
    -------
    Outcomes
        One outcome, a count of months per period, with the covariance between people; draw i is
        draw i of the histories.

    Raises
    ------
    InputError
        If the outcome has no tariff per month, or a window is no whole number of months.

    Assumptions
    -----------
    Nobody leaves for a planned exit. The months of one person hang together as the histories say.
    The mean over simulated people carries a Monte Carlo error of sd / sqrt(people).
    """
    tariff = _tariff(contract, outcome)
    windows = _months(contract, histories)
    means, covariances = [], []
    for states in histories.paths(people, seed=seed):
        paid = paid_units(states, tariff)
        units = np.stack([paid[..., a:b].sum(axis=-1) for a, b in windows], axis=-1).astype(float)
        means.append(units.mean(axis=3))
        covariances.append(_between(units))
    level = np.concatenate(means)
    n_arms, n_groups, count = level.shape[1:]
    covariance = np.concatenate(covariances).mean(axis=0)
    assert contract.periods is not None  # noqa: S101  _months looked
    return Outcomes.from_draws(
        level[:, 0, :, None, :],
        level[:, 1, :, None, :],
        measures=[OutcomeMeasure(outcome, kind="count", unit="months")],
        periods=contract.periods,
        cohort_size=outcomes.cohort_size.values,
        groups=histories.groups,
        covariance=covariance.reshape(n_arms, n_groups, 1, count, 1, count),
        provenance=outcomes.provenance.assuming(
            *histories.assumptions.statements,
            f"paid months of {outcome}: {tariff.text()}, simulated on {people} people",
        ),
    )


def _tariff(contract: OutcomesContract, outcome: str) -> UnitTariff:
    tariff = contract.counting.get(outcome)
    if tariff is None or tariff.unit != "month":
        raise InputError(
            "the contract counts no months of this outcome",
            key="counting",
            seen=outcome,
            fix="state a tariff with unit: month",
        )
    return tariff


def _between(units: Draws) -> Draws:
    """Return the covariance between people, shape (draw, arm, group, period, period)."""
    centred = units - units.mean(axis=3, keepdims=True)
    product = np.einsum("dagnp,dagnq->dagpq", centred, centred)
    return np.asarray(product / max(units.shape[3] - 1, 1))


def _months(contract: OutcomesContract, histories: Histories) -> list[tuple[int, int]]:
    """Return the first month and the month after the last of each window."""
    windows = contract.periods
    if windows is None:
        raise InputError("state the measurement windows", key="periods")
    first = histories.start.year * 12 + histories.start.month
    found = []
    for start, after in windows.bounds():
        a, b = (day.year * 12 + day.month - first for day in (start, after))
        whole = start.day == after.day == histories.start.day and b > a
        if not whole or a < 0 or b > histories.n_months:
            raise InputError(
                "a measurement window is no whole number of months of the histories",
                key="periods",
                seen=f"{start} to {after}",
                fix=f"histories cover {histories.n_months} months from {histories.start}",
            )
        found.append((a, b))
    return found
