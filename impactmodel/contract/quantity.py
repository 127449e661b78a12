"""What a clause pays for, as rules: the units beyond the basis, on any scale.

Inputs of these rules, for each outcome ``k``: ``k.total`` (units over the cohort) and, where the
level to compare with is measured or predicted, ``k.reference`` (what the cohort would have had at
that level); also ``people``. For one group of the cohort each name ends in ``@group``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from impactmodel.contract.basis import AbovePrediction, Basis, Gross, level_of
from impactmodel.core.rule import (
    Constant,
    Difference,
    Input,
    Named,
    Product,
    Quotient,
    Rule,
    Sum,
)

type Scale = Literal["total", "per_person", "relative", "ratio"]
"""The cohort's total; per person; change as a share of the level compared with; their ratio."""

PEOPLE = "people"


def total_name(outcome: str, group: str | None = None) -> str:
    """Return the input name of an outcome's total."""
    return f"{outcome}.total{_at(group)}"


def reference_name(outcome: str, group: str | None = None) -> str:
    """Return the input name of an outcome's total at the level that is compared with."""
    return f"{outcome}.reference{_at(group)}"


def people_name(group: str | None = None) -> str:
    """Return the input name of the number of people."""
    return f"{PEOPLE}{_at(group)}"


def _at(group: str | None) -> str:
    return "" if group is None else f"@{group}"


@dataclass(frozen=True, slots=True)
class Quantity:
    """What a clause pays for.

    Parameters
    ----------
    weights
        Weight of each outcome; negative where less of it is better.
    basis
        Beyond which level it counts.
    """

    weights: dict[str, float]
    basis: Basis

    def units(self, group: str | None = None) -> Named:
        """Return the units beyond the basis, of all people or of one group."""
        parts: list[Rule] = []
        for outcome, weight in self.weights.items():
            total: Rule = Input(total_name(outcome, group), _label(outcome, group))
            if isinstance(self.basis, Gross):
                part = total
                factor = weight
            else:
                pair = (total, self.reference(outcome, group))
                part = Difference(*(pair if weight > 0 else pair[::-1]))
                factor = abs(weight)
            parts.append(part if factor == 1 else Product((factor, part)))
        return Named("units" if group is None else f"units ({group})", _sum(parts))

    def reference(self, outcome: str, group: str | None = None) -> Rule:
        """Return what the people would have had at the level that is compared with."""
        level = self.basis.level
        if level is None:
            word = "predicted" if isinstance(self.basis, AbovePrediction) else "comparison"
            label = f"{_label(outcome, group)} at the {word} level"
            return Input(reference_name(outcome, group), label)
        groups = [group] if group is not None or not isinstance(level, dict) else list(level)
        return _sum(
            [
                Product((Constant(level_of(level, g)), Input(people_name(g), _label(PEOPLE, g))))
                for g in groups
            ]
        )

    def on(self, scale: Scale) -> Rule:
        """Return the quantity on a scale."""
        match scale:
            case "total":
                return self.units()
            case "per_person":
                return Named("units per person", Quotient(self.units(), Input(PEOPLE)))
            case "relative":
                change = "reduction" if self.is_decrease else "change"
                base = self._weighted(self.reference)
                return Named(f"relative {change}", Quotient(self.units(), base))
        totals = self._weighted(lambda outcome: Input(total_name(outcome), outcome))
        return Named("ratio", Quotient(totals, self._weighted(self.reference)))

    @property
    def is_decrease(self) -> bool:
        """Whether less of every outcome is better."""
        return all(weight < 0 for weight in self.weights.values())

    def _weighted(self, rule_of: Callable[[str], Rule]) -> Rule:
        return _sum(
            [
                rule_of(outcome) if abs(weight) == 1 else Product((abs(weight), rule_of(outcome)))
                for outcome, weight in self.weights.items()
            ]
        )


def _label(name: str, group: str | None) -> str:
    return name if group is None else f"{name} ({group})"


def _sum(parts: list[Rule]) -> Rule:
    return parts[0] if len(parts) == 1 else Sum(parts)
