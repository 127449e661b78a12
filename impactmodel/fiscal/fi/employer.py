"""Contributions that an employer pays on top of the wage, at average rates.

A firm's own rates differ: pension contributions by size and claims, unemployment insurance by
payroll, accident insurance by branch. The averages serve where the employer is not known.
Source: SISU 26.10, Statistics Finland, BSD-3-Clause, macros SairVakMaksuKTAS, TyotVakMaksuKTAS,
ElMaksuKTAS, RyHeMaksuKTAS and TaTuMaksuKTAS.
"""

from __future__ import annotations

from impactmodel.core.rule import Input, Named, RuleBook, Steps, Sum

_WAGE, _AGE = Input("wage", "wage"), Input("age", "age")
_PARTS = (
    "employer_sickness_insurance",
    "employer_unemployment_insurance",
    "employer_pension",
    "employer_group_life",
    "employer_accident",
)

EMPLOYER_CONTRIBUTIONS = RuleBook(
    (
        Named(
            "employer_sickness_insurance",
            _WAGE * Steps(_AGE, "contribution.sickness.employer"),
            "employer sickness insurance contribution",
        ),
        Named(
            "employer_unemployment_insurance",
            _WAGE * Steps(_AGE, "contribution.unemployment_insurance.employer"),
            "employer unemployment insurance contribution",
        ),
        Named(
            "employer_pension",
            _WAGE * Steps(_AGE, "contribution.pension.employer"),
            "employer pension contribution",
        ),
        Named(
            "employer_group_life",
            _WAGE * Input("contribution.group_life.employer"),
            "employer group life insurance",
        ),
        Named(
            "employer_accident",
            _WAGE * Input("contribution.accident.employer"),
            "employer accident insurance",
        ),
        Named(
            "employer_contributions",
            Sum([Input(name) for name in _PARTS]),
            "employer contributions",
        ),
    )
)
"""Contributions on ``wage`` of any period, by ``age``, at the rates of the date."""
