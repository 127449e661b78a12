"""Running a case: evidence, effect, payments, returns and savings, one draw index throughout."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import impactmodel.effects as effects_room
from impactmodel.case import Case, CohortEvidence, PublishedFigures, SavedOutcomes
from impactmodel.contract import NoiseRisk, OutcomePayments, paying_for_noise, payments
from impactmodel.core.errors import InputError
from impactmodel.core.outcomes import Outcomes
from impactmodel.core.record import RunRecord, file_hash
from impactmodel.evidence import Cohort
from impactmodel.finance import CashFlows, Enrolled, Returns, cashflows, returns
from impactmodel.fiscal import Savings, savings
from impactmodel.funding import cohort_of_fund
from impactmodel.public import NetPosition, net_position

if TYPE_CHECKING:
    import pandas as pd

    from impactmodel.effects import Diagnostics

type Progress = Callable[[str, float], None]


@dataclass(frozen=True, slots=True)
class CaseResult:
    """Everything that a run made; what a case does not have is None.

    Parameters
    ----------
    outcomes
        Draws for the cohort that the contract counts.
    """

    case: Case
    outcomes: Outcomes
    diagnostics: Diagnostics | None
    enrolled: Enrolled | None
    payments: OutcomePayments | None
    noise: NoiseRisk | None
    flows: CashFlows | None
    returns: Returns | None
    savings: Savings | None
    net: NetPosition | None
    record: RunRecord
    assumptions: tuple[str, ...]
    warnings: tuple[str, ...]
    notes: tuple[str, ...]


def run_case(case: Case, *, progress: Progress | None = None) -> CaseResult:
    """Run a case.

    Parameters
    ----------
    progress
        Called with what is being done and the share that is done, in [0, 1].

    Raises
    ------
    InputError, JoinError, DiagnosticsError
        If parts of the case do not fit, or the fit failed its diagnostics.
    """
    report: Progress = progress or (lambda _step, _share: None)
    settings, inputs = case.settings, dict(case.inputs)
    report("reading the evidence and estimating the effect", 0.05)
    outcomes, diagnostics = _evidence(case, inputs)
    enrolled, paid, noise, flows, earned = None, None, None, None, None
    if case.contract is not None:
        report("computing outcome payments", 0.7)
        outcomes = outcomes.starting(case.contract.start)
        if case.funding is not None:
            outcomes, enrolled = cohort_of_fund(
                case.contract, outcomes, case.funding, seed=settings.seed
            )
        paid = payments(case.contract, outcomes, seed=settings.seed)
        if bool(outcomes.dataset["counterfactual_known"].all()):
            noise = paying_for_noise(case.contract, outcomes, seed=settings.seed)
    if case.funding is not None and paid is not None:
        report("computing cash flows and returns", 0.8)
        flows = cashflows(case.funding, paid, enrolment=enrolled, seed=settings.seed)
        earned = returns(flows, discount_rate=settings.discount_rate)
    saved = None
    if case.public is not None:
        report("computing public savings", 0.9)
        saved = savings(outcomes, case.public, seed=settings.seed)
    net = net_position(saved, paid) if saved is not None and paid is not None else None
    report("done", 1.0)
    return CaseResult(
        *(case, outcomes, diagnostics, enrolled, paid, noise, flows, earned, saved, net),
        record=RunRecord(settings.seed, inputs),
        assumptions=_once("assumptions", [paid or outcomes.provenance, flows, saved]),
        warnings=_once("warnings", [paid, flows]),
        notes=settings.notes + (case.contract.notes if case.contract else ()),
    )


def _once(name: str, parts: list[Any]) -> tuple[str, ...]:
    return tuple(
        dict.fromkeys(s for part in parts if part is not None for s in getattr(part, name))
    )


def _evidence(case: Case, inputs: dict[str, str]) -> tuple[Outcomes, Diagnostics | None]:
    settings = case.settings
    match case.evidence:
        case PublishedFigures(published=published):
            return published.outcomes(settings.draws, settings.seed), None
        case SavedOutcomes(file=name):
            path = case.folder / name
            outcomes = Outcomes.from_netcdf(path)
            inputs[name] = file_hash(path)
            return outcomes, None
        case CohortEvidence() as evidence:
            frame, source = _people(evidence, case, inputs)
            cohort = Cohort.from_frame(
                frame,
                treatment=evidence.treatment,
                outcomes=list(evidence.outcomes),
                covariates=list(evidence.covariates),
                group=evidence.group,
            )
            design = case.design.design(
                cohort, evidence.periods, source=source, price_base=evidence.price_base
            )
            method = case.design.method or effects_room.default_method(
                design, seed=settings.seed, draws=settings.draws
            )
            fit = effects_room.fit(design, method)
            return fit.outcomes, fit.diagnostics


def _people(
    evidence: CohortEvidence, case: Case, inputs: dict[str, str]
) -> tuple[pd.DataFrame, str]:
    if evidence.dataset:
        from impactmodel import datasets

        return datasets.load(evidence.dataset), "; ".join(datasets.info(evidence.dataset).citation)
    import pandas as pd

    path = case.folder / evidence.file
    try:
        frame = pd.read_csv(path)
    except (OSError, UnicodeDecodeError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is not a CSV table"
        raise InputError(
            f"the people cannot be read: {reason}",
            file=str(path),
            key="evidence.file",
            fix="check the path",
        ) from None
    inputs[evidence.file] = file_hash(path)
    return frame, evidence.source
