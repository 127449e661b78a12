"""Effects of services by group against DoubleML: same scores, same folds, own logits on each side.

Tolerance 1e-8: see clients/README.md.
"""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from impactmodel.clients.effect_groups import group_means
from impactmodel.effects.arm_scores import arm_scores
from impactmodel.effects.clustered import clustered_covariance

HERE = Path(__file__).parent / "clients"
COLUMNS = ["age", "months", "health", "B", "C"]


@pytest.fixture(scope="module")
def frozen():
    return json.loads((HERE / "doubleml.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def table():
    return pd.read_csv(HERE / "effects.csv")


@pytest.fixture(scope="module")
def scores(table):
    x, y = table[COLUMNS].to_numpy(float), table[["job"]].to_numpy(float)
    made = arm_scores(x, table["service"].to_numpy(), y, table["fold"].to_numpy(), ridge=0.0)
    return made.scores[:, :, 0]


def test_means_and_contrasts_of_services(frozen, scores):
    n = len(scores)
    contrast = scores[:, 1:] - scores[:, :1]
    for ours, mean, se in ((scores, "mean", "mean_se"), (contrast, "effect", "effect_se")):
        np.testing.assert_allclose(ours.mean(axis=0), frozen[mean], atol=1e-8)
        np.testing.assert_allclose(ours.std(axis=0) / np.sqrt(n), frozen[se], atol=1e-8)


def test_the_covariance_holds_the_shared_comparison(frozen, scores):
    """Errors of contrasts follow from those of means only with what services share."""
    n = len(scores)
    _, influence = group_means(scores, np.ones((n, 1)))
    covariance = clustered_covariance(influence) * (n - 1) / n
    np.testing.assert_allclose(
        np.sqrt(np.diag(covariance)), [frozen["mean_se"][0], *frozen["effect_se"]], atol=1e-8
    )
    assert covariance[1, 2] > 0
    assert covariance[0, 1] < 0


def test_means_of_groups(frozen, table, scores):
    weights = np.eye(3)[table["group"].to_numpy()]
    mean, _ = group_means(scores, weights)
    wanted = np.array(frozen["group_mean"])
    np.testing.assert_allclose(mean[0], wanted[0], atol=1e-8)
    np.testing.assert_allclose(mean[1:], wanted[1:] - wanted[0], atol=1e-8)
    for g in range(3):
        own = scores[weights[:, g] > 0]
        se = own.std(axis=0) / np.sqrt(len(own))
        np.testing.assert_allclose(se, np.array(frozen["group_mean_se"])[:, g], atol=1e-8)
