"""Freeze DoubleML's potential outcomes, contrasts and group means; see README.md beside this.

Run with the packages named there: python tests/golden/clients/doubleml_oracle.py
"""

import csv
import json
import warnings
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd
from doubleml import DoubleMLAPO, DoubleMLAPOS, DoubleMLData
from effects_data import GROUPS, SERVICES, people
from sklearn.linear_model import LogisticRegression

HERE = Path(__file__).parent
FOLDS = 4


def main():
    warnings.simplefilter("ignore")
    x, service, y, group, _ = people()
    fold = np.random.default_rng(1).integers(0, FOLDS, len(y))
    with (HERE / "effects.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["age", "months", "health", "B", "C", "service", "job", "group", "fold"])
        rows.writerows(zip(*x.round(6).T, service, y.astype(int), group, fold, strict=True))
    table = pd.read_csv(HERE / "effects.csv")
    columns = ["age", "months", "health", "B", "C"]
    split = [(np.flatnonzero(fold != k), np.flatnonzero(fold == k)) for k in range(FOLDS)]
    logit = LogisticRegression(C=np.inf, solver="newton-cholesky", tol=1e-12, max_iter=500)
    propensity = np.empty((len(y), len(SERVICES)))
    for train, test in split:
        many = LogisticRegression(C=np.inf, solver="newton-cg", tol=1e-12, max_iter=5000)
        many.fit(table[columns].values[train], service[train])
        propensity[test] = many.predict_proba(table[columns].values[test])
    data = DoubleMLData(table, y_col="job", d_cols="service", x_cols=columns)
    levels = list(range(len(SERVICES)))
    chances = {str(a): {"ml_m": propensity[:, [a]]} for a in levels}
    apos = DoubleMLAPOS(data, logit, logit, treatment_levels=levels, draw_sample_splitting=False)
    apos.set_sample_splitting([split])
    apos.fit(external_predictions={a: {"ml_m": chances[str(a)]["ml_m"]} for a in levels})
    contrast = apos.causal_contrast(reference_levels=0)
    found = {
        "mean": apos.coef.tolist(),
        "mean_se": apos.se.tolist(),
        "effect": contrast.thetas.tolist(),
        "effect_se": contrast.ses.tolist(),
    }
    hot = pd.get_dummies(table["group"]).astype(bool)
    hot.columns = list(GROUPS)
    gates, errors = [], []
    for a in levels:
        one = DoubleMLAPO(data, logit, logit, treatment_level=a, draw_sample_splitting=False)
        one.set_sample_splitting([split])
        one.fit(external_predictions={"service": {"ml_m": chances[str(a)]["ml_m"]}})
        gate = one.gapo(hot, cov_type="HC0")
        gates.append(gate.summary["coef"].tolist())
        errors.append(gate.summary["std err"].tolist())
    found |= {"group_mean": gates, "group_mean_se": errors}
    found["versions"] = {p: version(p) for p in ("doubleml", "scikit-learn", "numpy")}
    (HERE / "doubleml.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
