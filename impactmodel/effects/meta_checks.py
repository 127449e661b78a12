"""Checks of pooled evidence: spread, small studies, single studies, and what the priors decide."""

from __future__ import annotations

import dataclasses
import math

import numpy as np

from impactmodel.core.seeds import stream
from impactmodel.effects.between_studies import Estimates
from impactmodel.effects.checks import Check
from impactmodel.effects.pooled_effect import PooledEffect
from impactmodel.effects.pooling import Pooled, PoolingPrior
from impactmodel.effects.prior_checks import Answer, prior_data_conflict, prior_sensitivity
from impactmodel.effects.random_effects import random_effects, small_studies

_REPLICATES = 4000
_FACTORS = (0.5, 2.0)


def pooling_checks(
    part: PooledEffect, labels: tuple[str, ...], *, of_new: bool, seed: int
) -> tuple[Check, ...]:
    """Return the checks of one pooled effect.

    Parameters
    ----------
    part
        The model.
    labels
        Names of the studies, in the order of the estimates.
    of_new
        Whether the effect in another study is what is asked for, or the mean.
    seed
        Of the prior predictive draws.
    """
    place, data = part.horizon.place, part.horizon.data
    return (
        _spread(place, data),
        *_small(place, data),
        _without_each(place, part, labels, of_new=of_new),
        _other_priors(place, part, of_new=of_new),
        *_conflicts(place, part, seed),
    )


def _spread(place: str, data: Estimates) -> Check:
    found = random_effects(data.y, data.s, "DL")
    text = (
        f"{place}: Q {found.q:.2f} on {data.k - 1} degrees of freedom (p {found.q_p:.3f}), I² "
        f"{found.i2:.0f} %, spread between studies {math.sqrt(found.tau2):.3g} (DerSimonian-Laird)"
    )
    return Check(f"heterogeneity: {place}", None, text)


def _small(place: str, data: Estimates) -> tuple[Check, ...]:
    if data.k < 3 or np.ptp(data.s) == 0:
        return ()
    t, p = small_studies(data)
    text = (
        f"{place}: small studies differ from large ones with t {t:.2f} (p {p:.3f}, Egger); a "
        "small p may mean unpublished studies"
    )
    return (Check(f"small studies: {place}", None, text),)


def _asked(data: Estimates, prior: PoolingPrior, *, of_new: bool) -> tuple[float, float]:
    found = Pooled(data, prior)
    return found.new_moments() if of_new else found.mean_moments()


def _without_each(
    place: str, part: PooledEffect, labels: tuple[str, ...], *, of_new: bool
) -> Check:
    data = part.horizon.data
    mean, sd = _asked(data, part.priors, of_new=of_new)
    rows: list[tuple[str | float, ...]] = [("all", mean, sd)]
    if data.k > 2:
        for i, label in enumerate(labels):
            rest = Estimates(np.delete(data.y, i), np.delete(data.s, i))
            rows.append((f"without {label}", *_asked(rest, part.priors, of_new=of_new)))
    shift = max((abs(float(row[1]) - mean) / sd for row in rows[1:]), default=0.0)
    text = f"{place}: leaving one study out moves the effect by {shift:.2f} posterior sds at most"
    if data.k == 2:
        text = f"{place}: two studies only, none can be left out"
    return Check(f"leave one out: {place}", None, text, (("studies", "mean", "sd"), *rows))


def _other_priors(place: str, part: PooledEffect, *, of_new: bool) -> Check:
    """Halve and double the prior scale of the spread, which few studies say little about."""
    answers = []
    for factor in (1.0, *_FACTORS):
        spread = part.priors.spread.scaled(factor)
        prior = dataclasses.replace(part.priors, spread=spread)
        label = f"spread scale {spread.scale:.4g}"
        answers.append(Answer(label, *_asked(part.horizon.data, prior, of_new=of_new)))
    return prior_sensitivity(place, answers)


def _conflicts(place: str, part: PooledEffect, seed: int) -> tuple[Check, ...]:
    """Compare the pooled mean and Cochran's Q with what the priors would give."""
    data, rng = part.horizon.data, stream(seed, "conflict", part.name)
    drawn = part.complete(part.prior(_REPLICATES, rng), rng, from_prior=True)
    y = rng.normal(drawn[f"{part.name}_study"], data.s)
    w = data.weights(0.0)
    mean = y @ w / w.sum()
    q = ((y - mean[:, None]) ** 2) @ w
    return (
        prior_data_conflict(f"pooled mean of {place}", data.mean(0.0), mean),
        prior_data_conflict(f"spread of {place} (Q)", data.q(), q),
    )
