"""Paid units of spells: against counting day by day, and a published kind of rule by hand."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from impactmodel.contract import (
    Clause,
    OutcomesContract,
    Rate,
    count_histories,
    count_spells,
    settle,
)
from impactmodel.contract.tariff import UnitTariff, paid_units
from impactmodel.core.errors import InputError
from impactmodel.core.measures import OutcomeMeasure
from impactmodel.core.outcomes import Outcomes, Provenance
from impactmodel.core.schedule import Periods
from impactmodel.effects import Histories

START = dt.date(2024, 1, 1)


def day_by_day(states, tariff):
    """Walk along the days as a clerk would."""
    days = list(states)
    for n, inside in enumerate(days):
        if not inside:
            before = next((k for k in range(n - 1, -1, -1) if states[k]), None)
            after = next((k for k in range(n + 1, len(days)) if states[k]), None)
            if None not in (before, after) and after - before - 1 <= tariff.allowed_break:
                days[n] = "break"
    paid, seen, total = [], 0, 0
    for n, day in enumerate(days):
        if day and n and not days[n - 1] and tariff.restarts:
            seen = 0
        counts = bool(day) and (day != "break" or tariff.pays_breaks)
        seen += counts
        pays = counts and seen > tariff.unpaid_first
        pays = pays and (tariff.most is None or total < tariff.most)
        total += pays
        paid.append(pays)
    return paid


@pytest.mark.parametrize("seed", range(200))
def test_units_are_those_of_a_walk_along_the_days(seed):
    rng = np.random.default_rng(seed)
    tariff = UnitTariff(
        unpaid_first=int(rng.integers(0, 5)),
        allowed_break=int(rng.integers(0, 4)),
        pays_breaks=bool(rng.integers(2)),
        restarts=bool(rng.integers(2)),
        most=None if rng.integers(2) else int(rng.integers(1, 12)),
    )
    states = rng.random((5, 30)) < rng.uniform(0.3, 0.9)
    got = paid_units(states, tariff)
    assert [row.tolist() for row in got] == [day_by_day(row, tariff) for row in states]


def housing(**tariff):
    clause = Clause("days", Rate(40.0), payer="city", outcome="housed")
    return OutcomesContract(
        "Housing",
        "EUR",
        START,
        (clause,),
        counting={"housed": UnitTariff(**tariff)},
        periods=Periods(START, "month", 6, "calendar", 3),
    )


def test_a_person_who_leaves_and_returns_is_paid_by_the_day():
    deal = housing(unpaid_first=30, allowed_break=14)
    spells = pd.DataFrame(
        {
            "person": ["p", "p"],
            "outcome": ["housed"] * 2,
            "start": ["2024-01-01", "2024-02-10"],
            "end": ["2024-02-01", ""],
        }
    )
    rows = count_spells(deal, spells, until=dt.date(2024, 4, 1))
    # 31 days in January less 30 unpaid; 20 days of February from the 10th; 31 of March.
    assert rows["quantity"].tolist() == [1 + 20 + 31]
    assert settle(deal, rows).total == 52 * 40


@pytest.mark.parametrize(("reason", "units"), [("death", 9 + 60), ("eviction", 9)])
def test_a_planned_exit_still_counts(reason, units):
    deal = housing(planned_exits=("death", "move"), planned_units=60)
    spells = pd.DataFrame(
        [("p", "housed", "2024-01-01", "2024-01-10", reason)],
        columns=["person", "outcome", "start", "end", "reason"],
    )
    rows = count_spells(deal, spells, until=dt.date(2024, 7, 1))
    assert rows["quantity"].sum() == units


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (("p", "housed", "2024-01-05", "2024-01-05"), "line 2, end: the spell ends before it"),
        (("p", "housed", "5.1.2024", ""), "line 2, start: the cell is not a date"),
        (("p", "fed", "2024-01-05", ""), "line 2, outcome: the contract counts no such outcome"),
    ],
)
def test_bad_spells_are_refused_where_they_stand(row, message):
    table = pd.DataFrame([row], columns=["person", "outcome", "start", "end"])
    with pytest.raises(InputError) as caught:
        count_spells(housing(), table, until=dt.date(2024, 7, 1))
    assert message in str(caught.value)


def test_spells_of_one_person_do_not_overlap():
    rows = [("p", "housed", "2024-01-05", "2024-02-05"), ("p", "housed", "2024-02-04", "")]
    table = pd.DataFrame(rows, columns=["person", "outcome", "start", "end"])
    with pytest.raises(InputError, match="two spells of one person overlap"):
        count_spells(housing(), table, until=dt.date(2024, 7, 1))


def test_months_on_histories_have_the_expectation_of_the_enumerated_paths():
    months, chance = 6, 0.6
    probability = np.full((4, 2, 1, months), chance)
    probability[:, 1] = 0.3
    deal = OutcomesContract(
        "Months",
        "EUR",
        START,
        (Clause("months", Rate(100.0), payer="city", outcome="work"),),
        counting={"work": UnitTariff(unit="month", unpaid_first=2, allowed_break=1)},
        periods=Periods(START, "month", 2, "calendar", 3),
    )
    from impactmodel.effects import HistoryAssumptions, Independent

    histories = Histories(probability, START, ("all",), HistoryAssumptions(Independent()))
    source = Outcomes.from_draws(
        np.full((4, 1, 1, 2), chance),
        np.full((4, 1, 1, 2), 0.3),
        measures=[OutcomeMeasure("work", kind="binary")],
        periods=Periods(START, "month", 2, "calendar", 3),
        cohort_size=100,
        provenance=Provenance(),
    )
    people = 20_000
    got = count_histories(deal, "work", histories, source, people=people, seed=3)
    paths = np.array([[n >> k & 1 for k in range(months)] for n in range(2**months)], dtype=bool)
    paid = np.array([day_by_day(path, deal.counting["work"]) for path in paths], dtype=float)
    for arm, p in (("treated", chance), ("counterfactual", 0.3)):
        weight = np.prod(np.where(paths, p, 1 - p), axis=1)
        units = np.stack([paid[:, :3].sum(axis=1), paid[:, 3:].sum(axis=1)], axis=1)
        mean = weight @ units
        sd = np.sqrt(weight @ (units - mean) ** 2)
        level = got.level(arm, "work").values.reshape(4, 2)
        # Four Monte Carlo standard errors.
        assert np.abs(level - mean).max() < 4 * (sd / people**0.5).max()
