"""Monitoring: whether a score in use has drifted, with a stated rate of false alarms a quarter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Literal

import numpy as np
import numpy.typing as npt

from impactmodel.clients.rates import recalibration
from impactmodel.core.errors import InputError
from impactmodel.core.spec import spec
from impactmodel.effects.looks import Boundaries, Looks, sequential

type Array = npt.NDArray[np.float64]
type Watched = Literal["base_rate", "calibration_level", "calibration_slope", "scores", "missing"]

LEAST = 100
_TINY = 1e-300


@spec
class MonitorRules:
    """How false alarms are spread over what is watched and over the looks of a quarter.

    The probability of any alarm in a quarter in which nothing changed is at most ``alpha``: by
    Bonferroni over what is watched, by the spending function of O'Brien and Fleming's type (Lan
    and DeMets 1983) over looks at the growing data of the quarter.

    Parameters
    ----------
    alpha
        Probability of a false alarm a quarter, all tests together.
    looks
        Share of the quarter's people at each look, rising to 1.
    shares
        Share of ``alpha`` by what is watched; together 1.
    bins
        Classes of the score distribution, equally filled in the reference.

    Raises
    ------
    InputError
        If the shares do not add up to 1, or there are fewer than 2 classes.
    """

    alpha: float = 0.05
    looks: tuple[float, ...] = (1 / 3, 2 / 3, 1.0)
    shares: dict[Watched, float] = field(
        default_factory=lambda: {
            "base_rate": 0.4,
            "calibration_level": 0.15,
            "calibration_slope": 0.15,
            "scores": 0.15,
            "missing": 0.15,
        }
    )
    bins: int = 10

    def __post_init__(self) -> None:
        Looks(self.looks, alpha=self.alpha)
        if min(self.shares.values(), default=0) <= 0 or abs(sum(self.shares.values()) - 1) > 1e-9:
            raise InputError("shares are above 0 and add up to 1", key="shares")
        if self.bins < 2:
            raise InputError("a distribution has two or more classes", key="bins", seen=self.bins)

    def level(self, watched: Watched, look: int, tests: int = 1) -> float:
        """Return the p value at or below which a test raises an alarm at a look (from 0).

        Differences of means follow the exact boundaries. The joint distribution of the others over
        looks is not used: each look has what is newly spent (union bound).

        Parameters
        ----------
        watched, look
            What is tested, and when.
        tests
            Tests that share the probability, such as one for each feature.
        """
        from scipy import special

        if watched not in self.shares:
            return 0.0
        alpha = self.alpha * self.shares[watched] / tests
        found = _boundaries(Looks(self.looks, alpha=alpha))
        if watched in {"scores", "missing"}:
            return float(np.diff([0.0, *found.spent])[look])
        return 2 * float(special.ndtr(-found.critical[look]))


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Observed:
    """What monitoring keeps of a time: counts and moments, no person; made by `observe`.

    Parameters
    ----------
    people, known, reached
        All; those whose outcome is known; those of them who reached the target.
    edges, counts
        Ends between classes of the chance (class − 1), and people (class).
    residual, residual_variance
        Mean of outcome less chance, and its variance.
    slope, slope_variance
        Of the logit of the outcome on that of the chance.
    missing
        People without a value, by feature.
    """

    people: int
    known: int
    reached: int
    edges: Array
    counts: npt.NDArray[np.int64]
    residual: float
    residual_variance: float
    slope: float
    slope_variance: float
    missing: Mapping[str, int]

    def __repr__(self) -> str:
        return f"Observed {self.people} people, {self.known} with a known outcome"


@dataclass(frozen=True, slots=True)
class Test:
    """One test of a look.

    Parameters
    ----------
    watched, of
        What is watched, and the feature where it is missingness.
    reference, current
        The value then and now: a share, a mean, a slope, or for ``scores`` 0 and the population
        stability index.
    p_value, level
        An alarm is a p value at or below the level.
    """

    __test__ = False  # no test class of pytest

    watched: Watched
    of: str
    reference: float
    current: float
    p_value: float
    level: float

    @property
    def alarm(self) -> bool:
        """Whether it raises an alarm."""
        return self.p_value <= self.level


@dataclass(frozen=True, slots=True)
class Monitoring:
    """All tests of a look.

    Parameters
    ----------
    rules, look
        What was asked for; the look from 0.
    people, known
        In the quarter so far.
    tests
        One or more for each thing watched.
    """

    rules: MonitorRules
    look: int
    people: int
    known: int
    tests: tuple[Test, ...]

    @property
    def alarms(self) -> tuple[Test, ...]:
        """Those that raise an alarm."""
        return tuple(test for test in self.tests if test.alarm)


def observe(
    chance: npt.ArrayLike,
    outcome: npt.ArrayLike,
    missing: Mapping[str, npt.ArrayLike],
    *,
    edges: npt.ArrayLike | None = None,
    bins: int = 10,
) -> Observed:
    """Reduce chances, outcomes and gaps of a time to what monitoring needs.

    Parameters
    ----------
    chance, outcome
        As shown, and 1, 0 or NaN where it is not known yet (person).
    missing
        Whether the value is missing, by feature (person).
    edges
        Of the reference; by default the quantiles of these chances make equally filled classes.
    bins
        How many, where no edges are given.

    Raises
    ------
    InputError
        If lengths differ, or fewer than 100 outcomes are known.
    """
    p, y = np.asarray(chance, dtype=float), np.asarray(outcome, dtype=float)
    if p.shape != y.shape or p.ndim != 1 or any(np.shape(m) != p.shape for m in missing.values()):
        raise InputError("chances, outcomes and gaps differ in length", key="outcome")
    known = ~np.isnan(y)
    if known.sum() < LEAST:
        raise InputError(
            f"monitoring needs {LEAST} known outcomes", key="outcome", seen=int(known.sum())
        )
    ends = np.unique(np.quantile(p, np.arange(1, bins) / bins)) if edges is None else edges
    ends = np.asarray(ends, dtype=float)
    residual = (y - p)[known]
    (_, slope), covariance = recalibration(p[known], y[known])
    return Observed(
        people=len(p),
        known=int(known.sum()),
        reached=int(y[known].sum()),
        edges=ends,
        counts=np.bincount(np.searchsorted(ends, p, side="right"), minlength=len(ends) + 1),
        residual=float(residual.mean()),
        residual_variance=float(residual.var(ddof=1)),
        slope=float(slope),
        slope_variance=float(covariance[1, 1]),
        missing={name: int(np.asarray(gaps, dtype=bool).sum()) for name, gaps in missing.items()},
    )


def psi(reference: npt.ArrayLike, current: npt.ArrayLike) -> float:
    """Return the population stability index Σ (q − p) ln(q / p) of two sets of counts.

    An empty class counts as half a person.

    Examples
    --------
    >>> round(psi([50, 50], [75, 25]), 4)
    0.2747
    """
    p, q = (np.maximum(np.asarray(c, dtype=float), 0.5) for c in (reference, current))
    p, q = p / p.sum(), q / q.sum()
    return float(((q - p) * np.log(q / p)).sum())


def watch(reference: Observed, current: Observed, rules: MonitorRules, look: int) -> Monitoring:
    """Test whether a quarter so far differs from the reference.

    Base rate: z test of two shares. Calibration: z tests of the difference in the mean residual
    and in the slope. Scores: PSI / (1/n + 1/m) against χ² with classes − 1 degrees of freedom
    (Yurdakul 2018). Missingness: Fisher's exact test for each feature. The reference's own
    sampling error counts in each.

    Parameters
    ----------
    reference, current
        Of the time the model was calibrated on, and of the quarter up to the look, with the edges
        of the reference.
    rules, look
        Levels, and which look it is (from 0).

    Raises
    ------
    InputError
        If classes or features differ, or there is no such look.
    """
    if not np.array_equal(reference.edges, current.edges):
        raise InputError("classes differ from those of the reference", key="edges")
    if reference.missing.keys() != current.missing.keys():
        raise InputError("features differ from those of the reference", key="missing")
    if not 0 <= look < len(rules.looks):
        raise InputError(f"looks are 0 to {len(rules.looks) - 1}", key="look", seen=look)
    tests = [_base_rate(reference, current), *_calibration(reference, current)]
    tests += [_scores(reference, current), *_missing(reference, current)]
    return Monitoring(
        rules,
        look,
        current.people,
        current.known,
        tuple(
            Test(name, of, then, now, p, rules.level(name, look, len(reference.missing) or 1)
                 if name == "missing" else rules.level(name, look))
            for name, of, then, now, p in tests
        ),
    )  # fmt: skip


@cache
def _boundaries(looks: Looks) -> Boundaries:
    return sequential(looks)


type _Found = tuple[Watched, str, float, float, float]


def _two_sided(difference: float, variance: float) -> float:
    """Return the p value of a difference; 1 where it is not defined: that is never an alarm."""
    from scipy import special

    if not np.isfinite(difference) or not np.isfinite(variance):
        return 1.0
    return 2 * float(special.ndtr(-abs(difference) / np.sqrt(max(variance, _TINY))))


def _base_rate(then: Observed, now: Observed) -> _Found:
    before, after = then.reached / then.known, now.reached / now.known
    pooled = (then.reached + now.reached) / (then.known + now.known)
    variance = pooled * (1 - pooled) * (1 / then.known + 1 / now.known)
    return "base_rate", "", before, after, _two_sided(after - before, variance)


def _calibration(then: Observed, now: Observed) -> list[_Found]:
    variance = then.residual_variance / then.known + now.residual_variance / now.known
    level = _two_sided(now.residual - then.residual, variance)
    slope = _two_sided(now.slope - then.slope, then.slope_variance + now.slope_variance)
    return [
        ("calibration_level", "", then.residual, now.residual, level),
        ("calibration_slope", "", then.slope, now.slope, slope),
    ]


def _scores(then: Observed, now: Observed) -> _Found:
    from scipy import special

    index = psi(then.counts, now.counts)
    scaled = index / (1 / then.people + 1 / now.people)
    p = float(special.chdtrc(len(then.counts) - 1, scaled)) if len(then.counts) > 1 else 1.0
    return "scores", "", 0.0, index, p


def _missing(then: Observed, now: Observed) -> list[_Found]:
    from scipy import stats

    found: list[_Found] = []
    for name, before in then.missing.items():
        after = now.missing[name]
        table = [[before, then.people - before], [after, now.people - after]]
        p = float(stats.fisher_exact(table).pvalue)
        found.append(("missing", name, before / then.people, after / now.people, p))
    return found
