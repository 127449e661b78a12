"""Principal strata of a yes-or-no outcome: exact draws, and the same model for a sampler."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from impactmodel.core.errors import InputError, NotIdentifiedError
from impactmodel.core.spec import spec

if TYPE_CHECKING:
    import xarray as xr

type Array = npt.NDArray[np.float64]

STRATA = ("compliers", "never takers", "always takers")
RATES = ("compliers treated", "compliers untreated", "never takers", "always takers")
_BLOCK = 20_000
_TRIES = 2_000_000


@spec
class StrataPriors:
    r"""Priors of the shares of the strata and of the outcome's rate in each.

    .. math::
        (\pi_c, \pi_n, \pi_a) \sim \operatorname{Dirichlet}(\cdot), \quad
        p_{c1}, p_{c0}, p_n, p_a \sim \operatorname{Beta}(\cdot)

    Parameters
    ----------
    compliers, never_takers, always_takers
        Of the Dirichlet distribution (without always takers a beta distribution); together they
        weigh as much as so many people. Compliers have at least 3, which keeps exact draws exact.
    events, non_events
        Of every rate; at least 1, and 1 and 1 is uniform.

    Examples
    --------
    >>> StrataPriors().compliers
    3.0
    """

    compliers: float = 3.0
    never_takers: float = 2.0
    always_takers: float = 2.0
    events: float = 1.0
    non_events: float = 1.0

    def __post_init__(self) -> None:
        least = {"compliers": 3.0, "events": 1.0, "non_events": 1.0}
        for f in fields(self):
            value, low = getattr(self, f.name), least.get(f.name)
            if low is not None and value < low:
                raise InputError(f"this must be at least {low:g}", key=f.name, seen=value)
            if not value > 0:
                raise InputError("this must be above 0", key=f.name, seen=value)


@dataclass(frozen=True, slots=True, eq=False)
class StrataDraws:
    """Draws of shares (draw, stratum) and rates (draw, rate), see `STRATA` and `RATES`.

    ``plausible`` is the share of draws without the assumptions that agree with them.
    """

    shares: Array
    rates: Array
    plausible: float


@dataclass(frozen=True, slots=True, eq=False)
class Strata:
    r"""Assignment, take-up and a yes-or-no outcome under monotonicity and exclusion.

    Among the invited those who decline are never takers, and those who take part are compliers
    and always takers; among the others those who take part are always takers, and the rest are
    compliers and never takers. The outcome depends on the invitation through take-up only.

    The six free probabilities of the two arms' tables determine the strata and their rates one to
    one. In these terms the posterior is a product of beta distributions, cut to the region where
    every share and rate lies between 0 and 1. With :math:`u_1 = P(D{=}1 \mid Z{=}1)`,
    :math:`u_0 = P(D{=}0 \mid Z{=}0)`, :math:`q_1, q_0` the rates within them and :math:`n_{zd}` the
    counts,

    .. math::
        \pi_n \sim B(n_{10} + \alpha_n,\, n_{11} + 2), \quad
        \pi_a \sim B(n_{01} + \alpha_a,\, n_{00} + 2), \quad
        p_{c1} = \frac{u_1 q_1 - \pi_a p_a}{\pi_c}, \quad
        p_{c0} = \frac{u_0 q_0 - \pi_n p_n}{\pi_c}

    times :math:`\pi_c^{\alpha_c - 3}`, by rejection. One-sided:
    :math:`\pi_c \sim B(n_{11} + \alpha_c - 1, n_{10} + \alpha_n)`, and only :math:`p_{c0}` is cut.

    Parameters
    ----------
    name
        The outcome.
    counts
        People by assignment, take-up and outcome (2, 2, 2).
    priors
        Of the strata.
    one_sided
        Whether nobody who was not invited can take part: there are no always takers.

    References
    ----------
    Imbens and Rubin (1997), Annals of Statistics 25(1), doi:10.1214/aos/1034276631.
    """

    name: str
    counts: Array
    priors: StrataPriors
    one_sided: bool

    def exact(self, n: int, rng: np.random.Generator) -> StrataDraws:
        """Draw independently from the exact posterior.

        Raises
        ------
        NotIdentifiedError
            If hardly any table that agrees with the counts agrees with the assumptions.
        """
        kept: list[tuple[Array, Array]] = []
        found = tried = plausible = 0
        while found < n:
            shares, rates, weight = self._propose(_BLOCK, rng)
            tried += _BLOCK
            plausible += int(np.count_nonzero(weight > 0))
            taken = rng.random(_BLOCK) < weight
            kept.append((shares[taken], rates[taken]))
            found += int(np.count_nonzero(taken))
            if tried >= _TRIES and found < n * tried / (200 * _TRIES):
                raise NotIdentifiedError(
                    f"'{self.name}': the counts contradict the assumptions: a stratum would need a "
                    "negative share or rate; there are defiers, or the invitation itself moves the "
                    "outcome"
                )
        shares = np.concatenate([s for s, _ in kept])[:n]
        rates = np.concatenate([r for _, r in kept])[:n]
        return StrataDraws(shares, rates, plausible / tried)

    def _propose(self, n: int, rng: np.random.Generator) -> tuple[Array, Array, Array]:
        """Draw n tables; return shares, rates and the probability of acceptance, 0 where cut."""
        p, k = self.priors, self.counts
        arms = k.sum(axis=2)

        def rate(counts: Array, events: float = 1.0, others: float = 1.0) -> Array:
            return rng.beta(events + counts[1], others + counts[0], n)

        never = rate(k[1, 0], p.events, p.non_events)
        q0 = rate(k[0, 0])
        if self.one_sided:
            complier = rng.beta(arms[1, 1] + p.compliers - 1, arms[1, 0] + p.never_takers, n)
            shares = np.column_stack([complier, 1 - complier])
            treated = rate(k[1, 1], p.events, p.non_events)
            untreated = (q0 - shares[:, 1] * never) / complier
            rates = np.column_stack([treated, untreated, never])
            return shares, rates, self._inside(untreated)
        always = rate(k[0, 1], p.events, p.non_events)
        pi_n = rng.beta(arms[1, 0] + p.never_takers, arms[1, 1] + 2, n)
        pi_a = rng.beta(arms[0, 1] + p.always_takers, arms[0, 0] + 2, n)
        pi_c = 1 - pi_n - pi_a
        some = np.where(pi_c > 0, pi_c, 1.0)
        treated = ((1 - pi_n) * rate(k[1, 1]) - pi_a * always) / some
        untreated = ((1 - pi_a) * q0 - pi_n * never) / some
        weight = self._inside(treated) * self._inside(untreated) * (pi_c > 0)
        weight *= some ** (p.compliers - 3.0)
        shares = np.column_stack([pi_c, pi_n, pi_a])
        return shares, np.column_stack([treated, untreated, never, always]), weight

    def _inside(self, rate: Array) -> Array:
        """Return the prior density of a rate over its highest value, 0 outside [0, 1]."""
        a, b = self.priors.events - 1, self.priors.non_events - 1
        mode = a / (a + b) if a + b > 0 else 0.5
        inside = (rate >= 0) & (rate <= 1)
        at = np.where(inside, rate, mode)
        out: Array = (
            inside * (at / mode) ** a * ((1 - at) / (1 - mode)) ** b
            if a * b
            else (inside * at**a * (1 - at) ** b)
        )
        return out

    def prior(self, n: int, rng: np.random.Generator) -> StrataDraws:
        """Draw shares and rates from their priors."""
        p = self.priors
        alpha = [p.compliers, p.never_takers, p.always_takers][: 2 if self.one_sided else 3]
        shares = rng.dirichlet(alpha, n)
        rates = rng.beta(p.events, p.non_events, (n, len(alpha) + 1))
        return StrataDraws(shares, rates, 1.0)

    @property
    def signature(self) -> Hashable:
        """What decides the compiled code."""
        return type(self).__name__, self.name, self.one_sided

    @property
    def target_accept(self) -> float:
        """Acceptance that a sampler's steps are adapted to: boundaries need small steps."""
        return 0.95

    @property
    def data(self) -> dict[str, npt.NDArray[Any]]:
        """The arrays that the PyMC model reads, by name."""
        p = self.priors
        return {
            f"{self.name}_counts": self.counts,
            f"{self.name}_alpha": np.array(
                [p.compliers, p.never_takers, p.always_takers][: 2 if self.one_sided else 3]
            ),
            f"{self.name}_rate_prior": np.array([p.events, p.non_events]),
        }

    def add(self, data: Mapping[str, Any]) -> None:
        """Add shares, rates and the likelihood of the counts to the PyMC model in context."""
        import pymc as pm
        import pytensor.tensor as pt

        strata, rates = (STRATA[:2], RATES[:3]) if self.one_sided else (STRATA, RATES)
        coords = {f"{self.name}_stratum": strata, f"{self.name}_rate_of": rates}
        pm.modelcontext(None).add_coords(coords)
        alpha, prior = data[f"{self.name}_alpha"], data[f"{self.name}_rate_prior"]
        k = data[f"{self.name}_counts"]
        share = pm.Dirichlet(f"{self.name}_share", alpha, dims=f"{self.name}_stratum")
        rate = pm.Beta(f"{self.name}_rate", prior[0], prior[1], dims=f"{self.name}_rate_of")
        always = 0.0 if self.one_sided else share[2]
        always_rate = 0.0 if self.one_sided else rate[3]
        tables = (
            (k[1, 0], share[1] * rate[2], share[1] * (1 - rate[2])),
            (
                k[1, 1],
                share[0] * rate[0] + always * always_rate,
                share[0] * (1 - rate[0]) + always * (1 - always_rate),
            ),
            (
                k[0, 0],
                share[0] * rate[1] + share[1] * rate[2],
                share[0] * (1 - rate[1]) + share[1] * (1 - rate[2]),
            ),
        )
        terms = [n[1] * pt.log(yes) + n[0] * pt.log(no) for n, yes, no in tables]
        if not self.one_sided:
            yes, no = share[2] * rate[3], share[2] * (1 - rate[3])
            terms.append(k[0, 1][1] * pt.log(yes) + k[0, 1][0] * pt.log(no))
        pm.Potential(f"{self.name}_likelihood", sum(terms))

    def read(self, tree: xr.DataTree) -> StrataDraws:
        """Return sampled shares and rates, chains one after another."""
        shares, rates = (
            tree["posterior"].dataset[f"{self.name}_{part}"].values for part in ("share", "rate")
        )
        return StrataDraws(
            shares.reshape(-1, shares.shape[-1]), rates.reshape(-1, rates.shape[-1]), 1.0
        )
