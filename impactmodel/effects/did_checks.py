"""Checks of difference-in-differences that read no outcome after the start."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import fdtrc, stdtr

from impactmodel.effects.checks import Check
from impactmodel.effects.did_covariance import robust_covariance, welch_freedom
from impactmodel.effects.did_group_time import GroupTime, Mask
from impactmodel.effects.did_sample import Array, Codes, Sample

# With these four levels a sound design is stopped in at most 7 % of cases.
_JOINT, _TREND, _PLACEBO, _DIP = 0.02, 0.02, 0.02, 0.01
_CLUSTERS = 3
# So many degrees of freedom go to each contrast that a joint test takes.
_FREEDOM_EACH = 4.0


@dataclass(frozen=True, slots=True, eq=False)
class _Changes:
    """One-period differences between treated and controls before the start, as contrasts.

    Parameters
    ----------
    cells
        All cells.
    at
        Those before the start.
    lead
        Periods until the start or the anticipation (cell of ``at``): 1 is the last before.
    """

    cells: GroupTime
    at: Codes
    lead: Codes

    @classmethod
    def of(cls, cells: GroupTime) -> _Changes:
        at = np.flatnonzero(cells.before)
        lead = cells.cohort[at] - cells.anticipation - cells.period[at]
        return cls(cells, at, lead)

    def by_lead(self, weight: Sequence[float]) -> Array:
        """Weigh the changes at leads 1, 2, ...; cohorts that lack some of them do not count."""
        out = np.zeros(len(self.at))
        cohort, share = self.cells.cohort[self.at], self.cells.share[self.at]
        needed = np.flatnonzero(weight) + 1
        for g in np.unique(cohort):
            here = cohort == g
            if np.isin(needed, self.lead[here]).all():
                within = here & (self.lead <= len(weight))
                out[within] = share[within] * np.array(weight)[self.lead[within] - 1]
        total = sum(
            share[cohort == g][0] for g in np.unique(cohort) if np.any(out[cohort == g] != 0)
        )
        return out / total if total > 0 else out

    def test(self, contrasts: Array) -> tuple[Array, Array, float]:
        """Return estimates and covariance of contrasts (cell, contrast), and their freedom."""
        covariance, psi, _ = robust_covariance(self.cells, self.at)
        freedom = welch_freedom(psi @ contrasts.mean(axis=1), self.cells)
        estimate = self.cells.estimate[self.at] @ contrasts
        return estimate, contrasts.T @ covariance @ contrasts, freedom

    def single(self, contrast: Array) -> tuple[float, float, float]:
        """Return estimate, standard error and p-value of one contrast."""
        estimate, covariance, freedom = self.test(contrast[:, None])
        value, se = float(estimate[0]), float(np.sqrt(covariance[0, 0]))
        return value, se, float(2 * stdtr(freedom, -abs(value) / se)) if se > 0 else 1.0

    @property
    def longest(self) -> int:
        """The largest number of changes that a cohort has."""
        return int(self.lead.max())


def pre_checks(sample: Sample, all_cells: Sequence[GroupTime]) -> tuple[Check, ...]:
    """Check controls, clusters, trends before the start, placebo dates and Ashenfelter's dip."""
    checks = [_controls(sample), _clusters(sample)]
    for cells in all_cells:
        if not cells.before.any():
            text = f"'{cells.outcome}': no cohort is seen in two periods before its start"
            checks.append(Check(f"pre-trends: {cells.outcome}", None, text))
            continue
        changes = _Changes.of(cells)
        checks += [_joint(changes), _trend(changes), _placebo(changes), _dip(changes)]
    return tuple(checks)


def pretrend_size(cells: GroupTime) -> float:
    r"""Return the root mean square of the true one-period changes before the start.

    The mean of squares less the mean of their error variances, at least 0; NaN without any.
    """
    if not cells.before.any():
        return float("nan")
    changes = _Changes.of(cells)
    covariance, _, _ = robust_covariance(cells, changes.at)
    square = np.mean(cells.estimate[changes.at] ** 2 - np.diag(covariance))
    return float(np.sqrt(max(square, 0.0)))


def _controls(sample: Sample) -> Check:
    never = int(np.isinf(sample.start).sum())
    if never:
        text = f"{never} of {sample.size} units are never treated"
    else:
        text = (
            "no unit is never treated: effects are compared with units not treated yet, and none "
            f"is identified from {sample.panel.labels[sample.end - 1]} on"
            if sample.end < sample.panel.periods.count
            else "no unit is never treated: effects are compared with units not treated yet"
        )
    if sample.left_out:
        text += f"; {sample.left_out} units treated from the first period on are left out"
    return Check("untreated controls", None, text)


def _clusters(sample: Sample) -> Check:
    treated = np.isin(sample.start, sample.cohorts)
    rows = [("cohort", "units", "clusters")]
    table: list[tuple[str | float, ...]] = [*rows]
    for g in sample.cohorts:
        here = sample.members(g)
        table.append((sample.label(g), float(here.sum()), float(_count(sample, here))))
    table.append(("controls", float((~treated).sum()), float(_count(sample, ~treated))))
    one, zero = _count(sample, treated), _count(sample, ~treated)
    return Check(
        "few clusters",
        min(one, zero) >= _CLUSTERS,
        f"{one} treated clusters and {zero} of controls (limit {_CLUSTERS}: with fewer, their "
        "spread does not tell the error; see SyntheticControl)",
        tuple(table),
    )


def _count(sample: Sample, here: Mask) -> int:
    return len(np.unique(sample.cluster[here]))


def _joint(changes: _Changes) -> Check:
    """Test all changes before the start at once, in bins where clusters are few."""
    cells, leads = changes.cells, np.arange(1, changes.longest + 1)
    _, _, freedom = changes.test(np.eye(len(changes.at)))
    most = max(int(freedom / _FREEDOM_EACH), 1)
    if len(changes.at) <= most:
        contrasts = np.eye(len(changes.at))
    else:
        contrasts = np.column_stack(
            [
                np.isin(changes.lead, part) * cells.share[changes.at]
                for part in np.array_split(leads, min(most, len(leads)))
            ]
        )
        contrasts = contrasts / contrasts.sum(axis=0)
    estimate, covariance, freedom = changes.test(contrasts)
    q = int(np.linalg.matrix_rank(covariance, hermitian=True))
    wald = float(estimate @ np.linalg.pinv(covariance, hermitian=True) @ estimate)
    rest = max(freedom - q + 1, 1.0)
    p = float(fdtrc(q, rest, max(wald, 0.0) * rest / (freedom * q)))
    return Check(
        f"pre-trends: {cells.outcome}",
        p >= _JOINT,
        f"'{cells.outcome}': joint test of {q} differences in change before the start, "
        f"F {wald * rest / (freedom * q):.2f}, p {p:.3f} (limit {_JOINT:g})",
        _lead_table(changes, leads),
    )


def _lead_table(changes: _Changes, leads: Codes) -> tuple[tuple[str | float, ...], ...]:
    rows: list[tuple[str | float, ...]] = [("event time", "change", "standard error", "p")]
    for lead in leads[::-1]:
        weight = (changes.lead == lead) * changes.cells.share[changes.at]
        if weight.any():
            value, se, p = changes.single(weight / weight.sum())
            rows.append((float(-lead - changes.cells.anticipation), value, se, p))
    return tuple(rows)


def _trend(changes: _Changes) -> Check:
    """Test the difference in linear trend before the start."""
    contrast = np.zeros(len(changes.at))
    cohort, share = changes.cells.cohort[changes.at], changes.cells.share[changes.at]
    for g in np.unique(cohort):
        here = cohort == g
        j = changes.lead[here]
        slope = j * (j.max() + 1.0 - j)
        contrast[here] = share[here] * slope / slope.sum()
    contrast /= sum(share[cohort == g][0] for g in np.unique(cohort))
    value, se, p = changes.single(contrast)
    name = changes.cells.outcome
    return Check(
        f"trend before the start: {name}",
        p >= _TREND,
        f"'{name}': treated and controls part by {value:.4g} a period before the start "
        f"(standard error {se:.2g}, p {p:.3f}, limit {_TREND:g})",
    )


def _placebo(changes: _Changes) -> Check:
    """Pretend that treatment started earlier, at each date that the periods before allow."""
    rows: list[tuple[str | float, ...]] = [
        ("periods early", "placebo effect", "standard error", "p")
    ]
    smallest = 1.0
    for s in range(1, changes.longest + 1):
        contrast = changes.by_lead([j / s for j in range(1, s + 1)])
        if contrast.any():
            value, se, p = changes.single(contrast)
            rows.append((float(s), value, se, p))
            smallest = min(smallest, p)
    p = min(1.0, smallest * (len(rows) - 1))
    name = changes.cells.outcome
    return Check(
        f"placebo dates: {name}",
        p >= _PLACEBO,
        f"'{name}': smallest p of {len(rows) - 1} placebo dates before the start, Bonferroni "
        f"adjusted, {p:.3f} (limit {_PLACEBO:g})",
        tuple(rows),
    )


def _dip(changes: _Changes) -> Check:
    """Compare the last change before the start with those before it (Ashenfelter 1978)."""
    last = changes.by_lead([1.0])
    cohort = changes.cells.cohort[changes.at]
    contrast = last.copy()
    for g in np.unique(cohort):
        earlier = (cohort == g) & (changes.lead > 1)
        if earlier.any():
            contrast[earlier] = -last[(cohort == g) & (changes.lead == 1)].sum() / earlier.sum()
    value, se, p = changes.single(contrast)
    name = changes.cells.outcome
    return Check(
        f"dip before the start: {name}",
        p >= _DIP,
        f"'{name}': in the last period before the start the treated moved {value:.4g} more than "
        f"before (standard error {se:.2g}, p {p:.3f}, limit {_DIP:g}); a dip that recovers by "
        "itself reads as an effect (see Comparison.anticipation)",
    )
