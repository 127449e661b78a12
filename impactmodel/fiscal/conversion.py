"""Savings as outcomes: taxes and benefits that a contract can pay on."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Literal, cast

import numpy as np
from numpy.typing import NDArray

from impactmodel.core.errors import InputError
from impactmodel.core.measures import Channel, OutcomeMeasure
from impactmodel.core.outcomes import Outcomes
from impactmodel.fiscal.ledger_data import ARMS, DIMS
from impactmodel.fiscal.months import Months
from impactmodel.fiscal.rule_explainer import RuleExplainer
from impactmodel.fiscal.savings import Savings
from impactmodel.fiscal.year_flows import year_flows

type Draws = NDArray[np.float64]

_PEOPLE = 4000
"""Histories behind a covariance: its relative Monte Carlo error is about sqrt(2 / 4000) = 2 %."""
_SEED = 1


def as_outcomes(savings: Savings, by: Literal["channel", "line"] = "channel") -> Outcomes:
    """Return public money as outcomes per cohort member, draw by draw.

    Parameters
    ----------
    savings
        Undiscounted amounts are used, as they fall due.
    by
        ``channel``: outcomes such as ``tax`` (what public payers receive) and ``benefit`` (what
        they pay); ``line``: one outcome for each line.

    Returns
    -------
    Outcomes
        Amounts over the periods of the ledger, with the lineage of the outcomes behind them. A
        contract on taxes gained and benefits saved weighs ``{tax: 1, benefit: -1}``. Savings by
        rules bring the spread between people, which a measured view needs. Of stated values and
        observed money, what is zero without the programme in every draw counts as known by its
        effect only.

    Raises
    ------
    InputError
        If no line touches a public payer.
    """
    data = savings.ledger.dataset
    signs = _signs(savings)
    labels = data[by].values
    names = [n for n in dict.fromkeys(labels.tolist()) if np.any(signs[labels == n] != 0)]
    if not names:
        raise InputError("no line of the ledger touches a public payer", key="savings")
    weights = np.array([signs * (labels == name) for name in names])
    arms = [np.einsum("dgep,oe->dgop", data[arm].transpose(*DIMS).values, weights) for arm in ARMS]
    covariance: Draws | None = None
    note: tuple[str, ...] = ()
    if isinstance(savings.explainer, RuleExplainer):
        flows = dict(zip(_keys(savings), weights.T, strict=True))
        covariance = _spread_between_people(savings.explainer.months, flows, len(names))
        note = (
            f"the spread of public money between people is that of {_PEOPLE:,} simulated "
            "histories at the mean of the draws",
        )
    provenance = savings.provenance.assuming(*savings.assumptions, *note)
    made = Outcomes.from_draws(
        arms[0],
        arms[1],
        measures=[_measure(savings, name, labels) for name in names],
        periods=savings.ledger.periods,
        cohort_size=data["cohort_size"].values,
        provenance=dataclasses.replace(provenance, price_base=savings.price_base),
        groups=data["group"].values.tolist(),
        covariance=covariance,
    )
    by_rules = isinstance(savings.explainer, RuleExplainer)
    known = arms[1].any(axis=(0, 1, 3)) | by_rules
    return Outcomes(made.dataset.assign_coords(counterfactual_known=("outcome", known)))


def _keys(savings: Savings) -> list[tuple[str, str]]:
    data = savings.ledger.dataset
    return list(zip(data["line"].values.tolist(), data["payer"].values.tolist(), strict=True))


def _signs(savings: Savings) -> Draws:
    """Return the sign with which an entry counts in the natural amount of its line.

    A tax is what public payers receive, a benefit or a service what they pay; the private side of
    a flow counts nowhere.
    """
    data = savings.ledger.dataset
    natural = np.where(data["channel"].values == "tax", 1.0, -1.0)
    return np.where(data["public"].values, natural, 0.0)


def _measure(savings: Savings, name: str, labels: NDArray[np.str_]) -> OutcomeMeasure:
    data, periods = savings.ledger.dataset, savings.ledger.periods
    channel = str(data["channel"].values[labels == name][0])
    unit = savings.currency + (f"/{periods.step}" if set(periods.lengths) == {1} else "")
    return OutcomeMeasure(
        name,
        kind="amount",
        unit=unit,
        channel=cast("Channel", channel),
        label=name.replace("_", " "),
    )


def _spread_between_people(
    months: Months, flows: Mapping[tuple[str, str], Draws], count: int
) -> Draws:
    """Return the covariance between people of weighted sums of flows, at the mean of the draws.

    Parameters
    ----------
    flows
        By (line, payer): the weight in each of the ``count`` sums.

    Returns
    -------
    numpy.ndarray
        Shape (arm, group, sum, year, sum, year).
    """
    histories = months.histories.central()
    paths = next(histories.paths(_PEOPLE, seed=_SEED))[0]
    groups, years = len(histories.groups), histories.years()
    shape = (len(ARMS), groups, count, len(years))
    mean, square = np.zeros(shape), np.zeros((*shape, count, len(years)))
    tables = [(first, after, made) for _, first, after, made in year_flows(months)]
    for g, group in enumerate(histories.groups):
        weights = months.profile.weights(group)
        for i in np.flatnonzero(weights).tolist():
            for arm in range(len(ARMS)):
                amounts = _amounts(tables, i, paths[arm, g], flows, count)
                mean[arm, g] += weights[i] * amounts.mean(axis=0)
                flat = amounts.reshape(len(amounts), -1)
                second = (flat.T @ flat).reshape(count, len(years), count, len(years))
                square[arm, g] += weights[i] * second / len(amounts)
    return np.asarray(square - mean[..., None, None] * mean[:, :, None, None])


def _amounts(
    tables: Sequence[tuple[int, int, Mapping[tuple[str, str], Draws]]],
    person: int,
    paths: NDArray[np.bool_],
    flows: Mapping[tuple[str, str], Draws],
    count: int,
) -> Draws:
    """Return the sums of one example person by history and year, (history, sum, year)."""
    columns = []
    for first, after, made in tables:
        worked = paths[:, first:after].sum(axis=1)
        missed = first - paths[:, :first].sum(axis=1)
        total = np.zeros((len(paths), count))
        for key, weight in flows.items():
            if weight.any():
                table = np.broadcast_to(made[key][person], (after - first + 1, first + 1))
                total += table[worked, missed][:, None] * weight
        columns.append(total)
    return np.stack(columns, axis=2)
