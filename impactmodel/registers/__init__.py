"""Registers: from national extracts to months of people, cells and indicators, safely."""

from impactmodel.registers.assessment import assessment
from impactmodel.registers.audit import AuditLog
from impactmodel.registers.bundle import export
from impactmodel.registers.cells import cells
from impactmodel.registers.consistency import (
    Finding,
    Statement,
    check_jumps,
    check_parts,
    check_sources,
    check_text,
)
from impactmodel.registers.counters import BenefitDays, PaidDays, Restart
from impactmodel.registers.decomposition import Decomposition, beside, contributions, decompose
from impactmodel.registers.definitions import DEFINITIONS, Definition
from impactmodel.registers.disclosure import DisclosureRules, Release, protect
from impactmodel.registers.engine import DuckDbEngine, Engine, SparkEngine
from impactmodel.registers.gate import Gate, purpose_of, require_unmarked_or, under
from impactmodel.registers.group_counts import GroupCounts, GroupIndicators, count_groups
from impactmodel.registers.indicators import (
    activation_rate,
    indicator_table,
    long_term_share,
    services_per_unemployed,
    unemployed_and_in_services,
    unemployment_rate,
)
from impactmodel.registers.linkage import LinkageReport, RegisterLinkage, linkage
from impactmodel.registers.measures import AgeAtEntry, Around, OfPerson
from impactmodel.registers.months import AmountMonths, StateDays, StateMonths, Window
from impactmodel.registers.payment_results import payment_results
from impactmodel.registers.pseudonyms import PermitSecret, rekey
from impactmodel.registers.published import TRIAL_FIGURES, PrintedFigure, beside_printed
from impactmodel.registers.purpose import Purpose
from impactmodel.registers.seasonal_baseline import SeasonalBaseline, seasonal_baseline
from impactmodel.registers.sources import (
    Amount,
    AmountRegister,
    Attribute,
    PersonRegister,
    Source,
    SpellRegister,
)
from impactmodel.registers.statfin import (
    IndicatorSeries,
    LongTable,
    StatFinTable,
    WideTable,
    read_series,
)
from impactmodel.registers.study import Study, StudyData, study_data
from impactmodel.registers.study_cells import StudyCells, study_cells
from impactmodel.registers.survey_rate import SurveyRate, survey_rate
from impactmodel.registers.tables import CsvFiles, DuckDbTable, ParquetFiles, SparkTable
from impactmodel.registers.tabulation import Tabulation, tabulate
from impactmodel.registers.target_groups import (
    InState,
    InStateFor,
    Since,
    TargetGroup,
    WithAttribute,
    WithPaidDays,
    YoungerThan,
)
from impactmodel.registers.trials import MonthlyTrials
from impactmodel.registers.validation import read

__all__ = [
    "DEFINITIONS",
    "TRIAL_FIGURES",
    "AgeAtEntry",
    "Amount",
    "AmountMonths",
    "AmountRegister",
    "Around",
    "Attribute",
    "AuditLog",
    "BenefitDays",
    "CsvFiles",
    "Decomposition",
    "Definition",
    "DisclosureRules",
    "DuckDbEngine",
    "DuckDbTable",
    "Engine",
    "Finding",
    "Gate",
    "GroupCounts",
    "GroupIndicators",
    "InState",
    "InStateFor",
    "IndicatorSeries",
    "LinkageReport",
    "LongTable",
    "MonthlyTrials",
    "OfPerson",
    "PaidDays",
    "ParquetFiles",
    "PermitSecret",
    "PersonRegister",
    "PrintedFigure",
    "Purpose",
    "RegisterLinkage",
    "Release",
    "Restart",
    "SeasonalBaseline",
    "Since",
    "Source",
    "SparkEngine",
    "SparkTable",
    "SpellRegister",
    "StatFinTable",
    "StateDays",
    "StateMonths",
    "Statement",
    "Study",
    "StudyCells",
    "StudyData",
    "SurveyRate",
    "Tabulation",
    "TargetGroup",
    "WideTable",
    "Window",
    "WithAttribute",
    "WithPaidDays",
    "YoungerThan",
    "activation_rate",
    "assessment",
    "beside",
    "beside_printed",
    "cells",
    "check_jumps",
    "check_parts",
    "check_sources",
    "check_text",
    "contributions",
    "count_groups",
    "decompose",
    "export",
    "indicator_table",
    "linkage",
    "long_term_share",
    "payment_results",
    "protect",
    "purpose_of",
    "read",
    "read_series",
    "rekey",
    "require_unmarked_or",
    "seasonal_baseline",
    "services_per_unemployed",
    "study_cells",
    "study_data",
    "survey_rate",
    "tabulate",
    "under",
    "unemployed_and_in_services",
    "unemployment_rate",
]
