"""`summary.json`: the results of a run in numbers, under fixed keys."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from impactmodel.core.summary import describe_draws
from impactmodel.report.collapse import collapse
from impactmodel.report.drivers_summary import drivers_summary
from impactmodel.report.evidence_reports import evidence_summary
from impactmodel.report.public_summary import (
    appraisal_summary,
    beside_summary,
    budget_summary,
    described_by_name,
    limits_summary,
    savings_summary,
    sensitivity_summary,
    verdicts_summary,
)

if TYPE_CHECKING:
    from impactmodel.contract import OutcomePayments
    from impactmodel.core.outcomes import Outcomes
    from impactmodel.effects import Check, Diagnostics
    from impactmodel.report.result import ByPayer, RunResult


def summary(result: RunResult) -> dict[str, Any]:
    """Return the results of a run as plain data, valid as strict JSON.

    Groups are collapsed by cohort size and periods by accrual (flows are summed, those of an index
    averaged; the last period of a stock or a cumulative outcome counts). Every interval carries its
    probability and kind. Ratios (irr, moic) are medians with intervals, the probability that they
    are undefined and that there are several. What a case does not have is ``null``.

    Parameters
    ----------
    result
        A run of a case.

    Returns
    -------
    dict
        Keys ``case, effects, evidence, payments, returns, savings, net_position, budget, limits,
        appraisal, beside, sensitivity, verdicts, drivers, impact, diagnostics, assumptions,
        warnings, run``; those of the public side are described by
        `impactmodel.report.public_summary`.
    """
    prob = result.case.settings.interval
    data = {
        "case": result.case.settings.name,
        "effects": effects_summary(result.outcomes, prob),
        "evidence": evidence_summary(result.evidence_report, result),
        "payments": None if result.payments is None else payments_summary(result.payments, prob),
        "returns": None if result.returns is None else result.returns.summary(prob),
        "savings": None if result.savings is None else savings_summary(result.savings, prob),
        "net_position": None if result.net is None else net_summary(result.net, prob),
        "budget": budget_summary(result, prob),
        "limits": limits_summary(result),
        "appraisal": appraisal_summary(result, prob),
        "beside": beside_summary(result, prob),
        "sensitivity": sensitivity_summary(result, prob),
        "verdicts": verdicts_summary(result, prob),
        "drivers": drivers_summary(result, prob),
        "impact": None if result.impact is None else result.impact.summary(prob),
        "diagnostics": diagnostics_summary(result.diagnostics, result.outcomes),
        "assumptions": list(result.assumptions),
        "warnings": list(result.warnings),
        "run": result.record.as_dict(),
    }
    clean: dict[str, Any] = strict(data)
    return clean


def write_json(data: Any, path: str | Path) -> Path:
    """Write plain data as strict JSON; return the path."""
    path = Path(path)
    text = json.dumps(strict(data), indent=2, ensure_ascii=False, allow_nan=False)
    path.write_text(text + "\n", encoding="utf-8", newline="\n")
    return path


def strict(value: Any) -> Any:
    """Return data that strict JSON can hold: numbers of Python, ``null`` for what is not finite.

    Examples
    --------
    >>> strict({"a": float("nan"), "b": [np.float64(1.5)]})
    {'a': None, 'b': [1.5]}
    """
    if isinstance(value, dict):
        return {str(key): strict(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [strict(item) for item in value]
    if isinstance(value, np.ndarray):
        return strict(value.tolist())
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def effects_summary(outcomes: Outcomes, prob: float) -> dict[str, Any]:
    """Summarise the effect on each outcome, whole cohort and whole time."""
    return {
        part.measure.name: {
            **describe_draws(part.effect, prob),
            "unit": part.unit,
            "estimand": outcomes.provenance.estimand,
            "population": outcomes.provenance.population,
            "periods": part.periods,
            "probability_positive": float((part.effect > 0).mean()),
            "treated": None if part.treated is None else float(part.treated.mean()),
            "counterfactual": None
            if part.counterfactual is None
            else float(part.counterfactual.mean()),
        }
        for part in collapse(outcomes)
    }


def payments_summary(payments: OutcomePayments, prob: float) -> dict[str, Any]:
    """Summarise payments: in total and by payer."""
    return {
        "view": payments.view,
        "currency": payments.currency,
        "total": describe_draws(payments.total(), prob),
        "by_payer": described_by_name(payments.by_payer(), prob),
        "probability_zero": payments.probability_zero(),
    }


def net_summary(net: ByPayer, prob: float) -> dict[str, Any]:
    """Summarise savings less payments by payer, with the probability that a payer overpays."""
    return {
        name: {
            **describe_draws(draws, prob),
            "probability_overpays": float((np.asarray(draws) < 0).mean()),
        }
        for name, draws in net.by_payer().items()
    }


def diagnostics_summary(diagnostics: Diagnostics | None, outcomes: Outcomes) -> dict[str, Any]:
    """Summarise the checks of the fit; ``passed`` is null where nothing was fitted."""
    if diagnostics is None:
        status = outcomes.provenance.diagnostics
        passed = None if status == "none" else status == "passed"
        numbers: dict[str, Any] = {"rhat_max": None, "ess_min": None, "divergences": None}
        return {"passed": passed, **numbers, "status": status, "checks": []}
    return {
        "passed": diagnostics.passed,
        "rhat_max": diagnostics.rhat_max,
        "ess_min": diagnostics.ess_min,
        "divergences": diagnostics.divergences,
        "status": diagnostics.status,
        "checks": [
            {
                "name": check.name,
                "passed": check.passed,
                "text": check.text,
                "accepted": _accepted(check, diagnostics),
            }
            for check in diagnostics.checks
        ],
    }


def _accepted(check: Check, diagnostics: Diagnostics) -> str | None:
    if check.passed is not False:
        return None
    return diagnostics.accepted.get(check.name) or diagnostics.overridden or None
