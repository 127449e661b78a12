"""Figures of money: payments, cash flows, returns, savings; each takes a result."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from impactmodel.core.summary import check_prob, describe_draws
from impactmodel.report.languages import english
from impactmodel.report.marks import fan, histogram, point_interval, remark, zero_line
from impactmodel.report.numbers import percent, probability
from impactmodel.report.style import BLUE, INK, ORANGE, QUIET, drawn, plain_ticks, plain_ticks_y
from impactmodel.report.tables import interval_words

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from impactmodel.contract import OutcomePayments
    from impactmodel.finance.cashflows import CashFlows
    from impactmodel.finance.returns import Returns
    from impactmodel.report.result import ByPayer


def plot_payments(payments: OutcomePayments, prob: float = 0.9) -> Figure:
    """Draw the distribution of all payments together, P(nothing) and the cap.

    Parameters
    ----------
    payments
        Payments per draw.
    prob
        Probability of the interval.

    Returns
    -------
    Figure
        Draws that pay exactly nothing, or exactly the cap, have bars of their own.
    """
    check_prob(prob)
    unit, factor = _money_axis(payments.currency, np.abs(payments.total()))
    draws = payments.total() * factor
    cap = payments.contract.cap
    limit = [] if cap is None else [cap * factor]

    def draw(axes: list[Axes]) -> None:
        (ax,) = axes
        top = _distribution(ax, draws, prob, atoms=[0.0, *limit], point=float(draws.mean()))
        for value in limit:
            ax.axvline(value, color=QUIET, linewidth=1.0, linestyle=(0, (4, 3)))
            ax.text(value, top, "cap ", ha="right", va="top", color=QUIET, fontsize=9)
        ax.set_xlabel(unit)
        ax.set_title("Payments")
        nothing = probability(payments.probability_zero())
        remark(ax, f"P(nothing) {nothing}; dot: mean, bar: {interval_words(prob)}")

    return drawn(draw, 1, 2.5)


def plot_returns(returns: Returns, prob: float = 0.9) -> Figure:
    """Draw the distribution of the internal rate of return and the probability of a loss.

    Parameters
    ----------
    returns
        Returns per draw.
    prob
        Probability of the interval.

    Returns
    -------
    Figure
        Over the draws with a rate; rates below zero are hatched, a total loss has its own bar.
    """
    check_prob(prob)
    known = returns.irr[np.isfinite(returns.irr)]

    def draw(axes: list[Axes]) -> None:
        (ax,) = axes
        ax.set_title("Internal rate of return")
        if known.size:
            shown, hidden = _limited(known * 100)
            _distribution(ax, shown, prob, atoms=[-100.0], point=float(np.median(shown)), loss=0.0)
            zero_line(ax)
            left_out = (
                f" ({percent(hidden / known.size, 1)} of draws lie outside)" if hidden else ""
            )
            ax.set_xlabel(f"% a year{left_out}")
        else:
            ax.text(0.5, 0.5, "no draw has a rate of return", transform=ax.transAxes, ha="center")
        loss = probability(returns.probability_of_loss)
        remark(ax, f"P(loss) {loss}; dot: median, bar: {interval_words(prob)}")

    return drawn(draw, 1, 2.5)


def plot_cash_flows(flows: CashFlows, prob: float = 0.9) -> Figure:
    """Draw what each party has received less paid so far, over time.

    Parameters
    ----------
    flows
        Cash flows by party.
    prob
        Probability of the outer interval.

    Returns
    -------
    Figure
        One panel per party that pays or receives anything: median, middle half and interval of
        the cumulative flow.
    """
    check_prob(prob)
    running = {p: np.cumsum(flows.of(p), axis=1) for p in flows.parties}
    running = {party: draws for party, draws in running.items() if np.abs(draws).max() > _CENT}
    unit, factor = _money_axis(
        flows.structure.currency, np.concatenate([np.abs(d).max(axis=1) for d in running.values()])
    )

    def draw(axes: list[Axes]) -> None:
        for ax, (party, draws) in zip(axes, running.items(), strict=False):
            fan(ax, flows.dates, draws * factor, prob)
            ax.axhline(0.0, color=INK, linewidth=1.0, linestyle=(0, (4, 3)))
            ax.grid(visible=True, axis="y")
            plain_ticks_y(ax)
            _years(ax)
            ax.set_title(readable(party))
        for ax in axes[len(running) :]:
            ax.set_axis_off()
        axes[0].set_ylabel(unit)

    return drawn(draw, -(-len(running) // 2), 1.55, columns=2)


_CENT = 0.005


def plot_savings(savings: ByPayer, prob: float = 0.9) -> Figure:
    """Draw public savings by payer: mean and interval; above zero is better off.

    Parameters
    ----------
    savings
        Draws by payer.
    prob
        Probability of the interval.
    """
    return _by_payer(savings, "Public flows by party", prob)


def plot_net_position(net: ByPayer, prob: float = 0.9) -> Figure:
    """Draw savings less outcome payments by payer: below zero a payer has paid too much.

    Parameters
    ----------
    net
        Draws by payer.
    prob
        Probability of the interval.
    """
    return _by_payer(net, "Savings less payments", prob)


def _by_payer(amounts: ByPayer, title: str, prob: float) -> Figure:
    check_prob(prob)
    parts = {name: np.asarray(draws) for name, draws in amounts.by_payer().items()}
    unit, factor = _money_axis(amounts.currency, np.concatenate(list(map(np.abs, parts.values()))))

    def draw(axes: list[Axes]) -> None:
        (ax,) = axes
        for y, values in enumerate(reversed(list(parts.values()))):
            d = describe_draws(values * factor, prob)
            colour = ORANGE if d["mean"] < 0 else BLUE
            point_interval(ax, d["mean"], (d["lower"], d["upper"]), float(y), colour)
        zero_line(ax)
        ax.set_yticks(range(len(parts)), [readable(name) for name in reversed(parts)])
        ax.set_ylim(-0.6, len(parts) - 0.4)
        plain_ticks(ax)
        ax.set_xlabel(unit)
        ax.set_title(title)
        remark(ax, f"dot: mean, bar: {interval_words(prob)}")

    return drawn(draw, 1, 0.8 + 0.34 * len(parts))


def _distribution(
    ax: Axes,
    draws: Any,
    prob: float,
    *,
    atoms: list[float],
    point: float,
    loss: float | None = None,
) -> float:
    """Draw a histogram with its interval below it; return the height at which to write."""
    histogram(ax, draws, atoms=atoms, loss_below=loss)
    d = describe_draws(draws, prob)
    top = ax.get_ylim()[1]
    point_interval(ax, point, (d["lower"], d["upper"]), -0.07 * top)
    ax.set_ylim(-0.14 * top, top * 1.12)
    _shares(ax)
    plain_ticks(ax)
    return float(top * 1.11)


def readable(name: str) -> str:
    """Turn a name of a file into words.

    Examples
    --------
    >>> readable("wellbeing_county")
    'wellbeing services county'
    """
    return english(name)


def _money_axis(currency: str, sizes: Any) -> tuple[str, float]:
    """Return the name of an axis of amounts and the factor to its unit."""
    top = float(np.quantile(sizes, 0.99)) if np.size(sizes) else 0.0
    for size, word in ((1e9, "billion"), (1e6, "million"), (1e3, "thousand")):
        if top >= 2 * size:
            return f"{word} {currency}".strip(), 1 / size
    return currency, 1.0


def _limited(draws: Any) -> tuple[Any, int]:
    """Leave out the far tails of an axis; return how many draws that hides."""
    low, high = np.quantile(draws, [0.0025, 0.9975])
    kept = draws[(draws >= low) & (draws <= high)]
    return kept, int(draws.size - kept.size)


def _shares(ax: Axes) -> None:
    """Label a vertical axis of shares of draws."""
    from matplotlib.ticker import FuncFormatter

    ax.yaxis.set_major_formatter(
        FuncFormatter(lambda v, _: f"{v * 100:.3g}\u00a0%" if v >= 0 else "")
    )
    ax.set_ylabel("share of draws")
    ax.grid(visible=True, axis="y")


def _years(ax: Axes) -> None:
    """Label a horizontal axis of dates with few, whole years or months."""
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    locator = AutoDateLocator(minticks=2, maxticks=5)  # type: ignore[no-untyped-call]
    ax.xaxis.set_major_locator(locator)
    labels = ConciseDateFormatter(locator, show_offset=False)  # type: ignore[no-untyped-call]
    ax.xaxis.set_major_formatter(labels)
