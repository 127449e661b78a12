"""The shipped panels are the published rows, with their source."""

import numpy as np
import pytest

from impactmodel import datasets

PANELS = {"mpdta": "county", "prop99": "state", "state_panel": "state"}


@pytest.mark.parametrize("name", PANELS)
def test_info_names_every_column_the_citations_and_the_licence(name):
    about, data = datasets.info(name), datasets.load(name)
    assert list(about.columns) == list(data.columns)
    assert about.rows == len(data)
    assert about.citation
    assert "package" in about.source
    assert ("MIT" if name == "mpdta" else "BSD 3-Clause") in about.licence


@pytest.mark.parametrize("name", PANELS)
def test_panels_are_balanced_and_numbers_are_wide(name):
    data = datasets.load(name)
    counts = data.groupby(PANELS[name]).size()
    assert counts.nunique() == 1
    assert not data.duplicated([PANELS[name], "year"]).any()
    numbers = data.select_dtypes("number")
    assert set(numbers.dtypes) == {np.dtype("float64")}


def test_mpdta_has_the_published_groups():
    # Callaway and Sant'Anna (2021), section 5, and the vignette of R's did: 20, 40 and 131
    # counties start in 2004, 2006 and 2007, 309 never do.
    data = datasets.load("mpdta").drop_duplicates("county")
    assert data["first_treat"].value_counts().to_dict() == {2004.0: 20, 2006.0: 40, 2007.0: 131}
    assert data["first_treat"].isna().sum() == 309
    assert data["state"].nunique() == data.drop_duplicates(["state", "first_treat"]).shape[0]


def test_prop99_has_the_published_sales():
    # Abadie, Diamond and Hainmueller (2010), table 1: cigarette sales per head in California of
    # 90.1 in 1988, 120.2 in 1980 and 127.1 in 1975.
    data = datasets.load("prop99")
    california = data[data["state"] == "California"].set_index("year")
    assert california.loc[[1988, 1980, 1975], "packs"].round(1).tolist() == [90.1, 120.2, 127.1]
    assert california.index[california["treated"] == 1].tolist() == list(range(1989, 2001))
    assert data.loc[data["state"] != "California", "treated"].sum() == 0


def test_the_state_panel_has_fifty_states_and_forty_years():
    # Arkhangelsky et al. (2021), section III: N = 50 states, T = 40 years.
    data = datasets.load("state_panel")
    assert (data["state"].nunique(), data["year"].nunique()) == (50, 40)
    assert data["urate"].between(0, 1).all()
    assert set(data["min_wage"]) | set(data["open_carry"]) | set(data["abort_ban"]) == {0.0, 1.0}
