"""Public finances: dated rules with sources, payers and savings in double entry."""

from impactmodel.core.central import Central
from impactmodel.fiscal.appraisal import Appraisal, mvpf
from impactmodel.fiscal.bridge import Bridge, Step, reconcile_savings
from impactmodel.fiscal.budget import LimitTest, against_limits, budget, payback_year
from impactmodel.fiscal.budget_plan import Appropriation, BudgetPlan, Commitment, PublicCost
from impactmodel.fiscal.claimed_sheet import ClaimedSheet, SheetStatement
from impactmodel.fiscal.compute import PublicSide, savings
from impactmodel.fiscal.conversion import as_outcomes
from impactmodel.fiscal.example_grid import ExampleGrid, GridHousehold, example_grid
from impactmodel.fiscal.expected_months import at_expected_months
from impactmodel.fiscal.extras import ServiceCost
from impactmodel.fiscal.household_year import Household, HouseholdYear, household_year
from impactmodel.fiscal.information import ValueOfInformation, evpi, evppi
from impactmodel.fiscal.ledger import Ledger
from impactmodel.fiscal.ledger_data import Line
from impactmodel.fiscal.observed import ByRules, Observed, ObservedFlow, Shares
from impactmodel.fiscal.parameter_checks import ParameterCheck, check_parameters
from impactmodel.fiscal.parameters import load_rules
from impactmodel.fiscal.person_cases import PersonCases, run_cases
from impactmodel.fiscal.profile import Person, Profile
from impactmodel.fiscal.reform import Change, Reform
from impactmodel.fiscal.rule_side import RuleSide
from impactmodel.fiscal.savings import Savings
from impactmodel.fiscal.unit_values import UnitValue, UnitValues

__all__ = [
    "Appraisal",
    "Appropriation",
    "Bridge",
    "BudgetPlan",
    "ByRules",
    "Central",
    "Change",
    "ClaimedSheet",
    "Commitment",
    "ExampleGrid",
    "GridHousehold",
    "Household",
    "HouseholdYear",
    "Ledger",
    "LimitTest",
    "Line",
    "Observed",
    "ObservedFlow",
    "ParameterCheck",
    "Person",
    "PersonCases",
    "Profile",
    "PublicCost",
    "PublicSide",
    "Reform",
    "RuleSide",
    "Savings",
    "ServiceCost",
    "Shares",
    "SheetStatement",
    "Step",
    "UnitValue",
    "UnitValues",
    "ValueOfInformation",
    "against_limits",
    "as_outcomes",
    "at_expected_months",
    "budget",
    "check_parameters",
    "evpi",
    "evppi",
    "example_grid",
    "household_year",
    "load_rules",
    "mvpf",
    "payback_year",
    "reconcile_savings",
    "run_cases",
    "savings",
]
