"""What caseworkers may know and no column holds: how much it would take, and a prior of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from impactmodel.clients.effect_draws import NOTHING_HIDDEN
from impactmodel.clients.effect_hidden import hidden_warning
from impactmodel.core.summary import describe_draws
from impactmodel.report.blocks import Block, FoldedTables, Marked, Points, Tabled
from impactmodel.report.languages import english
from impactmodel.report.numbers import NOT_DEFINED, POINTS, money, number, percent, probability
from impactmodel.report.tables import Table, interval_words, mean_with_interval

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from impactmodel.clients.effect_bias import SizedBias
    from impactmodel.clients.effect_draws import EffectDraws
    from impactmodel.clients.story import ClientStory
    from impactmodel.report.result import RunResult, Varied

    type Draws = NDArray[np.float64]


def told_first(story: ClientStory) -> tuple[Block, ...]:
    """Return what a reader must know before any effect: a warning, or the prior."""
    bias = story.learnt.bias
    if bias is None:
        return (Marked("Warning", (hidden_warning(story.learnt.hidden),)),)
    how = bias.how
    rest = 1 - how.shared - how.services - how.groups
    size = "; ".join(
        f"{name}: mean {number(100 * float(mean), 1)}, standard deviation "
        f"{number(100 * float(sd), 1)}"
        for name, mean, sd in zip(bias.services, bias.mean, bias.sd, strict=True)
    )
    return (
        Points(
            (
                ("Hidden knowledge, assumed", how.reason.strip()),
                ("Bias of an effect, percentage points", f"{size}."),
                (
                    "Shares of its variance",
                    f"{percent(how.shared)} shared by all services and groups, "
                    f"{percent(how.services)} by the groups of a service, "
                    f"{percent(how.groups)} by the services of a group, "
                    f"{percent(max(rest, 0.0))} particular to each service in each group.",
                ),
            )
        ),
    )


def needed_table(story: ClientStory) -> Table:
    """Tabulate how strong hidden knowledge would have to be, beside recorded columns."""
    hidden = story.learnt.hidden
    rows = []
    for s, service in enumerate(hidden.services):
        of_columns = hidden.benchmark[s]
        column, bias = NOT_DEFINED, float("nan")
        if np.isfinite(of_columns).any():
            place = int(np.nanargmax(np.abs(of_columns)))
            column, bias = hidden.columns[place], float(np.abs(of_columns[place]))
        rows.append(
            (
                service,
                number(float(hidden.e_mean[s]), 2),
                number(float(hidden.e_interval[s]), 2),
                number(100 * float(hidden.needed[s]), 1),
                column,
                number(100 * bias, 1),
            )
        )
    return Table(
        "What caseworkers would have to know",
        (
            "Service",
            "E-value of the effect",
            f"E-value of the end of the {percent(hidden.prob)} interval",
            "Break-even bias, percentage points",
            "Strongest recorded column",
            "Largest bias of one as strong, percentage points",
        ),
        tuple(rows),
        "E-value: how strongly something that is not recorded would have to go with both service "
        "and outcome, as a risk ratio, to explain the effect away (VanderWeele and Ding 2017). "
        "Break-even bias: what takes the median effect to 0. The last column is the bound of "
        "Cinelli and Hazlett (2020).",
        (0, 4),
    )


def side_by_side(story: ClientStory, result: RunResult, prob: float) -> tuple[Block, ...]:
    """Return effects and money with and without the prior; nothing where none is stated."""
    if story.learnt.bias is None:
        return ()
    before, after = story.learnt.recorded, story.learnt.drawn
    heads = (
        "Nothing hidden",
        interval_words(prob).capitalize(),
        "P(above zero)",
        "With the prior",
        interval_words(prob).capitalize(),
        "P(above zero)",
    )
    note = (
        "Percentage points of the chance, over all groups by their people or of each. The prior is "
        "taken off draw by draw; the data do not speak about it."
    )
    every, groups = [], []
    share = before.people / before.people.sum()
    for s, service in enumerate(before.services):
        pair = (before.effect[:, s] @ share, after.effect[:, s] @ share)
        every.append((service, *_both(pair, prob)))
        for g, group in enumerate(before.groups):
            pair = (before.effect[:, s, g], after.effect[:, s, g])
            groups.append((service, group, *_both(pair, prob)))
    title = "Effects with and without the prior of hidden bias"
    blocks: list[Block] = [Tabled(Table(title, ("Service", *heads), tuple(every), note))]
    if len(before.groups) > 1:
        summary, columns = "The same by group", ("Service", "Group", *heads)
        by_group = Table(summary, columns, tuple(groups), note, (0, 1))
        blocks.append(FoldedTables(summary, (by_group,)))
    return (*blocks, *_money(result, prob))


def _money(result: RunResult, prob: float) -> tuple[Block, ...]:
    rows = _money_rows(result, prob)
    if not rows:
        return ()
    title = "Money with and without the prior of hidden bias"
    note = f"Mean and {interval_words(prob)}; the same places, contract and prices."
    return (Tabled(Table(title, ("What", "Nothing hidden", "With the prior"), rows, note)),)


def hidden_summary(story: ClientStory, result: RunResult, prob: float) -> dict[str, Any]:
    """Return what ``summary.json`` says of hidden knowledge."""
    hidden, bias = story.learnt.hidden, story.learnt.bias
    found: dict[str, Any] = {
        "needed": {
            service: {
                "e_value": float(hidden.e_mean[s]),
                "e_value_interval": float(hidden.e_interval[s]),
                "break_even_bias": float(hidden.needed[s]),
            }
            for s, service in enumerate(hidden.services)
        },
        "prior": None if bias is None else _prior(bias),
    }
    if bias is not None:
        found["nothing_hidden"] = {
            "effects": _by_service(story.learnt.recorded, prob),
            "money": [_of_run(one, prob) for one in _runs(result)],
        }
        found["with_the_prior"] = {"effects": _by_service(story.learnt.drawn, prob)}
    return found


def _both(pair: tuple[Draws, Draws], prob: float) -> tuple[str, ...]:
    cells = []
    for draws in pair:
        d = describe_draws(draws, prob)
        cells += [
            POINTS.bare(d["mean"], d["sd"]),
            f"{POINTS.bare(d['lower'], d['sd'])} to {POINTS.bare(d['upper'], d['sd'])}",
            probability(float((draws > 0).mean())),
        ]
    return tuple(cells)


def _runs(result: RunResult) -> list[Varied]:
    return [one for one in result.varied if one.assumed == NOTHING_HIDDEN]


def _money_rows(result: RunResult, prob: float) -> tuple[tuple[str, ...], ...]:
    runs = _runs(result)
    if not runs:
        return ()
    (before,) = runs
    rows = []
    paid, saved = result.payments, result.savings
    if paid is not None and before.payments is not None:
        unit = money(paid.currency)
        pair = (before.payments, paid.total())
        rows.append(("Outcome payments", *(mean_with_interval(v, unit, prob) for v in pair)))
    if saved is not None and before.saved is not None:
        unit = money(saved.currency)
        pair = (before.saved, saved.total())
        rows.append(("Public saving", *(mean_with_interval(v, unit, prob) for v in pair)))
    if result.net is not None and paid is not None:
        now = result.net.by_payer()
        for payer in paid.contract.payers:
            if payer in now and payer in before.overpays:
                chances = (before.overpays[payer], np.asarray(now[payer]) < 0)
                said = (probability(float(np.mean(v))) for v in chances)
                rows.append((f"P({english(payer)} overpays)", *said))
    return tuple(rows)


def _prior(bias: SizedBias) -> dict[str, Any]:
    how = bias.how
    return {
        "reason": how.reason,
        "mean": dict(zip(bias.services, bias.mean.tolist(), strict=True)),
        "sd": dict(zip(bias.services, bias.sd.tolist(), strict=True)),
        "shared": how.shared,
        "services": how.services,
        "groups": how.groups,
    }


def _by_service(drawn: EffectDraws, prob: float) -> dict[str, Any]:
    share = drawn.people / drawn.people.sum()
    return {
        service: describe_draws(drawn.effect[:, s] @ share, prob)
        for s, service in enumerate(drawn.services)
    }


def _of_run(one: Varied, prob: float) -> dict[str, Any]:
    return {
        "payments": None if one.payments is None else describe_draws(one.payments, prob),
        "saved": None if one.saved is None else describe_draws(one.saved, prob),
        "probability_overpays": {n: float(np.mean(v)) for n, v in one.overpays.items()},
    }
