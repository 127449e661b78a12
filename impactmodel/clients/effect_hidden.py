"""What caseworkers know and no column holds: how much of it would explain an effect away."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from impactmodel.clients.effect_draws import EffectDraws
from impactmodel.clients.effect_inputs import Served
from impactmodel.core.errors import InputError
from impactmodel.core.summary import check_prob
from impactmodel.effects.sensitivity import (
    BenchmarkBias,
    BiasPrior,
    e_value,
    omitted_variable_bias,
    regression,
    robustness_value,
)

type Matrix = npt.NDArray[np.float64]

_SMALLEST = 1e-9


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class HiddenKnowledge:
    """Sensitivity of each service's effect to what is not recorded; part of every result.

    Parameters
    ----------
    services, columns
        Names.
    prob
        Of the intervals behind ``e_interval`` and ``robustness_interval``.
    e_mean, e_interval
        E-values of the risk ratio and of the end of its interval that is nearer to 1: a hidden
        confounder tied to service and outcome by risk ratios of this size explains them away.
    robustness, robustness_interval
        Share of the residual variance of service and outcome that a confounder would have to
        explain to bring the least squares effect, or its interval, to 0.
    benchmark
        Largest bias of a confounder as strong as a recorded column (service, column), in points of
        a share; NaN where none can be so strong.
    needed
        Bias, in points of a share, that takes away the probability that the effect is above 0
        down to one half: the median effect.
    """

    services: tuple[str, ...]
    columns: tuple[str, ...]
    prob: float
    e_mean: Matrix
    e_interval: Matrix
    robustness: Matrix
    robustness_interval: Matrix
    benchmark: Matrix
    needed: Matrix

    def __repr__(self) -> str:
        return f"HiddenKnowledge(services {', '.join(self.services)}; {len(self.columns)} columns)"


def hidden_knowledge(
    served: Served, drawn: EffectDraws, *, outcome: str = "", prob: float = 0.95
) -> HiddenKnowledge:
    """Say how strong hidden knowledge would have to be, service by service.

    E-values are of the draws, over all groups by their people; robustness values and benchmarks of
    a regression of the outcome on the service and all columns among its people and those without.

    Raises
    ------
    InputError
        If people and draws have other services, or the outcome is not there.

    References
    ----------
    VanderWeele and Ding (2017), doi:10.7326/M16-2607; Cinelli and Hazlett (2020),
    doi:10.1111/rssb.12348.
    """
    if served.services[1:] != drawn.services:
        raise InputError("people and draws have other services", key="services")
    j = outcome_place(served, outcome or drawn.outcome)
    share = drawn.people / drawn.people.sum()
    effect, without = drawn.effect @ share, drawn.without @ share
    ratio = (
        np.maximum(without[:, None] + effect, _SMALLEST) / np.maximum(without, _SMALLEST)[:, None]
    )
    tail = (1 - check_prob(prob)) / 2
    low, middle, high = np.quantile(ratio, [tail, 0.5, 1 - tail], axis=0)
    inside = (low <= 1) & (high >= 1)
    nearer = np.where(np.abs(low - 1) < np.abs(high - 1), low, high)
    rows = [_least_squares(served, s + 1, j, 1 - prob) for s in range(len(drawn.services))]
    return HiddenKnowledge(
        services=drawn.services,
        columns=served.columns,
        prob=prob,
        e_mean=np.array([e_value(float(r)) for r in middle]),
        e_interval=np.array(
            [1.0 if i else e_value(float(r)) for r, i in zip(nearer, inside, strict=True)]
        ),
        robustness=np.array([row[0] for row in rows]),
        robustness_interval=np.array([row[1] for row in rows]),
        benchmark=np.array([row[2] for row in rows]),
        needed=np.median(effect, axis=0),
    )


def benchmark_priors(found: HiddenKnowledge, bias: BenchmarkBias) -> tuple[BiasPrior, ...]:
    """Return a bias prior for each service, as wide as a recorded column could bias it.

    Raises
    ------
    InputError
        If there is no such column, it is no possible benchmark, or ``times`` is not 1: bounds of
        other multiples are not held.
    """
    if bias.covariate not in found.columns:
        raise InputError("no such column", key="covariate", seen=bias.covariate)
    if bias.times != 1:
        raise InputError("the bounds held are those of times 1", key="times", seen=bias.times)
    sd = found.benchmark[:, found.columns.index(bias.covariate)]
    if not (sd > 0).all():
        raise InputError(
            "this column cannot be a benchmark of every service",
            key="covariate",
            seen=bias.covariate,
            fix="choose another, or state the bias",
        )
    return tuple(BiasPrior(sd=float(value)) for value in sd)


def _least_squares(served: Served, s: int, j: int, alpha: float) -> tuple[float, float, Matrix]:
    """Return both robustness values and the benchmark of every column."""
    pair = (served.service == 0) | (served.service == s)
    x, y = served.x[pair], served.y[pair, j]
    varies = x.std(axis=0) > 0
    arm = served.service[pair] == s
    found = regression((arm, np.ones(len(y))), x[:, varies], y, float(y @ y))
    t = found.effect / found.se
    bounds = []
    for k in range(int(varies.sum())):
        try:
            bounds.append(omitted_variable_bias(found, k))
        except InputError:
            bounds.append(np.nan)
    benchmark = np.full(len(varies), np.nan)
    benchmark[varies] = bounds
    return robustness_value(t, found.df), robustness_value(t, found.df, alpha=alpha), benchmark


def outcome_place(served: Served, outcome: str) -> int:
    """Return the place of an outcome; raise `InputError` if it is not there."""
    if outcome not in served.outcomes:
        raise InputError(
            "no such outcome", key="outcome", seen=outcome, fix=", ".join(served.outcomes)
        )
    return served.outcomes.index(outcome)
