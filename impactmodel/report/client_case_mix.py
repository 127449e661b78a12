"""The case mix that clients offer a contract: chances and prices by stratum, and easy cases."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from impactmodel.contract import Rate
from impactmodel.core.summary import describe_draws
from impactmodel.report.blocks import Block, Paragraph, Points, Tabled
from impactmodel.report.numbers import NBSP, SHARE, count, money, number, percent
from impactmodel.report.tables import Table, interval_words, mean_with_interval

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from impactmodel.clients.case_mix_offer import CaseMixOffer
    from impactmodel.clients.story import ClientStory
    from impactmodel.report.result import RunResult

EXAMPLE_PRICE = 1000.0
"""What prices by stratum are shown for where no clause has one price for the target."""
FORMULA = (
    "Price of a stratum = one price × mean chance of the eligible ÷ chance of the stratum. The "
    "expected payment per person for what would have come anyway is then the same in every "
    "stratum."
)
NOT_STATED = (
    "No case mix is stated: it needs chances without a service, and groups of at least 50 of the "
    "eligible."
)
WITHIN = (
    "Prices and levels by stratum protect between strata, not within: who picks the easiest "
    "people of each stratum is answered by referral by lot, or by finer strata."
)


@dataclass(frozen=True, slots=True)
class OnePrice:
    """The one price for which prices by stratum are shown.

    Parameters
    ----------
    amount, currency
        The price; an example has no currency.
    clause
        Whose it is; empty for an example.
    decimals
        Of prices by stratum where the contract states them; None where it does not.
    """

    amount: float
    currency: str = ""
    clause: str = ""
    decimals: int | None = None


def one_price(offer: CaseMixOffer, result: RunResult) -> OnePrice:
    """Return the flat price of the contract for the target, or one as an example."""
    contract = None if result.payments is None else result.payments.contract
    if contract is None:
        return OnePrice(EXAMPLE_PRICE)
    for term in offer.fixed:
        if term.kind == "price":
            return OnePrice(term.flat, contract.currency, term.clause, term.decimals)
    for clause in contract.clauses:
        price = clause.payment.price if isinstance(clause.payment, Rate) else None
        if clause.outcome == offer.mix.target and isinstance(price, int | float):
            return OnePrice(float(price), contract.currency, clause.name)
    return OnePrice(EXAMPLE_PRICE)


def prices_of(offer: CaseMixOffer, price: OnePrice) -> dict[str, float]:
    """Return the price of each stratum, rounded where the contract states it."""
    if price.decimals is None:
        return offer.mix.neutral_prices(price.amount)
    return offer.mix.prices(price.amount, offer.mix.strata, price.decimals)


def case_mix_blocks(story: ClientStory, result: RunResult, prob: float) -> tuple[Block, ...]:
    """Return what a page says of the case mix."""
    offer = story.case_mix
    if offer is None:
        return (Paragraph(NOT_STATED),)
    price = one_price(offer, result)
    blocks: list[Block] = [
        Points(_said(offer, price)),
        Tabled(case_mix_table(offer, prob)),
        Tabled(prices_table(offer, price)),
        Tabled(easiest_table(offer, price, prob)),
        Paragraph(WITHIN),
    ]
    if offer.left_out:
        names = "; ".join(offer.left_out)
        blocks.append(Paragraph(f"Left out, for fewer than 50 of the eligible: {names}."))
    return tuple(blocks)


def _said(offer: CaseMixOffer, price: OnePrice) -> tuple[tuple[str, str], ...]:
    mix = offer.mix
    amount = f"{price.currency}{NBSP}{number(price.amount)}" if price.clause else ""
    stands = (
        f"{amount}, as in the clause “{price.clause.replace('_', ' ')}”."
        if price.clause
        else f"{number(price.amount)}, as an example: prices by stratum are in proportion to it."
    )
    said = [
        (
            "Eligible",
            f"The {number(int(mix.people.sum()))} people of the later window, of whom a provider "
            f"enrols {number(offer.places)}, as many as places are proposed.",
        ),
        ("Formula", FORMULA),
        ("One price", stands),
    ]
    for term in offer.fixed:
        name = term.clause.replace("_", " ")
        kind = "level to compare with" if term.kind == "level" else "price"
        said.append(
            ("Taken into the contract", f"The {kind} of each stratum, in the clause “{name}”.")
        )
    return tuple(said)


def case_mix_table(offer: CaseMixOffer, prob: float) -> Table:
    """Tabulate strata: people, how the mix differs from the stock, chance without a service."""
    mix = offer.mix
    rows: list[tuple[str, ...]] = []
    for s, stratum in enumerate(mix.strata):
        d = describe_draws(mix.chance[:, s], prob)
        rows.append(
            (
                stratum,
                number(int(mix.people[s])),
                percent(float(offer.share[s])),
                number(100 * float(offer.beyond_stock[s]), 1),
                SHARE.write(d["mean"], d["sd"]),
                SHARE.span(d["lower"], d["upper"], d["sd"]),
            )
        )
    d = describe_draws(mix.chance @ offer.share, prob)
    people = number(int(mix.people.sum()))
    mean, span = SHARE.write(d["mean"], d["sd"]), SHARE.span(d["lower"], d["upper"], d["sd"])
    rows.append(("Together", people, percent(1.0), "", mean, span))
    return Table(
        "Case mix: chances without a service",
        (
            "Stratum",
            "People",
            "Share of the eligible",
            "Beyond the stock, points",
            "Chance without a service",
            interval_words(prob).capitalize(),
        ),
        tuple(rows),
        "Beyond the stock: share of the eligible less the share among those the models were learnt "
        "from.",
    )


def prices_table(offer: CaseMixOffer, price: OnePrice) -> Table:
    """Tabulate the price of each stratum, and what is expected to be paid without the service."""
    mix, unit, prices = offer.mix, money(price.currency), prices_of(offer, price)
    flat = unit.write(price.amount * mix.mean, 1.0)
    rows = [
        (
            stratum,
            unit.write(prices[stratum], 1.0),
            unit.write(price.amount * chance, 1.0),
            unit.write(prices[stratum] * chance, 1.0),
        )
        for stratum, chance in mix.baseline.items()
    ]
    return Table(
        "Prices by stratum",
        (
            "Stratum",
            "Price by stratum",
            "At one price, per person",
            "At prices by stratum, per person",
        ),
        (*rows, ("Together", "", flat, flat)),
        "Per person: expected payment for what would have come anyway.",
    )


def easiest_table(offer: CaseMixOffer, price: OnePrice, prob: float) -> Table:
    """Tabulate what taking the easiest adds to the payment, by kind of price."""
    unit = money(price.currency)
    names = {
        "easiest strata first": "The easiest strata first",
        "easiest people of each stratum": "The easiest people of each stratum",
    }
    rows = tuple(
        (names[name], *(mean_with_interval(draws, unit, prob) for draws in by.values()))
        for name, by in exposures(offer, price).items()
    )
    return Table(
        "What taking the easiest adds to the expected payment",
        ("Who is taken", "One price", "Prices by stratum", "Above the level of each stratum"),
        rows,
        f"Of {count(offer.places, 'place')}, against the mix of the eligible, for outcomes that "
        f"would have come anyway; mean and {interval_words(prob)}. One price and prices by stratum "
        "pay for gross outcomes. Caps and floors are left out.",
    )


def exposures(
    offer: CaseMixOffer, price: OnePrice
) -> Mapping[str, Mapping[str, NDArray[np.float64]]]:
    """Return draws of what taking the easiest adds, by who is taken and kind of price."""
    flat, prices = price.amount, prices_of(offer, price)
    return {
        "easiest strata first": {
            "one price": offer.between(flat, "gross"),
            "prices by stratum": offer.between(prices, "gross"),
            "above the level": offer.between(flat, "above_prediction"),
        },
        "easiest people of each stratum": {
            "one price": offer.within(flat),
            "prices by stratum": offer.within(prices),
            "above the level": offer.within(flat),
        },
    }


def case_mix_summary(story: ClientStory, result: RunResult, prob: float) -> dict[str, Any] | None:
    """Return what ``summary.json`` says of the case mix; None where none is stated."""
    offer = story.case_mix
    if offer is None:
        return None
    price, mix = one_price(offer, result), offer.mix
    prices = prices_of(offer, price)
    return {
        "policy": mix.policy,
        "one_price": price.amount,
        "currency": price.currency or None,
        "clause": price.clause or None,
        "mean_chance": mix.mean,
        "strata": {
            stratum: {
                "people": int(mix.people[s]),
                "share": float(offer.share[s]),
                "beyond_stock": float(offer.beyond_stock[s]),
                "chance_without_service": describe_draws(mix.chance[:, s], prob),
                "price": prices[stratum],
            }
            for s, stratum in enumerate(mix.strata)
        },
        "left_out": list(offer.left_out),
        "places": offer.places,
        "taking_the_easiest": {
            who: {kind: describe_draws(draws, prob) for kind, draws in by.items()}
            for who, by in exposures(offer, price).items()
        },
        "in_the_contract": [
            {"clause": t.clause, "kind": t.kind, "key": t.key, "values": t.values}
            for t in offer.fixed
        ],
    }
