"""Import cycles, the package root, and how light `import impactmodel` is.

The arrows between rooms and who may import a sampler are import-linter contracts (pyproject.toml).
"""

from __future__ import annotations

import graphlib
import statistics
import subprocess
import sys
import time

import grimp
import pytest

HEAVY = ("arviz", "duckdb", "h5py", "matplotlib", "nutpie", "pandas", "pymc", "pytensor", "xarray")
SAMPLERS = ("arviz", "nutpie", "pymc", "pytensor")


def run(code: str) -> str:
    command = [sys.executable, "-c", code]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def loaded(imports: str, names: tuple[str, ...]) -> list[str]:
    """The modules among `names` that a fresh interpreter has loaded after `imports`."""
    listing = f"import sys; print(*[m for m in {names!r} if m in sys.modules])"
    return run(f"{imports}\n{listing}").split()


@pytest.fixture(scope="module")
def graph() -> grimp.ImportGraph:
    return grimp.build_graph("impactmodel", cache_dir=None)


def cycle(edges: dict[str, set[str]]) -> list[str]:
    """Return one import cycle, first and last module the same; empty where there is none."""
    try:
        graphlib.TopologicalSorter(edges).prepare()
    except graphlib.CycleError as error:
        return list(error.args[1])
    return []


def test_no_module_imports_itself_through_others(graph: grimp.ImportGraph) -> None:
    edges = {m: set(graph.find_modules_directly_imported_by(m)) - {m} for m in graph.modules}
    assert len(edges) > 1
    assert cycle(edges) == []


def test_the_cycle_finder() -> None:
    assert cycle({"a": {"b"}, "b": {"c"}, "c": set()}) == []
    found = cycle({"a": {"b"}, "b": {"c"}, "c": {"b"}})
    assert found[0] == found[-1]
    assert set(found) == {"b", "c"}


def test_no_room_imports_the_package_root(graph: grimp.ImportGraph, rooms: list[str]) -> None:
    """What joins rooms lives in the root, so a room that imports it would import every room."""
    inside = tuple(f"impactmodel.{room}" for room in rooms)
    outside = {m for m in graph.modules if not m.startswith(inside)}
    offenders = [
        f"{module} imports {imported}"
        for module in sorted(graph.modules - outside)
        if not module.startswith("impactmodel.cli")
        for imported in sorted(graph.find_modules_directly_imported_by(module) & outside)
    ]
    assert offenders == []


def test_import_impactmodel_loads_nothing_heavy() -> None:
    assert loaded("import impactmodel", HEAVY) == []


def test_samplers_are_loaded_on_first_use_only(rooms: list[str]) -> None:
    every = "\n".join(f"import impactmodel.{room}" for room in rooms)
    assert loaded(every, SAMPLERS) == []


def test_the_heavy_list_is_seen_when_it_is_there() -> None:
    assert loaded("import xarray", HEAVY) == ["pandas", "xarray"]


def test_import_impactmodel_takes_at_most_half_of_numpys_import() -> None:
    """Medians of five fresh interpreters each; the best of five rounds, as other work disturbs."""

    def median(code: str) -> float:
        times = []
        for _ in range(5):
            started = time.perf_counter()
            run(code)
            times.append(time.perf_counter() - started)
        return statistics.median(times)

    ratios: list[float] = []
    for _ in range(5):
        base = median("pass")
        numpy, ours = median("import numpy") - base, median("import impactmodel") - base
        if numpy > 0:
            ratios.append(ours / numpy)
        if ratios and ratios[-1] <= 0.5:
            return
    pytest.fail(f"import impactmodel took {ratios} of numpy's import")
