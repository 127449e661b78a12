"""What caseworkers know and no column holds: how much of it would explain an effect away."""

from __future__ import annotations

import contextlib
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
    Regression,
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
        If people and draws have other services, the outcome is not there, or columns are
        combinations of others.

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
    rows = [_row(served, s + 1, j, 1 - prob) for s in range(len(drawn.services))]
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


def hidden_warning(found: HiddenKnowledge) -> str:
    """Say what effects assume where no bias of hidden knowledge is taken off them."""
    first = int(np.argmin(np.abs(found.needed)))
    return (
        "The effects assume that nothing which caseworkers know and no column holds drove who got "
        "a service, for no prior of hidden bias is stated. The least that would take an effect "
        f"away is a bias of {100 * float(found.needed[first]):.1f} percentage points in that of "
        f"{found.services[first]}, whose E-value is {float(found.e_mean[first]):.2f}."
    )


def benchmark_priors(
    served: Served, bias: BenchmarkBias, *, outcome: str = ""
) -> tuple[BiasPrior, ...]:
    """Return a bias prior for each service, as wide as a confounder like a recorded column.

    Raises
    ------
    InputError
        If there is no such column or outcome, the column is no possible benchmark of a service,
        or columns are combinations of others.
    """
    if bias.covariate not in served.columns:
        raise InputError(
            "no such column",
            key="covariate",
            seen=bias.covariate,
            fix="use one of " + "; ".join(served.columns),
        )
    j = outcome_place(served, outcome or served.outcomes[0])
    out = []
    for s, service in enumerate(served.services[1:], start=1):
        found, varies = _least_squares(served, s, j)
        at = served.columns.index(bias.covariate)
        sd = 0.0
        if varies[at]:
            sd = omitted_variable_bias(found, int(varies[:at].sum()), bias.times)
        if not sd > 0:
            raise InputError(
                f"this column cannot be a benchmark of '{service}'",
                key="covariate",
                seen=bias.covariate,
                fix="choose another, or state the bias",
            )
        out.append(BiasPrior(sd=sd))
    return tuple(out)


def _row(served: Served, s: int, j: int, alpha: float) -> tuple[float, float, Matrix]:
    """Return both robustness values and the benchmark of every column."""
    found, varies = _least_squares(served, s, j)
    t = found.effect / found.se
    benchmark = np.full(len(varies), np.nan)
    for k, column in enumerate(np.flatnonzero(varies)):
        # A column that all but decides on the service is no benchmark: it has no bound.
        with contextlib.suppress(InputError):
            benchmark[column] = omitted_variable_bias(found, k)
    return robustness_value(t, found.df), robustness_value(t, found.df, alpha=alpha), benchmark


def _least_squares(served: Served, s: int, j: int) -> tuple[Regression, npt.NDArray[np.bool_]]:
    """Regress the outcome on a service and the columns that vary among its people and others."""
    pair = (served.service == 0) | (served.service == s)
    x, y = served.x[pair], served.y[pair, j]
    varies = x.std(axis=0) > _SMALLEST
    arm = served.service[pair] == s
    z = np.column_stack(
        [arm, (x[:, varies] - x[:, varies].mean(axis=0)) / x[:, varies].std(axis=0)]
    )
    if np.linalg.matrix_rank(z - z.mean(axis=0)) < z.shape[1]:
        raise InputError(
            "columns are combinations of each other among the people of a service",
            key="columns",
            seen=served.services[s],
            fix="leave one of them out",
        )
    return regression((arm, np.ones(len(y))), x[:, varies], y, float(y @ y)), varies


def outcome_place(served: Served, outcome: str) -> int:
    """Return the place of an outcome; raise `InputError` if it is not there."""
    if outcome not in served.outcomes:
        raise InputError(
            "no such outcome", key="outcome", seen=outcome, fix=", ".join(served.outcomes)
        )
    return served.outcomes.index(outcome)
