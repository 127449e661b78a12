"""Published monthly figures: the formulas give the published rates, to the printed decimal."""

from __future__ import annotations

import datetime as dt
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import pytest

from impactmodel.registers import (
    TRIAL_FIGURES,
    IndicatorSeries,
    LongTable,
    Statement,
    WideTable,
    activation_rate,
    beside,
    beside_printed,
    check_jumps,
    check_parts,
    check_text,
    decompose,
    indicator_table,
    read_series,
    unemployment_rate,
)

FROZEN = Path(__file__).parent / "helsinki"
WHOLE = Path(__file__).resolve().parents[3] / "shared" / "reference" / "helsinki"
AREAS = ("Helsinki", "Uusimaa", "Finland")
SOURCE = "Statistics Finland, StatFin 12r5"
EXTRACTED = dt.date(2024, 1, 1)
# The labour force by which the rates of January and February 2022 were published.
VINTAGE = {"Helsinki": 352914.0, "Uusimaa": 880161.0, "Finland": 2630884.0}
PARTS = (
    "service_subsidised_employment",
    "service_work_training_trial",
    "service_labour_market_training",
    "service_coaching",
    "service_other",
)
COLUMNS = (
    "unemployed_jobseekers",
    "unemployed_men",
    "unemployed_women",
    "laid_off_full_time",
    "unemployed_longterm_1y",
    "labour_force_denominator",
    "services_total",
    *PARTS,
    "unemployment_rate_ess",
    "activation_rate",
)
type Series = dict[str, IndicatorSeries]


def one_decimal(value: float) -> float:
    """Round half up, as tables are printed."""
    return float(Decimal(str(value)).quantize(Decimal("0.1"), ROUND_HALF_UP))


@pytest.fixture(scope="module")
def frozen() -> Series:
    table = WideTable("months.csv", {name: name for name in COLUMNS})
    return read_series(table, source=SOURCE, extracted=EXTRACTED, folder=FROZEN)


@pytest.fixture(scope="module")
def whole() -> Series:
    if not (WHOLE / "indicators_long.csv").exists():
        pytest.skip("../shared/reference/helsinki is not here: the whole monthly table is not read")
    table = LongTable(
        "indicators_long.csv", {name: name for name in COLUMNS if name != "activation_rate"}
    )
    return read_series(table, source=SOURCE, extracted=EXTRACTED, folder=WHOLE)


@pytest.fixture(scope="module")
def finland_published() -> IndicatorSeries:
    if not (WHOLE / "indicators_long.csv").exists():
        pytest.skip("../shared/reference/helsinki is not here: the whole monthly table is not read")
    table = LongTable(
        "indicators_long.csv",
        {"activation_rate": "activation_rate"},
        only={"read_in_source": "true"},
    )
    read = read_series(table, source=SOURCE, extracted=EXTRACTED, folder=WHOLE)
    return read["activation_rate"]


def with_vintage(series: Series) -> IndicatorSeries:
    """Return the labour force as it was when the rates to 2022-02 were published."""
    revised = series["labour_force_denominator"]
    values = revised.values.copy()
    late = [month for month in values.index if "2022-01" <= month <= "2022-02"]
    for area, count in VINTAGE.items():
        values.loc[late, area] = count
    return IndicatorSeries(revised.definition, values, SOURCE, dt.date(2022, 3, 22))


def test_frozen_rates_are_those_published(frozen: Series) -> None:
    rate = unemployment_rate(frozen["unemployed_jobseekers"], with_vintage(frozen))
    activation = activation_rate(frozen["services_total"], frozen["unemployed_jobseekers"])
    checked = 0
    for computed, name in ((rate, "unemployment_rate_ess"), (activation, "activation_rate")):
        for area, month, printed in frozen[name].cells():
            assert one_decimal(computed.at(area, month)) == printed, (name, area, month)
            checked += 1
    assert checked == 2 * 9 * 3


@pytest.mark.parametrize("area", AREAS)
def test_rates_of_all_fifty_published_months(whole: Series, area: str) -> None:
    rate = unemployment_rate(whole["unemployed_jobseekers"], with_vintage(whole))
    months = [m for m in whole["unemployment_rate_ess"].values.index if m <= "2022-02"]
    assert len(months) == 50
    for month in months:
        printed = whole["unemployment_rate_ess"].at(area, month)
        assert one_decimal(rate.at(area, month)) == printed, month


def test_a_revised_labour_force_does_not_give_the_rate_that_was_published(whole: Series) -> None:
    rate = unemployment_rate(whole["unemployed_jobseekers"], whole["labour_force_denominator"])
    published = whole["unemployment_rate_ess"]
    apart = {
        (area, month)
        for area, month, printed in published.cells()
        if month <= "2022-02" and one_decimal(rate.at(area, month)) != printed
    }
    assert apart == {("Helsinki", "2022-01"), ("Uusimaa", "2022-02")}


def test_activation_of_finland_in_all_published_months(
    whole: Series, finland_published: IndicatorSeries
) -> None:
    computed = activation_rate(whole["services_total"], whole["unemployed_jobseekers"])
    months = [m for _, m, _ in finland_published.cells() if m <= "2022-02"]
    assert len(months) == 50
    for month in months:
        assert one_decimal(computed.at("Finland", month)) == finland_published.at("Finland", month)


@pytest.mark.parametrize("area", AREAS)
def test_activation_of_three_areas_in_all_fifty_months(whole: Series, area: str) -> None:
    """Finland's is published; that of Helsinki and Uusimaa was derived by whoever read the table.

    Services of those two are the sum of their parts, which are added here again.
    """
    table = LongTable("indicators_long.csv", {"activation_rate": "activation_rate"})
    given = read_series(table, source=SOURCE, extracted=EXTRACTED, folder=WHOLE)["activation_rate"]
    computed = activation_rate(whole["services_total"], whole["unemployed_jobseekers"])
    printed = given.of(area).loc[:"2022-02"].dropna()
    assert len(printed) == 50
    for month, value in printed.items():
        assert one_decimal(computed.at(area, month)) == value, month
        if area != "Finland":
            parts = sum(whole[part].at(area, month) for part in PARTS)
            assert parts == whole["services_total"].at(area, month), month


def test_later_published_months_hold_with_services_rounded_to_a_hundred(
    whole: Series, finland_published: IndicatorSeries
) -> None:
    u, s = whole["unemployed_jobseekers"], whole["services_total"]
    for month in ("2023-07", "2023-10"):
        unemployed, served = u.at("Finland", month), s.at("Finland", month)
        low, high = (
            100 * (served + d) / (unemployed + served + d) for d in (-50.0, 50.0)
        )  # services are rounded to 100
        printed = finland_published.at("Finland", month)
        assert low - 0.05 <= printed <= high + 0.05


def test_activation_rose_because_unemployment_fell(frozen: Series) -> None:
    services = {"services": frozen["services_total"]}
    unemployed = {"unemployed": frozen["unemployed_jobseekers"]}
    found = [
        decompose(services, unemployed, area=area, first="2021-02", last="2022-02")
        for area in AREAS
    ]
    table = beside(found)
    assert [one_decimal(v) for v in table.loc["Helsinki", ["before", "after"]]] == [20.7, 24.4]
    assert [one_decimal(v) for v in table.loc["Finland", ["before", "after"]]] == [26.0, 29.6]
    assert one_decimal(table.loc["Helsinki", "relative_services"]) == -2.5
    assert round(table.loc["Helsinki", "relative_unemployed"]) == -21
    assert (table["services"] < 0).all()
    assert (table["unemployed"] > table["change"]).all()
    assert (table["services"] + table["unemployed"]).to_list() == pytest.approx(
        table["change"].to_list(), abs=1e-12
    )


def test_services_by_type_add_up_to_services_together(frozen: Series) -> None:
    """Parts moved one by one give the whole change: none is left over."""
    split = decompose(
        {name: frozen[name] for name in PARTS},
        {"unemployed": frozen["unemployed_jobseekers"]},
        area="Helsinki",
        first="2021-02",
        last="2022-02",
    )
    assert sum(split.parts.values()) == pytest.approx(split.change, abs=1e-12)
    assert split.change == pytest.approx(3.7437, abs=5e-5)


def test_layoffs_hide_activation_in_june_2020(frozen: Series) -> None:
    table = indicator_table(frozen, "Helsinki")
    june = table.loc["2020-06"]
    assert one_decimal(june["activation_rate"]) == 15.3
    assert one_decimal(june["activation_rate_without_laid_off"]) == 21.0
    assert june["unemployed_and_in_services"] == 61892 + 11165


def test_the_printed_activation_is_of_another_population(frozen: Series) -> None:
    computed = activation_rate(frozen["services_total"], frozen["unemployed_jobseekers"])
    table = beside_printed(TRIAL_FIGURES, computed)
    assert table["printed"].to_list() == [18.8, 21.9]
    assert [one_decimal(v) for v in table["computed"]] == [17.9, 21.1]
    assert table["difference"].to_list() == pytest.approx([0.8, 0.8], abs=0.06)
    assert set(table["verdict"]) == {"another population"}
    assert not table["verified"].any()


def test_the_printed_unemployment_rates_are_the_city_s_own(frozen: Series) -> None:
    force = frozen["labour_force_denominator"]
    table = beside_printed(TRIAL_FIGURES, unemployment_rate(frozen["unemployed_jobseekers"], force))
    assert table.set_index("month")["verdict"].to_dict() == {
        "2021-08": "agrees",
        "2020-08": "agrees",
    }


def test_a_misprint_is_found_by_the_bulletin_s_own_arithmetic(frozen: Series) -> None:
    """The city bulletin of November 2021 prints 2,469 laid off; 2,649 were."""
    unemployed, laid_off = frozen["unemployed_jobseekers"], frozen["laid_off_full_time"]
    numbers = {
        "unemployed": unemployed.at("Helsinki", "2021-11"),
        "laid off": 2469.0,
        "without work a year before": unemployed.at("Helsinki", "2020-11")
        - laid_off.at("Helsinki", "2020-11"),
        "fewer": 2533.0,
        "percent fewer": 7.0,
    }
    now = {"without work a year before": 1.0, "unemployed": -1.0, "laid off": 1.0}
    statements = [
        Statement("fewer without work", now, "fewer", {}, 0.0),
        Statement("percent", now, "percent fewer", {"without work a year before": 1.0}, 0.5),
    ]
    printed = ["laid off", "fewer", "percent fewer", "unemployed"]
    findings = check_text(numbers, statements, printed)
    assert [finding.what for finding in findings] == ["fewer without work", "percent"]
    assert {finding.repair for finding in findings} == {
        "with laid off 2649 for 2469 every statement holds"
    }
    assert laid_off.at("Helsinki", "2021-11") == 2649
    assert check_text({**numbers, "laid off": 2649.0}, statements, printed) == []
    # The difference alone could as well be misprinted for 2,353: no repair is then offered.
    assert check_text(numbers, statements[:1], printed)[0].repair == ""


def test_parts_add_up_in_the_table(frozen: Series) -> None:
    sexes = [frozen["unemployed_men"], frozen["unemployed_women"]]
    assert check_parts(frozen["unemployed_jobseekers"], sexes) == []
    # Finland's published total differs by one person in some months.
    services = [frozen[name] for name in PARTS]
    assert check_parts(frozen["services_total"], services, tolerance=1) == []


def test_a_digit_too_many_is_a_jump_and_two_swapped_are_not(whole: Series) -> None:
    """In a turbulent series a misprint of 7 % is not seen without arithmetic: a stated limit."""
    laid_off = whole["laid_off_full_time"]
    values = laid_off.values.loc[:"2022-02"].copy()

    def months(misprint: float) -> list[str]:
        values.loc["2021-11", "Helsinki"] = misprint
        wrong = IndicatorSeries(laid_off.definition, values, SOURCE, EXTRACTED)
        return [finding.month for finding in check_jumps(wrong, "Helsinki")]

    assert "2021-11" in months(26490.0)
    assert "2021-11" not in months(2469.0)
