r"""How long earnings-related allowance lasts, and who bears it.

A month on benefit is a month on allowance as far as days are left of the longest period (300, 400
or 500 days); the rest of it is on basic-level benefit. Of an allowance :math:`a` with basic part
:math:`b` the unemployment fund bears a share of :math:`a` from its members' fees, the municipality
its share of :math:`b` by the days paid before, the state the rest of :math:`b`, and the Employment
Fund what is left, child increments with it. On days of lay-off, weather barrier and additional
days neither state nor municipality bears any of :math:`b`.
Sources: laws 460/2005, 724/2020 and 387/2023; see ``parameters/earnings_related_allowance.yaml``.
Assumptions: a day of adjusted allowance counts as one day of the longest period; where an allowance
is smaller than its basic part and the fund's share together, the fund's members bear the less.
"""

from __future__ import annotations

from impactmodel.core.rule import Bands, Input, Lookup, Maximum, Minimum, Named, RuleBook
from impactmodel.fiscal.fi.municipal_share import SHARED_GROUND

_ALLOWANCE, _BASIC = Input("monthly_allowance"), Input("basic_part_of_allowance")
_BEFORE, _DAYS = Input("days_paid_before"), Input("allowance_days")
_TABLE = "municipal_share.earnings_related"
_LEAST_DAYS = 0.001

ALLOWANCE_PERIOD = RuleBook(
    (
        Named(
            "allowance_share",
            Minimum(
                (
                    Input("idle_share"),
                    Maximum((0.0, Input("allowance_maximum") - Input("allowance_days_before")))
                    / Input("benefit.payment_days_per_month"),
                )
            ),
            "share of the month on earnings-related allowance",
        ),
        Named(
            "subsidy_share",
            Input("idle_share") - Input("allowance_share"),
            "share of the month on basic-level benefit after the allowance",
        ),
    )
)
"""How much of a month on benefit the days left of the allowance cover."""

ALLOWANCE_PAYERS = RuleBook(
    (
        Named(
            "municipal_share_of_allowance_days",
            (Bands(_BEFORE + _DAYS, _TABLE) - Bands(_BEFORE, _TABLE))
            * SHARED_GROUND
            / Maximum((_DAYS, _LEAST_DAYS)),
            "share of the basic part that the municipality bears",
        ),
        Named(
            "municipal_allowance",
            _BASIC * Input("municipal_share_of_allowance_days"),
            "allowance borne by the municipality",
        ),
        Named(
            "state_allowance",
            Lookup("benefit_ground", {"unemployment": _BASIC, "lay_off": 0.0})
            - Input("municipal_allowance")
            + _ALLOWANCE * Input("earnings_related.state_addition"),
            "allowance borne by the state",
        ),
        Named(
            "member_allowance",
            Maximum(
                (
                    0.0,
                    Minimum(
                        (
                            _ALLOWANCE * Input("earnings_related.member_share"),
                            _ALLOWANCE - Input("state_allowance") - Input("municipal_allowance"),
                        )
                    ),
                )
            ),
            "allowance borne by the members of the unemployment fund",
        ),
        Named(
            "fund_allowance",
            _ALLOWANCE
            - Input("state_allowance")
            - Input("municipal_allowance")
            - Input("member_allowance"),
            "allowance borne by the Employment Fund",
        ),
    )
)
"""Who bears a month's allowance; needs the results of `EARNINGS_RELATED_ALLOWANCE`."""
