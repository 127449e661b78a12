"""What a place is worth: cost per additional job, net value by payer, jobs given up for money."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from impactmodel.clients.worth import NetValue
from impactmodel.core.summary import describe_draws
from impactmodel.fiscal.appraisal import ratio_summary
from impactmodel.fiscal.payers import is_public
from impactmodel.report.blocks import Block, FoldedTables, Paragraph, Points, Tabled
from impactmodel.report.client_figures import plot_tradeoff
from impactmodel.report.design_section import picture
from impactmodel.report.languages import english
from impactmodel.report.numbers import NOT_DEFINED, money, number, probability
from impactmodel.report.tables import Table, interval_words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from impactmodel.clients.story import ClientStory
    from impactmodel.clients.value import PlaceValue
    from impactmodel.report.numbers import Unit

    type Draws = NDArray[np.float64]

ALL = "All public payers"
NO_SIDE = (
    "The case has no public side, so that nothing says what a job is worth to whom: the cost per "
    "additional job stands alone."
)

_SAME = 1e-6
_NOTHING_GIVEN_UP = (
    "The places with the highest net value also add the most jobs: nothing is given up."
)


def value_blocks(story: ClientStory, prob: float) -> tuple[Block, ...]:
    """Return what a page says of the worth of places."""
    value = story.value
    if value is None:
        said = f"{story.no_value} So there is no cost per additional job, and no net value."
        return (Paragraph(said),)
    blocks: list[Block] = [Points(_stated(story, value)), Tabled(cost_table(value, prob))]
    if not value.per_unit:
        return (*blocks, Paragraph(NO_SIDE))
    blocks += [
        Tabled(_job_table(value)),
        Tabled(net_table(value, prob)),
        FoldedTables("Net value of a place, payer by payer", (_by_payer(value, prob),)),
    ]
    tradeoff = story.proposal.tradeoff
    jobs = [float(point.jobs.mean()) for point in tradeoff]
    if jobs[-1] - jobs[0] < _SAME * max(1.0, abs(jobs[-1])):
        return (*blocks, Paragraph(_NOTHING_GIVEN_UP))
    caption = (
        f"Net value to {_whose(story)}. "
        "Every point is an allocation within the limits, from the highest net value to the most "
        "jobs; none is the one optimum. No place is drawn by lot here."
    )
    figure = plot_tradeoff(tradeoff, value.currency, prob)
    return (*blocks, picture(figure, "jobs-and-money", "Jobs and money", caption))


def value_summary(story: ClientStory, prob: float) -> dict[str, Any]:
    """Return what ``summary.json`` says of the worth of places."""
    value = story.value
    if value is None:
        return {"why_not": story.no_value}
    aim = story.plan.worth.aim
    found: dict[str, Any] = {
        "aim": aim.type,
        "payer": aim.payer if isinstance(aim, NetValue) else "",
        "currency": value.currency,
        "paid_by": dict(zip(value.services, value.paid_by, strict=True)),
        "cost_per_additional_job": {
            service: {
                group: ratio_summary(value.cost_per_added[:, s, g], prob)
                for g, group in enumerate(value.groups)
            }
            for s, service in enumerate(value.services)
        },
    }
    if not value.per_unit:
        return found | {"why_no_value": NO_SIDE}
    found["net_per_place"] = {
        payer or "public": {
            service: {
                group: described(value.net(payer)[:, s, g], prob)
                for g, group in enumerate(value.groups)
            }
            for s, service in enumerate(value.services)
        }
        for payer in ("", *value.payers)
    }
    found["frontier"] = [
        {
            "places": dict(zip(value.services, map(float, point.places), strict=True)),
            "jobs": describe_draws(point.jobs, prob),
            "net_value": describe_draws(point.value, prob),
        }
        for point in story.proposal.tradeoff
    ]
    return found


def described(draws: Draws, prob: float) -> dict[str, Any]:
    """Describe draws, with the probability that they are above zero."""
    return describe_draws(draws, prob) | {"p_positive": float((draws > 0).mean())}


def pairs(value: PlaceValue) -> Iterator[tuple[int, int, str, str]]:
    """Yield place and name of each service and group."""
    for s, service in enumerate(value.services):
        for g, group in enumerate(value.groups):
            yield s, g, service, group


def public_payers(value: PlaceValue) -> tuple[str, ...]:
    """Return the public ones of those who gain or pay."""
    return tuple(p for p in value.payers if is_public(p, value.private))


def _whose(story: ClientStory) -> str:
    aim = story.plan.worth.aim
    return english(aim.payer) if isinstance(aim, NetValue) and aim.payer else "all public payers"


def sought(story: ClientStory) -> str:
    """Say what places maximise."""
    aim = story.plan.worth.aim
    if not isinstance(aim, NetValue):
        return "The most jobs."
    return f"The highest net value to {_whose(story)}."


def _stated(story: ClientStory, value: PlaceValue) -> tuple[tuple[str, str], ...]:
    unit, said = money(value.currency), []
    for s, service in enumerate(value.services):
        payer = value.paid_by[s] if value.paid_by else ""
        who = english(payer) if payer else "the public purse"
        cost = unit.write(float(value.cost[:, s].mean()), 1.0)
        said.append((f"Cost of a place of {service}", f"{cost}, paid by {who}."))
    return (*said, ("Places seek", sought(story)))


def cost_table(value: PlaceValue, prob: float) -> Table:
    """Tabulate the cost per additional job and the effect at which a place pays for itself."""
    unit, rows = money(value.currency), []
    ratio, at, net = value.cost_per_added, value.break_even(), value.net()
    for s, g, service, group in pairs(value):
        d = ratio_summary(ratio[:, s, g], prob)
        row: tuple[str, ...] = (
            service,
            group,
            *_ratio(d, unit),
            probability(d["p_undefined"]),
        )
        if value.per_unit:
            even = ratio_summary(at[:, s, g], prob)
            row += (
                number(100 * even["median"], 1),
                number(100 * float(np.median(value.added[:, s, g])), 1),
                probability(float((net[:, s, g] > 0).mean())),
            )
        rows.append(row)
    more = ("Break-even effect, points", "Effect, points", "P(pays for itself)")
    return Table(
        "Cost per additional job",
        (
            "Service",
            "Group",
            "Median",
            interval_words(prob).capitalize(),
            "P(no additional job)",
            *(more if value.per_unit else ()),
        ),
        tuple(rows),
        "Median and interval are over the draws in which a place adds something; where it adds "
        "nothing there is no cost per job, and the next column says how often. A ratio has no "
        "useful mean.",
        (0, 1),
    )


def _ratio(d: dict[str, Any], unit: Unit) -> tuple[str, str]:
    if np.isnan(d["median"]):
        return NOT_DEFINED, NOT_DEFINED
    spread = max((d["upper"] - d["lower"]) / 4, 1.0)
    return unit.write(d["median"], spread), unit.span(d["lower"], d["upper"], spread)


def _job_table(value: PlaceValue) -> Table:
    """Tabulate what one more job is worth to each payer, on average."""

    def row(name: str, draws: Draws) -> tuple[str, ...]:
        mean, sd = draws.mean(axis=0), np.maximum(draws.std(axis=0), 1.0)
        unit = money("")
        return name, *(unit.write(float(m), float(d)) for m, d in zip(mean, sd, strict=True))

    rows = [row(english(p), value.value_of_unit(p)) for p in value.per_unit]
    return Table(
        f"What one more job is worth, {value.currency}",
        ("Payer", *value.groups),
        (*rows, row(ALL, value.value_of_unit())),
        "Present value by the public side of this case, mean of draws, for a job of a person of "
        "each group; negative where the payer loses.",
    )


def net_table(value: PlaceValue, prob: float) -> Table:
    """Tabulate the net value of a place to public payers."""
    unit, payers, rows = money(""), public_payers(value), []
    for s, g, service, group in pairs(value):
        cells = [service, group]
        for payer in payers:
            d = described(value.net(payer)[:, s, g], prob)
            cells.append(f"{unit.write(d['mean'], _sd(d))} ({probability(d['p_positive'])})")
        d = described(value.net()[:, s, g], prob)
        cells += [
            unit.write(d["mean"], _sd(d)),
            unit.span(d["lower"], d["upper"], _sd(d)),
            probability(d["p_positive"]),
        ]
        rows.append(tuple(cells))
    return Table(
        f"Net value of a place, {value.currency}",
        (
            "Service",
            "Group",
            *(english(payer).capitalize() for payer in payers),
            ALL,
            interval_words(prob).capitalize(),
            "P(above zero)",
        ),
        tuple(rows),
        "Value of the jobs less the cost of the place to whoever pays it: mean, and in brackets "
        "the probability that it is above zero.",
        (0, 1),
    )


def _by_payer(value: PlaceValue, prob: float) -> Table:
    unit, rows = money(""), []
    for payer in value.payers:
        net = value.net(payer)
        for s, g, service, group in pairs(value):
            d = described(net[:, s, g], prob)
            rows.append(
                (
                    english(payer),
                    service,
                    group,
                    unit.write(d["mean"], _sd(d)),
                    unit.span(d["lower"], d["upper"], _sd(d)),
                    probability(d["p_positive"]),
                )
            )
    return Table(
        f"Net value of a place, payer by payer, {value.currency}",
        (
            "Payer",
            "Service",
            "Group",
            "Mean",
            interval_words(prob).capitalize(),
            "P(above zero)",
        ),
        tuple(rows),
        "Participants and employers are no public payers.",
        (0, 1, 2),
    )


def _sd(d: dict[str, Any]) -> float:
    return max(float(d["sd"]), 1.0)
