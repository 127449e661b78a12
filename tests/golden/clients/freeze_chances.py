"""Writes chances_oracle.json with scikit-learn and statsmodels; run it where they are installed."""

import json
from importlib.metadata import version
from pathlib import Path

import numpy as np
import statsmodels.api as sm
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from statsmodels.stats.proportion import proportion_confint

SEED = 20261124
rng = np.random.default_rng(SEED)
x = rng.normal(-0.3, 0.9, 400)
chance = np.round(1 / (1 + np.exp(-x)), 2)
y = (rng.random(400) < 1 / (1 + np.exp(-(0.2 + 0.8 * x)))).astype(float)
logit = np.log(chance / (1 - chance))
free = sm.GLM(y, sm.add_constant(logit), family=sm.families.Binomial()).fit()
shifted = sm.GLM(y, np.ones((400, 1)), family=sm.families.Binomial(), offset=logit).fit()
z = rng.normal(size=(300, 4))
reached = (rng.random(300) < 1 / (1 + np.exp(-(z @ [1.0, -0.5, 0.0, 0.3] - 0.4)))).astype(float)
# A penalty of 1 / C on half the squared slopes is a prior N(0, C); the intercept is not penalised.
ridge = LogisticRegression(C=0.25, tol=1e-12, max_iter=10_000).fit(z, reached)
found = {
    "packages": {p: version(p) for p in ("scikit-learn", "statsmodels", "numpy")},
    "seed": SEED,
    "script": "tests/golden/clients/freeze_chances.py",
    "chance": chance.tolist(),
    "y": y.tolist(),
    "area": float(roc_auc_score(y, chance)),
    "slope": [float(free.params[1]), float(free.bse[1])],
    "intercept": [float(shifted.params[0]), float(shifted.bse[0])],
    "wilson": [float(v) for v in proportion_confint(13, 47, alpha=0.1, method="wilson")],
    "z": np.round(z, 12).tolist(),
    "reached": reached.tolist(),
    "ridge": [float(ridge.intercept_[0]), *map(float, ridge.coef_[0])],
}
Path(__file__).with_name("chances_oracle.json").write_text(json.dumps(found), encoding="utf-8")
