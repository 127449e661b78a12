"""Tables of investor returns, public savings and net positions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from impactmodel.report.languages import english
from impactmodel.report.numbers import money, multiple, number, probability, rate
from impactmodel.report.tables import Table, described, interval_note, interval_words

if TYPE_CHECKING:
    from impactmodel.finance.returns import Returns
    from impactmodel.report.result import ByPayer


def returns_table(returns: Returns, prob: float = 0.9) -> Table:
    """Tabulate returns: ratios as medians, never as means, and the chance of a loss."""
    summary = returns.summary(prob)

    def ratio(name: str, key: str, write: Any) -> tuple[str, str, str, str]:
        d = summary[key]
        if d["median"] is None:
            return name, number(float("nan")), number(float("nan")), probability(d["p_undefined"])
        middle, lower, upper = (write(d[k]) for k in ("median", "lower", "upper"))
        return name, middle, f"{lower} to {upper}", probability(d["p_undefined"])

    spread = float(np.nanstd(returns.irr)) if np.isfinite(returns.irr).any() else 0.0
    unit = money("")
    npv = summary["npv"]
    present = f"Net present value at {npv['discount_rate']:.1%}, mean"
    return Table(
        title=f"Returns of the senior investors, in {returns.currency}",
        columns=("Measure", "Median or mean", interval_words(prob).capitalize(), "P(undefined)"),
        rows=(
            ratio("Internal rate of return a year, median", "irr", lambda v: rate(v, spread)),
            ratio("Multiple of invested capital, median", "moic", multiple),
            (
                present,
                unit.write(npv["mean"], npv["sd"]),
                unit.span(npv["lower"], npv["upper"], npv["sd"]),
                "",
            ),
            ("Probability of a loss", probability(returns.probability_of_loss), "", ""),
            ("Expected loss", unit.write(summary["expected_loss"], npv["sd"]), "", ""),
        ),
        note=f"{interval_note(prob, len(returns.irr))} A total loss is −100 %. Several rates solve "
        f"the cash flows in {probability(summary['irr']['p_multiple'])} of draws.",
    )


def net_position_table(net: ByPayer, prob: float = 0.9, discounted: str = "") -> Table:
    """Tabulate savings less outcome payments and costs of each payer.

    Parameters
    ----------
    discounted
        How all are discounted, such as ``3.5 % a year to 2019``.
    """
    unit = money("")
    parts = {name: np.asarray(draws) for name, draws in net.by_payer().items()}
    rows = tuple(
        (
            english(name),
            *described(draws, unit, prob),
            probability(float((draws < 0).mean())),
        )
        for name, draws in parts.items()
    )
    words = f"All discounted at {discounted}. " if discounted else ""
    return Table(
        title=f"Savings less outcome payments and costs, in {net.currency}",
        columns=(
            "Party",
            "Mean",
            "Standard deviation",
            interval_words(prob).capitalize(),
            "P(pays more than it saves)",
        ),
        rows=rows,
        note=f"{words}A surplus that the fund returns to a payer is not counted. "
        f"{interval_note(prob, len(next(iter(parts.values()))))}",
    )
