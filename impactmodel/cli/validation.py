"""Validating public savings: sheets of others, cases of households, parameters, example grids."""

from __future__ import annotations

import csv
import datetime as dt
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from impactmodel.cli.folder import replaced
from impactmodel.cli.terminal import say, say_json, show
from impactmodel.core.errors import InputError

if TYPE_CHECKING:
    from impactmodel.fiscal import Bridge
    from impactmodel.fiscal.parameters import Rules

BRIDGE_FILES = ("bridge.html", "bridge.csv")


def reconcile_files(
    case_file: Path,
    sheet: Path,
    *,
    stated: Path | None,
    tolerance: float,
    out: Path | None,
    as_json: bool,
) -> None:
    """Run a case and explain how a sheet of savings differs from its public side."""
    from impactmodel.case import Case
    from impactmodel.fiscal import RuleSide, reconcile_savings
    from impactmodel.fiscal.claimed_sheet import ClaimedSheet, SheetStatement
    from impactmodel.report.bridge import bridge_data, bridge_table
    from impactmodel.running import run_case

    claim = ClaimedSheet.read(sheet)
    states = None if stated is None else SheetStatement.from_yaml(stated)
    case = Case.from_yaml(case_file)
    if not isinstance(case.public, RuleSide):
        raise InputError(
            "a sheet is reconciled with savings by rules",
            file=str(case_file),
            key="public",
            fix="give a public side of type rules",
        )
    outcomes = run_case(case).outcomes
    seed = case.settings.seed
    bridge = reconcile_savings(
        outcomes, case.public, claim, stated=states, tolerance=tolerance, seed=seed
    )
    if out is not None:
        _write_bridge(bridge, case.settings.name, out)
    if as_json:
        say_json(bridge_data(bridge))
        return
    show(bridge_table(bridge))
    for note in bridge.notes:
        say(f"Note: {note}.")
    if out is not None:
        say(f"Bridge: {out / BRIDGE_FILES[0]}")


def _write_bridge(bridge: Bridge, title: str, out: Path) -> None:
    from impactmodel.report.bridge import bridge_data, bridge_page

    with replaced(out, BRIDGE_FILES) as stage:
        bridge_page(bridge, title).write(stage / BRIDGE_FILES[0])
        with (stage / BRIDGE_FILES[1]).open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, fieldnames=["cause", "text", "amount"])
            writer.writeheader()
            writer.writerows(bridge_data(bridge)["steps"])


def run_case_file(file: Path, *, as_json: bool) -> bool:
    """Run the cases of a file, say how each went, and return whether all agree."""
    from impactmodel.fiscal.person_cases import PersonCases, failed, run_cases

    cases = PersonCases.from_yaml(file)
    try:
        outcomes = run_cases(cases)
    except InputError as error:
        raise error.located(file=str(file)) from None
    wrong = failed(outcomes)
    if as_json:
        rows = [
            {"case": o.case, **asdict(o.expected), "found": o.found, "passed": o.passed}
            for o in outcomes
        ]
        say_json({"passed": not wrong, "amounts": rows})
        return not wrong
    for outcome in outcomes:
        say(outcome.sentence())
    if cases.reform is not None:
        say(f"Computed with the reform “{cases.reform.name}”.")
    say(f"{len(outcomes) - wrong} of {len(outcomes)} amounts of {len(cases.cases)} cases agree.")
    return not wrong


def check_country(country: str, on: str, reform: Path | None, *, as_json: bool) -> bool:
    """Check the parameters of a country and return whether none is in error."""
    from impactmodel.fiscal.parameter_checks import check_parameters

    try:
        day = dt.date.fromisoformat(on) if on else dt.datetime.now(dt.UTC).date()
    except ValueError:
        raise InputError("this is no day", key="--on", seen=on, fix="write YYYY-MM-DD") from None
    checks = check_parameters(_rules(country, reform), day)
    good = all(check.verdict != "failed" for check in checks)
    if as_json:
        rows = [{**asdict(check), "verdict": check.verdict} for check in checks]
        say_json({"on": str(day), "passed": good, "checks": rows})
        return good
    for check in checks:
        say(f"{check.verdict.capitalize()}: {check.name}.")
        for finding in check.findings:
            say(f"  {finding}")
    return good


def write_grid(grid: Path, reform: Path | None) -> None:
    """Write the results of a grid, and on the error stream what limits them."""
    from impactmodel.fiscal.example_grid import ExampleGrid, example_grid

    found = example_grid(_rules("fi", reform), ExampleGrid.from_yaml(grid))
    sys.stdout.write(found.to_csv())
    for sentence in found.unverified:
        sys.stderr.write(f"To verify: {sentence}\n")


def _rules(country: str, reform: Path | None) -> Rules:
    from impactmodel.fiscal import Reform, load_rules

    rules = load_rules(country)
    if reform is None:
        return rules
    try:
        return rules.reformed(Reform.from_yaml(reform))
    except InputError as error:
        raise error.located(file=str(reform)) from None
