"""What drives the result: tornado, two inputs together, scenarios, break-even, impact."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from impactmodel.core.summary import describe_draws
from impactmodel.report.blocks import Block, Folded, FoldedTables, Picture, Points, Tabled
from impactmodel.report.driver_figures import plot_tornado
from impactmodel.report.drivers_words import Words, changes
from impactmodel.report.impact_tables import impact_table
from impactmodel.report.languages import Language
from impactmodel.report.style import inline_svg
from impactmodel.report.tables import Table
from impactmodel.report.translation import Translator

if TYPE_CHECKING:
    from impactmodel.report.drivers_result import Driven
    from impactmodel.report.result import RunResult


def drivers_blocks(result: RunResult, language: Language) -> tuple[Block, ...]:
    """Return what a page shows of the drivers of a run; nothing where it has no contract."""
    drivers = result.drivers
    if drivers is None:
        return ()
    words, say = Words.of(result, drivers, language), language.say
    points = [("", driven_sentence(driven, words)) for driven in drivers.driven]
    points += [(say("head_break_even"), text) for text in words.break_even()]
    blocks: list[Block] = [Points(tuple(points))]
    for place, driven in enumerate(drivers.driven):
        blocks += _shown(driven, words, f"tornado-{place}")
    why = Translator(language).text
    refused = [
        (f"{words.own.get(key, key)}, {words.value(key, value)}", why(reason))
        for key, value, reason in drivers.refused
    ]
    refused += [(say("head_break_even"), why(n.reason)) for n in drivers.needed if n.reason]
    if refused:
        blocks.append(Folded(say("not_varied"), tuple(refused)))
    if result.impact is not None:
        blocks.append(Tabled(impact_table(result, language)))
    return tuple(blocks)


def driven_sentence(driven: Driven, words: Words) -> str:
    """Say what a party gains and what moves it most."""
    say = words.language.say
    stated = say("driver_stated", {"gain": words.gain(driven), **words.stated(driven)})
    names = words.named(driven)
    return f"{stated} {say('driver_first', {'names': names}) if names else say('driver_none')}"


def _shown(driven: Driven, words: Words, name: str) -> list[Block]:
    figure = plot_tornado(driven, words)
    if figure is None:
        return []
    gain = words.gain(driven)
    draws = words.language.number(words.drivers.n_draws)
    caption = words.language.say("tornado_caption", {"gain": gain, "draws": draws})
    tables = [tornado_table(driven, words), grid_table(driven, words)]
    tables.append(scenarios_table(driven, words))
    return [
        Picture(inline_svg(figure, name, gain, caption), caption),
        FoldedTables(
            words.language.say("tables_behind", {"gain": gain}),
            tuple(table for table in tables if table is not None),
        ),
    ]


def tornado_table(driven: Driven, words: Words) -> Table:
    """Tabulate what each input does at its two values."""
    say = words.language.say
    moves = {s.name: changes(s, driven) for s in driven.amounts.swings}
    largest = max((abs(m) for pair in moves.values() for m in pair), default=0.0)
    scale = words.scale([largest])
    chances = {s.name: s for s in driven.chances.swings}
    rows = []
    for swing in driven.amounts.swings:
        ends = (chances[swing.name].at_low, chances[swing.name].at_high)
        written = [words.language.probability(float(end.mean())) for end in ends]
        rows.append(
            (
                words.own[swing.name],
                words.value(swing.name, swing.low),
                words.value(swing.name, swing.high),
                *(words.change(move, largest, scale) for move in moves[swing.name]),
                " → ".join(written),
            )
        )
    chance = say("column_chance_at", {"chance": say(f"chance_{driven.gain}")})
    heads = ("column_input", "column_low", "column_high", "column_at_low", "column_at_high")
    return Table(
        title=say("table_tornado", {"gain": words.gain(driven), "unit": words.unit(scale)}),
        columns=(*(say(head) for head in heads), chance),
        rows=tuple(rows),
        note=say("note_tornado", words.stated(driven)),
    )


def grid_table(driven: Driven, words: Words) -> Table | None:
    """Tabulate the mean gain at the values of the two inputs that move it most."""
    grid = driven.grid
    if grid is None:
        return None
    (one, rows), (other, columns) = grid.first, grid.second
    means = grid.draws.mean(axis=-1)
    scale, spread = words.scale(means.ravel().tolist()), float(np.ptp(means)) * 0.02
    return Table(
        title=words.language.say(
            "table_grid", {"gain": words.gain(driven), "unit": words.unit(scale)}
        ),
        columns=(
            f"{words.own[one]} ↓, {words.own[other]} →",
            *(words.value(other, value) for value in columns),
        ),
        rows=tuple(
            (
                words.value(one, value),
                *(words.language.bare(float(mean), spread, scale) for mean in means[place]),
            )
            for place, value in enumerate(rows)
        ),
    )


def scenarios_table(driven: Driven, words: Words) -> Table:
    """Tabulate the gain under several changes together."""
    say, prob = words.language.say, words.prob
    found: dict[str, Any] = {say("as_stated"): driven.amounts.base}
    found |= {scenario_name(name, driven, words): d for name, d in driven.scenarios.items()}
    described = {name: describe_draws(draws, prob) for name, draws in found.items()}
    scale = words.scale([d[k] for d in described.values() for k in ("mean", "lower", "upper")])
    spread = described[say("as_stated")]["sd"]
    rows = []
    for name, d in described.items():
        mean, *ends = (
            words.language.bare(d[key], spread, scale) for key in ("mean", "lower", "upper")
        )
        below = words.language.probability(float((np.asarray(found[name]) < 0).mean()))
        rows.append((name[:1].upper() + name[1:], mean, words.language.span(*ends), below))
    return Table(
        title=say("table_scenarios", {"gain": words.gain(driven), "unit": words.unit(scale)}),
        columns=(
            say("column_scenario"),
            say("column_mean"),
            words.language.interval(prob),
            say("column_below"),
        ),
        rows=tuple(rows),
    )


def scenario_name(name: str, driven: Driven, words: Words) -> str:
    """Say what a scenario changes; the case's own keep their names."""
    if name not in BUILT_IN:
        return name
    widest = ", ".join(words.own[s.name] for s in driven.amounts.swings[:3])
    return words.language.say(f"scenario_{name}", {"names": widest})


BUILT_IN = ("effects_low", "effects_high", "no_effect", "widest_low", "widest_high")
