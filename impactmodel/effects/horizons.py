"""Estimates of several studies sorted by outcome and horizon, so that like is pooled with like."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from impactmodel.core.errors import InputError
from impactmodel.core.measures import OutcomeMeasure
from impactmodel.core.money import same
from impactmodel.effects.between_studies import Estimates
from impactmodel.evidence import PublishedEstimate, PublishedEvidence


@dataclass(frozen=True, slots=True, eq=False)
class Horizon:
    """The estimates of one outcome over one run of periods.

    Parameters
    ----------
    name
        Of its parameters: the outcome, with its periods where there are several horizons.
    measure, periods, ratio
        The outcome, its first and last period (from 1), and whether estimates are logs of ratios.
    studies
        Which study each estimate is of.
    estimates
        One for each of these studies.
    """

    name: str
    measure: OutcomeMeasure
    periods: tuple[int, int]
    ratio: bool
    studies: tuple[int, ...]
    estimates: tuple[PublishedEstimate, ...]

    @property
    def data(self) -> Estimates:
        """The estimates with their errors on the scale on which they are normal."""
        return Estimates.of(
            np.array([e.centre for e in self.estimates]),
            np.array([e.standard_error for e in self.estimates]),
        )

    @property
    def span(self) -> int:
        """Number of periods covered."""
        return self.periods[1] - self.periods[0] + 1

    @property
    def place(self) -> str:
        """The outcome and its periods in words."""
        first, last = self.periods
        when = f"period {first}" if first == last else f"periods {first} to {last}"
        return f"'{self.measure.name}' in {when}"


def sort_by_horizon(studies: Sequence[PublishedEvidence]) -> tuple[Horizon, ...]:
    """Sort the estimates of studies by outcome and run of periods.

    Raises
    ------
    InputError
        If an outcome is defined in two ways, is a ratio in one study and a difference in another,
        a horizon has one study only, or a study has several groups.
    """
    found: dict[tuple[OutcomeMeasure, tuple[int, int]], list[tuple[int, PublishedEstimate]]] = {}
    by_name: dict[str, OutcomeMeasure] = {}
    for i, evidence in enumerate(studies):
        if len(evidence.groups) > 1:
            raise InputError(
                "a study is pooled as one, and this one has several groups",
                key=f"studies[{i}].estimates",
                seen=", ".join(evidence.groups),
                fix="give each group as a study of its own",
            )
        for e in evidence.estimates:
            if by_name.setdefault(e.outcome.name, e.outcome) != e.outcome:
                raise InputError(
                    f"'{e.outcome.name}' is defined in two ways", key=f"studies[{i}].estimates"
                )
            found.setdefault((e.outcome, e.periods), []).append((i, e))
    order = {name: at for at, name in enumerate(by_name)}
    keys = sorted(found, key=lambda key: (order[key[0].name], key[1]))
    outcomes = [measure.name for measure, _ in keys]
    return tuple(
        _horizon(measure, periods, found[measure, periods], outcomes.count(measure.name) > 1)
        for measure, periods in keys
    )


def _horizon(
    measure: OutcomeMeasure,
    periods: tuple[int, int],
    entries: list[tuple[int, PublishedEstimate]],
    several: bool,
) -> Horizon:
    name = f"{measure.name}_{periods[0]}" if several else measure.name
    scales = {e.scale for _, e in entries}
    made = Horizon(
        name=name,
        measure=measure,
        periods=periods,
        ratio=scales == {"ratio"},
        studies=tuple(i for i, _ in entries),
        estimates=tuple(e for _, e in entries),
    )
    if len(scales) > 1:
        raise InputError(
            f"{made.place} is a ratio in one study and a difference in another",
            key="studies",
            fix="bring the estimates to one scale",
        )
    if len(entries) < 2:
        raise InputError(
            f"one study only has {made.place}",
            key="studies",
            fix="leave it out, or use Outcomes.from_published for one study",
        )
    return made


def require_alike(studies: Sequence[PublishedEvidence]) -> None:
    """Raise `InputError` unless studies estimate one thing in one price base and regular period."""
    if len(studies) < 2:
        raise InputError(
            "pooling needs two studies or more",
            key="studies",
            seen=len(studies),
            fix="use Outcomes.from_published for one study",
        )
    first = studies[0]
    for i, other in enumerate(studies[1:], start=1):
        for what in ("population", "estimand"):
            mine, theirs = getattr(first.study, what), getattr(other.study, what)
            if mine != theirs:
                raise InputError(
                    f"effects of another {what} are not pooled",
                    key=f"studies[{i}].study.{what}",
                    seen=f"{mine} and {theirs}",
                    fix="pool studies of one kind",
                )
        steps = [(p.step, p.every, p.clock) for p in (first.periods, other.periods)]
        if steps[0] != steps[1]:
            raise InputError(
                "the periods have another length or clock",
                key=f"studies[{i}].periods",
                seen=" and ".join(f"{every} {step} ({clock})" for step, every, clock in steps),
                fix="bring the estimates to the same periods",
            )
        same("price base", first.price_base, other.price_base, "the first study", f"study {i + 1}")
