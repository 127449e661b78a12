"""Several looks at growing data: boundaries that keep the probability of a false finding."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy import optimize, special

from impactmodel.core.errors import InputError
from impactmodel.core.spec import spec

type Array = npt.NDArray[np.float64]
type Rule = Literal["obrien_fleming", "pocock", "spend_obrien_fleming", "spend_pocock"]

_POINTS = 240
_FARTHEST = 9.0


@spec
class Looks:
    """When data are looked at, and how the probability of a false finding is spread over looks.

    Parameters
    ----------
    times
        Share of the final information at each look, rising to 1.
    rule
        ``spend_obrien_fleming`` and ``spend_pocock`` spend alpha by the functions of Lan and
        DeMets (1983), whatever the times; ``obrien_fleming`` and ``pocock`` are the classical
        boundaries, c / sqrt(time) and c.
    alpha
        Probability of a finding without an effect over all looks.
    sides
        2 (symmetric), or 1.

    Examples
    --------
    >>> sequential(Looks(times=(0.5, 1.0), rule="pocock")).critical.round(3).tolist()
    [2.178, 2.178]
    """

    times: tuple[float, ...]
    rule: Rule = "spend_obrien_fleming"
    alpha: float = 0.05
    sides: Literal[1, 2] = 2

    def __post_init__(self) -> None:
        steps = np.diff([0.0, *self.times])
        if not self.times or (steps <= 0).any() or not math.isclose(self.times[-1], 1.0):
            raise InputError("the times of looks rise from above 0 to 1", key="times")
        if not 0 < self.alpha < 1:
            raise InputError("a probability lies between 0 and 1", key="alpha", seen=self.alpha)

    def spent(self, time: float) -> float:
        """Return the probability on one side that may be spent by a time."""
        side = self.alpha / self.sides
        if self.rule == "spend_pocock":
            return side * math.log(1 + (math.e - 1) * time)
        z = float(special.ndtri(1 - side / 2))
        return 2 * float(special.ndtr(-z / math.sqrt(time)))


@dataclass(frozen=True, slots=True, eq=False)
class Boundaries:
    """Critical values of the standardised difference at each look.

    Parameters
    ----------
    looks
        What was asked for.
    critical
        A finding at a look is a z beyond this (look).
    spent
        Probability of a finding by each look if there is no effect (look).
    """

    looks: Looks
    critical: Array
    spent: Array

    @property
    def nominal(self) -> Array:
        """The p value at each look that the critical value stands for (look)."""
        return np.asarray(self.looks.sides * special.ndtr(-self.critical))

    def power(self, drift: float) -> Array:
        """Return the probability of a finding in favour by each look (look).

        Parameters
        ----------
        drift
            True effect over its standard error at the last look.
        """
        return np.cumsum(_crossings(self.looks, self.critical, drift)[0])

    def drift(self, power: float) -> float:
        """Return the drift that has this power; squared and over that of one look, the inflation.

        Examples
        --------
        >>> one = sequential(Looks(times=(1.0,)))
        >>> round(one.drift(0.9), 4)
        3.2415
        """
        if not self.looks.alpha < power < 1:
            raise InputError("the power lies between alpha and 1", key="power", seen=power)
        found = optimize.brentq(lambda d: self.power(d)[-1] - power, 0.0, 20.0, xtol=1e-10)
        return float(found)


def sequential(looks: Looks) -> Boundaries:
    r"""Return the boundaries of repeated looks.

    Scores have independent increments, :math:`S_k \sim N(\delta t_k, t_k)`; the density of those
    who have not crossed is carried from look to look by quadrature (Armitage, McPherson and Rowe
    1969).

    References
    ----------
    Jennison and Turnbull (2000), Group Sequential Methods, chapters 2 and 7.
    """
    if looks.rule in {"pocock", "obrien_fleming"}:
        power = 0.5 if looks.rule == "obrien_fleming" else 0.0
        shape = np.array(looks.times) ** -power

        def over(c: float) -> float:
            up, down = _crossings(looks, c * shape, 0.0)
            return float(up.sum() + down.sum()) - looks.alpha

        critical = shape * float(optimize.brentq(over, 0.5, 10.0, xtol=1e-12))
    else:
        critical = _by_spending(looks)
    up, down = _crossings(looks, critical, 0.0)
    return Boundaries(looks, critical, np.cumsum(up + down))


def _by_spending(looks: Looks) -> Array:
    critical: list[float] = []
    before = 0.0
    for k, time in enumerate(looks.times):
        wanted = looks.spent(time) - before
        before = looks.spent(time)

        def over(c: float, k: int = k, wanted: float = wanted) -> float:
            tried = np.array([*critical, c])
            return float(_crossings(looks, tried, 0.0)[0][k]) - wanted

        critical.append(float(optimize.brentq(over, 0.0, 40.0, xtol=1e-11)))
    return np.array(critical)


def _crossings(looks: Looks, critical: Array, drift: float) -> tuple[Array, Array]:
    """Return the probability of first crossing at each look, upwards and (two-sided) downwards."""
    times = np.array(looks.times[: len(critical)])
    up, down = np.zeros(len(times)), np.zeros(len(times))
    at, weight, gone = np.zeros(1), np.ones(1), 0.0
    for k, (time, c) in enumerate(zip(times, critical, strict=True)):
        step, bound = time - gone, c * math.sqrt(time)
        sd = math.sqrt(step)
        start = at + drift * step
        up[k] = weight @ special.ndtr((start - bound) / sd)
        low = -bound
        if looks.sides == 2:
            down[k] = weight @ special.ndtr((-bound - start) / sd)
        else:
            low = drift * time - _FARTHEST * math.sqrt(time)
        high = min(bound, drift * time + _FARTHEST * math.sqrt(time))
        low = max(low, drift * time - _FARTHEST * math.sqrt(time))
        if high <= low:
            break
        x, w = _nodes(low, high)
        density = np.exp(-0.5 * ((x[:, None] - start) / sd) ** 2) / (sd * math.sqrt(2 * math.pi))
        at, weight, gone = x, w * (density @ weight), time
    return up, down


def _nodes(low: float, high: float) -> tuple[Array, Array]:
    x, w = _rule()
    half, middle = (high - low) / 2, (high + low) / 2
    return middle + half * x, half * w


@cache
def _rule() -> tuple[Array, Array]:
    """Return Gauss-Legendre nodes and weights on (-1, 1)."""
    x, w = np.polynomial.legendre.leggauss(_POINTS)
    return x, w
