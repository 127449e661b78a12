"""Model card and data sheet: what a fitted model is, is for and is not for."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from impactmodel.clients.features import missing
from impactmodel.clients.rates import auc, auc_sd
from impactmodel.core.errors import InputError

if TYPE_CHECKING:
    from impactmodel.clients.clients import Clients
    from impactmodel.clients.fairness import Audit
    from impactmodel.clients.model_record import ModelRecord
    from impactmodel.clients.use import ClientUse

type Array = npt.NDArray[np.float64]

NOT_FOR = (
    "deciding about a client without a person who decides and may deviate",
    "refusing a service or imposing a sanction because of a score",
    "people, places or times unlike those it was fitted to and calibrated on",
    "saying why somebody finds work or does not: reasons predict, they do not cause",
    "choosing a service: a chance says nothing of what a service changes",
)
LIMITS = (
    "A chance is about people with the same recorded values, not about one person.",
    "What is not recorded, such as motivation or a job already promised, is not in it.",
    "It holds while the labour market and the registers stay as they were: monitoring says when "
    "they have not.",
)


@dataclass(frozen=True, slots=True)
class Performance:
    """A measure with its interval.

    Parameters
    ----------
    name
        Such as ``area under the ROC curve``.
    value, lower, upper
        Estimate and ends of the interval.
    kind
        How the interval was made.
    """

    name: str
    value: float
    lower: float
    upper: float
    kind: str


@dataclass(frozen=True, slots=True)
class FeatureRow:
    """A feature in the data sheet.

    Parameters
    ----------
    name, type
        As declared.
    missing
        People without a value.
    protected, ranks
        Whether it is a protected attribute, and whether the model ranks by it.
    """

    name: str
    type: str
    missing: int
    protected: bool
    ranks: bool


@dataclass(frozen=True, slots=True)
class DataSheet:
    """What a model was fitted to; made by `data_sheet`. It holds counts and no person.

    Parameters
    ----------
    population
        Who is in the data, in words.
    first, last
        Index dates.
    people
        Rows.
    features
        In order.
    targets
        Title, people whose outcome is known, and people who reached it.
    services
        People by service on the index date.
    retention
        The day by which the data are destroyed or archived.
    synthetic
        Whether the people are made up.
    """

    population: str
    first: dt.date
    last: dt.date
    people: int
    features: tuple[FeatureRow, ...]
    targets: tuple[tuple[str, int, int], ...]
    services: tuple[tuple[str, int], ...]
    retention: dt.date
    synthetic: bool


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class ModelCard:
    """What everybody who meets a score must be able to read; made by `model_card`.

    Parameters
    ----------
    name, fingerprint, target, policy
        Of the model: identifier, SHA-256, what is anticipated and under which reference policy.
    made
        The day.
    use
        The declared use: purpose, legal basis, controller, variables, human oversight.
    data
        What it was fitted to.
    performance
        Measures on a later window, with intervals.
    audit
        By group, on the same window.
    prob
        Probability of the intervals.
    not_for, limits
        What it must not be used for, and what it cannot know.
    """

    name: str
    fingerprint: str
    target: str
    policy: str
    made: dt.date
    use: ClientUse
    data: DataSheet
    performance: tuple[Performance, ...]
    audit: Audit
    prob: float
    not_for: tuple[str, ...]
    limits: tuple[str, ...]

    def __repr__(self) -> str:
        return f"ModelCard of {self.name} ({self.fingerprint[:12]}) for {self.use.name}"


def data_sheet(
    clients: Clients, use: ClientUse, *, population: str, ranking: Sequence[str], synthetic: bool
) -> DataSheet:
    """Describe the data that a model was fitted to.

    Parameters
    ----------
    clients, use
        The data, and what they are used for.
    population
        Who is in them, in words.
    ranking
        Features that the model ranks by.
    synthetic
        Whether the people are made up.

    Raises
    ------
    InputError
        If there is nobody, or the use could not have been permitted.
    """
    problems = use.problems(clients.table, ranking)
    if problems:
        raise InputError.of(problems)
    if not clients.size:
        raise InputError("there is nobody in the data", key="clients")
    table = clients.table
    features = tuple(
        FeatureRow(
            name, feature.type, int(missing(feature, clients.values[name]).sum()),
            name in table.protected, name in ranking,
        )
        for name, feature in table.features.items()
    )  # fmt: skip
    counts = np.bincount(clients.service, minlength=len(table.services))
    known = ~np.isnan(clients.y)
    return DataSheet(
        population=population,
        first=clients.index.min().astype("datetime64[D]").item(),
        last=clients.index.max().astype("datetime64[D]").item(),
        people=clients.size,
        features=features,
        targets=tuple(
            (target.title, int(known[:, j].sum()), int(np.nansum(clients.y[:, j])))
            for j, target in enumerate(clients.targets)
        ),
        services=tuple(zip(table.services, map(int, counts), strict=True)),
        retention=use.purpose.retention,
        synthetic=synthetic,
    )


def performance(
    chance: npt.ArrayLike, outcome: npt.ArrayLike, audited: Audit
) -> tuple[Performance, ...]:
    """Measure a score on people it was not fitted to.

    Parameters
    ----------
    chance, outcome
        As shown, and 1, 0 or NaN (person).
    audited
        Of the same people: bias and slope, and the probability of the intervals.
    """
    from scipy import stats

    p, y = np.asarray(chance, dtype=float), np.asarray(outcome, dtype=float)
    known = ~np.isnan(y)
    p, y = p[known], y[known]
    z = float(stats.norm.ppf((1 + audited.prob) / 2))
    area, loss = (auc(p, y), auc_sd(p, y)), (p - y) ** 2
    brier = float(loss.mean()), float(loss.std(ddof=1)) / len(loss) ** 0.5
    found = [
        Performance(name, value, value - z * sd, value + z * sd, kind)
        for name, (value, sd), kind in (
            ("area under the ROC curve", area, "normal, DeLong"),
            ("Brier score", brier, "normal"),
        )
    ]
    everybody = audited.keys.index(("Total",) * len(audited.attributes))
    for name, title in (("bias", "mean chance less outcome"), ("slope", "calibration slope")):
        m = audited.measures[name]
        value, low, high = (float(v[everybody]) for v in (m.value, m.lower, m.upper))
        found.append(Performance(title, value, low, high, "normal"))
    return tuple(found)


def model_card(
    record: ModelRecord,
    use: ClientUse,
    data: DataSheet,
    measured: tuple[Sequence[Performance], Audit],
    *,
    made: dt.date,
    limits: Sequence[str] = (),
) -> ModelCard:
    """Make the card of a fitted model.

    Parameters
    ----------
    record, use, data
        The saved model, its declared use and its data.
    measured
        Performance and audit on a later window.
    made
        The day.
    limits
        Of this model, beside those that hold for all.

    Raises
    ------
    InputError
        If the model ranks by a feature that the data sheet does not say it ranks by.
    """
    said = {row.name for row in data.features if row.ranks}
    hidden = [name for name in dict.fromkeys(record.features) if name not in said]
    if hidden:
        raise InputError(
            "the model ranks by a feature that the data sheet does not name",
            key="features",
            seen=hidden[0],
            fix="list it under 'ranking' of the data sheet",
        )
    return ModelCard(
        name=record.name,
        fingerprint=record.fingerprint,
        target=record.target,
        policy=record.policy,
        made=made,
        use=use,
        data=data,
        performance=tuple(measured[0]),
        audit=measured[1],
        prob=measured[1].prob,
        not_for=NOT_FOR,
        limits=(*limits, *LIMITS),
    )
