"""The case mix that a story offers a contract, and what a provider gains by taking the easiest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from impactmodel.clients.anticipation import WithoutService
from impactmodel.clients.case_mix import Array, Basis, CaseMix, case_mix, skimming_within
from impactmodel.clients.chances import Chances
from impactmodel.clients.membership import Membership
from impactmodel.contract.fixing import FixedTerm
from impactmodel.evidence.columns import frozen

LEAST = 50
"""Fewest eligible people of a stratum whose chance may be stated."""


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class CaseMixOffer:
    """Chances by stratum of those eligible for places, and what taking the easiest would pay.

    Parameters
    ----------
    mix
        Of the eligible, which are the later window.
    stock
        Share of each stratum among the people the models were learnt from (stratum).
    left_out
        Strata with too few of the eligible for a chance of their own.
    places
        How many of the eligible are enrolled.
    easiest
        People of each stratum if those with the highest chance come first.
    lift
        Mean chance of the enrolled less that of their stratum (draw, stratum) if each stratum has
        its share of the places, and in each those with the highest chances come first.
    fixed
        Terms of the contract that are taken from here.
    """

    mix: CaseMix
    stock: Array
    left_out: tuple[str, ...]
    places: int
    easiest: Mapping[str, int]
    lift: Array
    fixed: tuple[FixedTerm, ...] = ()

    @property
    def share(self) -> Array:
        """Share of each stratum among the eligible."""
        return np.asarray(self.mix.people / self.mix.people.sum())

    @property
    def beyond_stock(self) -> Array:
        """Share among the eligible less that among those the models were learnt from."""
        return np.asarray(self.share - self.stock)

    def between(self, price: float | Mapping[str, float], basis: Basis) -> Array:
        """Return what taking the easiest strata first adds to the expected payment (draw)."""
        return self.mix.exposure(self.easiest, price, basis)

    def within(self, price: float | Mapping[str, float]) -> Array:
        r"""Return what taking the easiest people of each stratum adds to the payment (draw).

        .. math:: n \sum_s p_s \, \pi_s \, \ell_s

        with :math:`\ell_s` the lift. No price or level by stratum protects from it.
        """
        prices = [price[s] if isinstance(price, Mapping) else price for s in self.mix.strata]
        return np.asarray(self.places * self.lift @ (self.share * np.array(prices)))

    def __repr__(self) -> str:
        return f"CaseMixOffer({self.mix!r}; {self.places} places)"


def case_mix_offer(
    chances: Chances, groups: Membership, early: npt.NDArray[np.bool_], places: Array
) -> CaseMixOffer | None:
    """Return the case mix of the eligible by their group.

    Parameters
    ----------
    chances
        Of the eligible, under a model without a service.
    groups
        Of everybody.
    early
        Who the models were learnt from; the others are the eligible (person).
    places
        Proposed ones (group, service): as many of the eligible does a provider enrol.

    Returns
    -------
    CaseMixOffer or None
        None where every stratum has fewer than 50 of the eligible, and of a model of services as
        usual: a baseline that holds their effect would not pay for it.
    """
    if not isinstance(chances.model.policy, WithoutService):
        return None
    later, earlier = groups.take(~early), groups.take(early)
    enough = np.bincount(later.code, minlength=len(later.groups)) >= LEAST
    if not enough.any():
        return None
    strata = tuple(g for g, kept in zip(later.groups, enough, strict=True) if kept)
    new = np.where(enough, np.cumsum(enough) - 1, -1)
    code = new[later.code]
    mix = case_mix(chances, code, strata, least=LEAST)
    stock = np.bincount(earlier.code, minlength=len(earlier.groups))[enough]
    count = min(round(float(places.sum())), int(mix.people.sum()))
    share = max(count, 1) / mix.people.sum()
    return CaseMixOffer(
        mix=mix,
        stock=frozen(stock / max(int(stock.sum()), 1)),
        left_out=tuple(g for g, kept in zip(later.groups, enough, strict=True) if not kept),
        places=count,
        easiest=easiest_first(mix, count),
        lift=frozen(skimming_within(chances, code, len(strata), float(share))),
    )


def easiest_first(mix: CaseMix, places: int) -> dict[str, int]:
    """Fill places with the strata of the highest chance, each to its last person.

    Examples
    --------
    >>> mix = CaseMix(("far", "near"), np.array([50, 30]), np.array([[0.2, 0.6]]), "without")
    >>> easiest_first(mix, 40)
    {'near': 30, 'far': 10}
    """
    order: npt.NDArray[np.intp] = np.argsort(-mix.chance.mean(axis=0), kind="stable")
    found, left = {}, places
    for place in order.tolist():
        taken = min(left, int(mix.people[place]))
        found[mix.strata[place]] = taken
        left -= taken
    return found
