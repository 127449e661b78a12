"""Durations on unemployment spells against R: cumulative incidence and person-period regression."""

import dataclasses

import numpy as np
import pytest

from impactmodel.effects.durations import Durations, endings, exact_incidence
from impactmodel.effects.fitting import fit
from impactmodel.effects.hazard_priors import (
    Constant,
    DirichletPriors,
    HazardPriors,
    PooledPeriods,
)
from impactmodel.effects.methods import ClosedForm, Sampler
from impactmodel.evidence.spell_cells import SpellCells
from tests.golden.durations.frozen import BANDS, results, unempdur


def design(evidence=None, job=("full_time",), **options):
    return Durations(evidence or unempdur(), job=job, horizons=(6, 13, 26), **options)


def test_the_conjugate_model_without_a_prior_is_the_aalen_johansen_of_r():
    made = design(priors=DirichletPriors(weight=1e-9))
    exact = exact_incidence(made)
    drawn = endings(made, fit(made, ClosedForm(seed=1, draws=4000))).probability.cumsum(axis=3)
    for arm, ui in ((0, 1), (1, 0)):
        for k in range(3):
            frozen = [
                results()["survfit_AJ", f"CIF_cause{k + 1}({t}):ui{ui}"] for t in range(1, 27)
            ]
            value, se = (np.array(column) for column in zip(*frozen, strict=True))
            # A weight of 1e-9 people against fifteen at risk or more.
            np.testing.assert_allclose(exact[arm, 0, :, k], value, rtol=1e-8)
            # The sd of 4,000 draws errs by 1.1 % (four errors), and the posterior has n + 1 for n.
            sd = drawn[:, arm, 0, :, k].std(axis=0)
            np.testing.assert_allclose(sd, se, rtol=0.06)


def test_the_effect_of_unemployment_insurance_is_flagged_as_not_proportional():
    checks = fit(design(priors=DirichletPriors())).diagnostics.checks
    (found,) = [check for check in checks if check.name.startswith("proportional")]
    # The person-period model has -2.55 in the first fortnight and about 0 after ten.
    ratios = [row[1] for row in found.table[1:]]
    assert ratios[0] == pytest.approx(-2.64, abs=0.01)
    assert max(ratios) > -0.1
    assert "p 5.6e-29" in found.text


def one_cause(evidence):
    """Full-time jobs alone: all other exits censored at the spell, as R's person-period rows."""
    leaving = np.zeros((2, 29, 2))
    leaving[:, 1:, 1] = evidence.exits[:, :, 0]
    leaving[:, 1:, 0] = evidence.censored + evidence.exits[:, :, 1:].sum(axis=2)
    return SpellCells.of(
        periods=evidence.periods,
        names=(("full_time",), ("all",), ()),
        keys=(evidence.treated, evidence.group),
        x=np.empty((2, 0)),
        leaving=leaving,
    )


@pytest.mark.slow
@pytest.mark.sampler
def test_wide_priors_give_the_person_period_regression_of_r():
    priors = HazardPriors(
        level_sd=5.0,
        treatment_sd=5.0,
        baseline=PooledPeriods(3.0),
        effect=Constant(),
        bands=(*BANDS[:-1], 26),
    )
    # R's rows run to period 28, where few are left; the last band is cut at the horizon here.
    evidence = one_cause(unempdur())
    made = design(evidence, priors=priors)
    result = fit(made, Sampler(seed=1, draws=2500, cores=1))
    chains = {c.name: c.passed for c in result.diagnostics.checks}
    assert chains["R-hat"]
    assert chains["effective sample size"]
    assert chains["divergences"]
    assert chains["proportional effect: job"] is False
    assert not result.diagnostics.passed
    drawn = endings(made, result)
    survival = 1 - drawn.incidence(("full_time",))[:, :, 0]
    model = "fulltime:pp_logit_bands13"
    effect = result.posterior["posterior"]["hazard_effect"].values[..., 0, 0].ravel()
    checked = [(effect, results()[model, "uiN"])]
    for t in (6, 13, 26):
        difference = survival[:, 0, t - 1] - survival[:, 1, t - 1]
        checked.append((difference, results()[model, f"S({t}):ui1-ui0"]))
    fortnight = 24 / 52
    for h in (13, 26):
        months = drawn.months_without(("full_time",), h)[:, :, 0] / fortnight
        checked.append((months[:, 0] - months[:, 1], results()[model, f"RMST({h}):ui1-ui0"]))
    for draws, (value, se) in checked:
        # Priors ten errors wide or more, and a posterior that is nearly normal: its mean is the
        # estimate within an eighth of an error, of which Monte Carlo error is a third.
        assert abs(draws.mean() - value) < se / 8
        assert draws.std() == pytest.approx(se, rel=0.08)


def test_arms_exchanged_change_the_sign_on_real_data():
    evidence = unempdur()
    swapped = dataclasses.replace(evidence, treated=~evidence.treated)
    one, two = (exact_incidence(design(e, priors=DirichletPriors())) for e in (evidence, swapped))
    np.testing.assert_allclose(one, two[::-1], rtol=1e-12)
