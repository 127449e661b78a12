"""A change of activation is split without a rest, by rules with known properties."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from impactmodel.core.errors import InputError
from impactmodel.registers import Decomposition, beside, contributions
from impactmodel.registers.decomposition import Method

COUNT = st.integers(1, 10**6).map(float)


@given(COUNT, COUNT, COUNT, COUNT, st.sampled_from(["shapley", "logarithmic_mean"]))
def test_parts_add_up_and_have_the_right_sign(
    s0: float, s1: float, u0: float, u1: float, method: Method
) -> None:
    parts = contributions({"s": (s0, s1)}, {"u": (u0, u1)}, method)
    change = 100 * (s1 / (s1 + u1) - s0 / (s0 + u0))
    # Both are differences of rates up to 100: 1e-9 is rounding of float64.
    assert float(parts["s"] + parts["u"]) == pytest.approx(change, abs=1e-9)
    assert float(parts["s"]) * (s1 - s0) >= -1e-9
    assert float(parts["u"]) * (u1 - u0) <= 1e-9


def test_two_parts_are_the_mean_of_both_orders() -> None:
    """Services 50 to 60, unemployed 150 to 90, by hand: 25 -> 40 percent."""
    parts = contributions({"s": (50, 60)}, {"u": (150, 90)})
    services_first, services_last = 6000 / 210 - 25, 40 - 5000 / 140
    assert float(parts["s"]) == pytest.approx((services_first + services_last) / 2, abs=1e-12)


def test_logarithmic_mean_by_hand_and_at_no_change() -> None:
    parts = contributions({"s": (50, 50)}, {"u": (150, 50)}, "logarithmic_mean")
    assert [float(parts[k]) for k in "su"] == pytest.approx([0, 25], abs=1e-12)
    # All doubles: the rate stays 25, and the parts are its slope 18.75 times ln 2, and its mirror.
    still = contributions({"s": (50, 100)}, {"u": (150, 300)}, "logarithmic_mean")
    expected = 18.75 * np.log(2)
    assert [float(still[k]) for k in "su"] == pytest.approx([expected, -expected], rel=1e-9)


def test_a_part_that_does_not_move_and_equal_parts() -> None:
    parts = contributions(
        {"a": (10, 20), "b": (10, 20), "c": (5, 5)}, {"u": (100, 80), "off": (50, 10)}
    )
    assert float(parts["c"]) == 0
    assert float(parts["a"]) == pytest.approx(float(parts["b"]), abs=1e-12)
    change = 100 * (45 / 135 - 25 / 175)
    assert float(sum(parts.values())) == pytest.approx(change, abs=1e-12)


def test_draws_are_split_one_by_one() -> None:
    s1, u1 = np.array([60.0, 40.0]), np.array([90.0, 120.0])
    parts = contributions({"s": (np.full(2, 50.0), s1)}, {"u": (np.full(2, 150.0), u1)})
    for i in range(2):
        alone = contributions({"s": (50, s1[i])}, {"u": (150, u1[i])})
        assert float(parts["s"][i]) == pytest.approx(float(alone["s"]), abs=1e-12)


@pytest.mark.parametrize(
    ("services", "unemployed", "method", "words"),
    [
        ({"s": (-1, 1)}, {"u": (1, 1)}, "shapley", "s: a count is finite and not negative"),
        ({"s": (0, 1)}, {"u": (0, 1)}, "shapley", "no activation rate of nobody"),
        ({"s": (0, 1)}, {"u": (1, 1)}, "logarithmic_mean", "needs counts above 0"),
        ({"s": (1, 1), "t": (1, 1)}, {"u": (1, 1)}, "logarithmic_mean", "splits two counts"),
        ({"s": (1, 1)}, {"s": (1, 1)}, "shapley", "one name stands for two counts"),
        ({}, {"u": (1, 1)}, "shapley", "people in services and unemployed"),
        ({f"s{i}": (1, 1) for i in range(12)}, {"u": (1, 1)}, "shapley", "at most 12 parts"),
    ],
)
def test_what_cannot_be_split(
    services: dict[str, tuple[float, float]],
    unemployed: dict[str, tuple[float, float]],
    method: Method,
    words: str,
) -> None:
    with pytest.raises(InputError, match=words):
        contributions(services, unemployed, method)


def test_only_alike_areas_stand_side_by_side() -> None:
    one = Decomposition("A", "2021-02", "2022-02", 20, 24, {"s": 1, "u": 3}, {"s": 1.0}, "shapley")
    other = Decomposition("B", "2021-02", "2022-02", 20, 23, {"s": 1, "u": 2}, {}, "shapley")
    assert beside([one, other])["beyond_first"].to_list() == [0, -1]
    late = Decomposition("B", "2021-03", "2022-02", 20, 23, {"s": 1, "u": 2}, {}, "shapley")
    with pytest.raises(InputError, match=r"first: areas are compared alike \(seen: '2021-03'\)"):
        beside([one, late])
    with pytest.raises(InputError, match="an area comes twice"):
        beside([one, one])
    with pytest.raises(InputError, match="nothing to set side by side"):
        beside([])
