"""Which cells are hidden: tables computed by hand, and a published one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest

from impactmodel.core.errors import InputError
from impactmodel.registers import DisclosureRules, Release, Tabulation, protect, tabulate
from impactmodel.registers.attack import Measure

COUNTS = DisclosureRules(threshold=3)


def people(counts: Sequence[Sequence[int]], population: str = "clients") -> Tabulation:
    rows = [
        (f"r{i}", f"c{j}")
        for i, row in enumerate(counts)
        for j, count in enumerate(row)
        for _ in range(count)
    ]
    frame = pd.DataFrame(rows, columns=["region", "age"])
    return tabulate(frame, ["region", "age"], population=population)


def shown(release: Release) -> dict[tuple[str, str], str]:
    return dict(zip(release.table.keys, release.reasons, strict=True))  # type: ignore[arg-type]


def amounts(*cells: Sequence[float]) -> Tabulation:
    rows = [(f"r{i}", value) for i, cell in enumerate(cells) for value in cell]
    frame = pd.DataFrame(rows, columns=["region", "wage"])
    return tabulate(frame, ["region"], population="clients", value="wage", unit="EUR")


def reasons(rules: DisclosureRules, *cells: Sequence[float]) -> list[str]:
    return rules.reasons(amounts(*cells))


def test_counts_and_margins_are_those_of_the_rows() -> None:
    table = people([[1, 2], [3, 4]])
    found = dict(zip(table.keys, table.counts, strict=True))
    assert found["r0", "c1"] == 2
    assert found["r1", "Total"] == 7
    assert found["Total", "c0"] == 4
    assert found["Total", "Total"] == 10
    assert not (table.equations() @ table.counts).any()


def test_a_cell_below_the_threshold_is_sensitive_and_one_at_it_is_not() -> None:
    found = shown(protect(people([[2, 20, 30], [15, 3, 9], [40, 12, 18]]), COUNTS))
    assert found["r0", "c0"] == "threshold"
    assert found["r1", "c1"] in {"", "complement"}
    assert (
        "threshold"
        in shown(
            protect(
                people([[9, 20, 30], [15, 30, 90], [40, 12, 18]]), DisclosureRules(threshold=10)
            )
        )["r0", "c0"]
    )


def test_one_small_cell_takes_three_others_with_it() -> None:
    release = protect(people([[1, 20, 30], [15, 25, 9], [40, 12, 18]]), COUNTS)
    found = release.frame()
    assert sorted(found.loc[found["count"].isna(), "reason"]) == ["complement"] * 3 + ["threshold"]
    assert found.set_index(["region", "age"]).loc[("Total", "Total"), "count"] == 170
    # By hand: 16 in r0 and r1 of c0, 31 in r0 without c1, 24 in r1 without c1, 39 of c2 without r2.
    assert release.intervals()[["smallest", "largest"]].to_numpy().tolist() == [
        [0, 16],
        [15, 31],
        [0, 16],
        [8, 24],
    ]


def test_dominance_by_hand() -> None:
    rules = DisclosureRules(dominance_n=2, dominance_k=85.0, p_percent=0.0)
    # 86 of 100 and 84 of 100.
    assert reasons(rules, [50, 36, 8, 6], [50, 34, 8, 8])[:2] == ["dominance", ""]


def test_p_percent_by_hand() -> None:
    rules = DisclosureRules(dominance_n=0, p_percent=10.0)
    # The others have 4.9 and 5.1 where the largest has 50.
    assert reasons(rules, [50, 40, 2.9, 2], [50, 40, 3.1, 2])[:2] == ["p_percent", ""]


def test_empty_cells_are_shown_unless_the_rules_hide_them() -> None:
    table = people([[0, 20], [15, 25]])
    assert not any(COUNTS.reasons(table))
    hide = DisclosureRules(threshold=3, zeros="hide")
    assert shown(protect(table, hide))["r0", "c0"] == "zero"


def test_bounds_of_a_table_by_hand() -> None:
    """Four cells of a 3 by 3 table are hidden; one of them, 22, lies between 5 and 30: with
    x for II-A, II-C is 30 - x, III-A is 25 - x and III-C is 4 + x, so x is from 0 to 25.
    """
    inner = np.array([[20, 50, 10], [8, 19, 22], [17, 32, 12]])
    whole = np.block([[inner, inner.sum(1)[:, None]], [inner.sum(0), inner.sum()]]).astype(float)
    keys = tuple((r, c) for r in ("I", "II", "III", "Total") for c in ("A", "B", "C", "Total"))
    table = Tabulation("enterprises", ("activity", "region"), keys, whole.ravel().astype(np.int64))
    hidden = np.array([key in {(a, b) for a in ("II", "III") for b in "AC"} for key in keys])
    none, zero = np.zeros(16, dtype=bool), np.zeros(16)
    measure = Measure(table.equations(), whole.ravel(), zero, none, none, zero, False)
    ends = measure.intervals(hidden, np.array([keys.index(("II", "C"))]))
    np.testing.assert_allclose(ends, [[5, 30]], rtol=1e-9)


def test_a_cell_that_an_earlier_release_gives_by_subtraction_is_hidden() -> None:
    before = protect(people([[11, 20, 30], [15, 25, 9], [40, 12, 18]], "until_may"), COUNTS)
    assert not before.hidden.any()
    now = people([[11, 20, 30], [15, 27, 9], [40, 12, 18]], "until_june")
    assert not protect(now, COUNTS).hidden.any()
    found = shown(protect(now, COUNTS, [before]))
    # Two people joined: their cell and the margins that it reaches all differ by two.
    assert [k for k, why in found.items() if why == "difference"] == [
        ("r1", "c1"),
        ("r1", "Total"),
        ("Total", "c1"),
        ("Total", "Total"),
    ]


def test_what_the_same_people_showed_before_does_not_hide_anything_now() -> None:
    small = people([[2, 20, 30], [15, 25, 9], [40, 12, 18]])
    loose = protect(small, DisclosureRules(threshold=2))
    assert not loose.hidden.any()
    with pytest.raises(InputError, match="a cell cannot be protected"):
        protect(small, COUNTS, [loose])
    strict = protect(small, COUNTS)
    again = protect(small, COUNTS, [strict])
    assert again.reasons == strict.reasons


def test_sums_are_hidden_with_their_counts() -> None:
    frame = amounts([100, 1, 1], [10, 10, 10], [20, 20, 20], [5, 5, 5])
    found = protect(frame, DisclosureRules()).frame().set_index("region")
    assert found.loc["r0", "reason"] == "dominance;p_percent"
    assert found["wage"].isna().tolist() == found["count"].isna().tolist()
    assert found["wage"].isna().sum() >= 2


def test_rounded_counts_are_neighbours_and_add_up() -> None:
    table = people([[1, 20, 30], [15, 25, 9], [40, 12, 18]])
    for base in (3, 5):
        release = protect(table, DisclosureRules(round_to=base))
        counts = release.frame()["count"].to_numpy(dtype=float)
        assert not (counts % base).any()
        assert (np.abs(counts - table.counts) < base).all()
        assert not (table.equations() @ counts).any()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"threshold": 1}, "threshold: one person is never shown alone"),
        ({"dominance_n": 11}, "dominance_n: it is 0 to 10"),
        ({"p_percent": 120.0}, "p_percent: it is 0 to 100"),
        ({"threshold": 5, "round_to": 3}, "round_to: a base below the threshold"),
    ],
)
def test_rules_that_protect_nobody_are_refused(change: dict[str, object], words: str) -> None:
    with pytest.raises(InputError, match=words):
        DisclosureRules(**change)  # type: ignore[arg-type]


def test_rows_that_cannot_be_tabulated_are_refused_without_a_value() -> None:
    frame = pd.DataFrame({"region": ["a", None], "wage": [1.0, -98765.0]})
    with pytest.raises(InputError, match="region: 1 rows have no category"):
        tabulate(frame, ["region"], population="p")
    with pytest.raises(InputError, match="wage: 1 values are negative") as caught:
        tabulate(frame.fillna("b"), ["region"], population="p", value="wage")
    assert "98765" not in str(caught.value)
    with pytest.raises(InputError, match="margin"):
        tabulate(pd.DataFrame({"region": ["Total"]}), ["region"], population="p")


def test_other_classifications_and_mixed_protection_are_refused() -> None:
    table = people([[11, 20], [15, 25]])
    other = protect(amounts([1, 2, 3]), DisclosureRules(dominance_n=0, p_percent=0.0))
    with pytest.raises(InputError, match="other classifications"):
        protect(table, COUNTS, [other])
    with pytest.raises(InputError, match="unrounded"):
        protect(table, DisclosureRules(round_to=3), [protect(table, COUNTS)])
    with pytest.raises(InputError, match="only counts are rounded"):
        protect(amounts([1, 2, 3]), DisclosureRules(round_to=3))


def test_no_amount_stands_in_a_repr() -> None:
    table = amounts([98765, 1, 1], [10, 10, 10])
    text = repr(table) + repr(protect(table, DisclosureRules()))
    assert "98765" not in text
