"""Registers: from national extracts to months of people, cells and indicators, safely."""

from impactmodel.registers.engine import DuckDbEngine, Engine, SparkEngine
from impactmodel.registers.sources import (
    Amount,
    AmountRegister,
    Attribute,
    PersonRegister,
    Source,
    SpellRegister,
)
from impactmodel.registers.tables import CsvFiles, DuckDbTable, ParquetFiles, SparkTable

__all__ = [
    "Amount",
    "AmountRegister",
    "Attribute",
    "CsvFiles",
    "DuckDbEngine",
    "DuckDbTable",
    "Engine",
    "ParquetFiles",
    "PersonRegister",
    "Source",
    "SparkEngine",
    "SparkTable",
    "SpellRegister",
]
