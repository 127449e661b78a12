"""Contracts: from outcomes to payments, under uncertainty and at settlement."""

from impactmodel.contract.agreement import Clause, Evaluation, OutcomesContract
from impactmodel.contract.central import central
from impactmodel.contract.compile import person_rule
from impactmodel.contract.indigo import IndigoProject, read_indigo
from impactmodel.contract.indigo_contract import contract_from_indigo, indigo_record
from impactmodel.contract.indigo_findings import indigo_findings
from impactmodel.contract.linting import Finding, check
from impactmodel.contract.noise import NoiseRisk, paying_for_noise
from impactmodel.contract.payments import OutcomePayments, payments
from impactmodel.contract.pricing import reprice
from impactmodel.contract.reconcile import reconcile
from impactmodel.contract.results import Results, read_results
from impactmodel.contract.settlement import Settlement, settle
from impactmodel.contract.terms import (
    AboveBaseline,
    AbovePrediction,
    BandTable,
    Gross,
    MeasuredImpact,
    Rate,
    ShareOf,
    StepTable,
)
from impactmodel.contract.wording import describe, excel_formula, rule_of
from impactmodel.contract.writing import contract_yaml

__all__ = [
    "AboveBaseline",
    "AbovePrediction",
    "BandTable",
    "Clause",
    "Evaluation",
    "Finding",
    "Gross",
    "IndigoProject",
    "MeasuredImpact",
    "NoiseRisk",
    "OutcomePayments",
    "OutcomesContract",
    "Rate",
    "Results",
    "Settlement",
    "ShareOf",
    "StepTable",
    "central",
    "check",
    "contract_from_indigo",
    "contract_yaml",
    "describe",
    "excel_formula",
    "indigo_findings",
    "indigo_record",
    "paying_for_noise",
    "payments",
    "person_rule",
    "read_indigo",
    "read_results",
    "reconcile",
    "reprice",
    "rule_of",
    "settle",
]
