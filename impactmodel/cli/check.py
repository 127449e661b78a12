"""Checking a file without running it: what a run would refuse, and what the linter finds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from impactmodel.cli.kinds import is_netcdf, kind_of
from impactmodel.cli.terminal import say, say_json
from impactmodel.core.errors import InputError, Problem
from impactmodel.core.spec import load
from impactmodel.core.yaml import Document, key_path

if TYPE_CHECKING:
    from impactmodel.case import Case
    from impactmodel.contract import Finding, OutcomesContract
    from impactmodel.core.outcomes import Outcomes

_WORDS = {
    "case": "a case",
    "contract": "a contract",
    "fund": "a funding structure",
    "evidence": "published evidence",
    "outcomes": "draws of outcomes",
    "indigo": "an INDIGO project",
}


@dataclass(frozen=True, slots=True)
class Found:
    """One finding: ``error`` makes a file unusable, ``warning`` needs an answer."""

    level: Literal["error", "warning"]
    text: str
    key: str = ""
    line: int | None = None
    file: str = ""

    def sentence(self) -> str:
        """Say it on one line."""
        place = [self.file] if self.file else []
        place += [f"line {self.line}"] if self.line is not None else []
        place += [self.key] if self.key else []
        head = ", ".join(place)
        return f"{self.level.capitalize()}: {head + ': ' if head else ''}{self.text}."


def check_file(path: Path, *, as_json: bool) -> bool:
    """Check a file, write what is found to the output stream, and say whether it can be used.

    Raises
    ------
    InputError
        If the file cannot be read at all, or is of no known kind.
    """
    kind, findings = _examined(path)
    usable = all(f.level != "error" for f in findings)
    if as_json:
        rows = [asdict(f) for f in findings]
        say_json({"file": str(path), "kind": kind, "usable": usable, "findings": rows})
        return usable
    say(f"{path} was read as {_WORDS[kind]}.")
    for finding in findings:
        say(finding.sentence())
    if not findings:
        say("Nothing was found.")
    return usable


def _examined(path: Path) -> tuple[str, list[Found]]:
    if is_netcdf(path):
        from impactmodel.core.outcomes import Outcomes

        try:
            return "outcomes", _outcomes(Outcomes.from_netcdf(path))
        except InputError as error:
            return "outcomes", _errors(error, path)
    if path.suffix.lower() == ".json":
        return "indigo", _indigo(path)
    document = Document.read(path)
    kind = kind_of(document)
    try:
        return kind, _document(kind, document, path)
    except InputError as error:
        return kind, _errors(error, path)


def _document(kind: str, document: Document, path: Path) -> list[Found]:
    if kind == "case":
        from impactmodel.case import Case

        return _case(Case.from_yaml(path), document, path)
    if kind == "contract":
        from impactmodel.contract import OutcomesContract

        return _contract(load(OutcomesContract, document), document)
    if kind == "fund":
        from impactmodel.finance import FundingStructure

        load(FundingStructure, document)
        return []
    from impactmodel.evidence import PublishedEvidence

    return [Found("warning", said) for said in load(PublishedEvidence, document).assumptions]


def _case(case: Case, document: Document, path: Path) -> list[Found]:
    """Return what a run would refuse, and what the linter finds with the evidence at hand.

    The effect itself is looked at where it needs no sampler.
    """
    from impactmodel.checking import examine, problems_of

    read, faults, untried = examine(case)
    problems = [problem for error in faults for problem in problems_of(error)]
    found = [_error(_placed(problem, document), str(path)) for problem in problems]
    if untried:
        text = f"whether contract, funding and public money fit it was not checked: {untried}"
        found.append(Found("warning", text, "evidence", document.line(("evidence",))))
    case = case if read is None else read.fixed(case)
    if case.contract is None:
        return found
    if found or read is None or read.outcomes is None:
        return found + _contract(case.contract, document, "contract")
    if read.sampled:
        from impactmodel.contract.linting_evidence import check_windows

        # The priors tell what is measured when, not what is expected.
        early = check_windows(case.contract, read.outcomes)
        found = _keyed(early, document, "contract")
        return found + _contract(case.contract, document, "contract")
    return _contract(
        case.contract, document, "contract", _paid_on(case, case.contract, read.outcomes)
    )


def _paid_on(case: Case, contract: OutcomesContract, outcomes: Outcomes) -> Outcomes | None:
    """Return the outcomes for the linter; None where the contract pays on public money."""
    if case.settings.pays_on == "savings":
        return None
    from impactmodel.funding import cohort_of_fund

    outcomes = outcomes.starting(contract.start)
    return cohort_of_fund(contract, outcomes, case.funding, seed=case.settings.seed)[0]


def _placed(problem: Problem, document: Document) -> Problem:
    """Return a problem of the case with the line of its key."""
    if problem.line is not None or problem.file not in {"", document.file}:
        return problem
    return replace(problem, line=document.line(key_path(problem.key)))


def _contract(
    contract: OutcomesContract,
    document: Document,
    under: str = "",
    outcomes: Outcomes | None = None,
) -> list[Found]:
    from impactmodel.contract import check

    return _keyed(check(contract, outcomes), document, under)


def _keyed(findings: Iterable[Finding], document: Document, under: str) -> list[Found]:
    found = []
    for finding in findings:
        key = ".".join(part for part in (under, finding.key) if part)
        found.append(Found(finding.level, finding.text, key, document.line(key_path(key))))
    return found


def _indigo(path: Path) -> list[Found]:
    """Return the faults of a record as warnings: it can be read although it contradicts itself."""
    from impactmodel.contract import indigo_findings, read_indigo

    try:
        problems = indigo_findings(read_indigo(path))
    except InputError as error:
        return _errors(error, path)
    return [replace(_error(problem, str(path)), level="warning") for problem in problems]


def _outcomes(outcomes: Outcomes) -> list[Found]:
    about = outcomes.provenance
    found = [Found("warning", said) for said in about.assumptions]
    if about.diagnostics.startswith("overridden"):
        found.append(Found("warning", f"diagnostics {about.diagnostics}"))
    if about.diagnostics.startswith("failed"):
        found.insert(0, Found("error", f"diagnostics {about.diagnostics}"))
    if "covariance" not in outcomes.dataset:
        text = "there is no spread between people, so no measured view of a contract"
        found.append(Found("warning", text, "covariance"))
    return found


def _errors(error: InputError, path: Path) -> list[Found]:
    return [_error(problem, str(path)) for problem in error.problems]


def _error(problem: Problem, file: str) -> Found:
    seen = f" (seen: {problem.seen})" if problem.seen else ""
    fix = f"; {problem.fix}" if problem.fix else ""
    text = f"{problem.what}{seen}{fix}"
    other = "" if problem.file == file else problem.file
    return Found("error", text, problem.key, problem.line, other)
