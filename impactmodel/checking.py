"""Whether a case can be run: every fault that reading it shows, before anything is sampled."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import impactmodel.effects as effects_room
from impactmodel.case_clients import ClientsEvidence
from impactmodel.case_evidence import PublishedFigures, SavedOutcomes
from impactmodel.case_tables import Folder, Material
from impactmodel.case_terms import with_clients
from impactmodel.contract import OutcomesContract, payments
from impactmodel.core.errors import DiagnosticsError, ImpactModelError, InputError, Problem
from impactmodel.core.outcomes import Outcomes
from impactmodel.finance import Enrolled, cashflows
from impactmodel.fiscal import as_outcomes, savings
from impactmodel.funding import cohort_of_fund
from impactmodel.targets import judge

if TYPE_CHECKING:
    from impactmodel.case import Case
    from impactmodel.effects import EffectFit

# Parts that do not fit show in any draw.
_DRAWS = 100


@dataclass(frozen=True, slots=True)
class Read:
    """The evidence of a case as it is known before anything is sampled.

    Parameters
    ----------
    outcomes
        The effect where it is stated or has a closed form; draws from the priors otherwise, None
        where the priors give none that are outcomes.
    sampled
        Whether a sampler has to estimate the effect, so that ``outcomes`` are the priors'.
    design, method, fit
        The design with its evidence, how it is to be computed, and the closed form.
    material
        The evidence as it was read for the design.
    contract
        The contract of the case with the terms that the evidence gives.
    """

    outcomes: Outcomes | None
    sampled: bool = False
    design: object | None = None
    method: Any = None
    fit: EffectFit | None = None
    material: Material | None = None
    contract: OutcomesContract | None = None

    def fixed(self, case: Case) -> Case:
        """Return the case with the terms of its contract that the evidence gives."""
        return case if self.contract is None else replace(case, contract=self.contract)


def read_evidence(case: Case, inputs: dict[str, str]) -> Read:
    """Read the evidence of a case; whatever needs no sampler is computed.

    Parameters
    ----------
    inputs
        Takes the SHA-256 of every file that is read.

    Raises
    ------
    InputError, NotIdentifiedError
        If the evidence cannot be read, or the design cannot be made of it.
    """
    settings, evidence = case.settings, case.evidence
    folder = Folder(
        case.folder,
        inputs,
        ("effect", "savings") if case.public else ("effect",),
        case.public,
        case.contract,
    )
    if isinstance(evidence, PublishedFigures | SavedOutcomes):
        return Read(evidence.outcomes(folder, settings.draws, settings.seed))
    if isinstance(evidence, ClientsEvidence):
        told = evidence.material(folder, settings.draws, settings.seed, settings.interval)
        contract = case.contract
        if contract is not None and settings.pays_on == "evidence":
            contract, told = with_clients(contract, told)
        return Read(told.data, material=told, contract=contract)
    if case.design is None:
        raise InputError("this evidence needs a design", key="design", fix="name one")
    material = evidence.read(folder)
    design = material.design(case.design)
    method = getattr(case.design, "method", None) or effects_room.default_method(
        design, seed=settings.seed, draws=settings.draws
    )
    if isinstance(method, effects_room.Sampler):
        return Read(_guess(design, settings.seed), True, design, method, material=material)
    fit = effects_room.fit(design, method)
    fit = fit.accept(settings.accept_checks) if settings.accept_checks else fit
    return Read(fit.outcomes, False, design, method, fit, material)


def _guess(design: object, seed: int) -> Outcomes | None:
    """Return outcomes of the shape that the design will give, drawn from its priors."""
    effects_room.default_method(design)  # raises where the design cannot be made
    try:
        return effects_room.prior_outcomes(design, draws=_DRAWS, seed=seed)
    except InputError:
        # Wide priors may leave what an outcome can be; the posterior need not.
        return None


@dataclass(slots=True)
class _Faults:
    """Runs steps and keeps what each one raises."""

    found: list[ImpactModelError] = field(default_factory=list)

    def step[T](self, run: Callable[[], T], under: str = "") -> T | None:
        try:
            return run()
        except InputError as error:
            self.found.append(error.located(key=under) if under else error)
        except ImpactModelError as error:
            self.found.append(error)
        return None


def faults_of(case: Case, outcomes: Outcomes) -> tuple[ImpactModelError, ...]:
    """Return why the parts of a case do not fit together, each part tried by itself.

    Parameters
    ----------
    outcomes
        Those of the evidence, or others of the same shape; a hundred draws are looked at.
    """
    settings, contract, faults, enrolled = case.settings, case.contract, _Faults(), None
    here = Outcomes(outcomes.dataset.isel(draw=slice(0, _DRAWS)))
    for place, target in enumerate(settings.targets):
        faults.step(lambda one=target: judge(one, here), f"targets[{place}]")  # type: ignore[misc]
    if contract is not None:
        here = here.starting(contract.start)
        here, enrolled = _cohort(case, contract, here, faults)
    public = case.public
    saved = None
    if public is not None:
        saved = faults.step(lambda: savings(here, public, seed=settings.seed), "public")
    for name, side in case.beside.items():
        faults.step(
            lambda one=side: savings(here, one, seed=settings.seed),  # type: ignore[misc]
            f"beside.{name}",
        )
    if contract is None or (settings.pays_on == "savings" and saved is None):
        return tuple(faults.found)
    paid_on = as_outcomes(saved) if saved and settings.pays_on == "savings" else here
    _pay(case, contract, paid_on, enrolled, faults)
    return tuple(faults.found)


def _cohort(
    case: Case, contract: OutcomesContract, here: Outcomes, faults: _Faults
) -> tuple[Outcomes, Enrolled | None]:
    """Return the outcomes of the cohort of the contract; those given where it cannot be made."""
    faults.step(lambda: require_later(here, contract.start))
    made = faults.step(
        lambda: cohort_of_fund(contract, here, case.funding, seed=case.settings.seed), "contract"
    )
    return made or (here, None)


def _pay(
    case: Case,
    contract: OutcomesContract,
    paid_on: Outcomes,
    enrolled: Enrolled | None,
    faults: _Faults,
) -> None:
    settings, funding, before = case.settings, case.funding, len(faults.found)
    paid = faults.step(
        lambda: payments(contract, paid_on, settings.view, seed=settings.seed), "contract"
    )
    view = settings.view or ("measured" if contract.pays_on_impact else "expected")
    if paid is None and view == "measured":
        # Payments stop at the first thing that does not fit; the measured view is another.
        faults.step(lambda: paid_on.measured(1, seed=settings.seed), "evidence")
    if paid is not None and funding is not None and before == len(faults.found):
        faults.step(
            lambda: cashflows(funding, paid, enrolment=enrolled, seed=settings.seed), "funding"
        )


def examine(case: Case) -> tuple[Read | None, tuple[ImpactModelError, ...], str]:
    """Read the evidence of a case and try all that stands on it, without sampling.

    Returns
    -------
    tuple
        What was read; everything that a run would refuse; and, where the money could not be
        tried, why.
    """
    money = bool(case.contract or case.public)
    try:
        read = read_evidence(case, {})
        if read.fit is not None and money:
            require_sound(read.fit)
    except ImpactModelError as error:
        return None, (error,), "the evidence cannot be used" if money else ""
    if read.outcomes is None:
        why = "the priors of the design give no outcomes to try it on" if money else ""
        return read, (), why
    return read, faults_of(read.fixed(case), read.outcomes), ""


def require_later(outcomes: Outcomes, start: dt.date) -> None:
    """Raise if evidence of the calendar is over before anybody starts under the contract.

    Raises
    ------
    InputError
        Names the start of both.
    """
    _, first_end = outcomes.periods.bounds()[0]
    if first_end <= start:
        raise InputError(
            f"the outcomes are those of the calendar from {outcomes.periods.start} on",
            key="contract.start",
            seen=str(start),
            fix="count them since the start (clock: since_start), or start the contract with them",
        )


def require_runnable(case: Case, outcomes: Outcomes) -> None:
    """Raise with every fault of `faults_of`: a single one as it is, several as one error."""
    found = faults_of(case, outcomes)
    if len(found) == 1:
        raise found[0]
    if found:
        raise InputError.of([problem for error in found for problem in problems_of(error)])


def problems_of(error: ImpactModelError) -> tuple[Problem, ...]:
    """Return the problems of an error; one where it is of another kind than `InputError`."""
    return error.problems if isinstance(error, InputError) else (Problem(str(error)),)


def require_sound(fit: EffectFit) -> None:
    """Raise unless every failed check was accepted by name: no money is computed on others.

    Raises
    ------
    DiagnosticsError
        Names the checks.
    """
    if fit.diagnostics.stopping:
        failed = "; ".join(f"'{check.name}' ({check.text})" for check in fit.diagnostics.stopping)
        raise DiagnosticsError(
            f"no money is computed on an effect whose checks failed: {failed}; change the design, "
            "or name each check with the reason why it may be used under 'accept_checks'"
        )
