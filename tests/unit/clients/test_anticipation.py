import sys

import numpy as np
import pytest

from impactmodel.clients import (
    Anticipation,
    AsUsual,
    Aware,
    Chances,
    ClientTable,
    Encoding,
    OverlapWarning,
    PooledLevels,
    WithoutService,
    anticipate,
    chances,
)
from impactmodel.core.errors import DiagnosticsError, InputError, NotIdentifiedError
from impactmodel.core.spec import dump, load
from impactmodel.effects import Importance
from tests.unit.clients.anticipated import DAY, TABLE, WORK, clients, simulated

QUICK = Importance(seed=1, draws=600)
POOLED = Encoding(categories={"region": PooledLevels()})


def ask(**changed):
    return Anticipation(**({"target": "work", "encoding": POOLED} | changed))


@pytest.fixture(scope="module")
def usual():
    return anticipate(ask(), clients().before(DAY), QUICK)


def test_both_models_are_fitted_and_the_unaware_ranks(usual):
    assert usual.ranking is usual.unaware
    assert usual.unaware.left_out == ("origin", "health")
    assert usual.aware.left_out == ()
    assert "origin" not in usual.unaware.encoded.names
    assert usual.overlap is None
    lawful = anticipate(ask(ranking=Aware("Act 1/2024, section 3")), clients().before(DAY), QUICK)
    assert lawful.ranking is lawful.aware
    with pytest.raises(InputError, match="legal ground only"):
        Aware(" ")


def test_the_unaware_model_is_blind_to_a_change_of_protected_features(usual):
    late = clients().since(DAY)
    table = simulated()[0]
    turned = TABLE.read(table.assign(health=1 - table["health"]), [WORK]).since(DAY)
    blind = [Chances(usual.unaware, people).expected() for people in (late, turned)]
    np.testing.assert_array_equal(*blind)
    seeing = [Chances(usual.aware, people).expected() for people in (late, turned)]
    assert np.abs(seeing[0] - seeing[1]).min() > 0.02


def test_where_nothing_is_protected_the_models_are_one():
    plain = ClientTable(TABLE.index, TABLE.features, service="service", services=TABLE.services)
    found = anticipate(ask(), plain.read(simulated()[0], [WORK]), QUICK)
    assert found.aware is found.unaware


def test_without_a_service_the_chance_is_that_of_the_unserved_among_all():
    """As usual the services' effect is in it: about a third is served, with .8 on the logit."""
    people, truth = clients(12_000, 4), simulated(12_000, 4)[1]
    bias = {}
    for policy in (AsUsual(), WithoutService()):
        found = anticipate(ask(policy=policy), people, QUICK)
        for name, model in (("aware", found.aware), ("unaware", found.unaware)):
            bias[policy.type, name] = float((Chances(model, people).expected() - truth).mean())
    assert bias["as_usual", "aware"] > 0.04
    # The standard error of the mean of 7,900 unserved, weighted, is about .007.
    assert abs(bias["without_service", "aware"]) < 0.021
    assert abs(bias["without_service", "unaware"]) < 0.021
    assert found.overlap.holds
    assert found.overlap.before > 0.05
    assert found.overlap.after < 1e-6


def test_weights_repair_the_unaware_model():
    """The strong effect on who is served runs through a protected feature that it cannot see."""
    rng = np.random.default_rng(2)
    table = simulated(12_000, 4)[0].copy()
    served = rng.random(12_000) < np.where(table["health"] == 1, 0.9, 0.1)
    chance = np.where(table["health"] == 1, 0.2, 0.6)
    table["service"] = np.where(served, "coaching", "none")
    table["work"] = (rng.random(12_000) < chance) * 1.0
    people = TABLE.read(table, [WORK])
    found = anticipate(ask(policy=WithoutService()), people, QUICK)
    # Unweighted the unserved, of whom 3 % instead of 20 % are in bad health, would give .59.
    assert Chances(found.unaware, people).expected().mean() == pytest.approx(
        chance.mean(), abs=0.02
    )


def test_failing_overlap_is_warned_of_or_refused():
    table = simulated()[0].copy()
    table.loc[table["health"] == 1, "service"] = "coaching"
    people = TABLE.read(table, [WORK])
    with pytest.warns(OverlapWarning, match="overlap fails"):
        found = anticipate(ask(policy=WithoutService()), people, QUICK)
    assert not found.overlap.holds
    assert np.isnan(found.overlap.effective)
    with pytest.raises(NotIdentifiedError, match="overlap fails"):
        anticipate(ask(policy=WithoutService(on_poor_overlap="refuse")), people, QUICK)
    nobody = TABLE.read(table.assign(service="coaching"), [WORK])
    with pytest.raises(NotIdentifiedError, match="everybody was served"):
        anticipate(ask(policy=WithoutService()), nobody, QUICK)


def test_unknown_targets_are_left_out():
    table = simulated()[0].copy()
    table.loc[:999, "work"] = np.nan
    found = anticipate(ask(), TABLE.read(table, [WORK]), QUICK)
    assert found.aware.people == 3000
    assert found.aware.reached == int(table["work"].sum())
    with pytest.raises(InputError, match="nobody's target is known"):
        anticipate(ask(), TABLE.read(table.assign(work=np.nan), [WORK]), QUICK)


def test_a_table_without_services_has_no_chance_without_one():
    plain = ClientTable(TABLE.index, TABLE.features)
    with pytest.raises(InputError, match="who was served"):
        anticipate(ask(policy=WithoutService()), plain.read(simulated()[0], [WORK]), QUICK)
    with pytest.raises(InputError, match="least_unserved"):
        WithoutService(least_unserved=0.0)


def test_chances_come_in_blocks_and_groups(usual, monkeypatch):
    late = clients().since(DAY)
    found = chances(usual.aware, late)
    whole = np.concatenate([p for _, p in found.blocks()], axis=1)
    monkeypatch.setattr(sys.modules["impactmodel.clients.chances"], "_BLOCK", 600 * 37)
    parts = list(found.blocks())
    assert len(parts) > 10
    np.testing.assert_allclose(np.concatenate([p for _, p in parts], axis=1), whole, rtol=1e-12)
    np.testing.assert_allclose(found.expected(), whole.mean(axis=0), rtol=1e-12)
    codes, labels = late.labels("region")
    means = found.group_means(codes, len(labels) + 1)
    np.testing.assert_allclose(means[:, 2], whole[:, codes == 2].mean(axis=1), rtol=1e-10)
    assert np.isnan(means[:, -1]).all()
    half = np.full((late.size, 2), 0.5)
    np.testing.assert_allclose(found.group_means(half, 2)[:, 1], whole.mean(axis=1), rtol=1e-10)
    low, high = found.interval(0.9)
    inside = (whole > low) & (whole < high)
    assert inside.mean() == pytest.approx(0.9, abs=0.006)
    with pytest.raises(InputError, match="code from 0 to 1"):
        found.group_means(codes, 2)


def test_a_failed_fit_gives_no_chances(usual):
    import dataclasses

    from impactmodel.effects import Check, Diagnostics

    failed = Diagnostics((Check("Pareto k", False, "too large"),), 1.0, 5.0, 0)
    with pytest.raises(DiagnosticsError, match="too large"):
        chances(dataclasses.replace(usual.aware, diagnostics=failed), clients())


def test_no_person_is_shown_and_the_spec_is_a_value(usual):
    text = f"{usual!r} {usual.aware!r} {usual.aware.encoded!r} {chances(usual.aware, clients())!r}"
    assert "services as usual" in text
    assert "[" not in text
    made = ask(policy=WithoutService(least_unserved=0.1), ranking=Aware("Act 1/2024"))
    assert load(Anticipation, dump(made)) == made
