"""Tables of the public side: by payer and line, by budget year, on other public sides."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from impactmodel.report.languages import english
from impactmodel.report.numbers import money, percent, probability
from impactmodel.report.tables import Table, described, interval_note, interval_words

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

    from impactmodel.fiscal import Savings

PUBLIC_TOTAL = "All public payers"
_PAID = ("savings", "payments")
POINTS = (0.5, 0.95)
"""Quantiles of a budget year: the middle, and what nineteen of twenty draws do not exceed."""


def discounting(savings: Savings) -> str:
    """Say to when and at what rate the amounts of a public side are discounted."""
    rate = savings.discount_rate
    written = percent(rate, 0 if round(rate * 100, 9).is_integer() else 1)
    return f"{written} a year to {savings.ledger.years[0]}"


def parties(savings: Savings) -> tuple[str, ...]:
    """Return the parties of a ledger: public payers first."""
    public = savings.ledger.public_payers
    return (*public, *(p for p in savings.ledger.payers if p not in public))


def party_name(name: str, savings: Savings) -> str:
    """Return how a party is written; what is no public payer is marked."""
    private = "" if name in savings.ledger.public_payers else " (private)"
    return english(name) + private


def savings_table(savings: Savings, prob: float = 0.9) -> Table:
    """Tabulate what each party gains, undiscounted and discounted; below zero it loses.

    Parameters
    ----------
    savings
        Savings per draw.
    prob
        Probability of the equal-tailed interval, which is that of the discounted amount.
    """
    plain, present = savings.ledger.by_payer(), savings.by_payer()
    rows = [
        (party_name(name, savings), *_amounts(plain[name], present[name], prob))
        for name in parties(savings)
    ]
    rows.append((PUBLIC_TOTAL, *_amounts(savings.ledger.total(), savings.total(), prob)))
    return Table(
        title=f"Public flows of each party, in {savings.currency}",
        columns=("Party", *_headings(prob)),
        rows=tuple(rows),
        note="Only the flows on the lines of the next table are counted. "
        f"{_discounted_note(savings, prob)}",
    )


def lines_table(savings: Savings, prob: float = 0.9) -> Table:
    """Tabulate what each party gains on each line, undiscounted and discounted."""
    ledger = savings.ledger
    plain, present = (ledger.view("payer", "line", factors=f) for f in (None, savings.discount))
    rows = [
        (
            party_name(payer, savings),
            english(line),
            *_amounts(plain.sel(payer=payer, line=line), present.sel(payer=payer, line=line), prob),
        )
        for payer, line in cells(savings)
    ]
    return Table(
        title=f"By party and line, in {savings.currency}",
        columns=("Party", "Line", *_headings(prob)),
        rows=tuple(rows),
        note=_discounted_note(savings, prob),
        words=(0, 1),
    )


def cells(savings: Savings) -> list[tuple[str, str]]:
    """Return every (payer, line) of the ledger: public payers first, then line by line."""
    data = savings.ledger.dataset
    pairs = list(zip(data["payer"].values.tolist(), data["line"].values.tolist(), strict=True))
    return [(p, line) for party in parties(savings) for p, line in pairs if p == party]


def budget_table(budget: xr.DataArray, savings: Savings) -> Table:
    """Tabulate savings and payments by public payer and budget year, at mean, P50 and P95.

    Parameters
    ----------
    budget
        Dims ``draw, payer, year, item``; see `impactmodel.fiscal.budget`.
    savings
        The public side that the savings are of; its private parties are left out.
    """
    private = [p for p in savings.ledger.payers if p not in savings.ledger.public_payers]
    names = [p for p in budget["payer"].values.tolist() if p not in private]
    public = budget.sel(payer=names)
    years = budget["year"].values.tolist()
    rows = [
        (english(name), str(year), *_points(public.sel(payer=name, year=year)))
        for name in names
        for year in years
        if bool((public.sel(payer=name, year=year) != 0).any())
    ]
    if len(names) > 1:
        whole = public.sum("payer")
        rows += [(PUBLIC_TOTAL, str(year), *_points(whole.sel(year=year))) for year in years]
    left = f" Left out, being private: {', '.join(_plain(private))}." if private else ""
    heads = ("mean", *(f"P{q * 100:.0f}" for q in POINTS))
    items = ("savings", "payments", "costs") if bool(public.sel(item="costs").any()) else _PAID
    rows = [row[: 2 + len(items) * (1 + len(POINTS))] for row in rows]
    return Table(
        title=f"Savings and payments by budget year, in {savings.currency}, undiscounted",
        columns=("Payer", "Year", *(f"{i.capitalize()}, {h}" for i in items for h in heads)),
        rows=tuple(rows),
        note="P50 and P95: half of the draws, and 95 % of them, are at or below. Savings fall into "
        "the year in which they arise, payments and costs into the year in which they fall "
        "due. Percentiles "
        f"do not add up over payers or years. A payer's years without either are left out.{left}",
        words=(0, 1),
    )


def beside_table(savings: Savings, beside: Mapping[str, Savings], prob: float = 0.9) -> Table:
    """Tabulate what each party gains from the same effect on this and other public sides."""
    sides = {"This case": savings, **beside}
    gains = {name: side.by_payer() for name, side in sides.items()}
    public = list(dict.fromkeys(p for s in sides.values() for p in s.ledger.public_payers))
    private = list(dict.fromkeys(p for s in sides.values() for p in parties(s) if p not in public))
    rows = [
        (
            english(name) + (" (private)" if name in private else ""),
            *(_short(found.get(name), prob) for found in gains.values()),
        )
        for name in public + private
    ]
    total = (PUBLIC_TOTAL, *(_short(side.total(), prob) for side in sides.values()))
    rows.insert(len(public), total)
    rates = "; ".join(f"{name}: {discounting(side)}" for name, side in sides.items())
    return Table(
        title=f"The same effect on other public sides, in {savings.currency}: mean and interval",
        columns=("Party", *sides),
        rows=tuple(rows),
        note=f"A dash: no line of that side touches the party. Discounted: {rates}. "
        f"{interval_note(prob, savings.n_draws)}",
    )


def expected_months(savings: Savings) -> pd.DataFrame | None:
    """Return E[f(x)] and f(E[x]) by party, summed over lines; None for savings without rules.

    Returns
    -------
    pandas.DataFrame or None
        Index payer; columns as of `impactmodel.fiscal.at_expected_months`.
    """
    from impactmodel.fiscal import at_expected_months
    from impactmodel.fiscal.rule_explainer import RuleExplainer

    if not isinstance(savings.explainer, RuleExplainer):
        return None
    table = at_expected_months(savings)
    return table.drop(columns="line").groupby("payer", sort=False).sum().loc[list(parties(savings))]


def expected_months_table(savings: Savings, found: pd.DataFrame) -> Table:
    """Tabulate the expected saving beside the saving of the expected months of work."""
    spreads = {name: float(draws.std()) for name, draws in savings.ledger.by_payer().items()}
    rows = [
        (party_name(str(name), savings), *_written(row, spreads[str(name)]))
        for name, row in found.iterrows()
    ]
    whole = found.loc[list(savings.ledger.public_payers)].sum()
    rows.append((PUBLIC_TOTAL, *_written(whole, float(savings.ledger.total().std()))))
    return Table(
        title=f"Expected saving and saving of the expected months, in {savings.currency}",
        columns=("Party", "E[f(x)]", "f(E[x])", "Difference"),
        rows=tuple(rows),
        note="E[f(x)]: the rules applied to the months of work of every draw, then averaged; this "
        "is what the tables above use. f(E[x]): the rules applied to the average months of work, "
        "as a spreadsheet does. Undiscounted, whole cohort, all years, all lines.",
    )


WHY_THEY_DIFFER = (
    "E[f(x)] and f(E[x]) differ because the rules are not linear in months of work: tax bands, "
    "deductions, thresholds and the steps of paid days treat half a year of work for everybody "
    "unlike a full year of work for half of the people."
)


def _written(row: Any, spread: float) -> tuple[str, ...]:
    names = ("expected_saving", "saving_of_expected_months", "difference")
    return tuple(money("").write(float(row[name]), spread) for name in names)


def _plain(names: list[str]) -> list[str]:
    return [english(name) for name in names]


def _headings(prob: float) -> tuple[str, ...]:
    return (
        "Undiscounted, mean",
        "Discounted, mean",
        "Standard deviation",
        interval_words(prob).capitalize(),
        "P(loses)",
    )


def _amounts(plain: Any, present: Any, prob: float) -> tuple[str, ...]:
    unit = money("")
    plain, present = np.asarray(plain), np.asarray(present)
    return (
        unit.write(float(plain.mean()), float(plain.std())),
        *described(present, unit, prob),
        probability(float((present < 0).mean())),
    )


def _discounted_note(savings: Savings, prob: float) -> str:
    return (
        f"Discounted at {discounting(savings)}; standard deviation, interval and P(loses) are of "
        f"the discounted amount. {interval_note(prob, savings.n_draws)}"
    )


def _points(part: xr.DataArray) -> tuple[str, ...]:
    unit, said = money(""), []
    for item in part["item"].values.tolist():
        draws = part.sel(item=item).values
        if not draws.any():
            said += ["0"] * (1 + len(POINTS))
            continue
        spread = float(draws.std())
        values = (draws.mean(), *np.quantile(draws, POINTS))
        said += [unit.write(float(value), spread) for value in values]
    return tuple(said)


def _short(draws: Any, prob: float) -> str:
    if draws is None:
        return "–"
    mean, _, span = described(draws, money(""), prob)
    return f"{mean} ({span})"
