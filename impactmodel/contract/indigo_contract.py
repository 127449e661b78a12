"""Between INDIGO records and contracts: the terms that the standard can hold, both ways.

The standard holds prices per unit, highest payments, payers' commitments and payments. It has no
payment function, basis, comparison, lag, cap per person or tranche: what a record leaves open is
marked as assumed in the contract, and what a contract says beyond the standard is written as words.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from impactmodel.contract.agreement import OutcomesContract
from impactmodel.contract.clause import Clause
from impactmodel.contract.indigo import IndigoPricing, IndigoProject
from impactmodel.contract.terms import Gross, Rate
from impactmodel.contract.wording import clause_words
from impactmodel.core.errors import InputError

if TYPE_CHECKING:
    from impactmodel.contract.settlement import Settlement

_ASSUMED = (
    "read from an INDIGO record: the standard holds no basis, comparison, payment function, lag or "
    "rounding; gross outcomes, payment at the end of the period and rounding to cents are assumed"
)


def contract_from_indigo(
    project: IndigoProject,
    *,
    payers: Mapping[str, str] | None = None,
    start: dt.date | None = None,
) -> OutcomesContract:
    """Make the contract that a record states: one clause for each metric with a price per unit.

    Parameters
    ----------
    project
        A record, see `read_indigo`.
    payers
        Who pays each metric, by its identifier; may be left out where one payer has committed.
    start
        First start of people; the record's start of service, or its signature, where left out.

    Returns
    -------
    OutcomesContract
        Every clause is marked as assumed, because the standard does not say what is compared. The
        identifier of a metric is the name of its outcome.

    Raises
    ------
    InputError
        If no metric has a price, two prices of a metric differ, a payer, a date or a currency is
        missing, or the record holds a figure that could not be read where the contract needs it.
    """
    priced = _priced(project)
    currency = project.currency or next((p.currency for p in priced.values() if p.currency), "")
    if not currency:
        raise InputError("the record states no currency", key="overall_project_finance")
    first = start or project.start or project.signed
    if first is None:
        raise InputError(
            "the record states no date of start", key="dates", fix="give 'start' yourself"
        )
    clauses = tuple(
        _clause(project, metric, pricing, payers or {}) for metric, pricing in priced.items()
    )
    return OutcomesContract(
        name=project.name or project.id,
        currency=currency,
        start=first,
        clauses=clauses,
        cap=project.cap,
        source=f"INDIGO, Government Outcomes Lab, {project.id}".rstrip(", "),
        notes=_notes(project, priced),
    )


def _clause(
    project: IndigoProject, metric: str, pricing: IndigoPricing, payers: Mapping[str, str]
) -> Clause:
    name = outcome_name(metric)
    return Clause(
        name=name,
        payment=Rate(float(pricing.price or 0.0)),
        payer=_payer(project, metric, payers),
        basis=Gross(),
        outcome=name,
        cap=pricing.maximum,
        source=f"{project.id} {pricing.place}".strip(),
        assumed=True,
    )


def _notes(project: IndigoProject, priced: Mapping[str, IndigoPricing]) -> tuple[str, ...]:
    notes = [_ASSUMED]
    unpriced = [metric.id for metric in project.metrics if metric.id not in priced]
    if unpriced:
        notes.append(f"metrics without a price per unit are left out: {', '.join(unpriced)}")
    notes += [
        f"{metric}: contracted increases of the price are not applied: {pricing.increases}"
        for metric, pricing in priced.items()
        if pricing.increases
    ]
    return tuple(notes)


def outcome_name(metric: str) -> str:
    """Return a metric's identifier as the name of an outcome.

    Examples
    --------
    >>> outcome_name("Outcome metric 1")
    'outcome_metric_1'
    """
    return re.sub(r"\W+", "_", metric.strip().lower()).strip("_") or "outcome"


def indigo_record(
    contract: OutcomesContract,
    *,
    organisations: Mapping[str, str] | None = None,
    settlement: Settlement | None = None,
) -> dict[str, Any]:
    """Write a contract, and what was paid under it, as data of an INDIGO project.

    Parameters
    ----------
    contract
        Any contract. A clause with one price per unit states it; any other payment stands in words.
    organisations
        Identifiers such as ``INDIGO-ORG-0042`` by payer; a payer without one keeps its name.
    settlement
        Its lines become actual outcome payments.

    Returns
    -------
    dict
        Plain data for JSON, in the shape of the schema ``project.json``.
    """
    record: dict[str, Any] = {
        "name": _value(contract.name),
        "dates": {"outcomes_contract_signed": _value(contract.start.isoformat())},
        "outcome_metrics": [
            {
                "id": clause.name,
                "definition": _value(f"{clause.direction} of {' and '.join(clause.weights)}"),
                "outcome_validation_method": _value(clause.basis.text()),
            }
            for clause in contract.clauses
        ],
        "outcome_pricings": [
            _pricing(contract, clause, clause_words(contract, clause))
            for clause in contract.clauses
        ],
        "notes": "\n".join(contract.notes),
    }
    if contract.cap:
        record["overall_project_finance"] = {
            "maximum_potential_outcome_payment_v2": _money(contract.currency, contract.cap)
        }
    record["outcome_payment_commitments"] = [
        _commitment(contract, payer, (organisations or {}).get(payer, payer), settlement)
        for payer in contract.payers
    ]
    if settlement is not None:
        record["outcome_payments"] = _actual(settlement, organisations or {})
    return record


def _priced(project: IndigoProject) -> dict[str, IndigoPricing]:
    priced: dict[str, IndigoPricing] = {}
    unread = {problem.key for problem in project.problems}
    for pricing in project.pricings:
        for part in ("price_per_unit.amount", "maximum_price_if_all_targets_achieved.amount"):
            if f"{pricing.place}.{part}" in unread:
                raise InputError(
                    "this figure could not be read",
                    key=f"{pricing.place}.{part}",
                    fix="correct the record",
                )
        if pricing.price is None:
            continue
        if pricing.metric in priced and priced[pricing.metric].price != pricing.price:
            raise InputError(
                f"two prices for the metric '{pricing.metric}'",
                key=pricing.place,
                seen=pricing.price,
                fix="leave one in the record",
            )
        priced.setdefault(pricing.metric, pricing)
    if not priced:
        raise InputError(
            "no metric has a price per unit",
            key="outcome_pricings",
            fix="write the contract from its own text",
        )
    return priced


def _payer(project: IndigoProject, metric: str, payers: Mapping[str, str]) -> str:
    if metric in payers:
        return payers[metric]
    found = {commitment.payer for commitment in project.commitments if commitment.payer}
    if len(found) == 1:
        return found.pop()
    raise InputError(
        f"who pays the metric '{metric}'",
        key="outcome_payment_commitments",
        seen=", ".join(sorted(found)) or "no payer",
        fix="give 'payers', a payer for each metric",
    )


def _pricing(contract: OutcomesContract, clause: Clause, words: str) -> dict[str, Any]:
    payment = clause.payment
    found: dict[str, Any] = {
        "outcome_metric_id": _value(clause.name),
        "currency": _value(contract.currency),
        "price_description": _value(words),
    }
    if isinstance(payment, Rate) and isinstance(payment.price, int | float):
        found["price_per_unit"] = {"amount": _value(payment.price)}
    if clause.cap:
        found["maximum_price_if_all_targets_achieved"] = {"amount": _value(clause.cap)}
    if clause.source:
        found["notes"] = clause.source + (" (assumed)" if clause.assumed else "")
    return found


def _commitment(
    contract: OutcomesContract, payer: str, organisation: str, settlement: Settlement | None
) -> dict[str, Any]:
    found: dict[str, Any] = {"organisation_id": _value(organisation)}
    own = [clause.cap for clause in contract.clauses if clause.payer == payer]
    caps = [cap for cap in own if cap]
    if len(contract.payers) == 1 and contract.cap:
        found["maximum_potential_outcome_payment"] = _money(contract.currency, contract.cap)
    elif len(caps) == len(own):
        found["maximum_potential_outcome_payment"] = _money(contract.currency, sum(caps))
    if settlement is not None:
        paid = float(settlement.by_payer()[payer])
        found["total_outcome_payments"] = _money(contract.currency, paid)
    return found


def _actual(settlement: Settlement, organisations: Mapping[str, str]) -> list[dict[str, Any]]:
    currency = settlement.contract.currency
    return [
        {
            "outcome_metric_id": _value(line.clause),
            "payer_organisation_id": _value(organisations.get(line.payer, line.payer)),
            "type": _value("Actual"),
            "money": _money(currency, float(line.paid)),
        }
        for line in settlement.lines
    ]


def _money(currency: str, amount: float) -> dict[str, Any]:
    return {"currency": _value(currency), "amount": _value(amount)}


def _value(value: str | float) -> dict[str, str | float]:
    return {"value": value}
