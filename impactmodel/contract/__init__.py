"""Contracts: from outcomes to payments, under uncertainty and at settlement."""

from impactmodel.contract.agreement import OutcomesContract
from impactmodel.contract.branches import (
    CostShare,
    EachGroup,
    Fixed,
    Gated,
    Limited,
    Parts,
    Recovery,
)
from impactmodel.contract.cards import Card, CardRow
from impactmodel.contract.central import central
from impactmodel.contract.clause import Clause, Evaluation
from impactmodel.contract.clustering import Clustering, threshold_clustering
from impactmodel.contract.compile import person_rule
from impactmodel.contract.conditions import Amendment, Limit, Termination
from impactmodel.contract.costs import ReferenceCost
from impactmodel.contract.cream_skimming import CreamSkimming, cream_skimming
from impactmodel.contract.findings import Finding
from impactmodel.contract.fixing import FixedTerm, fix_terms, open_terms, terms_by_group
from impactmodel.contract.indigo import IndigoProject, read_indigo
from impactmodel.contract.indigo_contract import contract_from_indigo, indigo_record
from impactmodel.contract.indigo_findings import indigo_findings
from impactmodel.contract.linting import check
from impactmodel.contract.noise import NoiseRisk, paying_for_noise
from impactmodel.contract.open_values import CaseMixLevels, CaseMixPrices
from impactmodel.contract.payments import OutcomePayments, payments
from impactmodel.contract.pricing import reprice
from impactmodel.contract.reconcile import reconcile
from impactmodel.contract.results import Results, read_results
from impactmodel.contract.settlement import Settlement, settle
from impactmodel.contract.tariff import UnitTariff
from impactmodel.contract.tariff_histories import count_histories
from impactmodel.contract.tariff_spells import count_spells
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
from impactmodel.contract.thresholds import ThresholdNoise, threshold_noise
from impactmodel.contract.wording import describe, excel_formula, rule_of
from impactmodel.contract.writing import contract_yaml

__all__ = [
    "AboveBaseline",
    "AbovePrediction",
    "Amendment",
    "BandTable",
    "Card",
    "CardRow",
    "CaseMixLevels",
    "CaseMixPrices",
    "Clause",
    "Clustering",
    "CostShare",
    "CreamSkimming",
    "EachGroup",
    "Evaluation",
    "Finding",
    "Fixed",
    "FixedTerm",
    "Gated",
    "Gross",
    "IndigoProject",
    "Limit",
    "Limited",
    "MeasuredImpact",
    "NoiseRisk",
    "OutcomePayments",
    "OutcomesContract",
    "Parts",
    "Rate",
    "Recovery",
    "ReferenceCost",
    "Results",
    "Settlement",
    "ShareOf",
    "StepTable",
    "Termination",
    "ThresholdNoise",
    "UnitTariff",
    "central",
    "check",
    "contract_from_indigo",
    "contract_yaml",
    "count_histories",
    "count_spells",
    "cream_skimming",
    "describe",
    "excel_formula",
    "fix_terms",
    "indigo_findings",
    "indigo_record",
    "open_terms",
    "paying_for_noise",
    "payments",
    "person_rule",
    "read_indigo",
    "read_results",
    "reconcile",
    "reprice",
    "rule_of",
    "settle",
    "terms_by_group",
    "threshold_clustering",
    "threshold_noise",
]
