"""Checks of transitions: does the past matter, does time, and do the chains fit the months seen."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from scipy.special import chdtrc

from impactmodel.effects.checks import Check
from impactmodel.effects.markov import Chain
from impactmodel.evidence.state_cells import SPELLS, StateCells

type Array = npt.NDArray[np.float64]

_WORDS = ("treated", "comparison")
# A right model fails the two checks of occupancy in about one fit of fifty at most.
_PREDICTIVE = 0.005
_REPLICATES = 500
_LOST = 0.01
_THIN = 20.0
_WIDER, _SURE, _SPREAD_DRAWS = 1.2, 3.0, 20
# Rows and columns of a table with fewer people are left out: chi-square needs some in each.
_ROW, _COLUMN = 10.0, 5.0
_PARTS = 4


@dataclass(frozen=True, slots=True)
class Independence:
    """A chi-square test summed over tables: statistic, degrees of freedom, p and Cramér's V."""

    statistic: float
    df: int
    p: float
    v: float


def independence(tables: Array) -> Independence:
    """Test whether rows and columns are independent in each of several tables (..., row, column).

    Rows with fewer than 10 and columns with fewer than 5 people are left out, which keeps
    independence.

    Examples
    --------
    >>> found = independence(np.array([[30.0, 10.0], [10.0, 30.0]]))
    >>> found.statistic, found.df, round(found.v, 6)
    (20.0, 1, 0.5)
    """
    total, df, weight = 0.0, 0, 0.0
    for table in tables.reshape(-1, *tables.shape[-2:]):
        kept = table[table.sum(axis=1) >= _ROW]
        kept = kept[:, kept.sum(axis=0) >= _COLUMN]
        kept = kept[kept.sum(axis=1) > 0]
        if min(kept.shape) < 2:
            continue
        expected = np.outer(kept.sum(axis=1), kept.sum(axis=0)) / kept.sum()
        total += float(((kept - expected) ** 2 / expected).sum())
        df += (kept.shape[0] - 1) * (kept.shape[1] - 1)
        weight += float(kept.sum()) * (min(kept.shape) - 1)
    if not df:
        return Independence(0.0, 0, 1.0, 0.0)
    return Independence(total, df, float(chdtrc(df, total)), float(np.sqrt(total / weight)))


def transition_checks(
    cells: StateCells,
    bands: tuple[int, ...],
    design_effect: float,
    chain: Chain,
    rng: np.random.Generator,
) -> tuple[Check, ...]:
    """Return every check; ``chain`` holds the posterior over the months observed."""
    return (
        *occupancy_checks(cells, chain, rng),
        *memory_checks(cells),
        time_check(cells, bands),
        effect_check(cells, bands),
        spread_check(cells, chain, design_effect),
        thin_check(cells, bands),
        attrition_by_arm(cells),
    )


def memory_checks(cells: StateCells) -> tuple[Check, ...]:
    """Tell whether the state before, or months in the state so far, matter for the next move."""
    out = []
    for counts, name, what in (
        (cells.pairs, "previous state", "the state before the present one"),
        (cells.spells, "time in state", f"months in the state so far (from {SPELLS})"),
    ):
        if counts is None:
            out.append(Check(f"Markov, {name}", None, f"the counts do not tell {what}"))
            continue
        found = independence(np.moveaxis(counts, 2, 3))
        text = (
            f"{what} tells the next move: chi-square {found.statistic:.1f} on {found.df} degrees "
            f"of freedom, p {found.p:.2g}, Cramér's V {found.v:.3f} (0 under the Markov property; "
            "occupancy within the months observed holds either way, its spread between people and "
            "extrapolation do not)"
        )
        rows = (
            ("chi-square", "df", "p", "V"),
            (found.statistic, found.df, found.p, found.v),
        )
        out.append(Check(f"Markov, {name}", None, text, rows))
    return tuple(out)


def time_check(cells: StateCells, bands: tuple[int, ...]) -> Check:
    """Tell whether transition probabilities change within bands, cut into four parts each."""
    edges = [1, *bands, cells.months]
    tables = []
    for first, after in pairwise(edges):
        parts = np.array_split(cells.counts[:, :, first - 1 : after - 1], _PARTS, axis=2)
        tables.append(np.stack([part.sum(axis=2) for part in parts], axis=3))
    found = independence(np.stack(tables))
    text = (
        f"transition probabilities within bands change over time: chi-square "
        f"{found.statistic:.1f} on {found.df} degrees of freedom, p {found.p:.2g}, Cramér's V "
        f"{found.v:.3f} (0 if they are constant; more bands follow time more closely)"
    )
    rows = (("chi-square", "df", "p", "V"), (found.statistic, found.df, found.p, found.v))
    return Check("time homogeneity", None, text, rows)


def effect_check(cells: StateCells, bands: tuple[int, ...]) -> Check:
    """Tell whether log odds ratios of transitions differ between bands, or fourths of the time."""
    cuts = bands or tuple(np.linspace(1, cells.months, _PARTS + 1)[1:-1].astype(int).tolist())
    counts = cells.banded(cuts).sum(axis=1)
    statistic, df = 0.0, 0
    rows: list[tuple[str | float, ...]] = [("from", "to", "statistic", "df")]
    for i, j in np.argwhere(~np.eye(len(cells.states), dtype=bool)):
        some = (counts[:, :, i, j].sum(axis=0) >= _COLUMN) & (counts[:, :, i, i].min(axis=0) > 0)
        if some.sum() < 2:
            continue
        moved, stayed = counts[:, some, i, j] + 0.5, counts[:, some, i, i] + 0.5
        ratio = np.log(moved[0] / stayed[0]) - np.log(moved[1] / stayed[1])
        weight = 1.0 / (1.0 / moved + 1.0 / stayed).sum(axis=0)
        q = float(weight @ (ratio - weight @ ratio / weight.sum()) ** 2)
        rows.append((cells.states[i], cells.states[j], q, int(some.sum()) - 1))
        statistic, df = statistic + q, df + int(some.sum()) - 1
    p = float(chdtrc(df, statistic)) if df else 1.0
    text = (
        f"effects on transitions differ between {'bands' if bands else 'fourths of the time'}: "
        f"heterogeneity {statistic:.1f} on {df} degrees of freedom, p {p:.2g}"
    )
    return Check("effect constant over time", None, text, tuple(rows))


def occupancy_checks(
    cells: StateCells, chain: Chain, rng: np.random.Generator
) -> tuple[Check, ...]:
    """Compare the occupancy seen with that of cohorts drawn from the fitted chains, by arm.

    The discrepancy is the largest distance, over months and states, between the share seen (the
    Aalen-Johansen estimate with loss) and the posterior mean, in standard errors of people at
    risk.
    """
    draws = np.linspace(0, len(chain.initial) - 1, _REPLICATES).astype(np.intp)
    some = chain.at(draws)
    expected = some.occupancy().mean(axis=0)
    risk = np.maximum(cells.seen.sum(axis=-1), 1.0)[..., None]
    # One person more in the variance: else a first death among few would outweigh all the rest.
    spread = np.sqrt((expected * (1.0 - expected) + 1.0 / risk) / risk)
    seen = _occupied(cells.initial[None], cells.counts[None])
    drawn = _occupied(*_replicate(cells, some, rng))
    far, own = (
        np.abs((values - expected) / spread).max(axis=(2, 3, 4)) for values in (seen, drawn)
    )
    out = []
    for arm, word in enumerate(_WORDS):
        share = float((own[:, arm] >= far[0, arm]).mean())
        gap = np.abs(seen[0, arm] - expected[arm])
        group, month, state = np.unravel_index(int(gap.argmax()), gap.shape)
        text = (
            f"occupancy of the {word} arm over {cells.months} {cells.step}s: predictive "
            f"probability {share:.3f} (limit {_PREDICTIVE:g}); furthest is "
            f"'{cells.states[int(state)]}' in {cells.step} {int(month) + 1}, seen "
            f"{seen[0, arm, group, month, state]:.3f}, fitted "
            f"{expected[arm, group, month, state]:.3f}"
        )
        out.append(Check(f"predictive occupancy, {word}", share >= _PREDICTIVE, text))
    return tuple(out)


def spread_check(cells: StateCells, chain: Chain, design_effect: float) -> Check:
    """Check that months vary no more between people than the chains and the design effect say.

    People who differ for good spread further than a chain, and averages of them err more. Fails
    where the variance of months in some state is a fifth larger, beyond chance.
    """
    name = "spread between people"
    if cells.times is None or (cells.times[0] < cells.people).any():
        why = "the counts do not tell" if cells.times is None else "some people were lost"
        return Check(name, None, f"{cells.step}s of each person cannot be compared: {why}")
    number, sums, products = (values.sum(axis=1) for values in cells.times)
    mean = sums / number[:, None]
    observed = np.diagonal(products, axis1=1, axis2=2) / number[:, None] - mean**2
    fitted = _fitted_variance(cells, chain)
    rows: list[tuple[str | float, ...]] = [("arm", "state", "observed sd", "fitted sd")]
    for (a, s), value in np.ndenumerate(observed):
        sd = float(np.sqrt(max(value, 0.0)))
        rows.append((_WORDS[a], cells.states[s], sd, float(np.sqrt(fitted[a, s]))))
    some = fitted.sum(axis=0) > 0
    ratio = np.where(some, observed.sum(axis=0) / np.where(some, fitted.sum(axis=0), 1.0), 1.0)
    worst = int(ratio.argmax())
    limit = design_effect * max(_WIDER, 1.0 + _SURE * float(np.sqrt(2.0 / number.sum())))
    text = (
        f"variance of {cells.step}s in '{cells.states[worst]}' between people is "
        f"{ratio[worst]:.2f} times that of the chains (limit {limit:.2f}); above it the error of "
        "the effect is too small: set design_effect to this ratio"
    )
    return Check(name, bool(ratio[worst] <= limit), text, tuple(rows))


def _fitted_variance(cells: StateCells, chain: Chain) -> Array:
    """Return the variance of months in each state between the people of an arm (arm, state)."""
    draws = np.linspace(0, len(chain.initial) - 1, _SPREAD_DRAWS).astype(np.intp)
    share = (cells.people / cells.people.sum(axis=1, keepdims=True))[..., None]
    mean, second = np.zeros((2, 2, len(cells.states)))
    for at in draws:
        one = chain.at(np.array([at]))
        mean += (share * one.occupancy()[0].sum(axis=2)).sum(axis=1) / len(draws)
        both = np.einsum("agsiti->agi", one.joint_occupancy()[0])
        second += (share * both).sum(axis=1) / len(draws)
    return np.asarray(np.maximum(second - mean**2, 0.0))


def thin_check(cells: StateCells, bands: tuple[int, ...]) -> Check:
    """Name rows that rest on fewer than 20 months of people; fail where an arm has none."""
    risk = cells.banded(bands).sum(axis=-1)
    rows: list[tuple[str | float, ...]] = [("arm", "group", "band", "from", "months at risk")]
    for (a, g, b, s), n in np.ndenumerate(risk):
        if n < _THIN and cells.states[s] not in cells.absorbing:
            rows.append((_WORDS[a], cells.groups[g], b, cells.states[s], float(n)))
    empty = sum(row[4] == 0 for row in rows[1:])
    text = (
        f"{len(rows) - 1} rows of transition matrices rest on fewer than {_THIN:g} {cells.step}s "
        f"of people, {empty} on none (their answer is the prior's)"
    )
    return Check("people at risk", empty == 0, text, tuple(rows))


def attrition_by_arm(cells: StateCells) -> Check:
    """Test whether the arms lose people alike, given group, month and state.

    Cochran-Mantel-Haenszel over all strata, two-sided at 1 %; who leaves by reaching an absorbing
    state is not lost.
    """
    lost, seen = cells.lost.reshape(2, -1), cells.seen[:, :, :-1].reshape(2, -1)
    n, gone = seen.sum(axis=0), lost.sum(axis=0)
    some = (n > 1) & (gone > 0) & (seen.min(axis=0) > 0)
    n, gone, treated = n[some], gone[some], seen[0, some]
    variance = float((treated * (n - treated) * gone * (n - gone) / (n**2 * (n - 1))).sum())
    excess = float((lost[0, some] - treated * gone / n).sum())
    p = float(chdtrc(1, excess**2 / variance)) if variance > 0 else 1.0
    shares = cells.lost.sum(axis=(1, 2, 3)) / cells.people.sum(axis=1)
    text = (
        f"lost before the last {cells.step}: {shares[0]:.1%} of the treated and {shares[1]:.1%} of "
        f"the comparison; given month and state the arms lose alike with p {p:.3g} (limit "
        f"{_LOST:g})"
    )
    rows = (("arm", "share lost"), (_WORDS[0], float(shares[0])), (_WORDS[1], float(shares[1])))
    return Check("attrition by arm", p >= _LOST, text, rows)


def _occupied(initial: Array, counts: Array) -> Array:
    """Return occupancy (draw, arm, group, month, state) from counts with a leading draw."""
    n = initial.sum(axis=-1, keepdims=True)
    p = initial / np.maximum(n, 1.0)
    out = [p]
    eye = np.eye(p.shape[-1])
    for month in range(counts.shape[3]):
        moved = counts[:, :, :, month]
        at_risk = moved.sum(axis=-1, keepdims=True)
        row = np.where(at_risk > 0, moved / np.maximum(at_risk, 1.0), eye)
        p = (p[..., None, :] @ row)[..., 0, :]
        out.append(p)
    return np.stack(out, axis=3)


def _replicate(cells: StateCells, chain: Chain, rng: np.random.Generator) -> tuple[Array, Array]:
    """Draw cohorts as large as the observed one, losing people at the rates observed."""
    people = np.broadcast_to(cells.people.astype(np.int64), chain.initial.shape[:-1])
    now = rng.multinomial(people, _proper(chain.initial))
    with np.errstate(invalid="ignore"):
        stay = np.where(cells.seen[:, :, :-1] > 0, cells.at_risk / cells.seen[:, :, :-1], 1.0)
    initial, counts = now.astype(float), []
    for month, band in enumerate(chain.band):
        on = rng.binomial(now, stay[:, :, month])
        moved = rng.multinomial(on, _proper(chain.transition[..., band, :, :]))
        counts.append(moved.astype(float))
        now = moved.sum(axis=-2)
    return initial, np.stack(counts, axis=3)


def _proper(p: Array) -> Array:
    """Return probabilities that sum to one at most, as the generator demands."""
    return np.asarray(p / p.sum(axis=-1, keepdims=True))
