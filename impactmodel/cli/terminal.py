"""What is shown on a terminal: progress on the error stream, results on the output stream."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from impactmodel.report.tables import Table

type Progress = Callable[[str, float], None]


def say(text: str) -> None:
    """Write a line to the output stream."""
    sys.stdout.write(text + "\n")


def say_json(value: Any) -> None:
    """Write a value as strict JSON to the output stream."""
    say(json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False))


def show(table: Table) -> None:
    """Write a table to the output stream, as wide as the terminal allows."""
    from rich import box
    from rich.console import Console
    from rich.table import Table as RichTable
    from rich.text import Text

    shown = RichTable(
        title=Text(table.title, style="bold"), title_justify="left", box=box.SIMPLE_HEAD
    )
    for index, column in enumerate(table.columns):
        shown.add_column(Text(column), justify="left" if index in table.words else "right")
    for row in table.rows:
        shown.add_row(*(Text(cell) for cell in row))
    console = Console(file=sys.stdout, highlight=False, emoji=False, markup=False)
    console.print(shown)
    if table.note:
        console.print(Text(table.note, style="dim"))


@contextmanager
def progress(title: str, *, quiet: bool) -> Iterator[Progress]:
    """Give a function that shows how far a run is: its step in words and the share done.

    On a terminal that is a bar; elsewhere one line for each new step. Nothing with ``quiet``.
    """
    if quiet:
        yield lambda _step, _share: None
    elif sys.stderr.isatty():
        with _bar(title) as report:
            yield report
    else:
        yield _lines(title)


def _lines(title: str) -> Progress:
    seen: list[str] = []

    def report(step: str, share: float) -> None:
        if step not in seen:
            seen.append(step)
            sys.stderr.write(f"{title}: {step} ({share * 100:.0f} %)\n")
            sys.stderr.flush()

    return report


@contextmanager
def _bar(title: str) -> Iterator[Progress]:
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as RichProgress

    columns = (
        TextColumn("{task.fields[title]}", markup=False),
        BarColumn(bar_width=24),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeElapsedColumn(),
        TextColumn("{task.description}", markup=False),
    )
    console = Console(stderr=True, highlight=False)
    with RichProgress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("starting", total=1.0, title=title)

        def report(step: str, share: float) -> None:
            bar.update(task, description=step, completed=share)

        yield report
