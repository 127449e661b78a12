"""Contracts: from outcomes to payments, under uncertainty and at settlement."""

from impactmodel.contract.agreement import OutcomesContract
from impactmodel.contract.central import central
from impactmodel.contract.clause import Clause, Evaluation
from impactmodel.contract.compile import person_rule
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

__all__ = [
    "AboveBaseline",
    "AbovePrediction",
    "BandTable",
    "Clause",
    "Evaluation",
    "Finding",
    "Gross",
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
    "describe",
    "excel_formula",
    "paying_for_noise",
    "payments",
    "person_rule",
    "read_results",
    "reconcile",
    "reprice",
    "rule_of",
    "settle",
]
