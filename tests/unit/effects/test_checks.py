"""The gate: a failed check stops, an override is on record, a wrong model is seen."""

import numpy as np
import pandas as pd
import pytest

from impactmodel.core.errors import DiagnosticsError, InputError
from impactmodel.core.measures import OutcomeMeasure
from impactmodel.core.outcomes import Outcomes
from impactmodel.effects import Check, ClosedForm, Diagnostics, Experiment, fit, load_fit, save_fit
from impactmodel.effects.predictive import ArmSums, Replicate, compare
from impactmodel.effects.sampling import measure_chains
from impactmodel.evidence import Cohort

WAGE = OutcomeMeasure("wage", kind="amount", unit="EUR/year")
GOOD = Check("R-hat", passed=True, text="largest R-hat 1.0010 (limit 1.01)")
BAD = Check("divergences", passed=False, text="3 divergent transitions (none allowed)")


def test_passed_diagnostics_let_through():
    diagnostics = Diagnostics((GOOD,), 1.001, 2000.0, 0)
    diagnostics.raise_if_failed()
    assert diagnostics.status == "passed"
    with pytest.raises(InputError, match="nothing to override"):
        diagnostics.override("because")


def test_a_failed_check_stops_with_its_number():
    diagnostics = Diagnostics((GOOD, BAD), 1.001, 2000.0, 3)
    with pytest.raises(DiagnosticsError) as error:
        diagnostics.raise_if_failed()
    assert str(error.value) == (
        "the fit failed its diagnostics: 3 divergent transitions (none allowed); sample longer or "
        "change the model, or record why it may be used with fit.override(reason)"
    )
    assert diagnostics.status == "failed: 3 divergent transitions (none allowed)"


def test_an_override_needs_a_reason_and_does_not_make_the_check_pass():
    diagnostics = Diagnostics((GOOD, BAD), 1.001, 2000.0, 3)
    with pytest.raises(InputError) as error:
        diagnostics.override("  ")
    assert str(error.value) == "reason: an override needs a reason; say why"
    allowed = diagnostics.override("pilot only")
    allowed.raise_if_failed()
    assert not allowed.passed
    assert allowed.status == ("overridden: pilot only (3 divergent transitions (none allowed))")


def test_a_check_is_accepted_by_name_and_the_others_still_stop():
    worse = Check("R-hat", passed=False, text="largest R-hat 1.1000 (limit 1.01)")
    diagnostics = Diagnostics((worse, BAD), 1.1, 2000.0, 3)
    one = diagnostics.accept({"divergences": " pilot only "})
    assert [check.name for check in one.stopping] == ["R-hat"]
    assert one.status == "failed: largest R-hat 1.1000 (limit 1.01)"
    with pytest.raises(DiagnosticsError, match="largest R-hat"):
        one.raise_if_failed()
    both = diagnostics.accept({"divergences": "pilot only", "R-hat": "seen by two"})
    both.raise_if_failed()
    assert both.status == (
        "overridden: divergences: pilot only; R-hat: seen by two (largest R-hat 1.1000 (limit "
        "1.01); 3 divergent transitions (none allowed))"
    )
    assert not both.passed


def test_an_accepted_check_that_passes_is_left_as_it_is_and_an_unknown_one_is_refused():
    passed = Diagnostics((GOOD,), 1.001, 2000.0, 0).accept({"R-hat": "known"})
    assert passed.status == "passed"
    diagnostics = Diagnostics((GOOD, BAD), 1.001, 2000.0, 3)
    with pytest.raises(InputError) as error:
        diagnostics.accept({"divergence": "known"})
    assert str(error.value) == (
        "accept_checks: there is no such check (seen: 'divergence'); failed are 'divergences'"
    )
    with pytest.raises(InputError, match="accepted for a reason; say why"):
        diagnostics.accept({"divergences": " "})


def cohort(wage):
    table = pd.DataFrame({"treat": np.arange(len(wage)) % 2, "wage": wage})
    return Cohort.from_frame(table, treatment="treat", outcomes=[WAGE])


@pytest.fixture(scope="module")
def misfit():
    # Half the wages are 100 and a few are a thousand times larger: no gamma looks like that.
    wage = np.full(400, 100.0)
    wage[:8] = 100_000.0
    return fit(Experiment(cohort(wage)), ClosedForm(seed=1))


def test_a_model_that_misses_the_tail_fails(misfit):
    assert not misfit.diagnostics.passed
    assert any("tail of 'wage'" in text for text in misfit.diagnostics.messages)
    assert misfit.outcomes.provenance.diagnostics.startswith("failed: ")
    with pytest.raises(DiagnosticsError, match="tail of 'wage'"):
        misfit.diagnostics.raise_if_failed()


def test_an_accepted_check_travels_with_the_fit_and_its_outcomes(misfit, tmp_path):
    failed = [check.name for check in misfit.diagnostics.checks if check.passed is False]
    allowed = misfit.accept(dict.fromkeys(failed, "confirmed by the register"))
    said = allowed.outcomes.provenance.assumptions
    for name in failed:
        assert f"the check '{name}' failed and is accepted: confirmed by the register" in said
    save_fit(allowed, tmp_path / "fit.nc")
    back = load_fit(tmp_path / "fit.nc")
    assert back.diagnostics == allowed.diagnostics
    assert back.outcomes.provenance.diagnostics.startswith("overridden: ")


def test_an_override_travels_with_the_outcomes(misfit, tmp_path):
    allowed = misfit.override("the eight largest wages were confirmed by the register")
    assert allowed.outcomes.provenance.diagnostics.startswith("overridden: the eight largest")
    assert (
        "failed checks overridden: the eight largest wages were confirmed by the register"
        in allowed.outcomes.provenance.assumptions
    )
    path = tmp_path / "outcomes.nc"
    allowed.outcomes.to_netcdf(path)
    back = Outcomes.from_netcdf(path)
    assert back.provenance == allowed.outcomes.provenance
    np.testing.assert_array_equal(back.effect().values, misfit.outcomes.effect().values)


def replicate(n, p=0.6, mu=900.0, k=1.2, draws=1000):
    ones = np.ones((draws, 2))
    return Replicate(np.array([n, n], float), p * ones, mu * ones, k * ones)


def observed(n, seed, p=0.6, mu=900.0, k=1.2):
    rng = np.random.default_rng(seed)
    y = rng.gamma(k, mu / k, (2, n)) * (rng.random((2, n)) < p)
    return ArmSums(np.array([True, False]), y.sum(axis=1), (y**2).sum(axis=1))


def test_data_of_the_model_itself_rarely_fail():
    # Four checks at two-sided .005 in each of 60 sets: 1.2 failures expected, more than 6 have
    # a probability below .001.
    model = replicate(120)
    failed = sum(
        not check.passed
        for seed in range(60)
        for check in compare("wage", observed(120, seed), model, np.random.default_rng(seed))
    )
    assert failed <= 6


@pytest.mark.parametrize(
    ("change", "words"), [({"mu": 1500.0}, "mean of 'wage'"), ({"k": 0.35}, "tail of 'wage'")]
)
def test_data_of_another_model_fail(change, words):
    checks = compare("wage", observed(400, 1, **change), replicate(400), np.random.default_rng(1))
    assert any(words in c.text for c in checks if not c.passed)


def test_large_arms_use_the_normal_limit_of_the_same_sums():
    # 20,000 people are simulated and 20,001 are not: both must agree in mean and spread.
    cells, rng = np.array([True, False]), np.random.default_rng(7)
    small, large = replicate(20_000, draws=1), replicate(20_001, draws=1)
    simulated = np.array([small.sums(0, cells, rng) for _ in range(400)])
    normal = np.array([large.sums(0, cells, rng) for _ in range(400)])
    # Errors over 400 replicates: 1/20 of an sd for a mean, 3.5 % for an sd, .05 for r.
    for i in (0, 1):
        sd = simulated[:, i].std()
        assert normal[:, i].mean() == pytest.approx(simulated[:, i].mean(), abs=4 * 1.5 * sd / 20)
        assert normal[:, i].std() == pytest.approx(sd, rel=4 * 0.05)
    r = [np.corrcoef(s.T)[0, 1] for s in (simulated, normal)]
    assert r[0] == pytest.approx(r[1], abs=4 * 0.05)


def test_chains_that_disagree_are_measured_as_such():
    rng = np.random.default_rng(3)
    good = {"a": rng.standard_normal((4, 1000)), "b": rng.standard_normal((4, 1000, 3))}
    together = measure_chains(good, 0)
    assert together.rhat_max < 1.01
    assert together.ess_min > 2500
    assert all(check.passed for check in together.checks())
    apart = measure_chains({**good, "c": good["a"] + np.arange(4)[:, None]}, 2)
    assert apart.rhat_max > 1.5
    assert [check.passed for check in apart.checks()] == [False, False, False]


def test_a_fixed_quantity_does_not_hide_the_others():
    rng = np.random.default_rng(4)
    fixed = np.ones((4, 500))
    alone = measure_chains({"a": rng.standard_normal((4, 500))}, 0)
    rng = np.random.default_rng(4)
    both = measure_chains({"fixed": fixed, "a": rng.standard_normal((4, 500))}, 0)
    assert both == alone
