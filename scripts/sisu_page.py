"""Count how far the library agrees with SISU, by result and year, in docs/fiscal_parameters.md.

Without an argument the tables of the page are rewritten from the grids in tests/golden/sisu. With a
folder of grids that have the same columns (``*_grid_*.csv``) the tables of these are printed, and
then every difference without a name. Run it in the root of the repository with ``PYTHONPATH=.``.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from tests.sisu import Grid
from tests.sisu_households import grids

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "fiscal_parameters.md"
BEGIN = "<!-- agreement: make agreement -->\n"
END = "<!-- end of agreement -->\n"


def shares(grid: Grid, column: str) -> pd.DataFrame:
    """Return by year: cases compared, those apart without a name, those apart by name."""
    apart, named = grid.apart(column), grid.named_rows(column)
    counted = pd.DataFrame(
        {"cases": ~(apart & named), "off": apart & ~named, "named": apart & named}
    )
    return counted.groupby(grid.rows["year"]).sum()


def cell(year: pd.Series) -> str:
    """Return the share of cases that agree, and how many are apart by name."""
    share = 1.0 - year["off"] / year["cases"] if year["cases"] else 0.0
    text = "100" if not year["off"] else f"{min(100 * share, 99.99):.2f}"
    return f"{text} ({year['named']})" if year["named"] else text


def table(grid: Grid) -> str:
    """Return the table of one grid: a row per result, a column per year."""
    years = sorted(grid.rows["year"].unique())
    counts = grid.rows["year"].value_counts()
    head = " | ".join(str(year) for year in years)
    rule = "---|" * (len(years) + 1)
    cases = " | ".join(f"{counts[year]:,}" for year in years)
    text = f"**{grid.title[0].upper()}{grid.title[1:]}**\n\n| result | {head} |\n|{rule}\n"
    text += f"| cases | {cases} |\n"
    for column, result in grid.lines.items():
        found = shares(grid, column)
        name = result.removesuffix("_eur_month").removesuffix("_eur_year")
        text += f"| `{name}` | {' | '.join(cell(found.loc[year]) for year in years)} |\n"
    return text + "\n"


def summary(found: Iterable[Grid]) -> str:
    """Return one sentence on all grids: cases, results compared, shares."""
    cases = compared = off = named = 0
    for grid in found:
        cases += len(grid.rows)
        for column in grid.lines:
            apart, known = grid.apart(column), grid.named_rows(column)
            compared += len(grid.rows)
            off, named = off + (apart & ~known).sum(), named + (apart & known).sum()
    agree = compared - off - named
    return (
        f"{cases:,} cases, {compared:,} results compared: {agree:,} agree within 0.01 €, "
        f"{named:,} are apart by name, {off:,} without one.\n\n"
    )


def unexplained(found: Iterable[Grid]) -> str:
    """Return every difference without a name: the row and the library's result."""
    text = ""
    for grid in found:
        for column, result in grid.lines.items():
            rest = grid.unexplained(column)
            if len(rest):
                ours = grid.ours.loc[rest.index, result].rename("library")
                text += f"{grid.title}, {column}:\n{rest.join(ours).to_string()}\n"
    return text


def main() -> None:
    """Rewrite the page, or print the tables of another folder of grids."""
    if len(sys.argv) > 1:
        found = grids(Path(sys.argv[1]))
        print(summary(found) + "".join(map(table, found)) + unexplained(found))
        return
    before, rest = PAGE.read_text(encoding="utf-8").split(BEGIN)
    PAGE.write_text(before + BEGIN + listing() + END + rest.split(END)[1], encoding="utf-8")
    print("docs/fiscal_parameters.md counts every grid.")


def listing() -> str:
    """Return what stands between the markers of the page."""
    found = grids()
    return summary(found) + "".join(map(table, found))


if __name__ == "__main__":
    main()
