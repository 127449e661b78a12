"""Evidence: people, aggregated cells or published numbers, validated and immutable."""

from impactmodel.evidence.cells import Cells
from impactmodel.evidence.cohort import Cohort, Covariate
from impactmodel.evidence.estimates import Level, PublishedEstimate, Study
from impactmodel.evidence.panel import Panel
from impactmodel.evidence.published import PublishedEvidence
from impactmodel.evidence.repeated import RepeatedMeasure
from impactmodel.evidence.spell_cells import SpellCells
from impactmodel.evidence.spell_columns import SpellColumns
from impactmodel.evidence.spells import Spells
from impactmodel.evidence.state_cells import StateCells
from impactmodel.evidence.transitions import StateHistories
from impactmodel.evidence.uncertainty import (
    AssumedVariation,
    Interval,
    PRange,
    PValue,
    StandardError,
)

__all__ = [
    "AssumedVariation",
    "Cells",
    "Cohort",
    "Covariate",
    "Interval",
    "Level",
    "PRange",
    "PValue",
    "Panel",
    "PublishedEstimate",
    "PublishedEvidence",
    "RepeatedMeasure",
    "SpellCells",
    "SpellColumns",
    "Spells",
    "StandardError",
    "StateCells",
    "StateHistories",
    "Study",
]
