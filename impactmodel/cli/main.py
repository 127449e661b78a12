"""The `impactmodel` command."""

from __future__ import annotations

import gc
import signal
import sys
import threading
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer

from impactmodel.cli.faults import INTERRUPTED, tell

CaseFile = Annotated[Path, typer.Argument(metavar="CASE", help="A case: a YAML file.")]
AsJson = Annotated[bool, typer.Option("--json", help="Write JSON to the output stream.")]
Quiet = Annotated[bool, typer.Option("--quiet", help="Show no progress.")]

app = typer.Typer(
    name="impactmodel",
    help="From evidence on employment programmes to outcome payments, investor returns and "
    "public savings.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        sys.stdout.write(f"impactmodel {version('impactmodel')}\n")
        raise typer.Exit


@app.callback()
def _common(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Say the version."),
    ] = False,
) -> None:
    del version


@app.command()
def run(
    case: CaseFile,
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder of the results.")],
    seed: Annotated[
        int | None, typer.Option("--seed", min=0, help="Another seed than the case's.")
    ] = None,
    language: Annotated[
        str | None, typer.Option("--language", metavar="CODE", help="Of the report: en or fi.")
    ] = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Run a case: effects, payments, returns, savings, and a report of them.

    Writes report.html, workbook.xlsx, summary.json, outcomes.nc and run.json into DIR: all of them
    or none.
    """
    from impactmodel.cli.run import run_to_folder, show_result

    result = run_to_folder(case, out, seed=seed, quiet=quiet, language=language)
    show_result(result, out, as_json=as_json)


@app.command()
def settle(  # noqa: PLR0913, PLR0917  the options of a command
    contract: Annotated[Path, typer.Argument(metavar="CONTRACT", help="A contract: YAML.")],
    results: Annotated[
        Path | None, typer.Argument(metavar="RESULTS", help="Realised results: CSV.")
    ] = None,
    spells: Annotated[
        Path | None,
        typer.Option(
            "--spells",
            metavar="CSV",
            help="Spells of people, for a tariff per day or month.",
        ),
    ] = None,
    until: Annotated[
        datetime | None,
        typer.Option(
            "--until",
            metavar="DATE",
            formats=["%Y-%m-%d"],
            help="With --spells: the first day that is not yet known.",
        ),
    ] = None,
    claimed: Annotated[
        Path | None, typer.Option("--claimed", metavar="CSV", help="Claimed amounts, to compare.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Folder for the statement.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Settle a contract on realised results, spells or both, with the trail of every step."""
    from impactmodel.cli.settlement import settle_files

    settle_files(
        contract,
        results,
        spells=spells,
        until=None if until is None else until.date(),
        claimed=claimed,
        out=out,
        as_json=as_json,
    )


@app.command()
def check(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A YAML or netCDF file.")],
    as_json: AsJson = False,
) -> None:
    """Check a file of any kind (an INDIGO project too), and list what is found.

    The exit code is 0 where nothing is in error and 2 where something is.
    """
    from impactmodel.cli.check import check_file

    if not check_file(file, as_json=as_json):
        raise typer.Exit(2)


@app.command()
def reconcile(
    case: CaseFile,
    sheet: Annotated[
        Path,
        typer.Argument(metavar="SHEET", help="CSV or Excel: payer, line, year, amount."),
    ],
    stated: Annotated[
        Path | None,
        typer.Option("--stated", metavar="YAML", help="What the sheet says of itself: values, ..."),
    ] = None,
    tolerance: Annotated[
        float, typer.Option("--tolerance", help="Amounts that differ by no more agree.")
    ] = 0.5,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Folder for the bridge.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Explain the difference between a third party's sheet of savings and those of a case.

    The bridge from their total to ours names each cause (vintage, scope, timing, method) that a
    computation of ours confirms, and what is left unexplained.
    """
    from impactmodel.cli.validation import reconcile_files

    reconcile_files(case, sheet, stated=stated, tolerance=tolerance, out=out, as_json=as_json)


@app.command("run-cases")
def run_cases_command(
    file: Annotated[Path, typer.Argument(metavar="CASES", help="Households and amounts: YAML.")],
    as_json: AsJson = False,
) -> None:
    """Run households through the fiscal rules and compare them with expected amounts.

    The exit code is 0 where all agree and 1 where some do not.
    """
    from impactmodel.cli.validation import run_case_file

    if not run_case_file(file, as_json=as_json):
        raise typer.Exit(1)


@app.command("check-parameters")
def check_parameters_command(
    country: Annotated[str, typer.Option("--country", help="Whose rules.")] = "fi",
    on: Annotated[
        str, typer.Option("--on", metavar="DAY", help="Day of use, YYYY-MM-DD; today by default.")
    ] = "",
    reform: Annotated[
        Path | None, typer.Option("--reform", metavar="YAML", help="A reform laid over the rules.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check the dated parameters: sources, gaps, duplicates, stale values, values to verify.

    The exit code is 0 where nothing is in error and 1 where something is.
    """
    from impactmodel.cli.validation import check_country

    if not check_country(country, on, reform, as_json=as_json):
        raise typer.Exit(1)


@app.command("example-grid")
def example_grid_command(
    grid: Annotated[Path, typer.Argument(metavar="GRID", help="Wages, households, years: YAML.")],
    reform: Annotated[
        Path | None, typer.Option("--reform", metavar="YAML", help="A reform laid over the rules.")
    ] = None,
) -> None:
    """Write a grid of example households as CSV, to lay another model's results beside."""
    from impactmodel.cli.validation import write_grid

    write_grid(grid, reform)


@app.command()
def indigo(
    file: Annotated[Path, typer.Argument(metavar="PROJECT", help="An INDIGO project: JSON.")],
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder of contract.yaml.")],
    payer: Annotated[
        list[str] | None,
        typer.Option("--payer", metavar="METRIC=NAME", help="Who pays a metric; may be repeated."),
    ] = None,
) -> None:
    """Make a contract of a public INDIGO record, and list what in the record cannot be right."""
    from impactmodel.cli.indigo import import_project

    import_project(file, out, payers=payer or [])


@app.command()
def demo(
    out: Annotated[
        Path, typer.Option("--out", metavar="DIR", help="Folder of the results.")
    ] = Path("out/demo"),
    quiet: Quiet = False,
) -> None:
    """Run the example cases and say where to look."""
    from impactmodel.cli.demo import run_examples

    run_examples(out, quiet=quiet)


@app.command()
def schema(
    kind: Annotated[str, typer.Argument(metavar="KIND", help="case, contract, fund or evidence.")],
) -> None:
    """Write the JSON Schema of a kind of file, for editors that check YAML as it is typed."""
    from impactmodel.cli.kinds import schema_of
    from impactmodel.cli.terminal import say_json

    say_json(schema_of(kind))


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command and exit: 0 where it succeeded, 2 for a fault of an input.

    Parameters
    ----------
    arguments
        In place of those of the process.
    """
    # Importing leaves many objects that stay: look through them for cycles less often.
    gc.set_threshold(10_000)
    sys.exit(status(arguments))


def status(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code; see `main`."""
    _write_utf8()
    try:
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, _terminated)
        command = typer.main.get_command(app)
        arguments = None if arguments is None else list(arguments)
        code = command.main(arguments, prog_name="impactmodel", standalone_mode=False)
        sys.stdout.flush()
    except (KeyboardInterrupt, typer.Abort):
        code = INTERRUPTED
    except BrokenPipeError:
        # The reader of our output has closed it: `impactmodel ... | head`.
        sys.stdout = None
        return 0
    except Exception as error:
        return tell(error)
    if code == INTERRUPTED:
        sys.stderr.write("impactmodel: stopped; nothing was written.\n")
    return code if isinstance(code, int) else 0


def _terminated(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _write_utf8() -> None:
    """Write UTF-8 also where the system's own encoding lacks signs that reports use."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(encoding="utf-8", errors="replace")
