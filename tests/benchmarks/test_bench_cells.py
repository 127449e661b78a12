"""What cells save: one process, sides interleaved, medians of processor time.

Processor time (all threads of the process) and not the clock is compared, so that other work on
the machine does not count. Speed is reported; answers are asserted.
"""

import os
import statistics
import time

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from impactmodel.core.measures import OutcomeMeasure
from impactmodel.effects import (
    BetaPriors,
    ClosedForm,
    Experiment,
    Priors,
    Sampler,
    build_model,
    exact_effects,
    fit,
)
from impactmodel.effects.designs import prepare
from impactmodel.evidence import Cells, Cohort

JOB = OutcomeMeasure("job", kind="binary")
ROUNDS = 5
FLAT = Priors(binary=BetaPriors())


def people(n, seed=1):
    """Rows of a trial with two covariates of a few values: 24 cells at any size."""
    rng = np.random.default_rng(seed)
    t = rng.integers(0, 2, n, dtype=np.int8)
    age, school = rng.integers(0, 4, n, dtype=np.int8), rng.integers(0, 3, n, dtype=np.int8)
    p = expit(-0.5 + 0.3 * t + 0.1 * age - 0.2 * school)
    job = (rng.random(n) < p).astype(np.int8)
    return pd.DataFrame({"t": t, "age": age, "school": school, "job": job})


def read(table):
    return Cohort.from_frame(table, treatment="t", outcomes=[JOB], covariates=["age", "school"])


def seconds(work, count=1):
    """Processor time of one piece of work."""
    start = time.process_time()
    for _ in range(count):
        work()
    return (time.process_time() - start) / count


def interleaved(works, count, rounds=ROUNDS):
    """Median processor time of each, in rounds that take them in turn."""
    for work in works:
        work()
    found = [[seconds(work, count) for work in works] for _ in range(rounds)]
    return [statistics.median(column) for column in zip(*found, strict=True)]


def gradient(model):
    """The log density and its gradient at the starting point, compiled."""
    function = model.logp_dlogp_function(ravel_inputs=True)
    function.set_extra_values({})
    from pymc.blocking import DictToArrayBijection

    point = DictToArrayBijection.map(model.initial_point())
    return lambda: function(point)


def rows_in_pymc(table):
    """The same model of the same priors, person by person."""
    import pymc as pm

    x = table[["age", "school"]].to_numpy(float)
    z = (x - x.mean(axis=0)) / x.std(axis=0, ddof=1)
    t = table["t"].to_numpy(float)
    design = np.column_stack([np.ones(len(t)), t - t.mean(), z])
    with pm.Model() as model:
        beta = pm.Normal("beta", 0.0, [1.5, 1.0, 1.0, 1.0], shape=4)
        x, y = pm.Data("x", design), pm.Data("job", table["job"].to_numpy())
        pm.Bernoulli("y", logit_p=x @ beta, observed=y)
    return model


def report(capsys, record_property, **figures):
    for name, value in figures.items():
        record_property(name, value)
    with capsys.disabled():
        said = ", ".join(f"{name.replace('_', ' ')} {value:.4g}" for name, value in figures.items())
        print(f"\n{said}, load {os.getloadavg()[0]:.1f}")


def test_cost_does_not_grow_with_people(record_property, capsys):
    sizes = [10**k for k in (4, 5, 6, 7)]
    cells, lumping = [], []
    for n in sizes:
        cohort = read(people(n))
        start = time.process_time()
        cells.append(cohort.cells(by=["age", "school"]))
        lumping.append(time.process_time() - start)
    assert [len(c.n) for c in cells] == [24] * 4
    designs = [Experiment(c, adjust=True) for c in cells]
    densities = interleaved([gradient(build_model(d)) for d in designs], 2000)
    closed = [Experiment(c, priors=FLAT) for c in cells]
    exact = interleaved([lambda d=d: fit(d, ClosedForm(seed=1)) for d in closed], 10)
    report(
        capsys,
        record_property,
        microseconds_of_a_gradient_at_1e4=1e6 * densities[0],
        largest_to_smallest=max(densities) / min(densities),
        milliseconds_of_a_closed_form=1e3 * exact[0],
        closed_form_largest_to_smallest=max(exact) / min(exact),
        seconds_to_make_cells_of_1e7=lumping[-1],
    )


@pytest.mark.parametrize("n", [10_000, 100_000])
def test_cells_against_rows_in_pymc(n, record_property, capsys):
    table = people(n)
    cells = gradient(build_model(Experiment(read(table), adjust=True)))
    rows = gradient(rows_in_pymc(table))
    # The likelihoods differ by no constant: counts of single people have no binomial coefficient.
    np.testing.assert_allclose(cells()[1], rows()[1], rtol=1e-8, atol=1e-6)
    mine, theirs = interleaved([lambda: [cells() for _ in range(200)], rows], 5)
    report(capsys, record_property, people=n, times_rows=200 * theirs / mine)


@pytest.mark.parametrize("sites", [6, 120])
def test_a_second_fit_of_one_shape(sites, record_property, capsys):
    """Pooled sites, two cells each: compiled once. Steps are small where groups are pooled."""
    rng = np.random.default_rng(3)

    def trial():
        level, effect = rng.normal(-0.4, 0.5, sites), rng.normal(0.3, 0.2, sites)
        table = pd.DataFrame(
            {"t": np.repeat([0, 1], sites), "site": np.tile(np.arange(sites), 2), "n": 100}
        )
        p = expit(np.concatenate([level, level + effect]))
        return Cells.from_frame(
            table.assign(job_sum=rng.binomial(100, p)), treatment="t", outcomes=[JOB], group="site"
        )

    def run(seed):
        started, clock = time.process_time(), time.perf_counter()
        found = fit(Experiment(trial(), pool_groups=True), Sampler(seed=seed, cores=1))
        return found, time.process_time() - started, time.perf_counter() - clock

    _, first, _ = run(0)
    again = [run(seed) for seed in (1, 2, 3)]
    report(
        capsys,
        record_property,
        sites=sites,
        seconds_first=first,
        seconds_again=statistics.median(cpu for _, cpu, _ in again),
        wall_again=min(wall for _, _, wall in again),
        least_effective=min(found.diagnostics.ess_min for found, _, _ in again),
        divergences=sum(found.diagnostics.divergences for found, _, _ in again),
    )
    assert all(found.diagnostics.divergences == 0 for found, _, _ in again)


def test_closed_form_against_pymc_and_nutpie(record_property, capsys):
    """National Supported Work by uniform beta arms: 4,000 draws of the effect."""
    import nutpie
    import pymc as pm

    counts = pd.DataFrame({"t": [0, 1], "n": [260, 185], "job_sum": [168, 140]})
    cells = Cells.from_frame(counts, treatment="t", outcomes=[JOB])
    design = Experiment(cells, priors=FLAT)
    ready = prepare(design)

    def draws():
        (model,) = ready.models
        mean = model.levels(model.exact(4000, np.random.default_rng(1))).mean
        return mean[0] - mean[1]

    def theirs():
        with pm.Model() as model:
            p = pm.Beta("p", 1.0, 1.0, shape=2)
            pm.Binomial("y", [185, 260], p, observed=[140, 168])
        run = nutpie.sample(
            nutpie.compile_pymc_model(model), draws=1000, tune=400, chains=4, cores=1, seed=1,
            progress_bar=False,
        )  # fmt: skip
        drawn = run["posterior"]["p"].values
        return (drawn[..., 0] - drawn[..., 1]).ravel()

    ((_, mean, sd),) = exact_effects(design)
    for effect in (draws(), theirs()):
        assert effect.mean() == pytest.approx(mean, abs=4 * sd / np.sqrt(1000))
    slow = statistics.median(seconds(theirs) for _ in range(ROUNDS))
    quick, whole = interleaved([draws, lambda: fit(design, ClosedForm(seed=1))], 20)
    report(
        capsys,
        record_property,
        seconds_of_pymc_and_nutpie=slow,
        milliseconds_of_draws=1e3 * quick,
        milliseconds_of_fit_with_outcomes=1e3 * whole,
        draws_times=slow / quick,
        fit_times=slow / whole,
    )
