"""Tables that are kept: the same savings as computed anew, and never those of other rules."""

import dataclasses
import datetime as dt

import numpy as np

from impactmodel.core.measures import OutcomeMeasure
from impactmodel.core.outcomes import Outcomes, Provenance
from impactmodel.core.schedule import Periods
from impactmodel.fiscal import Change, Person, Profile, Reform, RuleSide, load_rules, savings
from impactmodel.fiscal import tabulated as module

PERSONS = (
    Person(2600.0, 35.0, municipality="helsinki"),
    Person(2900.0, 50.0, benefit="earnings_related", previous_wage=3100.0, paid_days=150.0),
)


def outcomes(effect):
    without = np.full((50, 1, 1, 2), 0.4)
    return Outcomes.from_draws(
        treated=without + effect,
        counterfactual=without,
        measures=[OutcomeMeasure("job", kind="binary", channel="employment")],
        periods=Periods(dt.date(2024, 1, 1), "year", 2, clock="calendar"),
        cohort_size=100,
        provenance=Provenance(),
    )


def saved(effect=0.1, rules=None, persons=PERSONS):
    side = RuleSide(persons=persons, driver="job")
    if rules is None:
        return savings(outcomes(effect), side, seed=1)
    return savings(outcomes(effect), rules, profile=Profile(persons), seed=1)


def amounts(found):
    return found.ledger.view("payer", "line", "year").values


def test_a_kept_table_gives_what_a_new_one_gives_and_names_the_same_values():
    module._kept.clear()
    first = saved()
    assert len(module._kept) == 1
    again = saved(effect=0.2)
    assert len(module._kept) == 1
    module._kept.clear()
    anew = saved(effect=0.2)
    assert np.array_equal(amounts(again), amounts(anew))
    assert not np.allclose(amounts(again), amounts(first))
    assert again.assumptions == anew.assumptions


def test_other_rules_and_other_persons_have_tables_of_their_own():
    rules = load_rules("fi")
    change = Change("benefit.basic_daily_amount", dt.date(2024, 1, 1), 40.0)
    usual = saved(rules=rules)
    raised = saved(rules=rules.reformed(Reform("raised", changes=(change,))))
    assert not np.allclose(amounts(usual), amounts(raised))
    other = saved(rules=rules, persons=(dataclasses.replace(PERSONS[0], wage=2700.0), PERSONS[1]))
    assert not np.allclose(amounts(usual), amounts(other))
    assert np.array_equal(amounts(saved(rules=rules)), amounts(usual))


def test_rules_made_alike_twice_share_a_table():
    change = Change("benefit.basic_daily_amount", dt.date(2024, 1, 1), 40.0)
    module._kept.clear()
    for amount in (40.0, 40.0, 41.0):
        reform = Reform("raised", changes=(dataclasses.replace(change, value=amount),))
        found = saved(rules=load_rules("fi").carry_forward().reformed(reform))
    assert len(module._kept) == 2
    module._kept.clear()
    assert np.array_equal(amounts(found), amounts(saved(rules=found.explainer.months.rules)))


def test_few_tables_are_kept(monkeypatch):
    monkeypatch.setattr(module, "_MOST", 2)
    module._kept.clear()
    for wage in (2000, 2100, 2200):
        saved(persons=(Person(float(wage), 35.0, municipality="helsinki"),))
    assert len(module._kept) == module._MOST
