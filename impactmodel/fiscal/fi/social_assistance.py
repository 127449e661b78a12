"""Basic social assistance of a household's month.

The norm of the household, plus its housing cost, less its net income; an adult's net wage counts
above the disregard. Nothing is rounded.
Source: SISU 26.10, Statistics Finland, BSD-3-Clause, macros LapsKerrS and ToimTukiKS.
Assumptions: the housing cost is accepted in full; no discretionary costs; adult children at home
are not covered.
"""

from __future__ import annotations

from impactmodel.core.rule import (
    Bands,
    Difference,
    Gate,
    Input,
    Maximum,
    Minimum,
    Named,
    Rule,
    RuleBook,
    Sum,
)

_ADULTS, _CHILDREN = Input("adults"), Input("minor_children")
_SHARE = Input("social_assistance.municipal_share")


def _counted(wage: str) -> Rule:
    disregard = Minimum((Input(wage), Input("social_assistance.earnings_disregard")))
    return Input(wage) - disregard


def _norm() -> tuple[Named, ...]:
    alone = 1.0 + Gate(_CHILDREN, ">=", 1.0, Input("social_assistance.sole_parent_increase"))
    couple = _ADULTS * Input("social_assistance.couple_share")
    children = Difference(
        Input("children_10_to_17") * Input("social_assistance.child_10_to_17_share")
        + Input("children_under_10") * Input("social_assistance.child_under_10_share"),
        Bands(_CHILDREN, "social_assistance.further_child_reduction"),
    )
    return (
        Named(
            "minor_children",
            Input("children_10_to_17") + Input("children_under_10"),
            "children under 18",
        ),
        Named(
            "social_assistance_norm",
            Input("social_assistance.basic_amount")
            * Sum((Gate(_ADULTS, ">=", 2.0, couple, alone), children)),
            "norm of the household",
        ),
    )


def _assistance() -> tuple[Named, ...]:
    norm = Input("social_assistance_norm") + Input("housing_cost")
    return (
        Named(
            "counted_income",
            Sum(
                (
                    _counted("net_wage"),
                    _counted("spouse_net_wage"),
                    Input("other_net_income"),
                )
            ),
            "income that counts",
        ),
        Named(
            "social_assistance",
            Maximum((0.0, norm - Input("counted_income"))),
            "basic social assistance",
        ),
        Named(
            "municipal_social_assistance",
            Input("social_assistance") * _SHARE,
            "basic social assistance borne by the municipality",
        ),
        Named(
            "state_social_assistance",
            Input("social_assistance") - Input("municipal_social_assistance"),
            "basic social assistance borne by the state",
        ),
    )


SOCIAL_ASSISTANCE = RuleBook((*_norm(), *_assistance()))
"""Basic social assistance of a month and who bears it."""
