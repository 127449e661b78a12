"""The thresholds of a contract: what is compared with them, and how far noise alone carries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from impactmodel.contract.branches import EachGroup, Gated, Limited, Parts, Payment
from impactmodel.contract.compile import scope_of
from impactmodel.contract.dues import dues_of
from impactmodel.contract.quantities import check_joinable, clause_inputs, paid_periods
from impactmodel.contract.scope import Scope
from impactmodel.contract.terms import BandTable, StepTable
from impactmodel.core.errors import InputError
from impactmodel.core.rule import Rule, values

if TYPE_CHECKING:
    from impactmodel.contract.agreement import OutcomesContract
    from impactmodel.core.outcomes import Outcomes


@dataclass(frozen=True, slots=True)
class Compared:
    """A quantity that a payment compares with thresholds, and the place of the mechanism."""

    place: str
    x: Rule
    at: tuple[float, ...]


def compared(scope: Scope, payment: Payment) -> tuple[Compared, ...]:
    """Return every quantity of a payment that is compared with thresholds."""
    found: list[Compared] = []
    match payment:
        case StepTable(scale=scale, table=table) | BandTable(scale=scale, table=table):
            found.append(Compared(scope.path, scope.scaled(scale), tuple(a for a, _ in table)))
        case Gated():
            seen = scope.looking_at(payment.of) if payment.of else scope
            x = (seen.whole() if payment.pooled else seen).scaled(payment.scale)
            found.append(Compared(scope.path, x, (payment.at_least,)))
            found += compared(scope.inside("then"), payment.then)
            found += compared(scope.inside("otherwise"), payment.otherwise)
        case Parts(parts=parts):
            for place, part in enumerate(parts, 1):
                found += compared(scope.inside(f"part{place}"), part)
        case EachGroup(groups=groups, payment=inner):
            for group in groups:
                found += compared(scope.of(group), inner)
        case Limited(payment=inner):
            found += compared(scope.inside("limited"), inner)
        case _:
            pass
    return tuple(found)


@dataclass(frozen=True, slots=True)
class ThresholdNoise:
    """A threshold on a measured impact against the noise of measuring it.

    Parameters
    ----------
    standard_error
        Standard deviation of the measured quantity when there is no effect.
    reached_without_effect, reached_with_effect
        P(the measured quantity reaches the threshold), without and with the evidence's effect.
    """

    clause: str
    place: str
    period: int
    threshold: float
    standard_error: float
    reached_without_effect: float
    reached_with_effect: float

    @property
    def within_noise(self) -> bool:
        """Whether the threshold lies within one standard error of no effect."""
        return abs(self.threshold) < self.standard_error


def threshold_noise(
    contract: OutcomesContract, outcomes: Outcomes, *, seed: int = 1
) -> tuple[ThresholdNoise, ...]:
    """Compute how far each threshold on measured impact lies outside the evaluation's noise.

    A threshold of 0 (the first band of a share, say) is left out: it is no hurdle.

    Raises
    ------
    InputError
        If the comparison group has no stated size, or the outcomes say nothing of the spread
        between people (see `Outcomes.measured`).
    """
    check_joinable(contract, outcomes)
    size = contract.evaluation.comparison_size
    if size is None:
        raise InputError(
            "the noise of thresholds depends on the size of the comparison group",
            key="evaluation.comparison_size",
            fix="state it",
        )
    without = outcomes.without_effect().measured(size, seed=seed)
    with_effect = outcomes.measured(size, seed=seed)
    dues = dues_of(contract, outcomes.periods, lambda c: paid_periods(c, outcomes))
    found = []
    for due in dues:
        if not due.clause.is_measured:
            continue
        scope = scope_of(contract, due.clause, due.period, due.path)
        nothing, something = (
            clause_inputs(contract, due.clause, one, due.period) for one in (without, with_effect)
        )
        for one in compared(scope, due.clause.payment):
            quiet, moved = values(one.x, nothing), values(one.x, something)
            found += [
                ThresholdNoise(
                    due.clause.name,
                    one.place,
                    due.period,
                    threshold,
                    float(np.std(quiet)),
                    float((quiet >= threshold).mean()),
                    float((moved >= threshold).mean()),
                )
                for threshold in one.at
                if threshold != 0
            ]
    return tuple(found)
