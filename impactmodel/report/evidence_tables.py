"""What stands on assumptions about published evidence, and gross targets beside the effect."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from impactmodel.core.summary import describe_draws
from impactmodel.evidence import AssumedVariation, PublishedEvidence
from impactmodel.report.design_words import members_are_units
from impactmodel.report.languages import english
from impactmodel.report.numbers import Unit, money, number, percent, probability
from impactmodel.report.sentences import (
    between,
    effect_sentences,
    returns_sentence,
    savings_sentence,
)
from impactmodel.report.tables import Table

if TYPE_CHECKING:
    from impactmodel.report.result import RunResult, Varied, Verdict

PEOPLE = Unit(most=0)


def published(result: RunResult) -> PublishedEvidence | None:
    """Return the published evidence that a case stands on, None for other evidence."""
    found = getattr(result.case.evidence, "published", None)
    return found if isinstance(found, PublishedEvidence) else None


def assumed_variations(evidence: PublishedEvidence) -> dict[str, float]:
    """Return the coefficient of variation of every outcome whose standard error is assumed."""
    return {
        e.outcome.title: e.uncertainty.cv
        for e in evidence.estimates
        if isinstance(e.uncertainty, AssumedVariation)
    }


def is_own(varied: Varied, evidence: PublishedEvidence) -> bool:
    """Tell whether a variant makes the assumptions of the case itself.

    An unpublished correlation is taken as 0.
    """
    own = {round(cv, 12) for cv in assumed_variations(evidence).values()}
    rho = varied.correlation is None or varied.correlation == (evidence.correlation or 0.0)
    cv = varied.variation is None or own == {round(varied.variation, 12)}
    return rho and cv


def sensitivity_table(result: RunResult) -> Table | None:
    """Tabulate payments, losses and savings under other assumptions about the evidence.

    Returns
    -------
    Table or None
        One row per correlation and coefficient of variation, None where nothing was varied. The
        row of the case's own assumptions is marked.
    """
    evidence = published(result)
    if not result.varied or evidence is None:
        return None
    payers = () if result.payments is None else result.payments.contract.payers
    first = result.varied[0]
    columns = ["Correlation", "Coefficient of variation"]
    columns += ["Payments, mean", "Payments, sd"] if first.payments is not None else []
    columns += ["P(investors lose)"] if first.loses is not None else []
    columns += ["Public saving, mean", "Public saving, sd"] if first.saved is not None else []
    paying = [payer for payer in payers if payer in first.overpays]
    columns += [f"P({english(payer)} overpays)" for payer in paying]
    rows = tuple(
        (*_row(one, paying), "yes" if is_own(one, evidence) else "") for one in result.varied
    )
    currency = "" if result.payments is None else f", in {result.payments.currency}"
    return Table(
        title=f"Under other assumptions about the published evidence{currency}",
        columns=(*columns, "As in this run"),
        rows=rows,
        note=f"{varied_words(result.varied, evidence)} Everything else, the seed included, stays "
        "as it is. Savings are discounted, payments are not. Overpays: pays more than it saves, "
        "both discounted. sd: standard deviation.",
        words=(0, 1, len(columns)),
    )


def varied_words(varied: tuple[Varied, ...], evidence: PublishedEvidence) -> str:
    """Say what is varied."""
    said = []
    if any(one.correlation is not None for one in varied):
        said.append(
            "the correlation between the errors of the estimates, which is not published and "
            "taken as 0 in this run"
        )
    if any(one.variation is not None for one in varied):
        own = "; ".join(f"{n}, here {cv:g}" for n, cv in assumed_variations(evidence).items())
        said.append(
            "the coefficient of variation that stands for a standard error that is not published "
            f"({own})"
        )
    return f"Varied: {', and '.join(said)}."


def _row(one: Varied, paying: list[str]) -> tuple[str, ...]:
    def stated(value: float | None, word: str) -> str:
        return word if value is None else f"{value:g}"

    cells = [stated(one.correlation, "as published"), stated(one.variation, "as stated")]
    cells += _mean_and_sd(one.payments)
    cells += [] if one.loses is None else [probability(float(np.mean(one.loses)))]
    cells += _mean_and_sd(one.saved)
    return (*cells, *(probability(float(np.mean(one.overpays[p]))) for p in paying))


def _mean_and_sd(draws: Any) -> list[str]:
    if draws is None:
        return []
    unit, d = money(""), describe_draws(draws)
    return [unit.write(d["mean"], d["sd"]), unit.bare(d["sd"], d["sd"])]


def verdict_sentences(result: RunResult) -> tuple[tuple[str, str], ...]:
    """Say what was promised in gross numbers, and beside it the effect and the fund's result."""
    prob = result.case.settings.interval
    said = [_target(verdict, prob) for verdict in result.verdicts]
    if not said:
        return ()
    word, text = effect_sentences(result.outcomes, prob, units=members_are_units(result.design))[0]
    said.append((f"Effect on {word[:1].lower() + word[1:]}", text))
    if result.savings is not None:
        said.append(savings_sentence(result.savings, prob))
    if result.returns is not None:
        said.append(returns_sentence(result.returns, prob))
    return tuple(said)


def _target(verdict: Verdict, prob: float) -> tuple[str, str]:
    target, reached = verdict.target, np.asarray(verdict.reached)
    d = describe_draws(reached, prob)
    share = percent(d["mean"] / target.promised)
    if np.ptp(reached) == 0:
        met = "met" if verdict.probability_met == 1 else "missed"
        found = f"{number(d['mean'])} reached ({share}): the target is {met}."
    else:
        mean = PEOPLE.write(d["mean"], d["sd"])
        found = (
            f"{mean} reached on average ({between(d, PEOPLE)}); the target is met with a "
            f"probability of {probability(verdict.probability_met)}."
        )
    source = f"Source: {target.source}" if target.source else "No source is stated"
    mark = "" if target.verified else " (UNVERIFIED)"
    return (
        f"Gross target: {english(target.name)}",
        f"{number(target.promised)} promised, {found} A gross count includes what would have "
        f"happened anyway. {source}{mark}.",
    )
