"""Running a case: evidence, effect, payments, returns and savings, one draw index throughout."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import impactmodel.effects as effects_room
from impactmodel.accounts import Accounts
from impactmodel.assessment import Assessment, assess
from impactmodel.case import Case
from impactmodel.case_evidence import PublishedFigures
from impactmodel.case_tables import Material
from impactmodel.checking import read_evidence, require_runnable, require_sound
from impactmodel.contract import NoiseRisk, OutcomePayments, paying_for_noise
from impactmodel.core.errors import InputError
from impactmodel.core.money import same
from impactmodel.core.outcomes import Outcomes
from impactmodel.core.record import RunRecord
from impactmodel.drivers import Drivers, find_drivers
from impactmodel.finance import CashFlows, Enrolled, Impact, Returns, cashflows, returns
from impactmodel.fiscal import (
    LimitTest,
    PublicCost,
    Savings,
    against_limits,
    budget,
    savings,
)
from impactmodel.funding import cohort_of_fund
from impactmodel.levers import Parts
from impactmodel.position import Position
from impactmodel.public import NetPosition, net_position
from impactmodel.sensitivity import Varied, variants
from impactmodel.social import impact_of
from impactmodel.targets import TargetVerdict, judge

if TYPE_CHECKING:
    import xarray as xr

    from impactmodel.effects import Diagnostics, EffectFit
    from impactmodel.fiscal.budget_plan import DatedCost

_ACCEPTED = re.compile("the check '.+' failed and is accepted: |failed checks overridden: ")

type Progress = Callable[[str, float], None]


@dataclass(frozen=True, slots=True)
class CaseResult:
    """Everything that a run made; what a case does not have is None or empty.

    Parameters
    ----------
    outcomes
        Draws for the cohort that the contract counts.
    design, fit
        The design with its evidence and its fit, where one was made.
    evidence_report
        What the evidence brings beside the effect, such as the linkage of registers.
    paid_on
        The outcomes that the contract pays on: these, or those of public money.
    budget
        Savings, payments and costs by payer and year, dims ``draw, payer, year, item``.
    costs
        What payers spend beside outcome payments.
    limits
        What payers spend, against their appropriations and commitments.
    assessment
        For whom the programme pays, and what that hangs on.
    beside
        Savings on the other public sides of the case.
    varied
        The run under other assumptions about published evidence.
    verdicts
        Gross targets and what was reached.
    drivers
        What moves the result, and what investors need to break even.
    impact
        What impact investors report beside money.
    """

    case: Case
    outcomes: Outcomes
    design: object | None
    fit: EffectFit | None
    diagnostics: Diagnostics | None
    evidence_report: object | None
    enrolled: Enrolled | None
    paid_on: Outcomes
    payments: OutcomePayments | None
    noise: NoiseRisk | None
    flows: CashFlows | None
    returns: Returns | None
    savings: Savings | None
    net: NetPosition | None
    budget: xr.DataArray | None
    costs: tuple[PublicCost, ...]
    limits: tuple[LimitTest, ...]
    assessment: Assessment | None
    beside: Mapping[str, Savings]
    varied: tuple[Varied, ...]
    verdicts: tuple[TargetVerdict, ...]
    drivers: Drivers | None
    impact: Impact | None
    record: RunRecord
    assumptions: tuple[str, ...]
    warnings: tuple[str, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Estimated:
    """An effect, and how it was found where that was in this run."""

    outcomes: Outcomes
    case: Case
    design: object | None = None
    fit: EffectFit | None = None
    material: Material = field(default_factory=lambda: Material(None))

    @property
    def diagnostics(self) -> Diagnostics | None:
        return None if self.fit is None else self.fit.diagnostics


@dataclass(frozen=True, slots=True)
class _Money:
    """What a case makes of outcomes."""

    outcomes: Outcomes
    accounts: Accounts
    enrolled: Enrolled | None = None
    paid_on: Outcomes | None = None
    payments: OutcomePayments | None = None
    flows: CashFlows | None = None
    returns: Returns | None = None
    savings: Savings | None = None
    net: NetPosition | None = None
    costs: tuple[DatedCost, ...] = ()

    @property
    def parts(self) -> list[Any]:
        """What brings assumptions and warnings of its own."""
        return [self.payments or self.outcomes.provenance, self.flows, self.savings]

    def budget(self) -> xr.DataArray | None:
        """Return savings, payments and costs by budget year, where there is a net position."""
        if self.savings is None or self.net is None:
            return None
        return budget(self.savings, self.payments, self.costs)


def run_case(case: Case, *, progress: Progress | None = None) -> CaseResult:
    """Run a case.

    Parameters
    ----------
    progress
        Called with what is being done and the share that is done, in [0, 1].

    Raises
    ------
    InputError, JoinError, DiagnosticsError
        If parts of the case do not fit, or money stands on an effect of which a check failed that
        the case does not accept.
    """
    report: Progress = progress or (lambda _step, _share: None)
    inputs = dict(case.inputs)
    report("reading the evidence and estimating the effect", 0.05)
    found = _evidence(case, inputs)
    case = found.case
    report("computing payments, returns and public savings", 0.7)
    money = _money(case, found.outcomes)
    outcomes = money.outcomes
    report("holding it against other assumptions", 0.85)
    beside = _beside(case, outcomes)
    varied = (*_varied(case), *_beside_evidence(case, found.material))
    report("varying the inputs", 0.9)
    found_drivers = _drivers(case, found.outcomes, money.accounts)
    report("done", 1.0)
    return _result(case, inputs, found, money, (beside, varied, found_drivers))


def _result(
    case: Case,
    inputs: dict[str, str],
    found: _Estimated,
    money: _Money,
    held_against: tuple[Mapping[str, Savings], tuple[Varied, ...], Drivers | None],
) -> CaseResult:
    beside, varied, drivers = held_against
    settings, outcomes, paid = case.settings, money.outcomes, money.payments
    years, plan = money.budget(), case.budget
    failed = _told(outcomes, found.diagnostics)
    return CaseResult(
        case=case,
        outcomes=outcomes,
        design=found.design,
        fit=found.fit,
        diagnostics=found.diagnostics,
        evidence_report=found.material.report,
        enrolled=money.enrolled,
        paid_on=money.paid_on or outcomes,
        payments=paid,
        noise=_noise(case, money.paid_on or outcomes),
        flows=money.flows,
        returns=money.returns,
        savings=money.savings,
        net=money.net,
        budget=years,
        costs=plan.costs if plan else (),
        limits=against_limits(years, plan) if plan and years is not None else (),
        assessment=_assessment(case, money, years),
        beside=beside,
        varied=varied,
        verdicts=tuple(judge(target, outcomes) for target in settings.targets),
        drivers=drivers,
        impact=_impact(case, money),
        record=RunRecord(settings.seed, inputs, dict(found.material.made)),
        assumptions=tuple(s for s in _assumptions(case, money) if s not in failed),
        warnings=failed + found.material.warnings + _once("warnings", [paid, money.flows]),
        notes=_notes(case, found.material),
    )


def _notes(case: Case, material: Material) -> tuple[str, ...]:
    return (*case.settings.notes, *material.notes, *(case.contract.notes if case.contract else ()))


def _assessment(case: Case, money: _Money, years: xr.DataArray | None) -> Assessment | None:
    """Appraise a case in which some payer pays or spends."""
    if money.savings is None or money.net is None or case.public is None or years is None:
        return None
    position = Position(money.outcomes, case.public, case.contract, money.costs, money.accounts)
    prob = case.settings.interval
    return assess(money.savings, money.net, years, position, flows=money.flows, prob=prob)


def _drivers(case: Case, outcomes: Outcomes, accounts: Accounts) -> Drivers | None:
    if case.contract is None:
        return None
    outcomes = outcomes.starting(case.contract.start)
    parts = Parts(outcomes, case.contract, case.funding, case.public, case.budget)
    return find_drivers(case.settings, parts, accounts)


def _impact(case: Case, money: _Money) -> Impact | None:
    if money.payments is None:
        return None
    return impact_of(
        money.outcomes,
        money.payments,
        money.flows,
        money.returns,
        money.enrolled,
        case.settings.social_values,
        seed=case.settings.seed,
    )


def _beside(case: Case, outcomes: Outcomes) -> dict[str, Savings]:
    seed = case.settings.seed
    return {name: savings(outcomes, side, seed=seed) for name, side in case.beside.items()}


def _noise(case: Case, paid_on: Outcomes) -> NoiseRisk | None:
    levels = bool(paid_on.dataset["counterfactual_known"].all())
    if case.contract is None or not levels or case.settings.view == "expected":
        return None
    return paying_for_noise(case.contract, paid_on, seed=case.settings.seed)


def _money(case: Case, outcomes: Outcomes) -> _Money:
    """Return what a case pays, earns and saves on outcomes."""
    settings, enrolled = case.settings, None
    on_savings = settings.pays_on == "savings"
    accounts = Accounts(view=settings.view, pays_on_savings=on_savings, seed=settings.seed)
    if case.contract is not None:
        outcomes = outcomes.starting(case.contract.start)
        outcomes, enrolled = cohort_of_fund(
            case.contract, outcomes, case.funding, seed=settings.seed
        )
    saved = None if case.public is None else accounts.savings(outcomes, case.public)
    costs = _costs(case, saved)
    if case.contract is None:
        net = net_position(saved, None, costs) if saved and costs else None
        return _Money(outcomes, accounts, savings=saved, net=net, costs=costs)
    paid_on = accounts.paid_on(outcomes, case.public)
    paid = accounts.payments(case.contract, outcomes, case.public)
    flows = earned = None
    if case.funding is not None:
        flows = cashflows(case.funding, paid, enrolment=enrolled, seed=settings.seed)
        earned = returns(flows, discount_rate=settings.discount_rate)
    net = net_position(saved, paid, costs) if saved else None
    return _Money(outcomes, accounts, enrolled, paid_on, paid, flows, earned, saved, net, costs)


def _costs(case: Case, saved: Savings | None) -> tuple[DatedCost, ...]:
    """Return the draws of what payers spend beside outcome payments."""
    if case.budget is None or saved is None:
        return ()
    same("currency", case.budget.currency, saved.currency, "the budget", "the public side")
    first = saved.ledger.years[0]
    for place, cost in enumerate(case.budget.costs):
        if cost.date.year < first:
            raise InputError(
                f"a cost comes before {first}, to which everything is discounted",
                key=f"budget.costs[{place}].date",
                seen=cost.date,
                fix="date it with the first year, or later",
            )
    return tuple(case.budget.drawn(saved.n_draws, case.settings.seed))


def _varied(case: Case) -> tuple[Varied, ...]:
    """Run the case under other assumptions about its published evidence."""
    if not isinstance(case.evidence, PublishedFigures):
        return ()
    settings = case.settings
    found = []
    for rho, cv, published in variants(case.evidence.published, settings.sensitivity):
        money = _money(case, published.outcomes(settings.draws, settings.seed))
        found.append(_as_varied(money, correlation=rho, variation=cv))
    return tuple(found)


def _beside_evidence(case: Case, material: Material) -> tuple[Varied, ...]:
    """Run the case on what its evidence would say under other assumptions."""
    return tuple(
        _as_varied(_money(case, outcomes), assumed=assumed)
        for assumed, outcomes in material.beside.items()
    )


def _as_varied(
    money: _Money,
    *,
    correlation: float | None = None,
    variation: float | None = None,
    assumed: str = "",
) -> Varied:
    positions = money.net.by_payer() if money.net else {}
    return Varied(
        correlation=correlation,
        variation=variation,
        payments=money.payments.total() if money.payments else None,
        saved=money.savings.total() if money.savings else None,
        loses=money.returns.loses if money.returns else None,
        overpays={name: draws < 0 for name, draws in positions.items()},
        assumed=assumed,
    )


def _assumptions(case: Case, money: _Money) -> tuple[str, ...]:
    """Return what the parts of a run assume."""
    return _once("assumptions", [*money.parts, case.budget, *case.settings.social_values])


def _once(name: str, parts: list[Any]) -> tuple[str, ...]:
    return tuple(
        dict.fromkeys(s for part in parts if part is not None for s in getattr(part, name))
    )


def _evidence(case: Case, inputs: dict[str, str]) -> _Estimated:
    read = read_evidence(case, inputs)
    case = read.fixed(case)
    settings = case.settings
    money = case.contract is not None or case.public is not None
    if read.fit is not None and money:
        require_sound(read.fit)
    if read.outcomes is not None:
        require_runnable(case, read.outcomes)
    if read.outcomes is not None and read.design is None:
        return _Estimated(read.outcomes, case, material=read.material or Material(None))
    fit = read.fit or effects_room.fit(read.design, read.method)
    if settings.accept_checks and read.sampled:
        fit = fit.accept(settings.accept_checks)
    if money:
        require_sound(fit)
    return _Estimated(fit.outcomes, case, read.design, fit, read.material or Material(None))


def _told(outcomes: Outcomes, diagnostics: Diagnostics | None) -> tuple[str, ...]:
    """Return what a reader must be told first of the checks: those that failed."""
    accepted = tuple(s for s in outcomes.provenance.assumptions if _ACCEPTED.match(s))
    stopping = () if diagnostics is None else diagnostics.stopping
    return accepted + tuple(f"the check '{c.name}' failed: {c.text}" for c in stopping)
