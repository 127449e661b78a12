"""Faults are found where they were put, and nowhere else."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from impactmodel.core.errors import InputError
from impactmodel.registers import (
    DEFINITIONS,
    Definition,
    Finding,
    IndicatorSeries,
    PrintedFigure,
    Statement,
    beside_printed,
    check_jumps,
    check_parts,
    check_sources,
    check_text,
)
from impactmodel.registers.consistency import swapped

DAY = dt.date(2022, 3, 22)
MONTHS = [f"{year}-{month:02d}" for year in (2019, 2020, 2021) for month in range(1, 13)]


def made(name: str, areas: dict[str, list[float]]) -> IndicatorSeries:
    frame = pd.DataFrame(areas, index=MONTHS[: len(next(iter(areas.values())))])
    return IndicatorSeries(DEFINITIONS[name], frame, "synthetic", DAY)


def test_parts_that_do_not_add_up() -> None:
    total = made("unemployed_jobseekers", {"A": [10, 20, 30], "B": [1, 2, 3]})
    men = made("unemployed_men", {"A": [6, 12, 10], "B": [1, 1, 1]})
    women = made("unemployed_women", {"A": [4, 8, 19], "B": [0, 1, np.nan]})
    found = check_parts(total, [men, women])
    assert found == [Finding("parts", "unemployed_jobseekers", "A", "2019-03", 30, 29)]
    assert str(found[0]) == "A, 2019-03: unemployed_jobseekers is 30, others imply 29"
    assert check_parts(total, [men, women], tolerance=1) == []
    with pytest.raises(InputError, match="a total has parts"):
        check_parts(total, [])


def test_two_sources_and_a_swap() -> None:
    bulletin = made("laid_off_full_time", {"A": [100, 2469, 7]})
    table = made("laid_off_full_time", {"A": [100, 2649, 9], "B": [1, 1, 1]})
    found = check_sources(bulletin, table)
    assert [(f.month, f.seen, f.expected, f.repair) for f in found] == [
        ("2019-02", 2469, 2649, "two digits are swapped in 2469"),
        ("2019-03", 7, 9, ""),
    ]
    with pytest.raises(InputError, match="two sources of one definition"):
        check_sources(bulletin, made("unemployed_men", {"A": [1]}))


def test_a_jump_is_found_in_its_month_alone() -> None:
    random = np.random.default_rng(2)
    common = 8 + np.cumsum(random.normal(0, 0.2, 36))  # what moves all areas is no jump
    own = random.normal(0, 0.01, (3, 36))
    counts = {name: list(np.round(np.exp(common + own[i]))) for i, name in enumerate("ABC")}
    assert check_jumps(made("services_total", counts), "A") == []
    counts["A"][20] = round(1.5 * counts["A"][20])
    found = check_jumps(made("services_total", counts), "A")
    assert [f.month for f in found] == [MONTHS[20]]
    assert found[0].expected == pytest.approx(counts["A"][20] / 1.5, rel=0.05)
    assert check_jumps(made("services_total", counts), "A", limit=1000.0) == []


def test_jumps_need_other_areas_and_months() -> None:
    with pytest.raises(InputError, match="an area is checked beside others"):
        check_jumps(made("services_total", {"A": [1.0] * 20}), "A")
    with pytest.raises(InputError, match=r"12 months above 0.*\(seen: 3\)"):
        check_jumps(made("services_total", {"A": [1, 2, 3], "B": [1, 2, 3]}), "A")
    with pytest.raises(InputError, match="half of the months do not vary"):
        check_jumps(made("services_total", {"A": [5.0] * 20, "B": [5.0] * 20}), "A")


def test_swaps() -> None:
    assert list(swapped(2469)) == [4269, 2649, 2496]
    assert list(swapped(-12)) == [-21]
    assert list(swapped(11)) == list(swapped(7)) == list(swapped(1.5)) == []


def test_a_text_without_a_single_repair_gets_none() -> None:
    sum_ = Statement("sum", {"a": 1.0, "b": 1.0}, "total", {}, 0.0)
    numbers = {"a": 12.0, "b": 31.0, "total": 43.0}
    assert check_text(numbers, [sum_], ["a", "b", "total"]) == []
    # 21 + 31 is 52, not 43: a or the total may be meant... no, only a swap of a gives 43.
    one = check_text({**numbers, "a": 21.0}, [sum_], ["a", "total"])
    assert one[0].repair == "with a 12 for 21 every statement holds"
    # No swap repairs a wrong sum by 1.
    none = check_text({**numbers, "total": 44.0}, [sum_], ["a", "b", "total"])
    assert (none[0].seen, none[0].expected, none[0].repair) == (44, 43, "")
    with pytest.raises(InputError, match=r"no such number \(seen: 'b'\)"):
        check_text({"a": 1.0, "total": 1.0}, [sum_], ["a"])


def test_printed_figures_beside_computed_ones() -> None:
    computed = made("activation_rate", {"A": [20.04, 21.0]})
    alike = PrintedFigure("activation_rate", "A", "2019-01", 20.0, "residents of the area", "text")
    wrong = replace(alike, month="2019-02")
    clients = replace(wrong, population="clients")
    table = beside_printed([alike, wrong, clients], computed)
    assert table["verdict"].to_list() == ["agrees", "differs", "another population"]
    assert table["difference"].to_list() == pytest.approx([-0.04, -1, -1])
    survey = replace(alike, statistic="labour force survey")
    with pytest.raises(InputError, match="another statistic; they are never mixed"):
        beside_printed([survey], computed)
    with pytest.raises(InputError, match="no printed figure is of this series"):
        beside_printed([replace(alike, name="other")], computed)
    rate = Definition("activation_rate", "of the survey", "percent", "labour force survey")
    with pytest.raises(InputError, match="never mixed"):
        beside_printed([alike], replace(computed, definition=rate))
