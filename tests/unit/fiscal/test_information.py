"""Value of information against closed forms and nested simulation.

For a normal net benefit with mean m and standard deviation s against nothing, perfect information
is worth s φ(m/s) − |m| Φ(−|m|/s) (unit normal loss; Raiffa and Schlaifer, 1961). Tolerance: four
of the reported errors, which a seed must not fail by chance.
"""

import numpy as np
import pytest
from scipy.stats import norm

from impactmodel.core.errors import InputError, JoinError
from impactmodel.fiscal import evpi, evppi

N = 20_000


def loss(mean, sd):
    return sd * norm.pdf(mean / sd) - abs(mean) * norm.cdf(-abs(mean) / sd)


def normals(seed=3, n=N):
    return np.random.default_rng(seed).normal(size=(3, n))


@pytest.mark.parametrize("mean", [-1.5, -0.2, 0.0, 0.7])
def test_perfect_information(mean):
    a, b, _ = normals()
    found = evpi({"nothing": np.zeros(N), "programme": mean + 3 * a + 4 * b})
    assert found.value == pytest.approx(loss(mean, 5.0), abs=4 * found.error)
    assert found.p_change == pytest.approx(norm.cdf(-abs(mean) / 5), abs=0.015)
    assert found.decision == ("programme" if mean > 0.1 else "nothing") or mean == 0.0


@pytest.mark.parametrize("mean", [-1.5, 0.7])
@pytest.mark.parametrize(("of", "sd"), [(["a"], 3.0), (["b"], 4.0), (["a", "b"], 5.0)])
def test_partial_information(mean, of, sd):
    a, b, c = normals()
    parts = {"a": a, "b": b, "c": c}
    benefits = {"nothing": np.zeros(N), "programme": mean + 3 * a + 4 * b + 2 * c}
    found = evppi(benefits, parts, of)
    assert found.value == pytest.approx(loss(mean, sd), abs=4 * found.error)
    assert found.value <= evpi(benefits).value + 4 * found.error


def test_a_product_of_two_quantities_needs_both():
    # E[ab | a] = 0: knowing one alone is worth nothing, both are worth E|ab|/2 = 1/π.
    a, b, _ = normals(seed=8)
    benefits = {"nothing": np.zeros(N), "programme": a * b}
    parts = {"a": a, "b": b}
    both = evppi(benefits, parts, ["a", "b"])
    assert evppi(benefits, parts, ["a"]).value < 0.02
    assert both.value == pytest.approx(1 / np.pi, abs=4 * both.error)


def test_a_curved_net_benefit_against_nested_simulation():
    # Three decisions, gains that are not linear in the quantity; the inner mean is known exactly.
    a, b, _ = normals(seed=5, n=40_000)
    inner = np.column_stack([np.zeros(len(a)), np.exp(0.5 * a) - 1.2, 0.4 * a**2 - 0.3])
    noise = b[:, None] * np.array([0.0, 1.0, -1.0])
    exact = inner.max(axis=1).mean() - inner.mean(axis=0).max()
    names = ("nothing", "small", "large")
    benefits = dict(zip(names, (inner + noise).T, strict=True))
    found = evppi(benefits, {"a": a}, ["a"])
    assert found.value == pytest.approx(exact, abs=4 * found.error + 0.01)


def test_the_error_is_the_spread_over_samples():
    values, errors = [], []
    for seed in range(40):
        a, b, _ = normals(seed=seed, n=2000)
        found = evppi({"no": np.zeros(2000), "yes": 0.3 + a + 2 * b}, {"a": a}, ["a"], seed=seed)
        values.append(found.value)
        errors.append(found.error)
    # The error of an error over 40 samples is about 11 %.
    assert np.mean(errors) == pytest.approx(np.std(values, ddof=1), rel=0.4)
    assert np.mean(values) == pytest.approx(loss(0.3, 1.0), abs=3 * np.std(values) / 40**0.5 + 0.01)


def test_what_never_changes_the_decision_is_worth_nothing():
    a, _, c = normals()
    found = evppi({"no": np.zeros(N), "yes": 50 + a}, {"c": c}, ["c"])
    assert (found.value, found.p_change, found.decision) == (0.0, 0.0, "yes")


def test_other_units_scale_and_a_common_gain_leaves_it():
    a, b, _ = normals()
    base = evppi({"no": np.zeros(N), "yes": 0.5 + a + b}, {"a": a}, ["a"])
    shifted = {"no": 7 * b, "yes": 7 * b + 100 * (0.5 + a + b)}
    found = evppi(shifted, {"a": 10 * a + 3}, ["a"])
    assert found.value == pytest.approx(100 * base.value, rel=1e-9)


class TestRefusals:
    A = np.random.default_rng(1).normal(size=500)

    def test_one_decision(self):
        with pytest.raises(InputError, match="needs an alternative"):
            evpi({"yes": self.A})

    def test_few_draws(self):
        with pytest.raises(InputError, match="too few draws"):
            evpi({"no": [0.0, 0.0], "yes": [1.0, 2.0]})

    def test_other_draws(self):
        with pytest.raises(JoinError, match="different numbers"):
            evpi({"no": np.zeros(500), "yes": np.zeros(400)})
        with pytest.raises(JoinError, match="'a' has 400 draws"):
            evppi({"no": 0 * self.A, "yes": self.A}, {"a": self.A[:400]}, ["a"])

    def test_not_finite(self):
        with pytest.raises(InputError, match="not finite"):
            evpi({"no": 0 * self.A, "yes": np.where(self.A > 0, np.inf, 0)})

    @pytest.mark.parametrize("of", [[], ["a"] * 2, ["x"], ["constant"]])
    def test_quantities(self, of):
        parts = {"a": self.A, "constant": np.ones(500)}
        with pytest.raises(InputError):
            evppi({"no": 0 * self.A, "yes": self.A}, parts, of)
