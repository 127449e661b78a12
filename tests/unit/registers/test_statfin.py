"""Published tables are read or refused with their place; definitions are never mixed."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from impactmodel.core.errors import InputError
from impactmodel.core.spec import dump, load
from impactmodel.registers import (
    DEFINITIONS,
    Definition,
    IndicatorSeries,
    LongTable,
    StatFinTable,
    WideTable,
    activation_rate,
    indicator_table,
    long_term_share,
    read_series,
    services_per_unemployed,
    unemployed_and_in_services,
    unemployment_rate,
)
from impactmodel.registers.statfin import month_before

DAY = dt.date(2022, 3, 22)
WIDE = (
    "Alue;Kuukausi;TYOTTOMAT;PALVELUT;ASTE\nVantaa;2021M02;1 500;..;12,5\nVantaa;2021M03;30;10;1\n"
)
TABLE = WideTable(
    "t.csv",
    {"TYOTTOMAT": "unemployed_jobseekers", "PALVELUT": "services_total", "ASTE": "rate"},
    area="Alue",
    month="Kuukausi",
    delimiter=";",
    decimal=",",
)
KNOWN = {**DEFINITIONS, "rate": Definition("rate", "a rate of ours", "percent")}


def read(folder: Path, text: str, table: StatFinTable = TABLE) -> dict[str, IndicatorSeries]:
    (folder / "t.csv").write_text(text, encoding="utf-8")
    return read_series(
        table, source="Statistics Finland", extracted=DAY, folder=folder, definitions=KNOWN
    )


def made(name: str, months: dict[str, float], area: str = "Vantaa") -> IndicatorSeries:
    return IndicatorSeries(KNOWN[name], pd.DataFrame({area: months}), "Statistics Finland", DAY)


def test_a_wide_table_in_finnish_form(tmp_path: Path) -> None:
    series = read(tmp_path, WIDE)
    assert series["unemployed_jobseekers"].at("Vantaa", "2021-02") == 1500
    assert series["rate"].at("Vantaa", "2021-02") == 12.5
    assert series["services_total"].extracted == DAY
    with pytest.raises(InputError, match=r"no value for Vantaa.*2021-02.*1 months from 2021-03"):
        series["services_total"].at("Vantaa", "2021-02")
    with pytest.raises(InputError, match=r"no such area \(seen: 'Espoo'\); one of Vantaa"):
        series["rate"].at("Espoo", "2021-02")


def test_a_long_table_of_chosen_rows(tmp_path: Path) -> None:
    text = (
        "area,month,series,value,read_in_source\n"
        "Oulu,2021-02,rate,3.5,true\nOulu,2021-03,rate,4.5,false\nOulu,2021-02,other,x,true\n"
    )
    table = LongTable("t.csv", {"rate": "rate"}, only={"read_in_source": "true"})
    assert read(tmp_path, text, table)["rate"].values.to_dict() == {"Oulu": {"2021-02": 3.5}}
    assert load(LongTable, dump(table)) == table


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("1 500", "many", r"t\.csv, line 2, unemployed_jobseekers: this is no number"),
        ("1 500", "-5", r"line 2, unemployed_jobseekers: persons are finite and not negative"),
        ("1 500", "15,5", r"persons are whole \(seen: '15,5'\)"),
        ("12,5", "120", r"line 2, rate: a percent is at most 100"),
        ("2021M03", "2021M13", r"line 3, .*this is no month \(seen: '2021M13'\)"),
        ("2021M03", "2021M02", r"two values for one area and month"),
        ("TYOTTOMAT", "TYOTTOMIA", r"no such column \(seen: 'TYOTTOMAT'\)"),
        (";30;10;1", ";30;10", r"line 3: this row has another number of columns"),
    ],
)
def test_a_bad_table_is_refused_with_its_place(
    tmp_path: Path, old: str, new: str, words: str
) -> None:
    with pytest.raises(InputError, match=words):
        read(tmp_path, WIDE.replace(old, new))


def test_a_series_needs_a_definition_values_and_a_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no definition.*'mystery'"):
        read(tmp_path, WIDE, replace(TABLE, series={"ASTE": "mystery"}))
    with pytest.raises(InputError, match=r"t\.csv, services_total: the table has no value"):
        read(tmp_path, WIDE.replace(";10;", ";...;"))
    with pytest.raises(InputError, match=r"none\.csv: the table cannot be read: No such file"):
        read_series(replace(TABLE, path="none.csv"), source="s", extracted=DAY, definitions=KNOWN)
    with pytest.raises(InputError, match="has a source"):
        replace(made("rate", {"2021-02": 1.0}), source=" ")
    with pytest.raises(InputError, match=r"rate\.Vantaa\.2021-02: a percent is at most 100"):
        made("rate", {"2021-02": 101.0})


def test_months_before() -> None:
    assert [month_before("2021-03", n) for n in (3, 12, -10)] == ["2020-12", "2020-03", "2022-01"]


def test_formulas_in_small_numbers() -> None:
    months = {"2021-02": 30.0, "2021-03": 0.0}
    u, s = made("unemployed_jobseekers", months), made("services_total", {"2021-02": 10.0})
    off = made("laid_off_full_time", {"2021-02": 20.0})
    force = made("labour_force_denominator", {"2021-02": 400.0})
    long_term = made("unemployed_longterm_1y", {"2021-02": 6.0})
    at = ("Vantaa", "2021-02")
    assert activation_rate(s, u).at(*at) == 25
    assert activation_rate(s, u, off).at(*at) == 50
    assert services_per_unemployed(s, u).at(*at) == pytest.approx(1 / 3)
    assert unemployed_and_in_services(s, u).at(*at) == 40
    assert unemployment_rate(u, force).at(*at) == 7.5
    assert unemployment_rate(u, force, off).at(*at) == 2.5
    assert long_term_share(long_term, u).at(*at) == 20
    table = indicator_table({"services_total": s, "unemployed_jobseekers": u}, "Vantaa")
    assert table["activation_rate"].isna().to_list() == [False, True]
    assert "laid off" in activation_rate(s, u, off).definition.text


def test_there_is_no_rate_of_nobody() -> None:
    u = made("unemployed_jobseekers", {"2021-02": 0.0, "2021-03": 1.0})
    s = made("services_total", {"2021-02": 0.0, "2021-03": 1.0})
    with pytest.raises(InputError, match="no value for Vantaa"):
        activation_rate(s, u).at("Vantaa", "2021-02")


def test_two_statistics_are_never_mixed() -> None:
    u = made("unemployed_jobseekers", {"2021-02": 30.0})
    survey = Definition(
        "labour_force", "labour force of the survey", statistic="labour force survey"
    )
    other = IndicatorSeries(survey, u.values * 10, "Statistics Finland", DAY)
    with pytest.raises(InputError, match=r"another statistic.*seen: 'labour force survey'"):
        unemployment_rate(u, other)
    clients = replace(u.definition, population="clients of the trial")
    s = made("services_total", {"2021-02": 30.0})
    with pytest.raises(InputError, match="another population"):
        activation_rate(s, replace(u, definition=clients))
    with pytest.raises(InputError, match=r"made of counts of persons \(seen: 'rate'\)"):
        unemployment_rate(u, made("rate", {"2021-02": 1.0}))


def test_areas_and_parts_must_fit() -> None:
    u = made("unemployed_jobseekers", {"2021-02": 30.0})
    with pytest.raises(
        InputError, match=r"unemployed: the series have other areas \(seen: 'Vantaa'\)"
    ):
        activation_rate(made("services_total", {"2021-02": 3.0}, "Espoo"), u)
    off = made("laid_off_full_time", {"2021-02": 31.0})
    with pytest.raises(InputError, match=r"laid_off\.Vantaa\.2021-02: more people are laid off"):
        activation_rate(made("services_total", {"2021-02": 3.0}), u, off)
    with pytest.raises(InputError, match="services_total: the indicators need this series"):
        indicator_table({"unemployed_jobseekers": u}, "Vantaa")


@pytest.mark.parametrize("delimiter", ["", ";;", "."])
def test_a_delimiter_is_one_character_and_not_the_decimal_one(delimiter):
    with pytest.raises(InputError, match="parted by one character"):
        WideTable("x.csv", {"A": "a"}, delimiter=delimiter)
