"""Checks of durations: events, an effect that changes over time, and survival as predicted."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
from scipy.special import chdtrc

from impactmodel.core.errors import InputError
from impactmodel.effects.checks import Check
from impactmodel.effects.hazard_regression import hazard_regression
from impactmodel.effects.spell_layout import COMPARISON, TREATED, SpellLayout

type Array = npt.NDArray[np.float64]

ARM_WORDS = ("treated", "comparison")
EVENTS_LIMIT = 10
"""Fewer exits of interest than this in an arm and the priors decide the answer."""
AT_RISK_LIMIT = 5
"""Fewer people than this at risk in the last period of an arm and its end is a guess."""
PROPORTIONAL_LIMIT = 0.005
PREDICTIVE_LIMIT = 0.005
_REPLICATES = 1000
# Exits in each arm that a band of the test of proportionality needs.
_BAND_EVENTS = 10


def few_events(layout: SpellLayout, job: Sequence[int], label: str) -> Check:
    """Check that each arm has exits of interest, and people at risk up to the horizon."""
    rows: list[tuple[str | float, ...]] = []
    least, last = np.inf, np.inf
    for arm, word in enumerate(ARM_WORDS):
        events = float(layout.exits[arm][..., job].sum())
        at_risk = float(layout.at_risk[arm, :, -1].sum())
        rows.append((word, events, at_risk))
        least = min(least, events)
        # With nobody left at all, the layout has seen that everybody's exit is known.
        last = min(last, at_risk) if at_risk else last
    text = (
        f"{least:.0f} exits to '{label}' in the arm with fewest (limit {EVENTS_LIMIT}), "
        f"{last if np.isfinite(last) else 0:.0f} people at risk in period {layout.horizon} (limit "
        f"{AT_RISK_LIMIT}, where anybody is left)"
    )
    passed = bool(least >= EVENTS_LIMIT and last >= AT_RISK_LIMIT)
    return Check("events", passed, text, (("arm", "exits", "at risk in the last period"), *rows))


def proportionality(layout: SpellLayout, job: Sequence[int], label: str, *, assumed: bool) -> Check:
    r"""Check whether the effect on the odds of an exit is the same in every period.

    A likelihood-ratio test of the treatment by bands of periods against one coefficient, in a
    logit model of exits of interest among people at risk. Bands are as short as leaves ten exits
    in each arm. Groups and covariates are merged.

    Parameters
    ----------
    job
        Places of the causes of interest.
    label
        What the exit is called.
    assumed
        Whether the model takes the effect as constant: it informs only where it does not.

    Notes
    -----
    The effect of unemployment insurance in ``docs/designs/durations.md`` is far from proportional.
    """
    n = layout.at_risk.sum(axis=1)
    d = layout.exits[..., job].sum(axis=(1, 3))
    bands = _bands(d)
    name = f"proportional effect: {label}"
    count = int(bands[-1]) + 1
    if count < 2:
        return Check(name, None, f"too few exits to '{label}' to tell whether the effect changes")
    wide = np.zeros((2, layout.horizon, count))
    wide[:, np.arange(layout.horizon), bands] = 1.0
    treated = np.zeros_like(wide)
    treated[TREATED] = wide[TREATED]
    periods, by_band = wide.reshape(-1, count), treated.reshape(-1, count)
    try:
        one = hazard_regression(n, d, np.column_stack([periods, by_band.sum(axis=1)]))
        each = hazard_regression(n, d, np.column_stack([periods, by_band]))
    except InputError:
        return Check(name, None, f"everybody leaves to '{label}' in a period: no test")
    ratio = 2 * (each.log_likelihood - one.log_likelihood)
    p = float(chdtrc(count - 1, max(ratio, 0.0)))
    rows = tuple(
        (int(np.flatnonzero(bands == b)[-1] + 1), float(each.beta[count + b]), float(s))
        for b, s in zip(range(count), each.se[count:], strict=True)
    )
    holds = p >= PROPORTIONAL_LIMIT
    told = "" if assumed else "; the model lets it change"
    text = (
        f"effect on the odds of '{label}': one coefficient {one.beta[-1]:.2f} "
        f"({one.se[-1]:.2f}), over {count} bands {min(r[1] for r in rows):.2f} to "
        f"{max(r[1] for r in rows):.2f}; chi-square {ratio:.1f} on {count - 1}, p {p:.2g} "
        f"(limit {PROPORTIONAL_LIMIT:g}){told}"
    )
    header = ("last period", "log odds ratio", "standard error")
    return Check(name, holds if assumed else None, text, (header, *rows))


def _bands(exits: Array) -> npt.NDArray[np.intp]:
    """Return the band of each period: each has enough exits in both arms (arm, period)."""
    band = np.zeros(exits.shape[1], dtype=np.intp)
    current, seen = 0, np.zeros(2)
    for period in range(exits.shape[1]):
        band[period] = current
        seen = seen + exits[:, period]
        if seen.min() >= _BAND_EVENTS:
            current, seen = current + 1, np.zeros(2)
    # What is left at the end is too thin to stand alone.
    if seen.any() or band[-1] != current:
        band[band == current] = max(current - 1, 0)
    return band


def predictive_survival(
    layout: SpellLayout,
    hazards: Callable[[slice, int], Array],
    draws: int,
    rng: np.random.Generator,
) -> tuple[Check, ...]:
    """Check the survival of each arm, all causes, against data that the model would give.

    Exits are replicated given the people who were at risk in each period. The statistic is the
    largest standardised distance of the observed Kaplan-Meier curve from the replicated ones, so
    that one probability covers all periods of an arm.
    """
    picked = np.linspace(0, draws - 1, min(_REPLICATES, draws)).astype(np.intp)
    checks = []
    for arm in (TREATED, COMPARISON):
        n = layout.at_risk[arm]
        total = np.maximum(n.sum(axis=0), 1.0)
        replicated = np.empty((len(picked), layout.horizon))
        for row, at in enumerate(picked):
            h = hazards(slice(int(at), int(at) + 1), arm)[0].sum(axis=-1)
            left = rng.binomial(n.astype(np.int64), np.clip(h, 0.0, 1.0)).sum(axis=0)
            replicated[row] = np.cumprod(1 - left / total)
        observed = np.cumprod(1 - layout.exits[arm].sum(axis=(0, 2)) / total)
        checks.append(_survival_check(ARM_WORDS[arm], observed, replicated))
    return tuple(checks)


def _survival_check(arm: str, observed: Array, replicated: Array) -> Check:
    mean, sd = replicated.mean(axis=0), np.maximum(replicated.std(axis=0), 1e-12)
    far = np.abs(observed - mean) / sd
    farthest = (np.abs(replicated - mean) / sd).max(axis=1)
    tail = float((farthest >= far.max()).mean())
    worst = int(far.argmax())
    low, high = np.quantile(replicated, [0.05, 0.95], axis=0)
    rows = tuple(
        (t + 1, *(float(v[t]) for v in (observed, mean, low, high))) for t in range(len(observed))
    )
    text = (
        f"survival of the {arm} arm: predictive probability {tail:.3f} over all periods (limit "
        f"{PREDICTIVE_LIMIT:g}); worst in period {worst + 1}, observed {observed[worst]:.3f}, "
        f"predicted {mean[worst]:.3f}"
    )
    header = ("period", "observed", "predicted", "5 %", "95 %")
    return Check(f"predictive survival, {arm}", tail >= PREDICTIVE_LIMIT, text, (header, *rows))
