"""What savings by rules keep whatever the shares, persons, dates and assumptions are."""

import datetime as dt
from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from impactmodel.core.measures import OutcomeMeasure
from impactmodel.core.outcomes import Outcomes, Provenance
from impactmodel.core.schedule import Periods
from impactmodel.effects.dependence import Comonotone, Copula, Independent
from impactmodel.effects.histories import HistoryAssumptions
from impactmodel.fiscal import Person, RuleSide, savings

JOB = OutcomeMeasure("job", kind="binary", channel="employment")

shares = st.lists(st.floats(0, 1), min_size=2, max_size=2)
starts = st.dates(dt.date(2019, 1, 1), dt.date(2024, 12, 1)).map(lambda day: day.replace(day=1))
persons = st.builds(
    Person,
    wage=st.floats(300, 9000),
    age=st.integers(17, 66).map(float),
    benefit=st.sampled_from(["labour_market_subsidy", "basic_allowance", "basic_level"]),
    paid_days=st.floats(0, 1500),
    children=st.integers(0, 4).map(float),
    church=st.sampled_from([0.0, 1.0]),
    municipality=st.sampled_from(["helsinki", "average"]),
    service_share=st.floats(0, 1),
    integration_ground=st.sampled_from(["none", "refugee", "other"]),
    integration_years=st.floats(0, 4),
)
assumptions = st.builds(
    HistoryAssumptions,
    dependence=st.sampled_from([Comonotone(), Independent(), Copula(0.7)]),
    filling=st.sampled_from(["even", "block_at_end", "block_at_start"]),
)


def saved(treated, without, start, side, size=1.0):
    arms = [np.array(arm, dtype=float).reshape(1, 1, 1, 2) for arm in (treated, without)]
    outcomes = Outcomes.from_draws(
        arms[0],
        arms[1],
        measures=[JOB],
        periods=Periods(start, "year", 2),
        cohort_size=size,
        provenance=Provenance(),
    )
    return savings(outcomes, side)


@settings(max_examples=12, deadline=None)
@given(shares, shares, starts, st.lists(persons, min_size=1, max_size=3), assumptions)
def test_everybodys_gain_is_the_work_done(treated, without, start, people, how):
    """Taxes, benefits and contributions move money; only work makes it."""
    side = RuleSide(persons=tuple(people), histories=how)
    found = saved(treated, without, start, side)
    gains = found.ledger.view("payer", "year")
    work = found.ledger.view("year", lines=["gross_wage"])
    scale = 1.0 + float(np.abs(gains).max())
    assert float(np.abs(gains.sum("payer") - work).max()) < 1e-9 * scale
    reversed_ = saved(without, treated, start, side)
    for payer, draws in found.by_payer().items():
        assert np.allclose(draws, -reversed_.by_payer()[payer], rtol=1e-9, atol=1e-9 * scale)


@settings(max_examples=6, deadline=None)
@given(shares, starts, persons, assumptions)
def test_no_effect_saves_exactly_nothing(share, start, person, how):
    found = saved(share, share, start, RuleSide(persons=(person,), histories=how), 2636)
    assert all((draws == 0.0).all() for draws in found.by_payer().values())


@settings(max_examples=6, deadline=None)
@given(shares, shares, starts, persons)
def test_weights_of_equal_persons_do_not_matter(treated, without, start, person):

    one = saved(treated, without, start, RuleSide(persons=(person,)))
    twins = (replace(person, weight=0.3), replace(person, weight=7.0))
    two = saved(treated, without, start, RuleSide(persons=twins))
    for payer, draws in one.by_payer().items():
        assert np.allclose(draws, two.by_payer()[payer], rtol=1e-9, atol=1e-6)
