import numpy as np
import pytest
from scipy.special import expit

from impactmodel.clients import Encoding, Linear, WaitPlan, employability_path, fit_waits
from impactmodel.core.errors import InputError
from impactmodel.effects import Importance
from tests.unit.clients.anticipated import clients, logits, simulated

QUICK = Importance(seed=1, draws=600)
PLAN = WaitPlan(6, Encoding(numbers={"age": Linear(), "months": Linear()}), aware=True)


def waited(n=4000, seed=3):
    """Waits with a falling hazard of work, a pension of the old, and censoring by lot."""
    table = simulated(n)[0]
    rng = np.random.default_rng(seed)
    h1 = expit(logits(table)[:, None] - 1.5 - 0.1 * np.arange(6))
    h2 = (1 - h1) * (0.01 + 0.04 * (table["age"].to_numpy() > 55))[:, None]
    chance = rng.random((n, 6))
    event = np.where(chance < h1, 1, np.where(chance < h1 + h2, 2, 0))
    first = np.where(event.any(axis=1), (event > 0).argmax(axis=1), 6)
    ended = np.where(first < 6, event[np.arange(n), np.minimum(first, 5)], 0)
    wait = np.minimum(first + 1, 6)
    cut = rng.integers(1, 13, n)
    ended = np.where(cut < wait, 0, ended)
    stay = np.concatenate([np.ones((n, 1)), np.cumprod(1 - h1 - h2, axis=1)[:, :-1]], axis=1)
    return np.minimum(wait, cut), ended, stay * h1


def test_the_chance_of_work_by_a_period_is_found_in_spite_of_censoring():
    wait, ended, f = waited()
    people = clients()
    # A hundred or so pensions: the approximation is poorer there and takes more draws.
    found = fit_waits(PLAN, people, wait, ended, Importance(seed=1, draws=1300))
    assert len(found.betas) == 2
    few = people.take(np.arange(600))
    expected = found.expected(few, 6)
    truth = f.sum(axis=1)[:600]
    # Some 1,700 exits: the mean's standard error is about .008.
    assert expected.mean() == pytest.approx(truth.mean(), abs=0.025)
    # Months missing count .2 less, which a line with an indicator holds: 0.1 apart at most.
    assert np.corrcoef(expected, truth)[0, 1] > 0.98
    codes, labels = few.labels("origin")
    groups = found.by_group(few, codes, len(labels))
    each = np.concatenate([part for _, part in found.blocks(few)], axis=1)
    np.testing.assert_allclose(groups[:, 1], each[:, codes == 1].mean(axis=1), rtol=1e-10)
    path = employability_path(groups, (0,), 3)
    assert (np.diff(path.chance.mean(axis=0), axis=1) < 0).all()


def test_one_period_is_a_logit():
    """With one period and no other exit the chance is that of the share that left."""
    people = clients()
    ended = people.target("work").astype(int)
    found = fit_waits(WaitPlan(1, aware=True), people, np.ones(people.size, int), ended, QUICK)
    assert len(found.betas) == 1
    assert found.expected(people, 1).mean() == pytest.approx(ended.mean(), abs=0.002)
    assert fit_waits(
        WaitPlan(1), people, np.ones(people.size, int), ended, QUICK
    ).encoded.names == ("age", "months", "education", "region")  # fmt: skip


@pytest.mark.parametrize(
    ("wait", "ended", "what"),
    [
        ([1, 1], [0, 0], "for each client"),
        ([-1] * 3, [0] * 3, "not negative"),
        ([0] * 3, [1] * 3, "period 1 or later"),
        ([1] * 3, [3] * 3, "0, 1 or 2"),
    ],
)
def test_waits_that_mean_nothing_are_refused(wait, ended, what):
    few = clients().take(np.arange(3))
    with pytest.raises(InputError, match=what):
        fit_waits(WaitPlan(3), few, np.array(wait), np.array(ended))
    with pytest.raises(InputError, match="at least one period"):
        WaitPlan(0)
