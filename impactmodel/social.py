"""Impact beside money for a case: what was made of outcomes, for whom, at what cost."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from impactmodel.core.distribution import Uncertain, draw, mean
from impactmodel.core.errors import InputError
from impactmodel.core.seeds import stream
from impactmodel.core.spec import spec
from impactmodel.finance import Deferred, Impact, impact
from impactmodel.levers import effect_total

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from impactmodel.contract import OutcomePayments
    from impactmodel.core.outcomes import Outcomes
    from impactmodel.finance import CashFlows, Enrolled, Returns


@spec
class SocialValue:
    """What one more unit of an outcome is worth to society, discounted, in the case's currency.

    Parameters
    ----------
    outcome
        Whose effect it values.
    value
        Per unit; a distribution where it is uncertain.
    source, locator, url, quote
        Where it was read. Without a locator, or a url with the quote, it is unverified.
    """

    outcome: str
    value: Uncertain
    source: str = ""
    locator: str = ""
    url: str = ""
    quote: str = ""

    @property
    def verified(self) -> bool:
        """Whether somebody can look the value up where it was read."""
        return bool(self.source and (self.locator or (self.url and self.quote)))

    @property
    def assumptions(self) -> tuple[str, ...]:
        """The value and its standing."""
        mark = "" if self.verified else ", UNVERIFIED"
        source = self.source or "no source"
        return (
            f"social value of '{self.outcome}': {mean(self.value):g} per unit ({source}{mark})",
        )


def impact_of(  # noqa: PLR0913  the parts of a run
    outcomes: Outcomes,
    paid: OutcomePayments,
    flows: CashFlows | None,
    returns: Returns | None,
    enrolled: Enrolled | None,
    values: Sequence[SocialValue],
    *,
    seed: int,
) -> Impact:
    """Return the impact measures of a run, draw by draw.

    Outcomes are effects summed over the cohort (periods of a flow summed, else the last); an index
    has no sum and is left out. Costs are those of service and fund, paid, deferred or unfunded;
    without a fund they are not known.

    Raises
    ------
    InputError
        If a value names no outcome that can be summed, or one twice.
    """
    made = {m.name: effect_total(outcomes, m.name) for m in outcomes.measures if m.kind != "index"}
    worth: dict[str, NDArray[np.float64]] = {}
    for place, value in enumerate(values):
        key = f"social_values[{place}].outcome"
        if value.outcome in worth:
            raise InputError("an outcome has one social value", key=key, seen=value.outcome)
        if value.outcome not in made:
            known = ", ".join(made)
            fix = f"name one of {known}" if known else ""
            raise InputError("no such outcome, or an index", key=key, seen=value.outcome, fix=fix)
        rng = stream(seed, f"social value of {value.outcome}")
        worth[value.outcome] = draw(value.value, outcomes.n_draws, rng)
    people = outcomes.cohort_size.values.sum(axis=1)
    return impact(
        returns,
        people=people if enrolled is None else enrolled.people(outcomes.provenance.population),
        outcomes=made,
        values=worth,
        paid=paid.total(),
        cost=None if flows is None else _cost(flows),
        currency=paid.currency,
    )


def _cost(flows: CashFlows) -> NDArray[np.float64]:
    ladder = flows.ladder
    waits = [t.name for t in flows.structure.tranches if isinstance(t, Deferred)]
    parts = [ladder.values[name] for name in ("service_costs", "unfunded", "fees")]
    parts += [ladder.paid_in[name] for name in waits]
    return np.asarray(sum(part.sum(axis=1) for part in parts))
