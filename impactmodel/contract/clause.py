"""The clause: one payment promise, and how its outcomes are measured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Literal

from impactmodel.contract.branches import CostShare, EachGroup, Gated, Payment, Recovery, walk
from impactmodel.contract.cards import Card
from impactmodel.contract.terms import Basis, Gross, MeasuredImpact, Rate, ShareOf
from impactmodel.core.errors import InputError
from impactmodel.core.spec import spec

type Dependence = Literal["comonotone", "independent"]


@spec
class Evaluation:
    """How outcomes are measured.

    Parameters
    ----------
    comparison_size
        People in the comparison group; needed to pay on measured impact.
    lag_months
        Months from the end of a period until its results are known.
    estimator
        How the impact is estimated; the difference in means is simulated in the measured view.
    dependence
        How several outcomes of one person hang together, where a cap per person needs it:
        ``comonotone`` (who has the rarer has the commoner) or ``independent``.
    """

    comparison_size: int | None = None
    lag_months: int = 0
    estimator: Literal["difference_in_means"] = "difference_in_means"
    dependence: Dependence | None = None

    def __post_init__(self) -> None:
        if self.comparison_size is not None and self.comparison_size < 1:
            raise InputError(
                "the comparison group is empty",
                key="comparison_size",
                seen=self.comparison_size,
                fix="give its number of people",
            )
        if self.lag_months < 0:
            raise InputError("a lag is not negative", key="lag_months", seen=self.lag_months)


@spec
class Clause:
    """One payment promise: an outcome, its basis, a payment mechanism, a payer.

    Parameters
    ----------
    name
        Unique in the contract.
    payment, basis
        How much is paid, and for what beyond which level; see `impactmodel.contract.terms`.
    payee
        Who receives it, such as the provider of a bonus; by default the investors' vehicle.
    outcome, direction
        The outcome paid for, and whether an ``increase`` or a ``decrease`` is good.
    index
        Instead of an outcome: weights of several outcomes, whose weighted sum is paid for.
    payer
        Who pays.
    groups
        Groups of the cohort that count, such as one cohort or site; all if empty.
    periods
        Indices of the outcome's periods that are paid for; all for a flow, the last otherwise.
    floor
        Least payment at a date: 0, or null where investors may have to pay.
    cap, cap_per_person
        Most that the clause pays in all, and per person.
    indexation
        Factor on what the mechanism pays, by period: 1.0 in the first, 1.02 in the second, ...
    paid_after_months
        Months from the results until payment.
    units
        What one unit is called in texts.
    source
        Where the term is published; ``assumed`` marks a term that no source states.
    """

    name: str
    payment: Payment
    payer: str
    basis: Basis = field(default_factory=Gross)
    outcome: str = ""
    direction: Literal["increase", "decrease"] = "increase"
    index: dict[str, float] = field(default_factory=dict)
    groups: tuple[str, ...] = ()
    periods: tuple[int, ...] | None = None
    floor: float | None = 0.0
    cap: float | None = None
    cap_per_person: float | None = None
    indexation: tuple[float, ...] = ()
    paid_after_months: int = 0
    payee: str = "vehicle"
    source: str = ""
    assumed: bool = False

    def __post_init__(self) -> None:
        if bool(self.outcome) == bool(self.index):
            raise InputError(
                "give exactly one of 'outcome' and 'index'",
                key="outcome",
                seen="both" if self.outcome else "neither",
            )
        if self.index and self.direction == "decrease":
            raise InputError(
                "an index states directions by the sign of its weights",
                key="direction",
                fix="use negative weights instead",
            )
        for key in ("cap", "cap_per_person"):
            limit = getattr(self, key)
            if limit is not None and not limit > 0:
                raise InputError(
                    "a cap is above 0", key=key, seen=limit, fix="leave it out for none"
                )
        if self.paid_after_months < 0:
            raise InputError(
                "a payment lag is not negative",
                key="paid_after_months",
                seen=self.paid_after_months,
            )
        if not self.payer.strip():
            raise InputError("a clause needs a payer", key="payer")
        if self.payee.strip() in {"", self.payer}:
            raise InputError("a clause pays somebody else than its payer", key="payee")
        low = [factor for factor in self.indexation if not factor > 0]
        if low:
            raise InputError(
                "an index factor must be above 0",
                key="indexation",
                seen=low[0],
                fix="leave a window that pays nothing out of the clause's 'periods'",
            )

    @property
    def weights(self) -> dict[str, float]:
        """The weight of each outcome that the clause reads."""
        return self.index or {self.outcome: 1.0 if self.direction == "increase" else -1.0}

    @property
    def reads(self) -> tuple[str, ...]:
        """Every outcome that the clause or a gate in it reads, once."""
        gates = [name for p in walk(self.payment) if isinstance(p, Gated) for name in p.of]
        return tuple(dict.fromkeys((*self.weights, *gates)))

    @property
    def costs(self) -> tuple[str, ...]:
        """Every reference cost that the clause reads, once."""
        found = [p.cost for p in walk(self.payment) if isinstance(p, CostShare)]
        return tuple(dict.fromkeys(found))

    @property
    def varies(self) -> bool:
        """Whether the rule differs between periods."""
        kinds = (Recovery, CostShare)
        return bool(self.indexation) or any(isinstance(p, kinds) for p in walk(self.payment))

    def groups_apart(self, strata: Mapping[str, Mapping[str, str]]) -> tuple[str, ...]:
        """Return the groups that the payment looks at one by one; none if only at their sum."""
        found: list[str] = []
        for payment in walk(self.payment):
            match payment:
                case Rate(price=values) | ShareOf(share=values):
                    if isinstance(values, dict):
                        found += values
                    elif isinstance(values, Card):
                        found += self.groups or strata
                case EachGroup(groups=groups):
                    found += groups
        return tuple(dict.fromkeys(found))

    def factor(self, period: int) -> float | None:
        """Return the index factor of a period; None without indexation."""
        if not self.indexation:
            return None
        if period >= len(self.indexation):
            raise InputError(
                f"'{self.name}' has no index factor for period {period}",
                key="indexation",
                seen=f"{len(self.indexation)} factors",
                fix="give one factor for each period that is paid for",
            )
        return self.indexation[period]

    @property
    def is_measured(self) -> bool:
        """Whether the clause pays on a difference from a live comparison group."""
        return isinstance(self.basis, MeasuredImpact)
