"""What a clause is about in words: outcomes, their units and what thresholds look at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from impactmodel.core.rule import Constant
from impactmodel.core.rule.numbers import exact, plain

if TYPE_CHECKING:
    from impactmodel.contract.names import StepScale
    from impactmodel.contract.tariff import UnitTariff
    from impactmodel.core.measures import OutcomeMeasure


@dataclass(frozen=True, slots=True)
class Phrase:
    """The words that the mechanisms of a clause share.

    Parameters
    ----------
    weights
        The outcomes that are looked at; below 0 where a fall is good.
    titles, units
        By outcome: what it is called, and what one unit of it is.
    """

    currency: str
    weights: Mapping[str, float]
    titles: Mapping[str, str] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)

    def about(self, weights: Mapping[str, float]) -> Phrase:
        """Return the words for other outcomes."""
        return replace(self, weights=weights)

    def money(self, amount: float) -> str:
        """Say an amount; nothing for 0."""
        return Constant(amount, self.currency).text() if amount else "nothing"

    def title(self, outcome: str) -> str:
        """Return what an outcome is called."""
        return self.titles.get(outcome) or spaced(outcome)

    @property
    def falls(self) -> bool:
        """Whether only a fall is good."""
        return all(weight < 0 for weight in self.weights.values())

    @property
    def unit(self) -> str:
        """What a price is paid for."""
        if len(self.weights) > 1:
            return f"unit of {self.what}"
        (outcome,) = self.weights
        unit = self.units.get(outcome) or f"unit of {self.title(outcome)}"
        return f"{unit} avoided" if self.falls else unit

    @property
    def what(self) -> str:
        """The outcome, or the weighted sum of several."""
        if len(self.weights) == 1:
            (outcome,) = self.weights
            return f"the reduction of {self.title(outcome)}" if self.falls else self.title(outcome)
        text = ""
        for outcome, weight in self.weights.items():
            sign = " − " if weight < 0 else " + " if text else ""
            factor = "" if abs(weight) == 1 else f"{plain(exact(abs(weight)))} × "
            text += f"{sign if text else sign.lstrip()}{factor}{self.title(outcome)}"
        return text

    def scale(self, scale: StepScale, pooled: bool = False) -> str:
        """Say what thresholds look at."""
        change = "reduction" if self.falls else "change"
        names = " and ".join(self.title(outcome) for outcome in self.weights)
        said = {
            "total": f"the total of {self.what}",
            "per_person": f"{self.what} per person",
            "relative": f"the relative {change} of {names}",
            "index": f"the weighted sum of relative changes ({self.what})",
        }[scale]
        return f"{said} of all groups together" if pooled else said

    def threshold(self, value: float, scale: StepScale) -> str:
        """Say a threshold; relative ones in per cent."""
        if scale in {"relative", "index"}:
            return f"{plain(exact(value) * 100)} %"
        return Constant(value).text()


def phrase(
    currency: str,
    weights: Mapping[str, float],
    units: Mapping[str, str],
    counting: Mapping[str, UnitTariff],
    measures: Sequence[OutcomeMeasure],
) -> Phrase:
    """Return the words: a stated unit first, then that of the measure, then that of the tariff.

    Examples
    --------
    >>> from impactmodel.core.measures import OutcomeMeasure
    >>> job = OutcomeMeasure("in_work", kind="binary", label="a job after a year")
    >>> phrase("EUR", {"in_work": 1.0}, {}, {}, [job]).unit
    'person with a job after a year'
    >>> phrase("EUR", {"in_work": -1.0}, {"in_work": "month in work"}, {}, []).unit
    'month in work avoided'
    """
    titles = {measure.name: measure.title for measure in measures}
    found = {measure.name: unit for measure in measures if (unit := _unit(measure))}
    found |= {n: f"{how.unit} {titles.get(n) or spaced(n)}" for n, how in counting.items()}
    return Phrase(currency, weights, titles, found | dict(units))


def _unit(measure: OutcomeMeasure) -> str:
    """Return what one unit of a measure is; empty where its kind does not say."""
    title = measure.title
    match measure.kind:
        case "amount":
            return f"{measure.currency} of {title}"
        case "binary":
            return f"person with {title}"
        case "days" if title.startswith("days "):
            return f"day {title.removeprefix('days ')}"
        case "days":
            return f"day of {title.removesuffix(' days')}"
        case _:
            return ""


def spaced(name: str) -> str:
    """Write a name with spaces.

    Examples
    --------
    >>> spaced("ministry_of_justice")
    'ministry of justice'
    """
    return name.replace("_", " ")


def listed(names: Sequence[str]) -> str:
    """Write several names, with spaces.

    Examples
    --------
    >>> listed(["cohort_1", "b", "c"])
    'cohort 1, b and c'
    """
    return joined([spaced(name) for name in names])


def joined(words: Sequence[str]) -> str:
    """Write several words as a list.

    Examples
    --------
    >>> joined(["a job", "b", "c"])
    'a job, b and c'
    """
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
