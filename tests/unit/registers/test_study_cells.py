"""Cells that the engine makes of a study against cells of its collected rows."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from impactmodel.core.errors import InputError
from impactmodel.core.measures import OutcomeMeasure
from impactmodel.evidence import Cells, Cohort
from impactmodel.registers import Around, DuckDbEngine, read, study_cells, study_data
from tests.unit.registers import synthetic

STUDY, SOURCES = synthetic.STUDY, synthetic.SOURCES
OUTCOMES = (
    OutcomeMeasure("wage_after", kind="amount", unit="EUR"),
    OutcomeMeasure("worked", kind="binary"),
    OutcomeMeasure("days_after", kind="days"),
)
BINS = {"age": (30.0, 45.0), "wage_before": (0.01, 1000.0), "school": (12.0,)}
BY = {"unemployed_before": (), **BINS}


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    folder = tmp_path_factory.mktemp("registers")
    synthetic.make(folder, people=1500)
    connection = DuckDbEngine().connect()
    return {name: read(name, source, connection, folder) for name, source in SOURCES.items()}


@pytest.fixture(scope="module")
def rows(tables):
    return study_data(STUDY, SOURCES, tables)


def test_they_are_the_cells_of_the_rows(tables, rows):
    found = study_cells(STUDY, SOURCES, tables, OUTCOMES, by=BY)
    frame = rows.frame.assign(
        **{name: np.digitize(rows.frame[name], edges) for name, edges in BINS.items()}
    )
    cohort = Cohort.from_frame(
        frame, treatment="treated", outcomes=OUTCOMES, covariates=list(BY), group="group"
    )
    theirs = cohort.cells(by=list(BY)).to_frame()
    mine = Cells.from_frame(
        found.frame, treatment="treated", outcomes=OUTCOMES, by=list(BY), group="group"
    ).to_frame()
    assert 50 < len(mine) < len(frame)
    # Rows add hundredths in binary, cells whole cents: 1e-16 of a sum at each addition.
    pd.testing.assert_frame_equal(mine, theirs, rtol=1e-12, atol=1e-9)
    order = ["treated", "left"]
    pd.testing.assert_frame_equal(found.counts, rows.counts.sort_values(order, ignore_index=True))
    assert (rows.counts["left"] != "").any()


def test_sums_of_cents_and_months_are_exact(tables, rows):
    """The whole numbers of the rows, added as whole numbers."""
    found = study_cells(STUDY, SOURCES, tables, OUTCOMES).frame.set_index(["treated", "group"])
    whole = rows.frame.assign(cents=(rows.frame["wage_after"] * 100).round().astype("int64"))
    for key, part in whole.groupby(["treated", "group"]):
        cell, cents = found.loc[key], [int(c) for c in part["cents"]]
        days = [int(d) for d in part["days_after"]]
        assert cell["n"] == len(part)
        assert cell["wage_after_sum"] == sum(cents) / 100
        assert cell["wage_after_sum_squares"] == sum(c * c for c in cents) / 10_000
        assert cell["days_after_sum_squares"] == sum(d * d for d in days)
        products = sum(c * d for c, d in zip(cents, days, strict=True))
        assert cell["wage_after_days_after_sum_products"] == products / 100


def test_by_month_of_entry_and_without_groups(tables, rows):
    study = replace(STUDY, group="")
    found = study_cells(study, SOURCES, tables, OUTCOMES[1:2], by={"entry": ()})
    months = pd.to_datetime(rows.frame["entry"]).dt.month - 6
    by_hand = rows.frame.groupby(["treated", months])["worked"].agg(["size", "sum"])
    cells = found.frame.set_index(["treated", "entry"])
    assert list(cells["n"]) == list(by_hand["size"])
    assert list(cells["worked_sum"]) == list(by_hand["sum"])
    assert repr(found).startswith("StudyCells(")
    assert "group" not in found.frame


def test_a_mean_of_money_is_a_float(tables):
    study = replace(STUDY, outcomes={"wage_after": Around("wage", 1, 3, "mean")})
    cells = study_cells(study, SOURCES, tables, OUTCOMES[:1]).frame
    by_hand = study_data(study, SOURCES, tables).frame.groupby(["treated", "group"])["wage_after"]
    np.testing.assert_allclose(cells["wage_after_sum"], by_hand.sum(), rtol=1e-13)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"by": {"age": ()}}, r"by\.age: this may have a value of its own for every person"),
        ({"by": {"school": ()}}, r"by\.school: this may have a value of its own"),
        ({"by": {"wage_before": ()}}, r"by\.wage_before: this may have a value of its own"),
        ({"by": {"weight": ()}}, "the study has no such covariate"),
        ({"by": {"age": (45, 30)}}, r"by\.age: edges of bins are numbers that rise"),
        ({"by": {"age": (float("nan"),)}}, r"by\.age: edges of bins are numbers that rise"),
        ({"by": {"entry": (1,)}}, "the study has no such covariate"),
        (
            {"outcomes": [OutcomeMeasure("wage", kind="count")]},
            "the study has no such outcome",
        ),
        (
            {"outcomes": [OutcomeMeasure("wage_after", kind="count")]},
            "the study measures this in another unit",
        ),
        (
            {"outcomes": [OutcomeMeasure("wage_after", kind="amount", unit="SEK")]},
            "the study measures this in another unit",
        ),
        (
            {"outcomes": [OutcomeMeasure("worked", kind="amount", unit="EUR")]},
            "the study measures this in another unit",
        ),
        (
            {"outcomes": [OutcomeMeasure("days_after", kind="binary")]},
            "impossible for 'binary'",
        ),
    ],
)
def test_what_is_refused(given, said, tables):
    with pytest.raises(InputError, match=said):
        study_cells(STUDY, SOURCES, tables, given.pop("outcomes", OUTCOMES), **given)
