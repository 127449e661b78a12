"""What in a public INDIGO record cannot be right: the figures held against one another."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from statistics import median

from impactmodel.contract.indigo import IndigoPayment, IndigoProject
from impactmodel.core.errors import InputError, Problem
from impactmodel.core.money import check_currency

_CENT = 0.005
_ENOUGH = 3
"""With two exchange rates nobody knows which is wrong."""
_RATE_LIMIT = 1.25
"""Yearly exchange rates of one project have moved by less than this from their median."""


def indigo_findings(project: IndigoProject) -> tuple[Problem, ...]:
    """Return every fault of a record: what could not be read, then what contradicts itself.

    Checked are identifiers that occur twice or point nowhere; currencies; dates in order; planned
    and actual payments against the cap, the payers' commitments and the published totals; a
    payment entered twice; prices above their own maximum; planned payments that are no whole
    number of units at their price (prices swapped between metrics); amounts in dollars at another
    exchange rate than the rest (amounts or currencies swapped); more outcomes than people.

    Examples
    --------
    >>> from impactmodel.contract.indigo import IndigoCommitment
    >>> parts = dict.fromkeys(("metrics", "pricings", "payments", "results", "investments"), ())
    >>> project = IndigoProject("INDIGO-POJ-1", "Trial", "", None, None, None, "GBP", 100.0, None,
    ...     commitments=(IndigoCommitment("a", "GBP", 120.0, None, "commitments[0]"),),
    ...     sources=(), problems=(), **parts)
    >>> print(indigo_findings(project)[0].what)
    the payers' commitments do not add up to the highest outcome payment
    """
    found = [
        *project.problems,
        *_identifiers(project),
        *_currencies(project),
        *_dates(project),
        *_totals(project),
        *_twice(project.payments),
        *_prices(project),
        *_exchange_rates(project.payments),
        *_people(project),
    ]
    return tuple(found)


def _identifiers(project: IndigoProject) -> Iterator[Problem]:
    counts = Counter(metric.id for metric in project.metrics)
    for metric in project.metrics:
        if not metric.id:
            yield Problem("the metric has no identifier", key=metric.place)
    for name, count in counts.items():
        if name and count > 1:
            yield Problem("two metrics have one identifier", seen=name, key="outcome_metrics")
    named = [(r.metric, r.place) for r in project.pricings]
    named += [(r.metric, r.place) for r in project.payments]
    named += [(r.metric, r.place) for r in project.results]
    for name, place in named:
        if name and name not in counts:
            yield Problem("no metric has this identifier", seen=name, key=place)


def _currencies(project: IndigoProject) -> Iterator[Problem]:
    stated = [(r.currency, r.place) for r in project.pricings]
    stated += [(r.currency, r.place) for r in project.commitments]
    stated += [(r.currency, r.place) for r in project.payments]
    stated += [(r.currency, r.place) for r in project.investments]
    for currency, place in stated:
        if not currency:
            continue
        try:
            check_currency(currency)
        except InputError as error:
            yield error.located(key=place).problems[0]
            continue
        if project.currency and currency != project.currency:
            what = f"the currency is another than the project's {project.currency}"
            yield Problem(what, seen=currency, key=place)


def _dates(project: IndigoProject) -> Iterator[Problem]:
    spans = [("dates", project.start, project.end)]
    spans += [(r.place, r.start, r.end) for r in project.payments]
    spans += [(r.place, r.start, r.end) for r in project.results]
    for place, start, end in spans:
        if start and end and end < start:
            yield Problem("the end comes before the start", seen=f"{start} to {end}", key=place)


def _totals(project: IndigoProject) -> Iterator[Problem]:
    planned, actual = (
        sum(p.amount or 0.0 for p in project.payments if p.kind == kind)
        for kind in ("Planned", "Actual")
    )
    plans = {payment.plan for payment in project.payments if payment.kind == "Planned"}
    cap = project.cap
    if cap is not None:
        # Several plans replace one another: only one plan alone is held against the cap.
        if len(plans) == 1 and planned > cap + _CENT:
            yield _above("the planned payments are above", planned, cap)
        if actual > cap + _CENT:
            yield _above("the actual payments are above", actual, cap)
        committed = [c.maximum for c in project.commitments if c.maximum is not None]
        whole = len(committed) == len(project.commitments)
        if committed and whole and abs(sum(committed) - cap) > 1.0:
            yield Problem(
                "the payers' commitments do not add up to the highest outcome payment",
                seen=f"{sum(committed):,.2f} and {cap:,.2f}",
                key="outcome_payment_commitments",
            )
    if project.paid is not None and actual and abs(actual - project.paid) > 1.0:
        yield Problem(
            "the actual payments do not add up to the published total",
            seen=f"{actual:,.2f} and {project.paid:,.2f}",
            key="outcome_payments",
        )
    for commitment in project.commitments:
        if commitment.paid and commitment.maximum and commitment.paid > commitment.maximum + _CENT:
            yield Problem(
                "the payer has paid more than committed",
                seen=f"{commitment.paid:,.2f} of {commitment.maximum:,.2f}",
                key=commitment.place,
            )


def _above(what: str, amount: float, cap: float) -> Problem:
    return Problem(
        f"{what} the highest outcome payment",
        seen=f"{amount:,.2f} against {cap:,.2f}",
        key="outcome_payments",
    )


def _twice(payments: Sequence[IndigoPayment]) -> Iterator[Problem]:
    seen: dict[tuple[object, ...], str] = {}
    for payment in payments:
        if not payment.amount:
            continue
        key = (
            payment.kind,
            payment.metric,
            payment.plan,
            payment.payer,
            payment.start,
            payment.end,
            payment.amount,
        )
        if key in seen:
            what = f"the same payment stands in {seen[key]} already"
            yield Problem(what, seen=f"{payment.amount:,.2f}", key=payment.place)
        seen.setdefault(key, payment.place)


def _prices(project: IndigoProject) -> Iterator[Problem]:
    prices: dict[str, list[float]] = {}
    for pricing in project.pricings:
        if pricing.price and pricing.maximum and pricing.price > pricing.maximum + _CENT:
            yield Problem(
                "one unit costs more than all targets together",
                seen=f"{pricing.price:,.2f} and {pricing.maximum:,.2f}",
                key=pricing.place,
            )
        if pricing.price:
            prices.setdefault(pricing.metric, []).append(pricing.price)
    for payment in project.payments:
        price = prices.get(payment.metric, [])
        if not payment.amount or len(price) != 1:
            continue
        units = payment.amount / price[0]
        if abs(units - round(units)) * price[0] > _CENT:
            yield Problem(
                f"the amount is no whole number of units at {price[0]:,.2f}",
                seen=f"{payment.amount:,.2f}",
                key=payment.place,
            )


def _exchange_rates(payments: Sequence[IndigoPayment]) -> Iterator[Problem]:
    rates = [
        (payment, payment.amount_usd / payment.amount)
        for payment in payments
        if payment.amount and payment.amount_usd
    ]
    if len(rates) < _ENOUGH:
        return
    middle = median(rate for _, rate in rates)
    for payment, rate in rates:
        if not 1 / _RATE_LIMIT <= rate / middle <= _RATE_LIMIT:
            yield Problem(
                f"the amount in dollars implies {rate:.3g} a unit, the others {middle:.3g}",
                seen=f"{payment.amount:,.2f} and {payment.amount_usd:,.2f}",
                key=payment.place,
            )


def _people(project: IndigoProject) -> Iterator[Problem]:
    for result in project.results:
        if result.engaged is not None and (result.achieved or 0.0) > result.engaged:
            yield Problem(
                "more people have the outcome than took part",
                seen=f"{result.achieved:g} of {result.engaged:g}",
                key=result.place,
            )
