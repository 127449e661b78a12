"""A case: everything that one run needs, in one YAML file."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from impactmodel.case_evidence import Evidence, PublishedFigures, Studies
from impactmodel.case_tables import CohortEvidence
from impactmodel.contract import OutcomesContract, open_terms
from impactmodel.core.errors import InputError, Problem
from impactmodel.core.record import file_hash
from impactmodel.core.spec import load, spec
from impactmodel.core.summary import check_prob
from impactmodel.core.yaml import Document, key_path, key_text
from impactmodel.effects.choices import DesignChoice, ExperimentChoice, designs_for
from impactmodel.evidence import PublishedEvidence
from impactmodel.finance import FundingStructure
from impactmodel.fiscal import BudgetPlan, PublicSide, RuleSide
from impactmodel.sensitivity import Sensitivity
from impactmodel.social import SocialValue
from impactmodel.targets import GrossTarget

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_SECTIONS = ("evidence", "design", "contract", "funding", "public", "beside", "budget")


@spec
class Translation:
    """What a case says of itself in another language.

    Parameters
    ----------
    name, notes
        The title and the notes, in their order.
    words
        Words of this language for names of outcomes, targets, payers and lines.
    """

    name: str
    notes: tuple[str, ...] = ()
    words: dict[str, str] = field(default_factory=dict)


@spec
class Settings:
    """What a case says of itself.

    Parameters
    ----------
    name
        Title of the report.
    seed
        Seed of the whole run.
    draws
        Draws where the library makes them from published figures or a closed form.
    interval
        Probability of every interval that is reported.
    discount_rate
        Of the investors' net present value, per year.
    view
        Whether payments are computed at the expected or at simulated measured outcomes; by
        default as measured for a contract on measured impact. See `impactmodel.contract.payments`.
    pays_on
        Whether the contract pays on outcomes of the ``evidence`` or on the public money of the
        public side (``savings``): ``tax``, ``benefit``; see `impactmodel.fiscal.as_outcomes`.
    targets
        What was promised in gross numbers.
    sensitivity
        Which assumptions about published evidence, and which inputs, are varied.
    social_values
        What one more unit of an outcome is worth to society; see `SocialValue`.
    accept_checks
        Failed checks of the design that may not stop the money, by name, each with the reason;
        every output repeats it.
    notes
        Statements that every output repeats, in order.
    translations
        Name and notes in Finnish (``fi``).
    language
        Of the report and the workbook; the brief then has it first. What the case types itself
        stays as typed, or stands as the case translates it.
    """

    name: str
    seed: int = 1
    draws: int = 4000
    interval: float = 0.9
    discount_rate: float = 0.035
    view: Literal["expected", "measured"] | None = None
    pays_on: Literal["evidence", "savings"] = "evidence"
    targets: tuple[GrossTarget, ...] = ()
    sensitivity: Sensitivity = field(default_factory=Sensitivity)
    social_values: tuple[SocialValue, ...] = ()
    accept_checks: dict[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    translations: dict[Literal["fi"], Translation] = field(default_factory=dict)
    language: Literal["en", "fi"] = "en"

    def __post_init__(self) -> None:
        check_prob(self.interval)
        if not 100 <= self.draws <= 1_000_000:
            raise InputError(
                "too few or too many draws",
                key="draws",
                seen=self.draws,
                fix="give between 100 and 1,000,000",
            )
        if self.seed < 0:
            raise InputError("a seed is not negative", key="seed", seen=self.seed)
        for name, reason in self.accept_checks.items():
            if not reason.strip():
                raise InputError(
                    "a check is accepted for a reason", key=f"accept_checks.{name}", fix="say why"
                )
        for language, translation in self.translations.items():
            if len(translation.notes) != len(self.notes):
                raise InputError(
                    "every note needs its translation",
                    key=f"translations.{language}.notes",
                    seen=f"{len(translation.notes)} of {len(self.notes)}",
                )


@dataclass(frozen=True, slots=True)
class Case:
    """One run: evidence, and what stands on it.

    Parameters
    ----------
    settings
        Name, seed, draws, interval.
    evidence
        Where the effect comes from.
    design
        How it is identified; None where the evidence states an effect. By default a cohort is a
        randomised experiment.
    contract, funding, public
        Each may be absent: a case without a contract ends with the effect.
    beside
        Other public sides by name: the same effect for other people or other payers, shown beside.
    budget
        What payers spend beside outcome payments, and what they have set aside.
    folder
        Where files named in the case are looked for.
    inputs
        SHA-256 of every file that was read.
    """

    settings: Settings
    evidence: Evidence
    design: DesignChoice | None
    contract: OutcomesContract | None
    funding: FundingStructure | None
    public: PublicSide | None
    beside: Mapping[str, PublicSide]
    budget: BudgetPlan | None
    folder: Path
    inputs: Mapping[str, str]

    @classmethod
    def from_yaml(cls, path: str | Path) -> Case:
        """Read a case. A section may be the name of a YAML file beside the case.

        Raises
        ------
        InputError
            With file, line and key of everything that cannot be used, section by section.
        """
        path = Path(path)
        document = Document.read(path)
        if not isinstance(document.data, dict):
            raise InputError("a case is a mapping", file=str(path), fix="start with 'name: ...'")
        reader = _Reader(document, path.parent, {path.name: file_hash(path)})
        reader.problems += _unknown_sections(document)
        reader.kept(partial(document.at, "evidence"), None)
        own = {f.name for f in fields(Settings)}
        rest = {k: v for k, v in document.data.items() if k in own}
        settings = reader.kept(
            lambda: load(Settings, Document(rest, document.file, (), document.lines)), None
        )
        evidence = reader.section("evidence", Evidence, None)
        assumed = ExperimentChoice() if isinstance(evidence, CohortEvidence) else None
        parts = {
            "design": reader.section("design", DesignChoice, assumed),
            "contract": reader.section("contract", OutcomesContract, None),
            "funding": reader.section("funding", FundingStructure, None),
            "public": reader.section("public", PublicSide, None),
            "beside": reader.sections("beside", PublicSide),
            "budget": reader.section("budget", BudgetPlan, None),
        }
        reader.require_sound()
        case = cls(settings, evidence, folder=path.parent, inputs=reader.inputs, **parts)
        for check in (case._check_design, case._check_parts):
            reader.kept(partial(check, document), None)
        reader.require_sound()
        return case

    def _check_design(self, document: Document) -> None:
        """Raise unless the design reads this evidence, or none is given where it states effects."""
        kind, choice = self.evidence.type, self.design
        known = designs_for(getattr(self.evidence, "gives", None))
        found, key, fix = "", "design.type", f"use one of {', '.join(known)}"
        if not known and choice is not None:
            found, fix = f"evidence of type '{kind}' states its effect, it takes no design", ""
        elif not known and self.settings.accept_checks:
            found, key, fix = "no design is checked here", "accept_checks", ""
        elif known and choice is None:
            found, key = f"evidence of type '{kind}' needs a design", "design"
        elif choice is not None and choice.type not in known:
            found = f"the design '{choice.type}' does not read evidence of type '{kind}'"
        if found:
            raise InputError(
                found,
                file=document.file,
                key=key,
                line=document.line(tuple(key.split("."))),
                fix=fix or "remove it",
            )

    def _check_parts(self, document: Document) -> None:
        pays_on_savings = self.settings.pays_on == "savings"
        for key, needs, missing, what in (
            ("funding", "contract", self.funding and not self.contract, "a fund"),
            ("beside", "public", self.beside and not self.public, "what stands beside"),
            ("budget", "public", self.budget and not self.public, "a budget"),
            ("pays_on", "public", pays_on_savings and not self.public, "a contract on savings"),
        ):
            if missing:
                pays = " that pays it" if key == "funding" else ""
                raise InputError(
                    f"{what} needs a {needs}{' side' if needs == 'public' else ''}{pays}",
                    file=document.file,
                    key=key,
                    line=document.line((key,)),
                    fix=f"add '{needs}', or remove '{key}'",
                )
        taken = open_terms(self.contract) if self.contract else ()
        if taken and self.evidence.type != "clients":
            key = f"contract.{taken[0]}"
            raise InputError(
                "a term from the case mix needs evidence of type 'clients'",
                file=document.file,
                key=key,
                line=document.line(key_path(key)),
                fix="state the numbers",
            )


def _unknown_sections(document: Document) -> list[Problem]:
    known = {f.name for f in fields(Settings)} | set(_SECTIONS)
    found = []
    for key in document.data:
        if key not in known:
            near = get_close_matches(str(key), sorted(known), 1)
            fix = f"did you mean '{near[0]}'?" if near else "remove it"
            line = document.line((key,))
            found.append(Problem("unknown key", fix, "", str(key), document.file, line))
    return found


class _Reader:
    """Reads the sections of a case, inline or from files; keeps files' hashes and all faults."""

    def __init__(self, document: Document, folder: Path, inputs: dict[str, str]) -> None:
        self.document, self.folder, self.inputs = document, folder, inputs
        self.problems: list[Problem] = []

    def kept(self, read: Callable[[], Any], default: Any) -> Any:
        """Return what is read; where it cannot be, keep the problems and return the default."""
        try:
            return read()
        except InputError as error:
            self.problems += error.problems
            return default

    def require_sound(self) -> None:
        """Raise with every problem that was kept."""
        if self.problems:
            raise InputError.of(self.problems)

    def section(self, key: str, cls: Any, default: Any) -> Any:
        if not self.document.has(key):
            return default
        return self.kept(lambda: self._load(key, self.document.at(key), cls), default)

    def sections(self, key: str, cls: Any) -> dict[str, Any]:
        """Read a mapping of names to sections of one kind."""
        if not self.document.has(key):
            return {}
        parts = self.document.at(key)
        if not isinstance(parts.data, dict):
            what, fix = "this is a mapping of names", "give each one a name"
            self.problems.append(Problem(what, fix, "", key, parts.file, parts.line(())))
            return {}
        return {
            name: self.kept(partial(self._load, key, parts.at(name), cls), None)
            for name in parts.data
        }

    def _load(self, key: str, part: Document, cls: Any) -> Any:
        if isinstance(part.data, str):
            part = self._file(part)
        elif key == "evidence" and part.has("published"):
            inner = part.at("published")
            if isinstance(inner.data, str):
                return PublishedFigures(load(PublishedEvidence, self._file(inner)))
        elif key == "evidence" and part.has("studies"):
            return self._studies(part)
        found = load(cls, part)
        if isinstance(found, RuleSide):
            found = self._side(found, part)
        return found

    def _side(self, side: RuleSide, part: Document) -> RuleSide:
        """Read the files that a public side names, and keep their hashes."""
        files = side.files
        for key, name in files.items():
            try:
                side = side.read_one(key, self.folder)
            except InputError as error:
                raise error.located(key=key_text((*part.path, key))) from None
            self.inputs[name] = file_hash(self.folder / name)
        try:
            side.rules()
        except InputError as error:
            file = str(self.folder / files["reform"]) if "reform" in files else part.file
            raise error.located(file=file) from None
        return side

    def _studies(self, part: Document) -> Studies:
        """Read studies, each inline or from a file of its own."""
        each = part.at("studies")
        if not isinstance(each.data, list):
            raise InputError(
                "this is a list of studies",
                file=part.file,
                key="studies",
                line=each.line(each.path),
            )
        studies = []
        for place, data in enumerate(each.data):
            one = each.at(place)
            studies.append(
                load(PublishedEvidence, self._file(one) if isinstance(data, str) else one)
            )
        rest = Document({**part.data, "studies": []}, part.file, part.path, part.lines)
        return dataclasses.replace(load(Studies, rest), studies=tuple(studies))

    def _file(self, part: Document) -> Document:
        path = self.folder / part.data
        try:
            document = Document.read(path)
        except InputError as error:
            raise error.located(key=key_text(part.path)) from None
        self.inputs[part.data] = file_hash(path)
        return document
