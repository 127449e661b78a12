import numpy as np
import pytest

from impactmodel.clients import Membership, Merging
from impactmodel.clients.merging import EXACT
from impactmodel.core.errors import InputError


def partitions(items):
    if not items:
        yield []
        return
    first, rest = items[0], items[1:]
    for smaller in partitions(rest):
        yield [[first], *smaller]
        for place, part in enumerate(smaller):
            yield [*smaller[:place], [first, *part], *smaller[place + 1 :]]


def alike(how, chance, effect, part):
    within = np.ptp(chance[:, part], axis=1) <= how.chance + 1e-12
    within &= (np.ptp(effect[:, :, part], axis=2) <= how.effect + 1e-12).all(axis=1)
    return within.mean()


def drawn(groups, seed, draws=200):
    rng = np.random.default_rng(seed)
    chance = rng.choice([0.2, 0.23, 0.3], groups) + 0.01 * rng.standard_normal((draws, groups))
    effect = rng.choice([0.0, 0.03], (2, groups)) + 0.005 * rng.standard_normal((draws, 2, groups))
    return chance, effect, [f"g{i}" for i in range(groups)]


@pytest.mark.parametrize("seed", range(8))
def test_it_is_the_best_of_all_partitions(seed):
    how = Merging(chance=0.04, effect=0.03, probability=0.6)
    chance, effect, labels = drawn(6, seed)
    found = how.merge(chance, effect, labels)
    allowed = []
    for parts in partitions(list(range(6))):
        sure = [alike(how, chance, effect, part) for part in parts]
        if min(sure) >= how.probability:
            allowed.append((len(parts), -min(sure)))
    assert (len(found.labels), -found.probability.min()) == min(allowed)
    assert found.exact
    for place in range(len(found.labels)):
        members = np.flatnonzero(found.code == place)
        assert found.probability[place] == alike(how, chance, effect, members)
    assert found.pairs[0, 1] == alike(how, chance, effect, [0, 1])


def test_many_groups_are_joined_within_the_tolerances():
    how = Merging(chance=0.04, effect=0.03, probability=0.6)
    chance, effect, labels = drawn(EXACT + 6, 3)
    found = how.merge(chance, effect, labels)
    assert not found.exact
    assert len(found.labels) < len(labels)
    assert (found.probability >= how.probability).all()


def test_groups_alike_become_one_and_groups_apart_stay():
    chance = np.full((50, 20), 0.3)
    same = Merging().merge(chance, np.zeros((50, 1, 20)), [str(i) for i in range(20)])
    assert len(same.labels) == 1
    assert same.exact
    effect = np.zeros((50, 1, 3))
    effect[:, 0, 2] = 0.1
    found = Merging().merge(chance[:, :3], effect, ["a", "b", "c"])
    assert found.labels == ("a + b", "c")


def test_groups_of_which_little_is_known_stay_apart():
    rng = np.random.default_rng(1)
    chance = 0.3 + 0.2 * rng.standard_normal((400, 2))
    assert len(Merging().merge(chance, np.zeros((400, 1, 2)), ["a", "b"]).labels) == 2


def test_a_tolerance_of_nothing_joins_equals_alone():
    chance = np.array([[0.3, 0.3, 0.300001]] * 5)
    found = Merging(chance=0.0, effect=0.0).merge(chance, np.zeros((5, 1, 3)), ["a", "b", "c"])
    assert found.labels == ("a + b", "c")


def test_memberships_add_up():
    chance = np.array([[0.3, 0.5, 0.3]] * 5)
    found = Merging().merge(chance, np.zeros((5, 1, 3)), ["a", "b", "c"])
    people = Membership(("a", "b", "c"), np.array([[0.2, 0.5, 0.3], [1.0, 0.0, 0.0]]))
    merged = found.apply(people)
    assert merged.groups == ("a + c", "b")
    assert merged.weights == pytest.approx(np.array([[0.5, 0.5], [1.0, 0.0]]))


@pytest.mark.parametrize(
    ("chance", "effect", "what"),
    [
        (np.zeros((5, 2)), np.zeros((4, 1, 2)), "draws of chance are"),
        (np.zeros((5, 2)), np.zeros((5, 1, 3)), "draws of chance are"),
        (np.zeros((0, 2)), np.zeros((0, 1, 2)), "draws of chance are"),
        (np.full((5, 2), np.nan), np.zeros((5, 1, 2)), "not numbers"),
    ],
)
def test_draws_that_do_not_fit_are_refused(chance, effect, what):
    with pytest.raises(InputError, match=what):
        Merging().merge(chance, effect, ["a", "b"])


@pytest.mark.parametrize("wrong", [{"chance": -0.1}, {"effect": -0.1}, {"probability": 0.0}])
def test_tolerances_that_mean_nothing_are_refused(wrong):
    with pytest.raises(InputError):
        Merging(**wrong)
