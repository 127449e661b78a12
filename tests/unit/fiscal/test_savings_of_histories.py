"""Savings from histories of a chain: the exact mixture over months in work, in closed form."""

import datetime as dt

import numpy as np
import pytest
from scipy import stats

from impactmodel.core.errors import InputError
from impactmodel.core.measures import OutcomeMeasure
from impactmodel.core.outcomes import Outcomes, Provenance
from impactmodel.core.schedule import Periods
from impactmodel.effects.chain_histories import ChainHistories
from impactmodel.effects.markov import Chain
from impactmodel.fiscal import Person, RuleSide, savings

START = dt.date(2025, 1, 1)
SIDE = RuleSide(persons=(Person(wage=2500.0, age=34.0, benefit="earnings_related"),))
FIND = np.array([[0.1, 0.04], [0.2, 0.15]])  # chance of a job in a month: draw, arm


def outcomes(probability):
    return Outcomes.from_draws(
        probability[:, 0, :, None, :],
        probability[:, 1, :, None, :],
        measures=[OutcomeMeasure("job", kind="binary", channel="employment")],
        periods=Periods(START, "month", probability.shape[-1]),
        cohort_size=1,
        provenance=Provenance(),
    )


def chain(find, months=12):
    """Out of work at first; once found, a job is never lost. State 0 is work."""
    moves = np.zeros((*find.shape, 1, 1, 2, 2))
    moves[..., 0, 0] = 1.0
    moves[..., 1, 0], moves[..., 1, 1] = find[..., None, None], 1 - find[..., None, None]
    first = np.broadcast_to([0.0, 1.0], (*find.shape, 1, 2))
    return Chain(first, moves, np.zeros(months - 1, dtype=int))


def histories(find):
    made = chain(find)
    share = made.occupancy()[..., 0]
    return ChainHistories(share, START, ("all",), chain=made, work=0)


def year_of(k):
    """What each payer receives in a year with the last k months in work, against none."""
    path = np.r_[np.zeros(12 - k), np.ones(k)].reshape(1, 1, 1, 12)
    return savings(outcomes(np.concatenate([path, 0 * path], axis=1)), SIDE).by_payer()


def test_savings_are_the_mixture_over_a_geometric_time_to_work():
    given = histories(FIND)
    found = savings(outcomes(given.probability), SIDE, histories=given).by_payer()
    cases = [year_of(k) for k in range(12)]
    k = np.arange(12)
    # A job found after g months out of work leaves 12 - g months in work, none beyond 11 months.
    weight = stats.geom.pmf(12 - k, FIND[..., None])
    weight[..., 0] = (1 - FIND) ** 11
    assert weight.sum(axis=-1) == pytest.approx(1.0)
    for payer, draws in found.items():
        values = np.array([case.get(payer, np.zeros(1))[0] for case in cases])
        exact = (weight[:, 0] - weight[:, 1]) @ values
        assert draws == pytest.approx(exact, abs=1e-6), payer


def test_the_chain_is_named_and_filled_months_differ():
    given = histories(FIND)
    found = savings(outcomes(given.probability), SIDE, histories=given)
    assert any("fitted chain of states" in said for said in found.assumptions)
    assert not any("comonotone" in said for said in found.assumptions)


def test_histories_of_others_are_refused():
    given = histories(FIND)
    with pytest.raises(InputError, match="not those of the outcomes"):
        savings(outcomes(given.probability[:1]), SIDE, histories=given)
    with pytest.raises(InputError, match="taken as they are"):
        savings(outcomes(given.probability), SIDE, histories=given, horizon_years=2)
