"""The sheet Sources: every source once, what it is used for and whether somebody verified it."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from impactmodel.fiscal.rule_explainer import RuleExplainer
from impactmodel.report.workbook_sheet import Cell, Sheet

if TYPE_CHECKING:
    from impactmodel.report.workbook_material import Material

UNVERIFIED = "UNVERIFIED"
_MOST_NAMED = 6
_STATED = {
    "",
    "a month out of work",
    "assumption",
    "evidence",
    "fade-out",
    "outcomes and histories",
    "profile",
    "stated",
}
_RATE = re.compile(r"-?[\d.e-]+ a year\b")
_VALUE = re.compile(r"-?[\d.e+-]+(?: on average)? per unit of .*? \((.*)\)", re.DOTALL)


@dataclass(slots=True)
class _Use:
    """Uses of a source: what for, on which sheet, and how many are verified."""

    what: list[str] = field(default_factory=list)
    sheets: list[str] = field(default_factory=list)
    verified: list[bool | None] = field(default_factory=list)

    def add(self, what: str, sheet: str, verified: bool | None) -> None:
        if what not in self.what:
            self.what.append(what)
        if sheet not in self.sheets:
            self.sheets.append(sheet)
        self.verified.append(verified)

    def named(self) -> str:
        """Say what it is used for."""
        more = len(self.what) - _MOST_NAMED
        listed = "; ".join(self.what[:_MOST_NAMED])
        return listed if more <= 0 else f"{listed}; and {more} more, each on {self.sheets[0]}"

    def standing(self) -> str:
        """Say whether it is verified."""
        known = [one for one in self.verified if one is not None]
        good = sum(known)
        if not known:
            return "as stated"
        if good == len(known):
            return "verified"
        return UNVERIFIED if not good else f"{good} verified, {len(known) - good} {UNVERIFIED}"


def write_sources(sheet: Sheet, material: Material) -> None:
    """Write the sheet."""
    sheet.set_up(
        "Sources",
        f"{material.title}. Every source once, what it is used for, and whether its value was "
        "found where it says.",
        (78, 62, 24, 26),
    )
    sheet.header("Source", "Used for", "On sheet", "Verified", words=range(4))
    sheet.page.freeze_panes(sheet.row, 0)
    for source, use in _uses(material).items():
        standing = use.standing()
        mark = "mark" if UNVERIFIED in standing else "text"
        cells = (source, use.named(), ", ".join(use.sheets))
        sheet.add(*(Cell(text, "text") for text in cells), Cell(standing, mark))
    _record(sheet, material)


def _uses(material: Material) -> dict[str, _Use]:
    found: dict[str, _Use] = {}
    outcomes = material.result.outcomes if material.result else None
    about = outcomes.provenance if outcomes else None
    if about is None and material.savings is not None:
        about = material.savings.provenance
    if about is not None and about.source:
        weak = any(s.startswith("not verified") and about.source in s for s in about.assumptions)
        use = found.setdefault(about.source, _Use())
        use.add("the evidence: people and outcomes", "Assumptions", False if weak else None)
    known = set(found)
    stated = _Use()
    for one in material.joined.inputs.values():
        if one.source in known:
            continue
        source = _cited(one.source)
        if not source:
            stated.add(one.label, "Assumptions", None)
            continue
        unverified = False if UNVERIFIED in source else None
        found.setdefault(source, _Use()).add(one.label, "Assumptions", unverified)
    if stated.what:
        found["Stated in the case itself: no source outside it"] = stated
    for key, parameter in material.joined.parameters.items():
        title = _title(material, key) or parameter.source
        found.setdefault(title, _Use()).add(parameter.label, "Parameters", parameter.verified)
    return found


def _cited(source: str) -> str:
    """Return the source behind an input, without its value; nothing where the case states it.

    Examples
    --------
    >>> _cited("0.128 per unit of re78 (Hendren (2020); estimated, UNVERIFIED)")
    'Hendren (2020); estimated, UNVERIFIED'
    >>> _cited("0.035 a year")
    ''
    """
    if source in _STATED or _RATE.match(source):
        return ""
    value = _VALUE.fullmatch(source)
    return value[1] if value else source


def _title(material: Material, key: str) -> str:
    """Return the title of a dated parameter's source; nothing for other parameters."""
    savings = material.savings
    if savings is None or not isinstance(savings.explainer, RuleExplainer):
        return ""
    rules = savings.explainer.months.rules
    name, _, day = key.removeprefix("savings:").rpartition("|")
    if name not in rules.parameters:
        return ""
    # Rules as signed may hold two values of one day: the one that they find is the one in use.
    since = max(dt.date.fromisoformat(day), rules.covered[name][0])
    value = rules.find(name, since).value
    source = rules.sources[value.source]
    return f"{source.title} ({source.url})" if source.url else source.title


def _record(sheet: Sheet, material: Material) -> None:
    if material.result is None:
        return
    record = material.result.record
    sheet.section("The run")
    packages = ", ".join(f"{name} {version}" for name, version in record.versions.items())
    sheet.add(Cell(f"Seed {record.seed}; started {record.started}", "text"), Cell(packages, "text"))
    for name, digest in record.inputs.items():
        sheet.add(Cell(f"Input file {name}", "text"), Cell(f"SHA-256 {digest}", "text"))
