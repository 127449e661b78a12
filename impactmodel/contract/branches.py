"""Payment mechanisms that hold others: gates, parts, groups one by one, limits.

With the mechanisms of `impactmodel.contract.terms` they compose: a gate's branch may be a step
table, a part of a sum may be a gate. Each is a spec with the same method ``rule(scope)``.
"""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from impactmodel.contract.names import PAID_BEFORE, StepScale
from impactmodel.contract.phrases import listed, spaced
from impactmodel.contract.terms import (
    BandTable,
    Rate,
    ShareOf,
    StepTable,
    check_share,
    percent,
)
from impactmodel.core.errors import InputError
from impactmodel.core.rule import (
    Constant,
    Difference,
    Input,
    Maximum,
    Minimum,
    Product,
    Quotient,
    Rule,
    Share,
    Sum,
)
from impactmodel.core.rule import Gate as GateRule
from impactmodel.core.spec import spec

if TYPE_CHECKING:
    from impactmodel.contract.phrases import Phrase
    from impactmodel.contract.scope import Scope


@spec
class Fixed:
    """A fixed amount, such as the branch of a gate; below 0 the investors pay it."""

    amount: float
    type: Literal["fixed"] = field(default="fixed", kw_only=True)

    def rule(self, scope: Scope) -> Rule:
        """Return the amount."""
        return scope.term("amount", self.amount)

    def text(self, said: Phrase) -> str:
        """Say it in words."""
        return said.money(self.amount)


@spec
class CostShare:
    """A share of a reference cost, such as half of the service costs where a target is missed.

    Payment = share × cost, the cost being an input: the contract's ``reference_costs``, or what the
    results report under its name.
    """

    cost: str
    share: float
    type: Literal["cost_share"] = field(default="cost_share", kw_only=True)

    def __post_init__(self) -> None:
        check_share(self.share)

    def rule(self, scope: Scope) -> Rule:
        """Return share × cost."""
        return Share(self.share, scope.cost(self.cost), scope.name("share"))

    def text(self, said: Phrase) -> str:
        """Say it in words."""
        return f"{percent(self.share)} % of the {spaced(self.cost)} costs"


@spec
class Recovery:
    r"""A share of savings until the principal and its base return are recovered, then another.

    With savings :math:`u`, earlier payments :math:`b` and
    :math:`B_t = \text{principal} \, (1 + \text{base return} \, (t + 1))`, the payment of period
    *t* is :math:`f + s' \, (u - f/s)` with :math:`f = \min(s u, \max(0, B_t - b))`.

    Parameters
    ----------
    share, then
        Share of the savings before and after.
    principal, base_return
        What is recovered first: the principal and a simple return on it per period.

    Examples
    --------
    >>> from impactmodel.contract.phrases import Phrase
    >>> said = Phrase("USD", {"savings": 1.0})
    >>> Recovery(0.95, 0.40, principal=1000.0, base_return=0.05).text(said)
    '95 % of savings until 1,000 USD and 5 % of it per period are recovered, then 40 %'
    """

    share: float
    then: float
    principal: float
    base_return: float = 0.0
    type: Literal["recovery"] = field(default="recovery", kw_only=True)

    def __post_init__(self) -> None:
        check_share(self.share)
        check_share(self.then, "then")
        for key in ("principal", "base_return"):
            if getattr(self, key) < 0:
                raise InputError("this is not negative", key=key, seen=getattr(self, key))

    def rule(self, scope: Scope) -> Rule:
        """Return the payment of the scope's period."""
        units = scope.units()
        share = scope.term("share", self.share)
        owed: Rule = scope.term("principal", self.principal)
        if self.base_return:
            rate = scope.term("base_return", self.base_return)
            owed = Product((owed, Sum((1.0, Product((rate, float(scope.period + 1)))))))
        room = Maximum((0.0, Difference(owed, Input(PAID_BEFORE, "paid before"))))
        first = Minimum((Product((share, units)), room))
        rest = Difference(units, Quotient(first, share))
        return Sum((first, Product((scope.term("then", self.then), rest))))

    def text(self, said: Phrase) -> str:
        """Say it in words."""
        principal = Constant(self.principal, said.currency).text()
        base = f" and {percent(self.base_return)} % of it per period" if self.base_return else ""
        are = "are" if self.base_return else "is"
        return (
            f"{percent(self.share)} % of {said.what} until {principal}{base} {are} recovered, "
            f"then {percent(self.then)} %"
        )


@spec
class Gated:
    """A gate: one mechanism where a result reaches a threshold, another where it does not.

    Parameters
    ----------
    at_least
        The threshold, on ``scale`` (see `StepTable`).
    then, otherwise
        What is paid; nothing otherwise unless stated.
    pooled
        Inside ``each_group``: look at all groups together, not at the group alone.
    of
        Weights of the outcomes that the gate looks at; by default what the clause pays for.
    """

    at_least: float
    then: Payment
    otherwise: Payment = Fixed(0.0)
    scale: StepScale = "per_person"
    pooled: bool = False
    of: dict[str, float] = field(default_factory=dict)
    type: Literal["gate"] = field(default="gate", kw_only=True)

    def rule(self, scope: Scope) -> Rule:
        """Return the gate over both branches."""
        seen = scope.looking_at(self.of) if self.of else scope
        x = (seen.whole() if self.pooled else seen).scaled(self.scale)
        then = self.then.rule(scope.inside("then"))
        otherwise = self.otherwise.rule(scope.inside("otherwise"))
        return GateRule(x, ">=", scope.term("at_least", self.at_least), then, otherwise)

    def text(self, said: Phrase) -> str:
        """Say it in words."""
        seen = (said.about(self.of) if self.of else said).scale(self.scale, self.pooled)
        least = said.threshold(self.at_least, self.scale)
        then, otherwise = self.then.text(said), self.otherwise.text(said)
        return f"if {seen} is at least {least}: {then}, otherwise {otherwise}"


@spec
class Parts:
    """The sum of several mechanisms, such as the principal and a return on it."""

    parts: tuple[Payment, ...]
    type: Literal["sum"] = field(default="sum", kw_only=True)

    def __post_init__(self) -> None:
        if not self.parts:
            raise InputError("a sum needs a part", key="parts", fix="add one")

    def rule(self, scope: Scope) -> Rule:
        """Return the sum."""
        return Sum([p.rule(scope.inside(f"part{n}")) for n, p in enumerate(self.parts, 1)])

    def text(self, said: Phrase) -> str:
        """Say it in words."""
        return ", and ".join(part.text(said) for part in self.parts)


@spec
class EachGroup:
    """A mechanism applied to each group alone (a cohort, a site), and summed."""

    groups: tuple[str, ...]
    payment: Payment
    type: Literal["each_group"] = field(default="each_group", kw_only=True)

    def __post_init__(self) -> None:
        if not self.groups or len(set(self.groups)) < len(self.groups):
            raise InputError("name each group once", key="groups", seen=", ".join(self.groups))

    def rule(self, scope: Scope) -> Rule:
        """Return the sum over groups."""
        return Sum([self.payment.rule(scope.of(group)) for group in self.groups])

    def text(self, said: Phrase) -> str:
        """Say it in words."""
        return f"for each of {listed(self.groups)} alone: {self.payment.text(said)}"


@spec
class Limited:
    """A mechanism with a floor, a cap or both of its own."""

    payment: Payment
    at_least: float | None = None
    at_most: float | None = None
    type: Literal["limited"] = field(default="limited", kw_only=True)

    def __post_init__(self) -> None:
        low, high = self.at_least, self.at_most
        if low is None and high is None:
            raise InputError("give 'at_least' or 'at_most'", key="at_most")
        if low is not None and high is not None and low > high:
            raise InputError("the floor is above the cap", key="at_least", seen=low)

    def rule(self, scope: Scope) -> Rule:
        """Return the limited mechanism."""
        rule = self.payment.rule(scope.inside("limited"))
        if self.at_least is not None:
            rule = Maximum((scope.term("at_least", self.at_least), rule))
        if self.at_most is not None:
            rule = Minimum((rule, scope.term("at_most", self.at_most)))
        return rule

    def text(self, said: Phrase) -> str:
        """Say it in words."""
        parts = [self.payment.text(said)]
        if self.at_least is not None:
            parts.append(f"at least {Constant(self.at_least, said.currency).text()}")
        if self.at_most is not None:
            parts.append(f"at most {Constant(self.at_most, said.currency).text()}")
        return ", ".join(parts)


type Payment = Annotated[
    Rate
    | ShareOf
    | StepTable
    | BandTable
    | Fixed
    | CostShare
    | Recovery
    | Gated
    | Parts
    | EachGroup
    | Limited,
    Field(discriminator="type"),
]


def inside(payment: Payment) -> tuple[Payment, ...]:
    """Return the mechanisms directly inside a mechanism."""
    match payment:
        case Gated(then=then, otherwise=otherwise):
            return (then, otherwise)
        case Parts(parts=parts):
            return parts
        case EachGroup(payment=one) | Limited(payment=one):
            return (one,)
        case _:
            return ()


def walk(payment: Payment) -> list[Payment]:
    """Return a mechanism and all that it holds, outermost first."""
    return [payment, *(found for one in inside(payment) for found in walk(one))]
