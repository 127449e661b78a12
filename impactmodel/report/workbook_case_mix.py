"""The sheet Case mix: chances without a service, prices by stratum and easy cases, live."""

from __future__ import annotations

from typing import TYPE_CHECKING

from impactmodel.core.summary import describe_draws
from impactmodel.report.client_case_mix import (
    FORMULA,
    WITHIN,
    exposures,
    one_price,
    prices_of,
)
from impactmodel.report.tables import interval_words
from impactmodel.report.workbook_sheet import Cell, Sheet, quantile_names

if TYPE_CHECKING:
    from impactmodel.clients.case_mix_offer import CaseMixOffer
    from impactmodel.contract import FixedTerm
    from impactmodel.report.client_case_mix import OnePrice
    from impactmodel.report.workbook_material import Material

TITLE = "Case mix"
_PRICE_ROW = 5
_SHARE, _CHANCE, _PRICE, _EASIEST, _LIFT = 2, 5, 8, 11, 12


def write_case_mix(sheet: Sheet, material: Material, offer: CaseMixOffer) -> None:
    """Write strata and prices as formulas of chances and one price, and what easy cases add."""
    assert material.result is not None  # noqa: S101  the caller looked
    price = one_price(offer, material.result)
    sheet.set_up(
        TITLE,
        "What a contract pays for anyway, by stratum. Upright figures are formulas of the chances "
        "and of the one price above the table; chances are means and quantiles of draws.",
        (46, 11, 11, 11, 12, 12, 11, 11, 14, 14, 14, 12, 14),
    )
    unit = price.currency or "an example"
    sheet.row = _PRICE_ROW - 2
    sheet.add(Cell(FORMULA, "note"))
    clause = Cell(price.clause.replace("_", " "), "text")
    sheet.add(Cell("One price per outcome", "strong"), Cell(price.amount, "cents"), unit, clause)
    sheet.add(Cell("Places", "strong"), Cell(float(offer.places), "whole"))
    span = _strata(sheet, material, offer, price)
    _easiest(sheet, offer, price, span)
    for term in offer.fixed:
        _in_contract(sheet, offer, term, span)


def _strata(
    sheet: Sheet, material: Material, offer: CaseMixOffer, price: OnePrice
) -> tuple[int, int]:
    """Write a row for each stratum; return the first and the last."""
    mix, prob = offer.mix, material.prob
    low, high = quantile_names(prob)
    sheet.section(
        "Strata of the eligible",
        note=f"{low} and {high} bound the {interval_words(prob)} of the mean chance without a "
        "service.",
    )
    sheet.header(*_heads(low, high), words=(0,))
    first, last = sheet.row + 1, sheet.row + len(mix.strata)
    everybody = f"SUM({_span(sheet, 1, first, last)})"
    for s in range(len(mix.strata)):
        _stratum(sheet, offer, price, (s, prob), (first, last))
    people, chances = (_span(sheet, column, first, last) for column in (1, _CHANCE))
    sheet.add(
        Cell("Together", "total_text"),
        sheet.total(1, (first, last), "total"),
        "",
        "",
        "",
        Cell(mix.mean, "number", f"=SUMPRODUCT({people},{chances})/{everybody}"),
    )
    return first, last


def _heads(low: str, high: str) -> tuple[str, ...]:
    return (
        "Stratum",
        "People",
        "Share of the eligible",
        "Share of the stock",
        "Beyond the stock",
        "Chance without a service",
        low,
        high,
        "Price by stratum",
        "At one price, per person",
        "At prices by stratum, per person",
        "Enrolled if the easiest come first",
        "Chance of the easiest of the stratum, beyond its mean",
    )


def _stratum(
    sheet: Sheet,
    offer: CaseMixOffer,
    price: OnePrice,
    which: tuple[int, float],
    rows: tuple[int, int],
) -> None:
    """Write the row of a stratum, its price a formula of the chances and the one price."""
    s, prob = which
    stratum, at, d = (
        offer.mix.strata[s],
        sheet.row + 1,
        describe_draws(offer.mix.chance[:, s], prob),
    )
    stated = prices_of(offer, price)[stratum]
    share, stock = float(offer.share[s]), float(offer.stock[s])
    flat, chance = sheet.local(_PRICE_ROW, 1), sheet.local(at, _CHANCE)
    formula = f"{flat}*{sheet.local(rows[1] + 1, _CHANCE)}/{chance}"
    if price.decimals is not None:
        formula = f"ROUND({formula},{price.decimals})"
    sheet.add(
        Cell(stratum, "strong"),
        Cell(float(offer.mix.people[s]), "whole"),
        Cell(share, "number", f"={sheet.local(at, 1)}/SUM({_span(sheet, 1, *rows)})"),
        Cell(stock, "number"),
        Cell(share - stock, "number", f"={sheet.local(at, 2)}-{sheet.local(at, 3)}"),
        *(Cell(d[key], "number") for key in ("mean", "lower", "upper")),
        Cell(stated, "cents", f"={formula}"),
        Cell(price.amount * d["mean"], "cents", f"={flat}*{chance}"),
        Cell(stated * d["mean"], "cents", f"={sheet.local(at, _PRICE)}*{chance}"),
        Cell(float(offer.easiest[stratum]), "whole"),
        Cell(float(offer.lift[:, s].mean()), "number"),
    )


def _easiest(sheet: Sheet, offer: CaseMixOffer, price: OnePrice, rows: tuple[int, int]) -> None:
    """Write the expectation of what taking the easiest adds, by kind of price."""
    sheet.section("What taking the easiest adds to the expected payment", note=WITHIN)
    sheet.header(
        "Who is taken",
        "One price",
        "Prices by stratum",
        "Above the level of each stratum",
        words=(0,),
    )
    share, chance, prices, easiest, lift = (
        _span(sheet, column, *rows) for column in (_SHARE, _CHANCE, _PRICE, _EASIEST, _LIFT)
    )
    flat, places = sheet.local(_PRICE_ROW, 1), sheet.local(_PRICE_ROW + 1, 1)
    moved = f"({easiest}-{places}*{share})"
    formulas = {
        "easiest strata first": (
            f"={flat}*SUMPRODUCT({moved},{chance})",
            f"=SUMPRODUCT({moved},{prices},{chance})",
            "",
        ),
        "easiest people of each stratum": (
            f"={places}*{flat}*SUMPRODUCT({share},{lift})",
            f"={places}*SUMPRODUCT({share},{prices},{lift})",
            f"={places}*{flat}*SUMPRODUCT({share},{lift})",
        ),
    }
    titles = {
        "easiest strata first": "The easiest strata first",
        "easiest people of each stratum": "The easiest people of each stratum",
    }
    for name, by in exposures(offer, price).items():
        live = zip(by.values(), formulas[name], strict=True)
        sheet.add(
            Cell(titles[name], "strong"),
            *(Cell(float(draws.mean()), "cents", formula) for draws, formula in live),
        )


def _in_contract(sheet: Sheet, offer: CaseMixOffer, term: FixedTerm, rows: tuple[int, int]) -> None:
    """Write a term that the contract takes from here beside its formula."""
    kind = "Levels" if term.kind == "level" else "Prices"
    sheet.section(f"{kind} by stratum in the clause “{term.clause.replace('_', ' ')}”")
    sheet.header("Stratum", "In the contract", "From the case mix", "Difference", words=(0,))
    flat, mean = sheet.local(_PRICE_ROW, 1), sheet.local(rows[1] + 1, _CHANCE)
    for stratum, value in term.values.items():
        at = sheet.row + 1
        chance = sheet.local(rows[0] + offer.mix.strata.index(stratum), _CHANCE)
        live = chance if term.kind == "level" else f"{flat}*{mean}/{chance}"
        sheet.add(
            Cell(stratum, "strong"),
            Cell(value, "number"),
            Cell(value, "number", f"=ROUND({live},{term.decimals})"),
            Cell(0.0, "number", f"={sheet.local(at, 1)}-{sheet.local(at, 2)}"),
        )


def _span(sheet: Sheet, column: int, first: int, last: int) -> str:
    return f"{sheet.local(first, column)}:{sheet.local(last, column)}"
