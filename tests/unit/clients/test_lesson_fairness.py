"""What leaving protected attributes out does, on synthetic clients with a known truth."""

import numpy as np
import pytest

from impactmodel.clients.fairness import audit
from impactmodel.clients.features import Category, missing
from impactmodel.clients.impact import impact
from impactmodel.clients.synthetic import SyntheticClients

CAPACITY = 0.2


def encoded(clients, names):
    """Return an intercept, the levels of categories, numbers with their squares, and gaps."""
    columns = [np.ones(clients.size)]
    for name in names:
        feature, values = clients.table.features[name], clients.values[name]
        gap = missing(feature, values)
        columns += [gap * 1.0] if gap.any() else []
        if isinstance(feature, Category):
            columns += [(values == level) * 1.0 for level in range(1, len(feature.levels))]
        else:
            known = np.where(gap, np.nanmean(values), values)
            standard = (known - known.mean()) / known.std()
            columns += [standard, standard**2] if feature.type == "number" else [standard]
    return np.column_stack(columns)


def logit_chances(x, y, train):
    """Fit a logit with a ridge of 1 to some rows by Newton's method; return chances of all."""
    beta = np.zeros(x.shape[1])
    for _ in range(20):
        p = 1 / (1 + np.exp(-x[train] @ beta))
        weight = x[train] * (p * (1 - p))[:, None]
        slope = x[train].T @ (y[train] - p) - beta
        beta += np.linalg.solve(x[train].T @ weight + np.eye(len(beta)), slope)
    return 1 / (1 + np.exp(-x @ beta))


@pytest.fixture(scope="module")
def world():
    return SyntheticClients(20_000, seed=1).draw()


@pytest.fixture(scope="module")
def chances(world):
    clients = world.clients()
    train = clients.index < np.datetime64(world.later)
    y, names = clients.target("work_7m"), list(clients.table.features)
    left_out = {
        "aware": (),
        "without origin": ("origin",),
        "without health": ("health",),
        "unaware": clients.table.protected,
    }
    return {
        name: logit_chances(encoded(clients, [n for n in names if n not in drop]), y, train)
        for name, drop in left_out.items()
    }


@pytest.fixture(scope="module")
def audits(world, chances):
    clients = world.clients()
    late = clients.index >= np.datetime64(world.later)
    later = clients.take(late)
    return {
        (name, group): audit(
            p[late], later.target("work_7m"), {group: later.labels(group)},
            threshold=float(np.quantile(p[late], CAPACITY)),
        )
        for name, p in chances.items()
        for group in ("language", "health")
    }  # fmt: skip


def wrongly(audited, one, other):
    return audited.of("false_high", one) / audited.of("false_high", other)


def test_leaving_out_origin_leaves_the_errors_where_they_were(audits):
    """Lesson: another attribute says the same, and the ratio stays at 1.8."""
    ratios = [
        wrongly(audits[name, "language"], "foreign", "domestic")
        for name in ("aware", "without origin")
    ]
    assert min(ratios) > 1.6
    assert abs(ratios[1] - ratios[0]) < 0.2


def test_leaving_out_health_takes_the_flags_from_the_impaired(audits):
    """Lesson: their share of flags halves, though their chances are as low as they were."""
    aware, without = (audits[name, "health"] for name in ("aware", "without health"))
    assert 0.45 < aware.of("flagged", "yes") < 0.58
    assert 0.22 < without.of("flagged", "yes") < 0.30
    assert without.of("false_low", "yes") - aware.of("false_low", "yes") > 0.2
    # Equal treatment of a kind is bought with chances that are too high for them.
    assert abs(aware.of("bias", "yes")) < 0.03
    assert without.of("bias", "yes") > 0.08
    assert audits["unaware", "health"].auc < audits["aware", "health"].auc - 0.01


def test_errors_made_alike_leave_the_outcome_less_equal(world, chances):
    """Lesson: the same places by the unaware score: impaired clients are left further behind."""
    clients = world.clients()
    codes, labels = clients.labels("health")
    places = round(CAPACITY * clients.size)
    policies = {"nobody": np.zeros(clients.size, dtype=int)}
    for name in ("aware", "unaware"):
        chosen = np.zeros(clients.size, dtype=int)
        chosen[np.argsort(chances[name], kind="stable")[:places]] = 1
        policies[name] = chosen
    # The effect of the service is that of the truth, by person.
    found = impact(
        [(slice(0, clients.size), world.truth.chance[:1])],
        world.truth.effect[1][None, None],
        np.arange(clients.size),
        policies,
        ("health", codes, labels),
    )
    yes = labels.index("yes")
    gains = {name: found.gain(name)[0, yes] for name in ("aware", "unaware")}
    assert found.served[:, -1] == pytest.approx([0.0, CAPACITY, CAPACITY], abs=1e-12)
    assert gains["aware"] > 1.5 * gains["unaware"] > 0
    gap = found.outcome[0, :, labels.index("no")] - found.outcome[0, :, yes]
    assert gap[1] < gap[0]
    assert gap[1] < gap[2]
