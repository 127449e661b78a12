# ruff: noqa: C901, PLR0911, PLR0912, S311  (one branch per mechanism; chance is no secret here)
"""Contracts made at random as plain data, and their payments computed again without the library.

The second computation reads the data, not the rules: fractions, no rounding but the contract's.
"""

from __future__ import annotations

import datetime as dt
import random
from fractions import Fraction
from math import floor

GROUPS = ("a", "b", "c")
STRATA = {
    "a": {"age": "young", "region": "north"},
    "b": {"age": "old", "region": "north"},
    "c": {"age": "old", "region": "south"},
}
OUTCOMES = ("x", "y", "z")
START = dt.date(2024, 1, 1)
SCALES = ("total", "per_person", "relative", "index")


def frac(value):
    return Fraction(str(value))


def make(seed, *, monotone=False):
    """Return a contract and its results, both as plain data."""
    rng = random.Random(seed)
    periods = rng.randint(1, 3)
    clauses = [_clause(rng, f"c{n}", periods, monotone) for n in range(rng.randint(1, 4))]
    contract = {
        "name": f"generated {seed}",
        "currency": "EUR",
        "start": START,
        "clauses": clauses,
        "strata": STRATA,
        "reference_costs": {
            "service": {"amounts": [_amount(rng) for _ in range(rng.choice((1, 3)))]},
            "care": {"amounts": [rng.choice((1.5, 20))], "per": "person"},
        },
        "periods": {
            "start": START,
            "step": rng.choice(("month", "year")),
            "count": 3,
            "clock": "calendar",
        },
        "evaluation": {"comparison_size": 50, "lag_months": rng.choice((0, 2))},
        "rounding": {
            "places": rng.choice((0, 2)),
            "mode": rng.choice(("half_up", "half_even", "down")),
        },
        "minimum_cohort": rng.choice((0, 0, 40)),
    }
    if rng.random() < 0.5:
        contract["cap"] = _amount(rng) * 5
    if rng.random() < 0.3:
        contract["payment_months"] = [1, 7]
    if not monotone:
        contract["limits"] = [_limit(rng, clauses) for _ in range(rng.choice((0, 0, 1, 2)))]
        if rng.random() < 0.3:
            changed = _clause(rng, "c0", periods, monotone) | {"name": "c0"}
            contract["amendments"] = [
                {
                    "date": rng.choice((dt.date(2024, 2, 1), dt.date(2025, 1, 1))),
                    "clauses": [changed],
                    "ends": rng.choice(([], ["c1"])),
                }
            ]
        if rng.random() < 0.2:
            contract["termination"] = {
                "date": rng.choice((dt.date(2024, 2, 15), dt.date(2025, 6, 1))),
                "pays": rng.choice(("finished", "started")),
            }
    rows = [
        {
            "outcome": outcome,
            "period": period,
            "group": group,
            "total": rng.randint(0, 400) / 4,
            "people": people,
            "comparison": rng.randint(1, 12) / 4,
        }
        for group, people in zip(GROUPS, (10, 16, 20), strict=True)
        for period in range(periods)
        for outcome in OUTCOMES
    ]
    read = {name for c in _versions(contract) for name in _reads(c)}
    return contract, [row for row in rows if row["outcome"] in read]


def _amount(rng):
    return rng.choice((7, 12.5, 100, 250, 999.99, 3000))


def _share(rng):
    return rng.choice((0.05, 0.25, 0.5, 0.95, 1))


def _clause(rng, name, periods, monotone):
    clause = {"name": name, "payer": rng.choice(("state", "city")), "basis": _basis(rng)}
    if rng.random() < 0.3:
        weights = (0.5, 1, 2) if monotone else (-1, 0.5, 1, 2)
        clause["index"] = {n: rng.choice(weights) for n in rng.sample(OUTCOMES, 2)}
    else:
        clause["outcome"] = rng.choice(OUTCOMES)
        clause["direction"] = "increase" if monotone else rng.choice(("increase", "decrease"))
    if rng.random() < 0.3:
        clause["cap"] = _amount(rng)
    if rng.random() < 0.2 and not monotone:
        clause["floor"] = rng.choice((None, 5))
    if rng.random() < 0.2:
        clause["indexation"] = [1, 1.02, 1.05]
    if rng.random() < 0.3:
        clause["paid_after_months"] = rng.choice((1, 6, 15))
    if rng.random() < 0.3:
        clause["periods"] = [rng.randrange(periods)]
    if rng.random() < 0.2:
        clause["payee"] = "provider"
    clause["payment"] = _payment(rng, 0, monotone, "cap" in clause)
    return clause


def _basis(rng):
    by_group = {g: rng.choice((0.5, 1, 2)) for g in GROUPS}
    return rng.choice(
        (
            {"type": "gross"},
            {"type": "measured_impact"},
            {"type": "above_baseline", "baseline": rng.choice((0.5, 1.5))},
            {"type": "above_prediction", "prediction": by_group},
        )
    )


def _values(rng, one):
    kind = rng.randrange(3)
    if kind == 0:
        return one(rng)
    if kind == 1:
        return {g: one(rng) for g in GROUPS}
    return {
        "type": "card",
        "rows": [{"value": one(rng), "where": {"age": age}} for age in ("young", "old")],
        "coefficients": {"region": {"north": 1.2, "south": 0.9}},
    }


def _table(rng, rising):
    lows = sorted(rng.sample((-0.5, 0, 0.1, 0.25, 1, 1.5, 3, 20, 60), rng.randint(1, 3)))
    amounts = [_amount(rng) for _ in lows]
    if not rising and rng.random() < 0.2:
        amounts[-1] = -amounts[-1]
    return [list(row) for row in zip(lows, sorted(amounts) if rising else amounts, strict=True)]


def _payment(rng, depth, monotone, plain):
    kinds = ["rate", "share", "steps", "bands"]
    if depth < 2 and not monotone:
        kinds += ["gate", "sum", "each_group", "limited", "fixed", "cost_share"]
        kinds += [] if plain else ["recovery"]
    if depth < 2 and monotone:
        kinds += ["sum", "limited"]
    kind = rng.choice(kinds)
    inner = lambda: _payment(rng, depth + 1, monotone, plain)  # noqa: E731
    scale = rng.choice(SCALES)
    match kind:
        case "rate":
            return {"type": kind, "price": _values(rng, _amount)}
        case "share":
            return {"type": kind, "share": _values(rng, _share)}
        case "steps":
            table = _table(rng, monotone)
            below = rng.choice((0, 0, 3) if monotone else (0, 0, -50))
            return {"type": kind, "scale": scale, "table": table, "below": below}
        case "bands":
            table = _table(rng, monotone)
            return {"type": kind, "scale": scale, "table": table, "base": rng.choice((0, 40))}
        case "gate":
            gate = {"type": kind, "scale": scale, "at_least": rng.choice((0, 0.1, 1, 20))}
            gate |= {"then": inner(), "otherwise": inner(), "pooled": rng.random() < 0.5}
            return gate | ({"of": {"x": 1, "z": -1}} if rng.random() < 0.3 else {})
        case "sum":
            return {"type": kind, "parts": [inner(), inner()]}
        case "each_group":
            return {"type": kind, "groups": list(GROUPS), "payment": inner()}
        case "limited":
            return {"type": kind, "payment": inner(), "at_least": 1, "at_most": _amount(rng)}
        case "fixed":
            return {"type": kind, "amount": rng.choice((-200, 500))}
        case "cost_share":
            cost = rng.choice(("service", "care"))
            return {"type": kind, "cost": cost, "share": _share(rng)}
        case _:
            return {
                "type": "recovery",
                "share": 0.5,
                "then": 0.25,
                "principal": _amount(rng),
                "base_return": rng.choice((0, 0.05)),
            }


def _limit(rng, clauses):
    limit = {"cap": _amount(rng) * 2, "each": rng.choice(("contract", "period", "year"))}
    if rng.random() < 0.5:
        return limit | {"payer": clauses[0]["payer"]}
    return limit | {"clauses": [rng.choice(clauses)["name"]]}


def _versions(contract):
    changed = [c for a in contract.get("amendments", ()) for c in a["clauses"]]
    return [*contract["clauses"], *changed]


def _weights(clause):
    if "index" in clause:
        return clause["index"]
    return {clause["outcome"]: 1 if clause["direction"] == "increase" else -1}


def _reads(clause):
    names = set(_weights(clause))

    def look(payment):
        names.update(payment.get("of", ()))
        for key in ("then", "otherwise", "payment"):
            if isinstance(payment.get(key), dict) and "type" in payment[key]:
                look(payment[key])
        for part in payment.get("parts", ()):
            look(part)

    look(clause["payment"])
    return names


class Again:
    """The payments of a contract, computed again."""

    def __init__(self, contract, rows):
        self.contract = contract
        self.rows = {(r["outcome"], r["period"], r["group"]): r for r in rows}
        self.places = contract["rounding"]["places"]
        self.mode = contract["rounding"]["mode"]

    def down(self, value):
        whole = Fraction(floor(abs(value) * 10**self.places), 10**self.places)
        return -whole if value < 0 else whole

    def rounded(self, value):
        scaled = abs(value) * 10**self.places
        whole = floor(scaled)
        rest = scaled - whole
        if self.mode == "half_up":
            whole += rest >= Fraction(1, 2)
        elif self.mode == "half_even":
            whole += rest > Fraction(1, 2) or (rest == Fraction(1, 2) and whole % 2 == 1)
        return Fraction(-whole if value < 0 else whole) / 10**self.places

    def edge(self, index):
        if self.contract["periods"]["step"] == "year":
            return dt.date(2024 + index, 1, 1)
        return dt.date(2024, 1 + index, 1)

    def day(self, clause, period):
        months = clause.get("paid_after_months", 0) + self.contract["evaluation"]["lag_months"]
        end = self.edge(period + 1)
        count = end.year * 12 + end.month - 1 + months
        allowed = self.contract.get("payment_months", range(1, 13))
        while count % 12 + 1 not in allowed:
            count += 1
        return dt.date(count // 12, count % 12 + 1, 1)

    def in_force(self, period):
        found = {c["name"]: c for c in self.contract["clauses"]}
        for change in self.contract.get("amendments", ()):
            if self.edge(period) >= change["date"]:
                found |= {c["name"]: c for c in change["clauses"]}
                found = {n: c for n, c in found.items() if n not in change["ends"]}
        stop = self.contract.get("termination")
        if stop:
            finished = self.edge(period + 1) <= stop["date"]
            started = self.edge(period) < stop["date"]
            if not (finished if stop["pays"] == "finished" else started):
                return {}
        return found

    def lines(self):
        """Return (clause, period, amount, paid), in order of payment."""
        order = [c["name"] for c in self.contract["clauses"]]
        count = 1 + max(period for _, period, _ in self.rows)
        dues = [
            (self.day(c, t), order.index(name), t, c)
            for t in range(count)
            for name, c in self.in_force(t).items()
            if t in c.get("periods", range(count))
        ]
        dues.sort(key=lambda due: due[:3])
        spent = dict.fromkeys(order, Fraction(0))
        amounts = []
        for _, _, t, clause in dues:
            exact = self.clause(clause, t, spent[clause["name"]])
            amount = self.rounded(exact)
            if "cap" in clause and spent[clause["name"]] + amount > frac(clause["cap"]):
                amount = self.down(exact)
            spent[clause["name"]] += amount
            amounts.append(amount)
        paid = self.limited(dues, list(amounts))
        return [
            (c["name"], t, amount, left)
            for (_, _, t, c), amount, left in zip(dues, amounts, paid, strict=True)
        ]

    def limited(self, dues, paid):
        limits = list(self.contract.get("limits", ()))
        if "cap" in self.contract:
            limits.append({"cap": self.contract["cap"], "each": "contract"})
        before = {}
        for day in sorted({due[0] for due in dues}):
            used = []
            for number, limit in enumerate(limits):
                sets = {}
                for place, (when, _, t, clause) in enumerate(dues):
                    mine = limit.get("payer") in {None, clause["payer"]}
                    mine = mine and clause["name"] in limit.get("clauses", [clause["name"]])
                    if when == day and mine:
                        key = {"contract": 0, "period": t, "year": day.year}[limit["each"]]
                        sets.setdefault((number, key), []).append(place)
                for key, members in sets.items():
                    due = sum(paid[m] for m in members)
                    room = max(Fraction(0), frac(limit["cap"]) - before.get(key, 0))
                    payable = min(due, room)
                    if payable < due:
                        payable = self.down(payable)
                        cut = [self.down(paid[m] * payable / due) for m in members[:-1]]
                        for m, value in zip(members, [*cut, payable - sum(cut)], strict=True):
                            paid[m] = value
                    used.append((key, members))
            for key, members in used:
                before[key] = before.get(key, 0) + sum(paid[m] for m in members)
        return paid

    def clause(self, clause, t, before):
        people = sum(self.people(clause, t, g) for g in GROUPS)
        value = self.payment(clause, clause["payment"], t, GROUPS, before)
        if "indexation" in clause:
            value *= frac(clause["indexation"][t])
        least = clause.get("floor", 0)
        if least is not None:
            value = max(frac(least), value)
        if "cap" in clause:
            value = min(value, max(Fraction(0), frac(clause["cap"]) - before))
        return value if people >= self.contract["minimum_cohort"] else Fraction(0)

    def people(self, clause, t, group):
        outcome = next(iter(_reads(clause)))
        return self.rows[outcome, t, group]["people"]

    def beyond(self, clause, t, groups, outcome):
        """Return the units beyond the basis and the level that they are compared with."""
        total = level = Fraction(0)
        for group in groups:
            row = self.rows[outcome, t, group]
            total += frac(row["total"])
            basis = clause["basis"]
            each = {
                "gross": lambda: 0,
                "measured_impact": lambda row=row: row["comparison"],
                "above_baseline": lambda basis=basis: basis["baseline"],
                "above_prediction": lambda basis=basis, group=group: basis["prediction"][group],
            }[basis["type"]]()
            level += frac(each) * row["people"]
        return total - level, level

    def scaled(self, clause, t, groups, scale, of=None):
        weights = of or _weights(clause)
        parts = {n: self.beyond(clause, t, groups, n) for n in weights}
        units = sum(frac(w) * parts[n][0] for n, w in weights.items())
        heads = sum(self.people(clause, t, g) for g in groups)
        if scale == "total":
            return units
        if scale == "per_person" or clause["basis"]["type"] == "gross":
            return units / heads
        if scale == "relative":
            return units / sum(abs(frac(w)) * parts[n][1] for n, w in weights.items())
        return sum(frac(w) * parts[n][0] / parts[n][1] for n, w in weights.items())

    def by_group(self, clause, t, groups, values):
        if not isinstance(values, dict):
            return frac(values) * self.scaled(clause, t, groups, "total")
        total = Fraction(0)
        for group in groups:
            if "rows" in values:
                strata = STRATA[group]
                (row,) = (r for r in values["rows"] if r["where"]["age"] == strata["age"])
                each = frac(row["value"])
                each *= frac(values["coefficients"]["region"][strata["region"]])
            else:
                each = frac(values[group])
            total += each * self.scaled(clause, t, (group,), "total")
        return total

    def payment(self, clause, p, t, groups, before):
        again = lambda inner, who=groups: self.payment(clause, inner, t, who, before)  # noqa: E731
        match p["type"]:
            case "rate":
                return self.by_group(clause, t, groups, p["price"])
            case "share":
                return self.by_group(clause, t, groups, p["share"])
            case "steps":
                x = self.scaled(clause, t, groups, p["scale"])
                return frac([p["below"], *(v for low, v in p["table"] if x >= frac(low))][-1])
            case "bands":
                x = self.scaled(clause, t, groups, p["scale"])
                lows = [frac(low) for low, _ in p["table"]]
                value = frac(p["base"]) if x >= lows[0] else Fraction(0)
                for n, (_, rate) in enumerate(p["table"]):
                    top = x if n + 1 == len(lows) else min(x, lows[n + 1])
                    value += frac(rate) * max(Fraction(0), top - lows[n])
                return value
            case "gate":
                who = GROUPS if p["pooled"] else groups
                x = self.scaled(clause, t, who, p["scale"], p.get("of"))
                return again(p["then"] if x >= frac(p["at_least"]) else p["otherwise"])
            case "sum":
                return sum(again(part) for part in p["parts"])
            case "each_group":
                return sum(again(p["payment"], (group,)) for group in p["groups"])
            case "limited":
                value = max(frac(p["at_least"]), again(p["payment"]))
                return min(value, frac(p["at_most"]))
            case "fixed":
                return frac(p["amount"])
            case "cost_share":
                cost = self.contract["reference_costs"][p["cost"]]
                amounts = cost["amounts"]
                value = frac(amounts[t] if len(amounts) > 1 else amounts[0])
                if cost.get("per") == "person":
                    value *= sum(self.people(clause, t, g) for g in groups)
                return frac(p["share"]) * value
            case _:
                units = self.scaled(clause, t, groups, "total")
                owed = frac(p["principal"]) * (1 + frac(p["base_return"]) * (t + 1))
                first = min(frac(p["share"]) * units, max(Fraction(0), owed - before))
                return first + frac(p["then"]) * (units - first / frac(p["share"]))
