"""What segments look like and how firmly they stand: profiles and stability."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from impactmodel.clients.clients import Clients, ClientTable
from impactmodel.clients.membership import Membership
from impactmodel.clients.segments import LatentClasses, LatentFit
from impactmodel.clients.segments_climb import best_of
from impactmodel.clients.segments_em import Vector
from impactmodel.clients.segments_given import GivenGroups
from impactmodel.core.errors import InputError
from impactmodel.core.seeds import stream
from impactmodel.evidence.columns import Labels, frozen

NOT_ACCURACY = (
    "Stability is not accuracy: classes found again in resampled data may still be the wrong "
    "ones for many people. Carry the membership probabilities on."
)


@dataclass(frozen=True, slots=True)
class ProfileRow:
    """One feature in one segment.

    Parameters
    ----------
    segment, feature
        Labels.
    level
        Level of a category or flag, ``missing`` among them; empty for a number.
    value, overall
        Share of the level, or mean of a number, in the segment and in all.
    lift
        Share in the segment over share in all; for a number, the difference of the means in
        standard deviations of all. NaN where all have a share or deviation of zero.
    """

    segment: str
    feature: str
    level: str
    value: float
    overall: float
    lift: float


def profile(clients: Clients, segments: Membership) -> tuple[ProfileRow, ...]:
    """Return every feature by segment, weighted by membership.

    Parameters
    ----------
    clients
        The people of ``segments``, in the same order.
    """
    if len(segments.weights) != clients.size:
        raise InputError(
            "segments and clients are not the same people",
            seen=f"{len(segments.weights)} and {clients.size}",
            fix="assign these clients",
        )
    rows: list[ProfileRow] = []
    for name, feature in clients.table.features.items():
        if feature.type == "number":
            values = clients.values[name]
            overall, spread = float(np.nanmean(values)), float(np.nanstd(values))
            for label, mean in zip(segments.groups, segments.means(values), strict=True):
                lift = (float(mean) - overall) / spread if spread > 0 else np.nan
                rows.append(ProfileRow(label, name, "", float(mean), overall, lift))
            continue
        codes, levels = clients.labels(name)
        for code, level in enumerate(levels):
            here = (codes == code).astype(np.float64)
            overall = float(here.mean())
            for label, share in zip(segments.groups, segments.means(here), strict=True):
                lift = float(share) / overall if overall > 0 else np.nan
                rows.append(ProfileRow(label, name, level, float(share), overall, lift))
    return tuple(rows)


def marks(rows: tuple[ProfileRow, ...], segment: str, count: int = 5) -> tuple[ProfileRow, ...]:
    """Return the rows of a segment that set it most apart: what a description would name.

    Levels are compared by the difference of their shares in standard deviations of a share,
    sqrt(p (1 - p)), which is on the scale of the numbers.
    """

    def apart(row: ProfileRow) -> float:
        if not row.level:
            return abs(row.lift) if np.isfinite(row.lift) else 0.0
        spread = np.sqrt(row.overall * (1 - row.overall))
        return float(abs(row.value - row.overall) / spread) if spread > 0 else 0.0

    own = [row for row in rows if row.segment == segment]
    return tuple(sorted(own, key=lambda row: (-apart(row), row.feature, row.level))[:count])


def protected_in(how: LatentClasses | GivenGroups, table: ClientTable) -> tuple[str, ...]:
    """Return the protected features that a grouping is made of: say so wherever it is used."""
    made_of = how.features if isinstance(how, LatentClasses) else how.by
    return tuple(name for name in made_of if name in table.protected)


def adjusted_rand(one: Labels, other: Labels) -> float:
    """Return the adjusted Rand index of two groupings of the same people.

    It is 1 for the same grouping, whatever the labels, and 0 on average by chance (Hubert and
    Arabie 1985, doi:10.1007/BF01908075). Two groupings of one group each agree fully.

    Examples
    --------
    >>> import numpy as np
    >>> adjusted_rand(np.array([0, 0, 1, 1]), np.array([1, 1, 0, 0]))
    1.0
    >>> round(adjusted_rand(np.array([0, 0, 1, 1]), np.array([0, 0, 1, 2])), 4)
    0.5714
    """
    first, second = np.unique(one, return_inverse=True)[1], np.unique(other, return_inverse=True)[1]
    cells = np.bincount(first * (int(second.max()) + 1) + second).astype(np.float64)
    pairs = float((cells * (cells - 1)).sum() / 2)
    left, right = (_pairs(np.bincount(codes).astype(np.float64)) for codes in (first, second))
    every = len(first) * (len(first) - 1) / 2
    expected, most = left * right / every, (left + right) / 2
    return 1.0 if most == expected else (pairs - expected) / (most - expected)


def _pairs(counts: npt.NDArray[np.float64]) -> float:
    return float((counts * (counts - 1)).sum() / 2)


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Stability:
    """How alike classes are that are found again in people drawn anew.

    Parameters
    ----------
    adjusted_rand
        By resample: agreement of the likeliest class of the same people under both fits.
    certainty
        Mean probability of the likeliest class: the share that the likeliest class gets right if
        the model holds, and the most that any classification of these features could.
    statement
        The sentence that goes with it wherever it is shown.
    """

    adjusted_rand: Vector
    certainty: float
    statement: str = NOT_ACCURACY

    def __repr__(self) -> str:
        middle = float(np.median(self.adjusted_rand))
        return (
            f"Stability(median adjusted Rand {middle:.2f} over {len(self.adjusted_rand)} "
            f"resamples; certainty {self.certainty:.2f}; {self.statement})"
        )


def stability(fit: LatentFit, clients: Clients, resamples: int = 20) -> Stability:
    """Fit the chosen number of classes to people drawn again, and compare where all then fall.

    Parameters
    ----------
    fit
        The fit that is questioned.
    clients
        The people it was fitted to.
    resamples
        Number of bootstrap resamples; each is climbed from the fit and from a quarter of its
        random starts.
    """
    if resamples < 1:
        raise InputError("at least one resample", key="resamples", seen=resamples)
    data, mixture = fit.scale.read(clients), fit.mixture
    here = mixture.membership(data)
    found = np.empty(resamples)
    for place in range(resamples):
        rng = stream(fit.how.seed, "resample", place)
        drawn = data.take(rng.integers(0, len(data), len(data)))
        few = max(1, fit.how.starts // 4)
        other = best_of(drawn, mixture.classes, few, rng, also=[mixture], tolerance=1e-8).mixture
        found[place] = adjusted_rand(here.argmax(axis=1), other.membership(data).argmax(axis=1))
    return Stability(frozen(found), float(here.max(axis=1).mean()))
