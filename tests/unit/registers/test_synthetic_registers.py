"""Synthetic registers: labelled, sound, the same for a seed, like Helsinki, of known truth."""

import datetime as dt
import re
from dataclasses import replace

import duckdb
import numpy as np
import pandas as pd
import pytest

from impactmodel.core.errors import InputError
from impactmodel.core.spec import dump, load
from impactmodel.registers import (
    AmountMonths,
    Around,
    DuckDbEngine,
    GroupCounts,
    InStateFor,
    MonthlyTrials,
    StateMonths,
    Study,
    Window,
    WithAttribute,
    count_groups,
    read,
    study_data,
)
from impactmodel.registers.synthetic import (
    Defects,
    Economy,
    OtherService,
    Phase,
    Programme,
    Seasonality,
    Selection,
    SyntheticRegisters,
    simulation,
)
from impactmodel.registers.synthetic.dynamics import (
    EMPLOYED,
    UNEMPLOYED,
    Draws,
    Month,
    advance,
    beginning,
)
from impactmodel.registers.synthetic.pay import wages
from impactmodel.registers.synthetic.people import NEVER, draw_people, uniforms
from impactmodel.registers.validation import IDENTITY_CODE

SPELLS = "employment_service"
YEARS = Window(dt.date(2020, 1, 1), 30)
ENTRY = Window(dt.date(2021, 1, 1), 6)
SMALL = SyntheticRegisters(3_000, YEARS, programme=Programme(intake=0.15))
HELSINKI = SyntheticRegisters(70_000)


def tables_of(city, folder):
    sources = city.write(folder)
    connection = DuckDbEngine(threads=1).connect()
    return sources, {name: read(name, s, connection, folder) for name, s in sources.items()}


def rows(folder, name):
    return duckdb.sql(f"SELECT * FROM '{folder}/synthetic_{name}.parquet'").df()  # noqa: S608


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    folder = tmp_path_factory.mktemp("synthetic_small")
    return folder, *tables_of(SMALL, folder)


@pytest.fixture(scope="module")
def helsinki(tmp_path_factory):
    folder = tmp_path_factory.mktemp("synthetic_helsinki")
    return folder, *tables_of(HELSINKI, folder)


def test_everything_is_labelled_synthetic(small):
    folder, _, _ = small
    names = sorted(path.name for path in folder.iterdir())
    assert all(name.startswith("synthetic_") for name in names)
    assert len(names) == 3 + 2 * 3
    for path in folder.glob("*.parquet"):
        found = duckdb.sql(f"SELECT value FROM parquet_kv_metadata('{path}')").fetchall()  # noqa: S608
        assert found == [(b"synthetic data: no row is of a real person",)]
    assert "synthetic data" in (folder / "synthetic_README.txt").read_text(encoding="utf-8")


def test_keys_tell_nothing(small):
    keys = rows(small[0], "persons")["person_key"]
    assert keys.is_unique
    assert len(keys) == SMALL.residents
    assert all(re.fullmatch("[a-p]{20}", key) for key in keys)
    assert not any(re.search(IDENTITY_CODE, key) for key in keys)


def test_nobody_is_in_two_states_at_once(small):
    spells = rows(small[0], SPELLS).sort_values(["person_key", "first_day"])
    start, end = pd.to_datetime(spells["first_day"]), pd.to_datetime(spells["last_day"])
    assert (end.dropna() >= start[end.notna()]).all()
    follows = (spells["person_key"] == spells["person_key"].shift()).to_numpy()
    before = end.shift().to_numpy()[follows]
    assert not pd.isna(before).any()
    assert (start.to_numpy()[follows] > before).all()
    assert start.max().date() <= YEARS.end
    assert set(spells["state"]) == set(small[1][SPELLS].states.values())


def test_nobody_goes_on_after_death(small):
    persons = rows(small[0], "persons").set_index("person_key")
    exit_ = persons[["death_day", "emigration_day"]].min(axis=1).dropna()
    assert len(exit_) > 10
    for name, day in ((SPELLS, "last_day"), ("incomes_*", "paid"), ("benefits_*", "paid")):
        found = rows(small[0], name).set_index("person_key")
        kept = found[found.index.isin(exit_.index)]
        last = pd.to_datetime(kept[day])
        assert (last <= pd.to_datetime(exit_.reindex(kept.index))).all()


def test_a_seed_gives_the_same_rows(small, tmp_path):
    SMALL.write(tmp_path / "same")
    replace(SMALL, seed=2).write(tmp_path / "other")
    for path in small[0].glob("*.parquet"):
        assert path.read_bytes() == (tmp_path / "same" / path.name).read_bytes()
        assert path.read_bytes() != (tmp_path / "other" / path.name).read_bytes()


def test_a_person_is_the_same_among_more_residents(small, tmp_path):
    replace(SMALL, residents=1_000).write(tmp_path)
    fewer, more = (rows(folder, SPELLS) for folder in (tmp_path, small[0]))
    kept = more[more["person_key"].isin(rows(tmp_path, "persons")["person_key"])]
    pd.testing.assert_frame_equal(fewer, kept.reset_index(drop=True))


def test_a_folder_of_another_city_is_refused(tmp_path):
    (tmp_path / "synthetic_incomes_1999.parquet").write_bytes(b"")
    with pytest.raises(InputError, match="of another synthetic city"):
        SMALL.write(tmp_path)


def test_half_a_city_is_none(tmp_path, monkeypatch):
    class StopError(Exception):
        pass

    def stop(*_):
        raise StopError

    monkeypatch.setattr("impactmodel.registers.synthetic.writing._Writer._write_people", stop)
    with pytest.raises(StopError):
        SMALL.write(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_it_survives_yaml():
    assert load(SyntheticRegisters, dump(HELSINKI)) == HELSINKI
    assert load(SyntheticRegisters, {"residents": 5}) == SyntheticRegisters(5)


# Published counts: Statistics Finland, StatFin table 12r5, Helsinki.
PUBLISHED = {
    "2019-10": (29_644, 0.348, 592, 14_449),
    "2020-05": (65_210, 0.177, 26_903, 12_285),
    "2020-12": (51_086, 0.300, 11_017, 12_417),
    "2021-08": (45_115, 0.469, 5_059, 12_056),
    "2021-11": (37_801, 0.521, 2_649, 12_765),
}
LABOUR_FORCE = 352_914
SERVICES = ("coaching", "training", "study", "wage_subsidy", "work_trial")


def test_it_is_like_helsinki(helsinki):
    """A tenth of the city: counts within 8 %, shares within 4 points, as is stated in the docs."""
    jobless = ("unemployed", "laid_off")
    counts = GroupCounts(
        StateMonths(SPELLS, jobless),
        StateMonths(SPELLS, SERVICES),
        HELSINKI.window,
        {
            "long_term": InStateFor(SPELLS, ("unemployed",)),
            "foreign_language": WithAttribute("persons", "language", "other"),
        },
        laid_off=StateMonths(SPELLS, ("laid_off",)),
    )
    table = count_groups(counts, helsinki[2]).frame
    work = StateMonths(SPELLS, ("employed",)).read(helsinki[2], HELSINKI.window).to_pandas()
    for month, (unemployed, long_term, laid_off, services) in PUBLISHED.items():
        found = table.loc[("everyone", month)]
        assert 10 * found["unemployed"] == pytest.approx(unemployed, rel=0.08)
        assert 10 * found["laid_off"] == pytest.approx(laid_off, rel=0.08, abs=300)
        assert 10 * found["in_services"] == pytest.approx(services, rel=0.10)
        activation = 100 * services / (services + unemployed)
        assert found["activation_rate"] == pytest.approx(activation, abs=2.5)
        share = table.loc[("long_term", month), "unemployed"] / found["unemployed"]
        assert share == pytest.approx(long_term, abs=0.04)
    november = table.loc[("everyone", "2021-11")]
    abroad = table.loc[("foreign_language", "2021-11"), "unemployed"] / november["unemployed"]
    assert abroad == pytest.approx(0.30, abs=0.03)
    force = (work["month"] == 2021 * 12 + 10).sum() + november["unemployed_and_in_services"]
    assert 10 * force == pytest.approx(LABOUR_FORCE, rel=0.03)
    assert 100 * november["unemployed"] / force == pytest.approx(10.7, abs=1.0)


def test_its_inflow_is_like_helsinkis(helsinki):
    """Half of spells end within three months and a sixth of entrants reach a year."""
    spells = rows(helsinki[0], SPELLS)
    start = pd.to_datetime(spells["first_day"])
    entrants = spells[(spells["state"] == "unemployed") & start.dt.year.eq(2019)]
    start = pd.to_datetime(entrants["first_day"])
    days = (pd.to_datetime(entrants["last_day"]) - start).dt.days.fillna(np.inf)
    assert (days <= 91).mean() == pytest.approx(0.50, abs=0.06)
    assert (days >= 365).mean() == pytest.approx(1 / 6, abs=0.03)
    short = [(days[start.dt.month == month] <= 91).mean() for month in (6, 11)]
    assert short[0] > short[1] + 0.05


def study(outcomes):
    variables = {
        "employed": StateMonths(SPELLS, ("employed",)),
        "wage": AmountMonths("incomes", "wage"),
    }
    eligible = StateMonths(SPELLS, ("unemployed",))
    trials = MonthlyTrials(SPELLS, ("coaching",), eligible, ENTRY, washout=30)
    return Study("persons", variables, trials, outcomes, group="language")


def test_the_truth_is_of_those_whom_a_study_finds_treated(small):
    """The study counts from files what the simulation counts of its states."""
    asked = study({"months": Around("employed", 1, 12), "wages": Around("wage", 1, 12)})
    frame = study_data(asked, *small[1:]).frame.query("treated == 1")
    truth = SMALL.truth(ENTRY)
    languages = truth.groups.loc["language"]
    assert languages["n"].to_dict() == frame.groupby("group").size().to_dict()
    means = frame.groupby("group")[["months", "wages"]].mean()
    for ours, theirs in (("months", "months_employed_with"), ("wages", "wages_with")):
        np.testing.assert_allclose(means[ours], languages[theirs].sort_index(), rtol=1e-9)


def alone(city, row, month):
    """Live one person's life alone, without the programme in one month; work and cents."""
    people = draw_people(city.residents, city.seed, city.window, city.economy)
    first = city.window.months.start - simulation.BEFORE
    states = beginning(people, Window(dt.date(first // 12, first % 12 + 1, 1), 1), city.seed)
    one = np.array([row])
    person, state = people.take(one), states.take(one)
    work, cents = 0, 0
    for number in range(first, month + 13):
        now = Month.of(number, city.economy, city.programme)
        draws = Draws.of(city.seed, number, city.residents).take(one)
        if number == month:
            draws = Draws(np.ones(1), draws.move, draws.day)
        advance(state, person, now, draws)
        if number > month:
            pay = uniforms(city.seed, "wage", number, city.residents)[one]
            work += int(state.code[0] == EMPLOYED)
            cents += int(wages(person, state, now, pay)[1].sum())
    return work, cents


def test_the_truth_is_that_of_lives_lived_one_by_one():
    city = replace(SMALL, residents=300)
    lives = []
    for step in simulation.live(city):
        started = np.flatnonzero(step.states.begun == step.month)
        if step.month in ENTRY.months:
            kept = started[step.people.exit_month[started] > step.month + 12]
            lives += [alone(city, row, step.month) for row in kept]
    truth = city.truth(ENTRY).groups.iloc[0]
    work, cents = np.array(lives).T
    assert len(lives) == truth["n"] > 5
    assert work.sum() > 0
    assert work.mean() == pytest.approx(truth["months_employed_without"], rel=1e-12)
    assert cents.mean() / 100 == pytest.approx(truth["wages_without"], rel=1e-9)


def untreated(city):
    """Mean months of work of those who could start and did not, as if they were the starters.

    Weighted by their odds of starting, which the simulation knows and a study has to estimate.
    """
    work, able = {}, {}
    for step in simulation.live(city):
        work[step.month] = step.states.code == EMPLOYED
        if step.month in ENTRY.months:
            who, odds, _ = able[step.month]
            able[step.month] = (who, odds, step.states.begun[who] == step.month)
        month = Month.of(step.month + 1, city.economy, city.programme)
        if month.number in ENTRY.months:
            out = (step.states.code == UNEMPLOYED) & (step.states.begun == NEVER)
            who = np.flatnonzero(out & (step.people.exit_month > month.number + 12))
            chance = month.starting(step.people, step.states, who)
            able[month.number] = (who, chance / (1 - chance), None)
    means, starters = [], []
    for number, (who, odds, started) in able.items():
        months = sum(work[number + i][who].astype(float) for i in range(1, 13))
        means.append(np.average(months[~started], weights=odds[~started]))
        starters.append(started.sum())
    return np.average(means, weights=starters), sum(starters)


@pytest.mark.parametrize("hidden", [0.0, 0.8])
def test_twins_are_as_those_who_did_not_start(hidden):
    """Four standard errors: months of work have a standard deviation below 4."""
    programme = Programme(intake=0.05, selection=Selection(hidden=hidden))
    city = SyntheticRegisters(60_000, YEARS, programme=programme)
    expected, n = untreated(city)
    truth = city.truth(ENTRY).groups.iloc[0]
    assert n == truth["n"] > 800
    assert truth["months_employed_without"] == pytest.approx(expected, abs=4 * 4 / np.sqrt(n))


def test_a_greater_effect_is_a_greater_truth_and_lock_in_comes_first():
    def truth(**changes):
        return replace(SMALL, programme=replace(SMALL.programme, **changes)).truth(ENTRY)

    usual = truth()
    assert usual.months_employed < truth(effect=4.0).months_employed
    assert truth(effect=1.0, lock_in=0.0, length=9.0).months_employed < 0
    assert usual.months.loc[0:2, "effect"].mean() < 0 < usual.months.loc[10:12, "effect"].mean()
    assert usual.months["in_programme"].iloc[0] == 1
    assert usual.months.loc[1:12, "effect"].sum() == pytest.approx(usual.months_employed)
    assert usual.wages == usual.groups["wages_effect"].iloc[0]


def test_selection_decides_who_starts():
    def share(recorded):
        programme = Programme(intake=0.1, selection=Selection(recorded))
        groups = SyntheticRegisters(20_000, YEARS, programme=programme).truth(ENTRY).groups
        return groups.loc[("language", "other"), "n"] / groups["n"].iloc[0]

    assert share(3.0) > share(0.0) + 0.05


def test_defects_are_planted_in_whole_rows(tmp_path, small):
    defects = Defects(duplicated=0.01, unmatched=0.002, impossible=0.001)
    city = replace(SMALL, defects=defects)
    sources = city.write(tmp_path)
    persons, spells = (rows(tmp_path, name) for name in ("persons", SPELLS))
    assert persons["person_key"].duplicated().sum() == round(0.01 * SMALL.residents) == 30
    known, clean = set(persons["person_key"]), rows(small[0], SPELLS)
    assert len(known) == SMALL.residents
    assert (~spells["person_key"].isin(known)).sum() == round(0.002 * len(clean))
    wrong = pd.to_datetime(spells["last_day"]) < pd.to_datetime(spells["first_day"])
    assert wrong.sum() == round(0.001 * len(clean))
    paid = rows(tmp_path, "incomes_2021")
    assert (~paid["person_key"].isin(known)).sum() == round(0.002 * len(paid))
    connection = DuckDbEngine(threads=1).connect()
    for name, said in (("persons", "30 keys in more than one row"), (SPELLS, "is before 'first")):
        with pytest.raises(InputError, match=said):
            read(name, sources[name], connection, tmp_path)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: SyntheticRegisters(0), "residents: somebody lives there"),
        (lambda: SyntheticRegisters(seed=-1), "seed: a seed is 0 or more"),
        (
            lambda: SyntheticRegisters(window=Window(dt.date(2022, 1, 1), 12)),
            "programme.start: the programme starts in the window",
        ),
        (lambda: SMALL.truth(Window(dt.date(2022, 1, 1), 6)), "end entry by 2021-06-01"),
        (lambda: SMALL.truth(Window(dt.date(2020, 2, 1), 3)), "entry: nobody starts the programme"),
        (lambda: Programme(intake=1.0), "intake: a chance is from 0 to below 1"),
        (lambda: Programme(effect=-1.0), "effect: a factor is 0 or more"),
        (lambda: Programme(length=0.5), "length: coaching lasts a month or more"),
        (lambda: Defects(duplicated=2.0), "duplicated: a share is from 0 to 1"),
        (lambda: OtherService(0.1, 0.5), "length: a service lasts a month or more"),
        (lambda: Seasonality(finding=(1.0,)), "finding: a season has twelve factors"),
        (lambda: Phase(dt.date(2020, 1, 1), finding=-1.0), "finding: a factor is 0 or more"),
        (lambda: Economy(types={}), "types: some type has a share"),
        (lambda: Economy(services={"coaching": OtherService(0.1, 2.0)}), "this state is taken"),
        (lambda: Economy(services={"a b": OtherService(0.1, 2.0)}), "named by letters, digits"),
        (
            lambda: Economy(phases=(Phase(dt.date(2020, 3, 9)), Phase(dt.date(2020, 3, 1)))),
            "phases follow one another",
        ),
    ],
)
def test_what_is_refused(make, said):
    with pytest.raises(InputError, match=said):
        make()
