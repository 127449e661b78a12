"""Making a contract of a public INDIGO record."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from impactmodel.cli.folder import replaced
from impactmodel.cli.terminal import say
from impactmodel.core.errors import InputError

FILES = ("contract.yaml",)


def import_project(file: Path, out: Path, *, payers: Sequence[str]) -> None:
    """Write the contract of a record into a folder and say what in the record cannot be right.

    Raises
    ------
    InputError
        If the record states too little for a contract, or a payer is not given as METRIC=NAME.
    """
    from impactmodel.contract import (
        check,
        contract_from_indigo,
        contract_yaml,
        indigo_findings,
        read_indigo,
    )

    project = read_indigo(file)
    contract = contract_from_indigo(project, payers=_by_metric(payers))
    text = contract_yaml(contract)
    with replaced(out, FILES) as folder:
        (folder / FILES[0]).write_text(text, encoding="utf-8")
    clauses, metrics = len(contract.clauses), len(project.metrics)
    say(f"{project.name or file}: {clauses} clauses of {metrics} metrics.")
    for problem in indigo_findings(project):
        say(f"Record: {problem}.")
    for note in contract.notes:
        say(f"Assumed: {note}.")
    for finding in check(contract):
        say(f"{finding.level.capitalize()}: {finding.key}: {finding.text}.")
    say(f"Contract: {out / FILES[0]}")


def _by_metric(payers: Sequence[str]) -> dict[str, str]:
    found = {}
    for given in payers:
        metric, sign, name = given.partition("=")
        if not (metric and sign and name):
            raise InputError(
                "a payer is given as METRIC=NAME", key="--payer", seen=given, fix="write m1=City"
            )
        found[metric] = name
    return found
