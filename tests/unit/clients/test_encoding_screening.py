import numpy as np
import pytest
from scipy.special import expit

from impactmodel.clients import Anticipation, anticipate, screen_crossed, with_crossed
from impactmodel.core.errors import InputError
from impactmodel.effects import Importance
from impactmodel.effects.propensity import logistic
from tests.unit.clients.anticipated import DAY, TABLE, WORK, logits, simulated

QUICK = Importance(seed=1, draws=600)


def people(strength, n=6000):
    table = simulated(n)[0].copy()
    both = (table["origin"] == "abroad") & (table["health"] == 1)
    rng = np.random.default_rng(8)
    table["work"] = (rng.random(n) < expit(logits(table) - strength * both)) * 1.0
    return TABLE.read(table, [WORK])


def test_the_pair_that_matters_comes_first_with_the_statistic_of_the_likelihood():
    """The likelihood ratio of maximum likelihood is the score statistic's twin."""
    clients = people(1.5)
    model = anticipate(Anticipation("work"), clients, QUICK).aware
    first = screen_crossed(model, clients)[0]
    assert first.pair == ("origin", "health")
    assert first.cells == 1
    rows = np.column_stack([np.ones(clients.size), model.encoded.matrix(clients)])
    both = (clients.values["origin"] == 1) & (clients.values["health"] == 1)
    fits = [
        logistic(x, clients.target("work"), np.ones(clients.size)).log_likelihood
        for x in (rows, np.column_stack([rows, both]))
    ]
    # Equal to first order; some 35 here, of which they may differ by a few.
    assert first.statistic == pytest.approx(2 * (fits[1] - fits[0]), rel=0.15)


def test_probabilities_are_even_where_no_pair_adds_anything():
    """Six pairs in each of ten worlds: too few small ones would be as wrong as too many."""
    found = []
    for seed in range(10):
        table = simulated(1500)[0].copy()
        rng = np.random.default_rng(seed)
        table["work"] = (rng.random(1500) < expit(logits(table))) * 1.0
        clients = TABLE.read(table, [WORK])
        model = anticipate(Anticipation("work"), clients, QUICK).aware
        found += [pair.probability for pair in screen_crossed(model, clients)]
    assert len(found) == 60
    # Four binomial errors of .065 around a half.
    assert 0.24 < np.mean(np.array(found) < 0.5) < 0.76
    assert min(found) > 1e-4


def test_what_stands_out_is_crossed_on_record():
    clients = people(1.5)
    asked = with_crossed(Anticipation("work"), clients, QUICK)
    assert ("origin", "health") in asked.encoding.crossed
    model = anticipate(asked, clients, QUICK).aware
    assert "origin × health" in model.encoded.names
    assert all(p.pair != ("origin", "health") for p in screen_crossed(model, clients))
    plain = Anticipation("work")
    with pytest.raises(InputError, match="false"):
        with_crossed(plain, clients, QUICK, false=0.0)
    early = anticipate(plain, clients.before(DAY), QUICK).aware
    with pytest.raises(InputError, match="training window"):
        screen_crossed(early, clients)
