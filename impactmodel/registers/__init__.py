"""Registers: from national extracts to months of people, cells and indicators, safely."""

from impactmodel.registers.cells import cells
from impactmodel.registers.engine import DuckDbEngine, Engine, SparkEngine
from impactmodel.registers.measures import AgeAtEntry, Around, OfPerson
from impactmodel.registers.months import AmountMonths, StateDays, StateMonths, Window
from impactmodel.registers.sources import (
    Amount,
    AmountRegister,
    Attribute,
    PersonRegister,
    Source,
    SpellRegister,
)
from impactmodel.registers.study import Study, StudyData, study_data
from impactmodel.registers.tables import CsvFiles, DuckDbTable, ParquetFiles, SparkTable
from impactmodel.registers.trials import MonthlyTrials
from impactmodel.registers.validation import read

__all__ = [
    "AgeAtEntry",
    "Amount",
    "AmountMonths",
    "AmountRegister",
    "Around",
    "Attribute",
    "CsvFiles",
    "DuckDbEngine",
    "DuckDbTable",
    "Engine",
    "MonthlyTrials",
    "OfPerson",
    "ParquetFiles",
    "PersonRegister",
    "Source",
    "SparkEngine",
    "SparkTable",
    "SpellRegister",
    "StateDays",
    "StateMonths",
    "Study",
    "StudyData",
    "Window",
    "cells",
    "read",
    "study_data",
]
