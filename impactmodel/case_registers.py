"""Evidence in registers as a case file states it: extracts, a study, a purpose."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from impactmodel.case_tables import Folder, Material
from impactmodel.core.errors import InputError
from impactmodel.core.measures import OutcomeMeasure
from impactmodel.core.schedule import Periods
from impactmodel.core.spec import dump, spec
from impactmodel.evidence import Cohort
from impactmodel.registers import (
    AgeAtEntry,
    AuditLog,
    DisclosureRules,
    DuckDbEngine,
    Engine,
    Gate,
    GroupCounts,
    Purpose,
    Source,
    Study,
    StudyData,
    YoungerThan,
    count_groups,
    linkage,
    read,
    study_data,
)
from impactmodel.registers.evidence_report import RegistersReport, eligible_people, flow_of
from impactmodel.registers.months import first_day
from impactmodel.registers.source_files import source_hashes
from impactmodel.registers.synthetic import SyntheticRegisters

if TYPE_CHECKING:
    from ibis.expr.types import Table

AUDIT = "audit.jsonl"
"""The audit log of a case that names none; it lies beside the case and outlives every result."""


@spec
class RegistersEvidence:
    """People of linked registers, followed from the month in which they could start.

    Parameters
    ----------
    study
        Who enters, when, and what is measured; see `impactmodel.registers.Study`.
    outcomes
        The study's outcomes to use, by name, with their kind and unit. Where they cover different
        months, ``periods`` must say what they stand for.
    purpose
        Under which the extracts were received. What it does not allow is refused.
    sources
        Declared extracts by name; paths start beside the case.
    synthetic
        In their place a synthetic city, written to a scratch folder and deleted after the run.
    engine
        Where it is computed.
    indicators
        Official indicators by target group and month, shown in the report.
    release
        The rules for every table of people that is shown.
    audit
        File of the audit log, beside the case; by default ``audit.jsonl``. Synthetic extracts are
        about nobody and leave no line unless a file is named.
    periods, price_base, source
        As in `CohortEvidence`; by default the months of the outcomes, since the start.
    """

    gives = Cohort

    study: Study
    outcomes: tuple[OutcomeMeasure, ...]
    purpose: Purpose
    sources: dict[str, Source] = field(default_factory=dict)
    synthetic: SyntheticRegisters | None = None
    engine: Engine = field(default_factory=DuckDbEngine)
    indicators: GroupCounts | None = None
    release: DisclosureRules = field(default_factory=DisclosureRules)
    audit: str = ""
    periods: Periods | None = None
    price_base: str = ""
    source: str = ""
    type: Literal["registers"] = field(default="registers", kw_only=True)

    def __post_init__(self) -> None:
        if bool(self.sources) == (self.synthetic is not None):
            raise InputError(
                "give exactly one of 'sources' and 'synthetic'",
                key="sources",
                seen="both" if self.sources else "neither",
            )
        if not self.outcomes:
            raise InputError("no outcome is named", key="outcomes", fix="name at least one")
        known = self.study.outcomes
        for place, outcome in enumerate(self.outcomes):
            if outcome.name not in known:
                raise InputError(
                    "the study has no such outcome",
                    key=f"outcomes[{place}].name",
                    seen=outcome.name,
                    fix=f"one of {', '.join(known)}",
                )
        self._periods()

    def read(self, folder: Folder) -> Material:
        """Read the extracts, link them and compute the study.

        Raises
        ------
        InputError
            For every fault of an extract, counted; for a use that the purpose does not allow,
            before a row is read; or for an outcome whose unit is not the study's.
        """
        with self._extracts(folder) as (sources, place):
            hashes = source_hashes(sources, place)
            if self.synthetic is None:
                folder.inputs |= hashes.files
            gate = Gate(self.purpose, "case", self._log(folder.path), hashes.sources)
            for output in folder.makes + (("indicators",) if self.indicators else ()):
                _require_allowed(gate, output)
            return self._material(_Extracts(sources, place, gate), folder)

    def _material(self, extracts: _Extracts, folder: Folder) -> Material:
        with self._tables(extracts) as tables:
            linked = linkage(
                tables,
                extracts.sources,
                self.study.population,
                birth=self._birth(),
                least=self.release.threshold,
            )
            indicators = self._indicators(tables)
            eligible = eligible_people(self.study.trials, tables, self.release.threshold)
            data = study_data(self.study, extracts.sources, tables, self.purpose)
        arms = data.frame["treated"].value_counts()
        counts = {"treated": int(arms[1]), "comparison": int(arms[0])}
        if indicators is not None:
            extracts.gate.use("indicators", indicators)
        for output in folder.makes:
            extracts.gate.use(output, data, counts)
        months = self.study.trials.window.months
        report = RegistersReport(
            linkage=linked,
            eligible=eligible,
            flow=flow_of(data, self.release),
            indicators=indicators,
            purpose=self.purpose,
            entry=(first_day(months.start), first_day(months.stop - 1)),
            extracted={name: source.extracted for name, source in extracts.sources.items()},
            synthetic=self._label(),
            audited=extracts.gate.log is not None,
        )
        return Material(
            data=self._cohort(data),
            periods=self._periods(),
            source=self._citation(),
            price_base=self.price_base,
            notes=(_SYNTHETIC,) if self.synthetic else (),
            made={"registers": dump(self.synthetic)} if self.synthetic else {},
            report=report,
        )

    @contextmanager
    def _extracts(self, folder: Folder) -> Iterator[tuple[Mapping[str, Source], Path]]:
        """Give the declarations and where their paths start; synthetic extracts are deleted."""
        if self.synthetic is None:
            yield self.sources, folder.path
            return
        with tempfile.TemporaryDirectory(prefix="impactmodel-synthetic-") as made:
            yield self.synthetic.write(Path(made)), Path(made)

    @contextmanager
    def _tables(self, extracts: _Extracts) -> Iterator[dict[str, Table]]:
        connection = self.engine.connect()
        try:
            yield {
                name: read(name, source, connection, extracts.place)
                for name, source in extracts.sources.items()
            }
        finally:
            if self.engine.type == "duckdb":
                connection.disconnect()

    def _indicators(self, tables: Mapping[str, Table]) -> Any:
        if self.indicators is None:
            return None
        least = max(self.indicators.minimum, self.release.threshold)
        return count_groups(replace(self.indicators, minimum=least), tables, self.purpose)

    def _cohort(self, data: StudyData) -> Cohort:
        for place, outcome in enumerate(self.outcomes):
            unit = data.units[outcome.name]
            stated = {"amount": outcome.currency, "days": "days", "binary": ""}
            wanted = stated.get(outcome.kind, unit)
            if wanted != unit:
                raise InputError(
                    f"the study measures '{outcome.name}' in {unit or 'yes and no'}",
                    key=f"evidence.outcomes[{place}].kind",
                    seen=f"{outcome.kind}, {outcome.unit}",
                    fix="state the kind and unit of the study's variable",
                )
        return Cohort.from_frame(
            data.frame,
            treatment="treated",
            outcomes=list(self.outcomes),
            covariates=list(self.study.covariates),
            group="group" if self.study.group else None,
        )

    def _periods(self) -> Periods:
        """Return the months of the outcomes, since the start."""
        if self.periods is not None:
            return self.periods
        measures = [self.study.outcomes[outcome.name] for outcome in self.outcomes]
        spans = {(measure.first, measure.last) for measure in measures}
        if len(spans) > 1:
            raise InputError(
                "the outcomes cover different months",
                key="periods",
                fix="state the period that they stand for",
            )
        first, last = spans.pop()
        start = first_day(self.study.trials.window.months.start + first)
        length = last - first + 1
        if length % 12 == 0:
            return Periods(start, "year", 1, "since_start", length // 12)
        return Periods(start, "month", 1, "since_start", length)

    def _log(self, folder: Path) -> AuditLog | None:
        if self.synthetic is not None and not self.audit:
            return None
        return AuditLog(folder / (self.audit or AUDIT), self.release.threshold)

    def _birth(self) -> str:
        """Return the population's day of birth, where the study or a group says which it is."""
        named = [*self.study.covariates.values()]
        named += [*(self.indicators.groups.values() if self.indicators else ())]
        for one in named:
            if isinstance(one, AgeAtEntry | YoungerThan) and one.source == self.study.population:
                return one.birth
        return ""

    def _label(self) -> str:
        if self.synthetic is None:
            return ""
        made = self.synthetic
        return (
            f"{made.residents:,} synthetic residents, {made.window.count} months, seed {made.seed}"
        )

    def _citation(self) -> str:
        stated = f"registers, data received for {self.purpose.purpose}"
        permit = f", permit {self.purpose.permit}" if self.purpose.permit else ""
        real = f"{self.source}; {stated}{permit}" if self.source else stated + permit
        return f"SYNTHETIC registers ({self._label()})" if self.synthetic else real


_SYNTHETIC = (
    "the registers of this case are synthetic: no row is of a real person, and no number that "
    "follows from them is a finding"
)


@dataclass(frozen=True, slots=True)
class _Extracts:
    """Extracts, where their paths start, and what each use of them passes."""

    sources: Mapping[str, Source]
    place: Path
    gate: Gate


def _require_allowed(gate: Gate, output: Any) -> None:
    """Refuse before a row is read what would be refused later; a refusal leaves its line."""
    try:
        gate.purpose.require_today(output)
    except InputError:
        gate.use(output, gate)
        raise
