"""Pricing and settlement are one computation: certain outcomes are priced as they are settled."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from impactmodel.contract import (
    AboveBaseline,
    BandTable,
    Clause,
    Gross,
    MeasuredImpact,
    OutcomesContract,
    Rate,
    ShareOf,
    StepTable,
    payments,
    settle,
)
from impactmodel.core.measures import OutcomeMeasure
from impactmodel.core.outcomes import Outcomes, Provenance
from impactmodel.core.schedule import Periods

START = dt.date(2024, 1, 1)
PEOPLE, YEARS = 40, 3
quarters = st.integers(0, 40).map(lambda n: n / 4)
mechanisms = st.one_of(
    quarters.map(Rate),
    st.sampled_from([0.25, 0.5, 1.0]).map(ShareOf),
    st.tuples(quarters, quarters).map(lambda p: StepTable(((2.0, p[0]), (5.0, p[0] + p[1])))),
    quarters.map(lambda r: BandTable(((1.0, r), (6.0, 2 * r)), scale="total")),
)
bases = st.one_of(
    st.just(Gross()), st.just(MeasuredImpact()), st.sampled_from([0.5, 2.0]).map(AboveBaseline)
)
limits = st.one_of(st.none(), st.integers(1, 900).map(float))


@st.composite
def deals(draw: st.DrawFn) -> OutcomesContract:
    clauses = tuple(
        Clause(
            name,
            draw(mechanisms),
            payer="p",
            basis=draw(bases),
            outcome=name,
            cap=draw(limits),
            direction=draw(st.sampled_from(["increase", "decrease"])),
            paid_after_months=draw(st.sampled_from([0, 3, 6])),
        )
        for name in ("a", "b", "c")
    )
    return OutcomesContract("T", "EUR", START, clauses, cap=draw(limits))


@settings(max_examples=150)
@given(
    deals(),
    st.lists(st.lists(quarters, min_size=YEARS, max_size=YEARS), min_size=6, max_size=6),
)
def test_certain_outcomes_are_priced_as_they_are_settled(
    deal: OutcomesContract, means: list[list[float]]
) -> None:
    measures = [OutcomeMeasure(n, kind="count") for n in ("a", "b", "c")]
    treated, compared = means[:3], means[3:]
    outcomes = Outcomes.from_draws(
        [treated],
        [compared],
        measures=measures,
        periods=Periods(START, "year", YEARS),
        cohort_size=PEOPLE,
        provenance=Provenance(),
    )
    rows = [
        {
            "outcome": m.name,
            "period": t,
            "mean": treated[k][t],
            "people": PEOPLE,
            "comparison": compared[k][t],
        }
        for k, m in enumerate(measures)
        for t in range(YEARS)
    ]
    priced = payments(deal, outcomes, "expected")
    settled = settle(deal, pd.DataFrame(rows))
    # Settlement rounds each of nine lines, and the total of each date, to a cent.
    assert float(settled.total) == pytest.approx(priced.total()[0], abs=0.06)
    by_clause = dict.fromkeys(("a", "b", "c"), 0.0)
    for line in settled.lines:
        by_clause[line.clause] += float(line.paid)
    for name, amount in priced.by_clause().items():
        assert by_clause[name] == pytest.approx(amount[0], abs=0.06)
