"""Segments: groups of clients, latent or given, with memberships that are carried on."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from impactmodel.clients.clients import Clients
from impactmodel.clients.membership import Membership
from impactmodel.clients.segments_climb import Best, best_of
from impactmodel.clients.segments_em import Indicators, Mixture
from impactmodel.clients.segments_given import GivenGroups
from impactmodel.clients.segments_scale import Scale
from impactmodel.core.errors import InputError
from impactmodel.core.seeds import stream
from impactmodel.core.spec import spec
from impactmodel.evidence.columns import frozen, require_unique

FOLDS = 5


@spec
class LatentClasses:
    """Groups that no register names, found as latent classes of declared features.

    Parameters
    ----------
    features
        What the classes are made of. An outcome or a service is no feature: groups made of what
        came later would explain it in circles.
    classes
        Numbers of classes to try, rising.
    choose
        What chooses among them: least BIC, least ICL (which also asks that classes lie apart), or
        the largest log-likelihood of people left out, in five folds.
    logged
        Numbers taken as log(1 + x), such as durations, which are skewed.
    starts
        Random starts for each number of classes; the better half is climbed far.
    seed
        Seed of starts and folds.
    """

    features: tuple[str, ...]
    classes: tuple[int, ...] = (1, 2, 3, 4, 5, 6)
    choose: Literal["bic", "icl", "held_out"] = "bic"
    logged: tuple[str, ...] = ()
    starts: int = 20
    seed: int = 1
    type: Literal["latent_classes"] = field(default="latent_classes", kw_only=True)

    def __post_init__(self) -> None:
        if not self.features:
            raise InputError("no feature is named", key="features", fix="name what makes classes")
        require_unique([*self.features], "the feature")
        if not self.classes or min(self.classes) < 1 or sorted({*self.classes}) != [*self.classes]:
            raise InputError(
                "the numbers of classes are 1 or more and rise",
                key="classes",
                seen=", ".join(map(str, self.classes)),
            )
        if self.starts < 1:
            raise InputError("at least one start", key="starts", seen=self.starts)
        strange = sorted({*self.logged} - {*self.features})
        if strange:
            raise InputError("this is no feature of the classes", key="logged", seen=strange[0])

    def fit(self, clients: Clients) -> LatentFit:
        """Fit classes of every number that is tried, and choose.

        Returns
        -------
        LatentFit
            The chosen classes, with the table of all numbers that were tried.

        Raises
        ------
        InputError
            If a feature is not declared, somebody has no answer at all, or ``logged`` has a
            number below 0.
        """
        scale = Scale.of(clients, self.features, self.logged)
        data = scale.read(clients)
        unit = float(data.seen.sum(axis=0) @ np.log(scale.spread))
        fits, rows = [], []
        for classes in self.classes:
            best = best_of(data, classes, self.starts, stream(self.seed, "starts", classes))
            fits.append(best)
            held = np.nan
            if self.choose == "held_out":
                held = _held_out(data, classes, self) - unit
            rows.append(_row(data, best, best.log_likelihood - unit, held))
        sign = -1.0 if self.choose == "held_out" else 1.0
        place = int(np.argmin([sign * getattr(row, self.choose) for row in rows]))
        return LatentFit(self, scale, fits[place], tuple(rows))


type Grouping = Annotated[LatentClasses | GivenGroups, Field(discriminator="type")]


@dataclass(frozen=True, slots=True)
class ClassesTried:
    """One number of classes: a row of the table by which it is chosen.

    Parameters
    ----------
    classes, parameters
        Number of classes and of free parameters.
    log_likelihood
        In the units of the features, after the logarithm where one is taken.
    bic
        -2 log-likelihood + parameters x log(people); less is better.
    icl
        BIC + 2 x entropy of the memberships; less is better.
    held_out
        Log-likelihood of people left out, all folds together; more is better. NaN where it was
        not asked for.
    entropy
        1 - entropy of the memberships / (people x log(classes)): 1 where classes lie apart, 0
        where they say nothing.
    smallest
        Share of the smallest class.
    finalists, agree
        Starts climbed far, and those that came to the same optimum.
    settled
        Whether the best was climbed until nothing was gained.
    """

    classes: int
    parameters: int
    log_likelihood: float
    bic: float
    icl: float
    held_out: float
    entropy: float
    smallest: float
    finalists: int
    agree: int
    settled: bool


def _row(data: Indicators, best: Best, log_likelihood: float, held_out: float) -> ClassesTried:
    mixture, size = best.mixture, len(data)
    member = mixture.membership(data)
    entropy = float(-(member * np.log(np.maximum(member, 1e-300))).sum())
    parameters = mixture.parameters(data)
    bic = -2 * log_likelihood + parameters * float(np.log(size))
    most = size * np.log(mixture.classes) if mixture.classes > 1 else np.inf
    return ClassesTried(
        classes=mixture.classes,
        parameters=parameters,
        log_likelihood=log_likelihood,
        bic=bic,
        icl=bic + 2 * entropy,
        held_out=held_out,
        entropy=float(1 - entropy / most),
        smallest=float(mixture.shares.min()),
        finalists=best.finalists,
        agree=best.agree,
        settled=best.settled,
    )


def _held_out(data: Indicators, classes: int, how: LatentClasses) -> float:
    fold = stream(how.seed, "folds").permutation(len(data)) % FOLDS
    total = 0.0
    for left in range(FOLDS):
        rng = stream(how.seed, "held out", classes, left)
        kept = best_of(
            data.take(np.flatnonzero(fold != left)), classes, how.starts, rng, tolerance=1e-8
        )
        total += kept.mixture.log_likelihood(data.take(np.flatnonzero(fold == left)))
    return total


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class LatentFit:
    """Classes that were chosen; made by `LatentClasses.fit`.

    Parameters
    ----------
    how
        The specification.
    scale
        How features are read.
    best
        The chosen classes, by falling share.
    tried
        Every number of classes that was tried.
    """

    how: LatentClasses
    scale: Scale
    best: Best
    tried: tuple[ClassesTried, ...]

    @property
    def mixture(self) -> Mixture:
        """Parameters of the chosen classes; numbers stand in standard deviations of all."""
        return self.best.mixture

    def assign(self, clients: Clients) -> Membership:
        """Return the segments of clients, also of others than were fitted."""
        member = self.mixture.membership(self.scale.read(clients))
        labels = tuple(f"class {k + 1}" for k in range(member.shape[1]))
        return Membership(labels, frozen(member))

    def __repr__(self) -> str:
        chosen = next(row for row in self.tried if row.classes == self.mixture.classes)
        return (
            f"LatentFit({chosen.classes} classes by {self.how.choose}; "
            f"log-likelihood {chosen.log_likelihood:.1f}, entropy {chosen.entropy:.2f})"
        )
