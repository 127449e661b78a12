"""The counts of UnempDur and the results of R on them."""

import csv
import datetime as dt
from functools import cache
from pathlib import Path

import pandas as pd

from impactmodel.core.schedule import Periods
from impactmodel.evidence.spell_cells import SpellCells

HERE = Path(__file__).parent
CAUSES = ("full_time", "part_time", "other")
BANDS = (1, 2, 3, 4, 5, 6, 7, 9, 11, 13, 16, 20, 28)
FORTNIGHTS = Periods(dt.date(2000, 1, 1), "week", 28, every=2)


@cache
def unempdur():
    """The spells, by receipt of unemployment insurance."""
    table = pd.read_csv(HERE / "unempdur.csv")
    return SpellCells.from_frame(table, "treated", causes=CAUSES, periods=FORTNIGHTS)


@cache
def results():
    """(model, quantity) to (value, standard error or None)."""
    with (HERE / "unempdur_r.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return {
        (r["model"], r["quantity"]): (
            float(r["value"]) if r["model"] != "personperiod" else None,
            float(r["se_or_sd"]) if r["se_or_sd"] not in ("", "NA") else None,
        )
        for r in rows
    }
