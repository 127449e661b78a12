"""Quarters of made-up clients with a known drift, for the tests of monitoring."""

import numpy as np

from impactmodel.clients.monitor import observe, watch

QUARTER = 5000


def clients(rng, people, base, shift=0.0):
    """Return calibrated chances, outcomes moved by a shift, and the gaps of three features."""
    p = 1 / (1 + np.exp(-(1.15 * np.log(base / (1 - base)) + rng.normal(0, 1, people))))
    y = (rng.random(people) < np.clip(p + shift, 0, 1)).astype(float)
    gaps = {str(rate): rng.random(people) < rate for rate in (0.02, 0.1, 0.0005)}
    return p, y, gaps


def found(rng, rules, reference, base, shift=0.0):
    """Return what raised an alarm at any look of a quarter."""
    then = observe(*clients(rng, reference, base))
    p, y, gaps = clients(rng, QUARTER, base, shift)
    alarms = set()
    for look, share in enumerate(rules.looks):
        so_far = slice(round(QUARTER * share))
        part = {name: missing[so_far] for name, missing in gaps.items()}
        now = observe(p[so_far], y[so_far], part, edges=then.edges)
        alarms |= {test.watched for test in watch(then, now, rules, look).alarms}
    return alarms
