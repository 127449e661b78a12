"""The keys of `summary.json` on what drives the result."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from impactmodel.core.summary import describe_draws
from impactmodel.report.drivers_words import changes

if TYPE_CHECKING:
    from impactmodel.finance import Swing
    from impactmodel.report.drivers_result import Driven, Drivers
    from impactmodel.report.result import RunResult


def drivers_summary(result: RunResult, prob: float) -> dict[str, Any] | None:
    """Summarise what moves each party's gain, and the break-even of investors.

    Returns
    -------
    dict or None
        ``draws, currency, discount_rate``; ``parties``: list of ``party, gain`` (``npv``, ``net``
        or ``paid``), ``stated``, a description, ``probability`` (of a loss, of overpaying, of no
        payment), ``inputs``: list, widest first, of ``key, low, high`` (null: as stated),
        ``at_low, at_high``: description with ``change`` of the mean and ``probability``;
        ``two_way``: ``first, second`` (key, values) and ``means``; ``scenarios``: by name.
        ``break_even``: by ``effect`` and ``cohort`` the ``factor`` and ``people``, or ``reason``.
        ``not_computed``: list of ``key, value, reason``. None without a contract.
    """
    drivers = result.drivers
    if drivers is None:
        return None
    return {
        "draws": drivers.n_draws,
        "currency": drivers.currency,
        "discount_rate": drivers.discount_rate,
        "parties": [_driven(driven, prob) for driven in drivers.driven],
        "break_even": _break_even(drivers, prob),
        "not_computed": [
            {"key": key, "value": value, "reason": reason} for key, value, reason in drivers.refused
        ],
    }


def _driven(driven: Driven, prob: float) -> dict[str, Any]:
    grid = driven.grid
    chances = {swing.name: swing for swing in driven.chances.swings}
    return {
        "party": driven.party,
        "gain": driven.gain,
        "stated": describe_draws(driven.amounts.base, prob),
        "probability": float(driven.chances.base.mean()),
        "inputs": [_input(s, chances[s.name], driven, prob) for s in driven.amounts.swings],
        "two_way": None
        if grid is None
        else {
            "first": {"key": grid.first[0], "values": list(grid.first[1])},
            "second": {"key": grid.second[0], "values": list(grid.second[1])},
            "means": grid.draws.mean(axis=-1).tolist(),
        },
        "scenarios": {n: describe_draws(draws, prob) for n, draws in driven.scenarios.items()},
    }


def _input(swing: Swing, chance: Swing, driven: Driven, prob: float) -> dict[str, Any]:
    low, high = changes(swing, driven)
    ends = (
        ("low", swing.at_low, chance.at_low, low),
        ("high", swing.at_high, chance.at_high, high),
    )
    return {
        "key": swing.name,
        "low": swing.low,
        "high": swing.high,
        **{
            f"at_{end}": {
                **describe_draws(draws, prob),
                "change": change,
                "probability": float(bad.mean()),
            }
            for end, draws, bad, change in ends
        },
    }


def _break_even(drivers: Drivers, prob: float) -> dict[str, Any]:
    said: dict[str, Any] = {}
    for needed in drivers.needed:
        if needed.found is None:
            said[needed.of] = {"factor": None, "reason": needed.reason}
        elif needed.of == "cohort":
            at = describe_draws(needed.found.at, prob)
            said[needed.of] = {"factor": needed.found.factor, "people": at}
        else:
            said[needed.of] = {"factor": needed.found.factor}
    return said
