"""Published points: the Austrian short-term model and its four published checks."""

import math
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from impactmodel.clients import (
    HighLow,
    Points,
    Published,
    ScoreTable,
    SyntheticClients,
    Target,
    questions,
    rounding_loss,
    served_by_chance,
)
from impactmodel.clients.synthetic_chances import published_logit
from impactmodel.core.errors import InputError
from impactmodel.core.rule import describe
from impactmodel.core.spec import load_yaml

ROOT = Path(__file__).parents[3]
WORK = Target("work", event="work", horizon_days=210, days_required=90)


@pytest.fixture(scope="module")
def amas():
    return load_yaml(ScoreTable, ROOT / "examples" / "scores" / "amas.yaml")


@pytest.fixture(scope="module")
def world():
    return SyntheticClients(4000, seed=1, missing=0.0).draw()


@pytest.mark.parametrize(
    ("changed", "percent"),
    [
        ({}, 52),
        ({"sex": "woman"}, 49),
        ({"age_group": "50+"}, 35),
        ({"sex": "woman", "age_group": "50+"}, 32),
    ],
)
def test_published_checks(amas, changed, percent):
    """The publication prints whole per cent."""
    person = amas.reference() | changed
    assert round(amas.chance_of(person) * 100) == percent


def test_care_counts_for_women_alone(amas):
    person = amas.reference() | {"care": "yes"}
    assert amas.audit(person).value == amas.audit(amas.reference()).value
    woman = amas.reference() | {"sex": "woman"}
    with_care = amas.audit(woman | {"care": "yes"}).value
    assert with_care - amas.audit(woman).value == Decimal("-0.15")


def test_the_file_says_that_it_is_not_verified(amas):
    assert not amas.published.verified
    assert "p. 11" in amas.published.source
    assert "long-term table" in amas.published.note


def test_numpy_decimal_and_the_world_agree(amas, world):
    clients = world.clients()
    score, chance = amas.score(clients), amas.chance(clients)
    assert score == pytest.approx(published_logit(world.truth.people), abs=1e-12)
    for person in range(20):
        texts = {}
        for item in amas.points:
            codes, labels = clients.labels(item.feature)
            texts[item.feature] = labels[codes[person]]
        assert float(amas.audit(texts).value) == pytest.approx(score[person], abs=1e-12)
        assert float(amas.chance_of(texts)) == pytest.approx(chance[person], rel=1e-12)


def test_the_text_says_every_point(amas):
    text = describe(amas.rule())
    for item in amas.points:
        for points in item.levels.values():
            assert f"{points:g}".replace("-", "") in text
    assert "woman: by care" in text


def test_the_formula_computes_the_chance(amas):
    """The formula is read by a small interpreter of IF, EXP and NA over the cells."""
    person = amas.reference() | {"sex": "woman", "care": "yes", "cases": "3+"}
    cells = {name: f"B{row}" for row, name in enumerate(person)}
    formula = amas.excel(cells)[1:].replace("EXP", "math.exp").replace("NA()", "None")
    formula = formula.replace("IF(", "iff(").replace('="', '=="')
    names = {cells[name]: level for name, level in person.items()}
    scope = {"iff": lambda test, yes, no: yes if test else no, "math": math} | names
    found = eval(formula, {"__builtins__": {}}, scope)  # noqa: S307  a formula of ours
    assert found == pytest.approx(float(amas.chance_of(person)), rel=1e-12)


def test_segments_are_cut_above_66_per_cent(amas, world):
    chance = amas.chance(world.clients())
    codes, labels = HighLow().segments(chance)
    assert labels == ("A", "B or C")
    assert ((codes == 0) == (chance > 0.66)).all()
    long = 1 - chance
    codes, labels = HighLow().segments(chance, long)
    assert labels == ("A", "B", "C")
    assert ((codes == 2) == ((chance <= 0.66) & (long < 0.25))).all()


def test_rounding_loss_is_counted_and_bounded(amas, world):
    clients = world.clients()
    none = rounding_loss(amas, clients, 0.01)
    assert (none.largest, none.mean, none.moved) == (0.0, 0.0, 0.0)
    coarse = rounding_loss(amas, clients, 0.1)
    assert 0.01 < coarse.mean < coarse.largest < coarse.bound
    assert 0 < coarse.moved < 0.1
    whole = amas.in_steps(0.5)
    assert {v * 2 % 1 for p in whole.points for v in p.levels.values()} == {0.0}
    assert whole.intercept == 0.0


def test_halves_are_rounded_away_from_zero():
    """0.15 and -0.15 in tenths, where binary and decimal halves differ."""
    item = Points("x", {"a": 0.15, "b": -0.15, "c": 0.25, "d": 0.14})
    found = ScoreTable(WORK, 0.05, (item,), Published("example")).in_steps(0.1)
    assert found.points[0].levels == {"a": 0.2, "b": -0.2, "c": 0.3, "d": 0.1}
    assert found.intercept == 0.1


def test_what_to_question_is_listed(amas, world):
    found = questions(amas, world.declared)
    kinds = {(q.kind, q.feature) for q in found}
    protected = {"sex", "age_group", "origin", "care", "health"}
    assert {feature for kind, feature in kinds if kind == "protected"} == protected
    assert ("one_group", "care") in kinds
    assert ("past_service", "past") in kinds
    health = next(q for q in found if q.feature == "health")
    assert health.odds == pytest.approx(math.exp(-0.67))
    assert "only where 'sex' is 'woman'" in " ".join(q.text for q in found)


def test_least_to_the_least_chance_shows():
    """A rule that serves the upper half: the share rises with the chance."""
    chance = np.linspace(0.1, 0.9, 100)
    rows = served_by_chance(chance, (chance > 0.5).astype(np.intp), 4)
    assert [row.served for row in rows] == [0.0, 0.0, 1.0, 1.0]
    assert [row.people for row in rows] == [25] * 4
    assert rows[0].low == pytest.approx(0.1)
    assert rows[3].high == pytest.approx(0.9)


def test_a_gap_without_points_is_refused(amas):
    clients = SyntheticClients(500, seed=1, missing=0.2).draw().clients()
    with pytest.raises(InputError, match="no row for this"):
        amas.score(clients)
    score = ScoreTable(
        WORK, 0.0, (Points("health", {"no": 0.0, "yes": -1.0, "missing": -0.5}),), Published("x")
    )
    gone = np.isnan(clients.values["health"])
    assert (score.score(clients)[gone] == -0.5).all()


@pytest.mark.parametrize(
    ("make", "what"),
    [
        (lambda: Points("x", {"a": 1.0}), "two or more levels"),
        (lambda: Points("x", {"a": 0.0, "b": 1.0}, {"x": "a"}), "on itself"),
        (lambda: Points("x", {"a": 0.0, "b": 1.0}, {"y": "a", "z": "b"}), "one other"),
        (lambda: ScoreTable(WORK, 0.0, (), Published("x")), "no points"),
        (
            lambda: ScoreTable(
                WORK, 0.0, (Points("x", {"a": 0.0, "b": 1.0}, {"y": "a"}),), Published("x")
            ).rule(),
            "does not know",
        ),
        (lambda: HighLow(high=1.2), "between 0 and 1"),
        (lambda: served_by_chance(np.zeros(3), np.zeros(3, dtype=np.intp), 4), "parts"),
    ],
)
def test_scores_that_mean_nothing_are_refused(make, what):
    with pytest.raises(InputError, match=what):
        make()
