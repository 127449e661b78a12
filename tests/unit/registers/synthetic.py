"""A synthetic register of random people, and the same study computed with pandas alone."""

import datetime as dt
import hashlib

import numpy as np
import pandas as pd

from impactmodel.registers import (
    AgeAtEntry,
    Amount,
    AmountMonths,
    AmountRegister,
    Around,
    Attribute,
    MonthlyTrials,
    OfPerson,
    ParquetFiles,
    PersonRegister,
    SpellRegister,
    StateDays,
    StateMonths,
    Study,
    Window,
)

TAKEN = dt.date(2022, 12, 31)
SOURCES = {
    "people": PersonRegister(
        ParquetFiles("people.parquet"),
        "id",
        TAKEN,
        {
            "birth": Attribute("born", "day"),
            "site": Attribute("site", "category"),
            "school": Attribute("school", "number"),
        },
        {"death": "died"},
    ),
    "jobless": SpellRegister(
        ParquetFiles("jobless.parquet"), "id", TAKEN, "from", "to", {"U": "unemployed"}
    ),
    "services": SpellRegister(
        ParquetFiles("services.parquet"),
        "id",
        TAKEN,
        "from",
        "to",
        {"C": "coaching", "T": "training"},
        "kind",
    ),
    "wages": AmountRegister(
        ParquetFiles("wages.parquet"), "id", TAKEN, "day", {"wage": Amount("eur", "EUR")}
    ),
}
STUDY = Study(
    "people",
    {
        "unemployed": StateMonths("jobless", ("unemployed",)),
        "days": StateDays("jobless", ("unemployed",)),
        "wage": AmountMonths("wages", "wage"),
    },
    MonthlyTrials(
        "services",
        ("coaching",),
        StateMonths("jobless", ("unemployed",)),
        Window(dt.date(2020, 6, 1), 6),
        washout=6,
        comparisons=2,
    ),
    {
        "wage_after": Around("wage", 1, 12),
        "worked": Around("wage", 1, 6, "any"),
        "days_after": Around("days", 0, 6),
    },
    {
        "wage_before": Around("wage", -6, -1, "mean"),
        "unemployed_before": Around("unemployed", -6, -1),
        "age": AgeAtEntry("people", "birth"),
        "school": OfPerson("people", "school"),
    },
    group="site",
)


def spells(rng, keys, most, length):
    """Spells of each key that do not overlap, some of them without an end."""
    rows = []
    for key in keys:
        day = dt.date(2019, 1, 1) + dt.timedelta(days=int(rng.integers(0, 400)))
        for _ in range(int(rng.integers(1, most + 1))):
            end = day + dt.timedelta(days=int(rng.integers(0, length)))
            if day > TAKEN:
                break
            rows.append((key, day, end if end < TAKEN else None))
            if end >= TAKEN:
                break
            day = end + dt.timedelta(days=int(rng.integers(1, 200)))
    return pd.DataFrame(rows, columns=["id", "from", "to"])


def months(n=5000, seed=4):
    """Synthetic months of people: money in whole cents."""
    rng = np.random.default_rng(seed)
    job = rng.integers(0, 2, n)
    return pd.DataFrame(
        {
            "treated": rng.integers(0, 2, n),
            "site": rng.choice(["north", "south", "west"], n),
            "month": rng.integers(24240, 24246, n),
            "job": job,
            "wage": job * rng.integers(1, 500_000, n),
            "days": rng.integers(0, 31, n),
            "score": rng.normal(size=n),
        }
    )


def make(folder, people=400, seed=5):
    """Write the registers of synthetic people and return their rows."""
    rng = np.random.default_rng(seed)
    keys = [f"p{i:05d}" for i in range(people)]
    born = [dt.date(1960, 1, 1) + dt.timedelta(days=int(d)) for d in rng.integers(0, 14600, people)]
    died = [
        dt.date(2020, 7, 1) + dt.timedelta(days=int(d)) if d < 500 else None
        for d in rng.integers(0, 8000, people)
    ]
    months = [(k, y, m) for k in keys for y in (2019, 2020, 2021) for m in range(1, 13)]
    paid = [month for month, yes in zip(months, rng.random(len(months)) < 0.4, strict=True) if yes]
    service = spells(rng, keys, 4, 60)
    rows = {
        "people": pd.DataFrame(
            {
                "id": keys,
                "born": born,
                "site": rng.choice(["north", "south"], people),
                "school": rng.integers(9, 20, people).astype(float),
                "died": died,
            }
        ),
        "jobless": spells(rng, keys, 4, 400),
        "services": service.assign(kind=rng.choice(["C", "T"], len(service))),
        "wages": pd.DataFrame(
            {
                "id": [k for k, _, _ in paid],
                "day": [dt.date(y, m, 15) for _, y, m in paid],
                "eur": rng.integers(100, 400_000, len(paid)) / 100,
            }
        ),
    }
    for name, frame in rows.items():
        frame.to_parquet(folder / f"{name}.parquet")
    return rows


def number(day):
    return day.year * 12 + day.month - 1


def closing(month):
    """The last day of a month that is neither Saturday, Sunday nor New Year's Eve or so."""
    first = pd.Timestamp(month // 12, month % 12 + 1, 1)
    day = first + pd.offsets.MonthEnd(0)
    while day.dayofweek > 4:
        day -= pd.Timedelta(days=1)
    return day.date()


def by_loops(rows, study):  # noqa: C901  one person after another, as it is told
    """Compute the study person by person: nothing of the library is used but the declaration."""
    trials, frames = study.trials, {k: f.to_dict("records") for k, f in rows.items()}
    people = {p["id"]: p for p in frames["people"]}
    jobless, coached, wages = ({k: [] for k in people} for _ in range(3))
    for s in frames["jobless"]:
        jobless[s["id"]].append((s["from"], s["to"] or dt.date(2100, 1, 1)))
    for s in frames["services"]:
        if s["kind"] == "C":
            coached[s["id"]].append((number(s["from"]), number(s["to"] or dt.date(2100, 1, 1))))
    for w in frames["wages"]:
        wages[w["id"]].append((number(w["day"]), round(w["eur"] * 100)))

    def unemployed(key, month):
        return any(a <= closing(month) <= b for a, b in jobless[key])

    def days(key, month):
        first = dt.date(month // 12, month % 12 + 1, 1)
        last = (pd.Timestamp(first) + pd.offsets.MonthEnd(0)).date()
        parts = [(min(b, last) - max(a, first)).days + 1 for a, b in jobless[key]]
        return sum(p for p in parts if p > 0)

    def wage(key, months):
        return sum(cents for month, cents in wages[key] if month in months)

    def lot(key, month):
        text = f"{key}|{month}|{trials.seed}".encode()
        return hashlib.md5(text, usedforsecurity=False).hexdigest()

    treated, others = {}, {}
    start = number(trials.window.first)
    for key in people:
        for m in range(start, start + trials.window.count):
            recent = [a < m and b >= m - trials.washout for a, b in coached[key]]
            if not unemployed(key, m - 1) or any(recent):
                continue
            if any(a == m for a, _ in coached[key]):
                treated.setdefault(key, m)
            else:
                others.setdefault(key, set()).add(m)
    open_months = set(treated.values())
    chosen = {key: min((lot(key, m), m) for m in open_months) for key in others}
    once = [(*chosen[key], key) for key, months in others.items() if chosen[key][1] in months]
    drawn = []
    for m in open_months:
        places = trials.comparisons * sum(month == m for month in treated.values())
        lots = sorted(x for x in once if x[1] == m)
        drawn += [(key, m, 0) for _, _, key in (lots[:places] if trials.comparisons else lots)]
    result, left = [], {}
    for key, m, arm in [*((k, m, 1) for k, m in treated.items()), *drawn]:
        person = people[key]
        reason = "death" if person["died"] and number(person["died"]) <= m + 12 else ""
        left[arm, reason] = left.get((arm, reason), 0) + 1
        if reason:
            continue
        entry = dt.date(m // 12, m % 12 + 1, 1)
        result.append(
            {
                "treated": arm,
                "entry": entry,
                "group": person["site"],
                "wage_after": wage(key, range(m + 1, m + 13)) / 100,
                "worked": float(wage(key, range(m + 1, m + 7)) > 0),
                "days_after": float(sum(days(key, m + i) for i in range(7))),
                "wage_before": wage(key, range(m - 6, m)) / 6 / 100,
                "unemployed_before": float(sum(unemployed(key, m - i) for i in range(1, 7))),
                "age": (entry - person["born"]).days / 365.25,
                "school": person["school"],
            }
        )
    frame = pd.DataFrame(result)
    return frame.sort_values(list(frame.columns), ignore_index=True), left
