"""Savings by rules with every line: time and peak memory, each measured in a process of its own."""

import os
import subprocess
import sys

import pytest

GOAL_SECONDS, GOAL_BYTES = 2.0, 0.5e9
RUN = """
import datetime as dt, resource, sys, time
import numpy as np
from impactmodel.core.measures import OutcomeMeasure
from impactmodel.core.outcomes import Outcomes, Provenance
from impactmodel.core.schedule import Periods
from impactmodel.fiscal import Person, RuleSide, load_rules, savings

size = float(sys.argv[1])
kinds = ("basic_level", "earnings_related", "basic_allowance")
persons = tuple(
    Person(wage=1800.0 + 10 * i, age=25.0 + i % 35, benefit=kinds[i % 3], paid_days=float(i),
           rent=500.0 + i, municipality="helsinki", children=float(i % 3), church=float(i % 2))
    for i in range(300)
)
shares = np.random.default_rng(1).beta(4, 6, (4000, 1, 1, 60))
outcomes = Outcomes.from_draws(
    shares, 0.8 * shares, cohort_size=size, provenance=Provenance(),
    measures=[OutcomeMeasure("job", kind="binary", channel="employment")],
    periods=Periods(dt.date(2021, 1, 1), "month", 60))
load_rules("fi")
start = time.process_time()
found = savings(outcomes, RuleSide(persons=persons, consumption_tax=0.15))
assert {"housing_allowance", "social_assistance", "earnings_related_allowance"} <= set(
    found.ledger.lines)
print(time.process_time() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)
"""


def measured(size):
    """Return processor seconds of the savings and the largest memory of the whole process."""
    done = subprocess.run(
        [sys.executable, "-c", RUN, str(size)],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    seconds, memory = map(float, done.stdout.split())
    return seconds, memory


def test_savings_with_every_line(record_property, capsys):
    small, large = measured(100.0), measured(1e6)
    seconds, memory = max(small[0], large[0]), max(small[1], large[1])
    record_property("seconds", seconds)
    record_property("bytes", memory)
    with capsys.disabled():
        print(
            f"\n4,000 draws x 300 persons x 5 years: {seconds:.2f} s (goal {GOAL_SECONDS}), "
            f"{memory / 1e9:.2f} GB (goal {GOAL_BYTES / 1e9}), load {os.getloadavg()[0]:.1f}"
        )
    assert memory <= GOAL_BYTES
    # A million people take the memory of a hundred: 5 % is the allocator's noise.
    assert large[1] == pytest.approx(small[1], rel=0.05)
