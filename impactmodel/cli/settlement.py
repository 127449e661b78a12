"""Settling a contract from files."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from impactmodel.cli.folder import replaced
from impactmodel.cli.terminal import say, say_json, show
from impactmodel.core.errors import InputError

if TYPE_CHECKING:
    import datetime as dt

    from impactmodel.contract import OutcomesContract, Results, Settlement
    from impactmodel.contract.reconcile import Difference

STATEMENT_FILES = ("statement.html", "statement.json", "statement.csv")


def settle_files(  # noqa: PLR0913  the options of a command
    contract_file: Path,
    results_file: Path | None,
    *,
    spells: Path | None,
    until: dt.date | None,
    claimed: Path | None,
    out: Path | None,
    as_json: bool,
) -> None:
    """Settle a contract on CSV files of results and of spells, and compare with the claim."""
    from impactmodel.contract import OutcomesContract, reconcile, settle
    from impactmodel.report.statement import statement_data

    contract = OutcomesContract.from_yaml(contract_file)
    settlement = settle(contract, _results(contract, results_file, spells, until))
    differences = None if claimed is None else reconcile(settlement, claimed)
    if out is not None:
        _write(settlement, differences, out)
    if as_json:
        say_json(statement_data(settlement, differences or ()))
    else:
        _tell(settlement, differences, out)


def _results(
    contract: OutcomesContract, file: Path | None, spells: Path | None, until: dt.date | None
) -> Results:
    """Read the results, and count what the contract's tariff pays of people's spells."""
    from impactmodel.contract import count_spells, read_results
    from impactmodel.contract.results import joined

    if file is None and spells is None:
        raise InputError("there is nothing to settle on", fix="give RESULTS, --spells, or both")
    if (spells is None) != (until is None):
        raise InputError(
            "spells are counted up to a day",
            key="--until" if until is None else "--spells",
            fix="give --spells CSV with --until YYYY-MM-DD, the first day that is not yet known",
        )
    if spells is None or until is None:
        assert file is not None  # noqa: S101  looked above
        return read_results(file)
    counted = count_spells(contract, spells, until)
    if counted.empty:
        raise InputError(
            "no measurement window has begun, or there are no spells", file=str(spells), seen=until
        )
    counted_results = replace(read_results(counted), file=str(spells))
    return counted_results if file is None else joined(read_results(file), counted_results)


def _tell(
    settlement: Settlement, differences: tuple[Difference, ...] | None, out: Path | None
) -> None:
    from impactmodel.report.statement import payers_table, statement_table

    show(statement_table(settlement))
    show(payers_table(settlement))
    for warning in settlement.warnings:
        say(f"Warning: {warning}.")
    if differences is not None:
        for difference in differences:
            say(f"Difference: {difference.text}.")
        if not differences:
            say("The claim agrees with the statement to the last decimal.")
    if out is not None:
        say(f"Statement: {out / 'statement.html'}")


def _write(settlement: Settlement, differences: tuple[Difference, ...] | None, out: Path) -> None:
    import csv

    from impactmodel.report.statement import statement_data, statement_page
    from impactmodel.report.summary import write_json

    data = statement_data(settlement, differences or ())
    with replaced(out, STATEMENT_FILES) as stage:
        statement_page(settlement, differences).write(stage / "statement.html")
        write_json(data, stage / "statement.json")
        with (stage / "statement.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, fieldnames=list(data["lines"][0]))
            writer.writeheader()
            writer.writerows(data["lines"])
