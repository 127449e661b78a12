"""Durations on unemployment spells against R: cumulative incidence and person-period regression."""

import dataclasses
from itertools import pairwise

import numpy as np
import pytest

from impactmodel.effects.designs import prepare
from impactmodel.effects.durations import Durations, endings, exact_incidence
from impactmodel.effects.fitting import fit
from impactmodel.effects.hazard_priors import (
    Constant,
    DirichletPriors,
    HazardPriors,
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


def test_the_hazard_model_at_the_coefficients_of_r_gives_the_survival_of_r():
    priors = HazardPriors(effect=Constant(), bands=(*BANDS[:-1], 26))
    made = design(one_cause(unempdur()), priors=priors)
    model = "fulltime:pp_logit_bands13"
    names = [f"band({a},{b}]" for a, b in pairwise((0, *BANDS))]
    effect = results()[model, "uiN"][0]
    level = np.array([results()[model, name][0] for name in names])
    # The baseline of the model is midway between the arms, that of R without insurance.
    drawn = {
        "hazard_level": np.zeros((1, 1)),
        "hazard_baseline": (level + effect / 2)[None, :, None],
        "hazard_effect": np.full((1, len(level), 1), effect),
    }
    found = prepare(made).endings(drawn)
    survival = 1 - found.incidence(("full_time",))[0, :, 0]
    for t in (6, 13, 26):
        frozen = [results()[model, f"S({t}):ui{ui}"][0] for ui in (1, 0)]
        # Frozen coefficients and survival have ten digits.
        np.testing.assert_allclose(survival[:, t - 1], frozen, rtol=1e-8)
    fortnight = 24 / 52
    for h in (13, 26):
        months = found.months_without(("full_time",), h)[0, :, 0] / fortnight
        frozen = results()[model, f"RMST({h}):ui1-ui0"][0]
        assert months[0] - months[1] == pytest.approx(frozen, rel=1e-8)


def test_arms_exchanged_change_the_sign_on_real_data():
    evidence = unempdur()
    swapped = dataclasses.replace(evidence, treated=~evidence.treated)
    one, two = (exact_incidence(design(e, priors=DirichletPriors())) for e in (evidence, swapped))
    np.testing.assert_allclose(one, two[::-1], rtol=1e-12)


@pytest.mark.sampler
def test_the_sampled_default_has_the_kaplan_meier_survival_of_r():
    made = Durations(unempdur(), job=("full_time",), horizons=(6, 10))
    found = fit(made, Sampler(seed=1, chains=2, draws=2000, tune=500, cores=1))
    d = found.diagnostics
    assert (d.rhat_max < 1.01, d.ess_min > 400, d.divergences) == (True, True, 0)
    survival = 1 - endings(made, found).incidence(unempdur().causes)[:, :, 0]
    for t in (6, 10):
        for arm, ui in ((0, 1), (1, 0)):
            value, se = results()["anyjob:KM", f"S({t}):ui{ui}"]
            drawn = survival[:, arm, t - 1]
            # Same data: what differs is chance in 400 effective draws, of which four errors, and
            # the priors. Walks draw a period towards its neighbours, and the arms' courses towards
            # parallel ones; that may cost a fit half of what the data leave open, no more.
            assert abs(drawn.mean() - value) < 4 * drawn.std() / np.sqrt(400) + se / 2
            # A smooth course over time is known better than free periods, never worse.
            assert 0.7 * se < drawn.std() < 1.1 * se
