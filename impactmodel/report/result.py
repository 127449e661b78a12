"""What a report reads of a run, whatever made it: the report room imports no case."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, Protocol

if TYPE_CHECKING:
    import xarray as xr

    from impactmodel.contract import NoiseRisk, OutcomePayments
    from impactmodel.core.outcomes import Outcomes
    from impactmodel.core.record import RunRecord
    from impactmodel.effects import Diagnostics, EffectFit
    from impactmodel.finance import Impact
    from impactmodel.finance.cashflows import CashFlows
    from impactmodel.finance.returns import Returns
    from impactmodel.fiscal import LimitTest, PublicCost, Savings
    from impactmodel.report.drivers_result import Drivers
    from impactmodel.report.result_appraisal import Assessment


class Translation(Protocol):
    """What a case says of itself in another language."""

    @property
    def name(self) -> str:
        """The title."""
        ...

    @property
    def notes(self) -> tuple[str, ...]:
        """The notes, in the order of the case's own."""
        ...

    @property
    def words(self) -> Mapping[str, str]:
        """Words for names."""
        ...


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

    @property
    def notes(self) -> tuple[str, ...]:
        """Statements that every output repeats."""
        ...

    @property
    def language(self) -> Literal["en", "fi"]:
        """Of the report and the workbook."""
        ...

    @property
    def translations(self) -> Mapping[Any, Translation]:
        """The same in other languages, by code."""
        ...


class Case(Protocol):
    """A case that was run."""

    @property
    def settings(self) -> Settings:
        """What it says of itself."""
        ...

    @property
    def evidence(self) -> object:
        """Where the effect comes from."""
        ...


class Target(Protocol):
    """A number of units that was promised, whatever would have happened anyway."""

    @property
    def name(self) -> str:
        """What was to be reached."""
        ...

    @property
    def promised(self) -> float:
        """Units over the cohort."""
        ...

    @property
    def source(self) -> str:
        """Where promise and count were read."""
        ...

    @property
    def verified(self) -> bool:
        """Whether somebody can look the numbers up."""
        ...


class Verdict(Protocol):
    """A gross target and what was reached, draw by draw."""

    @property
    def target(self) -> Target:
        """What was promised."""
        ...

    @property
    def reached(self) -> Any:
        """Units over the cohort, shape (draw,)."""
        ...

    @property
    def probability_met(self) -> float:
        """The share of draws in which the target is reached."""
        ...


class Varied(Protocol):
    """A run under other assumptions about the evidence; draws kept."""

    @property
    def correlation(self) -> float | None:
        """Between the errors of the estimates; None: as published."""
        ...

    @property
    def variation(self) -> float | None:
        """Coefficient of variation of estimates without a published error; None: as stated."""
        ...

    @property
    def payments(self) -> Any:
        """Outcome payments, shape (draw,), or None."""
        ...

    @property
    def saved(self) -> Any:
        """What the public purse saves, shape (draw,), or None."""
        ...

    @property
    def loses(self) -> Any:
        """Whether the investors lose money, shape (draw,), or None."""
        ...

    @property
    def overpays(self) -> Mapping[str, Any]:
        """By payer: whether it pays more than it saves, shape (draw,)."""
        ...

    @property
    def assumed(self) -> str:
        """What was assumed of evidence that is not published; empty for published evidence."""
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


class Positions(ByPayer, Protocol):
    """Savings less payments and costs by payer, and these themselves."""

    @property
    def saved(self) -> Mapping[str, Any]:
        """Discounted savings of each payer, draws."""
        ...

    @property
    def paid(self) -> Mapping[str, Any]:
        """Discounted payments of each payer, draws."""
        ...

    @property
    def spent(self) -> Mapping[str, Any]:
        """Discounted costs beside payments of each payer, draws."""
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
    def design(self) -> object | None:
        """The design with its evidence, where one was fitted."""
        ...

    @property
    def fit(self) -> EffectFit | None:
        """The fit of the design."""
        ...

    @property
    def diagnostics(self) -> Diagnostics | None:
        """Checks of the fit, where one was made."""
        ...

    @property
    def evidence_report(self) -> object | None:
        """What the evidence brings beside the effect; see `impactmodel.report.evidence_section`."""
        ...

    @property
    def paid_on(self) -> Outcomes:
        """The outcomes that the contract pays on."""
        ...

    @property
    def beside(self) -> Mapping[str, Savings]:
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
    def savings(self) -> Savings | None:
        """Public savings."""
        ...

    @property
    def net(self) -> Positions | None:
        """Public savings less outcome payments."""
        ...

    @property
    def budget(self) -> xr.DataArray | None:
        """Savings, payments and costs, dims ``draw, payer, year, item``."""
        ...

    @property
    def costs(self) -> tuple[PublicCost, ...]:
        """What payers spend beside outcome payments."""
        ...

    @property
    def limits(self) -> tuple[LimitTest, ...]:
        """What payers spend, against what they have set aside."""
        ...

    @property
    def assessment(self) -> Assessment | None:
        """For whom the programme pays, and what that hangs on."""
        ...

    @property
    def varied(self) -> tuple[Varied, ...]:
        """The run under other assumptions about published evidence."""
        ...

    @property
    def verdicts(self) -> tuple[Verdict, ...]:
        """Gross targets and what was reached."""
        ...

    @property
    def drivers(self) -> Drivers | None:
        """What drives the result, where there is a contract."""
        ...

    @property
    def impact(self) -> Impact | None:
        """What impact investors report beside money, where there is a contract."""
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
