"""Savings as outcomes: taxes and benefits that a contract can pay on."""

from __future__ import annotations

import dataclasses
from typing import Literal, cast

import numpy as np
from numpy.typing import NDArray

from impactmodel.core.errors import InputError
from impactmodel.core.measures import Channel, OutcomeMeasure
from impactmodel.core.outcomes import Outcomes
from impactmodel.fiscal.ledger_data import ARMS, DIMS
from impactmodel.fiscal.people_spread import PEOPLE, spread_between_people
from impactmodel.fiscal.rule_explainer import RuleExplainer
from impactmodel.fiscal.savings import Savings

type Draws = NDArray[np.float64]


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
        covariance = spread_between_people(savings.explainer.months, flows, len(names))
        note = (
            f"the spread of public money between people is that of {PEOPLE:,} simulated "
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
    unit = savings.currency + (f"/{periods.step}" if periods.every == 1 else "")
    return OutcomeMeasure(
        name,
        kind="amount",
        unit=unit,
        channel=cast("Channel", channel),
        label=name.replace("_", " "),
    )
