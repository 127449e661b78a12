"""Rewrite the list of public names in docs/api.md from the `__all__` of the package and its rooms.

What stands before the first marker and after the last is prose and stays.
"""

from __future__ import annotations

import importlib
import inspect
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "api.md"
BEGIN = "<!-- names: make api -->\n"
END = "<!-- end of names -->\n"
TITLE = "# Public names\n\nEach name's docstring says what it takes, returns and assumes.\n\n"


def sentence(value: object) -> str:
    """Return the first paragraph of what documents a value, on one line."""
    documented = inspect.ismodule(value) or inspect.isroutine(value) or inspect.isclass(value)
    text = inspect.getdoc(value) if documented else None
    first = (text or "").strip().split("\n\n")[0]
    return " ".join(first.split()).replace("|", "\\|")


def table(module_name: str, prefix: str) -> str:
    """Return the table of one module's `__all__`, in its order."""
    module = importlib.import_module(module_name)
    names = getattr(module, "__all__", [])
    rows = (f"| `{prefix}{name}` | {sentence(getattr(module, name))} |\n" for name in names)
    return "| name | what it is |\n|---|---|\n" + "".join(rows) + "\n" if names else ""


def listing() -> str:
    """Return all tables: the top level, then each room."""
    text = "## impactmodel\n\n" + table("impactmodel", "")
    for path in sorted((ROOT / "impactmodel").glob("*/__init__.py")):
        room = path.parent.name
        names = table(f"impactmodel.{room}", f"{room}.")
        text += f"## {room}\n\n{names}" if names else ""
    return text


if __name__ == "__main__":
    page = PAGE.read_text(encoding="utf-8") if PAGE.exists() else TITLE + BEGIN + END
    before, rest = page.split(BEGIN)
    PAGE.write_text(before + BEGIN + listing() + END + rest.split(END)[1], encoding="utf-8")
    print("docs/api.md lists every public name.")
