"""Groups by cohort size, periods by accrual: against sums done by hand."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest

from impactmodel.core.errors import InputError
from impactmodel.core.measures import Accrual, OutcomeMeasure
from impactmodel.core.outcomes import Outcomes, Provenance
from impactmodel.core.schedule import Periods
from impactmodel.report.collapse import collapse, periods_in_words, unit_after


def make(accrual: Accrual, *, known: bool = True, size: object = (30.0, 10.0)) -> Outcomes:
    """Two draws, two groups (30 and 10 people), two quarters, a counterfactual of 1."""
    measure = OutcomeMeasure("days", kind="days", accrual=accrual)
    effect = np.array([[[[2.0, 4.0]], [[0.0, 8.0]]], [[[1.0, 1.0]], [[5.0, 5.0]]]])
    base = np.ones_like(effect)
    return Outcomes.from_draws(
        effect + base if known else effect,
        base if known else None,
        measures=[measure],
        periods=Periods(dt.date(2024, 1, 1), "month", 2, every=3),
        cohort_size=size,
        provenance=Provenance(),
        groups=["young", "old"],
    )


@pytest.mark.parametrize(
    ("accrual", "effect"),
    [
        # Flow: (0.75 (2 + 4) + 0.25 (0 + 8), 0.75 (1 + 1) + 0.25 (5 + 5)).
        ("flow", [6.5, 4.0]),
        # The last period: (0.75 × 4 + 0.25 × 8, 0.75 × 1 + 0.25 × 5).
        ("stock", [5.0, 2.0]),
        ("cumulative", [5.0, 2.0]),
    ],
)
def test_effect(accrual: Accrual, effect: list[float]) -> None:
    (part,) = collapse(make(accrual))
    assert part.effect.tolist() == effect


def test_levels_are_collapsed_in_the_same_way() -> None:
    (part,) = collapse(make("flow"))
    assert part.counterfactual is not None
    assert part.treated is not None
    assert part.counterfactual.tolist() == [2.0, 2.0]
    assert part.treated.tolist() == [8.5, 6.0]


def test_an_unknown_level_stays_unknown() -> None:
    (part,) = collapse(make("flow", known=False))
    assert (part.treated, part.counterfactual) == (None, None)
    assert part.effect.tolist() == [6.5, 4.0]


def test_cohort_sizes_may_differ_between_draws() -> None:
    (part,) = collapse(make("stock", size=[[30.0, 10.0], [0.0, 1.0]]))
    assert part.effect.tolist() == [5.0, 5.0]


def test_nobody_in_the_cohort_is_refused() -> None:
    message = (
        "cohort_size: nobody is in the cohort, so groups cannot be averaged; use with_cohort_size"
    )
    with pytest.raises(InputError) as caught:
        collapse(make("flow", size=[[30.0, 10.0], [0.0, 0.0]]))
    assert str(caught.value) == message


def test_units_and_words() -> None:
    quarters = Periods(dt.date(2024, 1, 1), "month", 2, every=3)
    one = Periods(dt.date(2024, 1, 1), "year", 1, every=3)
    job = OutcomeMeasure("job", kind="binary")
    stock = OutcomeMeasure("job", kind="binary", accrual="stock")
    assert unit_after(job, quarters) == "periods of 3 months"
    assert unit_after(job, one) == "share"
    assert unit_after(stock, quarters) == "share"
    assert periods_in_words(job, quarters) == "sum of 2 periods of 3 months"
    assert periods_in_words(stock, quarters) == "at the end of the last period"
    assert periods_in_words(job, one) == "over 3 years"
    unequal = Periods(dt.date(2024, 1, 1), "month", ends=(6, 12, 24))
    wage = OutcomeMeasure("wage", kind="amount", unit="EUR/month")
    assert periods_in_words(wage, unequal) == "sum of 3 periods of 6, 6, 12 months"
    assert periods_in_words(stock, unequal) == "at the end of the last period"
