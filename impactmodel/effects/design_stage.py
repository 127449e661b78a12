"""The design stage: weights, overlap and balance, settled and frozen before outcomes are read."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from impactmodel.core.errors import InputError, JoinError
from impactmodel.core.spec import dump
from impactmodel.effects.balance import Balance, compare_arms
from impactmodel.effects.candidates import Candidates, person_keys
from impactmodel.effects.checks import Check
from impactmodel.effects.design_checks import Placebo, stage_checks
from impactmodel.effects.stratum import Stratum, squares, weighted
from impactmodel.effects.weighting import EntropyBalancing, Weighting
from impactmodel.evidence import Cells, Cohort
from impactmodel.evidence.cells import distinct

type Array = npt.NDArray[np.float64]
type Codes = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class DesignStage:
    """A matched comparison before outcomes are read; made by `design_stage`.

    Parameters
    ----------
    candidates
        The people, without outcomes.
    weighting, by_group
        How comparison people were weighted, and whether within each group.
    strata
        One, or one per group.
    balance
        One row per covariate and stratum.
    checks
        What the design must pass, known before any outcome.
    people_hash, hash
        SHA-256 of arms, groups and covariates, and of these with the weighting and the weights.
    """

    candidates: Candidates
    weighting: Weighting
    by_group: bool
    strata: tuple[Stratum, ...]
    balance: tuple[Balance, ...]
    checks: tuple[Check, ...]
    people_hash: str
    hash: str

    @property
    def labels(self) -> tuple[str, ...]:
        """Labels of the strata: the groups that results are given for."""
        return tuple(stratum.label for stratum in self.strata)

    @property
    def trimmed(self) -> tuple[int, int]:
        """Treated and comparison people left out, over all strata."""
        return (
            sum(stratum.trimmed[0] for stratum in self.strata),
            sum(stratum.trimmed[1] for stratum in self.strata),
        )

    @property
    def weights(self) -> Array:
        """Weight of one person of each cell, 0 where trimmed.

        Treated people have 1; comparison people sum to the number of treated in their stratum.
        """
        out = np.zeros(len(self.candidates.people))
        for stratum in self.strata:
            out[stratum.cells] = stratum.robust.weights
        return out

    def weights_of(self, cohort: Cohort) -> Array:
        """Return the weight of each person of the cohort, in its order."""
        self.require_same_people(Candidates.of(cohort))
        weights: Array = self.weights[distinct(person_keys(cohort))[1]]
        return weights

    def require_same_people(self, candidates: Candidates) -> None:
        """Raise `JoinError` unless the design was made for these people."""
        if people_hash(candidates) != self.people_hash:
            raise JoinError(
                "the design stage was made for other people or covariates than this evidence: "
                "make it anew and look at its checks first"
            )

    def __repr__(self) -> str:
        failed = [check.name for check in self.checks if check.passed is False]
        state = f"failed: {', '.join(failed)}" if failed else "passed"
        return f"DesignStage({self.candidates!r}, {self.weighting.type}, {state}, {self.hash[:12]})"


def design_stage(
    evidence: Cohort | Cells | Candidates,
    weighting: Weighting | None = None,
    *,
    by_group: bool = False,
) -> DesignStage:
    """Weight comparison people to stand for the treated, and check overlap and balance.

    Only arms, groups and covariates are read. The weights are then frozen: outcomes cannot move
    them, and there is no joint model of treatment and outcomes.

    Parameters
    ----------
    evidence
        A `Cohort` or `Cells` with covariates, or `Candidates` where there is no outcome yet.
    weighting
        `EntropyBalancing` (default) or `PropensityOdds`.
    by_group
        Weight, and later estimate, within each group on its own.

    Returns
    -------
    DesignStage
        Failed checks do not raise: they travel with the fit and stop the money step.

    Raises
    ------
    InputError
        If a covariate to hold out is unknown, or nothing is left to balance.
    NotIdentifiedError
        If no weights exist: the treated lie outside what comparison people span.

    Examples
    --------
    Half of the treated are women (1), a quarter of the others: women count thrice as much.

    >>> import pandas as pd
    >>> people = pd.DataFrame({"treat": [1, 1, 0, 0, 0, 0], "woman": [1, 0, 1, 0, 0, 0]})
    >>> stage = design_stage(
    ...     Candidates.from_frame(people, treatment="treat", covariates=["woman"])
    ... )
    >>> stage.weights.round(6).tolist()
    [0.333333, 1.0, 1.0, 1.0]
    """
    people = evidence if isinstance(evidence, Candidates) else Candidates.of(evidence)
    how = weighting or EntropyBalancing()
    _require_known(people, how)
    labels = people.groups if by_group else ("all",)
    strata, rows, placebos = [], [], []
    for code, label in enumerate(labels):
        inside = np.flatnonzero(people.group == code) if by_group else np.arange(len(people.people))
        stratum = weighted(people, how, inside, label)
        strata.append(stratum)
        rows += _balance(people, how, stratum)
        placebos += _placebos(people, how, stratum, merged=not by_group)
    digest = people_hash(people)
    weights = np.concatenate([s.robust.weights for s in strata]).round(9)
    whole = hashlib.sha256(
        f"{digest}|{dump(how)}|{by_group}".encode() + weights.tobytes()
    ).hexdigest()
    checks = stage_checks(strata, rows, placebos, timed=people.timed)
    return DesignStage(people, how, by_group, tuple(strata), tuple(rows), checks, digest, whole)


def people_hash(people: Candidates) -> str:
    """Return the SHA-256 of arms, groups, covariates and numbers of people."""
    digest = hashlib.sha256(f"{people.covariates}|{people.groups}".encode())
    for array in (people.treated, people.group, people.people, people.x):
        digest.update(np.ascontiguousarray(array, dtype=np.float64).tobytes())
    return digest.hexdigest()


def _require_known(people: Candidates, how: Weighting) -> None:
    unknown = [name for name in how.held_out if name not in people.covariates]
    if unknown:
        raise InputError(
            "only a covariate of the evidence can be held out",
            key="weighting.held_out",
            seen=unknown[0],
            fix=f"use {', '.join(people.covariates)}",
        )
    if set(how.held_out) >= set(people.covariates):
        raise InputError(
            "every covariate is held out, nothing is left to balance", key="weighting.held_out"
        )


def _balance(people: Candidates, how: Weighting, stratum: Stratum) -> list[Balance]:
    robust = stratum.robust
    arms = (robust.treated, robust.people, robust.weights)
    columns = {name: people.x[:, i] for i, name in enumerate(people.covariates)}
    if how.moments == 2:
        columns |= squares(people, tuple(n for n in people.covariates if n not in how.held_out))
    return [
        compare_arms(
            name,
            values[stratum.cells],
            arms,
            group=stratum.label,
            held_out=name in how.held_out,
        )
        for name, values in columns.items()
    ]


def _placebos(
    people: Candidates, how: Weighting, stratum: Stratum, *, merged: bool
) -> list[Placebo]:
    """Estimate the "effect" on what the programme cannot have moved and the weights left out."""
    balanced = tuple(name for name in people.covariates if name not in how.held_out)
    columns = {
        (name, "held out"): people.x[:, people.covariates.index(name)] for name in how.held_out
    }
    if how.moments == 1:
        columns |= {(n, "square"): v for n, v in squares(people, balanced).items()}
    if merged and len(people.groups) > 1:
        columns |= {
            (f"group {label}", "group"): (people.group == code) * 1.0
            for code, label in enumerate(people.groups)
        }
    return [
        Placebo.of(name, kind, stratum.label, values[stratum.cells], stratum.robust)
        for (name, kind), values in columns.items()
        if np.ptp(values[stratum.cells]) > 0
    ]
