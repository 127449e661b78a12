"""What a report reads of a run: the parts that any result must have, whatever made it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

    from impactmodel.contract import OutcomesContract
    from impactmodel.core.outcomes import Outcomes
    from impactmodel.core.record import RunRecord
    from impactmodel.effects.checks import Diagnostics
    from impactmodel.finance import FundingStructure

    type Draws = NDArray[Any]


class Settings(Protocol):
    """What a case says of itself."""

    @property
    def name(self) -> str:
        """Title."""
        ...

    @property
    def interval(self) -> float:
        """Probability of every interval."""
        ...

    @property
    def notes(self) -> tuple[str, ...]:
        """Statements to be repeated."""
        ...


class Case(Protocol):
    """A case that was run."""

    @property
    def settings(self) -> Settings: ...
    @property
    def contract(self) -> OutcomesContract | None: ...
    @property
    def funding(self) -> FundingStructure | None: ...


class Payments(Protocol):
    """Outcome payments per draw."""

    @property
    def view(self) -> str:
        """``expected`` or ``measured``."""
        ...

    @property
    def currency(self) -> str: ...
    @property
    def amount(self) -> xr.DataArray:
        """Dims draw, clause, period; coordinate payer along clause."""
        ...

    def total(self) -> Draws: ...
    def by_payer(self) -> Mapping[str, Draws]: ...
    def probability_zero(self) -> float: ...


class CashFlows(Protocol):
    """Cash flows by party; a draw and date sums to zero over the parties."""

    @property
    def amount(self) -> xr.DataArray:
        """Dims draw, date, party; positive is received."""
        ...

    @property
    def currency(self) -> str: ...


class Returns(Protocol):
    """Returns per draw and tranche."""

    @property
    def irr(self) -> xr.DataArray: ...
    @property
    def moic(self) -> xr.DataArray: ...
    @property
    def npv(self) -> xr.DataArray: ...
    @property
    def n_roots(self) -> xr.DataArray: ...


class Savings(Protocol):
    """Public savings by payer; positive is better off than without the programme."""

    @property
    def currency(self) -> str: ...
    def total(self) -> Draws: ...
    def by_payer(self) -> Mapping[str, Draws]: ...


class NetPosition(Protocol):
    """Savings less payments."""

    def by_payer(self) -> Mapping[str, Draws]: ...


class RunResult(Protocol):
    """A run of a case; what the case does not have is None."""

    @property
    def case(self) -> Case: ...
    @property
    def outcomes(self) -> Outcomes: ...
    @property
    def diagnostics(self) -> Diagnostics | None: ...
    @property
    def payments(self) -> Payments | None: ...
    @property
    def flows(self) -> CashFlows | None: ...
    @property
    def returns(self) -> Returns | None: ...
    @property
    def savings(self) -> Savings | None: ...
    @property
    def net(self) -> NetPosition | None: ...
    @property
    def record(self) -> RunRecord: ...
    @property
    def assumptions(self) -> tuple[str, ...]: ...
    @property
    def warnings(self) -> tuple[str, ...]: ...
    @property
    def notes(self) -> tuple[str, ...]: ...
