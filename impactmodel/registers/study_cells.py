"""A study as cells: the engine sums entries, and no row of a person leaves it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from impactmodel.core.errors import InputError
from impactmodel.core.measures import OutcomeMeasure
from impactmodel.registers.cells import cells
from impactmodel.registers.measures import Around, OfPerson, attribute_of, unit_of
from impactmodel.registers.purpose import Purpose
from impactmodel.registers.reading import CENT
from impactmodel.registers.sources import Source
from impactmodel.registers.study import Study, measured, require_arms

if TYPE_CHECKING:
    import pandas as pd
    from ibis.expr.types import Column, Table

ENTRY = "entry"
WHOLE = ("state", "days", "benefit_days")
"""Variables whose months add up to whole numbers."""


@dataclass(frozen=True, slots=True, repr=False)
class StudyCells:
    """A study computed as cells; it holds counts of people, so it is not safe to give out.

    Parameters
    ----------
    frame
        A row per arm, group and value of ``by``: what `impactmodel.evidence.Cells.from_frame`
        reads with ``treatment="treated"`` and, for a study with groups, ``group="group"``. Money
        in units of the currency.
    counts
        Entries by arm, and those left out because they could not be followed, by reason.
    purpose
        Under which the extracts were received.
    """

    frame: pd.DataFrame
    counts: pd.DataFrame
    purpose: Purpose | None = None

    def __repr__(self) -> str:
        n = self.frame.groupby("treated")["n"].sum()
        return f"StudyCells({len(self.frame)} cells of {n[1]} treated and {n[0]} in comparison)"


def study_cells(
    study: Study,
    sources: Mapping[str, Source],
    tables: Mapping[str, Table],
    outcomes: Sequence[OutcomeMeasure],
    *,
    by: Mapping[str, Sequence[float]] | None = None,
    purpose: Purpose | None = None,
) -> StudyCells:
    """Compute a study as sufficient statistics, summed where the rows are.

    The cells are those of the frame of `study_data`: sums of whole numbers and of cents are exact,
    others rounded in the order in which an engine adds. Designs that need rows need `study_data`.

    Parameters
    ----------
    study, sources, tables
        As for `study_data`.
    outcomes
        What the outcomes of the study are, by their names: an amount where money is summed.
    by
        The edges of bins that rise, by name of a covariate, whose value becomes the number of
        edges that are not above it (0 below the first). A covariate that is a count of months or
        days, or 0 or 1, may have no edges (``()``) and keeps its values; so does ``entry``: the
        month of entry, counted from the first one of the window.
    purpose
        Under which the extracts were received; the result carries it.

    Raises
    ------
    InputError
        As `study_data`; or if a name is not one of the study, edges do not rise, an outcome is of
        another unit than the study measures, or a covariate needs bins.
    """
    edges = dict(by or {})
    for name, values in edges.items():
        _require_discrete(study, name, values, sources)
    cents = [o.name for o in outcomes if _is_money(study, o, sources)]
    everybody = measured(study, sources, tables)
    keys = {"group": everybody["group"]} if study.group else {}
    keys |= {name: _key(everybody, study, name, edges[name], sources) for name in edges}
    kept = everybody["left"] == ""
    rows = everybody.select(
        "treated",
        "left",
        # Those left out are counted by reason alone.
        **{name: kept.ifelse(key, "" if name == "group" else 0) for name, key in keys.items()},
        **{o.name: _outcome(everybody, study, o.name, sources) for o in outcomes},
    )
    found = cells(rows, outcomes, by=["left", *keys], cents=cents)
    counts = found.groupby(["treated", "left"])["n"].sum().reset_index()
    frame = found[found["left"] == ""].drop(columns="left").reset_index(drop=True)
    require_arms(frame)
    return StudyCells(frame, counts, purpose)


def _outcome(rows: Table, study: Study, name: str, sources: Mapping[str, Source]) -> Column:
    """Return an outcome: whole where it is, money in cents if it is a sum, else in units."""
    measure = study.outcomes[name]
    size = unit_of(study.variables[measure.variable], sources)[1]
    if measure.how == "any" or (measure.how == "sum" and _is_whole(study, measure, sources)):
        return rows[name].cast("int64")
    return rows[name] / size


def _key(
    rows: Table,
    study: Study,
    name: str,
    edges: Sequence[float],
    sources: Mapping[str, Source],
) -> Column:
    if name == ENTRY:
        return rows["month"] - study.trials.window.months.start
    value, measure = rows[name], study.covariates[name]
    if isinstance(measure, Around) and measure.how != "any":
        value = value / unit_of(study.variables[measure.variable], sources)[1]
    if not edges:
        return value.cast("int64")
    return sum((value >= float(edge)).cast("int64") for edge in edges)


def _is_whole(study: Study, measure: Around, sources: Mapping[str, Source]) -> bool:
    """Whether a sum of this is a whole number: months, days or cents."""
    variable = study.variables[measure.variable]
    return variable.type in WHOLE or unit_of(variable, sources)[1] == CENT


def _is_money(study: Study, outcome: OutcomeMeasure, sources: Mapping[str, Source]) -> bool:
    """Return whether an outcome is summed in cents, or refuse what the study does not measure."""
    if outcome.name not in study.outcomes:
        raise InputError("the study has no such outcome", key="outcomes", seen=outcome.name)
    measure = study.outcomes[outcome.name]
    unit, size = unit_of(study.variables[measure.variable], sources)
    currency = unit if size == CENT and measure.how != "any" else ""
    if outcome.currency != currency:
        raise InputError(
            "the study measures this in another unit",
            key=f"outcomes.{outcome.name}",
            seen=outcome.unit,
            fix=f"an amount in {currency}" if currency else "not an amount",
        )
    return bool(currency) and measure.how == "sum"


def _require_discrete(
    study: Study,
    name: str,
    edges: Sequence[float],
    sources: Mapping[str, Source],
) -> None:
    """Refuse a covariate that could give every person a cell of its own."""
    if not all(low < high for low, high in pairwise((-math.inf, *edges, math.inf))):
        raise InputError("edges of bins are numbers that rise", key=f"by.{name}", seen=list(edges))
    if name == ENTRY and not edges:
        return
    if name not in study.covariates:
        raise InputError("the study has no such covariate", key="by", seen=name)
    match study.covariates[name]:
        case Around() as around:
            summed = study.variables[around.variable].type in WHOLE and around.how == "sum"
            discrete = around.how == "any" or summed
        case OfPerson() as of:
            discrete = attribute_of(of.source, of.attribute, sources).kind != "number"
        case _:
            discrete = False
    if not discrete and not edges:
        raise InputError(
            "this may have a value of its own for every person",
            key=f"by.{name}",
            fix="give the edges of its bins",
        )
