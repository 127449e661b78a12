"""The terms of a clause: what is compared (basis) and how it is paid (payment mechanism).

A mechanism is a spec with a ``type`` and one method that builds the rule of a clause. A new one is
a new class in the union. In the rule every term is a named value (``<clause>.price``, say), so that
a reader may give it anew; see `impactmodel.core.rule.Constant`.
"""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from impactmodel.contract.cards import ByGroup, Card, Values, in_words, stated
from impactmodel.contract.names import StepScale
from impactmodel.contract.open_values import CaseMixLevels, CaseMixPrices, refuse_open
from impactmodel.core.errors import InputError
from impactmodel.core.rule import Bands, Rule, Share, Steps
from impactmodel.core.rule.numbers import check_table, exact, plain
from impactmodel.core.spec import spec

if TYPE_CHECKING:
    from impactmodel.contract.phrases import Phrase
    from impactmodel.contract.scope import Scope


@spec
class Gross:
    """Pay on the outcomes as they are, whatever would have happened anyway (deadweight)."""

    type: Literal["gross"] = field(default="gross", kw_only=True)

    def text(self, side: str = "above") -> str:
        """Say it in words."""
        return "gross outcomes count, with no deduction for what would have happened anyway"


@spec
class AboveBaseline:
    """Pay on outcomes above an agreed baseline: a fixed or historical level per person."""

    baseline: ByGroup
    type: Literal["above_baseline"] = field(default="above_baseline", kw_only=True)

    def text(self, side: str = "above") -> str:
        """Say it in words; ``side`` is that of the baseline which counts."""
        return f"outcomes {side} the agreed baseline of {in_words(self.baseline)} per person count"


@spec
class AbovePrediction:
    """Pay on outcomes above what a model, fixed in the contract, predicts per person."""

    prediction: ByGroup | CaseMixLevels
    type: Literal["above_prediction"] = field(default="above_prediction", kw_only=True)

    def text(self, side: str = "above") -> str:
        """Say it in words; ``side`` is that of the prediction which counts."""
        if isinstance(self.prediction, CaseMixLevels):
            return f"outcomes {side} {self.prediction.text()} count"
        predicted = in_words(self.prediction)
        return f"outcomes {side} the contract's prediction of {predicted} per person count"


@spec
class MeasuredImpact:
    """Pay on the difference from a live comparison group, as the evaluation measures it."""

    type: Literal["measured_impact"] = field(default="measured_impact", kw_only=True)

    def text(self, side: str = "above") -> str:
        """Say it in words."""
        return "the difference from the comparison group counts, as measured"


type Basis = Annotated[
    Gross | AboveBaseline | AbovePrediction | MeasuredImpact, Field(discriminator="type")
]


def reference_level(basis: Basis, group: str) -> float | None:
    """Return the fixed level that a basis compares with in a group; None if it has none.

    Raises
    ------
    InputError
        If the contract fixes levels by group and this group has none, or leaves them to a case mix
        that has not fixed them.
    """
    match basis:
        case Gross():
            return 0.0
        case AboveBaseline(baseline=level) | AbovePrediction(prediction=level):
            if isinstance(level, CaseMixLevels):
                refuse_open("the level", "basis.prediction")
            if not isinstance(level, dict):
                return float(level)
            if group not in level:
                raise InputError(
                    f"the basis has no level for the group '{group}'",
                    key="basis",
                    seen=", ".join(level),
                    fix="add the group",
                )
            return float(level[group])
        case MeasuredImpact():
            return None


@spec
class Rate:
    """A price per unit of outcome: a rate card, by group or by strata where prices differ.

    Payment = price × units, units being the sum over people of the outcome above its basis.
    """

    price: Values | CaseMixPrices
    type: Literal["rate"] = field(default="rate", kw_only=True)

    def __post_init__(self) -> None:
        for price in self.prices:
            if not price >= 0:
                raise InputError("a price is not negative", key="price", seen=price)

    @property
    def prices(self) -> list[float]:
        """Every price that is stated; the flat one of prices that the case mix gives."""
        return [self.price.flat] if isinstance(self.price, CaseMixPrices) else stated(self.price)

    def rule(self, scope: Scope) -> Rule:
        """Return price × units."""
        if isinstance(self.price, CaseMixPrices):
            refuse_open("the price", "payment.price")
        return scope.amount(self.price, "price")

    def text(self, said: Phrase) -> str:
        """Say it in words."""
        if isinstance(self.price, CaseMixPrices):
            return f"{self.price.text(said.currency)} per {said.unit}"
        return f"{in_words(self.price, said.currency)} per {said.unit}"


@spec
class ShareOf:
    """A share of an amount: of wages, of savings. Payment = share × units."""

    share: Values
    type: Literal["share"] = field(default="share", kw_only=True)

    def __post_init__(self) -> None:
        for share in stated(self.share):
            check_share(share)

    def rule(self, scope: Scope) -> Rule:
        """Return share × units."""
        if isinstance(self.share, (dict, Card)):
            return scope.amount(self.share, "share")
        return Share(self.share, scope.units(), scope.name("share"))

    def text(self, said: Phrase) -> str:
        """Say it in words."""
        if isinstance(self.share, (dict, Card)):
            return f"shares of {said.what}: {in_words(self.share, '%', 100)}"
        return f"{percent(self.share)} % of {said.what}"


def check_share(share: float, key: str = "share") -> None:
    """Raise `InputError` unless a share lies above 0 and is at most 1."""
    if not 0 < share <= 1:
        raise InputError(
            "a share lies above 0 and is at most 1",
            key=key,
            seen=share,
            fix="write 40 % as 0.4",
        )


def percent(share: float) -> str:
    """Write a share in per cent, without the sign."""
    return plain(exact(share) * 100)


@spec
class StepTable:
    """A step table: an amount for reaching a threshold.

    Parameters
    ----------
    table
        Rows (at least, amount), thresholds rising.
    below
        Amount under the first threshold.
    scale
        What is compared with the thresholds: the ``total`` units of the cohort, units
        ``per_person``, the change ``relative`` to the comparison level, or the ``index``: the
        weighted sum of each outcome's own relative change.
    """

    table: tuple[tuple[float, float], ...]
    scale: StepScale = "per_person"
    below: float = 0.0
    type: Literal["steps"] = field(default="steps", kw_only=True)

    def __post_init__(self) -> None:
        _table(self.table, "step table")

    def rule(self, scope: Scope) -> Rule:
        """Return the step table of the scale."""
        return Steps(scope.scaled(self.scale), self.table, self.below, scope.name("steps"))

    def text(self, said: Phrase) -> str:
        """Say it in words."""
        rows = ", ".join(
            f"{said.money(amount)} from {said.threshold(low, self.scale)}"
            for low, amount in self.table
        )
        below = f"{said.money(self.below)} below"
        return f"by steps of {said.scale(self.scale)} ({rows}, {below})"


@spec
class BandTable:
    """Marginal bands: for each part of the result above a threshold, an amount per unit of scale.

    Parameters
    ----------
    table
        Rows (above, amount per unit of the scale), thresholds rising. With ``scale: relative`` a
        unit is a change of 1 = 100 %.
    base
        Amount paid as soon as the first threshold is reached.
    """

    table: tuple[tuple[float, float], ...]
    scale: StepScale = "per_person"
    base: float = 0.0
    type: Literal["bands"] = field(default="bands", kw_only=True)

    def __post_init__(self) -> None:
        _table(self.table, "table of bands")

    def rule(self, scope: Scope) -> Rule:
        """Return base + bands of the scale."""
        x = scope.scaled(self.scale)
        bands: Rule = Bands(x, self.table, scope.name("bands"))
        if self.base:
            base = [(self.table[0][0], self.base)]
            bands = bands + Steps(x, base, name=scope.name("base"))
        return bands

    def text(self, said: Phrase) -> str:
        """Say it in words."""
        per = "per 100 %" if self.scale in {"relative", "index"} else "per unit"
        rows = ", ".join(
            f"{said.money(rate)} {per} of the part above {said.threshold(low, self.scale)}"
            for low, rate in self.table
        )
        base = f"{said.money(self.base)} from the first threshold and " if self.base else ""
        return f"{base}by bands of {said.scale(self.scale)} ({rows})"


def _table(rows: tuple[tuple[float, float], ...], what: str) -> None:
    try:
        check_table(rows, what)
    except InputError as error:
        raise error.located(key="table") from None
