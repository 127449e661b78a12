"""The payment bases: beyond which level an outcome is paid for."""

from __future__ import annotations

from dataclasses import field
from typing import Annotated, Literal

from pydantic import Field

from impactmodel.core.errors import InputError
from impactmodel.core.rule import Constant
from impactmodel.core.spec import spec

type ByGroup = float | dict[str, float]
"""One number, or one per group of the cohort."""


@spec
class Gross:
    """Pay on the outcomes as they are, whatever would have happened anyway (deadweight)."""

    type: Literal["gross"] = field(default="gross", kw_only=True)

    @property
    def level(self) -> None:
        """The level per person that the contract fixes: none."""
        return

    def text(self, what: str, *, down: bool) -> str:
        """Say what is counted."""
        return f"{what} (gross: also what would have happened anyway)"


@spec
class AboveBaseline:
    """Pay on outcomes beyond an agreed baseline: a fixed or historical level per person."""

    baseline: ByGroup
    type: Literal["above_baseline"] = field(default="above_baseline", kw_only=True)

    @property
    def level(self) -> ByGroup:
        """The level per person that the contract fixes."""
        return self.baseline

    def text(self, what: str, *, down: bool) -> str:
        """Say what is counted."""
        side = "below" if down else "above"
        return f"{what} {side} the agreed baseline of {by_group(self.baseline)} per person"


@spec
class AbovePrediction:
    """Pay on outcomes beyond what a model, fixed at signature, predicts per person.

    The prediction is the contract's own; it is not the counterfactual. With ``null`` it comes with
    the results (the model applied to the people who took part), and draws cannot be priced.
    """

    prediction: ByGroup | None = None
    type: Literal["above_prediction"] = field(default="above_prediction", kw_only=True)

    @property
    def level(self) -> ByGroup | None:
        """The level per person that the contract fixes."""
        return self.prediction

    def text(self, what: str, *, down: bool) -> str:
        """Say what is counted."""
        side = "below" if down else "above"
        if self.prediction is None:
            return f"{what} {side} what the contract's model predicts for the people"
        return f"{what} {side} the contract's prediction of {by_group(self.prediction)} per person"


@spec
class MeasuredImpact:
    """Pay on the difference from a live comparison group, as the evaluation measures it."""

    type: Literal["measured_impact"] = field(default="measured_impact", kw_only=True)

    @property
    def level(self) -> None:
        """The level per person that the contract fixes: none, it is measured."""
        return

    def text(self, what: str, *, down: bool) -> str:
        """Say what is counted."""
        change = "reduction" if down else "increase"
        return f"the measured {change} in {what} against the comparison group"


type Basis = Annotated[
    Gross | AboveBaseline | AbovePrediction | MeasuredImpact, Field(discriminator="type")
]


def level_of(level: ByGroup, group: str | None) -> float:
    """Return the level of a group.

    Raises
    ------
    InputError
        If levels are fixed by group and this group has none.
    """
    if not isinstance(level, dict):
        return level
    if group is None or group not in level:
        raise InputError(
            f"the basis has no level for the group '{group}'",
            key="basis",
            seen=", ".join(level),
            fix="add the group",
        )
    return level[group]


def by_group(value: ByGroup, unit: str = "") -> str:
    """Write one number, or the numbers of the groups."""
    if isinstance(value, dict):
        return ", ".join(f"{Constant(v, unit).text()} ({k})" for k, v in value.items())
    return Constant(value, unit).text()
