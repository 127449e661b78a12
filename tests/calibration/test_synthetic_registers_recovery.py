"""Planted effects in synthetic registers: how often a study of them finds the truth again.

For each of twenty seeds a synthetic city is written, read as any extracts are, and studied from end
to end: monthly trials, a matched comparison, its 90 % intervals. Nine in ten should hold the truth;
fewer than fifteen of twenty happens once in about ninety such studies of a right design. The table
is beside this file.
"""

import csv
import datetime as dt
import platform
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest

from impactmodel.core.measures import OutcomeMeasure
from impactmodel.effects.fitting import fit
from impactmodel.effects.matched_comparison import MatchedComparison
from impactmodel.effects.methods import ClosedForm
from impactmodel.evidence import Cohort
from impactmodel.registers import (
    AgeAtEntry,
    AmountMonths,
    Around,
    DuckDbEngine,
    MonthlyTrials,
    OfPerson,
    StateMonths,
    Study,
    Window,
    read,
    study_data,
)
from impactmodel.registers.synthetic import SyntheticRegisters

RESULTS = Path(__file__).parent / "results" / "synthetic_registers.csv"
SEEDS, PROB, LEAST = range(1, 21), 0.9, 15
RESIDENTS, ENTRY = 200_000, Window(dt.date(2021, 1, 1), 12)
OUTCOMES = [
    OutcomeMeasure("months_employed", kind="days", unit="months"),
    OutcomeMeasure("wages", kind="amount", unit="EUR"),
]
SPELLS = "employment_service"
STUDY = Study(
    "persons",
    {
        "employed": StateMonths(SPELLS, ("employed",)),
        "unemployed": StateMonths(SPELLS, ("unemployed",)),
        "wage": AmountMonths("incomes", "wage"),
    },
    MonthlyTrials(
        SPELLS,
        ("coaching",),
        StateMonths(SPELLS, ("unemployed",)),
        ENTRY,
        washout=48,
    ),
    {"months_employed": Around("employed", 1, 12), "wages": Around("wage", 1, 12)},
    {
        "unemployed_before": Around("unemployed", -12, -1),
        "employed_before": Around("employed", -12, -1),
        "wages_before": Around("wage", -12, -1),
        "age": AgeAtEntry("persons", "birth"),
        "other_language": OfPerson("persons", "language", "other"),
        "basic_school": OfPerson("persons", "education", "basic"),
    },
)


def studied(city, folder):
    """Return the study's people, from extracts that are written and read."""
    sources = city.write(folder)
    connection = DuckDbEngine(threads=1).connect()
    tables = {name: read(name, source, connection, folder) for name, source in sources.items()}
    frame = study_data(STUDY, sources, tables).frame
    connection.disconnect()
    return Cohort.from_frame(
        frame, treatment="treated", outcomes=OUTCOMES, covariates=list(STUDY.covariates)
    )


def recovered(seed, folder):
    """Return a row per outcome: what was planted, what was found, and whether it is covered."""
    city = SyntheticRegisters(residents=RESIDENTS, seed=seed)
    truth = city.truth(ENTRY)
    cohort = studied(city, folder)
    assert cohort.treated.sum() == truth.groups["n"].iloc[0]
    drawn = fit(MatchedComparison(cohort), ClosedForm(seed=seed, draws=2000)).outcomes.effect()
    rows = []
    for outcome in OUTCOMES:
        values = drawn.sel(outcome=outcome.name).values.ravel()
        low, high = np.quantile(values, [(1 - PROB) / 2, (1 + PROB) / 2])
        planted = getattr(truth, outcome.name)
        numbers = (round(float(v), 4) for v in (planted, values.mean(), low, high))
        rows.append((seed, outcome.name, *numbers, bool(low < planted < high)))
    return rows


# Of ibis on DuckDB, as in the unit tests of registers.
@pytest.mark.filterwarnings("ignore:fetch_.* is deprecated:DeprecationWarning")
@pytest.mark.filterwarnings("ignore::pandas.errors.Pandas4Warning")
@pytest.mark.calibration
@pytest.mark.slow
@pytest.mark.timeout(7200)
def test_the_planted_effect_is_found_again(tmp_path):
    rows = []
    for seed in SEEDS:
        rows += recovered(seed, tmp_path / f"synthetic_{seed}")
        for path in (tmp_path / f"synthetic_{seed}").iterdir():
            path.unlink()
        write(rows)
    for outcome in OUTCOMES:
        covered = [row[-1] for row in rows if row[1] == outcome.name]
        assert sum(covered) >= LEAST, f"{outcome.name}: {sum(covered)} of {len(covered)}"


def write(rows):
    packages = ", ".join(f"{p} {version(p)}" for p in ("numpy", "scipy", "duckdb"))
    when = (
        f"{RESIDENTS} residents, {dt.date.today()}, Python {platform.python_version()}, {packages}"  # noqa: DTZ011  the day of the run
    )
    with RESULTS.open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(["seed", "outcome", "truth", "mean", "low", "high", "covered", when])
        out.writerows(rows)
