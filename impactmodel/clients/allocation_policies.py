"""Policies to compare with: a chance of each service for each person."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from impactmodel.clients.allocation import Allocation
from impactmodel.core.errors import InputError
from impactmodel.evidence.columns import Labels

type Values = npt.NDArray[np.float64]


def as_allocated(found: Allocation, type_of: Labels) -> Values:
    """Return the chance of each service for each person under an allocation (person, service)."""
    return np.asarray(found.chances()[type_of])


def as_recorded(service: Labels, services: int) -> Values:
    """Return current practice: everybody's own service (person, service without none).

    Examples
    --------
    >>> as_recorded(np.array([0, 2]), 2).tolist()
    [[0.0, 0.0], [0.0, 1.0]]
    """
    return np.eye(services + 1)[service][:, 1:]


def as_practised(service: Labels, capacity: Values) -> Values:
    """Return current practice at other numbers of places: its people by lot, or more of each.

    Where there are more places than before, those left are drawn among the unserved.

    Examples
    --------
    >>> as_practised(np.array([0, 1, 1]), np.array([1.0])).ravel().tolist()
    [0.0, 0.5, 0.5]
    """
    recorded = as_recorded(service, len(capacity))
    held = recorded.sum(axis=0)
    short = held < capacity
    share = np.where(short, 1.0, capacity / np.maximum(held, 1.0))
    more = np.where(short, capacity - held, 0.0) / max(float((service == 0).sum()), 1.0)
    return np.asarray(recorded * share + more * (service == 0)[:, None])


def at_random(people: int, capacity: npt.ArrayLike) -> Values:
    """Return a lottery of all places among everybody (person, service).

    Examples
    --------
    >>> at_random(4, [1, 2]).tolist()[0]
    [0.25, 0.5]
    """
    places = np.asarray(capacity, dtype=np.float64)
    _require_room(people, places)
    return np.tile(places / people, (people, 1))


def by_risk(chance: Values, capacity: npt.ArrayLike) -> Values:
    """Return places for those with the lowest chance first, their service by lot.

    People of one chance at the last place share what is left.

    Parameters
    ----------
    chance
        Of a job without service (person): the lowest is the highest risk.
    capacity
        Places (service).

    Examples
    --------
    >>> by_risk(np.array([0.1, 0.5, 0.5]), [1, 1]).tolist()
    [[0.5, 0.5], [0.25, 0.25], [0.25, 0.25]]
    """
    places = np.asarray(capacity, dtype=np.float64)
    _require_room(len(chance), places)
    _, code, count = np.unique(chance, return_inverse=True, return_counts=True)
    before = np.cumsum(count) - count
    share = np.clip((places.sum() - before) / count, 0.0, 1.0)
    total = max(float(places.sum()), 1.0)
    return np.asarray(share[code].reshape(len(chance), 1) * (places / total))


def _require_room(people: int, places: Values) -> None:
    if (places < 0).any() or places.sum() > people:
        raise InputError(
            "there are more places than people, or fewer than none",
            key="capacity",
            seen=float(places.sum()),
            fix=f"at most {people}",
        )
