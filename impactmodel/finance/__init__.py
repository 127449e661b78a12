"""Finance: from outcome payments to cash flows, investor returns and prices."""

from impactmodel.finance.bonuses import Bonus
from impactmodel.finance.caps import IrrCap, MultipleCap, SimpleCap
from impactmodel.finance.cashflows import CashFlows, cashflows
from impactmodel.finance.costs import Fees, ServiceCosts
from impactmodel.finance.distributions import Distributions
from impactmodel.finance.enrolment import Enrolled, enrol
from impactmodel.finance.idle_cash import IdleCash
from impactmodel.finance.impact import Impact, impact
from impactmodel.finance.irr import Rates, all_roots, irr
from impactmodel.finance.mirr import mirr
from impactmodel.finance.payments import Payments
from impactmodel.finance.portfolio import CommonShock, Portfolio, SameDraws, portfolio
from impactmodel.finance.price import SolvedPrice, linear_price, solve
from impactmodel.finance.pricing_targets import PayerValue, TargetIRR, TargetLossProbability
from impactmodel.finance.protection import CostGuarantee, PrincipalGuarantee
from impactmodel.finance.referrals import ConstantRate, Enrolment, RampUp, StatedNumbers
from impactmodel.finance.returns import Returns, returns
from impactmodel.finance.risk import cvar
from impactmodel.finance.structure import (
    Drawdown,
    FundingStructure,
    PaymentTerms,
    Recycling,
)
from impactmodel.finance.tranches import (
    Deferred,
    FirstLoss,
    Grant,
    Junior,
    RecyclableGrant,
    Senior,
)
from impactmodel.finance.what_if import (
    Swing,
    Tornado,
    TwoWay,
    changed,
    scenarios,
    tornado,
    two_way,
)

__all__ = [
    "Bonus",
    "CashFlows",
    "CommonShock",
    "ConstantRate",
    "CostGuarantee",
    "Deferred",
    "Distributions",
    "Drawdown",
    "Enrolled",
    "Enrolment",
    "Fees",
    "FirstLoss",
    "FundingStructure",
    "Grant",
    "IdleCash",
    "Impact",
    "IrrCap",
    "Junior",
    "MultipleCap",
    "PayerValue",
    "PaymentTerms",
    "Payments",
    "Portfolio",
    "PrincipalGuarantee",
    "RampUp",
    "Rates",
    "RecyclableGrant",
    "Recycling",
    "Returns",
    "SameDraws",
    "Senior",
    "ServiceCosts",
    "SimpleCap",
    "SolvedPrice",
    "StatedNumbers",
    "Swing",
    "TargetIRR",
    "TargetLossProbability",
    "Tornado",
    "TwoWay",
    "all_roots",
    "cashflows",
    "changed",
    "cvar",
    "enrol",
    "impact",
    "irr",
    "linear_price",
    "mirr",
    "portfolio",
    "returns",
    "scenarios",
    "solve",
    "tornado",
    "two_way",
]
