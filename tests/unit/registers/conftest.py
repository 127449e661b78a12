"""What holds for the tests of registers."""

from pathlib import Path

import pytest

WARNINGS = (
    "ignore:fetch_.* is deprecated:DeprecationWarning",
    "ignore::pandas.errors.Pandas4Warning",
)


def pytest_collection_modifyitems(items):
    """Pass over what Ibis causes in DuckDB and pandas, which have newer names for it."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            for warning in WARNINGS:
                item.add_marker(pytest.mark.filterwarnings(warning))
