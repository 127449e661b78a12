"""A case: everything that one run needs, in one YAML file."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from impactmodel.contract import OutcomesContract
from impactmodel.core.errors import InputError
from impactmodel.core.measures import OutcomeMeasure
from impactmodel.core.record import file_hash
from impactmodel.core.schedule import Periods
from impactmodel.core.spec import load, spec
from impactmodel.core.summary import check_prob
from impactmodel.core.yaml import Document
from impactmodel.effects.choices import DesignChoice, ExperimentChoice
from impactmodel.evidence import PublishedEvidence
from impactmodel.finance import FundingStructure
from impactmodel.fiscal import PublicSide, RuleSide
from impactmodel.sensitivity import EvidenceSensitivity
from impactmodel.targets import GrossTarget

if TYPE_CHECKING:
    from collections.abc import Mapping

_SECTIONS = ("evidence", "design", "contract", "funding", "public", "beside")


@spec
class CohortEvidence:
    """People of a trial: a data set of the library or a CSV file beside the case.

    Parameters
    ----------
    treatment, covariates, group
        Column names; ``group`` is a site or target group.
    outcomes
        The outcomes to use, named as their columns.
    periods
        When the outcomes were measured; ``start`` is the day on which people started.
    dataset, file
        One of the two.
    price_base
        Price level of amounts.
    source
        Citation of a file; a data set brings its own.
    """

    treatment: str
    outcomes: tuple[OutcomeMeasure, ...]
    periods: Periods
    covariates: tuple[str, ...] = ()
    group: str | None = None
    dataset: str = ""
    file: str = ""
    price_base: str = ""
    source: str = ""
    type: Literal["cohort"] = field(default="cohort", kw_only=True)

    def __post_init__(self) -> None:
        _one_of(self.dataset, self.file, "dataset", "file")
        if not self.outcomes:
            raise InputError("no outcome is named", key="outcomes", fix="name at least one")


@spec
class PublishedFigures:
    """Published estimates: in the case itself or in a YAML file beside it."""

    published: PublishedEvidence
    type: Literal["published"] = field(default="published", kw_only=True)


@spec
class SavedOutcomes:
    """Draws of outcomes that an economist saved with ``Outcomes.to_netcdf``."""

    file: str
    type: Literal["outcomes"] = field(default="outcomes", kw_only=True)


type Evidence = Annotated[
    CohortEvidence | PublishedFigures | SavedOutcomes, Field(discriminator="type")
]


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
        Which assumptions about published evidence are varied.
    notes
        Statements that every output repeats, in order.
    translations
        Name and notes in Finnish (``fi``).
    """

    name: str
    seed: int = 1
    draws: int = 4000
    interval: float = 0.9
    discount_rate: float = 0.035
    view: Literal["expected", "measured"] | None = None
    pays_on: Literal["evidence", "savings"] = "evidence"
    targets: tuple[GrossTarget, ...] = ()
    sensitivity: EvidenceSensitivity = EvidenceSensitivity()
    notes: tuple[str, ...] = ()
    translations: dict[Literal["fi"], Translation] = field(default_factory=dict)

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
        How it is identified, for a cohort.
    contract, funding, public
        Each may be absent: a case without a contract ends with the effect.
    beside
        Other public sides by name: the same effect for other people or other payers, shown beside.
    folder
        Where files named in the case are looked for.
    inputs
        SHA-256 of every file that was read.
    """

    settings: Settings
    evidence: Evidence
    design: DesignChoice
    contract: OutcomesContract | None
    funding: FundingStructure | None
    public: PublicSide | None
    beside: Mapping[str, PublicSide]
    folder: Path
    inputs: Mapping[str, str]

    @classmethod
    def from_yaml(cls, path: str | Path) -> Case:
        """Read a case. A section may be the name of a YAML file beside the case.

        Raises
        ------
        InputError
            With file, line and key of whatever cannot be used.
        """
        path = Path(path)
        document = Document.read(path)
        if not isinstance(document.data, dict):
            raise InputError("a case is a mapping", file=str(path), fix="start with 'name: ...'")
        _refuse_unknown_sections(document)
        document.at("evidence")
        reader = _Reader(document, path.parent, {path.name: file_hash(path)})
        rest = {k: v for k, v in document.data.items() if k not in _SECTIONS}
        case = cls(
            settings=load(Settings, Document(rest, document.file, (), document.lines)),
            evidence=reader.section("evidence", Evidence, None),
            design=reader.section("design", DesignChoice, ExperimentChoice()),
            contract=reader.section("contract", OutcomesContract, None),
            funding=reader.section("funding", FundingStructure, None),
            public=reader.section("public", PublicSide, None),
            beside=reader.sections("beside", PublicSide),
            folder=path.parent,
            inputs=reader.inputs,
        )
        case._check_parts(document)
        return case

    def _check_parts(self, document: Document) -> None:
        pays_on_savings = self.settings.pays_on == "savings"
        for key, needs, missing, what in (
            ("funding", "contract", self.funding and not self.contract, "a fund"),
            ("beside", "public", self.beside and not self.public, "what stands beside"),
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


def _refuse_unknown_sections(document: Document) -> None:
    known = {f.name for f in fields(Settings)} | set(_SECTIONS)
    for key in document.data:
        if key not in known:
            near = get_close_matches(str(key), sorted(known), 1)
            raise InputError(
                "unknown key",
                file=document.file,
                key=str(key),
                line=document.line((key,)),
                fix=f"did you mean '{near[0]}'?" if near else "remove it",
            )


class _Reader:
    """Reads the sections of a case, inline or from files, and keeps the files' hashes."""

    def __init__(self, document: Document, folder: Path, inputs: dict[str, str]) -> None:
        self.document, self.folder, self.inputs = document, folder, inputs

    def section(self, key: str, cls: Any, default: Any) -> Any:
        if not self.document.has(key):
            return default
        return self._load(key, self.document.at(key), cls)

    def sections(self, key: str, cls: Any) -> dict[str, Any]:
        """Read a mapping of names to sections of one kind."""
        if not self.document.has(key):
            return {}
        parts = self.document.at(key)
        if not isinstance(parts.data, dict):
            raise InputError(
                "this is a mapping of names",
                file=parts.file,
                key=key,
                line=parts.line(()),
                fix="give each one a name",
            )
        return {name: self._load(key, parts.at(name), cls) for name in parts.data}

    def _load(self, key: str, part: Document, cls: Any) -> Any:
        if isinstance(part.data, str):
            part = self._file(part)
        elif key == "evidence" and part.has("published"):
            inner = part.at("published")
            if isinstance(inner.data, str):
                return PublishedFigures(load(PublishedEvidence, self._file(inner)))
        found = load(cls, part)
        if isinstance(found, RuleSide) and found.profile:
            name = found.profile
            try:
                found = found.read(self.folder)
            except InputError as error:
                raise error.located(key=".".join(map(str, (*part.path, "profile")))) from None
            self.inputs[name] = file_hash(self.folder / name)
        return found

    def _file(self, part: Document) -> Document:
        path = self.folder / part.data
        try:
            document = Document.read(path)
        except InputError as error:
            raise error.located(key=".".join(map(str, part.path))) from None
        self.inputs[part.data] = file_hash(path)
        return document


def _one_of(first: str, second: str, first_key: str, second_key: str) -> None:
    if bool(first) == bool(second):
        raise InputError(
            f"give exactly one of '{first_key}' and '{second_key}'",
            key=first_key,
            seen="both" if first else "neither",
        )
