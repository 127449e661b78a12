"""Running a case: evidence, effect, payments, returns and savings, one draw index throughout."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import impactmodel.effects as effects_room
from impactmodel.case import Case
from impactmodel.case_evidence import PublishedFigures, SavedOutcomes
from impactmodel.case_tables import Folder
from impactmodel.contract import NoiseRisk, OutcomePayments, paying_for_noise, payments
from impactmodel.core.errors import DiagnosticsError, InputError
from impactmodel.core.outcomes import Outcomes
from impactmodel.core.record import RunRecord
from impactmodel.drivers import Drivers, find_drivers
from impactmodel.finance import CashFlows, Enrolled, Impact, Returns, cashflows, returns
from impactmodel.fiscal import Savings, as_outcomes, budget, savings
from impactmodel.funding import cohort_of_fund
from impactmodel.levers import Parts
from impactmodel.public import NetPosition, net_position
from impactmodel.sensitivity import Varied, variants
from impactmodel.social import impact_of
from impactmodel.targets import TargetVerdict, judge

if TYPE_CHECKING:
    import xarray as xr

    from impactmodel.effects import Diagnostics, EffectFit

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
    paid_on
        The outcomes that the contract pays on: these, or those of public money.
    budget
        Savings and payments by payer and year, dims ``draw, payer, year, item``.
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
    enrolled: Enrolled | None
    paid_on: Outcomes
    payments: OutcomePayments | None
    noise: NoiseRisk | None
    flows: CashFlows | None
    returns: Returns | None
    savings: Savings | None
    net: NetPosition | None
    budget: xr.DataArray | None
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
    design: object | None = None
    fit: EffectFit | None = None

    @property
    def diagnostics(self) -> Diagnostics | None:
        return None if self.fit is None else self.fit.diagnostics


@dataclass(frozen=True, slots=True)
class _Money:
    """What a case makes of outcomes."""

    outcomes: Outcomes
    enrolled: Enrolled | None = None
    paid_on: Outcomes | None = None
    payments: OutcomePayments | None = None
    flows: CashFlows | None = None
    returns: Returns | None = None
    savings: Savings | None = None
    net: NetPosition | None = None


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
    settings, inputs = case.settings, dict(case.inputs)
    report("reading the evidence and estimating the effect", 0.05)
    found = _evidence(case, inputs)
    report("computing payments, returns and public savings", 0.7)
    money = _money(case, found.outcomes)
    outcomes, paid, saved = money.outcomes, money.payments, money.savings
    report("holding it against other assumptions", 0.85)
    beside = _beside(case, outcomes)
    varied = _varied(case)
    report("varying the inputs", 0.9)
    drivers = _drivers(case, found.outcomes)
    report("done", 1.0)
    failed, parts = _told(outcomes, found.diagnostics), _assuming(case, money)
    return CaseResult(
        case=case,
        outcomes=outcomes,
        design=found.design,
        fit=found.fit,
        diagnostics=found.diagnostics,
        enrolled=money.enrolled,
        paid_on=money.paid_on or outcomes,
        payments=paid,
        noise=_noise(case, money.paid_on or outcomes),
        flows=money.flows,
        returns=money.returns,
        savings=saved,
        net=money.net,
        budget=budget(saved, paid) if saved and paid else None,
        beside=beside,
        varied=varied,
        verdicts=tuple(judge(target, outcomes) for target in settings.targets),
        drivers=drivers,
        impact=_impact(case, money),
        record=RunRecord(settings.seed, inputs),
        assumptions=tuple(s for s in _once("assumptions", parts) if s not in failed),
        warnings=failed + _once("warnings", [paid, money.flows]),
        notes=settings.notes + (case.contract.notes if case.contract else ()),
    )


def _drivers(case: Case, outcomes: Outcomes) -> Drivers | None:
    if case.contract is None:
        return None
    outcomes = outcomes.starting(case.contract.start)
    return find_drivers(case.settings, Parts(outcomes, case.contract, case.funding, case.public))


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
    if case.contract is not None:
        outcomes = outcomes.starting(case.contract.start)
        _require_later(outcomes, case.contract.start)
        if case.funding is not None:
            outcomes, enrolled = cohort_of_fund(
                case.contract, outcomes, case.funding, seed=settings.seed
            )
    saved = None
    if case.public is not None:
        saved = savings(outcomes, case.public, seed=settings.seed)
    if case.contract is None:
        return _Money(outcomes, savings=saved)
    paid_on = as_outcomes(saved) if saved and settings.pays_on == "savings" else outcomes
    paid = payments(case.contract, paid_on, settings.view, seed=settings.seed)
    flows = earned = None
    if case.funding is not None:
        flows = cashflows(case.funding, paid, enrolment=enrolled, seed=settings.seed)
        earned = returns(flows, discount_rate=settings.discount_rate)
    net = net_position(saved, paid) if saved else None
    return _Money(outcomes, enrolled, paid_on, paid, flows, earned, saved, net)


def _require_later(outcomes: Outcomes, start: dt.date) -> None:
    """Raise if evidence of the calendar is over before anybody starts under the contract."""
    _, first_end = outcomes.periods.bounds()[0]
    if first_end <= start:
        raise InputError(
            f"the outcomes are those of the calendar from {outcomes.periods.start} on",
            key="contract.start",
            seen=str(start),
            fix="count them since the start (clock: since_start), or start the contract with them",
        )


def _varied(case: Case) -> tuple[Varied, ...]:
    """Run the case under other assumptions about its published evidence."""
    if not isinstance(case.evidence, PublishedFigures):
        return ()
    settings = case.settings
    found = []
    for rho, cv, published in variants(case.evidence.published, settings.sensitivity):
        money = _money(case, published.outcomes(settings.draws, settings.seed))
        positions = money.net.by_payer() if money.net else {}
        found.append(
            Varied(
                correlation=rho,
                variation=cv,
                payments=money.payments.total() if money.payments else None,
                saved=money.savings.total() if money.savings else None,
                loses=money.returns.loses if money.returns else None,
                overpays={name: draws < 0 for name, draws in positions.items()},
            )
        )
    return tuple(found)


def _assuming(case: Case, money: _Money) -> list[Any]:
    """Return the parts of a run that assume something."""
    stated = money.payments or money.outcomes.provenance
    return [stated, money.flows, money.savings, *case.settings.social_values]


def _once(name: str, parts: list[Any]) -> tuple[str, ...]:
    return tuple(
        dict.fromkeys(s for part in parts if part is not None for s in getattr(part, name))
    )


def _evidence(case: Case, inputs: dict[str, str]) -> _Estimated:
    settings, evidence, folder = case.settings, case.evidence, Folder(case.folder, inputs)
    if isinstance(evidence, PublishedFigures | SavedOutcomes):
        return _Estimated(evidence.outcomes(folder, settings.draws, settings.seed))
    if case.design is None:
        raise InputError("this evidence needs a design", key="design", fix="name one")
    design = evidence.read(folder).design(case.design)
    method = getattr(case.design, "method", None) or effects_room.default_method(
        design, seed=settings.seed, draws=settings.draws
    )
    fit = effects_room.fit(design, method)
    if settings.accept_checks:
        fit = fit.accept(settings.accept_checks)
    if case.contract is not None or case.public is not None:
        _require_sound(fit.diagnostics)
    return _Estimated(fit.outcomes, design, fit)


def _require_sound(diagnostics: Diagnostics) -> None:
    """Raise unless every failed check was accepted by name: no money is computed on others."""
    if diagnostics.stopping:
        failed = "; ".join(f"'{check.name}' ({check.text})" for check in diagnostics.stopping)
        raise DiagnosticsError(
            f"no money is computed on an effect whose checks failed: {failed}; change the design, "
            "or name each check with the reason why it may be used under 'accept_checks'"
        )


def _told(outcomes: Outcomes, diagnostics: Diagnostics | None) -> tuple[str, ...]:
    """Return what a reader must be told first of the checks: those that failed."""
    accepted = tuple(s for s in outcomes.provenance.assumptions if _ACCEPTED.match(s))
    stopping = () if diagnostics is None else diagnostics.stopping
    return accepted + tuple(f"the check '{c.name}' failed: {c.text}" for c in stopping)
