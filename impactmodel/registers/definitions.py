"""What an official number counts: a definition travels with every series and is never mixed."""

from __future__ import annotations

from typing import Literal

from impactmodel.core.errors import InputError
from impactmodel.core.spec import spec

Statistic = Literal["employment service statistics", "labour force survey"]
Unit = Literal["persons", "percent", "ratio"]
_LFS: Statistic = "labour force survey"


@spec
class Definition:
    """What a series counts, of whom and when.

    Parameters
    ----------
    name
        Short name of the quantity.
    text
        The definition in a sentence.
    unit
        ``persons``, ``percent`` (0 to 100) or ``ratio``.
    statistic
        Which statistics define it: numbers of two statistics are never put together.
    population
        Whom it is about.
    counted
        When in the month.
    """

    name: str
    text: str
    unit: Unit = "persons"
    statistic: Statistic = "employment service statistics"
    population: str = "residents of the area"
    counted: str = "last working day of the month"


_JOBSEEKER = "registered jobseekers without work or fully laid off; people in services are not"
_SERVICES = (
    "people in subsidised work, training, work and training trials, coaching, rehabilitative work, "
    "self-motivated study or job alternation; they are not unemployed jobseekers"
)
DEFINITIONS: dict[str, Definition] = {
    d.name: d
    for d in (
        Definition("unemployed_jobseekers", _JOBSEEKER),
        Definition("laid_off_full_time", "unemployed jobseekers who are fully laid off"),
        Definition("unemployed_longterm_1y", "jobseekers unemployed for a year without a break"),
        Definition("unemployed_men", f"men: {_JOBSEEKER}"),
        Definition("unemployed_women", f"women: {_JOBSEEKER}"),
        Definition("services_total", _SERVICES),
        Definition("service_subsidised_employment", "people employed with a wage subsidy"),
        Definition("service_work_training_trial", "people in work trials and training trials"),
        Definition("service_labour_market_training", "people in labour market training"),
        Definition("service_coaching", "people in coaching"),
        Definition(
            "service_other", "people in rehabilitative work, self-motivated study, job alternation"
        ),
        Definition("service_rehabilitative_work", "people in rehabilitative work"),
        Definition("service_self_motivated_study", "people in self-motivated study"),
        Definition("service_job_alternation_substitute", "substitutes in job alternation"),
        Definition(
            "labour_force_denominator",
            "employed and unemployed residents in the employment register about two years before; "
            "it changes every January and is revised",
            counted="end of an earlier year",
        ),
        Definition(
            "unemployment_rate_ess", "unemployed jobseekers of the register labour force", "percent"
        ),
        Definition(
            "activation_rate", "people in services of them and unemployed jobseekers", "percent"
        ),
        Definition(
            "unemployment_rate_lfs",
            "people aged 15 to 74 without work who seek it and are available (ILO), of the labour "
            "force; estimated from a sample; the survey changed in 2021",
            "percent",
            _LFS,
            "residents of Finland",
            "the whole month",
        ),
    )
}
"""The series that the library knows, by name; users add theirs with a `Definition`."""


def require_one_statistic(found: dict[str, Definition]) -> None:
    """Refuse to put numbers of two statistics or of two populations together.

    Parameters
    ----------
    found
        The definitions, by the role they would play.

    Raises
    ------
    InputError
        With the role, its definition and that of the first.
    """
    (_, first), *others = found.items()
    for role, other in others:
        for what in ("statistic", "population"):
            mine, seen = getattr(first, what), getattr(other, what)
            if mine != seen:
                raise InputError(
                    f"'{first.name}' and '{other.name}' have two definitions: another {what} "
                    f"than '{mine}'",
                    key=role,
                    seen=seen,
                    fix="take both from one statistic and one population; they are never mixed",
                )
