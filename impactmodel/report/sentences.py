"""The key results in plain sentences: each with its interval, or its probability."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from impactmodel.core.summary import describe_draws
from impactmodel.report.collapse import Collapsed, averaged, collapse
from impactmodel.report.design_words import members_are_units
from impactmodel.report.languages import english
from impactmodel.report.numbers import (
    MINUS,
    Unit,
    money,
    number,
    percent,
    probability,
    rate,
    unit_of,
)

if TYPE_CHECKING:
    from impactmodel.contract import NoiseRisk, OutcomePayments
    from impactmodel.core.outcomes import Outcomes
    from impactmodel.finance.returns import Returns
    from impactmodel.fiscal import Savings
    from impactmodel.report.result import ByPayer, RunResult

type Sentence = tuple[str, str]
"""What it is about, and the sentence."""

VIEWS = {
    "expected": "what the contract pays at the true effect",
    "measured": "what an evaluation of this cohort would measure, its noise included",
}
PEOPLE = {
    "assigned": "per person assigned",
    "participants": "per participant",
    "compliers": "per person who takes part because of the offer",
}


def key_results(result: RunResult) -> tuple[Sentence, ...]:
    """Return the key results of a run in the order in which they are asked for."""
    prob = result.case.settings.interval
    said = list(effect_sentences(result.outcomes, prob, units=members_are_units(result.design)))
    if result.payments is not None:
        said.append(payment_sentence(result.payments, prob))
    if result.returns is not None:
        said.append(returns_sentence(result.returns, prob))
    if result.savings is not None:
        said.append(savings_sentence(result.savings, prob))
    if result.net is not None and result.payments is not None:
        said += [net_sentence(result.net, payer) for payer in result.payments.contract.payers]
    return tuple(said)


def per_member(outcomes: Outcomes, *, units: bool) -> str:
    """Say what an effect is per: a person of the population, or a unit of a panel."""
    return "per unit" if units else PEOPLE[outcomes.provenance.population]


def effect_sentences(
    outcomes: Outcomes, prob: float, *, units: bool = False
) -> tuple[Sentence, ...]:
    """Say the effect on each outcome; ``units``: a member of the cohort is a unit of a panel."""
    per = per_member(outcomes, units=units)
    return tuple(
        (
            _capital(part.measure.title)
            + (f", {part.periods}" if averaged(part.measure, outcomes.periods) else ""),
            _effect(part, per, prob),
        )
        for part in collapse(outcomes)
    )


def _effect(part: Collapsed, people: str, prob: float) -> str:
    unit = unit_of(part.measure, part.unit, effect=True)
    d = describe_draws(part.effect, prob)
    size = unit.write(abs(d["mean"]), d["sd"])
    sign = "+" if d["mean"] >= 0 else MINUS
    said = f"an effect of {unit.before}{sign}{size.removeprefix(unit.before)} {people}"
    if part.treated is not None and part.counterfactual is not None:
        level = unit_of(part.measure, part.unit, effect=False)
        with_, without = (
            level.write(float(arm.mean()), d["sd"]) for arm in (part.treated, part.counterfactual)
        )
        said = f"from {without} without the programme to {with_} with it: {said}"
    positive = probability(float((part.effect > 0).mean()))
    return (
        f"{_capital(said)} ({between(d, unit)}). "
        f"The effect is above zero with a probability of {positive}."
    )


def between(described: dict[str, Any], unit: Unit) -> str:
    r"""Write an interval with its probability.

    Examples
    --------
    >>> between(describe_draws([1.0, 2.0, 3.0], 0.9), Unit())
    '90\xa0% interval 1.1 to 2.9'
    """
    lower, upper = (unit.bare(described[end], described["sd"]) for end in ("lower", "upper"))
    span = f"{unit.before}{lower} to {upper}"
    return f"{percent(described['prob'])} interval {span}"


def payment_sentence(payments: OutcomePayments, prob: float) -> Sentence:
    """Say what is paid, how uncertain that is, and how likely nothing is."""
    unit = money(payments.currency)
    total = payments.total()
    d = describe_draws(total, prob)
    cap, at_cap = payments.contract.cap, payments.probability_at_cap()
    capped = (
        f", and the cap of {unit.write(cap, 0.0)} binds with a probability of {probability(at_cap)}"
        if cap is not None and at_cap is not None
        else ""
    )
    return (
        "Payments",
        f"The contract pays {unit.write(d['mean'], d['sd'])} on average ({between(d, unit)}). "
        f"Nothing is paid with a probability of "
        f"{probability(payments.probability_zero())}{capped}. "
        f"This is {VIEWS[payments.view]}.",
    )


def returns_sentence(returns: Returns, prob: float) -> Sentence:
    """Say what investors earn and how likely they lose."""
    d = returns.summary(prob)["irr"]
    loss = probability(returns.probability_of_loss)
    if d["median"] is None:
        return "Investors", f"No draw has a rate of return. A loss has a probability of {loss}."
    spread = float(np.nanstd(returns.irr))
    middle, lower, upper = (rate(d[key], spread) for key in ("median", "lower", "upper"))
    return (
        "Investors",
        f"The internal rate of return is {middle} a year in the median ({percent(prob)} interval "
        f"{lower} to {upper}). Investors lose money with a probability of {loss}.",
    )


def savings_sentence(savings: Savings, prob: float) -> Sentence:
    """Say what the public purse gains."""
    total = savings.total()
    unit = money(savings.currency)
    d = describe_draws(total, prob)
    return (
        "Public purse",
        f"Without the payments, public payers gain {unit.write(d['mean'], d['sd'])} on average "
        f"({between(d, unit)}).",
    )


def net_sentence(net: ByPayer, payer: str) -> Sentence:
    """Say whether a payer of the contract saves more than it pays."""
    draws = np.asarray(net.by_payer()[payer])
    unit = money(net.currency)
    mean, spread = float(draws.mean()), float(draws.std())
    more = "more" if mean >= 0 else "less"
    return (
        f"Payer {english(payer)}",
        f"It saves {unit.write(abs(mean), spread)} {more} than it pays on average, and pays more "
        f"than it saves with a probability of {probability(float((draws < 0).mean()))}.",
    )


def noise_sentence(noise: NoiseRisk) -> str:
    """Say how far the contract pays for chance."""
    compared = f" against {number(noise.comparison_size)} people" if noise.comparison_size else ""
    return (
        f"Paying for noise ({noise.view} view, {number(noise.cohort_size)} people{compared}): if "
        "the programme had no effect, something would still be paid with a probability of "
        f"{probability(noise.pay_without_effect)}; with the effect found, nothing is paid with a "
        f"probability of {probability(noise.no_pay_with_effect)}."
    )


def joint(*conditions: Any) -> float:
    """Return the share of draws in which every condition holds: draw i is draw i everywhere."""
    return float(np.logical_and.reduce([np.asarray(c, dtype=bool) for c in conditions]).mean())


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
