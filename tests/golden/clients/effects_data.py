"""A small synthetic data set of people, services and jobs, committed as effects.csv."""

import numpy as np
from scipy.special import expit, softmax

SERVICES = ("none", "coaching", "course")
GROUPS = ("A", "B", "C")


def people(n=1500, seed=20261124, hidden=0.0):
    """Synthetic people with both potential outcomes; assignment by what is recorded.

    With ``hidden``, caseworkers also go by a trait that no column holds and that bears on work.
    """
    rng = np.random.default_rng(seed)
    group = rng.integers(0, 3, n)
    age, months, health = rng.normal(size=n), rng.normal(size=n), rng.integers(0, 2, n) * 1.0
    trait = rng.normal(size=n)
    x = np.column_stack([age, months, health, group == 1, group == 2])
    eta = np.stack(
        [
            np.full(n, 0.9),
            -0.3 + 0.5 * months + 0.4 * health + hidden * trait,
            -0.3 - 0.5 * age + 0.3 * (group == 2) + hidden * trait,
        ],
        axis=1,
    )
    service = (softmax(eta, axis=1).cumsum(axis=1) < rng.random(n)[:, None]).sum(axis=1)
    base = -0.4 - 0.5 * age - 0.4 * months - 0.6 * health + 0.3 * (group == 1) + hidden * trait
    gain = np.stack([0 * age, 0.25 + 0.5 * (group == 2), 0.4 - 0.5 * (group == 0)], axis=1)
    chance = expit(base[:, None] + gain)
    job = (rng.random(n)[:, None] < chance) * 1.0
    return x, service, job[np.arange(n), service], group, chance
