"""From evidence on employment programmes to outcome payments, investor returns and public savings.

Evidence becomes draws of outcomes with and without the programme; contracts turn those draws into
payments, finance turns payments into investor returns, fiscal turns the same draws into public
savings by payer, and report shows all of it. Rooms and names load on first use.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from impactmodel import contract, datasets, effects, evidence, finance, fiscal, report
    from impactmodel.case import Case
    from impactmodel.contract import OutcomesContract
    from impactmodel.core.errors import (
        DiagnosticsError,
        ImpactModelError,
        InputError,
        JoinError,
        NotIdentifiedError,
    )
    from impactmodel.core.measures import OutcomeMeasure
    from impactmodel.core.outcomes import Outcomes, Provenance
    from impactmodel.core.schedule import Periods
    from impactmodel.evidence import Cells, Cohort, PublishedEvidence
    from impactmodel.finance import FundingStructure
    from impactmodel.pricing import solve_price
    from impactmodel.public import net_position
    from impactmodel.running import run_case

__all__ = [
    "Case",
    "Cells",
    "Cohort",
    "DiagnosticsError",
    "FundingStructure",
    "ImpactModelError",
    "InputError",
    "JoinError",
    "NotIdentifiedError",
    "OutcomeMeasure",
    "Outcomes",
    "OutcomesContract",
    "Periods",
    "Provenance",
    "PublishedEvidence",
    "contract",
    "datasets",
    "effects",
    "evidence",
    "finance",
    "fiscal",
    "net_position",
    "report",
    "run_case",
    "solve_price",
]

_HOME = {
    "Case": "case",
    "run_case": "running",
    "Cells": "evidence",
    "Cohort": "evidence",
    "PublishedEvidence": "evidence",
    "FundingStructure": "finance",
    "OutcomesContract": "contract",
    "OutcomeMeasure": "core.measures",
    "Outcomes": "core.outcomes",
    "Provenance": "core.outcomes",
    "Periods": "core.schedule",
    "net_position": "public",
    "solve_price": "pricing",
} | {name: "core.errors" for name in __all__ if name.endswith("Error")}


def __getattr__(name: str) -> Any:
    if name == "__version__":
        return import_module("importlib.metadata").version("impactmodel")
    if name in _HOME:
        return getattr(import_module(f"impactmodel.{_HOME[name]}"), name)
    if name in __all__:
        return import_module(f"impactmodel.{name}")
    raise AttributeError(f"module 'impactmodel' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
