"""What difference-in-differences assumes, in sentences that every output repeats."""

from __future__ import annotations

from collections.abc import Sequence

from impactmodel.core.measures import OutcomeMeasure
from impactmodel.effects.did_covariance import EffectCovariance
from impactmodel.effects.did_options import Comparison, DifferencePriors
from impactmodel.effects.did_sample import Sample
from impactmodel.evidence.panel import Panel


def identification(panel: Panel, comparison: Comparison) -> tuple[str, ...]:
    """Return what makes the comparison an effect."""
    who = "never treated" if comparison.controls == "never" else "not treated yet"
    given = ", given " + ", ".join(panel.covariates) if comparison.adjust else ""
    early = comparison.anticipation
    return (
        "parallel trends: without treatment the average outcome of the treated had changed as that "
        f"of units {who}, on the scale of the outcome itself{given}",
        f"nothing reacts to treatment more than {early} periods before its start"
        if early
        else "nothing reacts to treatment before its start",
        "no unit's treatment affects another unit",
        f"errors may depend over time and within each {comparison.cluster}",
    )


def modelling(
    measure: OutcomeMeasure, covariance: EffectCovariance, scale: float, priors: DifferencePriors
) -> str:
    """Return the model of one outcome's effects."""
    level = f"N(0, {priors.level * scale:.4g})"
    effects = (
        f"partly pooled over cohorts and time since the start, level and growth {level}, spread "
        f"half-normal({priors.spread * scale:.4g})"
        if priors.pool
        else f"not pooled, each {level}"
    )
    return (
        f"'{measure.name}': effects {effects} in {measure.unit}; {covariance.structured:.0%} of "
        "the errors' covariance from an AR(1) with nugget, widened for "
        f"{covariance.freedom:.0f} degrees of freedom"
    )


def departures(
    sample: Sample, covariances: Sequence[EffectCovariance], priors: DifferencePriors
) -> tuple[str, ...]:
    """Return what differs from the usual: lonely cohorts, a bias prior, units left out."""
    said = []
    alone = sorted({g for covariance in covariances for g in covariance.alone})
    if alone:
        names = ", ".join(sample.label(g) for g in alone)
        said.append(f"cohorts of one cluster ({names}) err as one of the controls does")
    if priors.violation is not None:
        said.append(
            f"bias prior: trends part after the start as a {priors.violation.shape} of "
            f"{priors.violation.per_period:g} a period"
        )
    if sample.left_out:
        said.append(f"{sample.left_out} units treated from the first period on are left out")
    return tuple(said)
