"""Finance: from outcome payments to cash flows, investor returns and prices."""

from impactmodel.finance.cashflows import CashFlows, cashflows
from impactmodel.finance.enrolment import Enrolled, enrol
from impactmodel.finance.irr import Rates, all_roots, irr
from impactmodel.finance.payments import Payments
from impactmodel.finance.price import SolvedPrice, solve
from impactmodel.finance.returns import Returns, returns
from impactmodel.finance.structure import (
    Enrolment,
    Fees,
    FundingStructure,
    Guarantee,
    Senior,
    ServiceCosts,
)

__all__ = [
    "CashFlows",
    "Enrolled",
    "Enrolment",
    "Fees",
    "FundingStructure",
    "Guarantee",
    "Payments",
    "Rates",
    "Returns",
    "Senior",
    "ServiceCosts",
    "SolvedPrice",
    "all_roots",
    "cashflows",
    "enrol",
    "irr",
    "returns",
    "solve",
]
