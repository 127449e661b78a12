"""Synthetic registers: linked extracts of a city of nobody, whose truth is known."""

from impactmodel.registers.synthetic.economy import (
    Economy,
    LayOffWave,
    OtherService,
    PersonType,
    Phase,
    Seasonality,
)
from impactmodel.registers.synthetic.programme import Defects, Programme, Selection
from impactmodel.registers.synthetic.spec import SyntheticRegisters
from impactmodel.registers.synthetic.truth import SyntheticTruth

__all__ = [
    "Defects",
    "Economy",
    "LayOffWave",
    "OtherService",
    "PersonType",
    "Phase",
    "Programme",
    "Seasonality",
    "Selection",
    "SyntheticRegisters",
    "SyntheticTruth",
]
