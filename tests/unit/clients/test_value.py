"""Value of places, and groups on their way to contract and public finances."""

import datetime as dt

import numpy as np
import pytest

from impactmodel.clients.effect_draws import EffectDraws
from impactmodel.clients.effect_outcomes import as_outcomes
from impactmodel.clients.value import place_value
from impactmodel.contract import (
    Clause,
    Evaluation,
    MeasuredImpact,
    OutcomesContract,
    Rate,
    payments,
)
from impactmodel.core.distribution import LogNormal
from impactmodel.core.errors import InputError
from impactmodel.core.measures import OutcomeMeasure
from impactmodel.core.outcomes import Provenance
from impactmodel.core.schedule import Periods
from impactmodel.fiscal import UnitValue, UnitValues, savings

START = dt.date(2027, 1, 1)
JOB = OutcomeMeasure("job", kind="binary", channel="employment")


def drawn(n=4000, seed=1):
    rng = np.random.default_rng(seed)
    effect = rng.normal([[0.08, 0.02], [0.05, 0.10]], 0.02, (n, 2, 2))
    without = rng.normal([0.4, 0.2], 0.01, (n, 2))
    return EffectDraws(
        ("coaching", "course"), ("near", "far"), "job", effect, without, np.ones(2), ("recorded",)
    )


def valued(found, cost, **value):
    value = value or {"state": np.full((found.n_draws, 2), 30_000.0)}
    return place_value(("jobs", found.effect), (found.services, found.groups), value, cost, "EUR")


COST = {"coaching": 1000.0, "course": LogNormal(4000.0, 500.0)}


def test_cost_per_job_is_undefined_where_nothing_is_added():
    effect = np.array([0.1, -0.1, 0.0, 0.2]).reshape(4, 1, 1)
    made = place_value(("jobs", effect), (("x",), ("g",)), {}, {"x": 1000.0}, "EUR")
    np.testing.assert_allclose(made.cost_per_added.ravel(), [10_000, np.nan, np.nan, 5_000])
    found = made.cost_summary()["x", "g"]
    assert found["p_undefined"] == 0.5
    assert found["median"] in {5000.0, 10_000.0}


def test_values_add_up_over_public_payers_only():
    found = drawn(500)
    rng = np.random.default_rng(2)
    value = {p: rng.normal(10_000, 500, (500, 2)) for p in ("state", "municipality", "participant")}
    made = valued(found, COST, **value)
    total = found.effect * (value["state"] + value["municipality"])[:, None, :]
    np.testing.assert_allclose(made.public, total)
    np.testing.assert_allclose(made.net_saving, total - made.cost[:, :, None])
    assert made.by_payer["participant"].shape == (500, 2, 2)
    assert made.cost[:, 0].std() == 0
    # Four standard errors of a mean of 500 draws.
    assert abs(made.cost[:, 1].mean() - 4000) < 4 * 500 / 500**0.5


@pytest.mark.parametrize(
    ("cost", "value", "what"),
    [
        ({"coaching": 1.0}, {}, "a service has no cost"),
        ({"coaching": -1.0, "course": 1.0}, {}, "a cost is negative"),
        (COST, {"state": np.zeros((3, 2))}, r"shape \(draw, group\)"),
    ],
)
def test_values_that_do_not_fit_are_refused(cost, value, what):
    with pytest.raises(InputError, match=what):
        valued(drawn(10), cost, **value)


def cohort(found, places):
    return as_outcomes(
        found,
        np.asarray(places, float),
        JOB,
        Periods(START),
        provenance=Provenance(design="clients"),
    )


def test_outcomes_are_of_those_who_get_places():
    found = drawn()
    made = cohort(found, [[30, 10], [0, 60]])
    effect = made.effect().values[:, :, 0, 0]
    near = 0.75 * found.effect[:, 0, 0] + 0.25 * found.effect[:, 1, 0]
    np.testing.assert_allclose(effect, np.column_stack([near, found.effect[:, 1, 1]]), atol=1e-12)
    assert made.cohort_size.values[0].tolist() == [40.0, 60.0]
    assert made.provenance.assumptions[0] == "recorded"
    assert "like their group" in made.provenance.assumptions[1]
    alone = cohort(found, [[0, 0], [0, 60]])
    assert alone.dataset["group"].values.tolist() == ["far"]


def test_contract_and_public_finances_follow_unchanged():
    found = drawn()
    made = cohort(found, [[30, 10], [0, 60]])
    jobs = (made.effect().values[:, :, 0, 0] * [40, 60]).sum(axis=1)
    clause = Clause("jobs", Rate(3000.0), payer="state", basis=MeasuredImpact(), outcome="job")
    contract = OutcomesContract(
        "T", "EUR", START, (clause,), evaluation=Evaluation(comparison_size=100)
    )
    expected = payments(contract, made, "expected").total()
    np.testing.assert_allclose(expected, 3000 * np.maximum(jobs, 0), rtol=1e-9)
    measured = payments(contract, made, "measured").total()
    assert measured.std() > expected.std()
    tax = UnitValue("tax", "job", 8000.0, "state", "participant")
    saved = savings(made, UnitValues((tax,), "EUR"))
    np.testing.assert_allclose(saved.by_payer()["state"], 8000 * jobs, rtol=1e-9)


@pytest.mark.parametrize(
    ("changed", "what"),
    [
        ({"places": np.zeros((2, 2))}, "there is no place"),
        ({"places": np.ones((2, 1))}, r"shape \(group, service\)"),
        ({"measure": OutcomeMeasure("days", kind="days")}, "reached or not"),
        ({"periods": Periods(START, count=2)}, "in one period"),
    ],
)
def test_outcomes_that_cannot_be_made_are_refused(changed, what):
    parts = {"places": np.ones((2, 2)), "measure": JOB, "periods": Periods(START)} | changed
    with pytest.raises(InputError, match=what):
        as_outcomes(
            drawn(10), parts["places"], parts["measure"], parts["periods"], provenance=Provenance()
        )


def test_chances_outside_their_bounds_are_refused_if_many_and_said_if_few():
    found = drawn(1000)
    low = EffectDraws(
        found.services, found.groups, "job", found.effect - 0.3, found.without, np.ones(2), ()
    )
    with pytest.raises(InputError, match=r"leave \[0, 1\] in \d+\.\d% of draws"):
        cohort(low, [[0, 0], [0, 60]])
    effect = found.effect.copy()
    effect[0, 1, 1] = -0.9
    few = EffectDraws(found.services, found.groups, "job", effect, found.without, np.ones(2), ())
    made = cohort(few, [[0, 0], [0, 60]])
    assert "0.1% of draws are held at the bound" in made.provenance.assumptions[-1]
