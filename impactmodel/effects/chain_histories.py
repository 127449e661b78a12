"""Histories of people who move by a Markov chain: months in work, and months missed before."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from impactmodel.core.errors import InputError
from impactmodel.core.seeds import stream
from impactmodel.effects.designs import prepare
from impactmodel.effects.histories import Histories
from impactmodel.effects.markov import Chain
from impactmodel.effects.result import EffectFit
from impactmodel.effects.transition_prepared import PreparedTransitions
from impactmodel.effects.transitions import Transitions

type Draws = npt.NDArray[np.float64]

_CHUNK = 250


@dataclass(frozen=True, slots=True)
class ChainHistories(Histories):
    """Histories that a fitted chain gives: no assumption on how months hang together is needed.

    Parameters
    ----------
    chain
        The chains (draw, arm, group) over the months of ``probability``.
    work
        Code of the state that counts as work.
    """

    chain: Chain = field(kw_only=True)
    work: int = field(kw_only=True)

    @property
    def statements(self) -> tuple[str, ...]:
        """Return the assumptions as sentences."""
        return ("months of one person hang together by the fitted chain of states",)

    def draws(self, first: int, after: int) -> ChainHistories:
        """Return the histories of some draws."""
        return self._of(self.chain.at(np.arange(first, after)))

    def central(self) -> ChainHistories:
        """Return the histories at the mean transition probabilities, as one draw."""
        mean = Chain(
            self.chain.initial.mean(axis=0, keepdims=True),
            self.chain.transition.mean(axis=0, keepdims=True),
            self.chain.band,
        )
        return self._of(mean)

    def states(self, first: int, after: int, *, arm: int, group: int) -> Draws:
        """Return how many people have worked k of some months, having missed b before them.

        Exact, by recursion over months with the state and both counts; see `Histories.states`.
        """
        parts = [
            self._states(
                np.arange(at, min(at + _CHUNK, len(self.probability))), (first, after), arm, group
            )
            for at in range(0, len(self.probability), _CHUNK)
        ]
        return np.concatenate(parts)

    def paths(self, people: int, *, seed: int, chunk: int = 200) -> Iterator[npt.NDArray[np.bool_]]:
        """Simulate people month by month, in chunks of draws; see `Histories.paths`."""
        if people < 1:
            raise InputError("nobody is to be simulated", key="people", seen=people)
        for at in range(0, len(self.probability), chunk):
            part = self.chain.at(np.arange(at, min(at + chunk, len(self.probability))))
            yield _simulated(part, people, stream(seed, "histories", at)) == self.work

    def _of(self, chain: Chain) -> ChainHistories:
        share = np.clip(chain.occupancy()[..., self.work], 0.0, 1.0)
        return ChainHistories(
            share, self.start, self.groups, self.assumptions, chain=chain, work=self.work
        )

    def _states(
        self, at: npt.NDArray[np.intp], span: tuple[int, int], arm: int, group: int
    ) -> Draws:
        first, after = span
        initial = self.chain.initial[at, arm, group]
        states = initial.shape[1]
        # People by state, months worked from the first on, months missed before it.
        now = np.zeros((len(at), states, after - first + 1, first + 1))
        now[:, :, 0, 0] = initial
        for month in range(after):
            if month:
                band = self.chain.band[month - 1]
                matrix = self.chain.transition[at, arm, group, band].transpose(0, 2, 1)
                now = (matrix @ now.reshape(len(at), states, -1)).reshape(now.shape)
            moved = now.copy()
            if month < first:
                others = [s for s in range(states) if s != self.work]
                moved[:, others, :, 1:], moved[:, others, :, 0] = now[:, others, :, :-1], 0.0
            else:
                moved[:, self.work, 1:], moved[:, self.work, 0] = now[:, self.work, :-1], 0.0
            now = moved
        return np.asarray(now.sum(axis=1))


def chain_histories(design: Transitions, fit: EffectFit) -> ChainHistories:
    """Return the histories of a fitted design, draw by draw as its outcomes.

    Raises
    ------
    InputError
        If the steps are weeks, which the rules of a month do not read.
    """
    ready = prepare(design)
    if not isinstance(ready, PreparedTransitions):
        raise TypeError("histories of chains need Transitions")
    if ready.cells.step != "month":
        raise InputError(
            "histories count months", key="step", seen=ready.cells.step, fix="give months of states"
        )
    found = fit.posterior["posterior"].dataset
    first, matrices = (
        found[name].values.reshape(-1, *found[name].shape[2:]) for name in ("initial", "transition")
    )
    chain = ready.chain(first, matrices)
    work = ready.cells.states.index(ready.target.work)
    share = np.clip(chain.occupancy()[..., work], 0.0, 1.0)
    return ChainHistories(share, ready.first_day, ready.cells.groups, chain=chain, work=work)


def _simulated(chain: Chain, people: int, rng: np.random.Generator) -> npt.NDArray[np.intp]:
    """Simulate states (draw, arm, group, person, month)."""
    lead = chain.initial.shape[:-1]
    out = np.empty((*lead, people, chain.months), dtype=np.intp)
    place = tuple(np.indices(lead)[..., None])
    p = np.broadcast_to(chain.initial[..., None, :], (*lead, people, chain.initial.shape[-1]))
    for month in range(chain.months):
        if month:
            p = chain.transition[(*place, chain.band[month - 1], out[..., month - 1])]
        above = rng.random((*lead, people, 1)) > p.cumsum(axis=-1)[..., :-1]
        out[..., month] = above.sum(axis=-1)
    return out
