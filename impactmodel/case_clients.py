"""Evidence on clients as a case file states it: who they are, a plan of places, and their use."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field

from impactmodel.case_refusals import refused
from impactmodel.case_registers import AUDIT
from impactmodel.case_tables import Folder, Material
from impactmodel.clients.anticipation import Aware
from impactmodel.clients.clients import Clients, ClientTable
from impactmodel.clients.effect_draws import NOTHING_HIDDEN, EffectDraws
from impactmodel.clients.effect_hidden import hidden_warning
from impactmodel.clients.effect_outcomes import as_outcomes
from impactmodel.clients.letter_sample import LetterWords
from impactmodel.clients.plan import PlacesPlan
from impactmodel.clients.story import ClientStory, Telling, tell
from impactmodel.clients.synthetic import SyntheticClients
from impactmodel.clients.target import Target
from impactmodel.clients.use import OUTPUT, ClientUse
from impactmodel.clients.worth import Purse
from impactmodel.core.errors import InputError
from impactmodel.core.measures import OutcomeMeasure
from impactmodel.core.outcomes import Outcomes, Provenance
from impactmodel.core.schedule import Periods
from impactmodel.core.spec import dump, spec
from impactmodel.evidence.columns import Table
from impactmodel.fiscal import RuleSide
from impactmodel.registers import AuditLog, DisclosureRules, Gate, Purpose, under

if TYPE_CHECKING:
    import pandas as pd

_SYNTHETIC = (
    "The clients of this case are synthetic: no row is of a real person, and no number that "
    "follows from them is a finding."
)


@dataclass(frozen=True, slots=True)
class ReadClients:
    """Clients with what a story needs beside them."""

    clients: Clients
    employed: npt.NDArray[np.float64] | None


@spec
class ClientFile:
    """A CSV file of clients, a row each, beside the case.

    Parameters
    ----------
    file
        Its path.
    table, targets
        What is declared of it; nothing else is read.
    population
        Who they are, in words.
    months
        Columns of employment, 0 or 1, in each month after the index date; may be empty.
    """

    file: str
    table: ClientTable
    targets: tuple[Target, ...]
    population: str
    months: tuple[str, ...] = ()
    type: Literal["file"] = field(default="file", kw_only=True)

    @property
    def label(self) -> str:
        """What is said of synthetic clients: nothing, for these are real."""
        return ""

    def frame(self, folder: Folder) -> pd.DataFrame:
        """Return the rows of the file, with index dates and days of recording as dates."""
        import pandas as pd

        frame, _ = folder.table("", self.file, "")
        dates = [self.table.index, *(f.recorded for f in self.table.features.values())]
        for name in filter(None, dates):
            if name in frame:
                try:
                    frame[name] = pd.to_datetime(frame[name], format="%Y-%m-%d").dt.date
                except (TypeError, ValueError):
                    raise InputError(
                        "this column holds something else than days", key=name, fix="use YYYY-MM-DD"
                    ) from None
        return frame

    def read(self, frame: pd.DataFrame) -> ReadClients:
        """Return the clients of the rows."""
        columns = Table.of(frame)
        columns.require(self.months)
        employed = [columns.zero_one(name, "employment in a month") for name in self.months]
        return ReadClients(
            self.table.read(frame, self.targets), np.column_stack(employed) if employed else None
        )


@spec
class SyntheticFile:
    """Synthetic clients, drawn for this case alone."""

    clients: SyntheticClients
    type: Literal["synthetic"] = field(default="synthetic", kw_only=True)

    @property
    def population(self) -> str:
        """Who they are, in words."""
        return "SYNTHETIC entrants to unemployment"

    @property
    def table(self) -> ClientTable:
        """What is declared of them."""
        from impactmodel.clients.synthetic import DECLARED

        return DECLARED

    @property
    def label(self) -> str:
        """How they were made."""
        return f"{self.clients.size:,} synthetic clients, seed {self.clients.seed}"

    def frame(self, folder: Folder) -> pd.DataFrame:
        """Draw the rows."""
        del folder
        return self.clients.draw().table

    def read(self, frame: pd.DataFrame) -> ReadClients:
        """Return the clients of the rows."""
        from impactmodel.clients.synthetic import DECLARED, WORK_7, WORK_18

        months = [name for name in frame if str(name).startswith("employed_")]
        employed = frame[months].to_numpy(dtype=np.float64)
        return ReadClients(DECLARED.read(frame, (WORK_7, WORK_18)), employed)


@spec
class ClientsEvidence:
    """Clients, what services did for them, and a proposal of places for those who came later.

    Parameters
    ----------
    rows
        A file of clients, or synthetic ones.
    plan
        Groups, effects and places.
    periods
        When the proposed places have their outcome (one period).
    purpose
        Under which the data were received; it must allow effects.
    use
        For what a score about one client would be used: every document of the model says it.
    release
        The rules for every table of people that is shown.
    letter
        Words of a letter to a made-up client, for synthetic rows: how it would read.
    audit
        File of the audit log, beside the case; by default ``audit.jsonl``. Synthetic clients are
        nobody and leave no line unless a file is named.
    """

    rows: Annotated[ClientFile | SyntheticFile, Field(discriminator="type")]
    plan: PlacesPlan
    periods: Periods
    purpose: Purpose
    use: ClientUse
    release: DisclosureRules = field(default_factory=DisclosureRules)
    letter: LetterWords | None = None
    audit: str = ""
    type: Literal["clients"] = field(default="clients", kw_only=True)

    def __post_init__(self) -> None:
        if self.letter is not None and self.rows.type == "file":
            raise InputError(
                "a run writes no letter to a real client",
                key="letter",
                fix="remove it; a letter starts from what the log of decisions shows",
            )

    def material(self, folder: Folder, draws: int, seed: int, prob: float) -> Material:
        """Read the clients, find what helps whom and propose places.

        Returns
        -------
        Material
            Its data are the `Outcomes` of those who get a place, by group.

        Raises
        ------
        InputError
            For faults of the file, or a use that the purpose does not allow, before a row is read.
        NotIdentifiedError
            Without overlap of those who got a service and those who got none.
        """
        self._require_use(folder)
        frame = under(self.rows.frame(folder), self.purpose)
        gate = Gate(self.purpose, "case", self._log(folder), self._hashes(folder))
        for output in folder.makes:
            gate.use(output, frame, {"people": len(frame)})
        try:
            read = self.rows.read(frame)
        except InputError as error:
            raise refused(error, gate.log, self.purpose, folder.makes[0], gate.what) from None
        synthetic = bool(self.rows.label)
        telling = Telling(
            population=self.rows.population,
            made=dt.datetime.now(dt.UTC).date(),
            synthetic=synthetic,
            draws=draws,
            seed=seed,
            prob=prob,
            rules=self.release,
            letter=self.letter,
            purse=self._purse(folder, read.clients),
        )
        try:
            story = tell(read.clients, self.plan, self.use, telling, read.employed)
        except InputError as error:
            raise _in_plan(error) from None
        learnt = story.learnt
        return Material(
            data=self._outcomes(story, learnt.drawn, read.clients),
            source=self._citation(),
            notes=(_SYNTHETIC,) if synthetic else (),
            warnings=(hidden_warning(learnt.hidden),) if learnt.bias is None else (),
            made={"clients": dump(self.rows)} if synthetic else {},
            report=story,
            beside={}
            if learnt.bias is None
            else {NOTHING_HIDDEN: self._outcomes(story, learnt.recorded, read.clients)},
        )

    def _outcomes(self, story: ClientStory, drawn: EffectDraws, clients: Clients) -> Outcomes:
        """Return the outcomes of those who get a place, by group."""
        measure = self._measure(clients)
        provenance = Provenance(
            estimand="ATE of the proposed places by group",
            population="participants",
            design="doubly robust by group of clients, pooled",
            source=self._citation(),
        )
        places = story.proposal.places
        return as_outcomes(drawn, places, measure, self.periods, provenance=provenance)

    def _require_use(self, folder: Folder) -> None:
        """Refuse a use of scores that the run would open a log for and must not; leave a line."""
        table, use = self.rows.table, self.use
        aware = isinstance(self.plan.anticipation.ranking, Aware)
        ranking = [n for n in table.features if aware or n not in table.protected]
        try:
            problems = use.problems(table, ranking)
            if problems:
                raise InputError.of(problems)
            use.purpose.require_today(OUTPUT)
        except InputError as error:
            raise refused(
                error.located(key="evidence.use"), self._log(folder), use.purpose, OUTPUT, use.name
            ) from None

    def _measure(self, clients: Clients) -> OutcomeMeasure:
        clients.target(self.plan.target)  # raises where there is none
        target = next(t for t in clients.targets if t.name == self.plan.target)
        return OutcomeMeasure(target.name, kind="binary", label=target.title)

    def _purse(self, folder: Folder, clients: Clients) -> Purse:
        """Return what a job is worth to whom, as the rest of the case says it."""
        public, contract = folder.public, folder.contract
        currency = "" if contract is None else contract.currency
        if public is not None:
            # Rules of a country count in its money, which is the euro's so far.
            currency = "EUR" if isinstance(public, RuleSide) else public.currency
        start = None if contract is None else contract.start
        return Purse(public, self._measure(clients), self.periods, start, currency)

    def _citation(self) -> str:
        label = self.rows.label
        stated = f"clients, data received for {self.purpose.purpose}"
        permit = f", permit {self.purpose.permit}" if self.purpose.permit else ""
        return f"SYNTHETIC clients ({label})" if label else stated + permit

    def _hashes(self, folder: Folder) -> dict[str, str]:
        return {"clients": folder.inputs[self.rows.file]} if self.rows.type == "file" else {}

    def _log(self, folder: Folder) -> AuditLog | None:
        if self.rows.label and not self.audit:
            return None
        return AuditLog(folder.path / (self.audit or AUDIT), self.release.threshold)


def _in_plan(error: InputError) -> InputError:
    """Put the place of the plan before keys that are its own."""
    own = {f.name for f in fields(PlacesPlan)}
    problems = [
        replace(p, key=f"evidence.plan.{p.key}") if p.key.partition(".")[0] in own else p
        for p in error.problems
    ]
    return type(error).of(problems)
