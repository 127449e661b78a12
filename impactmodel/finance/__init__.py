"""Finance: from outcome payments to cash flows by party, returns and prices."""

from impactmodel.finance.enrol import Enrolment, enrol
from impactmodel.finance.enrolment import EnrolmentPlan, FixedCohort, Referrals
from impactmodel.finance.irr import Rates, all_roots, irr
from impactmodel.finance.payments import GivenPayments, Payments
from impactmodel.finance.structure import FundingStructure
from impactmodel.finance.terms import (
    AsNeeded,
    DatedAmount,
    Distributed,
    Fees,
    Guarantee,
    Recycled,
    Scheduled,
    Senior,
    ServiceCosts,
)
