"""Random invitations: what is refused, exact posteriors, and who may be paid for."""

import datetime as dt
from math import lgamma

import numpy as np
import pandas as pd
import pytest
from scipy.special import betaln, gammaln

from impactmodel.contract import (
    Clause,
    Evaluation,
    MeasuredImpact,
    OutcomesContract,
    Rate,
    payments,
)
from impactmodel.core.errors import InputError, JoinError, NotIdentifiedError
from impactmodel.core.measures import OutcomeMeasure
from impactmodel.core.schedule import Periods
from impactmodel.core.spec import dump, load
from impactmodel.effects import (
    BetaPriors,
    ClosedForm,
    Experiment,
    Priors,
    Sampler,
    build_model,
    fit,
    prior_outcomes,
)
from impactmodel.effects.complier_means import Wald
from impactmodel.effects.encouragement import Encouragement, wald_estimates
from impactmodel.effects.principal_strata import Strata, StrataPriors
from impactmodel.evidence import Cells, Cohort

TOOK = OutcomeMeasure("took", kind="binary")
JOB = OutcomeMeasure("job", kind="binary", channel="employment")
WAGE = OutcomeMeasure("wage", kind="amount", unit="EUR/year", channel="earnings")


# Uniform, informative of shares and rates, and a power of the compliers' share in between.
PRIORS = [
    StrataPriors(),
    StrataPriors(4.0, 1.5, 1.0, 2.0, 1.5),
    StrataPriors(2.0, 1.0, 0.8, 1.0, 1.5),
]


def people(seed=1, n=2000, always=0.2, weak=False):
    """Half of the people are invited; half are compliers, with an effect of 15 points."""
    rng = np.random.default_rng(seed)
    invited = np.arange(n) % 2
    complier = 0.02 if weak else 0.5
    kind = rng.choice(3, n, p=[complier, 1 - complier - always, always])
    took = np.where(kind == 0, invited, kind == 2) * 1
    rate = np.array([0.30, 0.20, 0.50])[kind] + 0.15 * took * (kind == 0)
    job = (rng.random(n) < rate) * 1
    wage = job * rng.gamma(2.0, 6000.0, n)
    return pd.DataFrame({"invited": invited, "took": took, "job": job, "wage": wage})


def cohort(table=None, outcomes=(TOOK, JOB)):
    return Cohort.from_frame(
        people() if table is None else table, treatment="invited", outcomes=outcomes
    )


def message(make, error=InputError):
    with pytest.raises(error) as caught:
        make()
    return str(caught.value)


def check(found, name):
    return next(c for c in found.diagnostics.checks if c.name == name)


def closed(design, draws=20_000, seed=1):
    return fit(design, ClosedForm(seed=seed, draws=draws))


def latent(counts, priors):
    """Sum the one-sided posterior over how many of the uninvited are compliers, exactly."""
    k = counts.astype(int)
    a, b = priors.events, priors.non_events
    (none0, none1), (never0, never1), (taken0, taken1) = k[0, 0], k[1, 0], k[1, 1]
    i, j = np.arange(none0 + 1)[:, None], np.arange(none1 + 1)[None]

    def choose(n, m):
        return lgamma(n + 1) - gammaln(m + 1) - gammaln(n - m + 1)

    compliers = priors.compliers + taken0 + taken1 + i + j
    nevers = priors.never_takers + never0 + never1 + none0 + none1 - i - j
    log = choose(none0, i) + choose(none1, j) + betaln(compliers, nevers)
    log += betaln(a + j, b + i) + betaln(a + never1 + none1 - j, b + never0 + none0 - i)
    w = np.exp(log - log.max())
    w /= w.sum()
    untreated = (a + j) / (a + b + i + j)
    second = untreated * (a + j + 1) / (a + b + i + j + 1)
    mean = (w * untreated).sum()
    return {
        "share": (w * compliers / (compliers + nevers)).sum(),
        "untreated": mean,
        "untreated sd": np.sqrt((w * second).sum() - mean**2),
        "treated": (a + taken1) / (a + b + taken0 + taken1),
    }


@pytest.mark.parametrize("priors", PRIORS)
@pytest.mark.parametrize(
    "counts",
    [
        [[[20, 12], [0, 0]], [[10, 4], [9, 11]]],
        [[[5, 10], [0, 0]], [[12, 5], [1, 4]]],
    ],
)
def test_one_sided_draws_have_the_moments_of_the_latent_sum(counts, priors):
    counts, n = np.array(counts, dtype=float), 100_000
    drawn = Strata("job", counts, priors, True).exact(n, np.random.default_rng(1))
    expected = latent(counts, priors)
    seen = {
        "share": drawn.shares[:, 0],
        "treated": drawn.rates[:, 0],
        "untreated": drawn.rates[:, 1],
    }
    for name, values in seen.items():
        error = values.std() / np.sqrt(n)
        assert values.mean() == pytest.approx(expected[name], abs=4 * error)
    # The sd of draws that are nearly normal errs by sd / sqrt(2 n).
    sd = expected["untreated sd"]
    assert seen["untreated"].std() == pytest.approx(sd, abs=4 * sd / np.sqrt(2 * n))


@pytest.mark.parametrize("priors", PRIORS)
def test_two_sided_draws_have_the_moments_of_importance_sampling(priors):
    counts = np.array([[[12, 8], [3, 5]], [[6, 4], [7, 13]]], dtype=float)
    model = Strata("job", counts, priors, False)
    drawn = model.exact(100_000, np.random.default_rng(1))
    proposed = model.prior(1_000_000, np.random.default_rng(2))
    c, n, a = proposed.shares.T
    treated, untreated, never, always = proposed.rates.T
    log = np.zeros(len(c))
    for y, sign in ((1, lambda p: p), (0, lambda p: 1 - p)):
        log += counts[1, 0, y] * np.log(n * sign(never))
        log += counts[1, 1, y] * np.log(c * sign(treated) + a * sign(always))
        log += counts[0, 1, y] * np.log(a * sign(always))
        log += counts[0, 0, y] * np.log(c * sign(untreated) + n * sign(never))
    w = np.exp(log - log.max())
    w /= w.sum()
    size = 1 / (w**2).sum()
    assert size > 10_000
    pairs = [
        (drawn.shares[:, 0], c),
        (drawn.rates[:, 0], treated),
        (drawn.rates[:, 1], untreated),
        (drawn.rates[:, 0] - drawn.rates[:, 1], treated - untreated),
    ]
    for mine, theirs in pairs:
        mean = w @ theirs
        sd = np.sqrt(w @ (theirs - mean) ** 2)
        error = sd * np.sqrt(1 / len(mine) + 1 / size)
        assert mine.mean() == pytest.approx(mean, abs=4 * error)
        assert mine.std() == pytest.approx(sd, abs=4 * error)


def test_the_effect_on_the_assigned_is_that_of_the_experiment():
    table = people()
    design = Encouragement(cohort(table, (TOOK, JOB, WAGE)), "took")
    plain = Experiment(
        Cohort.from_frame(table, treatment="invited", outcomes=[JOB, WAGE]),
        priors=Priors(binary=BetaPriors()),
    )
    one, other = closed(design, 1000).outcomes, closed(plain, 1000).outcomes
    assert (one.effect().values == other.effect().values).all()
    assert (one.provenance.estimand, one.provenance.population) == ("ITT", "assigned")
    assert one.provenance.assumptions[0] == "who was invited was decided by chance only"


def test_the_effect_on_compliers_is_near_the_wald_estimate():
    found = closed(Encouragement(cohort(outcomes=(TOOK, JOB, WAGE)), "took", "CACE"))
    effect = found.outcomes.effect().values[:, 0, :, 0]
    for j, twin in enumerate(
        wald_estimates(Encouragement(cohort(outcomes=(TOOK, JOB, WAGE)), "took"))
    ):
        # Of two thousand people the priors weigh seven, and the ratio is nearly normal.
        assert effect[:, j].mean() == pytest.approx(twin.compliers, abs=0.1 * twin.compliers_se)
        assert effect[:, j].std() == pytest.approx(twin.compliers_se, rel=0.05)
    # Nobody earns without a job: the two effects err together.
    assert np.corrcoef(effect.T)[0, 1] > 0.6
    size = found.outcomes.cohort_size.values[:, 0]
    assert size.mean() == pytest.approx(1000 * 0.5, abs=4 * 25)
    assert size.std() > 5
    assert found.diagnostics.passed


def contract(population="assigned"):
    clause = Clause("jobs", Rate(3000.0), payer="state", basis=MeasuredImpact(), outcome="job")
    return OutcomesContract(
        "T",
        "EUR",
        dt.date(2024, 1, 1),
        (clause,),
        population=population,
        evaluation=Evaluation(comparison_size=1000),
    )


def test_a_contract_on_the_assigned_refuses_the_effect_on_compliers():
    made = cohort()
    assigned = closed(Encouragement(made, "took"), 1000).outcomes
    compliers = closed(Encouragement(made, "took", "CACE"), 1000).outcomes
    assert compliers.provenance.population == "compliers"
    with pytest.raises(JoinError, match="the effect is that of the compliers; use evidence on"):
        payments(contract(), compliers, "expected")
    paid = payments(contract(), assigned, "expected").total()
    expected = 3000 * 1000 * np.maximum(assigned.effect().values.ravel(), 0.0)
    assert paid == pytest.approx(expected)
    # Priced on compliers, as many people are paid for as comply, draw by draw.
    paid = payments(contract("compliers"), compliers, "expected").total()
    effect = compliers.effect().values.ravel()
    size = compliers.cohort_size.values.ravel()
    assert paid == pytest.approx(3000 * size * np.maximum(effect, 0.0))


def test_nobody_measures_compliers():
    compliers = closed(Encouragement(cohort(), "took", "CACE"), 1000).outcomes
    assert "measured view needs the spread" in message(lambda: compliers.measured(500, seed=1))


def test_cells_give_what_people_give():
    cells = cohort().cells()
    for estimand in ("ITT", "CACE"):
        one, other = (
            closed(Encouragement(e, "took", estimand), 500).outcomes.effect().values
            for e in (cohort(), cells)
        )
        assert (one == other).all()


def test_bad_evidence_is_refused():
    assert message(lambda: closed(Encouragement(cohort(), "take"))) == (
        "take_up: take-up is not among the outcomes of the evidence (seen: 'take'); name its "
        "column as a binary outcome"
    )
    wages = cohort(outcomes=(JOB, WAGE))
    assert message(lambda: closed(Encouragement(wages, "wage"))) == (
        "take_up: take-up is yes or no (seen: 'amount')"
    )
    assert message(lambda: closed(Encouragement(cohort(outcomes=(TOOK,)), "took"))) == (
        "outcomes: there is no outcome besides take-up; name the outcome as well"
    )
    one = Encouragement(cohort(), "took", "CACE", sides="one")
    took = int(people().query("invited == 0")["took"].sum())
    assert message(lambda: closed(one)) == (
        f"sides: {took} people who were not invited took part (seen: 'one'); use two"
    )
    counts = pd.DataFrame(
        {"invited": [0, 1], "n": [50, 50], "took_sum": [0, 25], "job_sum": [20, 25]}
    )
    cells = Cells.from_frame(counts, treatment="invited", outcomes=[TOOK, JOB])
    assert message(lambda: closed(Encouragement(cells, "took", "CACE"))) == (
        "job: the cells do not say how often 'job' goes with take-up; give the column "
        "took_job_sum_products"
    )
    # The effect on the assigned needs no such products.
    assert closed(Encouragement(cells, "took"), 500).diagnostics.passed
    sums = cohort(outcomes=(TOOK, WAGE)).cells()
    assert message(lambda: closed(Encouragement(sums, "took", "CACE"))) == (
        "outcomes: the bootstrap of an outcome that is not binary needs people, and cells hold "
        "sums (seen: 'wage'); give a Cohort, or a binary outcome"
    )
    two = Periods(dt.date(2020, 1, 1), count=2)
    assert message(lambda: closed(Encouragement(cohort(), "took", periods=two))) == (
        "periods: an encouragement has its outcomes measured in one period (seen: 2); give each "
        "later measurement as an outcome of its own"
    )
    assert message(lambda: StrataPriors(compliers=0.5)) == (
        "compliers: this must be at least 1 (seen: 0.5)"
    )
    assert message(lambda: StrataPriors(never_takers=0.0)) == (
        "never_takers: this must be above 0 (seen: 0.0)"
    )


def test_a_weak_invitation_stops_the_money_step_of_compliers_only():
    table = people(weak=True, n=800)
    weak = closed(Encouragement(cohort(table), "took", "CACE"), 500)
    assert check(weak, "first stage").passed is False
    assert weak.outcomes.provenance.diagnostics.startswith("failed: ")
    assigned = closed(Encouragement(cohort(table), "took"), 500)
    assert check(assigned, "first stage").passed is None
    assert assigned.diagnostics.passed


def test_an_invitation_that_moves_the_outcome_by_itself_is_seen():
    # Never takers have 70 % when invited, and everybody uninvited has 20 %: compliers would need
    # a negative rate.
    counts = np.array([[[80, 20], [0, 0]], [[15, 35], [25, 25]]], dtype=float)
    with pytest.raises(NotIdentifiedError, match="the counts contradict the assumptions"):
        Strata("job", 20 * counts, StrataPriors(), True).exact(1000, np.random.default_rng(1))
    table = pd.DataFrame(
        {
            "invited": [0] * 300 + [1] * 200,
            "took": [0] * 300 + [0] * 100 + [1] * 100,
            "job": [1] * 62 + [0] * 238 + [1] * 62 + [0] * 38 + [1] * 50 + [0] * 50,
        }
    )
    found = closed(Encouragement(cohort(table), "took", "CACE"), 500)
    assert check(found, "negative strata").passed is False


def test_an_invitation_that_moves_nobody_identifies_nothing():
    table = people().assign(took=lambda d: np.arange(len(d)) // 2 % 2)
    assert message(
        lambda: wald_estimates(Encouragement(cohort(table), "took")), NotIdentifiedError
    ) == ("'job': the invitation does not move take-up, there are no compliers to be seen")


def test_relabelled_outcomes_and_units():
    table = people()
    table["idle"] = 1 - table["job"]
    idle = OutcomeMeasure("idle", kind="binary")
    one, other = (
        closed(Encouragement(cohort(table, (TOOK, y)), "took", "CACE"), 50_000).outcomes.effect()
        for y in (JOB, idle)
    )
    error = float(one.std()) * np.sqrt(2 / 50_000)
    assert float(one.mean()) == pytest.approx(-float(other.mean()), abs=4 * error)
    cents = table.assign(wage=100 * table["wage"])
    wages = [
        closed(Encouragement(cohort(t, (TOOK, WAGE)), "took", "CACE"), 500).outcomes.effect().values
        for t in (table, cents)
    ]
    assert 100 * wages[0] == pytest.approx(wages[1], rel=1e-9)


def test_with_perfect_compliance_the_two_effects_are_one():
    table = people(always=0.0).assign(took=lambda d: d["invited"])
    (twin,) = wald_estimates(Encouragement(cohort(table), "took"))
    assert twin == Wald(
        "job", twin.assigned, twin.assigned_se, 1.0, 0.0, twin.assigned, twin.assigned_se
    )
    found = closed(Encouragement(cohort(table), "took", "CACE"), 50_000).outcomes.effect()
    # Uniform arms: Beta(1 + y, 1 + n - y) each, but for the few people that the prior invents.
    y, n = table.groupby("invited")["job"].sum(), 1000
    mean = (y[1] + 1) / (n + 2) - (y[0] + 1) / (n + 2)
    assert float(found.mean()) == pytest.approx(mean, abs=0.002)


def test_priors_are_drawn_and_reported():
    drawn = prior_outcomes(Encouragement(cohort(), "took", "CACE"), draws=20_000, seed=1)
    rates = drawn.dataset["treated"].values.ravel()
    assert rates.mean() == pytest.approx(0.5, abs=4 * 0.289 / np.sqrt(20_000))
    # The share of compliers is Dirichlet(1, 1, 1): mean 1 / 3, variance 1 / 18.
    share = drawn.cohort_size.values.ravel() / 1000
    assert share.mean() == pytest.approx(1 / 3, abs=4 * 0.236 / np.sqrt(20_000))
    assert load(StrataPriors, dump(StrataPriors(4.0))) == StrataPriors(4.0)
    wages = Encouragement(cohort(outcomes=(TOOK, WAGE)), "took", "CACE")
    assert message(lambda: prior_outcomes(wages)) == (
        "prior_outcomes: the Bayesian bootstrap has no prior to draw outcomes from (seen: 'wage'); "
        "leave outcomes out that are not binary"
    )


def test_what_is_assumed_is_said():
    record = closed(Encouragement(cohort(), "took", "CACE"), 500).outcomes.provenance
    assert record.assumptions == (
        "who was invited was decided by chance only",
        "monotonicity: nobody takes part only when not invited (no defiers)",
        "exclusion: the invitation moves outcomes through taking part only",
        "the effect is that of compliers, who take part because they are invited; it says nothing "
        "of the others",
        "binary outcomes: shares of the strata Dirichlet(1, 1, 1), rates within them Beta(1, 1)",
        "no dates were given: one year since each person's start, from 2000-01-01",
    )
    one = closed(Encouragement(cohort(people(always=0.0)), "took", "CACE"), 500)
    assert (
        "nobody who is not invited can take part (as nobody in the evidence did)"
        in one.outcomes.provenance.assumptions
    )
    assert check(one, "exclusion").passed is None


@pytest.mark.sampler
@pytest.mark.parametrize("always", [0.0, 0.2])
def test_the_sampler_agrees_with_the_exact_posterior(always):
    design = Encouragement(cohort(people(n=400, always=always)), "took", "CACE")
    names = [rv.name for rv in build_model(design).free_RVs]
    assert names == ["job_share", "job_rate"]
    exact = closed(design, 40_000).outcomes
    sampled = fit(design, Sampler(seed=1, draws=2000, chains=2, cores=1))
    assert sampled.diagnostics.divergences == 0
    for arm in ("treated", "counterfactual"):
        one, other = (o.dataset[arm].values for o in (exact, sampled.outcomes))
        # At least a quarter of the sampler's 4,000 draws are effective here.
        error = one.std() / np.sqrt(1000)
        assert other.mean() == pytest.approx(one.mean(), abs=4 * error)
        assert other.std() == pytest.approx(one.std(), abs=4 * error)
