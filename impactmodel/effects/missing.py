r"""Outcomes that are not known for everybody: missing at random, or shifted by a stated amount.

People without an outcome stand in the average with what the model expects of people like them in
their arm (missing at random, given arm, group and covariates). What is not at random cannot be seen
in the data: a stated shift :math:`\delta_t` says by how much those who are missing differ,

.. math:: E[Y_t] = E_{MAR}[Y_t] + m_t\, \delta_t

with :math:`m_t` the share who are missing in arm t (pattern-mixture model; Little 1993, Journal of
the American Statistical Association 88). A contract should know the shift at which it stops paying.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from impactmodel.core.distribution import Uncertain, draw, mean
from impactmodel.core.errors import InputError
from impactmodel.core.seeds import stream
from impactmodel.core.spec import spec
from impactmodel.effects.around import Around
from impactmodel.effects.checks import Check
from impactmodel.effects.model import Levels
from impactmodel.effects.predictor import Array, Parameters
from impactmodel.evidence import Cohort

_SUSPECT = 0.05


@spec
class MissingShift:
    """By how much people whose outcome is missing differ from those like them who are seen.

    Parameters
    ----------
    outcome
        Its name.
    treated, comparison
        Added to the expected outcome of missing people of each arm, in the outcome's unit; a
        number or a distribution.
    reason
        Why it is believed.
    """

    outcome: str
    treated: Uncertain = 0.0
    comparison: Uncertain = 0.0
    reason: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Shifted(Around):
    """A model whose missing people are shifted.

    Parameters
    ----------
    model
        Of the people who are seen.
    share
        Share of people who are missing, (arm, group); arm 0 is treated.
    shift
        What is assumed of them.
    """

    share: Array
    shift: MissingShift

    @property
    def statement(self) -> str:
        """Return sentences on the model and on who is missing, for the record."""
        said = ", ".join(
            f"{share.mean():.1%} of the {word}"
            for share, word in zip(self.share, ("treated", "comparison"), strict=True)
        )
        shift = self.shift
        moved = "missing at random given arm, group and covariates"
        if not _is_zero(shift):
            moved = (
                f"missing people differ by {mean(shift.treated):+g} (treated) and "
                f"{mean(shift.comparison):+g} (comparison) {self.measure.unit} on average"
            )
        reason = f": {shift.reason}" if shift.reason else ""
        return f"{self.model.statement}; not known for {said}; {moved}{reason}"

    def exact_moments(self) -> tuple[Array, Array]:
        """Return mean (arm) and covariance (arm, arm) of the expected outcomes.

        Raises
        ------
        InputError
            If people are shifted: a share is cut at 0 and 1, which has no closed form.
        """
        if not _is_zero(self.shift):
            raise InputError(
                "there are no exact moments with shifted missing people", fix="use fit"
            )
        return self.model.exact_moments()

    def levels(self, drawn: Parameters) -> Levels:
        """Shift the expected outcomes; a share stays within 0 and 1."""
        seen = self.model.levels(drawn)
        n = seen.mean.shape[1]
        moved = np.stack(
            [
                draw(value, n, stream(0, "missing", self.measure.name, word))
                for word, value in (
                    ("treated", self.shift.treated),
                    ("comparison", self.shift.comparison),
                )
            ]
        )
        level = seen.mean + self.share[:, None, :] * moved[:, :, None]
        if self.measure.kind != "binary":
            return Levels(level, seen.variance)
        level = np.clip(level, 0.0, 1.0)
        return Levels(level, level * (1.0 - level))

    def predictive_checks(self, drawn: Parameters, rng: np.random.Generator) -> tuple[Check, ...]:
        """Check the people who are seen, and tell whether the arms miss people alike."""
        return (*self.model.predictive_checks(drawn, rng), self._attrition())

    def _attrition(self) -> Check:
        treated, comparison = self.share.mean(axis=1)
        rows = (("arm", "share missing"), ("treated", treated), ("comparison", comparison))
        text = (
            f"'{self.measure.name}' is missing for {treated:.1%} of the treated and "
            f"{comparison:.1%} of the comparison; data cannot tell whether at random"
        )
        return Check(f"missing: {self.measure.name}", None, text, rows)


def attrition_check(cohort: Cohort, outcome: str) -> Check:
    """Check that the arms miss an outcome alike: a two-sided test of the shares at 5 %.

    Raises
    ------
    InputError
        If the cohort has no such outcome.
    """
    from scipy import stats

    names = [o.name for o in cohort.outcomes]
    if outcome not in names:
        raise InputError(
            "there is no such outcome", key="outcome", seen=outcome, fix=f"use {', '.join(names)}"
        )
    gone = cohort.missing[:, names.index(outcome)]
    counts = [
        (int(gone[a].sum()), int((~gone[a]).sum())) for a in (cohort.treated, ~cohort.treated)
    ]
    p = float(stats.fisher_exact(counts).pvalue)
    shares = [lost / (lost + kept) for lost, kept in counts]
    text = (
        f"'{outcome}' is missing for {shares[0]:.1%} of the treated and {shares[1]:.1%} of the "
        f"comparison (Fisher p = {p:.3f}, limit {_SUSPECT:g})"
    )
    rows = (("arm", "share missing"), ("treated", shares[0]), ("comparison", shares[1]))
    return Check(f"attrition: {outcome}", p >= _SUSPECT, text, rows)


def missing_shares(cohort: Cohort, outcome: str, *, by_group: bool) -> Array:
    """Return the share of people without an outcome, (arm, group); arm 0 is treated."""
    gone = cohort.missing[:, [o.name for o in cohort.outcomes].index(outcome)]
    group = cohort.group if by_group else np.zeros(cohort.size, dtype=np.intp)
    count = len(cohort.groups) if by_group else 1
    arms = []
    for arm in (cohort.treated, ~cohort.treated):
        people = np.bincount(group[arm], minlength=count)
        lost = np.bincount(group[arm], gone[arm], minlength=count)
        arms.append(lost / np.maximum(people, 1))
    return np.stack(arms)


def _is_zero(shift: MissingShift) -> bool:
    return shift.treated == 0 and shift.comparison == 0
