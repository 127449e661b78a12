"""`savings`: from outcomes to what each payer gains, whatever the public side is."""

from __future__ import annotations

import dataclasses
from typing import Annotated

from pydantic import Field

from impactmodel.core.errors import DiagnosticsError, InputError
from impactmodel.core.outcomes import Outcomes
from impactmodel.effects.histories import Histories
from impactmodel.fiscal.observed import Observed
from impactmodel.fiscal.parameters import Rules
from impactmodel.fiscal.profile import Profile
from impactmodel.fiscal.rule_savings import rule_savings
from impactmodel.fiscal.rule_side import RuleSide
from impactmodel.fiscal.savings import Savings
from impactmodel.fiscal.stated import unit_savings
from impactmodel.fiscal.unit_values import UnitValues

type PublicSide = Annotated[UnitValues | Observed | RuleSide, Field(discriminator="type")]
"""Stated values per unit of an outcome, observed money, or rules for a profile of persons."""


def savings(  # noqa: PLR0913  outcomes, public side and what may replace its parts
    outcomes: Outcomes,
    public: PublicSide | Rules,
    *,
    profile: Profile | None = None,
    horizon_years: float | None = None,
    discount_rate: float | None = None,
    histories: Histories | None = None,
    seed: int = 1,
) -> Savings:
    r"""Compute what each payer gains from the effect, draw by draw.

    For a stated value: people × effect per person × (1 - displacement) × (1 - deadweight) × share
    that remains × value per unit. A flow counts in every period, a cumulative outcome by its
    increments, a stock in the last period of the evidence.

    Parameters
    ----------
    outcomes
        Draws of outcomes; draw i of the savings is draw i of them.
    public
        The public side, or the rules of a country (`load_rules`) with their default assumptions.
    profile
        The persons that the rules see; for rules only.
    horizon_years, discount_rate
        Instead of those of the public side.
    histories
        Months in work of both arms, such as `chain_histories` of fitted transitions, instead of
        months filled from the outcomes; for rules only. Draw i is draw i of the outcomes.
    seed
        Of uncertain values; outcomes bring their own draws.

    Returns
    -------
    Savings
        The ledger and what stands behind it.

    Raises
    ------
    InputError
        If an outcome is not there, a share is none, or a channel has two drivers.
    JoinError
        If currencies or price bases differ.
    DiagnosticsError
        If the fit behind the outcomes failed its diagnostics.

    Examples
    --------
    >>> import datetime as dt
    >>> from impactmodel.core.measures import OutcomeMeasure
    >>> from impactmodel.core.outcomes import Provenance
    >>> from impactmodel.core.schedule import Periods
    >>> from impactmodel.fiscal.unit_values import UnitValue, UnitValues
    >>> wages = OutcomeMeasure("wages", kind="amount", unit="EUR/year")
    >>> outcomes = Outcomes.from_draws([[1200.0]], [[1000.0]], measures=[wages], cohort_size=10,
    ...     periods=Periods(dt.date(2024, 1, 1), "year", 1), provenance=Provenance())
    >>> tax = UnitValue("income_tax", "wages", 0.3, "state", "participant")
    >>> savings(outcomes, UnitValues((tax,), "EUR")).total().tolist()
    [600.0]
    """
    status = outcomes.provenance.diagnostics
    if status.startswith("failed"):
        raise DiagnosticsError(
            f"no saving is computed on a fit that failed its diagnostics ({status})"
        )
    side = _side(public.unit_values() if isinstance(public, Observed) else public, profile)
    side = dataclasses.replace(
        side,
        horizon_years=side.horizon_years if horizon_years is None else horizon_years,
        discount_rate=side.discount_rate if discount_rate is None else discount_rate,
    )
    if isinstance(side, UnitValues):
        if histories is not None:
            raise InputError("unit values see no histories", key="histories", fix="leave them out")
        return unit_savings(outcomes, side, seed=seed)
    rules = public if isinstance(public, Rules) else side.rules()
    return rule_savings(outcomes, rules, side.people(), side, histories=histories, seed=seed)


def _side(public: UnitValues | RuleSide | Rules, profile: Profile | None) -> UnitValues | RuleSide:
    if isinstance(public, Rules):
        public = RuleSide()
    if profile is None:
        return public
    if isinstance(public, UnitValues):
        raise InputError("unit values see no persons", key="profile", fix="leave the profile out")
    return dataclasses.replace(public, persons=profile.persons, profile="")
