"""Cells carry the sums of people exactly, add up across sources, and survive a table."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from impactmodel.core.errors import InputError
from impactmodel.core.measures import OutcomeMeasure
from impactmodel.evidence import Cells, Cohort

JOB = OutcomeMeasure("job", kind="binary")
WAGE = OutcomeMeasure("wage", kind="amount", unit="EUR/year")
SUMS = ("n", "y_sum", "y_cross", "positive", "log_sum", "x_sum", "x_cross", "xy")


def people(seed, n=300, sites=("a", "b")):
    rng = np.random.default_rng(seed)
    wage = rng.gamma(1.5, 800.0, n) * (rng.random(n) < 0.6)
    return pd.DataFrame(
        {
            "treat": np.arange(n) % 2,
            "job": (wage > 0).astype(int),
            "wage": wage,
            "kids": rng.integers(0, 4, n),
            "age": rng.normal(40, 9, n),
            "site": rng.choice(list(sites), n),
        }
    )


def cohort(table, covariates=("kids", "age")):
    return Cohort.from_frame(
        table, treatment="treat", outcomes=[JOB, WAGE], covariates=covariates, group="site"
    )


def assert_same(one, other):
    assert one.groups == other.groups
    for name in (*SUMS, "treated", "group"):
        np.testing.assert_allclose(getattr(one, name), getattr(other, name), rtol=1e-10, atol=1e-9)


def test_sums_are_those_of_pandas():
    table = people(1)
    cells = cohort(table).cells()
    for row, ((arm, site), part) in enumerate(table.groupby(["treat", "site"])):
        assert (cells.treated[row], cells.groups[cells.group[row]]) == (bool(arm), site)
        assert cells.n[row] == len(part)
        y, x = part[["job", "wage"]].to_numpy(float), part[["kids", "age"]].to_numpy(float)
        np.testing.assert_allclose(cells.y_cross[row], y.T @ y)
        np.testing.assert_allclose(cells.x_cross[row], x.T @ x)
        np.testing.assert_allclose(cells.xy[row], x.T @ y)
        above = part["wage"][part["wage"] > 0]
        assert cells.positive[row, 1] == len(above)
        assert cells.log_sum[row, 1] == pytest.approx(np.log(above).sum())


def test_cells_by_a_covariate_keep_its_values():
    table = people(2)
    cells = cohort(table).cells(by=["kids"])
    assert len(cells.n) == len(table.groupby(["treat", "site", "kids"]))
    assert sorted(set(cells.values[:, 0])) == [0, 1, 2, 3]


@given(st.integers(0, 10_000), st.integers(2, 40))
def test_two_sources_add_up_to_one(seed, split):
    table = people(seed, n=80)
    whole = cohort(table).cells(by=["kids"])
    parts = [table.iloc[:split], table.iloc[split:]]
    # The first part may lack a site or an arm's value of the covariate; two people suffice.
    if any(p["treat"].nunique() < 2 or p["kids"].nunique() < 2 for p in parts):
        return
    joined = sum_of(parts)
    for name in SUMS:
        np.testing.assert_allclose(
            getattr(joined, name).sum(axis=0), getattr(whole, name).sum(axis=0), rtol=1e-9
        )
    assert len(joined.n) == len(whole.n)


def sum_of(parts):
    one, other = (cohort(part).cells(by=["kids"]) for part in parts)
    return one + other


def test_adding_is_aligned_by_the_groups_names():
    first, second = people(3, sites=("b", "c")), people(4, sites=("a", "c"))
    joined = cohort(first).cells() + cohort(second).cells()
    both = pd.concat([first, second])
    for row in range(len(joined.n)):
        site = joined.groups[joined.group[row]]
        arm = int(joined.treated[row])
        part = both[(both["site"] == site) & (both["treat"] == arm)]
        assert joined.n[row] == len(part)
        assert joined.y_sum[row, 1] == pytest.approx(part["wage"].sum())


def test_cells_of_other_outcomes_are_not_added():
    one = cohort(people(1)).cells()
    other = Cohort.from_frame(people(1), treatment="treat", outcomes=[JOB], group="site").cells()
    with pytest.raises(InputError) as error:
        _ = one + other
    assert str(error.value) == (
        "outcomes: cells with different outcomes cannot be added; align them first"
    )


def test_coarser_cells_are_those_of_the_people():
    made = cohort(people(5))
    fine = made.cells(by=["kids"])
    assert_same(fine.coarsen(), made.cells())
    merged = fine.ungrouped()
    assert merged.groups == ("all",)
    assert merged.n.sum() == fine.n.sum()


def test_cells_are_not_made_finer():
    with pytest.raises(InputError) as error:
        cohort(people(5)).cells().coarsen(by=["kids"])
    assert str(error.value) == "by: cells cannot be made finer again (seen: 'kids')"


def test_a_table_of_cells_gives_the_same_cells():
    cells = cohort(people(6), covariates=["kids"]).cells(by=["kids"])
    back = Cells.from_frame(
        cells.to_frame(), treatment="treated", outcomes=[JOB, WAGE], by=["kids"], group="group"
    )
    assert_same(back, cells)


def test_rows_of_one_cell_are_merged_and_missing_products_stay_unknown():
    table = pd.DataFrame(
        {"treat": [1, 1, 0], "n": [3, 4, 9], "job_sum": [1, 2, 3], "won_sum": [1, 1, 1]}
    )
    won = OutcomeMeasure("won", kind="binary")
    cells = Cells.from_frame(table, treatment="treat", outcomes=[JOB, won])
    assert cells.n.tolist() == [9, 7]
    assert np.isnan(cells.y_cross[:, 0, 1]).all()
    assert cells.y_cross[:, 0, 0].tolist() == [3, 3]


def test_its_repr_has_counts():
    assert repr(cohort(people(7)).cells()) == (
        "Cells(4 cells of 300 people, 150 treated and 150 in comparison, outcomes job, wage, "
        "covariates kids, age, 2 groups)"
    )


GOOD = {
    "treat": [0, 1],
    "n": [10, 12],
    "wage_sum": [500.0, 900.0],
    "wage_sum_squares": [60000.0, 110000.0],
    "wage_positive": [6, 8],
    "wage_sum_log": [25.0, 36.0],
}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"n": [0, 12]}, "n: a cell has fewer than one person, in 1 of 2 cells"),
        ({"n": [10.5, 12]}, "n: a number of people is not whole, in 1 of 2 cells"),
        ({"wage_sum": [-1.0, 900.0]}, "wage_sum: a sum is negative, in 1 of 2 cells"),
        (
            {"wage_sum_squares": [60000.0, 100.0]},
            "wage_sum_squares: a sum of squares is below sum squared over people, in 1 of 2 cells",
        ),
        (
            {"wage_positive": [11, 8]},
            "wage_positive: more people above zero than people, in 1 of 2 cells",
        ),
        (
            {"wage_positive": [0, 8]},
            "wage_positive: a sum above zero needs people above zero, in 1 of 2 cells",
        ),
        (
            {"wage_positive": [5.5, 8]},
            "wage_positive: a number of people is not whole, in 1 of 2 cells",
        ),
        (
            {"wage_sum_log": [27.0, 36.0]},
            "wage_sum_log: a sum of logarithms is above that of equal amounts, in 1 of 2 cells",
        ),
    ],
)
def test_impossible_sums_are_refused(change, message):
    with pytest.raises(InputError) as error:
        Cells.from_frame(pd.DataFrame(GOOD | change), treatment="treat", outcomes=[WAGE])
    assert str(error.value) == f"{message}; check the table"


@pytest.mark.parametrize(
    ("events", "message"),
    [
        ([11, 3], "job_sum: there are more events than people, in 1 of 2 cells"),
        ([2.5, 3], "job_sum: a number of events is not whole, in 1 of 2 cells"),
    ],
)
def test_impossible_events_are_refused(events, message):
    table = pd.DataFrame({"treat": [0, 1], "n": [10, 12], "job_sum": events})
    with pytest.raises(InputError) as error:
        Cells.from_frame(table, treatment="treat", outcomes=[JOB])
    assert str(error.value) == f"{message}; check the table"


def test_both_arms_need_cells():
    table = pd.DataFrame({"treat": [1], "n": [10], "job_sum": [3]})
    with pytest.raises(InputError) as error:
        Cells.from_frame(table, treatment="treat", outcomes=[JOB])
    assert str(error.value) == "treat: no cell is in comparison; both arms need people"


def test_an_impossible_product_is_refused():
    table = pd.DataFrame(
        {
            "treat": [0, 1],
            "n": [10, 12],
            "job_sum": [4, 5],
            "won_sum": [4, 5],
            "job_won_sum_products": [4, 6],
        }
    )
    won = OutcomeMeasure("won", kind="binary")
    with pytest.raises(InputError) as error:
        Cells.from_frame(table, treatment="treat", outcomes=[JOB, won])
    assert str(error.value) == (
        "job_won_sum_products: a sum of products is too large, in 1 of 2 cells; check the table"
    )
