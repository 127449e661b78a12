"""Pooled evidence: several published studies become the effect in a new cohort."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from impactmodel.core.distribution import mean
from impactmodel.core.errors import InputError
from impactmodel.core.outcomes import Provenance
from impactmodel.core.schedule import Periods
from impactmodel.effects.designs import prepare
from impactmodel.effects.horizons import Horizon, require_alike, sort_by_horizon
from impactmodel.effects.meta_prepared import PreparedMeta
from impactmodel.effects.meta_targets import EachStudy, MeanEffect, MetaPriors, NewCohort, Target
from impactmodel.effects.pooled_effect import PooledEffect, prior_of
from impactmodel.effects.pooling import Pooled
from impactmodel.effects.random_effects import METHODS, Test, random_effects
from impactmodel.evidence import PublishedEvidence

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class MetaAnalysis:
    """A random-effects meta-analysis of published estimates.

    Estimates of one outcome over the same periods are pooled; other horizons are pooled apart.
    Ratios are pooled as logarithms.

    Parameters
    ----------
    studies
        Two or more; each with its estimates and their uncertainty in the form published.
    target
        Whose effect is wanted: `NewCohort` (predictive), `MeanEffect` or `EachStudy` (shrunken).
    priors
        Of the mean and of the spread between studies.
    same_study
        State it where studies share a citation: strata of one study are subgroups of it, not
        independent studies.
    labels
        Short names of the studies; by default their citations.
    correlation
        Between the pooled effects of different outcomes and horizons; None: not known, they are
        taken as independent, which is recorded.

    Raises
    ------
    InputError
        When it is fitted: if populations, estimands, periods or scales differ, a horizon has one
        study only, or studies share a citation without ``same_study``.

    Examples
    --------
    >>> import datetime as dt
    >>> from impactmodel.core.measures import OutcomeMeasure
    >>> from impactmodel.evidence import PublishedEstimate, StandardError, Study
    >>> job, year = OutcomeMeasure("job", kind="binary"), Periods(dt.date(2020, 1, 1), "year", 1)
    >>> def study(name: str, effect: float) -> PublishedEvidence:
    ...     source = Study(name, "ITT", "assigned", "trial", locator="Table 1")
    ...     return PublishedEvidence(
    ...         source, (PublishedEstimate(job, StandardError(0.03), effect),), year, 100
    ...     )
    >>> design = MetaAnalysis((study("A", 0.05), study("B", 0.11)), NewCohort(size=50))
    >>> table = pooling_table(design)
    >>> round(float(table.loc[table["method"] == "fixed", "mean"].iloc[0]), 6)
    0.08
    """

    studies: tuple[PublishedEvidence, ...]
    target: Target
    priors: MetaPriors = field(default_factory=MetaPriors)
    same_study: bool = False
    labels: tuple[str, ...] = ()
    correlation: float | None = None


def pooling_table(
    design: MetaAnalysis, *, prob: float = 0.95, test: Test = "normal"
) -> pd.DataFrame:
    """Return every frequentist answer beside the posterior, a row per horizon and method.

    The last row of a horizon is the exact posterior: its mean effect, and the interval of the
    effect in another study.

    Parameters
    ----------
    prob
        Probability of the intervals (equal-tailed for the posterior).
    test
        Of the means with random effects, see `random_effects`.
    """
    import pandas as pd

    _, parts = _sorted(design)
    rows = []
    for part in parts:
        data = part.horizon.data
        place = {
            "outcome": part.measure.name,
            "periods": "-".join(str(p) for p in sorted(set(part.horizon.periods))),
            "scale": "log ratio" if part.horizon.ratio else "difference",
            "studies": data.k,
        }
        for method in METHODS:
            way: Test = "normal" if method == "fixed" else test
            r = random_effects(data.y, data.s, method, test=way, prob=prob)
            found = {name: getattr(r, name) for name in _COLUMNS}
            rows.append({**place, "method": method, "test": way, "prob": prob, **found})
        rows.append(
            {**place, "method": "posterior", "test": "", "prob": prob} | _posterior(part, prob)
        )
    return pd.DataFrame(rows)


_COLUMNS = (
    "mean", "se", "lower", "upper", "p", "next_lower", "next_upper",
    "tau2", "tau2_se", "tau2_lower", "tau2_upper", "q", "q_p", "i2", "h2",
)  # fmt: skip


def _posterior(part: PooledEffect, prob: float) -> dict[str, float]:
    exact, tail = Pooled(part.horizon.data, part.priors), (1 - prob) / 2
    mean, sd = exact.mean_moments()
    return {
        "mean": mean,
        "se": sd,
        "lower": exact.mean_quantile(tail),
        "upper": exact.mean_quantile(1 - tail),
        "next_lower": exact.new_quantile(tail),
        "next_upper": exact.new_quantile(1 - tail),
    }


@prepare.register
def _(design: MetaAnalysis) -> PreparedMeta:
    labels, parts = _sorted(design)
    periods = _periods(design.studies, [part.horizon for part in parts])
    _require_target(design.target, [part.horizon for part in parts], labels)
    first = design.studies[0]
    return PreparedMeta(
        labels=labels,
        parts=parts,
        target=design.target,
        cohort_size=_sizes(design),
        periods=periods,
        correlation=design.correlation,
        provenance=Provenance(
            estimand=f"{first.study.estimand}, {_WHOSE[type(design.target)]}",
            population=first.study.population,
            design="random-effects meta-analysis",
            source="; ".join(dict.fromkeys(s.study.citation for s in design.studies)),
            price_base=next((s.price_base for s in design.studies if s.price_base), ""),
            assumptions=_assumptions(design, labels, parts),
        ),
    )


_WHOSE = {
    NewCohort: "effect in a new cohort (predictive)",
    MeanEffect: "mean effect over studies",
    EachStudy: "effect of each study (shrunken)",
}


def _sorted(design: MetaAnalysis) -> tuple[tuple[str, ...], tuple[PooledEffect, ...]]:
    require_alike(design.studies)
    _require_same_study(design)
    if design.correlation is not None and not -1 < design.correlation < 1:
        raise InputError(
            "a correlation lies between -1 and 1", key="correlation", seen=design.correlation
        )
    horizons = sort_by_horizon(design.studies)
    parts = tuple(PooledEffect(h, prior_of(h, design.priors)) for h in horizons)
    return _labels(design), parts


def _require_same_study(design: MetaAnalysis) -> None:
    counts = Counter(s.study.citation for s in design.studies)
    citation, times = counts.most_common(1)[0]
    if times > 1 and not design.same_study:
        raise InputError(
            f"{times} of the studies are one: strata of one study are subgroups, not studies",
            key="same_study",
            seen=citation,
            fix="set same_study to state it, or pool one estimate per study",
        )


def _labels(design: MetaAnalysis) -> tuple[str, ...]:
    names = design.labels or tuple(s.study.citation for s in design.studies)
    if len(names) != len(design.studies):
        raise InputError(
            f"{len(design.studies)} studies need as many labels", key="labels", seen=len(names)
        )
    if len(set(names)) == len(names):
        return names
    return tuple(f"{name} ({i})" for i, name in enumerate(names, start=1))


def _periods(studies: Sequence[PublishedEvidence], horizons: Sequence[Horizon]) -> Periods:
    """Return the longest follow-up; every outcome must be pooled over each of its periods."""
    longest = max((s.periods for s in studies), key=lambda p: p.count)
    for name in dict.fromkeys(h.measure.name for h in horizons):
        covered = sorted(
            p
            for h in horizons
            if h.measure.name == name
            for p in range(h.periods[0], h.periods[1] + 1)
        )
        if covered != list(range(1, longest.count + 1)):
            raise InputError(
                f"the pooled horizons of '{name}' must cover each of {longest.count} periods once",
                key="studies",
                seen=f"periods {', '.join(map(str, covered))}",
                fix="pool estimates over the same periods",
            )
    return longest


def _sizes(design: MetaAnalysis) -> tuple[float, ...]:
    if isinstance(design.target, EachStudy):
        return tuple(s.sizes[0] for s in design.studies)
    return (design.target.size,)


def _require_target(target: Target, horizons: Sequence[Horizon], labels: tuple[str, ...]) -> None:
    if isinstance(target, EachStudy):
        for h in horizons:
            lacking = [label for i, label in enumerate(labels) if i not in h.studies]
            if lacking:
                raise InputError(
                    f"each study needs {h.place}", key="studies", seen=f"none in {lacking[0]}"
                )
        return
    if isinstance(target, NewCohort) and target.parts:
        raise InputError(
            "published estimates do not tell apart the people of a cohort",
            key="target.parts",
            fix="leave it out",
        )
    names = {h.measure.name for h in horizons}
    unknown = [level.outcome for level in target.levels if level.outcome not in names]
    if unknown:
        raise InputError("no such outcome", key="target.levels", seen=unknown[0])


def _assumptions(
    design: MetaAnalysis, labels: tuple[str, ...], parts: tuple[PooledEffect, ...]
) -> tuple[str, ...]:
    said = [part.statement for part in parts]
    said.append(
        "the studies' effects are exchangeable: before the estimates, nothing tells which is larger"
    )
    if isinstance(design.target, NewCohort):
        said.append("the new cohort is one more of the kind that the studies are of")
    if isinstance(design.target, MeanEffect):
        said.append(
            "the mean over studies is not the effect in any one cohort: the spread between studies "
            "is left out"
        )
    if not isinstance(design.target, EachStudy):
        said += [
            f"'{level.outcome}' without the programme is not estimated here but stated: "
            f"{mean(level.mean):.4g} on average"
            for level in design.target.levels
        ]
    said.append("no correction is made for studies that were not published")
    if design.same_study:
        said.append(
            "some estimates are strata of one study: they are subgroups, not independent studies; "
            "what they share (evaluator, comparison group, sites, years) is not in their spread"
        )
    if len(parts) > 1:
        said.append(
            "pooled effects of different outcomes and horizons are taken as independent: their "
            "correlation is not known"
            if design.correlation is None
            else "pooled effects of different outcomes and horizons correlate with "
            f"{design.correlation:g}"
        )
    for label, study in zip(labels, design.studies, strict=True):
        said += [f"{label}: {text}" for text in study.assumptions]
    return tuple(said)
