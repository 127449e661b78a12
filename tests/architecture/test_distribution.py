"""What is released holds nothing under a licence that it must not pass on."""

from pathlib import Path

import pytest
from hatchling.builders.sdist import SdistBuilder
from hatchling.builders.wheel import WheelBuilder

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("builder", [SdistBuilder, WheelBuilder])
def test_the_data_of_a_gpl_package_are_not_released(builder):
    made = builder(str(ROOT))
    files = [Path(f.relative_path).as_posix() for f in made.recurse_included_files()]
    assert any(name.endswith("effects/matched_comparison.py") for name in files)
    held = ("golden/data/lalonde.csv", "golden/data/unempdur.csv")
    assert [name for name in files if name.endswith(held)] == []
