"""What a report reads of a run, whatever made it: the report room imports no case."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from impactmodel.contract import NoiseRisk, OutcomePayments
    from impactmodel.core.outcomes import Outcomes
    from impactmodel.core.record import RunRecord
    from impactmodel.effects import Diagnostics
    from impactmodel.finance.cashflows import CashFlows
    from impactmodel.finance.returns import Returns
    from impactmodel.fiscal import Savings as FiscalSavings


class Settings(Protocol):
    """What a case says of itself: its title and the probability of every interval."""

    @property
    def name(self) -> str:
        """The title."""
        ...

    @property
    def interval(self) -> float:
        """The probability of every interval."""
        ...


class Case(Protocol):
    """A case that was run."""

    @property
    def settings(self) -> Settings:
        """What it says of itself."""
        ...


class ByPayer(Protocol):
    """Amounts by payer, draws kept; positive is better off than without the programme."""

    @property
    def currency(self) -> str:
        """The currency of every amount."""
        ...

    def by_payer(self) -> Mapping[str, Any]:
        """Return draws by payer."""
        ...


class Savings(ByPayer, Protocol):
    """Public savings: amounts by payer, and what the public payers gain together."""

    def total(self) -> Any:
        """Return draws of the gain of every public payer together."""
        ...


class RunResult(Protocol):
    """A run of a case; what the case does not have is None."""

    @property
    def case(self) -> Case:
        """What was run."""
        ...

    @property
    def outcomes(self) -> Outcomes:
        """Draws of outcomes with and without the programme."""
        ...

    @property
    def diagnostics(self) -> Diagnostics | None:
        """Checks of the fit, where one was made."""
        ...

    @property
    def paid_on(self) -> Outcomes:
        """The outcomes that the contract pays on."""
        ...

    @property
    def beside(self) -> Mapping[str, FiscalSavings]:
        """Savings on other public sides, by their names."""
        ...

    @property
    def payments(self) -> OutcomePayments | None:
        """What the contract pays."""
        ...

    @property
    def noise(self) -> NoiseRisk | None:
        """How far the contract pays for chance."""
        ...

    @property
    def flows(self) -> CashFlows | None:
        """Cash flows by party."""
        ...

    @property
    def returns(self) -> Returns | None:
        """The investors' returns."""
        ...

    @property
    def savings(self) -> FiscalSavings | None:
        """Public savings."""
        ...

    @property
    def net(self) -> ByPayer | None:
        """Public savings less outcome payments."""
        ...

    @property
    def record(self) -> RunRecord:
        """Seed, versions and inputs."""
        ...

    @property
    def assumptions(self) -> tuple[str, ...]:
        """What had to be assumed."""
        ...

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a reader must be told first."""
        ...

    @property
    def notes(self) -> tuple[str, ...]:
        """Statements of the case and on the methods."""
        ...
