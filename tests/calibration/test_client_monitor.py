"""Monitoring of client scores: false alarms of a quarter, and how often a drift is found.

5,000 clients a quarter, three looks, references of two sizes and three base rates. Without drift
an alarm of any kind must come in at most 5 % of quarters; a base rate that moves by 3 points must
be found in at least 95 %. The table is written beside this file.
"""

import csv
import datetime as dt
import platform
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from impactmodel.clients.monitor import MonitorRules
from tests.client_quarters import QUARTER, found

RESULTS = Path(__file__).parent / "results" / "client_monitor.csv"
pytestmark = pytest.mark.timeout(3600)
SEED, QUARTERS = 20261124, 1000
BASES, REFERENCES, SHIFTS = (0.2, 0.35, 0.5), (20_000, 50_000), (0.0, 0.03)


@pytest.fixture(scope="module")
def table():
    rules, rows = MonitorRules(), []
    for base in BASES:
        for reference in REFERENCES:
            for shift in SHIFTS:
                alarms, of_base = 0, 0
                for i in range(QUARTERS):
                    key = [SEED, int(base * 100), reference, int(shift * 100), i]
                    moved = shift if i % 2 else -shift
                    seen = found(np.random.default_rng(key), rules, reference, base, moved)
                    alarms += bool(seen)
                    of_base += "base_rate" in seen
                rows.append(
                    {
                        "base_rate": base, "reference": reference, "people": QUARTER,
                        "shift": shift, "quarters": QUARTERS, "any_alarm": alarms / QUARTERS,
                        "base_rate_alarm": of_base / QUARTERS,
                    }
                )  # fmt: skip
    with RESULTS.open("w", encoding="utf-8", newline="") as file:
        file.write(
            f"# seed {SEED}; {dt.datetime.now(dt.UTC).date()}; Python {platform.python_version()}, "
            f"NumPy {version('numpy')}, SciPy {version('scipy')}\n"
        )
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return rows


def test_false_alarms_are_as_rare_as_they_are_said_to_be(table):
    still = [row for row in table if not row["shift"]]
    assert np.mean([row["any_alarm"] for row in still]) <= 0.05
    # Each cell within the binomial error of 5 %, together at 99 %.
    most = stats.binom.ppf(1 - 0.01 / len(still), QUARTERS, 0.05) / QUARTERS
    assert max(row["any_alarm"] for row in still) <= most


def test_a_shift_of_three_points_is_found(table):
    assert min(row["any_alarm"] for row in table if row["shift"]) >= 0.95
