"""The figures that the pages on designs of people tell are those that the code gives."""

import runpy
from pathlib import Path

import numpy as np
import pytest

from impactmodel import datasets
from impactmodel.effects import (
    ClosedForm,
    Encouragement,
    EntropyBalancing,
    Experiment,
    MatchedComparison,
    PredictedBaseline,
    design_stage,
    doubly_robust,
    exact_effects,
    fit,
    least_squares,
    wald_estimates,
)
from impactmodel.effects.randomisation import randomisation_check
from impactmodel.evidence import Cohort

ROOT = Path(__file__).parents[2]
PAGES = ROOT / "docs" / "designs"


@pytest.fixture(scope="module")
def made():
    return runpy.run_path(str(ROOT / "scripts" / "people_figures.py"))


def page(name):
    return " ".join((PAGES / f"{name}.md").read_text(encoding="utf-8").split())


def test_the_experiment(made):
    text, nsw = page("experiment"), made["people"](datasets.load("nsw"))
    (_, job, job_sd), (_, wage, wage_sd) = exact_effects(Experiment(nsw))
    # The page has the means of 4,000 draws: off by an error of sd / 63.
    assert "| employed, logit with treatment N(0, 1) | .1072 | .0416 |" in text
    assert (job, job_sd) == pytest.approx((0.1072, 0.0416), abs=4 * 0.0416 / 63)
    assert "| earnings, hurdle-gamma, default priors | 1,769 | 654 |" in text
    assert (wage, wage_sd) == pytest.approx((1769, 654), abs=4 * 654 / 63)
    check = randomisation_check(nsw)
    assert "chi-squared 16.78 of 8" in check.text
    assert "Randomisation: chi-squared 16.78 of 8" in text
    assert "p = .033" in text
    assert "p = 0.033" in check.text


def test_matching_with_the_survey(made):
    text, survey = page("matched_comparison"), made["with_survey"]()
    raw = {r.outcome: r for r in least_squares(Experiment(survey))}
    assert (round(raw["employed"].effect, 3), round(raw["re78"].effect)) == (-0.107, -8498)
    assert "| survey, unadjusted | −.107 | −8,498 (712) |" in text
    rows = {
        1: (0.068, 0.042, 1278, 647),
        2: (0.076, 0.050, 1357, 702),
    }
    for moments, told in rows.items():
        stage = design_stage(survey, EntropyBalancing(moments=moments))
        job, wage = doubly_robust(MatchedComparison(survey, stage))
        # A bootstrap mean is off the estimate by noise and by a small-sample part of an error.
        assert job.effect == pytest.approx(told[0], abs=0.15 * job.se)
        assert wage.effect == pytest.approx(told[2], abs=0.15 * wage.se)
        assert (told[1], told[3]) == pytest.approx((job.se, wage.se), rel=0.06)
        assert f"+.{told[0] * 1000:03.0f} (.{told[1] * 1000:03.0f})" in text
        assert f"+{told[2]:,} ({told[3]})" in text
        failed = [c.name for c in stage.checks if c.passed is False]
        assert failed == (["balance of squares"] if moments == 1 else [])
    sizes = next(c for c in stage.checks if c.name.startswith("effective"))
    assert "count as 143.5" in sizes.text
    assert "count as 144" in text


def test_vitamin_a(made):
    text, cells = page("encouragement"), made["vitamin_a"]()
    (found,) = wald_estimates(Encouragement(cells, "took"))
    told = (1000 * found.assigned, 1000 * found.assigned_se)
    assert (
        "| assigned: difference in shares | {:.2f} | {:.2f} |".format(*told).replace("0.", ".")
        in text
    )
    told = (1000 * found.compliers, 1000 * found.compliers_se)
    assert "| compliers: Wald, 2.58 / .80 | {:.2f} | {:.1f} |".format(*told) in text
    drawn = fit(Encouragement(cells, "took", "CACE"), ClosedForm(seed=2, draws=4000))
    effect = 1000 * drawn.outcomes.effect().values.ravel()
    assert (round(effect.mean(), 1), round(effect.std(), 1)) == (3.1, 1.2)
    assert "| compliers: principal strata | 3.1 | 1.2 |" in text


def test_predicted_from_the_randomised_and_from_the_survey(made):
    text = page("predicted_baseline")
    for cohort, told in (
        (made["people"](datasets.load("nsw")), "+1,777 (536)"),
        (made["with_survey"](), "+676 (549)"),
    ):
        wage = Cohort(
            cohort.outcomes[1:],
            cohort.covariates,
            cohort.groups,
            cohort.treated,
            cohort.group,
            cohort.y[:, 1:],
            cohort.x,
        )
        effect = fit(PredictedBaseline(wage), ClosedForm(seed=2, draws=4000)).outcomes.effect()
        mean, sd = (float(v.replace(",", "")) for v in told.strip("+)").split(" ("))
        assert float(effect.mean()) == pytest.approx(mean, abs=6 * sd / np.sqrt(4000))
        assert float(effect.std()) == pytest.approx(sd, rel=0.06)
        assert told in text


def test_the_pages_figures_exist_and_are_used():
    text = "".join(path.read_text(encoding="utf-8") for path in PAGES.glob("*.md"))
    names = {f"{n}.svg" for n in ("experiment", "matched_balance", "matched_effect")}
    names |= {"encouragement.svg", "predicted_baseline.svg"}
    for name in names:
        assert (PAGES / "figures" / name).read_text(encoding="utf-8").startswith("<?xml")
        assert f"(figures/{name})" in text
