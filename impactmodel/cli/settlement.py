"""Settling a contract from files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from impactmodel.cli.folder import replaced
from impactmodel.cli.terminal import say, say_json, show

if TYPE_CHECKING:
    from impactmodel.contract import Settlement
    from impactmodel.contract.reconcile import Difference

STATEMENT_FILES = ("statement.html", "statement.json", "statement.csv")


def settle_files(
    contract_file: Path,
    results_file: Path,
    *,
    claimed: Path | None,
    out: Path | None,
    as_json: bool,
) -> None:
    """Settle a contract on a CSV file of results, and compare with what was claimed."""
    from impactmodel.contract import OutcomesContract, reconcile, settle
    from impactmodel.report.statement import statement_data

    contract = OutcomesContract.from_yaml(contract_file)
    settlement = settle(contract, results_file)
    differences = None if claimed is None else reconcile(settlement, claimed)
    if out is not None:
        _write(settlement, differences, out)
    if as_json:
        say_json(statement_data(settlement, differences or ()))
    else:
        _tell(settlement, differences, out)


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
