"""Tables of an audit by group."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from impactmodel.report.blocks import Tabled
from impactmodel.report.numbers import NOT_DEFINED, number, percent
from impactmodel.report.tables import Table

if TYPE_CHECKING:
    from impactmodel.clients.fairness import Audit, Measured

HIDDEN = "hidden"
TITLES = {
    "base_rate": "Reached the target",
    "flagged": "Called high risk",
    "false_high": "Wrongly high risk",
    "false_low": "Wrongly low risk",
    "bias": "Mean chance less outcome",
    "slope": "Calibration slope",
}


def rate(value: float) -> str:
    """Write a share as per cent with a decimal."""
    return percent(value, 1)


def points(value: float) -> str:
    """Write a difference of shares in percentage points."""
    return number(value * 100, 1)


def two_decimals(value: float) -> str:
    """Write a number with two decimals."""
    return number(value, 2)


_WRITERS: dict[str, Callable[[float], str]] = {"bias": points, "slope": two_decimals}


def labelled(audit: Audit) -> list[tuple[str, bool]]:
    """Return the label of each group of an audit, and whether it is hidden."""
    found = []
    for key, hide in zip(audit.keys, audit.hidden, strict=True):
        words = [label for label in key if label != "Total"]
        found.append((" × ".join(words) or "Total", bool(hide)))
    return found


def audit_table(audit: Audit) -> Tabled:
    """Tabulate every measure of an audit by group, with intervals."""
    rows = []
    for i, (label, hide) in enumerate(labelled(audit)):
        if not hide:
            cells = [_with_interval(name, audit.measures[name], i) for name in TITLES]
            rows.append((label, number(int(audit.people[i])), *cells))
    note = (
        f"High risk: a chance below {percent(audit.threshold)}. {percent(audit.prob)} intervals: "
        "Jeffreys for shares, normal for bias (percentage points) and slope."
    ) + _left_out(int(audit.hidden.sum()))
    title = f"By {', '.join(audit.attributes)}"
    return Tabled(Table(title, ("Group", "People", *TITLES.values()), tuple(rows), note))


def beside_table(audits: Mapping[str, Audit]) -> Tabled:
    """Set models of the same people side by side: flags and errors by group.

    Parameters
    ----------
    audits
        By name of the model, with the same groups and threshold.
    """
    first = next(iter(audits.values()))
    rows = []
    shown = ~np.all([one.hidden for one in audits.values()], axis=0)
    for i, (label, _) in enumerate(labelled(first)):
        for name in ("flagged", "false_high", "false_low") if shown[i] else ():
            cells = [
                HIDDEN if one.hidden[i] else rate(float(one.measures[name].value[i]))
                for one in audits.values()
            ]
            rows.append((f"{label}: {TITLES[name].lower()}", *cells))
    rows.append(("Area under the ROC curve", *(number(one.auc, 3) for one in audits.values())))
    note = _left_out(int((~shown).sum())).strip()
    title = "The same people, the same threshold"
    return Tabled(Table(title, ("Measure", *audits), tuple(rows), note))


def _left_out(groups: int) -> str:
    if not groups:
        return ""
    said = "groups are not shown: they, or those they could be worked out from, are small."
    return f" {groups} {said}"


def _with_interval(name: str, measured: Measured, i: int) -> str:
    value, low, high = (float(v[i]) for v in (measured.value, measured.lower, measured.upper))
    if np.isnan(value):
        return NOT_DEFINED
    write = _WRITERS.get(name, rate)
    return f"{write(value)} ({write(low)} to {write(high)})"
