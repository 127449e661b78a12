r"""Who bears a month's basic-level benefit: the state or the municipality, by days paid before.

The municipality's share rises by steps of the person's counter of paid days. A month that crosses
a step is split by days: with share s(t) at t days paid before, the municipality bears

.. math:: \int_{d}^{d+n} s(t)\,dt \;\times\; \text{basic part of the benefit} / n

Increments are the state's. To 2024 days in services are the state's and are not counted; from 2025
they are counted, those of earlier years too. During the first years of integration the state bears
everything and no day is counted. From 2025 the municipality bears nothing of days of lay-off,
weather barrier and additional days (``benefit_ground`` "lay_off").
Sources: Kela, financing of labour market subsidy; laws 385/2023 and 387/2023; see
``parameters/municipal_share.yaml``. Assumptions: an adjusted day counts as a day; a step begins
with the next day, where the statute says the next payment period; days of lay-off are counted.
"""

from __future__ import annotations

from impactmodel.core.rule import Bands, Difference, Gate, Input, Lookup, Named, Rule, RuleBook

_BEFORE, _COUNTED = Input("days_paid_before"), Input("counted_days")
_PAID = Input("paid_days")

BENEFIT_GROUNDS = ("unemployment", "lay_off")
SHARED_GROUND = Lookup(
    "benefit_ground", {"unemployment": 1.0, "lay_off": Input("municipal_share.during_lay_off")}
)
"""Whether the municipality bears a share, by the ground on which the days are paid."""


def _share_days(table: str) -> Rule:
    return Bands(_BEFORE + _COUNTED, table) - Bands(_BEFORE, table)


def _first_years(ground: str) -> Rule:
    years = Input(f"municipal_share.integration_state_years.{ground}")
    return Gate(Input("integration_years"), "<", years, 1.0, 0.0)


def _counter() -> tuple[Named, ...]:
    in_service = Input("service_share") * Difference(1.0, Input("municipal_share.during_services"))
    return (
        Named(
            "state_financed_integration",
            Lookup(
                "integration_ground",
                {"none": 0.0, "refugee": _first_years("refugee"), "other": _first_years("other")},
            ),
            "the state alone bears the benefit of integration",
        ),
        Named(
            "counted_benefit_days",
            Gate(Input("monthly_benefit"), ">", 0.0, _PAID)
            * Difference(1.0, Input("state_financed_integration")),
            "days that the counter counts from 2025",
        ),
        Named(
            "counted_days",
            Input("counted_benefit_days") * Difference(1.0, in_service),
            "days that the counter counts",
        ),
    )


def _split() -> tuple[Named, ...]:
    subsidy = _share_days("municipal_share.labour_market_subsidy")
    support = _share_days("municipal_share.general_support")
    return (
        Named(
            "municipal_share_days",
            Lookup(
                "benefit_kind",
                {
                    "labour_market_subsidy": subsidy,
                    "basic_allowance": _share_days("municipal_share.basic_allowance"),
                    "general_support": support,
                    "basic_level": subsidy * Input("benefit.labour_market_subsidy.in_force")
                    + support * Input("benefit.general_support.in_force"),
                },
            )
            * SHARED_GROUND,
            "days that the municipality bears",
        ),
        Named(
            "municipal_benefit",
            Input("basic_part_of_benefit")
            * Input("municipal_share_days")
            / Gate(_PAID, ">", 0.0, _PAID, 1.0),
            "benefit borne by the municipality",
        ),
        Named(
            "state_benefit",
            Input("monthly_benefit") - Input("municipal_benefit"),
            "benefit borne by the state",
        ),
        Named("days_paid_after", _BEFORE + _COUNTED, "paid days after the month"),
    )


MUNICIPAL_SHARE = RuleBook((*_counter(), *_split()))
"""Split of a month's benefit; needs the results of `UNEMPLOYMENT_BENEFIT`."""
