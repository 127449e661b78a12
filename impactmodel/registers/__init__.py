"""Registers: from national extracts to months of people, cells and indicators, safely."""

from impactmodel.registers.assessment import assessment
from impactmodel.registers.audit import AuditLog
from impactmodel.registers.bundle import export
from impactmodel.registers.disclosure import DisclosureRules, Release, protect
from impactmodel.registers.engine import DuckDbEngine, Engine, SparkEngine
from impactmodel.registers.measures import AgeAtEntry, Around, OfPerson
from impactmodel.registers.months import AmountMonths, StateDays, StateMonths, Window
from impactmodel.registers.purpose import Purpose
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
from impactmodel.registers.tabulation import Tabulation, tabulate
from impactmodel.registers.trials import MonthlyTrials
from impactmodel.registers.validation import read

__all__ = [
    "AgeAtEntry",
    "Amount",
    "AmountMonths",
    "AmountRegister",
    "Around",
    "Attribute",
    "AuditLog",
    "CsvFiles",
    "DisclosureRules",
    "DuckDbEngine",
    "DuckDbTable",
    "Engine",
    "MonthlyTrials",
    "OfPerson",
    "ParquetFiles",
    "PersonRegister",
    "Purpose",
    "Release",
    "Source",
    "SparkEngine",
    "SparkTable",
    "SpellRegister",
    "StateDays",
    "StateMonths",
    "Study",
    "StudyData",
    "Tabulation",
    "Window",
    "assessment",
    "export",
    "protect",
    "read",
    "study_data",
    "tabulate",
]
