"""What a report reads of an appraisal, whatever made it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from impactmodel.finance import Tornado
    from impactmodel.fiscal import Appraisal, ValueOfInformation


class Switch(Protocol):
    """The value of an assumption at which a payer's mean net position is zero."""

    @property
    def key(self) -> str:
        """The assumption."""
        ...

    @property
    def stated(self) -> float:
        """As the case states it."""
        ...

    @property
    def value(self) -> float | None:
        """None: there is none within the reach of the assumption."""
        ...


class Decision(Protocol):
    """One payer's choice between the programme and nothing."""

    @property
    def payer(self) -> str:
        """Whose."""
        ...

    @property
    def net(self) -> Any:
        """Its net position, draws."""
        ...

    @property
    def known(self) -> ValueOfInformation | None:
        """What it would be worth to know everything."""
        ...

    @property
    def known_of(self) -> Mapping[str, ValueOfInformation]:
        """What it would be worth to know one quantity alone."""
        ...

    @property
    def switches(self) -> tuple[Switch, ...]:
        """Switching values."""
        ...

    @property
    def swings(self) -> Tornado | None:
        """How far the net position moves with each assumption."""
        ...


class Assessment(Protocol):
    """For whom a programme pays; see `impactmodel.assessment.Assessment`."""

    @property
    def currency(self) -> str:
        """The currency of every amount."""
        ...

    @property
    def value(self) -> Appraisal | None:
        """Gains and cost behind the marginal value of public funds."""
        ...

    @property
    def no_value(self) -> str:
        """Why there is none."""
        ...

    @property
    def benefit_cost(self) -> Mapping[str, Any]:
        """Benefit over cost by perspective, draws."""
        ...

    @property
    def parts(self) -> Mapping[str, Mapping[str, Any]]:
        """Present values by perspective and line, draws."""
        ...

    @property
    def payback(self) -> Mapping[str, Any]:
        """Payback year by payer, draws."""
        ...

    @property
    def cost_per_job(self) -> Mapping[str, Any]:
        """Public spending per additional person or year in work, draws."""
        ...

    @property
    def decisions(self) -> tuple[Decision, ...]:
        """By payer."""
        ...

    @property
    def assumptions(self) -> tuple[str, ...]:
        """What had to be assumed."""
        ...
