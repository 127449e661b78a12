"""Clients simulated for tests of anticipation: a logit of age, origin, health and region."""

import datetime as dt
from functools import cache

import numpy as np
import pandas as pd
from scipy.special import expit

from impactmodel.clients import Category, ClientTable, Flag, Number, Target

REGIONS = tuple(f"region {i}" for i in range(6))
TABLE = ClientTable(
    index="entry",
    features={
        "age": Number(unit="years"),
        "months": Number(unit="months", gaps=True),
        "origin": Category(("home", "abroad")),
        "health": Flag(),
        "education": Category(("basic", "upper", "higher"), gaps=True),
        "region": Category(REGIONS),
    },
    protected=("origin", "health"),
    service="service",
    services=("none", "coaching"),
)
WORK = Target("work", event="work", horizon_days=210, days_required=90)
EDUCATION = ("basic", "upper", "higher", None)
DAY = dt.date(2023, 1, 1)


def logits(people):
    months = people["months"].fillna(people["months"].mean())
    education = people["education"].map({"basic": 0.0, "upper": 0.4, "higher": 0.6}).fillna(-0.2)
    region = people["region"].map(dict(zip(REGIONS, (0.4, 0.2, 0.0, 0.0, -0.2, -0.4), strict=True)))
    return (
        0.3 - 0.03 * (people["age"] - 40) - 0.04 * (months - 8)
        - 0.5 * (people["origin"] == "abroad") - 0.8 * people["health"] + education + region
    ).to_numpy(float)  # fmt: skip


@cache
def simulated(n=4000, seed=1, effect=0.8):
    """Return a table and the chance without a service; the weak are served more often."""
    rng = np.random.default_rng(seed)
    people = pd.DataFrame(
        {
            "entry": np.datetime64("2022-01-01") + rng.integers(0, 547, n).astype("timedelta64[D]"),
            "age": rng.integers(18, 65, n).astype(float),
            "months": np.where(rng.random(n) < 0.05, np.nan, rng.exponential(8, n).round(1)),
            "origin": rng.choice(["home", "abroad"], n, p=[0.7, 0.3]),
            "health": (rng.random(n) < 0.2) * 1.0,
            "education": rng.choice(EDUCATION, n, p=[0.3, 0.4, 0.25, 0.05]),
            "region": rng.choice(REGIONS, n),
        }
    )  # fmt: skip
    eta = logits(people)
    served = rng.random(n) < expit(-0.8 - 0.8 * eta)
    people["service"] = np.where(served, "coaching", "none")
    people["work"] = (rng.random(n) < expit(eta + effect * served)) * 1.0
    return people, expit(eta)


@cache
def clients(n=4000, seed=1, effect=0.8):
    return TABLE.read(simulated(n, seed, effect)[0], [WORK])
