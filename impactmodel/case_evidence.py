"""Evidence as a case file states it: tables, studies, trials, published figures, saved draws."""

from __future__ import annotations

from dataclasses import field
from typing import Annotated, Literal

from pydantic import Field

from impactmodel.case_clients import ClientsEvidence
from impactmodel.case_paths import SpellsEvidence, StatesEvidence
from impactmodel.case_registers import RegistersEvidence
from impactmodel.case_tables import CellsEvidence, CohortEvidence, Folder, Material, PanelEvidence
from impactmodel.core.measures import OutcomeMeasure
from impactmodel.core.outcomes import Outcomes
from impactmodel.core.record import file_hash
from impactmodel.core.schedule import Periods
from impactmodel.core.spec import spec
from impactmodel.effects.arms import Arm, Trial, TrialGroups
from impactmodel.evidence import PublishedEvidence


@spec
class Studies:
    """Published estimates of several studies, to be pooled; each here or in a file of its own."""

    gives = tuple[PublishedEvidence, ...]

    studies: tuple[PublishedEvidence, ...]
    type: Literal["studies"] = field(default="studies", kw_only=True)

    def read(self, folder: Folder) -> Material:
        """Return the studies."""
        del folder
        return Material(self.studies)


@spec
class TrialsEvidence:
    """The arms of an evaluation, and comparison groups of earlier ones, as published.

    Parameters
    ----------
    outcome, trial, history
        As in `HistoricalControls`.
    periods
        When the outcome was measured (one period).
    price_base, source
        Price level of amounts and citation.
    """

    gives = TrialGroups

    outcome: OutcomeMeasure
    trial: Trial
    history: tuple[Arm, ...]
    periods: Periods
    price_base: str = ""
    source: str = ""
    type: Literal["trials"] = field(default="trials", kw_only=True)

    def read(self, folder: Folder) -> Material:
        """Return the groups."""
        del folder
        groups = TrialGroups(self.outcome, self.trial, self.history)
        return Material(groups, self.periods, self.source, self.price_base)


@spec
class PublishedFigures:
    """Published estimates: in the case itself or in a YAML file beside it."""

    published: PublishedEvidence
    type: Literal["published"] = field(default="published", kw_only=True)

    def outcomes(self, folder: Folder, draws: int, seed: int) -> Outcomes:
        """Return draws of the estimates."""
        del folder
        return self.published.outcomes(draws, seed)


@spec
class SavedOutcomes:
    """Draws of outcomes that an economist saved with ``Outcomes.to_netcdf``."""

    file: str
    type: Literal["outcomes"] = field(default="outcomes", kw_only=True)

    def outcomes(self, folder: Folder, draws: int, seed: int) -> Outcomes:
        """Return the draws as they were saved."""
        del draws, seed
        path = folder.path / self.file
        found = Outcomes.from_netcdf(path)
        folder.inputs[self.file] = file_hash(path)
        return found


# What a design reads has `read` and `gives`; what states an effect already has `outcomes`.
type Evidence = Annotated[
    CohortEvidence
    | CellsEvidence
    | PanelEvidence
    | SpellsEvidence
    | StatesEvidence
    | RegistersEvidence
    | Studies
    | TrialsEvidence
    | PublishedFigures
    | SavedOutcomes
    | ClientsEvidence,
    Field(discriminator="type"),
]
