"""Public finances: dated rules with sources, payers and savings in double entry."""

from impactmodel.core.central import Central
from impactmodel.fiscal.appraisal import Appraisal, mvpf
from impactmodel.fiscal.budget import LimitTest, against_limits, budget, payback_year
from impactmodel.fiscal.budget_plan import Appropriation, BudgetPlan, Commitment, PublicCost
from impactmodel.fiscal.compute import PublicSide, savings
from impactmodel.fiscal.conversion import as_outcomes
from impactmodel.fiscal.expected_months import at_expected_months
from impactmodel.fiscal.extras import ServiceCost
from impactmodel.fiscal.household_year import Household, HouseholdYear, household_year
from impactmodel.fiscal.information import ValueOfInformation, evpi, evppi
from impactmodel.fiscal.ledger import Ledger
from impactmodel.fiscal.ledger_data import Line
from impactmodel.fiscal.observed import ByRules, Observed, ObservedFlow, Shares
from impactmodel.fiscal.parameters import load_rules
from impactmodel.fiscal.profile import Person, Profile
from impactmodel.fiscal.rule_side import RuleSide
from impactmodel.fiscal.savings import Savings
from impactmodel.fiscal.unit_values import UnitValue, UnitValues

__all__ = [
    "Appraisal",
    "Appropriation",
    "BudgetPlan",
    "ByRules",
    "Central",
    "Commitment",
    "Household",
    "HouseholdYear",
    "Ledger",
    "LimitTest",
    "Line",
    "Observed",
    "ObservedFlow",
    "Person",
    "Profile",
    "PublicCost",
    "PublicSide",
    "RuleSide",
    "Savings",
    "ServiceCost",
    "Shares",
    "UnitValue",
    "UnitValues",
    "ValueOfInformation",
    "against_limits",
    "as_outcomes",
    "at_expected_months",
    "budget",
    "evpi",
    "evppi",
    "household_year",
    "load_rules",
    "mvpf",
    "payback_year",
    "savings",
]
