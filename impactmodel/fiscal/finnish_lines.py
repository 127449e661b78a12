"""The Finnish ledger: which result of the rules is paid by whom to whom."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from impactmodel.core.measures import Channel

type Level = Literal["benefit_month", "work_month", "year", "living_month"]


@dataclass(frozen=True, slots=True)
class Flow:
    """One line of the ledger as results of the rules.

    Parameters
    ----------
    line
        Name of the line.
    channel
        What kind of flow it is.
    level
        Computed for a month on benefit, a month in work, a calendar year, or any month of a
        household with the taxes of its year.
    books
        The books of rules behind it.
    sides
        (payer, sign, result) of every side; a flow with one side is no transfer.
    """

    line: str
    channel: Channel
    level: Level
    books: tuple[str, ...]
    sides: tuple[tuple[str, float, str], ...]

    @property
    def transfer(self) -> bool:
        """Whether what one side receives another pays."""
        return len(self.sides) > 1

    def result_for(self, payer: str) -> str:
        """Return the result of the rules behind one side."""
        return next(result for name, _, result in self.sides if name == payer)


PARISH = "parish"
"""Receives church tax; no public payer of the ledger."""
UNEMPLOYMENT_FUNDS = "unemployment_funds"
"""Bear a share of earnings-related allowance from their members' fees; taken as private."""

ALLOWANCE_LINE = "earnings_related_allowance"
BASIC_LINES = ("labour_market_subsidy", "basic_allowance", "general_support")
BENEFIT_LINES = (*BASIC_LINES, ALLOWANCE_LINE)
MONTH_BOOKS = ("unemployment_benefit", "municipal_share")
PERIOD_BOOK = "allowance_period"
ALLOWANCE_BOOKS = ("earnings_related_allowance", "allowance_payers")
YEAR_BOOKS = ("employee_contributions", "income_tax")
INCOME_TAXES = (
    "state_tax",
    "municipal_tax",
    "church_tax",
    "medical_care_contribution",
    "broadcasting_tax",
)
"""What is levied on wage and benefit alike."""
CONTRIBUTIONS = (
    "employee_pension",
    "employee_unemployment_insurance",
    "daily_allowance_contribution",
)
"""What is levied on the wage alone."""
EMPLOYER_BOOK = "employer_contributions"
HOUSING_BOOK = "housing_allowance"
ASSISTANCE_BOOK = "social_assistance"


def _benefit(line: str) -> Flow:
    return Flow(
        line,
        "benefit",
        "benefit_month",
        MONTH_BOOKS,
        (
            ("participant", 1.0, "monthly_benefit"),
            ("state", -1.0, "state_benefit"),
            ("municipality", -1.0, "municipal_benefit"),
        ),
    )


def _tax(line: str, payer: str) -> Flow:
    return Flow(line, "tax", "year", YEAR_BOOKS, ((payer, 1.0, line), ("participant", -1.0, line)))


def _contribution(line: str, payer: str) -> Flow:
    sides = ((payer, 1.0, line), ("employer", -1.0, line))
    return Flow(line, "tax", "work_month", (EMPLOYER_BOOK,), sides)


FLOWS: tuple[Flow, ...] = (
    Flow("gross_wage", "earnings", "work_month", (), (("participant", 1.0, "wage"),)),
    *(_benefit(line) for line in BASIC_LINES),
    Flow(
        ALLOWANCE_LINE,
        "benefit",
        "benefit_month",
        ALLOWANCE_BOOKS,
        (
            ("participant", 1.0, "monthly_allowance"),
            ("state", -1.0, "state_allowance"),
            ("municipality", -1.0, "municipal_allowance"),
            ("employment_fund", -1.0, "fund_allowance"),
            (UNEMPLOYMENT_FUNDS, -1.0, "member_allowance"),
        ),
    ),
    _tax("state_tax", "state"),
    _tax("municipal_tax", "municipality"),
    _tax("church_tax", PARISH),
    _tax("broadcasting_tax", "state"),
    _tax("medical_care_contribution", "kela_sickness_fund"),
    _tax("daily_allowance_contribution", "kela_sickness_fund"),
    _tax("employee_unemployment_insurance", "employment_fund"),
    _tax("employee_pension", "pension_insurers"),
    _contribution("employer_sickness_insurance", "kela_sickness_fund"),
    _contribution("employer_unemployment_insurance", "employment_fund"),
    _contribution("employer_pension", "pension_insurers"),
    Flow(
        "housing_allowance",
        "benefit",
        "living_month",
        (HOUSING_BOOK,),
        (("participant", 1.0, "housing_allowance"), ("state", -1.0, "housing_allowance")),
    ),
    Flow(
        "social_assistance",
        "benefit",
        "living_month",
        (ASSISTANCE_BOOK,),
        (
            ("participant", 1.0, "social_assistance"),
            ("state", -1.0, "state_social_assistance"),
            ("municipality", -1.0, "municipal_social_assistance"),
        ),
    ),
)
"""Lines in the order in which they are reported."""

BENEFIT_FLOWS = tuple(flow for flow in FLOWS if flow.level == "benefit_month")
"""What is paid for a month out of work."""

WORK_FLOWS = tuple(flow for flow in FLOWS if flow.level == "work_month")
"""What is paid for a month in work, or for a part-time wage."""

YEAR_FLOWS = tuple(flow for flow in FLOWS if flow.level == "year")
"""Taxes and contributions of a person's year."""

EMPLOYER_RESULTS = tuple(flow.sides[0][2] for flow in WORK_FLOWS if flow.transfer)
"""What an employer pays on top of the wage, as far as it stands in the ledger."""

LIVING_FLOWS = tuple(flow for flow in FLOWS if flow.level == "living_month")
"""What a household is paid for its rent and its living."""

OPTIONAL_LINES = (*BENEFIT_LINES, "church_tax", *(flow.line for flow in LIVING_FLOWS))
"""Lines that stand in a ledger only where they occur."""

STATEMENTS = (
    "amounts are in the prices of each year; a person's wage stays as it is in the profile",
    "out of work means on the person's benefit, in work the person's full wage and no benefit",
    "within a tax year months on benefit come {order} months in work, and months on benefit before "
    "it are counted as the first ones",
    "the counter of paid days does not restart; every person of a group has the group's chance of "
    "work",
    "pension contributions accrue a pension: the pension insurers' gain is gross of it",
    "the employer's work and its accident and group life insurance are not in the ledger",
)


PART_TIME_STATEMENT = (
    "months out of work have the part-time wage of the profile, to which the benefit is adjusted"
)
ALLOWANCE_STATEMENTS = (
    "earnings-related allowance is paid to members of an unemployment fund who meet the work "
    "requirement, to the end of its longest period, and basic-level benefit after it; months in "
    "work begin no new period",
    "the unemployment funds' share of earnings-related allowance is their members', not public; "
    "a day of adjusted allowance counts as one day",
)
"""Assumptions behind earnings-related allowance."""

LIVING_STATEMENTS = (
    "housing allowance and social assistance are claimed in full and reviewed every month; the "
    "rent stays as it is in the profile, and there is no wealth",
    "what tax leaves of a month's income is its share of what tax leaves of the year's",
)
"""Assumptions behind housing allowance and social assistance."""


def flow_of(line: str) -> Flow:
    """Return a line of the Finnish ledger."""
    return next(flow for flow in FLOWS if flow.line == line)
