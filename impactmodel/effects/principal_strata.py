"""Principal strata of a yes-or-no outcome: exact draws, and the same model for a sampler."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from impactmodel.core.errors import InputError, NotIdentifiedError
from impactmodel.core.spec import spec
from impactmodel.effects.mixed_strata import Mixed, highest

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

    Uniform by default: every split of people into strata is as likely as any other.

    Parameters
    ----------
    compliers, never_takers, always_takers
        Of the Dirichlet distribution (without always takers a beta distribution); together they
        weigh as much as so many people. Compliers have at least 1: below it the prior would be
        unbounded where nobody complies, and there the data say nothing of an effect.
    events, non_events
        Of every rate; at least 1, and 1 and 1 is uniform.

    Examples
    --------
    >>> StrataPriors().compliers
    1.0
    """

    compliers: float = 1.0
    never_takers: float = 1.0
    always_takers: float = 1.0
    events: float = 1.0
    non_events: float = 1.0

    def __post_init__(self) -> None:
        least = {"compliers": 1.0, "events": 1.0, "non_events": 1.0}
        for f in fields(self):
            value, low = getattr(self, f.name), least.get(f.name)
            if low is not None and value < low:
                raise InputError(f"this must be at least {low:g}", key=f.name, seen=value)
            if not value > 0:
                raise InputError("this must be above 0", key=f.name, seen=value)


@dataclass(frozen=True, slots=True, eq=False)
class StrataDraws:
    """Draws of shares (draw, stratum) and rates (draw, rate), see `STRATA` and `RATES`."""

    shares: Array
    rates: Array


@dataclass(frozen=True, slots=True, eq=False)
class Strata:
    r"""Assignment, take-up and a yes-or-no outcome under monotonicity and exclusion.

    Among the invited those who decline are never takers, and those who take part are compliers
    and always takers; among the others those who take part are always takers, and the rest are
    compliers and never takers. The outcome depends on the invitation through take-up only. With
    counts :math:`n_{zd}` by assignment and take-up, the likelihood is

    .. math::
        \pi_n^{n_{10}} (1 - \pi_n)^{n_{11}} \pi_a^{n_{01}} (1 - \pi_a)^{n_{00}}

    times binomial ones of the rates :math:`p_n, p_a` and of those among people who are seen mixed,

    .. math::
        q_1 = \frac{\pi_c p_{c1} + \pi_a p_a}{\pi_c + \pi_a}, \quad
        q_0 = \frac{\pi_c p_{c0} + \pi_n p_n}{\pi_c + \pi_n}

    Draws are exact, by rejection: shares from beta distributions, then each rate of compliers
    (see `Mixed`).

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
            If hardly any strata agree with the counts.
        """
        kept: list[tuple[Array, Array]] = []
        found = tried = 0
        while found < n:
            kept.append(self._accepted(rng))
            tried, found = tried + _BLOCK, found + len(kept[-1][0])
            if tried >= _TRIES and found < n * tried / (200 * _TRIES):
                raise NotIdentifiedError(
                    f"'{self.name}': the counts contradict the assumptions: a stratum would need a "
                    "negative share or rate; there are defiers, or the invitation itself moves the "
                    "outcome"
                )
        shares = np.concatenate([s for s, _ in kept])[:n]
        rates = np.concatenate([r for _, r in kept])[:n]
        return StrataDraws(shares, rates)

    def _accepted(self, rng: np.random.Generator) -> tuple[Array, Array]:
        """Draw a block of strata from an envelope of the posterior; return those accepted."""
        p, k = self.priors, self.counts
        treated, untreated = (Mixed(k[z, z], p.events, p.non_events) for z in (1, 0))
        if self.one_sided:
            pi, weight = self._one_sided_shares(untreated, rng)
        else:
            pi, weight = self._two_sided_shares(treated, untreated, rng)
        pi = pi[rng.random(_BLOCK) < weight]

        def rate(counts: Array) -> Array:
            return rng.beta(p.events + counts[1], p.non_events + counts[0], len(pi))

        never = rate(k[1, 0])
        without, sure = untreated.draw(pi[:, 0], pi[:, 1], never, rng)
        if self.one_sided:
            return pi[sure], np.column_stack([rate(k[1, 1]), without, never])[sure]
        always = rate(k[0, 1])
        with_it, also = treated.draw(pi[:, 0], pi[:, 2], always, rng)
        sure &= also
        return pi[sure], np.column_stack([with_it, without, never, always])[sure]

    def _one_sided_shares(self, untreated: Mixed, rng: np.random.Generator) -> tuple[Array, Array]:
        """Draw shares of compliers and never takers; return them and their acceptance."""
        p, (declined, took) = self.priors, self.counts.sum(axis=2)[1]
        # One power of the share goes to the acceptance, where the envelope bounds it.
        moved = 1.0 if took + p.compliers > 1 else 0.0
        c = rng.beta(took + p.compliers - moved, declined + p.never_takers, _BLOCK)
        weight = c**moved * untreated.envelope(c, np.ones(1))
        return np.column_stack([c, 1 - c]), weight / highest(moved, untreated)

    def _two_sided_shares(
        self, treated: Mixed, untreated: Mixed, rng: np.random.Generator
    ) -> tuple[Array, Array]:
        """Draw shares of the three strata; return them and their acceptance."""
        p, arms = self.priors, self.counts.sum(axis=2)
        never = rng.beta(arms[1, 0] + p.never_takers, arms[1, 1] + 1, _BLOCK)
        always = rng.beta(arms[0, 1] + p.always_takers, arms[0, 0] + 1, _BLOCK)
        pi = np.column_stack([1 - never - always, never, always])
        c, power = np.maximum(pi[:, 0], 0.0), p.compliers - 1
        weight = (c > 0) * c**power * treated.envelope(c, 1 - never)
        weight *= untreated.envelope(c, 1 - always)
        return pi, weight / highest(power, treated, untreated)

    def plausible(self, rng: np.random.Generator) -> float:
        """Return how often tables that agree with the counts agree with the assumptions.

        The share of draws of the two arms' tables, under uniform priors and without any
        assumption, in which no stratum has a negative share or rate.
        """
        k, arms = self.counts, self.counts.sum(axis=2)
        took = [rng.beta(1 + arms[z, 1], 1 + arms[z, 0], _BLOCK) for z in (0, 1)]
        if self.one_sided:
            took[0] = np.zeros(_BLOCK)
        rate = rng.beta(1 + k[..., 1], 1 + k[..., 0], (_BLOCK, 2, 2))
        inside = took[1] > took[0]
        for d, share in ((1, took), (0, [1 - t for t in took])):
            cell = [share[z] * rate[:, z, d] for z in (0, 1)]
            events, people = cell[d] - cell[1 - d], share[d] - share[1 - d]
            inside &= (events >= 0) & (events <= people)
        return float(inside.mean())

    def prior(self, n: int, rng: np.random.Generator) -> StrataDraws:
        """Draw shares and rates from their priors."""
        p = self.priors
        alpha = [p.compliers, p.never_takers, p.always_takers][: 2 if self.one_sided else 3]
        shares = rng.dirichlet(alpha, n)
        rates = rng.beta(p.events, p.non_events, (n, len(alpha) + 1))
        return StrataDraws(shares, rates)

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
        return StrataDraws(shares.reshape(-1, shares.shape[-1]), rates.reshape(-1, rates.shape[-1]))
