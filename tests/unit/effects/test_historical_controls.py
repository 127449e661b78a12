"""Borrowing from earlier comparison groups: refusals, closed forms, conflict, record."""

import dataclasses
import datetime as dt

import numpy as np
import pytest
from scipy import integrate, stats

from impactmodel.core.errors import InputError
from impactmodel.core.measures import OutcomeMeasure
from impactmodel.core.schedule import Periods
from impactmodel.core.spec import dump, load
from impactmodel.effects import ClosedForm, exact_effects, fit, prior_outcomes
from impactmodel.effects.arms import BorrowingPriors, CountedArm, MeasuredArm
from impactmodel.effects.historical_controls import (
    HistoricalControls,
    Trial,
    borrowing,
    design_checks,
)
from impactmodel.effects.map_prior import map_prior_of_means, map_prior_of_shares
from impactmodel.effects.mixture_fit import nearest_betas, nearest_normals
from impactmodel.effects.mixtures import BetaMixture, NormalMixture
from impactmodel.effects.pooling import HalfNormal

JOB = OutcomeMeasure("job", kind="binary", channel="employment")
MONTHS = OutcomeMeasure("months", kind="count", channel="employment")
EARLIER = (CountedArm("2018", 120, 36), CountedArm("2019", 150, 41), CountedArm("2020", 90, 30))
MEANS = (MeasuredArm("2018", 80, 5.0, 3.0), MeasuredArm("2019", 90, 5.6, 3.2))


def counted(own=None, **more):
    trial = Trial(CountedArm("treated", 60, 27), own and CountedArm("own", *own))
    return HistoricalControls(JOB, EARLIER, trial, **more)


def measured(own=None, scale=1.0):
    def arm(a):
        return dataclasses.replace(a, mean=scale * a.mean, sd=scale * a.sd)

    trial = Trial(arm(MeasuredArm("treated", 60, 7.0, 3.0)), own and arm(MeasuredArm("own", *own)))
    return HistoricalControls(MONTHS, tuple(arm(a) for a in MEANS), trial)


def message(make):
    with pytest.raises(InputError) as error:
        make()
    return str(error.value)


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: CountedArm("a", 0, 0), "people: an arm has people (seen: 0)"),
        (lambda: CountedArm("a", 5, 6), "events: events lie between 0 and 5 people (seen: 6)"),
        (lambda: CountedArm(" ", 5, 1), "label: an arm needs a name; give it one"),
        (
            lambda: MeasuredArm("a", 1, 2.0, 1.0),
            "people: an arm needs two people for an sd (seen: 1)",
        ),
        (lambda: MeasuredArm("a", 9, 2.0, 0.0), "sd: this must be above 0 (seen: 0.0)"),
        (
            lambda: BorrowingPriors(vague_weight=1.0),
            "vague_weight: the weight of the vague component lies between 0 and 1 (seen: 1.0)",
        ),
        (lambda: BorrowingPriors(mean_sd=-1.0), "mean_sd: this must be above 0 (seen: -1.0)"),
        (
            lambda: map_prior_of_shares([]),
            "history: there is no earlier group to borrow from; give one",
        ),
        (
            lambda: map_prior_of_shares([EARLIER[0], EARLIER[0]]),
            "history: an earlier group is given twice (seen: '2018')",
        ),
        (
            lambda: borrowing(dataclasses.replace(counted(), history=MEANS)),
            "history: a binary outcome needs people and events of every arm; give CountedArm",
        ),
        (
            lambda: borrowing(dataclasses.replace(measured(), history=EARLIER)),
            "history: a measured outcome needs people, mean and sd of every arm; give MeasuredArm",
        ),
        (
            lambda: fit(dataclasses.replace(counted(), trial=Trial(MEANS[0]))),
            "history: a binary outcome needs people and events of every arm; give CountedArm",
        ),
        (
            lambda: fit(
                dataclasses.replace(counted(), periods=Periods(dt.date(2020, 1, 1), "year", 2))
            ),
            "periods: historical controls have the outcome measured in one period (seen: 2)",
        ),
        (
            lambda: BetaMixture(np.ones(1), np.ones(1), np.ones(1)).robust(0.0),
            "the weight of the vague component lies between 0 and 1 (seen: 0.0)",
        ),
        (
            lambda: NormalMixture(np.ones(1), np.ones(1), np.ones(1), 1.0).quantile(0.0),
            "a quantile is of a probability between 0 and 1 (seen: 0.0)",
        ),
    ],
)
def test_bad_input_is_refused_in_words(make, text):
    assert message(make) == text


def test_without_history_to_speak_of_the_own_comparison_decides():
    """A vague component with all but no other weight: the effect is that of two beta arms."""
    design = counted((500, 150), priors=BorrowingPriors(vague_weight=1 - 1e-9))
    ((_, mean, sd),) = exact_effects(design)
    own, treated = stats.beta(151, 351), stats.beta(28, 34)
    assert mean == pytest.approx(treated.mean() - own.mean(), abs=1e-7)
    assert sd == pytest.approx(np.hypot(treated.std(), own.std()), abs=1e-7)


def test_with_no_spread_history_is_pooled():
    """With no spread between groups and a flat mean, 110 of 360: near a beta posterior."""
    priors = BorrowingPriors(mean_sd=100.0, spread=HalfNormal(1e-4), vague_weight=1e-9)
    found = borrowing(counted(priors=priors))
    # On the logit scale a flat mean is Beta(0, 0) for the common share.
    pooled = stats.beta(107, 253)
    assert found.mean == pytest.approx(pooled.mean(), rel=1e-5)
    assert found.sd == pytest.approx(pooled.std(), rel=1e-4)
    assert found.mixture.people("moment") == pytest.approx(360, rel=1e-3)
    assert len(found.mixture.weights) == 1


def test_the_posterior_of_a_mixture_is_the_products():
    mixture = BetaMixture(np.array([0.7, 0.3]), np.array([10.0, 2.0]), np.array([20.0, 3.0]))
    after = mixture.update(12, 20)

    def product(p, power=0):
        density = float(mixture.density(np.array(p)))
        return p**power * density * stats.binom.pmf(12, 20, p)

    total = integrate.quad(product, 0, 1)[0]
    mean = integrate.quad(lambda p: product(p, 1), 0, 1)[0] / total
    assert after.mean == pytest.approx(mean, rel=1e-9)
    assert after.weights.sum() == pytest.approx(1.0)
    normal = NormalMixture(np.array([0.7, 0.3]), np.array([0.0, 2.0]), np.array([1.0, 3.0]), 5.0)
    later = normal.update(1.5, 0.8)

    def weighed(m, power=0):
        return m**power * float(normal.density(np.array(m))) * stats.norm.pdf(1.5, m, 0.8)

    total = integrate.quad(weighed, -15, 15, points=[1.5])[0]
    mean = integrate.quad(lambda m: weighed(m, 1), -15, 15, points=[1.5])[0] / total
    assert later.mean == pytest.approx(mean, rel=1e-8)


def test_mixtures_know_their_own_quantiles_and_draws():
    rng = np.random.default_rng(1)
    beta = BetaMixture(np.array([0.7, 0.3]), np.array([10.0, 2.0]), np.array([20.0, 3.0]))
    normal = NormalMixture(np.array([0.7, 0.3]), np.array([0.0, 2.0]), np.array([1.0, 3.0]), 5.0)
    for mixture in (beta, normal):
        drawn = mixture.draw(100_000, rng)
        # Four Monte Carlo errors.
        assert drawn.mean() == pytest.approx(mixture.mean, abs=4 * mixture.sd / 316)
        assert drawn.std() == pytest.approx(mixture.sd, rel=0.02)
        for q in (0.05, 0.5, 0.95):
            assert mixture.below(mixture.quantile(q)) == pytest.approx(q, abs=1e-9)
            assert float((drawn < mixture.quantile(q)).mean()) == pytest.approx(q, abs=4 / 632)
    assert beta.robust(0.25).without_vague().weights.tolist() == pytest.approx([0.7, 0.3])
    assert normal.robust(0.25).without_vague().weights.tolist() == pytest.approx([0.7, 0.3])


def test_the_size_of_a_prior_is_predictively_consistent():
    """Expected size after n people less n is the size before (Neuenschwander et al. 2020)."""
    mixture = BetaMixture(np.array([0.7, 0.3]), np.array([12.0, 4.0]), np.array([20.0, 9.0]))
    n = 20
    y = np.arange(n + 1)
    chance = stats.betabinom.pmf(y[:, None], n, mixture.a, mixture.b) @ mixture.weights
    after = sum(
        p * mixture.update(int(k), n).people("elir") for k, p in zip(y, chance, strict=True)
    )
    assert after - n == pytest.approx(mixture.people("elir"), rel=0.02)


def test_the_nearest_mixture_of_a_mixture_is_itself():
    logit = np.linspace(-8, 8, 4001)
    p = 1 / (1 + np.exp(-logit))
    true = BetaMixture(np.array([0.6, 0.4]), np.array([30.0, 6.0]), np.array([60.0, 14.0]))
    mass = true.density(p) * p * (1 - p)
    found, divergence = nearest_betas(logit, mass / mass.sum())
    assert divergence < 1e-4
    assert (found.mean, found.sd) == pytest.approx((true.mean, true.sd), rel=1e-3)
    x = np.linspace(-30, 30, 6001)
    one = stats.norm.pdf(x, 2.0, 3.0)
    normal, divergence = nearest_normals(x, one / one.sum(), 7.0)
    assert len(normal.weights) == 1
    assert (normal.mean, normal.sd, normal.person_sd) == pytest.approx((2.0, 3.0, 7.0), rel=1e-5)
    assert divergence == pytest.approx(0.0, abs=1e-8)


@pytest.mark.parametrize(("people", "events"), [(200_000, 60_000), (12, 0), (12, 12), (3, 1)])
def test_one_earlier_group_of_any_size_gives_a_proper_prior(people, events):
    found = map_prior_of_shares([CountedArm("one", people, events)])
    assert found.mass.sum() == pytest.approx(1.0)
    assert 0 < found.mean < 1
    assert found.divergence < 0.01
    if people > 1000:
        # The group's logit is all but known: p(tau) is half-normal times N(logit; 0, 4 + tau²).
        logit, tau = np.log(3 / 7), np.linspace(0, 9, 9001)
        density = np.exp(-0.5 * tau**2) * stats.norm.pdf(logit, 0, np.sqrt(4 + tau**2))
        expected = np.trapezoid(tau * density, tau) / np.trapezoid(density, tau)
        assert found.spread_mean == pytest.approx(expected, rel=1e-4)


def test_another_unit_gives_the_same_answer():
    one, other = (
        exact_effects(measured((20, 5.2, 3.0))),
        exact_effects(measured((20, 5.2, 3.0), 100.0)),
    )
    assert other[0][1:] == pytest.approx([100 * v for v in one[0][1:]], rel=1e-6)


def test_agreement_is_borrowed_and_conflict_is_not():
    agree, conflict = (fit(counted(own), ClosedForm(seed=1)) for own in ((20, 6), (600, 582)))
    assert agree.diagnostics.passed
    assert not conflict.diagnostics.passed
    assert conflict.diagnostics.status.startswith(
        "failed: 'job': two-sided probability of the own comparison group under history 0.00"
    )
    shown = {}
    for name, found in (("agree", agree), ("conflict", conflict)):
        check = next(c for c in found.diagnostics.checks if c.name == "borrowing: job")
        shown[name] = {row[0]: row[1:] for row in check.table[1:]}
    weight = "weight of the vague component"
    assert shown["agree"][weight][0] == shown["conflict"][weight][0] == pytest.approx(0.2)
    assert shown["agree"][weight][1] < 0.2 < shown["conflict"][weight][1]
    # In conflict the own comparison stands nearly alone: 583 of 602 with a uniform prior.
    control = conflict.outcomes.level("counterfactual", "job").values.mean()
    assert control == pytest.approx(583 / 602, abs=0.005)


def test_without_an_own_comparison_nothing_can_contradict():
    found = fit(counted(), ClosedForm(seed=1))
    check = next(c for c in found.diagnostics.checks if c.name == "conflict with history: job")
    assert check.passed is None
    assert check.text == ("'job' has no own comparison group: nothing can contradict the history")
    robust = borrowing(counted()).mixture.robust(0.2)
    ((_, mean, _),) = exact_effects(counted())
    assert mean == pytest.approx(28 / 62 - robust.mean, abs=1e-12)


def test_the_tail_probability_is_two_sided_and_exact():
    one = BetaMixture(np.ones(1), np.ones(1), np.ones(1))
    # Uniform prior: all of 0..9 events are equally likely.
    assert one.tail(0, 9) == pytest.approx(0.2)
    assert one.tail(4, 9) == pytest.approx(1.0)
    normal = NormalMixture(np.ones(1), np.zeros(1), np.array([3.0]), 1.0)
    assert normal.tail(1.959964 * 5, 4.0) == pytest.approx(0.05, abs=1e-7)


def test_permuted_labels_of_arms_that_are_alike_give_no_effect():
    same = CountedArm("x", 400, 120)
    design = HistoricalControls(JOB, EARLIER, Trial(same, same))
    found = fit(design, ClosedForm(seed=1)).outcomes.effect().values
    assert abs(found.mean()) < 0.02


def test_the_record_and_the_population():
    design = counted((20, 6), source="register", price_base="2020")
    record = fit(design, ClosedForm(seed=1)).outcomes.provenance
    assert (record.estimand, record.population) == ("ITT", "assigned")
    assert record.design == "historical controls (robust MAP borrowing)"
    first = record.assumptions[0]
    assert first.startswith(
        "'job': comparison by the predictive prior from shares of 3 earlier groups on the logit "
        "scale; mean N(0, 2), spread half-normal 1; mixture of "
    )
    assert first.endswith("vague component with weight 0.2; treated Beta(1, 1)")
    assert any("exchangeable" in s for s in record.assumptions)
    trial = Trial(CountedArm("treated", 60, 27), population="participants")
    joined = fit(HistoricalControls(JOB, EARLIER, trial)).outcomes.provenance
    assert (joined.estimand, joined.population) == ("ATT", "participants")
    whole = fit(measured((20, 5.2, 3.0))).outcomes
    assert "sds between people taken as known" in whole.provenance.assumptions[0]
    assert whole.dataset["covariance"].values[0, :, 0, 0, 0, 0, 0].tolist() == [9.0, 9.0]


def test_checks_before_outcomes_are_read():
    for design in (counted(), measured()):
        size, near = design_checks(design)
        assert size.passed is None
        assert near.passed is True
        people = {row[0]: row[1] for row in size.table[1:]}
        assert people["with the vague component"] < people["history"]


def test_prior_outcomes_are_the_robust_prior():
    drawn = prior_outcomes(counted(), draws=20_000, seed=1)
    robust = borrowing(counted()).mixture.robust(0.2)
    control = drawn.level("counterfactual", "job").values
    assert control.mean() == pytest.approx(robust.mean, abs=4 * robust.sd / 141)
    assert drawn.level("treated", "job").values.mean() == pytest.approx(0.5, abs=4 * 0.29 / 141)


def test_specs_survive_their_own_text():
    priors = BorrowingPriors(spread=HalfNormal(0.5), vague_weight=0.1)
    assert load(BorrowingPriors, dump(priors)) == priors
    assert load(CountedArm, dump(EARLIER[0])) == EARLIER[0]


def test_a_wide_spread_borrows_little_and_a_narrow_one_much():
    sizes = [
        map_prior_of_means(MEANS, BorrowingPriors(spread=HalfNormal(scale))).mixture.people()
        for scale in (0.01, 0.3, 3.0)
    ]
    assert sizes[0] > sizes[1] > sizes[2]
    # No spread: history is worth its 170 people.
    assert sizes[0] == pytest.approx(170, rel=0.05)
