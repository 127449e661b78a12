"""Metrics by group equal those of fairlearn; how they were made is in oracles/fairlearn.md."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from impactmodel.clients.fairness import audit, disparity

DATA = Path(__file__).parent / "data"
FOUND = json.loads((DATA / "fairlearn_audit.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def audited():
    frame = pd.read_csv(DATA / "fairlearn_audit.csv")
    groups = {}
    for name in ("sex", "origin"):
        labels = tuple(sorted(frame[name].unique()))
        groups[name] = (frame[name].map(labels.index).to_numpy(), labels)
    return audit(
        frame["chance"].to_numpy(), frame["reached"].to_numpy(float), groups,
        threshold=FOUND["threshold"],
    )  # fmt: skip


def test_every_group_and_intersection(audited):
    told = {("Total", "Total"): FOUND["overall"]}
    told |= {(sex, "Total"): v for sex, v in FOUND["sex"].items()}
    told |= {("Total", origin): v for origin, v in FOUND["origin"].items()}
    told |= {tuple(key.split("|")): v for key, v in FOUND["both"].items()}
    assert len(told) == len(audited.keys) == 15
    for key, measures in told.items():
        for name, value in measures.items():
            assert audited.of(name, *key) == pytest.approx(value, abs=1e-12)


@pytest.mark.parametrize("attribute", ["sex", "origin"])
def test_disparities(audited, attribute):
    found = disparity(audited, attribute)
    for name, value in FOUND[f"{attribute}_disparity"].items():
        assert getattr(found, name) == pytest.approx(value, abs=1e-12)


def test_the_area_under_the_curve(audited):
    assert audited.auc == pytest.approx(FOUND["auc"], abs=1e-12)
    assert not np.isnan(audited.auc)
