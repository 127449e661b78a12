"""Case mix: baseline chances and prices by stratum for a contract, and what skimming would cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from impactmodel.clients.anticipation import WithoutService
from impactmodel.clients.chances import Chances
from impactmodel.contract.cream_skimming import CreamSkimming, cream_skimming
from impactmodel.contract.terms import AbovePrediction
from impactmodel.core.errors import InputError
from impactmodel.core.money import Rounding
from impactmodel.core.outcomes import Outcomes
from impactmodel.core.rule.numbers import exact

type Array = npt.NDArray[np.float64]
type Basis = Literal["gross", "above_prediction"]


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class CaseMix:
    """Baseline chances of strata, with their uncertainty.

    Parameters
    ----------
    strata
        Names.
    people
        Eligible people (stratum).
    chance
        Mean chance without a service (draw, stratum).
    policy
        What the chances refer to.
    target
        The outcome whose chance it is.
    """

    strata: tuple[str, ...]
    people: npt.NDArray[np.intp]
    chance: Array
    policy: str
    target: str = ""

    @property
    def baseline(self) -> dict[str, float]:
        """The baseline that a contract fixes: the posterior mean chance of each stratum."""
        return dict(zip(self.strata, self.chance.mean(axis=0).tolist(), strict=True))

    def basis(self) -> AbovePrediction:
        """Return the contract's basis: outcomes above the baseline of each stratum count."""
        return AbovePrediction(self.baseline)

    def neutral_prices(self, price: float) -> dict[str, float]:
        r"""Return gross prices by stratum that pay the same for nothing in each.

        .. math:: \pi_s = \pi \, \bar c / c_s

        With them the expected payment for outcomes that come anyway is
        :math:`\pi \bar c` per person in every stratum, so that the mix of the enrolled does not
        move it; a flat price pays :math:`\pi c_s`, most where it is needed least.

        Parameters
        ----------
        price
            The flat price per outcome that costs the same over the eligible.
        """
        if not price >= 0:
            raise InputError("a price is not negative", key="price", seen=price)
        fixed = np.array(list(self.baseline.values()))
        if not (fixed > 0).all():
            raise InputError("a stratum has no chance above 0", key="chance")
        return dict(zip(self.strata, (price * self.mean / fixed).tolist(), strict=True))

    @property
    def mean(self) -> float:
        """Mean baseline over the eligible."""
        return float(self.people @ list(self.baseline.values()) / self.people.sum())

    def levels(self, groups: Sequence[str], decimals: int) -> dict[str, float]:
        """Return the baseline of some strata, rounded as a contract states it.

        Raises
        ------
        InputError
            If the case mix has no such stratum.
        """
        return self._stated(self.baseline, groups, decimals)

    def prices(self, flat: float, groups: Sequence[str], decimals: int) -> dict[str, float]:
        """Return the `neutral_prices` of some strata, rounded as a contract states them.

        Raises
        ------
        InputError
            If the case mix has no such stratum.
        """
        return self._stated(self.neutral_prices(flat), groups, decimals)

    def _stated(
        self, values: Mapping[str, float], groups: Sequence[str], decimals: int
    ) -> dict[str, float]:
        absent = [group for group in groups if group not in self.strata]
        if absent:
            raise InputError(
                "the case mix has no such stratum, or too few people in it",
                seen=absent[0],
                fix="use " + "; ".join(self.strata),
            )
        rounding = Rounding(decimals)
        return {group: float(rounding.apply(exact(values[group]))) for group in groups}

    def with_prediction(self, outcomes: Outcomes, measure: str) -> Outcomes:
        """Return outcomes that carry the baseline as their groups' prediction of one measure.

        Raises
        ------
        InputError
            If the groups are not the strata, or there is no such measure.
        """
        if tuple(map(str, outcomes.dataset["group"].values)) != self.strata:
            raise InputError(
                "the outcomes' groups are not these strata", key="strata", seen=len(self.strata)
            )
        outcomes.measure(measure)
        shape = outcomes.dataset["treated"].isel(draw=0).transpose("group", "outcome", "period")
        held = outcomes.dataset.get("prediction")
        values = np.full(shape.shape, np.nan) if held is None else held.values.copy()
        place = [m.name for m in outcomes.measures].index(measure)
        values[:, place, :] = np.array(list(self.baseline.values()))[:, None]
        dims = ("group", "outcome", "period")
        return Outcomes(outcomes.dataset.assign(prediction=(dims, values)))

    def check(self, enrolled: Mapping[str, int]) -> CreamSkimming:
        """Compare the mix of the enrolled with that of the eligible at the fixed baseline."""
        eligible = dict(zip(self.strata, self.people.tolist(), strict=True))
        return cream_skimming(enrolled, eligible, self.baseline)

    def exposure(
        self, enrolled: Mapping[str, int], price: float | Mapping[str, float], basis: Basis
    ) -> Array:
        r"""Return what the mix of the enrolled alone adds to the expected payment (draw).

        .. math:: n \sum_s (e_s - p_s)\, \pi_s\, v_s

        with shares of the enrolled *e* and of the eligible *p*, prices :math:`\pi`, and
        :math:`v_s` the chance of a draw (``gross``) or that chance minus the baseline which the
        contract fixes (``above_prediction``). Payments are taken as linear; caps and floors are
        the contract's own simulation's.

        Parameters
        ----------
        enrolled
            People by stratum.
        price
            Per outcome; one for all, or by stratum.
        basis
            What counts.
        """
        self.check(enrolled)
        prices = np.array(
            [price[s] if isinstance(price, Mapping) else price for s in self.strata], dtype=float
        )
        counts = np.array([enrolled.get(s, 0) for s in self.strata], dtype=float)
        gap = counts - counts.sum() * self.people / self.people.sum()
        fixed = np.array(list(self.baseline.values())) if basis == "above_prediction" else 0.0
        return np.asarray((self.chance - fixed) @ (gap * prices))

    def __repr__(self) -> str:
        return f"CaseMix({len(self.strata)} strata, {self.people.sum()} people, {self.policy})"


def case_mix(
    chances: Chances, stratum: npt.NDArray[np.integer], strata: tuple[str, ...], least: int = 50
) -> CaseMix:
    """Return the baseline chances of strata of eligible people.

    Parameters
    ----------
    chances
        Of the eligible, under a model without a service.
    stratum
        Code of each person.
    strata
        Names, such as ``under 30, basic education, over a year``.
    least
        Fewest people of a stratum whose baseline may be stated.

    Raises
    ------
    InputError
        If the model is of services as usual: a baseline that holds their effect would not pay for
        it; or if a stratum has too few people.
    """
    if not isinstance(chances.model.policy, WithoutService):
        raise InputError(
            "a baseline is a chance without the service",
            key="policy",
            seen=chances.model.policy.title,
            fix="anticipate with policy without_service",
        )
    code = np.asarray(stratum, dtype=np.intp)
    means = chances.group_means(code, len(strata))
    people = np.bincount(code[code >= 0], minlength=len(strata))
    few = [name for name, n in zip(strata, people, strict=True) if n < least]
    if few:
        raise InputError(
            f"{len(few)} of {len(strata)} strata have fewer than {least} people",
            key="strata",
            seen=few[0],
            fix="merge strata",
        )
    model = chances.model
    return CaseMix(strata, people, means, model.policy.title, model.target.name)


def skimming_within(
    chances: Chances, stratum: npt.NDArray[np.integer], count: int, share: float
) -> Array:
    """Return how far a provider who knew every chance could lift a stratum's mean (draw, stratum).

    The people of each stratum with the highest expected chances are enrolled, up to a share; their
    mean chance minus that of the stratum is what strata alone do not protect from.

    Parameters
    ----------
    stratum, count
        Code of each person, and how many strata.
    share
        Share of each stratum that is enrolled.
    """
    if not 0 < share <= 1:
        raise InputError("a share above 0, at most 1", key="share", seen=share)
    code = np.asarray(stratum, dtype=np.intp)
    expected = chances.expected()
    chosen = np.full(len(code), -1, dtype=np.intp)
    for s in range(count):
        own = np.flatnonzero(code == s)
        best = own[np.argsort(-expected[own], kind="stable")][: int(np.ceil(share * len(own)))]
        chosen[best] = s
    return np.asarray(chances.group_means(chosen, count) - chances.group_means(code, count))
