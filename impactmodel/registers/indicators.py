"""Official employment indicators from counts: formulas, each with the definition of its result."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from impactmodel.core.errors import InputError
from impactmodel.registers.definitions import Definition, Unit, require_one_statistic
from impactmodel.registers.statfin import IndicatorSeries

if TYPE_CHECKING:
    import pandas as pd


def activation_rate(
    services: IndicatorSeries, unemployed: IndicatorSeries, laid_off: IndicatorSeries | None = None
) -> IndicatorSeries:
    """Return 100 · services / (unemployed + services), in percent.

    With ``laid_off``, the fully laid off are taken out of the unemployed. The rate rises also when
    unemployment falls: see `decompose`.

    Raises
    ------
    InputError
        If the inputs are not counts of one statistic and population, or areas differ.
    """
    s, u = _aligned({"services": services, "unemployed": _out_of_work(unemployed, laid_off)})
    return _made(
        "activation_rate",
        f"people in services of them and the unemployed{_without(laid_off)}",
        100 * s / _not_zero(u + s),
        (services, unemployed),
    )


def unemployment_rate(
    unemployed: IndicatorSeries,
    labour_force: IndicatorSeries,
    laid_off: IndicatorSeries | None = None,
) -> IndicatorSeries:
    """Return 100 · unemployed jobseekers / register labour force, in percent.

    The register rate: the labour force is about two years old, changes in January and is revised,
    so a published rate belongs to the vintage of that day. The Labour Force Survey's rate is
    another quantity and is refused here.

    Raises
    ------
    InputError
        As `activation_rate`.
    """
    out = _out_of_work(unemployed, laid_off)
    u, force = _aligned({"unemployed": out, "labour_force": labour_force})
    return _made(
        "unemployment_rate_ess",
        f"unemployed jobseekers{_without(laid_off)} of the register labour force",
        100 * u / _not_zero(force),
        (unemployed, labour_force),
    )


def services_per_unemployed(
    services: IndicatorSeries, unemployed: IndicatorSeries, laid_off: IndicatorSeries | None = None
) -> IndicatorSeries:
    """Return services / unemployed; with activation a (0 to 1) it is a / (1 - a)."""
    s, u = _aligned({"services": services, "unemployed": _out_of_work(unemployed, laid_off)})
    text = f"people in services per unemployed jobseeker{_without(laid_off)}"
    return _made(
        "services_per_unemployed", text, s / _not_zero(u), (services, unemployed), unit="ratio"
    )


def unemployed_and_in_services(
    services: IndicatorSeries, unemployed: IndicatorSeries, laid_off: IndicatorSeries | None = None
) -> IndicatorSeries:
    """Return unemployed + in services: who is out of the open labour market either way.

    Activation can rise and unemployment fall while this does not: read it beside them.
    """
    s, u = _aligned({"services": services, "unemployed": _out_of_work(unemployed, laid_off)})
    text = f"unemployed jobseekers{_without(laid_off)} and people in services"
    return _made("unemployed_and_in_services", text, s + u, (services, unemployed), unit="persons")


def long_term_share(
    long_term: IndicatorSeries, unemployed: IndicatorSeries, laid_off: IndicatorSeries | None = None
) -> IndicatorSeries:
    """Return 100 · unemployed over a year / unemployed jobseekers, in percent.

    With ``laid_off`` only the denominator changes: the published long-term count is not given
    without the laid off, so the share is then an upper limit.
    """
    part, u = _aligned({"long_term": long_term, "unemployed": _out_of_work(unemployed, laid_off)})
    text = f"unemployed over a year of unemployed jobseekers{_without(laid_off)}"
    return _made("long_term_share", text, 100 * part / _not_zero(u), (long_term, unemployed))


def indicator_table(series: dict[str, IndicatorSeries], area: str) -> pd.DataFrame:
    """Return all indicators that the counts allow for an area, a row per month.

    Parameters
    ----------
    series
        Counts as `read_series` names them; ``services_total`` and ``unemployed_jobseekers`` are
        needed, ``laid_off_full_time``, ``labour_force_denominator`` and
        ``unemployed_longterm_1y`` add columns.
    area
        One of their areas.
    """
    import pandas as pd

    for name in ("services_total", "unemployed_jobseekers"):
        if name not in series:
            raise InputError("the indicators need this series", key=name, fix="read it")
    s, u = series["services_total"], series["unemployed_jobseekers"]
    off = series.get("laid_off_full_time")
    found = {
        "unemployed": u,
        "in_services": s,
        "unemployed_and_in_services": unemployed_and_in_services(s, u),
        "services_per_unemployed": services_per_unemployed(s, u),
        "activation_rate": activation_rate(s, u),
    }
    if off is not None:
        found["activation_rate_without_laid_off"] = activation_rate(s, u, off)
    if "labour_force_denominator" in series:
        force = series["labour_force_denominator"]
        found["unemployment_rate"] = unemployment_rate(u, force)
        if off is not None:
            found["unemployment_rate_without_laid_off"] = unemployment_rate(u, force, off)
    if "unemployed_longterm_1y" in series:
        found["long_term_share"] = long_term_share(series["unemployed_longterm_1y"], u)
    return pd.DataFrame({name: item.of(area) for name, item in found.items()})


def _without(laid_off: IndicatorSeries | None) -> str:
    return "" if laid_off is None else " without the fully laid off"


def _out_of_work(unemployed: IndicatorSeries, laid_off: IndicatorSeries | None) -> IndicatorSeries:
    if laid_off is None:
        return unemployed
    u, off = _aligned({"unemployed": unemployed, "laid_off": laid_off})
    for area, month, count in laid_off.cells():
        if count > u[area].get(month, count):
            raise InputError(
                "more people are laid off than are unemployed",
                key=f"laid_off.{area}.{month}",
                seen=count,
                fix="the laid off are a part of the unemployed",
            )
    return replace(unemployed, values=u - off)


def _aligned(inputs: dict[str, IndicatorSeries]) -> list[pd.DataFrame]:
    """Return counts over one set of months and areas; a month that one lacks is missing."""
    require_one_statistic({role: item.definition for role, item in inputs.items()})
    items = list(inputs.values())
    for role, item in inputs.items():
        if item.definition.unit != "persons":
            raise InputError(
                "a rate is made of counts of persons", key=role, seen=item.definition.name
            )
        if set(item.values.columns) != set(items[0].values.columns):
            raise InputError(
                "the series have other areas",
                key=role,
                seen=", ".join(map(str, item.values.columns)),
                fix=f"give {', '.join(map(str, items[0].values.columns))}",
            )
    months = items[0].values.index
    for item in items[1:]:
        months = months.union(item.values.index)
    return [item.values.reindex(index=months, columns=items[0].values.columns) for item in items]


def _not_zero(denominator: pd.DataFrame) -> pd.DataFrame:
    """Return a denominator, missing where it is zero: there is no rate of nobody."""
    return denominator.where(denominator != 0)


def _made(
    name: str,
    text: str,
    values: pd.DataFrame,
    of: tuple[IndicatorSeries, ...],
    unit: Unit = "percent",
) -> IndicatorSeries:
    first = of[0].definition
    definition = Definition(name, text, unit, first.statistic, first.population)
    sources = "; ".join(dict.fromkeys(item.source for item in of))
    # The oldest vintage is the one that limits what the result can know.
    return IndicatorSeries(definition, values, sources, min(item.extracted for item in of))
