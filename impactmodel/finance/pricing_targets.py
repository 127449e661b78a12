"""What a price is solved for: a rate of return, a chance of loss, or the payer's value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from impactmodel.core.errors import InputError
from impactmodel.finance.cashflows import CashFlows
from impactmodel.finance.irr import irr
from impactmodel.finance.returns import present_value, years_of

type Draws = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class TargetIRR:
    r"""The lowest price at which a tranche earns a rate per year.

    Parameters
    ----------
    rate
        0.05 is 5 %.
    criterion
        ``expected_npv``: :math:`E[\sum_t c_t (1 + rate)^{-t}] = 0`, the rate is earned on
        average; ``median_irr``: in half of the draws.
    tranche
        Its name; empty: the senior's.
    """

    rate: float
    criterion: Literal["expected_npv", "median_irr"] = "expected_npv"
    tranche: str = ""
    rising: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if not self.rate > -1:
            raise InputError("a rate is above -100 %", key="rate", seen=self.rate)
        if self.criterion not in {"expected_npv", "median_irr"}:
            raise InputError("unknown criterion", key="criterion", seen=self.criterion)

    @property
    def steps(self) -> bool:
        """Whether the criterion moves in steps as the price moves."""
        return False

    def achieved(self, flows: CashFlows) -> float:
        """Return the criterion's value: the expected NPV, or the median rate."""
        name, ladder = flows.structure.tranche(self.tranche).name, flows.ladder
        if self.criterion == "expected_npv":
            months = ladder.moving
            out, into = (
                paid[name].T[months].mean(axis=1) for paid in (ladder.paid_out, ladder.paid_in)
            )
            return float(present_value(out - into, years_of(flows)[months], self.rate))
        amounts = flows.tranche(name)
        rates = irr(amounts, flows.dates, several="lowest").rate
        # A draw without a rate earns none: it counts as a total loss.
        return float(np.median(np.where(np.isfinite(rates), rates, -1.0)))

    def gap(self, achieved: float) -> float:
        """Return how far the value lies above the target."""
        return achieved if self.criterion == "expected_npv" else achieved - self.rate


@dataclass(frozen=True, slots=True)
class TargetLossProbability:
    """The lowest price at which at most this share of draws loses money."""

    probability: float
    tranche: str = ""
    rising: ClassVar[bool] = True

    def __post_init__(self) -> None:
        _probability(self.probability)

    @property
    def steps(self) -> bool:
        """Whether the criterion moves in steps as the price moves."""
        return True

    def achieved(self, flows: CashFlows) -> float:
        """Return the share of draws in which the tranche loses more than half a cent."""
        amounts = flows.tranche(flows.structure.tranche(self.tranche).name)
        return float((amounts.sum(axis=1) < -0.005).mean())

    def gap(self, achieved: float) -> float:
        """Return how far the value lies below the target."""
        return self.probability - achieved


@dataclass(frozen=True, slots=True)
class PayerValue:
    """The highest price that is worth its money to a payer.

    Parameters
    ----------
    value
        What the outcomes are worth to the payer in each draw, shape (draw,), discounted to the
        fund's start.
    payer
        Its name in cash flows; what the fund returns to it counts.
    discount_rate
        Of its payments, per year.
    probability
        None: the price at which it pays its value on average. Otherwise: at most this
        probability that it pays more than the value.
    """

    value: Draws
    payer: str
    discount_rate: float = 0.0
    probability: float | None = None
    rising: ClassVar[bool] = False

    def __post_init__(self) -> None:
        if self.probability is not None:
            _probability(self.probability)

    @property
    def steps(self) -> bool:
        """Whether the criterion moves in steps as the price moves."""
        return self.probability is not None

    def achieved(self, flows: CashFlows) -> float:
        """Return the mean of value less payments, or the probability of paying more."""
        paid = present_value(flows.of(self.payer), years_of(flows), self.discount_rate)
        if len(self.value) != len(paid):
            raise InputError(
                f"the value has {len(self.value)} draws, the cash flows {len(paid)}", key="value"
            )
        left = self.value + paid
        if self.probability is None:
            return float(left.mean())
        return float((left < -0.005).mean())

    def gap(self, achieved: float) -> float:
        """Return how far the value lies on the payer's side of the target."""
        return achieved if self.probability is None else self.probability - achieved


type Target = TargetIRR | TargetLossProbability | PayerValue


def _probability(value: float) -> None:
    if not 0 <= value < 1:
        raise InputError(
            "a probability lies in [0, 1)",
            key="probability",
            seen=value,
            fix="write 5 % as 0.05",
        )
