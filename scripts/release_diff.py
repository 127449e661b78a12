"""Say what changed in the pinned example households since the last release, and by which value.

``python scripts/release_diff.py`` prints the changes and exits with 1 where there are any;
``--pin`` writes the results and parameter values of now in the place of the pinned ones.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from impactmodel.fiscal.example_grid import ExampleGrid, example_grid
from impactmodel.fiscal.parameters import load_rules
from impactmodel.fiscal.release_diff import changed_values, release_diff, values_pinned

FOLDER = Path(__file__).resolve().parent.parent / "tests" / "golden" / "example_grid"


def main() -> int:
    """Print the changes, or pin."""
    rules, grid = load_rules("fi"), ExampleGrid.from_yaml(FOLDER / "grid.yaml")
    results, values = FOLDER / "results.csv", FOLDER / "values.json"
    if "--pin" in sys.argv[1:]:
        results.write_text(example_grid(rules, grid).to_csv(), encoding="utf-8")
        rows = [f"{json.dumps(n)}: {json.dumps(v)}" for n, v in values_pinned(rules).items()]
        values.write_text("{\n" + ",\n".join(rows) + "\n}\n", encoding="utf-8")
        return 0
    pinned = json.loads(values.read_text(encoding="utf-8"))
    changed = changed_values(rules, pinned)
    for name, said in changed.items():
        sys.stdout.write(f"Parameter {name}: {said}\n")
    changes = release_diff(rules, grid, results, pinned)
    for change in changes:
        sys.stdout.write(f"Line {change.sentence()}\n")
    if not changed and not changes:
        sys.stdout.write("Nothing changed since the results were pinned.\n")
    return 1 if changed or changes else 0


if __name__ == "__main__":
    sys.exit(main())
