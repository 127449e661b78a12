"""The published figures of the NSW experiment by least squares, exact to the last digit printed."""

import numpy as np
import pandas as pd
import pytest

from impactmodel import datasets
from impactmodel.core.measures import OutcomeMeasure
from impactmodel.effects import Experiment, least_squares
from impactmodel.evidence import Cells, Cohort

EMPLOYED = OutcomeMeasure("employed", kind="binary", channel="employment")
RE78 = OutcomeMeasure("re78", kind="amount", unit="USD/year", channel="earnings")
COVARIATES = ["age", "age2", "educ", "nodegree", "black", "hisp", "re74", "re75"]


@pytest.fixture(scope="module")
def nsw():
    return Cohort.from_frame(
        datasets.load("nsw"), treatment="treat", outcomes=[EMPLOYED, RE78], covariates=COVARIATES
    )


def test_difference_in_earnings(nsw):
    # Dehejia and Wahba (1999): 1,794; OLS error 632.85, HC2 671.00.
    found = least_squares(Experiment(nsw))[1]
    assert round(found.effect, 2) == 1794.34
    assert round(found.se, 2) == 632.85
    assert round(found.se_hc2, 2) == 671.00


def test_adjusted_difference_in_earnings(nsw):
    # Dehejia and Wahba (1999), adjusted: 1,672 (638); by the same regression 1,672.20 (638.40).
    found = least_squares(Experiment(nsw, adjust=True))[1]
    assert round(found.effect, 2) == 1672.20
    assert round(found.se, 2) == 638.40
    assert found.coefficients == 10


def test_difference_in_employment(nsw):
    # 140 of 185 against 168 of 260: .7568 - .6462 = +.1106 (.0434).
    found = least_squares(Experiment(nsw))[0]
    assert round(found.effect, 4) == 0.1106
    assert round(found.comparison_mean, 4) == 0.6462
    assert round(found.se_hc1, 4) == round(found.se_hc2, 4) == 0.0434


def test_hc2_of_two_arms_is_neymans_error(nsw):
    # Without covariates HC2 is sqrt(s1^2/n1 + s0^2/n0) with unbiased variances.
    arms = [nsw.y[nsw.treated, 1], nsw.y[~nsw.treated, 1]]
    neyman = np.sqrt(sum(a.var(ddof=1) / len(a) for a in arms))
    assert least_squares(Experiment(nsw))[1].se_hc2 == pytest.approx(neyman, rel=1e-12)


@pytest.mark.parametrize("adjust", [False, True])
def test_cells_give_what_rows_give(nsw, adjust):
    rows = least_squares(Experiment(nsw, adjust=adjust))
    cells = least_squares(Experiment(nsw.cells(), adjust=adjust))
    for one, other in zip(rows, cells, strict=True):
        assert other.effect == pytest.approx(one.effect, rel=1e-9)
        assert other.se == pytest.approx(one.se, rel=1e-9)
        # Sums alone tell no robust error of an adjusted estimate.
        assert (other.se_hc1 is None) == adjust


def test_errors_are_those_of_row_by_row_algebra(nsw):
    y = nsw.y[:, 1]
    x = np.column_stack([np.ones(len(y)), nsw.treated, nsw.x])
    beta = np.linalg.lstsq(x, y, rcond=None)[0]
    e, bread = y - x @ beta, np.linalg.inv(x.T @ x)
    h = np.einsum("ij,jk,ik->i", x, bread, x)
    n, k = x.shape
    hc1 = bread @ ((x * e[:, None] ** 2).T @ x) @ bread * n / (n - k)
    hc2 = bread @ ((x * (e**2 / (1 - h))[:, None]).T @ x) @ bread
    found = least_squares(Experiment(nsw, adjust=True))[1]
    # The determinant of X'X spans twenty orders of magnitude, which costs digits in both.
    assert found.se_hc1 == pytest.approx(np.sqrt(hc1[1, 1]), rel=1e-6)
    assert found.se_hc2 == pytest.approx(np.sqrt(hc2[1, 1]), rel=1e-6)


def test_group_indicators_take_out_differences_between_groups():
    # In each site the arms differ by exactly 100; treatment is more common where wages are high.
    table = pd.DataFrame(
        {
            "treat": [1, 0, 0, 0, 1, 1, 1, 0],
            "wage": [200.0, 100.0, 90.0, 110.0, 1090.0, 1100.0, 1110.0, 1000.0],
            "site": ["a"] * 4 + ["b"] * 4,
        }
    )
    wage = OutcomeMeasure("wage", kind="amount", unit="EUR/year")
    made = Cohort.from_frame(table, treatment="treat", outcomes=[wage], group="site")
    assert least_squares(Experiment(made, pool_groups=True))[0].effect == pytest.approx(100.0)
    assert least_squares(Experiment(made))[0].effect == pytest.approx(550.0)


def test_a_published_table_of_counts_is_enough():
    counts = pd.DataFrame({"treat": [0, 1], "n": [260, 185], "employed_sum": [168, 140]})
    cells = Cells.from_frame(counts, treatment="treat", outcomes=[EMPLOYED])
    assert round(least_squares(Experiment(cells))[0].effect, 4) == 0.1106
