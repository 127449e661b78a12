"""Waits of clients: the chance of work by period from features, with censoring and other exits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import expit

from impactmodel.clients.chances import membership
from impactmodel.clients.clients import Clients
from impactmodel.clients.encoding import Encoded, Encoding
from impactmodel.core.errors import InputError
from impactmodel.core.spec import spec
from impactmodel.effects.additive_logit import AdditiveLogit, Block
from impactmodel.effects.chances import Importance, logit_posterior
from impactmodel.effects.checks import Diagnostics
from impactmodel.effects.endings import leaving
from impactmodel.effects.methods import Sampler

type Array = npt.NDArray[np.float64]
type Whole = npt.NDArray[np.integer]

CENSORED, WORK, OTHER = 0, 1, 2
_BLOCK = 2_000_000


@spec
class WaitPlan:
    """How waits are modelled.

    Parameters
    ----------
    periods
        Last period that is looked at.
    encoding
        How the features enter.
    base_hazard
        Prior median chance of leaving in a period.
    period_spread
        Scale of the half-normal prior of the spread between periods.
    aware
        Whether protected features are read.
    """

    periods: int
    encoding: Encoding = field(default_factory=Encoding)
    base_hazard: float = 0.1
    period_spread: float = 0.5
    aware: bool = False

    def __post_init__(self) -> None:
        if self.periods < 1:
            raise InputError("there is at least one period", key="periods", seen=self.periods)


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class WaitModel:
    r"""Chances of leaving to work, or otherwise, in each period, by the features of a client.

    With :math:`h_{1t} = 1 / (1 + e^{-\eta_{1t}})` the chance of work in a period of those who are
    left and :math:`h_{2t} = (1 - h_{1t}) / (1 + e^{-\eta_{2t}})` that of another exit, each
    :math:`\eta_{kt} = \beta_{k0} + u_{kt} + x'\beta_k`. The likelihood of the two parts into two.

    Parameters
    ----------
    plan, encoded
        What was asked for, and the columns.
    betas
        Coefficients by cause (draw, coefficient): intercept, periods, columns; one or two causes.
    diagnostics
        Of each cause.
    """

    plan: WaitPlan
    encoded: Encoded
    betas: tuple[Array, ...]
    diagnostics: tuple[Diagnostics, ...]

    def blocks(self, clients: Clients) -> Iterator[tuple[slice, Array]]:
        """Yield people and their probabilities of leaving (draw, person, period, cause)."""
        for found in self.diagnostics:
            found.raise_if_failed()
        x, periods = self.encoded.matrix(clients), self.plan.periods
        draws = len(self.betas[0])
        step = max(1, _BLOCK // (draws * periods * len(self.betas)))
        for start in range(0, len(x), step):
            part = slice(start, min(start + step, len(x)))
            hazards: list[Array] = []
            rest: Any = 1.0
            for beta in self.betas:
                eta = (beta[:, 1 + periods :] @ x[part].T)[:, :, None]
                own = expit(eta + (beta[:, :1] + beta[:, 1 : 1 + periods])[:, None, :])
                hazards.append(own * rest)
                rest = rest * (1 - own)
            yield part, leaving(np.stack(hazards, axis=-1))

    def expected(self, clients: Clients, period: int) -> Array:
        """Return each client's chance of work by a period, averaged over draws (person)."""
        out = np.empty(clients.size)
        for part, f in self.blocks(clients):
            out[part] = f[:, :, :period, 0].sum(axis=2).mean(axis=0)
        return out

    def by_group(self, clients: Clients, groups: npt.NDArray[Any], count: int) -> Array:
        """Return mean probabilities of leaving (draw, group, period, cause).

        Parameters
        ----------
        groups, count
            As in `Chances.group_means`; each person a group of one gives everybody's own.
        """
        inside = membership(groups, count, clients.size)
        shape = (len(self.betas[0]), count, self.plan.periods, len(self.betas))
        out = np.zeros(shape)
        for part, f in self.blocks(clients):
            out += np.einsum("dptk,pg->dgtk", f, inside[part], optimize=True)
        total = inside.sum(axis=0)
        return np.asarray(out / np.where(total > 0, total, np.nan)[:, None, None])

    def __repr__(self) -> str:
        return f"WaitModel({self.plan.periods} periods, {len(self.betas)} causes, {self.encoded!r})"


def fit_waits(
    plan: WaitPlan,
    clients: Clients,
    wait: Whole,
    ended: Whole,
    method: Importance | Sampler | None = None,
) -> WaitModel:
    """Fit the chances of leaving in each period, from waits that may be cut short.

    Parameters
    ----------
    plan
        How.
    clients
        The training window.
    wait
        Period of the exit, or number of periods seen without one (person).
    ended
        0 not seen to leave, 1 to work, 2 otherwise (person).
    method
        By default `Importance`.

    Raises
    ------
    InputError
        If sizes differ, a wait is negative or an exit comes in period 0, or nobody leaves to work.

    Assumptions
    -----------
    Who is not seen to leave would have gone on like those alike in features. The odds of features
    are the same in every period.
    """
    if not (len(wait) == len(ended) == clients.size):
        raise InputError("a wait and an ending for each client are needed", key="wait")
    if (wait < 0).any() or ((ended > 0) & (wait < 1)).any():
        raise InputError("a wait is not negative, an exit comes in period 1 or later", key="wait")
    if not np.isin(ended, (CENSORED, WORK, OTHER)).all():
        raise InputError("an ending is 0, 1 or 2", key="ended")
    protected = () if plan.aware else clients.table.protected
    encoded = plan.encoding.learn(clients, protected)
    x = encoded.matrix(clients)
    method = method or Importance()
    last = np.minimum(wait, plan.periods)
    causes = (WORK, OTHER) if ((ended == OTHER) & (wait <= plan.periods)).any() else (WORK,)
    found = []
    for cause in causes:
        model = _person_periods(plan, encoded, x, (last, wait, ended), cause)
        found.append(logit_posterior(model, method))
    return WaitModel(
        plan, encoded, tuple(f.beta for f in found), tuple(f.diagnostics for f in found)
    )


def _person_periods(
    plan: WaitPlan, encoded: Encoded, x: Array, waits: tuple[Whole, Whole, Whole], cause: int
) -> AdditiveLogit:
    """Return the logit of one exit over everybody's periods; work goes before another exit."""
    last, wait, ended = waits
    person = np.repeat(np.arange(len(x)), last)
    period = np.arange(len(person)) - np.repeat(np.cumsum(last) - last, last)
    final = period + 1 == wait[person]
    if cause == OTHER:
        kept = ~(final & (ended[person] == WORK))
        person, period, final = person[kept], period[kept], final[kept]
    y = (final & (ended[person] == cause)).astype(float)
    columns = np.column_stack([np.eye(plan.periods)[period], x[person]])
    blocks = (Block("period", plan.periods, plan.period_spread, pooled=True), *encoded.blocks)
    return AdditiveLogit(columns, y, blocks, base_rate=plan.base_hazard)
