"""Basic-level unemployment benefit of a month: the full amount and the one adjusted for work.

Labour market subsidy and basic allowance to April 2026, general support from May 2026; without
means test and waiting days. ``benefit_kind`` "basic_level" is whichever of labour market subsidy
and general support is in force. Nothing is rounded.
Source: SISU 26.10, Statistics Finland, BSD-3-Clause, macros TyomTukiKS, PerusPRahaKS, YleistukiKS
and SoviteltuKS; the dates of the 500 euro disregard follow the authority's text instead.
"""

from __future__ import annotations

from impactmodel.core.rule import Input, Lookup, Maximum, Minimum, Named, RuleBook, Steps, Sum

_SUBSIDY = Input("benefit.labour_market_subsidy.in_force")
_SUPPORT = Input("benefit.general_support.in_force")
_BASIC = Input("benefit.basic_daily_amount")
_FULL = Input("full_benefit")

BENEFIT_KINDS = ("labour_market_subsidy", "basic_allowance", "general_support", "basic_level")

UNEMPLOYMENT_BENEFIT = RuleBook(
    (
        Named(
            "benefit_in_force",
            Lookup(
                "benefit_kind",
                {
                    "labour_market_subsidy": _SUBSIDY,
                    "basic_allowance": Input("benefit.basic_allowance.in_force"),
                    "general_support": _SUPPORT,
                    "basic_level": Maximum((_SUBSIDY, _SUPPORT)),
                },
            ),
            "the benefit is in force",
        ),
        Named(
            "child_increment",
            Steps(Input("children_under_18"), "benefit.child_increment"),
            "child increment of a day",
        ),
        Named(
            "service_increment",
            Input("service_share") * Input("benefit.service_increment"),
            "increment of a day for employment-promoting services",
        ),
        Named(
            "daily_benefit",
            Sum((_BASIC, Input("child_increment"), Input("service_increment"))),
            "full benefit of a day",
        ),
        Named(
            "paid_days",
            Input("benefit_in_force")
            * Input("month_share")
            * Input("benefit.payment_days_per_month"),
            "benefit days of the month",
        ),
        Named("full_benefit", Input("paid_days") * Input("daily_benefit"), "full benefit"),
        Named(
            "benefit_reduction",
            Minimum(
                (
                    _FULL,
                    Input("benefit.adjustment.taper")
                    * Maximum(
                        (0.0, Input("part_time_wage") - Input("benefit.adjustment.disregard"))
                    ),
                )
            ),
            "reduction for part-time wage",
        ),
        Named("monthly_benefit", _FULL - Input("benefit_reduction"), "benefit of the month"),
        Named(
            "basic_part_of_benefit",
            Input("monthly_benefit") * _BASIC / Input("daily_benefit"),
            "part of the benefit without increments",
        ),
    )
)
"""Benefit of a month, on the date of the rules."""
