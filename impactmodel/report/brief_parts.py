"""The parts of a brief in one language: verdicts, effects, what is paid, who saves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from impactmodel.core.summary import describe_draws
from impactmodel.report.collapse import Collapsed, averaged, collapse
from impactmodel.report.design_words import design_words, members_are_units
from impactmodel.report.languages import Language, Scale
from impactmodel.report.numbers import decimals_of

if TYPE_CHECKING:
    from impactmodel.core.measures import OutcomeMeasure
    from impactmodel.core.outcomes import Outcomes
    from impactmodel.core.schedule import Periods
    from impactmodel.finance.returns import Returns
    from impactmodel.report.result import RunResult, Verdict

type Tone = Literal["good", "bad", "plain"]

SURE = 0.95
"""From this probability on, a loss or its absence is the verdict."""


@dataclass(frozen=True, slots=True)
class Card:
    """A verdict.

    Parameters
    ----------
    head, verdict
        What is judged, and the judgement in a few words.
    lines
        Sentences behind it.
    marks
        Such as ``UNVERIFIED``.
    """

    head: str
    verdict: str
    tone: Tone
    lines: tuple[str, ...]
    marks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Written:
    """An effect as it is written: with its unit, and its interval with and without."""

    mean: str
    span: str


def money_span(language: Language, d: dict[str, Any], currency: str) -> str:
    """Write the interval of an amount with its unit."""
    scale = language.scale(currency, max(abs(d["lower"]), abs(d["upper"])))
    ends = (language.bare(d[end], d["sd"], scale) for end in ("lower", "upper"))
    return language.with_unit(language.span(*ends), scale)


def cards(result: RunResult, language: Language) -> tuple[Card, ...]:
    """Return the verdicts: gross target, effect, investors."""
    prob = result.case.settings.interval
    return (
        _target_card(result.verdicts, language, prob),
        _effect_card(result, language, prob),
        _fund_card(result.returns, language, prob),
    )


def _target_card(verdicts: tuple[Verdict, ...], language: Language, prob: float) -> Card:
    say = language.say
    if not verdicts:
        return Card(say("head_target"), say("target_none"), "plain", (say("target_none_text"),))
    chances = [verdict.probability_met for verdict in verdicts]
    met, tone = _met(chances, language)
    lines = [line for verdict in verdicts for line in _target(verdict, language, prob)]
    weak = any(not verdict.target.verified for verdict in verdicts)
    marks = (say("unverified"),) if weak else ()
    return Card(say("head_target"), met, tone, (*lines, say("target_gross")), marks)


def _met(chances: list[float], language: Language) -> tuple[str, Tone]:
    say = language.say
    if all(chance == 1 for chance in chances):
        return say("target_met"), "good"
    if all(chance == 0 for chance in chances):
        return say("target_missed"), "bad"
    if len(chances) == 1:
        return say("target_uncertain", {"probability": language.probability(chances[0])}), "plain"
    met = sum(chance >= SURE for chance in chances)
    counts = {"met": language.number(met), "all": language.number(len(chances))}
    return say("targets_mixed", counts), "plain"


def _target(verdict: Verdict, language: Language, prob: float) -> tuple[str, str]:
    target, d = verdict.target, describe_draws(verdict.reached, prob)
    word = language.word(target.name)
    values = {
        "name": word[:1].upper() + word[1:],
        "promised": language.number(target.promised),
        "share": language.percent(d["mean"] / target.promised),
    }
    if np.ptp(verdict.reached) == 0:
        said = language.say("target_count", {**values, "reached": language.number(d["mean"])})
    else:
        low, high, mean = (
            language.number(d[key], decimals_of(d["sd"], most=0))
            for key in ("lower", "upper", "mean")
        )
        said = language.say(
            "target_draws",
            {
                **values,
                "reached": mean,
                "interval": language.interval(prob),
                "span": language.span(low, high),
                "probability": language.probability(verdict.probability_met),
            },
        )
    return said, _source(target.source, language)


def _source(source: str, language: Language) -> str:
    known = source if language.code == "en" else language.known(source)
    if not source:
        return language.say("source_none")
    if known is None:
        return language.say("source_elsewhere")
    return language.say("source", {"source": known})


def _effect_card(result: RunResult, language: Language, prob: float) -> Card:
    say, part = language.say, collapse(result.outcomes)[0]
    d = describe_draws(part.effect, prob)
    if d["lower"] == d["upper"] == 0:
        verdict = say("effect_none")
    elif d["lower"] > 0 or d["upper"] < 0:
        verdict = say("effect_above" if d["lower"] > 0 else "effect_below")
    else:
        verdict = say("effect_unclear")
    written = effect_written(part, result.outcomes, language, prob)
    people = say(per_member(result))
    name = outcome_name(part.measure, language)
    text = say(
        "effect_text",
        {
            "name": name[:1].upper() + name[1:],
            "effect": written.mean,
            "people": people,
            "interval": language.interval(prob),
            "span": written.span,
            "probability": language.probability(float((part.effect > 0).mean())),
        },
    )
    words = design_words(result.outcomes.provenance.design, language.code)
    basis = () if words is None else (f"{words.from_what} {words.assumes}",)
    return Card(say("head_effect"), verdict, "plain", (text, *basis))


def _fund_card(returns: Returns | None, language: Language, prob: float) -> Card:
    say = language.say
    if returns is None:
        return Card(say("head_fund"), say("fund_none"), "plain", (say("fund_none_text"),))
    loss, summary = returns.probability_of_loss, returns.summary(prob)
    tone: Tone = "bad" if loss >= SURE else "good" if loss <= 1 - SURE else "plain"
    verdict = {"bad": "fund_loses", "good": "fund_keeps", "plain": "fund_uncertain"}[tone]
    amount = language.amount(summary["expected_loss"], summary["npv"]["sd"], returns.currency)
    lines = [say("fund_loss", {"probability": language.probability(loss), "loss": amount})]
    rates = summary["irr"]
    if rates["median"] is None:
        lines.append(say("fund_no_rate"))
    else:
        low, high = (language.number(100 * rates[end], 1) for end in ("lower", "upper"))
        values = {
            "median": language.percent(rates["median"], 1),
            "interval": language.interval(prob),
            "span": f"{language.span(low, high)}\u00a0%",
        }
        lines.append(say("fund_rate", values))
    return Card(say("head_fund"), say(verdict), tone, tuple(lines))


def per_member(result: RunResult) -> str:
    """Return the key of the words for what an effect is per."""
    population = result.outcomes.provenance.population
    return "per_units" if members_are_units(result.design) else f"per_{population}"


def outcome_name(measure: OutcomeMeasure, language: Language) -> str:
    """Return an outcome's word; in English its own label."""
    return measure.title if language.code == "en" else language.word(measure.name)


def effect_written(part: Collapsed, outcomes: Outcomes, language: Language, prob: float) -> Written:
    """Write an effect and its interval with the unit of the outcome."""
    d, measure = describe_draws(part.effect, prob), part.measure
    sign = "+" if d["mean"] > 0 else ""
    if measure.kind == "amount":
        largest = max(abs(d[key]) for key in ("mean", "lower", "upper"))
        scale = language.scale(measure.currency, largest)
        mean = sign + language.bare(d["mean"], d["sd"], scale)
        return Written(language.with_unit(mean, scale), money_span(language, d, measure.currency))
    share = measure.kind == "binary" and part.unit == measure.unit
    factor, most = (100.0, 1) if share else (1.0, 4 if measure.kind == "index" else 2)
    unit = language.say("points") if share else _unit(part, outcomes.periods, language)
    decimals = decimals_of(d["sd"] * factor, most=most)
    mean, low, high = (language.number(d[k] * factor, decimals) for k in ("mean", "lower", "upper"))
    after = f"\u00a0{unit}" if unit else ""
    return Written(f"{sign}{mean}{after}", f"{language.span(low, high)}{after}")


def _unit(part: Collapsed, periods: Periods, language: Language) -> str:
    if part.unit.startswith("periods of "):
        return language.say("periods_of", _length(periods.every, periods.step, language))
    return language.word(part.unit)


def time_written(measure: OutcomeMeasure, periods: Periods, language: Language) -> str:
    """Write the time that an effect covers, or at the end of which it stands."""
    values = _length(sum(periods.lengths), periods.step, language)
    if measure.accrual != "flow":
        return language.say("at_end_of", values)
    return language.say("average_of" if averaged(measure, periods) else "length", values)


def _length(count: int, step: str, language: Language) -> dict[str, str]:
    return {
        "count": language.number(count),
        "steps": language.word(step if count == 1 else f"{step}s"),
        "of_step": language.word(f"of_{step}"),
    }


def paid_sentences(result: RunResult, language: Language) -> tuple[str, ...]:
    """Say what the contract pays."""
    say, paid = language.say, result.payments
    if paid is None:
        return (say("paid_none"),)
    prob = result.case.settings.interval
    d = describe_draws(paid.total(), prob)
    said = [
        say(
            "paid",
            {
                "mean": language.amount(d["mean"], d["sd"], paid.currency),
                "interval": language.interval(prob),
                "span": money_span(language, d, paid.currency),
            },
        )
    ]
    nothing, cap, bound = paid.probability_zero(), paid.contract.cap, paid.probability_at_cap()
    if nothing > 0:
        said.append(say("paid_nothing", {"probability": language.probability(nothing)}))
    if cap is not None and bound is not None:
        amount = language.amount(cap, 0.0, paid.currency)
        said.append(say("paid_cap", {"cap": amount, "probability": language.probability(bound)}))
    return (*said, say(f"view_{paid.view}"))


def heading(language: Language, scale: Scale) -> str:
    """Return the unit of a scale as a heading says it."""
    return language.with_unit("", scale).replace("\u00a0\u00a0", "\u00a0").strip("\u00a0")
