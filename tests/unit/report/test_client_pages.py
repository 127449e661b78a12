"""Pages on client scores: what they must say stands on them, small counts do not."""

import dataclasses
import datetime as dt
from functools import cache

import numpy as np
import pytest

from impactmodel.clients.cards import NOT_FOR, DataSheet, FeatureRow, ModelCard, Performance
from impactmodel.clients.fairness import audit, disclosed, disparity
from impactmodel.clients.flag_stability import flag_stability
from impactmodel.clients.impact import impact
from impactmodel.clients.monitor import MonitorRules, observe, watch
from impactmodel.clients.use import ClientUse, Oversight
from impactmodel.registers import DisclosureRules, Purpose
from impactmodel.report.client_cards import data_sheet_page, model_card_page, monitoring_page
from impactmodel.report.client_fairness import fairness_page, impact_table

DAY = dt.date(2099, 12, 31)
USE = ClientUse(
    "support_2027",
    "the need of support",
    Purpose("act, section 1", "", "the city", "client_work", ("client_decision",), DAY, DAY),
    ("age", "health"),
    Oversight("adviser", ("the interview",), "the registry"),
    {"health": "act, section 2"},
)
SHEET = DataSheet(
    "clients of a made-up city", dt.date(2026, 1, 1), dt.date(2026, 12, 31), 12_345,
    (FeatureRow("age", "number", 0, False, True), FeatureRow("health", "flag", 2, True, True)),
    (("at least 90 days of work within 210 days", 12_000, 4000),),
    (("none", 12_344), ("coaching", 1)), DAY, synthetic=True,
)  # fmt: skip
SEX = ("woman", "man", "other")


def people(n=2000):
    rng = np.random.default_rng(1)
    p = rng.uniform(0.1, 0.9, n)
    sex = rng.integers(0, 2, n)
    sex[:4] = 2
    return p, (rng.random(n) < p) * 1.0, {"sex": (sex, SEX)}


@cache
def audits():
    p, y, groups = people()
    rules = DisclosureRules(threshold=5)
    aware = audit(p, y, groups, threshold=0.4)
    other = np.clip(p + 0.02, 0, 1)
    unaware = audit(other, y, groups, threshold=0.4)
    return {
        "aware": disclosed(aware, p, y, groups, rules),
        "unaware": disclosed(unaware, other, y, groups, rules),
    }


def card():
    return ModelCard(
        "chance-1", "ab" * 32, "work", "without service", dt.date(2026, 11, 24), USE, SHEET,
        (Performance("area under the ROC curve", 0.7263, 0.7101, 0.7421, "normal, DeLong"),),
        audits()["aware"], 0.9, NOT_FOR, ("a limit of this model",),
    )  # fmt: skip


def test_the_card_says_all_that_it_must():
    html = model_card_page(card()).html()
    wanted = [
        "ab" * 32, "act, section 1", "the city", "the interview", "adviser", "the registry",
        "without service", "2099-12-31", "0.726", "0.710", "0.742", "Jeffreys", "act, section 2",
        "a limit of this model", "Synthetic data", "client work", "wrongly".capitalize(),
        "12,345", *(text.replace("'", "&#39;") for text in NOT_FOR),
    ]  # fmt: skip
    assert [text for text in wanted if text not in html] == []


def test_a_real_model_is_not_called_synthetic():
    real = dataclasses.replace(card(), data=dataclasses.replace(SHEET, synthetic=False))
    assert "ynthetic" not in model_card_page(real).html().split("</style>")[1]


def test_small_counts_are_not_shown():
    html = data_sheet_page(SHEET, "register of clients").html()
    assert html.count("&lt;\xa03") == 2
    assert "12,344" in html


def test_models_and_policies_stand_side_by_side():
    p, y, groups = people()
    codes = groups["sex"][0]
    after = impact(
        [(slice(0, len(p)), np.tile(p, (50, 1)))],
        np.random.default_rng(2).normal(0.1, 0.02, (50, 1, 1)),
        np.zeros(len(p), int), {"now": np.zeros(len(p), int), "new": (p < 0.4) * 1},
        ("sex", codes, SEX),
    )  # fmt: skip
    made = audits()
    page = fairness_page(
        made,
        [disparity(audit(p, y, groups, threshold=0.4), "sex")],
        [after],
        stability=flag_stability([p, p[::-1]], y, threshold=0.4),
    )
    assert [s.name for s in page.sections if s.blocks] == [
        "beside", "audit-0", "audit-1", "apart", "impact-sex", "stability",
    ]  # fmt: skip
    html = page.html()
    assert "need not make outcomes more equal" in html
    table = impact_table(after, hidden={"other"})
    by = {(row[0], row[1]): row for row in table.rows}
    assert by["other", "new"][2:] == ("hidden",) * 4
    assert by["Total", "now"][5] == "present"
    mean = float(after.gain("new")[:, -1].mean()) * 100
    assert by["Total", "new"][5].startswith(f"{mean:.1f}")
    assert "paired by draw" in table.note


def test_a_hidden_group_is_hidden_everywhere():
    page = fairness_page(audits(), [])
    for section in page.sections[:3]:
        table = section.blocks[0].table
        assert not [r for r in table.rows if r[0].split(":")[0] == "other"]
        assert "groups are not shown" in table.note


@pytest.mark.parametrize("shift", [0.0, 0.1])
def test_alarms_are_marked_and_the_rate_of_false_ones_is_stated(shift):
    rng = np.random.default_rng(1)

    def quarter(n, moved, edges=None):
        p = rng.uniform(0.1, 0.8, n)
        y = (rng.random(n) < p + moved) * 1.0
        return observe(p, y, {"health": rng.random(n) < 0.1}, edges=edges)

    then = quarter(20_000, 0.0)
    found = watch(then, quarter(5000, shift, then.edges), MonitorRules(), 2)
    page = monitoring_page(found, "chance-1")
    kinds = [block.kind for block in page.sections[0].blocks]
    assert kinds == (["marked", "table"] if shift else ["table"])
    html = page.html()
    assert "at most 5\xa0% of quarters" in html
    assert ("Changed: share that reached the target." in html) == bool(shift)
    assert "share of missing values, health" in html
