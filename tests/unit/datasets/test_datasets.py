"""The shipped data are the published rows, with their source."""

import socket

import numpy as np
import pandas as pd
import pytest

from impactmodel import datasets
from impactmodel.core.errors import InputError


def test_nsw_equals_causaldata_row_by_row():
    causaldata = pytest.importorskip("causaldata")
    theirs = causaldata.nsw_mixtape.load_pandas().data.drop(columns="data_id").astype("float64")
    ours = datasets.load("nsw")
    pd.testing.assert_frame_equal(ours[list(theirs.columns)], theirs, check_exact=True)


def test_nsw_has_the_published_counts_and_means():
    # Dehejia and Wahba (1999), table 1: 185 treated, 260 controls; mean age 25.81 and 25.05,
    # earnings in 1974 of 2,095.57 and 2,107.03.
    data = datasets.load("nsw")
    arm = data.groupby("treat")
    assert arm.size().to_dict() == {0.0: 260, 1.0: 185}
    assert arm["age"].mean().round(2).tolist() == [25.05, 25.82]
    assert arm["re74"].mean().round(0).tolist() == [2107, 2096]


def test_age_squared_does_not_overflow_and_employed_is_positive_earnings():
    data = datasets.load("nsw")
    assert set(data.dtypes) == {np.dtype("float64")}
    assert data["age2"].max() == data["age"].max() ** 2 == 55**2
    assert data["employed"].sum() == (data["re78"] > 0).sum() == 308


def test_loading_needs_no_network(monkeypatch):
    def refuse(*_args, **_kwargs):
        raise AssertionError("the network was used")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    assert len(datasets.load("nsw")) == 445


def test_each_load_is_a_fresh_copy():
    first = datasets.load("nsw")
    first["re78"] = 0.0
    assert datasets.load("nsw")["re78"].sum() > 0


def test_info_names_every_column_the_citations_and_the_licence():
    about = datasets.info("nsw")
    data = datasets.load("nsw")
    assert list(about.columns) == list(data.columns)
    assert about.rows == len(data)
    assert "MIT" in about.licence
    assert "causaldata" in about.source
    assert [c.split(",")[0] for c in about.citation] == ["LaLonde", "Dehejia", "Dehejia"]


@pytest.mark.parametrize("ask", [datasets.load, datasets.info])
def test_an_unknown_name_is_refused(ask):
    with pytest.raises(InputError) as error:
        ask("nws")
    assert str(error.value) == "there is no such data set (seen: 'nws'); use nsw"
