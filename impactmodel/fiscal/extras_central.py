"""Stated lines in the central scenario: a share of net income, costs of months out of work."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from impactmodel.core.central import CentralInput
from impactmodel.core.distribution import mean
from impactmodel.core.rule import Input, Named
from impactmodel.fiscal.extras import CONSUMPTION_TAX, Extras
from impactmodel.fiscal.rule_net import Net, total


def extra_totals(
    net: Net,
    extras: Extras,
    names: Sequence[str],
    idle: Mapping[str, tuple[int, int]],
    reads: dict[str, str],
) -> list[Named]:
    """Return the stated lines by payer and year, named ``line|payer|year``.

    Parameters
    ----------
    names
        The totals of the rules' lines, named in the same way.
    idle
        For each case its year and its months out of work.
    reads
        What the totals read; what these lines read is added.
    """
    found: list[Named] = []
    years = sorted({year for year, _ in idle.values()})
    if extras.taxes_consumption:
        label = "share of extra net income that is tax on consumption"
        share = mean(extras.consumption_tax)
        reads[CONSUMPTION_TAX] = _stated(net, CONSUMPTION_TAX, label, "share", share)
        for year in years:
            income = [Input(name) for name in names if name.endswith(f"|participant|{year}")]
            paid = Input(CONSUMPTION_TAX) * total(income)
            found.append(Named(f"{CONSUMPTION_TAX}|state|{year}", paid))
            found.append(Named(f"{CONSUMPTION_TAX}|participant|{year}", paid * -1.0))
    for service in extras.services:
        key, label = f"service|{service.line}", f"{service.line}, a month out of work"
        reads[key] = _stated(net, key, label, "EUR/month", mean(service.per_month))
        for year in years:
            mine = {case: months for case, (at, months) in idle.items() if at == year}
            reads |= {f"people/{case}": f"people/{case}" for case in mine}
            more = [Input(f"people/{case}") * float(months) for case, months in mine.items()]
            saved = Input(key) * total(more) * -1.0
            found.append(Named(f"{service.line}|{service.payer}|{year}", saved))
    return found


def _stated(net: Net, key: str, label: str, unit: str, value: float) -> str:
    net.inputs[key] = CentralInput(label, unit, float(value), "stated assumption")
    return key
