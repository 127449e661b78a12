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
from impactmodel.report.sentences import effect_sentences
from impactmodel.report.tables import effects_table, periods_table


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


def test_an_index_is_averaged_by_the_lengths_of_its_periods() -> None:
    # Effects of 2, 4 and 5 over 6, 6 and 12 months: (6 × 2 + 6 × 4 + 12 × 5) / 24 = 4.
    packs = OutcomeMeasure("packs", kind="index", label="packs a head")
    effect = np.array([2.0, 4.0, 5.0]).reshape(1, 1, 1, 3)
    outcomes = Outcomes.from_draws(
        np.concatenate([effect + 80.0, effect + 82.0]),
        np.full((2, 1, 1, 3), 80.0),
        measures=[packs],
        periods=Periods(dt.date(2024, 1, 1), "month", ends=(6, 12, 24)),
        cohort_size=[1.0],
        provenance=Provenance(),
    )
    (part,) = collapse(outcomes)
    assert part.effect.tolist() == pytest.approx([4.0, 6.0], abs=1e-12)
    assert part.counterfactual is not None
    assert part.counterfactual.tolist() == pytest.approx([80.0, 80.0], abs=1e-12)
    assert (part.unit, part.periods) == ("index", "average of 3 periods of 6, 6, 12 months")
    ((about, said),) = effect_sentences(outcomes, 0.9, units=True)
    assert about == "Packs a head, average of 3 periods of 6, 6, 12 months"
    # The spread is the square root of 2, so one decimal is written; the level seen has none of its
    # own.
    assert said.startswith("From 80.0 without the programme to 85.0 with it: an effect of +5.0 per")
    (row,) = effects_table(outcomes, units=True).rows
    assert row[1:4] == ("85.0", "80.0", "5.0")
    assert [row[1] for row in periods_table(outcomes).rows] == [
        *("2024-01-01 to 2024-06-30", "2024-07-01 to 2024-12-31", "2025-01-01 to 2025-12-31")
    ]


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
