"""What a place is worth: cost per additional job, euros by payer, and the net saving."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from impactmodel.core import distribution
from impactmodel.core.distribution import Uncertain
from impactmodel.core.errors import InputError
from impactmodel.core.money import check_currency
from impactmodel.core.seeds import stream
from impactmodel.evidence.columns import frozen
from impactmodel.fiscal.appraisal import ratio_summary
from impactmodel.fiscal.payers import is_public

type Draws = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class PlaceValue:
    """Value of a place by service and group, draw by draw, in present value per place.

    Parameters
    ----------
    services, groups, unit
        Names, and what is added: jobs or months of employment.
    added
        Additional units per place (draw, service, group).
    by_payer
        Value to each payer (draw, service, group): added units times the value of one to it.
    per_unit
        Value of one more unit to each payer (draw, group).
    cost
        Of a place (draw, service).
    currency
        Of every amount.
    private
        Payers that are no public ones, beside participant and employer.
    paid_by
        Who pays for a place (service); empty or not stated: the public purse.
    """

    services: tuple[str, ...]
    groups: tuple[str, ...]
    unit: str
    added: Draws
    by_payer: Mapping[str, Draws]
    per_unit: Mapping[str, Draws]
    cost: Draws
    currency: str
    private: tuple[str, ...] = ()
    paid_by: tuple[str, ...] = ()

    @property
    def cost_per_added(self) -> Draws:
        """Cost per additional unit (draw, service, group).

        Not a number where nothing or less is added: a cost below zero would read as a bargain.
        """
        added = np.where(self.added > 0, self.added, np.nan)
        return np.asarray(self.cost[:, :, None] / added)

    @property
    def public(self) -> Draws:
        """Value to all public payers (draw, service, group)."""
        parts = [v for payer, v in self.by_payer.items() if is_public(payer, self.private)]
        return np.asarray(sum(parts, np.zeros_like(self.added)))

    @property
    def net_saving(self) -> Draws:
        """Public value less the cost of the place (draw, service, group)."""
        return self.net()

    @property
    def payers(self) -> tuple[str, ...]:
        """Who gains or loses by a job, and who pays for places, in that order."""
        return tuple(dict.fromkeys([*self.by_payer, *filter(None, self.paid_by)]))

    def bears(self, payer: str = "") -> npt.NDArray[np.bool_]:
        """Return whose places a payer pays for (service); without a name, the public purse."""
        paid = self.paid_by or ("",) * len(self.services)
        if payer:
            return np.array([name == payer for name in paid])
        return np.array([not name or is_public(name, self.private) for name in paid])

    def value_of_unit(self, payer: str = "") -> Draws:
        """Return the value of one more unit to a payer, or to all public ones (draw, group)."""
        nothing = np.zeros((len(self.added), len(self.groups)))
        if payer:
            return np.asarray(self.per_unit.get(payer, nothing))
        public = [v for name, v in self.per_unit.items() if is_public(name, self.private)]
        return np.asarray(sum(public, nothing))

    def net(self, payer: str = "") -> Draws:
        """Return the value of a place to a payer less what it pays for the place.

        Parameters
        ----------
        payer
            Empty for all public payers together.

        Returns
        -------
        numpy.ndarray
            Present value per place (draw, service, group).
        """
        value = self.by_payer.get(payer, np.zeros_like(self.added)) if payer else self.public
        return np.asarray(value - (self.cost * self.bears(payer))[:, :, None])

    def break_even(self, payer: str = "") -> Draws:
        """Return how many units a place must add to pay for itself (draw, service, group).

        Not a number where a unit is worth nothing to the payer, or costs it: no effect pays then.
        """
        unit = self.value_of_unit(payer)
        worth = np.where(unit > 0, unit, np.nan)[:, None, :]
        return np.asarray((self.cost * self.bears(payer))[:, :, None] / worth)

    def cost_summary(self, prob: float = 0.9) -> dict[tuple[str, str], dict[str, Any]]:
        """Summarise the cost per unit by service and group: median, interval, ``p_undefined``.

        The quantiles are over the draws in which something is added; read them with the share of
        those in which nothing is.
        """
        ratio = self.cost_per_added
        return {
            (service, group): ratio_summary(ratio[:, s, g], prob)
            for s, service in enumerate(self.services)
            for g, group in enumerate(self.groups)
        }

    def __repr__(self) -> str:
        return (
            f"PlaceValue(services {', '.join(self.services)}; {len(self.groups)} groups; "
            f"{self.unit}, {self.currency})"
        )


def place_value(
    added: tuple[str, Draws],
    names: tuple[tuple[str, ...], tuple[str, ...]],
    value: Mapping[str, Draws],
    cost: Mapping[str, Uncertain],
    currency: str,
    *,
    seed: int = 0,
) -> PlaceValue:
    r"""Value places.

    .. math:: v_{dsgp} = \Delta_{dsg} \, u_{dgp}, \qquad
        \text{net}_{dsg} = \sum_{p \text{ public}} v_{dsgp} - k_{ds}

    Parameters
    ----------
    added
        What is added, such as ``jobs``, and its draws (draw, service, group).
    names
        Services and groups.
    value
        By payer: present value of one more unit (draw, group). Of payers' own draws, which are
        taken as independent of the effects unless they share a draw index. Negative where a payer
        loses. ``participant`` and ``employer`` are no public payers.
    cost
        Of a place by service, uncertain or not, paid by the public purse.
    seed
        Of uncertain costs.

    Raises
    ------
    InputError
        If a service has no cost, a cost is negative, or shapes differ.

    Examples
    --------
    A place adds 0.05 jobs at 2,000: 40,000 for each. A job is worth 30,000 to the state.

    >>> made = place_value(("jobs", np.full((1, 1, 1), 0.05)), (("course",), ("all",)),
    ...     {"state": np.full((1, 1), 30000.0)}, {"course": 2000.0}, "EUR")
    >>> round(float(made.cost_per_added[0, 0, 0])), round(float(made.net_saving[0, 0, 0]))
    (40000, -500)
    """
    unit, units = added
    services, groups = names
    draws = len(units)
    check_currency(currency)
    if units.shape != (draws, len(services), len(groups)):
        raise InputError("added units have the shape (draw, service, group)", seen=units.shape)
    for payer, amount in value.items():
        if amount.shape != (draws, len(groups)):
            raise InputError(
                "values have the shape (draw, group)",
                key=payer,
                seen=amount.shape,
                fix=f"give {draws} draws of {len(groups)} groups",
            )
    costs = _costs(services, cost, draws, seed)
    return PlaceValue(
        services,
        groups,
        unit,
        frozen(units.copy()),
        {payer: frozen(units * amount[:, None, :]) for payer, amount in value.items()},
        {payer: frozen(amount.copy()) for payer, amount in value.items()},
        frozen(costs),
        currency,
    )


def _costs(
    services: tuple[str, ...], cost: Mapping[str, Uncertain], draws: int, seed: int
) -> Draws:
    """Draw the cost of a place (draw, service)."""
    absent = sorted(set(services) - set(cost))
    if absent:
        raise InputError("a service has no cost", key="cost", seen=absent[0], fix="state it")
    costs = np.column_stack(
        [distribution.draw(cost[s], draws, stream(seed, "place cost", s)) for s in services]
    )
    if (costs < 0).any():
        raise InputError("a cost is negative in a draw", key="cost", fix="use a lognormal")
    return costs
