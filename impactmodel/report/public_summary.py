"""The public side in `summary.json`: savings, budget, other sides, sensitivity, verdicts.

Every description of draws has ``mean, sd, lower, upper`` with the ``prob`` and ``kind`` of the
interval. Amounts are in the currency that stands beside them.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import numpy as np

from impactmodel.core.summary import describe_draws
from impactmodel.fiscal.appraisal import ratio_summary
from impactmodel.report.evidence_tables import is_own, published
from impactmodel.report.public_tables import POINTS, expected_months, parties

if TYPE_CHECKING:
    from collections.abc import Mapping

    from impactmodel.fiscal import Savings
    from impactmodel.report.result import RunResult
    from impactmodel.report.result_appraisal import Decision


def described_by_name(parts: Mapping[str, Any], prob: float) -> dict[str, Any]:
    """Summarise draws by name."""
    return {name: describe_draws(draws, prob) for name, draws in parts.items()}


def savings_summary(savings: Savings, prob: float) -> dict[str, Any]:
    """Summarise public savings; positive is better off.

    The total is over the public payers; participants, employers and other private parties are
    listed by payer.

    Returns
    -------
    dict
        ``currency``; ``total`` and ``by_payer``, discounted; ``by_line``: payer, then line,
        discounted; ``by_year``: payer, then calendar year, undiscounted.
    """
    present = savings.ledger.view("payer", "line", factors=savings.discount)
    plain = savings.ledger.view("payer", "year")
    data = savings.ledger.dataset
    pairs = list(zip(data["payer"].values.tolist(), data["line"].values.tolist(), strict=True))
    return {
        "currency": savings.currency,
        "total": describe_draws(savings.total(), prob),
        "by_payer": described_by_name(savings.by_payer(), prob),
        "by_line": {
            payer: {
                line: describe_draws(present.sel(payer=payer, line=line).values, prob)
                for name, line in pairs
                if name == payer
            }
            for payer in parties(savings)
        },
        "by_year": {
            payer: {
                str(year): describe_draws(plain.sel(payer=payer, year=year).values, prob)
                for year in savings.ledger.years
            }
            for payer in parties(savings)
        },
    }


def budget_summary(result: RunResult, prob: float) -> dict[str, Any] | None:
    """Summarise savings and payments by payer and budget year, undiscounted.

    Returns
    -------
    dict or None
        ``currency`` and ``by_payer``: payer, then calendar year, then ``savings``, ``payments``
        and ``costs``, each a description with the quantiles ``p50`` and ``p95``. Private parties
        are included.
    """
    if result.budget is None or result.savings is None:
        return None
    table = result.budget

    def described(payer: str, year: int, item: str) -> dict[str, Any]:
        draws = table.sel(payer=payer, year=year, item=item).values
        points = {f"p{q * 100:.0f}": float(np.quantile(draws, q)) for q in POINTS}
        return {**describe_draws(draws, prob), **points}

    items = table["item"].values.tolist()
    return {
        "currency": result.savings.currency,
        "by_payer": {
            payer: {
                str(year): {item: described(payer, year, item) for item in items}
                for year in table["year"].values.tolist()
            }
            for payer in table["payer"].values.tolist()
        },
    }


def limits_summary(result: RunResult) -> list[dict[str, Any]]:
    """Summarise what payers spend against what they have set aside.

    Returns
    -------
    list of dict
        ``kind, payer, year`` (null: all years), ``limit, source``; of payments and costs, which are
        undiscounted, ``mean, p50, p95``; ``probability_exceeded`` and ``exceeded`` (by P95).
    """
    return [
        {
            "kind": one.kind,
            "payer": one.payer,
            "year": one.year,
            "limit": one.limit,
            "source": one.source,
            "mean": float(one.spent.mean()),
            "p50": float(np.quantile(one.spent, 0.5)),
            "p95": one.p95,
            "probability_exceeded": one.probability_exceeded,
            "exceeded": one.exceeded,
        }
        for one in result.limits
    ]


def appraisal_summary(result: RunResult, prob: float) -> dict[str, Any] | None:
    """Summarise for whom a programme pays; every ratio by its median, never by a mean.

    Returns
    -------
    dict or None
        ``currency``; ``mvpf`` (a ratio, or null with ``no_mvpf``); ``benefit_cost`` by perspective,
        ``payback_year`` by payer and ``cost_per_job`` by outcome (ratios); ``decisions``: by payer
        ``evpi``, ``evppi`` by quantity, ``switching_values`` and ``tornado``. A ratio is ``median,
        lower, upper, prob, kind, p_infinite, p_undefined``.
    """
    found = result.assessment
    if found is None or not found.decisions:
        return None
    return {
        "currency": found.currency,
        "mvpf": None if found.value is None else ratio_summary(found.value.mvpf, prob),
        "no_mvpf": found.no_value,
        "benefit_cost": _ratios(found.benefit_cost, prob),
        "payback_year": _ratios(found.payback, prob),
        "cost_per_job": _ratios(found.cost_per_job, prob),
        "decisions": {one.payer: _decision(one) for one in found.decisions},
        "assumptions": list(found.assumptions),
    }


def _ratios(parts: Mapping[str, Any], prob: float) -> dict[str, Any]:
    return {name: ratio_summary(np.asarray(draws), prob) for name, draws in parts.items()}


def _decision(one: Decision) -> dict[str, Any]:
    swings = one.swings.swings if one.swings else ()
    return {
        "evpi": None if one.known is None else dataclasses.asdict(one.known),
        "evppi": {name: dataclasses.asdict(worth) for name, worth in one.known_of.items()},
        "switching_values": {s.key: {"stated": s.stated, "value": s.value} for s in one.switches},
        "tornado": [
            {
                "assumption": swing.name,
                "low": swing.low,
                "high": swing.high,
                "mean_at_low": float(swing.at_low.mean()),
                "mean_at_high": float(swing.at_high.mean()),
            }
            for swing in swings
        ],
    }


def beside_summary(result: RunResult, prob: float) -> dict[str, Any]:
    """Summarise the savings on other public sides, by name.

    Returns
    -------
    dict
        By name: ``label, discount_rate, currency, total, by_payer`` as in ``savings``; the
        assumptions; and ``expected_months``: by payer ``expected_saving`` and
        ``saving_of_expected_months``, undiscounted; null for a side without rules.
    """
    return {
        name: {
            "label": side.label,
            "discount_rate": side.discount_rate,
            "currency": side.currency,
            "total": describe_draws(side.total(), prob),
            "by_payer": described_by_name(side.by_payer(), prob),
            "expected_months": _expected(side),
            "assumptions": list(side.assumptions),
        }
        for name, side in result.beside.items()
    }


def _expected(savings: Savings) -> dict[str, Any] | None:
    found = expected_months(savings)
    if found is None:
        return None
    names = ("expected_saving", "saving_of_expected_months")
    return {str(payer): {n: float(row[n]) for n in names} for payer, row in found.iterrows()}


def sensitivity_summary(result: RunResult, prob: float) -> list[dict[str, Any]]:
    """Summarise the run under other assumptions about published evidence.

    Returns
    -------
    list of dict
        ``correlation`` (null: as published), ``variation`` (null: as stated), ``own`` (whether
        these are the case's own assumptions), ``payments`` and ``saved`` (descriptions or null),
        ``probability_of_loss`` (or null), ``probability_overpays`` by payer, and ``assumed``: what
        was assumed of evidence that is not published.
    """
    evidence = published(result)
    return [
        {
            "correlation": one.correlation,
            "variation": one.variation,
            "assumed": one.assumed,
            "own": evidence is not None and is_own(one, evidence),
            "payments": None if one.payments is None else describe_draws(one.payments, prob),
            "saved": None if one.saved is None else describe_draws(one.saved, prob),
            "probability_of_loss": None if one.loses is None else float(np.mean(one.loses)),
            "probability_overpays": {n: float(np.mean(v)) for n, v in one.overpays.items()},
        }
        for one in result.varied
    ]


def verdicts_summary(result: RunResult, prob: float) -> list[dict[str, Any]]:
    """Summarise gross targets and what was reached.

    Returns
    -------
    list of dict
        ``name, promised``; ``reached``, a description; ``probability_met``; ``source`` and
        ``verified``.
    """
    return [
        {
            "name": verdict.target.name,
            "promised": verdict.target.promised,
            "reached": describe_draws(verdict.reached, prob),
            "probability_met": verdict.probability_met,
            "source": verdict.target.source,
            "verified": verdict.target.verified,
        }
        for verdict in result.verdicts
    ]
