"""Overrides by group, and the card and sheet of a fitted model."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from impactmodel.clients import Category, ClientTable, Flag, Number, Target
from impactmodel.clients.cards import LIMITS, NOT_FOR, data_sheet, model_card, performance
from impactmodel.clients.decision_log import Decision, DecisionLog
from impactmodel.clients.fairness import audit
from impactmodel.clients.keyed import Key
from impactmodel.clients.model_record import ModelRecord
from impactmodel.clients.overrides import overrides
from impactmodel.clients.rates import auc, auc_sd
from impactmodel.clients.use import ClientUse, Oversight
from impactmodel.core.errors import InputError
from impactmodel.registers import DisclosureRules, Purpose
from tests.client_desk import desk

KEY = Key(b"a key of a test, not of an office")
DAY = dt.date(2099, 12, 31)
USE = ClientUse(
    "support_2027",
    "the need of support",
    Purpose("act, section 1", "", "the city", "client_work", ("client_decision",), DAY, DAY),
    ("age", "edu", "health"),
    Oversight("adviser", ("the interview",), "the registry"),
)
TABLE = ClientTable(
    "entry",
    {"age": Number(), "edu": Category(("basic", "upper"), gaps=True), "health": Flag()},
    protected=("health",),
    service="service",
    services=("none", "coaching"),
)
WORK = Target("work", event="work", horizon_days=210, days_required=90)
RANKING = ("age", "edu")


def clients(n=400):
    rng = np.random.default_rng(1)
    edu = rng.choice(["basic", "upper"], n).astype(object)
    edu[:2] = None
    return TABLE.read(
        pd.DataFrame(
            {
                "entry": pd.to_datetime(["2026-01-01", "2026-12-31"] * (n // 2)),
                "age": rng.normal(40, 9, n),
                "edu": edu,
                "health": rng.integers(0, 2, n) * 1.0,
                "service": rng.choice(["none", "coaching"], n),
                "work": np.where(np.arange(n) < 40, np.nan, rng.integers(0, 2, n)),
            }
        ),
        [WORK],
    )


def record(features=RANKING):
    return ModelRecord("chance-1", WORK.title, "without service", ("a", "b"), features,
                       np.zeros(9), np.ones((9, 2)), np.zeros(2))  # fmt: skip


def card(ranking=RANKING, features=RANKING):
    found = clients()
    rng = np.random.default_rng(2)
    p, y = rng.uniform(0.2, 0.8, found.size), found.target("work")
    audited = audit(p, y, {"health": found.labels("health")}, threshold=0.4)
    sheet = data_sheet(found, USE, population="clients of a made-up city", ranking=ranking,
                       synthetic=True)  # fmt: skip
    measured = performance(p, y, audited), audited
    return model_card(record(features), USE, sheet, measured, made=dt.date(2026, 11, 24))


def test_the_standard_error_of_the_area_is_that_of_its_placements():
    rng = np.random.default_rng(3)
    y = rng.integers(0, 2, 60)
    score = np.round(rng.normal(size=60) + y, 1)
    ones, zeros = score[y == 1], score[y == 0]
    wins = (ones[:, None] > zeros) + 0.5 * (ones[:, None] == zeros)
    assert auc(score, y) == pytest.approx(wins.mean(), abs=1e-14)
    variance = wins.mean(axis=1).var(ddof=1) / len(ones) + wins.mean(axis=0).var(ddof=1) / len(
        zeros
    )
    assert auc_sd(score, y) == pytest.approx(np.sqrt(variance), abs=1e-14)
    assert np.isnan(auc_sd([0.1, 0.2], [0, 1]))


def test_the_sheet_counts_what_is_there():
    sheet = card().data
    assert (sheet.first, sheet.last) == (dt.date(2026, 1, 1), dt.date(2026, 12, 31))
    assert [f.missing for f in sheet.features] == [0, 2, 0]
    assert [(f.protected, f.ranks) for f in sheet.features] == [
        (False, True), (False, True), (True, False),
    ]  # fmt: skip
    title, known, reached = sheet.targets[0]
    assert (title, known) == (WORK.title, 360)
    assert reached == int(np.nansum(clients().target("work")))
    assert sum(n for _, n in sheet.services) == sheet.people == 400


def test_the_card_has_everything_it_must_have():
    made = card()
    assert made.fingerprint == record().fingerprint
    assert made.not_for == NOT_FOR
    assert made.limits == LIMITS
    assert made.policy == "without service"
    assert [p.name for p in made.performance] == [
        "area under the ROC curve", "Brier score", "mean chance less outcome", "calibration slope",
    ]  # fmt: skip
    assert all(p.lower <= p.value <= p.upper for p in made.performance)
    assert repr(made) == f"ModelCard of chance-1 ({made.fingerprint[:12]}) for support_2027"


def test_a_card_of_a_model_that_ranks_by_more_than_it_says_is_refused():
    with pytest.raises(InputError, match="ranks by a feature that the data sheet does not name"):
        card(features=("age", "health"))
    with pytest.raises(InputError, match="health: a protected attribute would rank people"):
        card(ranking=("age", "health"))


@pytest.fixture
def log(tmp_path):
    made, made_desk = DecisionLog(tmp_path / "log.jsonl", KEY), desk(record(), KEY)
    for i in range(24):
        number = made.show(made_desk.propose([0.1, 0.2], pseudonym=f"p{i}", suggests="coaching"))
        other = i % 3 == 0
        made.decide(number, Decision("adviser", "none" if other else "coaching", "agreed" * other))
    return made


def test_override_rates_by_group(log):
    groups = {f"p{i}": "young" if i < 12 else "old" for i in range(24)}
    found = overrides(log.entries(), groups, KEY, DisclosureRules(threshold=3))
    assert dict(zip(found.groups, found.decisions.tolist(), strict=True)) == {
        "young": 12, "old": 12, "Total": 24,
    }  # fmt: skip
    assert found.share.value == pytest.approx(1 / 3)
    assert not found.hidden.any()
    small = overrides(log.entries(), groups, KEY, DisclosureRules(threshold=10))
    assert small.hidden[:2].all()
    assert np.isnan(small.share.value[:2]).all()


def test_decisions_without_a_group_are_counted_and_nobody_is_named(log):
    with pytest.raises(
        InputError, match="22 of 24 decisions are about people without a group"
    ) as e:
        overrides(log.entries(), {"p1": "young", "p2": "old"}, KEY, DisclosureRules())
    assert "p1" not in str(e.value)
    with pytest.raises(InputError, match="nothing was decided"):
        overrides([], {}, KEY, DisclosureRules())
