"""Finnish rules 2019–2026: wage, unemployment benefits, taxes and who bears them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from impactmodel.core.rule import RuleBook
from impactmodel.fiscal.fi.allowance_payers import ALLOWANCE_PAYERS, ALLOWANCE_PERIOD
from impactmodel.fiscal.fi.contributions import EMPLOYEE_CONTRIBUTIONS
from impactmodel.fiscal.fi.earnings_related import EARNINGS_RELATED_ALLOWANCE
from impactmodel.fiscal.fi.employer import EMPLOYER_CONTRIBUTIONS
from impactmodel.fiscal.fi.housing_allowance import HOUSING_ALLOWANCE, MUNICIPALITY_GROUPS
from impactmodel.fiscal.fi.income_tax import INCOME_TAX
from impactmodel.fiscal.fi.municipal_share import BENEFIT_GROUNDS, MUNICIPAL_SHARE
from impactmodel.fiscal.fi.social_assistance import SOCIAL_ASSISTANCE
from impactmodel.fiscal.fi.unemployment_benefit import BENEFIT_KINDS, UNEMPLOYMENT_BENEFIT
from impactmodel.fiscal.rule_results import RuleInput

PARAMETERS = Path(__file__).parent / "parameters"

BOOKS: Mapping[str, RuleBook] = MappingProxyType(
    {
        "unemployment_benefit": UNEMPLOYMENT_BENEFIT,
        "allowance_period": ALLOWANCE_PERIOD,
        "earnings_related_allowance": EARNINGS_RELATED_ALLOWANCE,
        "allowance_payers": ALLOWANCE_PAYERS,
        "municipal_share": MUNICIPAL_SHARE,
        "employee_contributions": EMPLOYEE_CONTRIBUTIONS,
        "income_tax": INCOME_TAX,
        "employer_contributions": EMPLOYER_CONTRIBUTIONS,
        "housing_allowance": HOUSING_ALLOWANCE,
        "social_assistance": SOCIAL_ASSISTANCE,
    }
)

INPUTS: Mapping[str, RuleInput] = MappingProxyType(
    {
        "wage": RuleInput("gross wage", "eur_year", 0.0),
        "taxable_benefit": RuleInput("unemployment benefit of the year", "eur_year", 0.0),
        "age": RuleInput("age in full years", "years", 0.0, 120.0),
        "children_under_18": RuleInput("children under 18 in the family", "children", 0.0, 30.0),
        "sole_carer": RuleInput("sole carer of the children (1) or not (0)", "flag", 0.0, 1.0),
        "church_member": RuleInput("pays church tax (1) or not (0)", "flag", 0.0, 1.0),
        "municipality": RuleInput("municipality", "text", options=("helsinki", "average")),
        "benefit_kind": RuleInput("kind of benefit", "text", options=BENEFIT_KINDS),
        "month_share": RuleInput("share of the month for which benefit is paid", "share", 0.0, 1.0),
        "service_share": RuleInput("share of benefit days in services", "share", 0.0, 1.0),
        "part_time_wage": RuleInput("part-time wage of the month", "eur_month", 0.0),
        "previous_wage": RuleInput("gross wage of a month before unemployment", "eur_month", 0.0),
        "allowance_days_before": RuleInput("days of allowance paid in this period", "days", 0.0),
        "allowance_steps": RuleInput(
            "the period of allowance began on or after 2 September 2024 (1) or not (0)",
            "flag",
            0.0,
            1.0,
        ),
        "allowance_maximum": RuleInput(
            "longest period of allowance: 300, 400 or 500 days", "days", 0.0
        ),
        "idle_share": RuleInput("share of the month on benefit", "share", 0.0, 1.0),
        "benefit_ground": RuleInput(
            "ground on which the days are paid", "text", options=BENEFIT_GROUNDS
        ),
        "days_paid_before": RuleInput("counter of paid benefit days", "days", 0.0),
        "integration_ground": RuleInput(
            "ground of integration services", "text", options=("none", "refugee", "other")
        ),
        "integration_years": RuleInput("years since the first home municipality", "years", 0.0),
        "adults": RuleInput("adults of the household", "persons", 1.0, 2.0),
        "children_10_to_17": RuleInput("children aged 10 to 17", "children", 0.0, 30.0),
        "children_under_10": RuleInput("children under 10", "children", 0.0, 30.0),
        "net_wage": RuleInput("net wage of the first adult", "eur_month", 0.0),
        "spouse_net_wage": RuleInput("net wage of the second adult", "eur_month", 0.0),
        "other_net_income": RuleInput(
            "other net income of the household, with benefits", "eur_month", 0.0
        ),
        "gross_wage": RuleInput("gross wage of the first adult", "eur_month", 0.0),
        "spouse_gross_wage": RuleInput("gross wage of the second adult", "eur_month", 0.0),
        "other_gross_income": RuleInput("other gross income of the household", "eur_month", 0.0),
        "wealth": RuleInput("wealth of the household", "eur", 0.0),
        "rent": RuleInput("rent with heating", "eur_month", 0.0),
        "municipality_group": RuleInput(
            "group of municipalities of housing allowance", "text", options=MUNICIPALITY_GROUPS
        ),
        "housing_cost": RuleInput("accepted housing cost of the household", "eur_month", 0.0),
    }
)
