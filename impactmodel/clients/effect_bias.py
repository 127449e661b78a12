"""A prior of the bias that hidden knowledge leaves: one for all effects, with deviations."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from impactmodel.clients.allocation_gain import THOUSAND, PolicyGain
from impactmodel.clients.effect_draws import NOTHING_HIDDEN, EffectDraws
from impactmodel.clients.effect_hidden import benchmark_priors
from impactmodel.clients.effect_inputs import Served
from impactmodel.core.errors import InputError
from impactmodel.core.seeds import stream
from impactmodel.core.spec import spec
from impactmodel.effects.sensitivity import Bias, BiasPrior
from impactmodel.evidence.columns import frozen

type Draws = npt.NDArray[np.float64]


@spec
class HiddenBias:
    r"""What caseworkers know and no column holds, as a prior of the bias that it leaves.

    .. math:: \beta_{sg} = m_s + \sigma_s \left(\sqrt{a}\, z + \sqrt{b}\, z_s + \sqrt{c}\, z_g
        + \sqrt{1 - a - b - c}\, z_{sg}\right)

    with standard normal *z*: one bias that all effects share, and what is particular to a service,
    to a group, and to a service in a group. The shared part does not average out over groups and
    services, as independent biases would.

    Parameters
    ----------
    size
        Mean :math:`m_s` and sd :math:`\sigma_s` of the bias of one effect, estimated minus true:
        stated, or as large as a confounder like a recorded column would leave.
    reason
        Why, for the record; every output repeats it.
    shared, services, groups
        Shares *a*, *b*, *c* of the variance.

    Raises
    ------
    InputError
        Without a reason, or if the shares are negative or more than the whole.
    """

    size: Bias
    reason: str
    shared: float = 0.5
    services: float = 0.2
    groups: float = 0.2

    def __post_init__(self) -> None:
        if not self.reason.strip():
            raise InputError("a bias prior needs a reason", key="reason", fix="say why")
        shares = {key: getattr(self, key) for key in ("shared", "services", "groups")}
        for key, share in shares.items():
            if share < 0:
                raise InputError("a share of the variance is not negative", key=key, seen=share)
        if sum(shares.values()) > 1 + 1e-9:
            raise InputError(
                "the shares of the variance add up to more than 1",
                key="shared",
                seen=f"{sum(shares.values()):g}",
                fix="what they leave is particular to each service in each group",
            )

    def sized(self, served: Served) -> SizedBias:
        """Return the prior with a size for each service.

        Raises
        ------
        InputError
            If no column is called like the benchmark, or it cannot be one.
        """
        if isinstance(self.size, BiasPrior):
            each: tuple[BiasPrior, ...] = (self.size,) * (len(served.services) - 1)
        else:
            try:
                each = benchmark_priors(served, self.size)
            except InputError as error:
                raise error.located(key="hidden.size") from None
        return SizedBias(
            self,
            served.services[1:],
            frozen(np.array([p.mean for p in each])),
            frozen(np.array([p.sd for p in each])),
        )


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class SizedBias:
    """A prior of hidden bias with its size by service.

    Parameters
    ----------
    how
        As declared.
    services
        Names.
    mean, sd
        Of the bias of one effect (service).
    """

    how: HiddenBias
    services: tuple[str, ...]
    mean: Draws
    sd: Draws

    def covariance(self, groups: int) -> Draws:
        """Return the covariance of the biases, flattened over service and group."""
        a, b, c = self.how.shared, self.how.services, self.how.groups
        one, every = np.eye(len(self.services)), np.ones((len(self.services),) * 2)
        own, all_ = np.eye(groups), np.ones((groups, groups))
        rest = max(0.0, 1.0 - a - b - c)
        correlation = (
            a * np.kron(every, all_)
            + b * np.kron(one, all_)
            + c * np.kron(every, own)
            + rest * np.kron(one, own)
        )
        sd = np.repeat(self.sd, groups)
        return np.asarray(correlation * sd * sd[:, None])

    def draw(self, groups: int, draws: int, *, seed: int = 0) -> Draws:
        """Draw the biases (draw, service, group); their mean over draws is that of the prior.

        Examples
        --------
        With all of the variance shared, one draw is the bias of every effect.

        >>> how = HiddenBias(BiasPrior(sd=0.02), "motivation is not recorded", shared=1.0,
        ...     services=0.0, groups=0.0)
        >>> made = SizedBias(how, ("a", "b"), np.zeros(2), np.full(2, 0.02)).draw(3, 5)
        >>> made.shape, bool((made == made[:, :1, :1]).all())
        ((5, 2, 3), True)
        """
        how, n = self.how, len(self.services)
        rng = stream(seed, "effects", "hidden bias")
        rest = max(0.0, 1.0 - how.shared - how.services - how.groups)
        parts = (
            (how.shared, (draws, 1, 1)),
            (how.services, (draws, n, 1)),
            (how.groups, (draws, 1, groups)),
            (rest, (draws, n, groups)),
        )
        z = np.zeros((draws, n, groups))
        for share, shape in parts:
            z = z + np.sqrt(share) * rng.standard_normal(shape)
        if draws > 1:
            z -= z.mean(axis=0)
        return np.asarray(self.mean[:, None] + self.sd[:, None] * z)

    @property
    def said(self) -> str:
        """The size by service in words, in percentage points."""
        return "; ".join(
            f"{name}: mean {100 * mean:.2g}, sd {100 * sd:.2g}"
            for name, mean, sd in zip(self.services, self.mean, self.sd, strict=True)
        )

    def __repr__(self) -> str:
        return f"SizedBias({self.said})"


def with_hidden_bias(drawn: EffectDraws, bias: SizedBias, *, seed: int = 0) -> EffectDraws:
    r"""Take a bias off the effects, draw by draw: what caseworkers know and no column holds.

    .. math:: \tau^*_{dsg} = \tau_{dsg} - \beta_{dsg}

    The data do not speak about the bias: its prior is taken off the posterior as it is, a
    probabilistic bias analysis. The chance without a service stays as estimated.

    Raises
    ------
    InputError
        If the prior is of other services.

    References
    ----------
    Greenland (2005), Multiple-bias modelling for analysis of observational data, JRSS A 168(2),
    doi:10.1111/j.1467-985X.2004.00349.x.

    Examples
    --------
    >>> made = EffectDraws(("course",), ("all",), "job", np.full((2000, 1, 1), 0.05),
    ...     np.full((2000, 1), 0.3), np.ones(1), ())
    >>> how = HiddenBias(BiasPrior(sd=0.02), "motivation is not recorded")
    >>> bias = SizedBias(how, ("course",), np.zeros(1), np.full(1, 0.02))
    >>> wide = with_hidden_bias(made, bias)
    >>> bool(abs(wide.effect.std() - 0.02) < 0.001)
    True
    """
    if bias.services != drawn.services:
        raise InputError("the prior is of other services", key="services")
    taken = bias.draw(len(drawn.groups), drawn.n_draws, seed=seed)
    how = bias.how
    note = (
        f"hidden knowledge biases the effects: normal, in percentage points ({bias.said}), "
        f"{100 * how.shared:.0f} % of its variance shared by all services and groups; "
        f"{how.reason.strip()}"
    )
    kept = tuple(said for said in drawn.assumptions if said != NOTHING_HIDDEN)
    return dataclasses.replace(drawn, effect=drawn.effect - taken, assumptions=(*kept, note))


def less_bias(gain: PolicyGain, moved: Draws, bias: SizedBias) -> PolicyGain:
    r"""Take hidden bias off the gain of a policy over another.

    .. math:: \hat\Delta - \langle m, x \rangle, \qquad se^2 + x' \Sigma x

    with the covariance :math:`\Sigma` of the biases. What all services and groups share cancels
    between policies that give the same number of places.

    Parameters
    ----------
    moved
        Places that the policy gives more than the other, per person (service, group): *x*.

    Examples
    --------
    >>> how = HiddenBias(BiasPrior(sd=0.02), "motivation", shared=1.0, services=0.0, groups=0.0)
    >>> bias = SizedBias(how, ("a",), np.full(1, 0.01), np.full(1, 0.02))
    >>> same = less_bias(PolicyGain("p", "q", 5.0, 3.0, 100), np.array([[0.1, -0.1]]), bias)
    >>> round(same.gain, 9), round(same.se, 9)
    (5.0, 3.0)
    """
    x = moved.ravel()
    lower = float(np.repeat(bias.mean, moved.shape[1]) @ x)
    spread = max(float(x @ bias.covariance(moved.shape[1]) @ x), 0.0)
    se = float(np.hypot(gain.se, THOUSAND * np.sqrt(spread)))
    return dataclasses.replace(gain, gain=gain.gain - THOUSAND * lower, se=se)
