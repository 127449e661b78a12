"""Checks of borrowing: whether the own comparison contradicts history, and what was borrowed."""

from __future__ import annotations

from impactmodel.effects.checks import Check
from impactmodel.effects.mixtures import BetaMixture, NormalMixture
from impactmodel.effects.prior_checks import CONFLICT_LIMIT


def borrowing_checks(
    name: str,
    prior: BetaMixture | NormalMixture,
    posterior: BetaMixture | NormalMixture,
    own: int,
    tail: float | None,
) -> tuple[Check, ...]:
    """Return the check of conflict with history, and how much was borrowed.

    Parameters
    ----------
    name
        The outcome.
    prior, posterior
        Robust mixtures, the vague component last.
    own
        People of the own comparison group.
    tail
        Two-sided probability of the own comparison's data under history alone.
    """
    before, after = float(prior.weights[-1]), float(posterior.weights[-1])
    worth = posterior.people("elir")
    rows = (
        ("quantity", "before the own comparison", "after"),
        ("weight of the vague component", before, after),
        ("worth in people (ELIR)", prior.people("elir"), worth),
        ("worth in people (moments)", prior.people("moment"), posterior.people("moment")),
        ("mean", prior.mean, posterior.mean),
        ("sd", prior.sd, posterior.sd),
    )
    borrowed = Check(
        f"borrowing: {name}",
        None,
        f"'{name}': history adds {worth - own:.0f} people to {own} of the own comparison; weight "
        f"of the vague component {before:.2f} before and {after:.2f} after",
        rows,
    )
    if tail is None:
        text = f"'{name}' has no own comparison group: nothing can contradict the history"
        return Check(f"conflict with history: {name}", None, text), borrowed
    text = (
        f"'{name}': two-sided probability of the own comparison group under history {tail:.3f} "
        f"(limit {CONFLICT_LIMIT:g})"
    )
    return Check(f"conflict with history: {name}", tail >= CONFLICT_LIMIT, text), borrowed
