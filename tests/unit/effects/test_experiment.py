"""What an experiment refuses, records and leaves unchanged."""

import datetime as dt
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from impactmodel import datasets
from impactmodel.core.errors import InputError
from impactmodel.core.measures import OutcomeMeasure
from impactmodel.core.schedule import Periods
from impactmodel.core.spec import dump, load
from impactmodel.effects import (
    BetaPriors,
    ClosedForm,
    Experiment,
    ExperimentChoice,
    HurdleGammaPriors,
    LogitPriors,
    Priors,
    Sampler,
    exact_effects,
    fit,
    least_squares,
    prior_outcomes,
)
from impactmodel.effects.layout import lay_out
from impactmodel.evidence import Cells, Cohort

EMPLOYED = OutcomeMeasure("employed", kind="binary", channel="employment")
RE78 = OutcomeMeasure("re78", kind="amount", unit="USD/year", channel="earnings")
YEAR = Periods(dt.date(1978, 1, 1), "year", 1, "calendar")


def nsw(*outcomes, **more):
    outcomes = outcomes or (EMPLOYED, RE78)
    return Cohort.from_frame(datasets.load("nsw"), treatment="treat", outcomes=outcomes, **more)


def message(make):
    with pytest.raises(InputError) as error:
        make()
    return str(error.value)


def test_without_covariates_and_groups_the_closed_form_is_taken():
    found = fit(Experiment(nsw(), periods=YEAR))
    assert found.diagnostics.passed
    assert found.diagnostics.ess_min == found.outcomes.n_draws == 4000
    assert found.outcomes.periods == YEAR
    assert found.outcomes.cohort_size.values[0].tolist() == [185]


def test_provenance_says_what_was_assumed():
    design = Experiment(nsw(group="hisp"), source="LaLonde (1986)", price_base="1982")
    record = fit(design, ClosedForm(seed=5)).outcomes.provenance
    assert (record.estimand, record.population, record.seed) == ("ITT", "assigned", 5)
    assert (record.source, record.price_base) == ("LaLonde (1986)", "1982")
    assert record.assumptions == (
        "'employed': logit model; intercept (average) N(logit 0.5, 1.5), treatment N(0, 1)",
        "'re78': hurdle-gamma model, dispersion by arm; mean of positive amounts (average) N(log "
        "7,658.57, 1) in USD/year on the log scale, treatment N(0, 1) on it and N(0, 1) on the "
        "logit of a positive amount",
        "the 2 groups are merged",
        "no dates were given: one year since each person's start, from 2000-01-01",
        "draws of different outcomes are paired to have the correlation of their estimators",
    )


def test_one_seed_gives_one_answer_and_another_seed_another():
    one, same, other = (
        fit(Experiment(nsw()), ClosedForm(seed=s)).outcomes.effect().values for s in (1, 1, 2)
    )
    assert (one == same).all()
    assert (one != other).any()


def test_a_renamed_outcome_gets_the_same_answer():
    table = datasets.load("nsw").rename(columns={"employed": "in_work"})
    renamed = Cohort.from_frame(
        table, treatment="treat", outcomes=[OutcomeMeasure("in_work", kind="binary")]
    )
    assert (
        exact_effects(Experiment(renamed))[0][1:] == exact_effects(Experiment(nsw(EMPLOYED)))[0][1:]
    )


def test_cells_and_people_give_the_same_draws():
    cohort = nsw()
    one = fit(Experiment(cohort), ClosedForm(seed=1)).outcomes
    other = fit(Experiment(cohort.cells()), ClosedForm(seed=1)).outcomes
    np.testing.assert_allclose(one.effect().values, other.effect().values)
    np.testing.assert_allclose(one.dataset["covariance"].values, other.dataset["covariance"].values)


def test_the_covariance_between_people_is_near_the_samples():
    found = fit(Experiment(nsw()), ClosedForm(seed=1)).outcomes
    covariance = found.dataset["covariance"].mean("draw").values[:, 0, :, 0, :, 0]
    table = datasets.load("nsw")
    for arm, treated in enumerate((1, 0)):
        sample = table.loc[table["treat"] == treated, ["employed", "re78"]]
        sd, r = np.sqrt(np.diag(covariance[arm])), sample.corr().to_numpy()[0, 1]
        np.testing.assert_allclose(covariance[arm], covariance[arm].T)
        assert covariance[arm, 0, 1] / sd.prod() == pytest.approx(r, abs=0.01)
        # A gamma fitted to mean and log mean gives the sd of earnings within a tenth.
        np.testing.assert_allclose(sd, sample.std(), rtol=0.1)


def test_what_cannot_be_fitted_is_refused_in_words():
    weeks = OutcomeMeasure("weeks", kind="count")
    table = datasets.load("nsw").assign(weeks=3.0, none=0.0)
    counted = Cohort.from_frame(table, treatment="treat", outcomes=[weeks])
    assert message(lambda: fit(Experiment(counted))) == (
        "everybody has the same 'weeks'; leave this outcome out"
    )
    assert least_squares(Experiment(counted))[0].effect == pytest.approx(0.0, abs=1e-12)
    never = OutcomeMeasure("none", kind="amount", unit="EUR/year")
    empty = Cohort.from_frame(table, treatment="treat", outcomes=[never])
    assert message(lambda: fit(Experiment(empty))) == (
        "nobody has a positive 'none'; leave this outcome out"
    )
    assert message(lambda: fit(Experiment(nsw(), adjust=True))) == (
        "adjust: there are no covariates to adjust for; name them in the cohort"
    )
    assert message(lambda: fit(Experiment(nsw(), pool_groups=True))) == (
        "pool_groups: there is one group only, nothing to pool; name the group"
    )
    adjusted = Experiment(nsw(covariates=["age"]), adjust=True)
    assert message(lambda: fit(adjusted, ClosedForm())) == (
        "sampler: there is no closed form: the model adjusts for covariates; use Sampler"
    )
    assert message(lambda: exact_effects(adjusted)) == (
        "there is no closed form: the model adjusts for covariates; use fit with a Sampler"
    )
    pooled = Experiment(nsw(group="hisp"), pool_groups=True)
    assert message(lambda: fit(pooled, ClosedForm())) == (
        "sampler: there is no closed form: the model pools groups; use Sampler"
    )
    beta = Priors(binary=BetaPriors())
    conjugate = Experiment(nsw(EMPLOYED, group="hisp"), pool_groups=True, priors=beta)
    assert message(lambda: fit(conjugate)) == (
        "priors.binary: beta priors take neither covariates nor pooled groups; use LogitPriors"
    )
    assert message(
        lambda: fit(Experiment(nsw(), periods=Periods(dt.date(1978, 1, 1), "year", 2)))
    ) == (
        "periods: an outcome needs a column for each period (seen: '2 periods, 1 column'); name "
        "them with RepeatedMeasure, in a case under evidence.columns"
    )
    sums = nsw(covariates=["age"]).cells()
    assert message(lambda: fit(Experiment(sums, adjust=True))) == (
        "by: these cells hold only sums of a covariate, the model needs its values (seen: 'age'); "
        "make the cells by it (in bins if it has many values)"
    )
    twice = datasets.load("nsw").assign(months=lambda d: 12 * d["age"])
    collinear = Cohort.from_frame(
        twice, treatment="treat", outcomes=[RE78], covariates=["age", "months"]
    )
    assert message(lambda: least_squares(Experiment(collinear, adjust=True))) == (
        "covariates: a covariate is a combination of the others (seen: 'age, months'); leave "
        "one out"
    )
    with pytest.raises(TypeError, match="float is not a design"):
        fit(3.0)


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (
            lambda: LogitPriors(base_rate=1.0),
            "base_rate: a base rate lies between 0 and 1 (seen: 1.0)",
        ),
        (lambda: LogitPriors(slope_sd=0.0), "slope_sd: this must be above 0 (seen: 0.0)"),
        (lambda: BetaPriors(events=-1.0), "events: this must be above 0 (seen: -1.0)"),
        (
            lambda: HurdleGammaPriors(typical_amount=0.0),
            "typical_amount: this must be above 0 (seen: 0.0)",
        ),
        (lambda: Priors(group_sd=0.0), "group_sd: this must be above 0 (seen: 0.0)"),
        (lambda: Sampler(chains=1), "chains: this must be at least 2 (seen: 1)"),
        (
            lambda: Sampler(target_accept=1.0),
            "target_accept: a probability lies between 0 and 1 (seen: 1.0)",
        ),
        (lambda: Sampler(cores=0), "cores: this must be at least 1 (seen: 0)"),
        (lambda: ClosedForm(draws=10), "draws: this must be at least 100 (seen: 10)"),
    ],
)
def test_impossible_choices_are_refused(make, text):
    assert message(make) == text


def test_choices_survive_their_own_text():
    choice = ExperimentChoice(
        adjust=True, priors=Priors(binary=BetaPriors(2.0, 3.0)), method=ClosedForm(seed=3)
    )
    assert load(ExperimentChoice, dump(choice)) == choice
    plain = {"type": "experiment", "priors": {"amount": {"typical_amount": 9000}}}
    assert load(ExperimentChoice, plain).priors.amount.typical_amount == 9000
    made = ExperimentChoice(adjust=True).design(nsw(covariates=["age"]), YEAR, price_base="1982")
    assert (made.adjust, made.periods, made.price_base) == (True, YEAR, "1982")


def test_covariates_are_standardised_over_all_people_and_averaged_over_them():
    layout = lay_out(nsw(covariates=["age", "educ"]), adjust=True, by_group=False)
    weight = layout.cells.n
    assert weight @ layout.z == pytest.approx([0.0, 0.0], abs=1e-9)
    assert weight @ layout.z**2 / 444 == pytest.approx([1.0, 1.0])
    average = layout.averages()[:, 0]
    assert average.sum() == pytest.approx(1.0)
    assert average @ layout.pattern_z == pytest.approx([0.0, 0.0], abs=1e-9)
    # A pattern holds people of both arms, so there are fewer patterns than cells.
    assert len(layout.pattern_size) < len(layout.cells.n)
    assert layout.pattern_size.sum() == 445


def test_expected_outcomes_are_averages_of_people_one_by_one():
    cohort = nsw(covariates=["age", "educ"], group="hisp")
    design = Experiment(cohort, adjust=True, pool_groups=True)
    from impactmodel.effects.designs import prepare

    model = prepare(design).models[1]
    drawn = model.prior(5, np.random.default_rng(1))
    levels = model.levels(drawn)
    z = (cohort.x - cohort.x.mean(axis=0)) / cohort.x.std(axis=0, ddof=1)
    share = cohort.treated.mean()
    for arm, t in enumerate((1.0, 0.0)):
        eta = {}
        for part in ("re78_positive", "re78_log_mean"):
            own = drawn[f"{part}_group"][:, cohort.group]
            slopes = drawn[f"{part}_beta"][:, 2:] @ z.T
            eta[part] = own[..., 0] + (t - share) * own[..., 1] + slopes
        p, mu = 1 / (1 + np.exp(-eta["re78_positive"])), np.exp(eta["re78_log_mean"])
        k = np.exp(drawn["re78_log_shape"] @ np.array([1.0, t - share]))[:, None]
        first, second = p * mu, p * mu**2 * (1 + 1 / k)
        for g in range(2):
            people = cohort.group == g
            mean = first[:, people].mean(axis=1)
            np.testing.assert_allclose(levels.mean[arm, :, g], mean)
            np.testing.assert_allclose(
                levels.variance[arm, :, g], second[:, people].mean(axis=1) - mean**2
            )


def test_prior_outcomes_have_the_priors_spread():
    outcomes = prior_outcomes(Experiment(nsw(EMPLOYED)), draws=20_000, seed=1)
    logit = np.log(outcomes.effect("ratio").values)
    assert np.median(logit) == pytest.approx(0.0, abs=0.02)
    rate = outcomes.level("counterfactual", "employed").values
    share = 185 / 445
    # logit p0 = a - b share with a ~ N(0, 1.5), b ~ N(0, 1); error of an sd: sd / sqrt(2 n).
    sd = np.hypot(1.5, share)
    assert np.std(np.log(rate / (1 - rate))) == pytest.approx(sd, rel=4 / np.sqrt(40_000))
    assert "drawn from the priors, before the data" in outcomes.provenance.assumptions


def test_the_prior_of_amounts_is_around_the_typical_amount():
    priors = Priors(amount=HurdleGammaPriors(typical_amount=2000.0))
    outcomes = prior_outcomes(Experiment(nsw(RE78), priors=priors), draws=20_000, seed=2)
    level = outcomes.level("counterfactual", "re78").values
    # P(Y > 0) has median 1/2 and the mean of positive amounts median 2,000.
    assert np.median(level) == pytest.approx(900, rel=0.1)


def test_nothing_of_a_person_is_kept_in_a_fit():
    found = fit(Experiment(nsw(covariates=["age"])), ClosedForm(seed=1))
    assert list(found.posterior.children) == ["posterior"]
    longest = max(max(v.shape) for v in found.posterior["posterior"].dataset.values())
    assert longest == 4000
    assert "445" not in repr(found)
    assert repr(found).endswith("diagnostics passed)")


def test_evidence_can_be_counts_from_a_publication():
    counts = pd.DataFrame({"treat": [0, 1], "n": [260, 185], "employed_sum": [168, 140]})
    cells = Cells.from_frame(counts, treatment="treat", outcomes=[EMPLOYED])
    assert exact_effects(Experiment(cells)) == exact_effects(Experiment(nsw(EMPLOYED)))


def test_stages_are_reported():
    said = []
    fit(Experiment(nsw()), progress=said.append)
    assert said == ["computing the exact posterior", "checking the fit"]


def test_the_closed_form_loads_no_sampler():
    script = (
        "import sys, pandas as pd\n"
        "from impactmodel.core.measures import OutcomeMeasure as O\n"
        "from impactmodel.evidence import Cells\n"
        "from impactmodel.effects import Experiment, fit\n"
        "t = pd.DataFrame({'treat': [0, 1], 'n': [9, 9], 'job_sum': [3, 5]})\n"
        "fit(Experiment(Cells.from_frame(t, treatment='treat', outcomes=[O('job', 'binary')])))\n"
        "print(sorted({'pymc', 'pytensor', 'nutpie', 'arviz', 'arviz_stats'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
