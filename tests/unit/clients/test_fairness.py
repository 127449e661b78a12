"""Audit by group, what comes after a policy, and the stability of flags."""

import json

import numpy as np
import pytest
from scipy import optimize, stats

from impactmodel.clients.fairness import audit, disclosed, disparity
from impactmodel.clients.flag_stability import flag_stability, refits
from impactmodel.clients.impact import impact
from impactmodel.clients.rates import auc, jeffreys, recalibration
from impactmodel.core.errors import InputError
from impactmodel.registers import DisclosureRules

SEX, ORIGIN = ("woman", "man"), ("home", "abroad")


def people(n=4000, seed=1):
    rng = np.random.default_rng(seed)
    sex, origin = rng.integers(0, 2, n), (rng.random(n) < 0.2).astype(int)
    z = rng.normal(-0.2, 1, n)
    y = (rng.random(n) < 1 / (1 + np.exp(-0.8 * z + 0.4 * origin))).astype(float)
    return 1 / (1 + np.exp(-z)), y, {"sex": (sex, SEX), "origin": (origin, ORIGIN)}


def test_recalibration_is_the_maximum_of_the_likelihood():
    p, y, _ = people()
    x = np.log(p / (1 - p))

    def loss(beta):
        return np.logaddexp(0, beta[0] + beta[1] * x).sum() - y @ (beta[0] + beta[1] * x)

    best = optimize.minimize(loss, [0.0, 1.0], method="BFGS", options={"gtol": 1e-8})
    (a, b), covariance = recalibration(p, y)
    # Another optimiser, stopped at a gradient of 1e-8 at best.
    assert (a, b) == pytest.approx(best.x, abs=1e-5)
    fitted = 1 / (1 + np.exp(-(a + b * x)))
    assert abs((y - fitted).sum()) < 1e-8
    assert abs((y - fitted) @ x) < 1e-8
    weight = fitted * (1 - fitted)
    information = np.array([[weight.sum(), weight @ x], [weight @ x, weight @ x**2]])
    assert covariance @ information == pytest.approx(np.eye(2), abs=1e-9)


@pytest.mark.parametrize("y", [np.zeros(6), np.array([0, 0, 0, 1, 1, 1.0])])
def test_what_has_no_maximum_is_not_a_number(y):
    coefficients, covariance = recalibration(np.array([0.1, 0.2, 0.3, 0.6, 0.7, 0.8]), y)
    assert np.isnan(coefficients).all()
    assert np.isnan(covariance).all()


def test_intervals_of_shares_are_those_of_brown_cai_and_dasgupta():
    low, high = jeffreys([2, 0, 5, 0], [10, 10, 5, 0], 0.95)
    beta = stats.beta(2.5, 8.5)
    assert (low[0], high[0]) == pytest.approx((beta.ppf(0.025), beta.ppf(0.975)), abs=1e-12)
    assert (low[1], high[2]) == (0.0, 1.0)
    assert np.isnan([low[3], high[3]]).all()


def test_intervals_of_bias_and_slope_hold_the_truth_as_often_as_they_say():
    """A calibrated score: bias 0 and slope 1; 400 data sets, binomial bands at 99.9 %."""
    held = np.zeros(2)
    for i in range(400):
        rng = np.random.default_rng([2, i])
        p = 1 / (1 + np.exp(-rng.normal(-0.3, 1, 400)))
        y = (rng.random(400) < p).astype(float)
        found = audit(p, y, {"all": (np.zeros(400, int), ("one",))}, threshold=0.4)
        for j, (name, truth) in enumerate((("bias", 0.0), ("slope", 1.0))):
            m = found.measures[name]
            held[j] += m.lower[0] <= truth <= m.upper[0]
    low, high = stats.binom.interval(0.999, 400, 0.9)
    assert ((held >= low) & (held <= high)).all()


def test_people_whose_outcome_is_not_known_are_counted_and_left_out():
    p, y, groups = people(500)
    gaps = np.where(np.arange(500) % 5 == 0, np.nan, y)
    known = ~np.isnan(gaps)
    found = audit(p, gaps, groups, threshold=0.4)
    kept = audit(
        p[known], y[known], {k: (c[known], names) for k, (c, names) in groups.items()},
        threshold=0.4,
    )  # fmt: skip
    assert found.unknown == 100
    assert found.of("slope", "Total", "Total") == kept.of("slope", "Total", "Total")


def test_small_groups_are_hidden_with_what_would_give_them_away():
    p, y, groups = people(3000)
    origin = groups["origin"][0].copy()
    # Three people of a group of their own: all flagged by chance or not, some cell is below 3.
    origin[:4] = 2
    groups = groups | {"origin": (origin, (*ORIGIN, "rare"))}
    found = audit(p, y, groups, threshold=0.4)
    shown = disclosed(found, p, y, groups, DisclosureRules(threshold=5))
    hidden = {key for key, h in zip(shown.keys, shown.hidden, strict=True) if h}
    assert ("Total", "rare") in hidden
    # Total less the others would tell what it is: another group of origin is hidden too.
    assert hidden & {("Total", "home"), ("Total", "abroad")}
    assert ("Total", "Total") not in hidden
    assert np.isnan(shown.measures["bias"].upper[shown.hidden]).all()
    assert shown.of("flagged", "Total", "Total") == found.of("flagged", "Total", "Total")
    assert "rare" not in repr(shown)


def test_a_hidden_group_makes_its_disparity_unknown():
    p, y, groups = people(3000)
    origin = np.where(np.arange(3000) < 4, 2, groups["origin"][0])
    groups = {"origin": (origin, (*ORIGIN, "rare"))}
    shown = disclosed(
        audit(p, y, groups, threshold=0.4), p, y, groups, DisclosureRules(threshold=5)
    )
    assert np.isnan(disparity(shown, "origin").flagged_difference)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"chance": [1.2, 0.5]}, "a chance lies between 0 and 1"),
        ({"outcome": [2.0, 0.0]}, "outcomes are 0, 1 or not known"),
        ({"outcome": [np.nan, np.nan]}, "some are known"),
        ({"outcome": [1.0]}, "differ in length"),
        ({"groups": {}}, "no groups are given"),
        ({"groups": {"sex": (np.array([0, 5]), SEX)}}, "sex: a code has no label"),
        ({"groups": {"sex": (np.array([0, 1]), ("Total", "x"))}}, "that of a margin"),
        ({"threshold": 1.0}, "a threshold lies between 0 and 1"),
    ],
)
def test_what_cannot_be_audited_is_refused(change, words):
    given = {
        "chance": [0.2, 0.5], "outcome": [1.0, 0.0], "threshold": 0.4,
        "groups": {"sex": (np.array([0, 1]), SEX)},
    } | change  # fmt: skip
    with pytest.raises(InputError, match=words):
        audit(given["chance"], given["outcome"], given["groups"], threshold=given["threshold"])


def test_the_area_under_the_curve_counts_ties_half():
    assert auc([0.5, 0.5, 0.2, 0.9], [0, 1, 0, 1]) == 3.5 / 4
    assert np.isnan(auc([0.1, 0.2], [1, 1]))


def brute(chance, effects, kind, chosen, codes, group):
    total = chance.copy()
    for d in range(len(chance)):
        for i in range(chance.shape[1]):
            if chosen[i]:
                total[d, i] += effects[d, chosen[i] - 1, kind[i]]
    return total[:, codes == group].mean(axis=1)


def test_outcomes_after_a_policy_are_the_means_over_people():
    rng = np.random.default_rng(4)
    draws, n = 5, 200
    chance, effects = rng.random((draws, n)), rng.normal(0, 0.1, (draws, 2, 3))
    kind, codes = rng.integers(0, 3, n), rng.integers(0, 2, n)
    now, new = rng.integers(0, 3, n), rng.integers(0, 3, n)
    found = impact(
        iter([(slice(0, 70), chance[:, :70]), (slice(70, n), chance[:, 70:])]),
        effects, kind, {"now": now, "new": new},
        ("sex", codes, SEX),
    )  # fmt: skip
    for j, chosen in enumerate((now, new)):
        for g in (0, 1):
            truth = brute(chance, effects, kind, chosen, codes, g)
            assert found.outcome[:, j, g] == pytest.approx(truth, abs=1e-12)
            assert found.served[j, g] == pytest.approx((chosen[codes == g] > 0).mean())
    # Everybody is the mean of the groups by their people.
    share = found.people[:-1] / found.people[-1]
    assert found.outcome[..., -1] == pytest.approx(found.outcome[..., :-1] @ share, abs=1e-12)
    assert found.gain("now") == pytest.approx(0)
    assert found.gap().shape == (draws, 2)


def test_a_lottery_is_the_mean_of_its_outcomes():
    chance, effects = np.full((1, 4), 0.4), np.array([[[0.2]]])
    codes = np.array([0, 0, 1, 1])
    half = np.full((4, 2), 0.5)
    policies = {"all": [1] * 4, "lot": half}
    found = impact(
        [(slice(0, 4), chance)], effects, np.zeros(4, int), policies, ("sex", codes, SEX)
    )
    assert found.outcome[0].tolist() == [pytest.approx([0.6] * 3), pytest.approx([0.5] * 3)]


def test_policies_that_do_not_fit_are_refused():
    given = [(slice(0, 2), np.full((1, 2), 0.4))], np.array([[[0.2]]]), np.zeros(2, int)
    groups = ("sex", np.array([0, 1]), SEX)
    with pytest.raises(InputError, match="now: a policy gives each person a code"):
        impact(*given, {"now": [0, 2]}, groups)
    with pytest.raises(InputError, match="add up to 1"):
        impact(*given, {"now": [[0.5, 0.6], [1.0, 0.0]]}, groups)
    with pytest.raises(InputError, match="differ in draws"):
        impact([(slice(0, 2), np.full((2, 2), 0.4))], *given[1:], {"now": [0, 1]}, groups)
    with pytest.raises(InputError, match="1 of 2 people have no chance"):
        impact([(slice(0, 1), np.full((1, 1), 0.4))], *given[1:], {"now": [0, 1]}, groups)
    with pytest.raises(InputError, match="no policy has this name"):
        impact(*given, {"now": [0, 1]}, groups).gain("new")


def test_flags_of_refits_change_though_accuracy_does_not():
    """Equally accurate refits of a logit on 300 people share far less than all of their flags."""
    rng = np.random.default_rng(5)
    n, k = 2000, 8
    x = rng.normal(size=(n, k))
    y = (rng.random(n) < 1 / (1 + np.exp(-x @ np.full(k, 0.3)))).astype(float)

    def fit(rows):
        rows = rows[:300]
        design = x[rows]
        beta = np.linalg.solve(design.T @ design + np.eye(k), design.T @ (y[rows] - 0.5))
        return 1 / (1 + np.exp(-4 * x @ beta))

    chances = refits(fit, n, models=8, seed=7)
    found = flag_stability(chances, y, places=200)
    assert len(found.common) == 28
    assert np.ptp(found.auc) < 0.05
    assert 0.5 < found.common.mean() < 0.95
    assert found.sometimes > found.always > 0
    assert np.array_equal(chances, refits(fit, n, models=8, seed=7))
    same = flag_stability(np.stack([chances[0]] * 3), y, threshold=0.4)
    assert (same.common == 1).all()
    assert same.sometimes == 0


def test_stability_needs_one_rule_and_two_models():
    with pytest.raises(InputError, match="a threshold or from places"):
        flag_stability([[0.1, 0.2]] * 2, [0, 1])
    with pytest.raises(InputError, match="two or more models"):
        flag_stability([[0.1, 0.2]], [0, 1], places=1)


def test_reprs_show_nobody():
    p, y, groups = people(300)
    p[0] = 0.77431
    text = repr(audit(p, y, groups, threshold=0.4)) + repr(flag_stability([p, p], y, places=10))
    assert "0.77431" not in text
    assert json.dumps(text)
