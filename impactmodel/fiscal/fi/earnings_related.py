r"""Earnings-related unemployment allowance of a month, full and adjusted for work.

With the basic part :math:`b` of a day, child increments :math:`k`, and the daily wage :math:`w`
before unemployment, less a share for the employee's contributions:

.. math:: b + k + 0.45 \, (\min(w, 95 b / 21.5) - b) + 0.20 \, \max(0, w - 95 b / 21.5)

at most 90 % of :math:`w` and at least :math:`b + k`. In periods that began on or after 2 September
2024 the allowance is 80 % of that after 40 paid days and 75 % after 170. Adjusted allowance and
part-time wage together stay below the wage, less the same share. A reduction falls on the basic
part in proportion. Nothing is rounded.
Source: SISU 26.10, Statistics Finland, BSD-3-Clause, macros AnsioSidKS and SoviteltuKS; HE 13/2024
for who is stepped; law 388/2023, section 25, for the basic part of an adjusted allowance.
Assumptions: a fund member who meets the work requirement; a month that crosses a step is split by
days; no increased earnings part; no waiting days.
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
    Steps,
    Sum,
)

_BASIC, _CHILDREN = Input("benefit.basic_daily_amount"), Input("allowance_child_increment")
_DAYS, _WAGE = Input("allowance_days"), Input("insured_daily_wage")
_LEAST_DAYS = 0.001


def _daily() -> tuple[Named, ...]:
    bend = Input("earnings_related.bend") * _BASIC / Input("benefit.payment_days_per_month")
    return (
        Named(
            "insured_wage",
            Difference(1.0, Input("earnings_related.wage_deduction")) * Input("previous_wage"),
            "wage of a month less a share for contributions",
        ),
        Named(
            "insured_daily_wage",
            Input("insured_wage") / Input("benefit.payment_days_per_month"),
            "the same, of a day",
        ),
        Named("earnings_bend", bend, "bend of the daily wage"),
        Named(
            "allowance_child_increment",
            Steps(Input("children_under_18"), "benefit.child_increment"),
            "child increment of a day",
        ),
        Named(
            "earnings_part",
            Input("earnings_related.rate_to_bend")
            * (Minimum((_WAGE, Input("earnings_bend"))) - _BASIC)
            + Input("earnings_related.rate_above_bend")
            * Maximum((0.0, _WAGE - Input("earnings_bend"))),
            "earnings part of a day before steps and limits",
        ),
    )


def _share_by_days() -> Rule:
    before = Input("allowance_days_before")
    table = "earnings_related.share_by_paid_days"
    crossed = Bands(before + _DAYS, table) - Bands(before, table)
    return Gate(Input("allowance_steps"), ">=", 1.0, crossed / Maximum((_DAYS, _LEAST_DAYS)), 1.0)


def _full() -> tuple[Named, ...]:
    before_steps = Sum((_BASIC, Input("earnings_part"), _CHILDREN))
    highest = Input("earnings_related.maximum_share") * _WAGE
    return (
        Named(
            "allowance_days",
            Input("month_share") * Input("benefit.payment_days_per_month"),
            "allowance days of the month",
        ),
        Named("share_by_paid_days", _share_by_days(), "share that the paid days leave"),
        Named(
            "daily_allowance",
            Maximum(
                (
                    _BASIC + _CHILDREN,
                    Minimum((Input("share_by_paid_days") * before_steps, highest)),
                )
            ),
            "full allowance of a day",
        ),
        Named("full_allowance", _DAYS * Input("daily_allowance"), "full allowance"),
    )


def _adjusted() -> tuple[Named, ...]:
    wage, disregard = Input("part_time_wage"), Input("benefit.adjustment.disregard")
    full, reduction = Input("full_allowance"), Input("allowance_reduction")
    beside = Input("month_share") * Input("insured_wage") - wage
    least = _DAYS * (_BASIC + _CHILDREN) - reduction
    return (
        Named(
            "allowance_reduction",
            Input("benefit.adjustment.taper") * Maximum((0.0, wage - disregard)),
            "reduction for part-time wage",
        ),
        Named(
            "monthly_allowance",
            Gate(
                wage,
                ">=",
                disregard,
                Maximum((0.0, least, Minimum((full - reduction, beside)))),
                full,
            ),
            "allowance of the month",
        ),
        Named(
            "basic_part_of_allowance",
            Input("monthly_allowance") * _BASIC / Input("daily_allowance"),
            "part of the allowance that is the basic part",
        ),
    )


EARNINGS_RELATED_ALLOWANCE = RuleBook((*_daily(), *_full(), *_adjusted()))
"""Earnings-related allowance of a month, on the date of the rules."""
