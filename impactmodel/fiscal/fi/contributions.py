"""Contributions of an employee: pension, unemployment insurance, daily allowance.

Source: SISU 26.10, Statistics Finland, BSD-3-Clause, macros TyoelMaksuS, TyotMaksuS and
SvPRahaMaksuS; values and statutes in ``parameters/employee_contributions.yaml``.
"""

from __future__ import annotations

from impactmodel.core.rule import Gate, Input, Named, RuleBook, Steps, Sum

_WAGE, _AGE = Input("wage", "wage"), Input("age", "age")

EMPLOYEE_CONTRIBUTIONS = RuleBook(
    (
        Named(
            "employee_pension",
            _WAGE * Steps(_AGE, "contribution.pension.employee"),
            "employee pension contribution",
        ),
        Named(
            "employee_unemployment_insurance",
            _WAGE * Steps(_AGE, "contribution.unemployment_insurance.employee"),
            "employee unemployment insurance contribution",
        ),
        Named(
            "daily_allowance_contribution",
            Gate(
                _WAGE,
                ">=",
                Input("contribution.daily_allowance.wage_threshold"),
                _WAGE * Steps(_AGE, "contribution.daily_allowance.rate"),
            ),
            "daily allowance contribution",
        ),
        Named(
            "deductible_contributions",
            Sum(
                (
                    Input("employee_pension"),
                    Input("employee_unemployment_insurance"),
                    Input("daily_allowance_contribution"),
                )
            ),
            "contributions that are deducted from income",
        ),
    )
)
"""Yearly contributions on ``wage`` (eur_year) by ``age`` (full years)."""
