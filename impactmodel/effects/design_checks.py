"""Checks of a design stage: overlap, balance, and placebos on what was left out of the weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

from impactmodel.effects.balance import Balance, effective_size, sd_of_treated
from impactmodel.effects.checks import Check
from impactmodel.effects.doubly_robust import DoublyRobust
from impactmodel.effects.stratum import Stratum

type Array = npt.NDArray[np.float64]

BALANCE_LIMIT = 0.1
OUTSIDE_LIMIT = 0.05
SHARE_LIMIT = 0.1
# Of a right design one in fifty fails by chance, over all placebos of a kind together.
_LEVEL = 0.02


@dataclass(frozen=True, slots=True)
class Placebo:
    """The difference between the weighted arms in something that no programme can have moved.

    Parameters
    ----------
    name, kind, group
        The covariate; ``held out``, ``square`` or ``group``; the stratum.
    difference
        Doubly robust, in standard deviations of the treated.
    z
        The difference over its standard error.
    """

    name: str
    kind: str
    group: str
    difference: float
    z: float

    @classmethod
    def of(cls, name: str, kind: str, group: str, values: Array, robust: DoublyRobust) -> Placebo:
        """Estimate it as an outcome would be."""
        n, t = robust.people, robust.treated
        sd = sd_of_treated(values[t], n[t]) or sd_of_treated(values[~t], n[~t])
        scaled = values / sd
        found = robust.estimate(n * scaled, n * scaled**2, binary=False)
        z = found.effect / found.se if found.se > 0 else 0.0
        return cls(name, kind, group, found.effect, z)


def stage_checks(
    strata: Sequence[Stratum],
    balance: Sequence[Balance],
    placebos: Sequence[Placebo],
    *,
    timed: bool,
) -> tuple[Check, ...]:
    """Return every check that needs no outcome."""
    checks = [_overlap(strata), _balance(balance), _before(balance)]
    for kind, name, what in (
        ("held out", "held-out covariates", "covariates held out of the weights"),
        ("square", "balance of squares", "squares of covariates"),
        ("group", "balance of groups", "shares of groups"),
    ):
        mine = [p for p in placebos if p.kind == kind]
        if mine:
            checks.append(_placebo(name, what, mine))
    return (*checks, _sizes(strata), _timing(timed=timed))


def _overlap(strata: Sequence[Stratum]) -> Check:
    rows: list[tuple[str | float, ...]] = [
        (
            "group",
            "treated outside",
            "largest weight",
            "trimmed treated",
            "trimmed comparison",
        )
    ]
    for s in strata:
        t, n = s.robust.treated, s.robust.people
        low, high = s.propensity[~t].min(), s.propensity[~t].max()
        outside = (s.propensity[t] > high) | (s.propensity[t] < low)
        share = float(n[t] @ outside / n[t].sum())
        largest = float(s.robust.weights[~t].max() / (n[~t] @ s.robust.weights[~t]))
        rows.append((s.label, share, largest, *s.trimmed))
    worst = [max(float(row[i]) for row in rows[1:]) for i in (1, 2)]
    text = (
        f"{worst[0]:.1%} of the treated have a propensity that no comparison person has (limit "
        f"{OUTSIDE_LIMIT:.0%}); one comparison person carries {worst[1]:.1%} of the weight at most "
        f"(limit {SHARE_LIMIT:.0%})"
    )
    passed = worst[0] <= OUTSIDE_LIMIT and worst[1] <= SHARE_LIMIT
    return Check("overlap", passed, text, tuple(rows))


def _balance(balance: Sequence[Balance]) -> Check:
    rows: list[tuple[str | float, ...]] = [
        (
            "covariate",
            "group",
            "treated",
            "comparison",
            "comparison weighted",
            "difference before",
            "difference after",
            "variance ratio",
        )
    ]
    rows += [
        (
            b.covariate,
            b.group,
            b.treated,
            b.before,
            b.after,
            b.difference_before,
            b.difference_after,
            b.variance_ratio,
        )
        for b in balance
    ]
    used = [b for b in balance if not b.held_out]
    worst = max(used, key=lambda b: abs(b.difference_after))
    size = abs(worst.difference_after)
    text = (
        f"largest standardised difference after weighting {size:.3f} ({worst.covariate}; limit "
        f"{BALANCE_LIMIT:g})"
    )
    return Check("balance", bool(size <= BALANCE_LIMIT), text, tuple(rows))


def _before(balance: Sequence[Balance]) -> Check:
    worst = max(balance, key=lambda b: abs(b.difference_before))
    apart = sum(abs(b.difference_before) > BALANCE_LIMIT for b in balance)
    text = (
        f"before weighting {apart} of {len(balance)} covariates differ by more than "
        f"{BALANCE_LIMIT:g} sd, most {worst.covariate} ({worst.difference_before:+.2f}): an "
        "unweighted difference would be confounded by them"
        if apart
        else f"before weighting no covariate differs by more than {BALANCE_LIMIT:g} sd"
    )
    return Check("confounding on recorded covariates", None, text)


def _placebo(name: str, what: str, placebos: Sequence[Placebo]) -> Check:
    limit = float(ndtri(1 - _LEVEL / (2 * len(placebos))))
    rows: list[tuple[str | float, ...]] = [("covariate", "group", "difference", "z")]
    rows += [(p.name, p.group, p.difference, p.z) for p in placebos]
    bad = [p for p in placebos if abs(p.z) > limit and abs(p.difference) > BALANCE_LIMIT]
    worst = max(bad or placebos, key=lambda p: abs(p.difference))
    text = (
        f"{len(bad)} of {len(placebos)} {what} differ between the weighted arms by more than "
        f"{BALANCE_LIMIT:g} sd and beyond chance (|z| > {limit:.2f}); largest {worst.name} "
        f"{worst.difference:+.3f} (z {worst.z:+.1f})"
    )
    return Check(name, not bad, text, tuple(rows))


def _sizes(strata: Sequence[Stratum]) -> Check:
    rows: list[tuple[str | float, ...]] = [
        ("group", "treated", "comparison", "comparison effective")
    ]
    for s in strata:
        t, n = s.robust.treated, s.robust.people
        size = effective_size(s.robust.weights[~t], n[~t])
        rows.append((s.label, float(n[t].sum()), float(n[~t].sum()), size))
    least = min(rows[1:], key=lambda row: float(row[3]))
    text = (
        f"{float(least[2]):,.0f} comparison people count as {float(least[3]):,.1f} after weighting"
    )
    if len(strata) > 1:
        text += f" in the group where that is fewest ({least[0]})"
    return Check("effective sample size of the comparison", None, text, tuple(rows))


def _timing(*, timed: bool) -> Check:
    if timed:
        return Check("timing", True, "no covariate was measured after assignment")
    return Check(
        "timing",
        None,
        "that covariates were measured before assignment is taken as stated: read people with an "
        "index_date to have it checked",
    )
