r"""General housing allowance of a household's month in a rented home, heating in the rent.

With accepted cost :math:`c`, income :math:`y` (whole euros), adults :math:`a` and children
:math:`k`:

.. math:: r \, (c - o), \qquad o = t \, (y - b - b_a a - b_k k)

The cost is accepted up to a maximum by municipality and persons. A small own share :math:`o` is
not deducted, a small allowance not paid. Wages count above a disregard; from 2025 wealth counts.
Rent, wages for their disregard, own share and allowance are rounded to cents, income to euros.
Source: SISU 26.10, Statistics Finland, BSD-3-Clause, macros As2015AsumistukiVuokraKS,
As2015PerusomavastuuS and As2015PeruskaavaS; the groups of municipalities change on the statute's
date.
Assumptions: computed anew every month, where Kela reviews once a year or after a change; no water
or heating charges on top; no disabled member; owner-occupied homes (to 2024) are not covered.
"""

from __future__ import annotations

from impactmodel.core.rule import (
    Gate,
    Input,
    Lookup,
    Maximum,
    Minimum,
    Named,
    Round,
    Rule,
    RuleBook,
    Steps,
    Sum,
)

MUNICIPALITY_GROUPS = ("helsinki", "capital_region", "larger_cities", "others")

_PERSONS = Input("household_members")
_WHOLE_PERSONS = 4.0


def _ceiling(group: str) -> Rule:
    name = f"housing_allowance.maximum_cost.{group}"
    further = Input(f"housing_allowance.maximum_cost.further_person.{group}")
    return Steps(_PERSONS, name) + further * Maximum((0.0, _PERSONS - _WHOLE_PERSONS))


def _disregarded(wage: str) -> Rule:
    return Minimum((Round(Input(wage)), Input("housing_allowance.earnings_disregard")))


def _income() -> tuple[Named, ...]:
    limit = Steps(Input("adults"), "housing_allowance.wealth.limit")
    counted = Maximum((0.0, Input("wealth") - limit)) * Input("housing_allowance.wealth.share")
    return (
        Named("income_from_wealth", counted / 12.0, "income that wealth counts as"),
        Named(
            "housing_allowance_income",
            Round(
                Sum(
                    (
                        Input("gross_wage") - _disregarded("gross_wage"),
                        Input("spouse_gross_wage") - _disregarded("spouse_gross_wage"),
                        Input("other_gross_income"),
                        Input("income_from_wealth"),
                    )
                ),
                0,
            ),
            "income that counts",
        ),
    )


def _own_share() -> tuple[Named, ...]:
    limit = Sum(
        (
            Input("housing_allowance.own_share.household"),
            Input("adults") * Input("housing_allowance.own_share.adult"),
            Input("children_under_18") * Input("housing_allowance.own_share.child"),
        )
    )
    above = Input("housing_allowance_income") - limit
    return (
        Named(
            "computed_own_share",
            Round(Input("housing_allowance.own_share.rate") * above),
            "own share before its minimum",
        ),
        Named(
            "own_share",
            Gate(
                Input("computed_own_share"),
                ">=",
                Input("housing_allowance.own_share.minimum"),
                Input("computed_own_share"),
            ),
            "own share of the accepted cost",
        ),
    )


def _allowance() -> tuple[Named, ...]:
    ceilings = {group: _ceiling(group) for group in MUNICIPALITY_GROUPS}
    amount = Input("computed_allowance")
    return (
        Named("household_members", Input("adults") + Input("children_under_18"), "persons"),
        Named(
            "maximum_housing_cost",
            Lookup("municipality_group", ceilings),
            "highest cost that is accepted",
        ),
        Named(
            "accepted_housing_cost",
            Minimum((Round(Input("rent")), Input("maximum_housing_cost"))),
            "accepted cost",
        ),
        *_income(),
        *_own_share(),
        Named(
            "computed_allowance",
            Round(
                Input("housing_allowance.replacement")
                * (Input("accepted_housing_cost") - Input("own_share"))
            ),
            "allowance before its minimum",
        ),
        Named(
            "housing_allowance",
            Gate(amount, ">=", Input("housing_allowance.minimum_payment"), amount)
            * Steps(Input("wealth"), "housing_allowance.wealth.paid"),
            "general housing allowance",
        ),
    )


HOUSING_ALLOWANCE = RuleBook(_allowance())
"""General housing allowance of a month, borne by the state."""
