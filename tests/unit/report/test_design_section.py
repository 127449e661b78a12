"""What a report shows of a design, against numbers of other programs and by hand."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import beta

from impactmodel.case import Case
from impactmodel.core.measures import OutcomeMeasure
from impactmodel.effects import Check, Diagnostics, HistoricalControls, MetaAnalysis, Trial
from impactmodel.effects.arms import CountedArm, MeasuredArm
from impactmodel.report.blocks import FoldedTables, Tabled
from impactmodel.report.borrowing_figures import borrowing_table, levels, plot_borrowing
from impactmodel.report.design_section import checks_blocks, design_blocks
from impactmodel.report.difference_figures import event_studies, methods_table, plot_event_study
from impactmodel.report.marks import remark
from impactmodel.report.pooling_figures import forests, plot_forest
from impactmodel.report.style import svg
from impactmodel.running import CaseResult, run_case

ROOT = Path(__file__).parents[3]
MINIMUM_WAGES = {
    "name": "Teen employment and minimum wages",
    "draws": 500,
    "evidence": {
        "type": "panel",
        "dataset": "mpdta",
        "unit": "county",
        "period": "year",
        "start": "first_treat",
        "outcomes": [{"name": "lemp", "kind": "index", "label": "log teen employment"}],
    },
    "design": {"type": "difference_in_differences"},
}


@pytest.fixture(scope="module")
def counties(tmp_path_factory: pytest.TempPathFactory) -> CaseResult:
    """The panel of the R package did, run as a case without a contract."""
    path = tmp_path_factory.mktemp("mpdta") / "case.yaml"
    path.write_text(json.dumps(MINIMUM_WAGES), encoding="utf-8")
    return run_case(Case.from_yaml(path))


def test_the_event_study_is_that_of_the_package_did(counties: CaseResult) -> None:
    # Event times -3 to 3, never-treated controls, no covariates: R's did (aggte, dynamic), printed
    # to four decimals; also in tests/golden/did.
    (study,) = event_studies(counties.design)  # type: ignore[arg-type]
    assert study.at.tolist() == [-3, -2, -1, 0, 1, 2, 3]
    published = [0.0305, -0.0006, -0.0245, -0.0199, -0.0510, -0.1373, -0.1008]
    np.testing.assert_allclose(study.estimate, published, atol=5e-5)
    assert np.isnan(study.mean[:3]).all()
    assert np.isfinite(study.mean[3:]).all()


def test_the_methods_stand_side_by_side(counties: CaseResult) -> None:
    # R's did and two-way fixed effects on the same data: -.0400 (.0120), -.03655; imputation
    # (Borusyak, Jaravel and Spiess) -.04771.
    table = methods_table(counties.design, 0.9)  # type: ignore[arg-type]
    found = {(row[1], row[2]): row[3] for row in table.rows}
    minus = "\u2212"
    assert found["Callaway-Sant'Anna", "cohorts and periods"] == f"{minus}0.040"
    assert found["two-way fixed effects", "weights of the regression"] == f"{minus}0.037"
    assert found["imputation", "cohorts and periods"] == f"{minus}0.048"


def test_the_figure_shows_what_was_there_before_the_start(counties: CaseResult) -> None:
    drawing = svg(plot_event_study(counties.design))  # type: ignore[arg-type]
    for words in ("change before the start", "estimate", "posterior", "periods since the start"):
        assert words in drawing


def test_a_forest_has_each_study_as_published_and_drawn_towards_the_mean() -> None:
    case = Case.from_yaml(ROOT / "examples/ips/case.yaml")
    design = case.evidence.read(None).design(case.design)  # type: ignore[union-attr,arg-type]
    assert isinstance(design, MetaAnalysis)
    (forest,) = forests(design, 0.95)
    assert forest.ratio
    assert forest.title == "in work within the year"
    # The first trial: 10.61 (1.49 to 75.38); log scale, so the interval is met to its rounding.
    assert math.exp(forest.estimate[0]) == pytest.approx(10.61, rel=1e-9)
    assert math.exp(forest.low[0]) == pytest.approx(1.49, rel=0.01)
    assert math.exp(forest.high[0]) == pytest.approx(75.38, rel=0.01)
    middle = forest.mean[0]
    assert (np.abs(forest.own - middle) < np.abs(forest.estimate - middle)).all()
    assert forest.new[1] < forest.mean[1] < middle < forest.mean[2] < forest.new[2]
    drawing = svg(plot_forest(design))
    for words in ("affective disorders", "mean over studies", "effect in another cohort", ">50<"):
        assert words in drawing


def test_levels_of_borrowing_by_hand() -> None:
    job = OutcomeMeasure("job", kind="binary")
    earlier = (CountedArm("2019", 120, 30), CountedArm("2020", 80, 22))
    trial = Trial(CountedArm("treated", 60, 24), CountedArm("own", 20, 6))
    found = levels(HistoricalControls(job, earlier, trial), 0.9)
    assert [level.kind for level in found] == [
        *("earlier", "earlier", "foretold", "own", "used", "treated")
    ]
    treated = found[-1]
    assert treated.middle == 0.4
    np.testing.assert_allclose(
        [treated.lower, treated.upper], beta(25, 37).ppf([0.05, 0.95]), rtol=1e-12
    )
    own, used, foretold = found[3], found[4], found[2]
    assert used.people > own.people
    assert used.upper - used.lower < own.upper - own.lower
    assert foretold.lower < used.middle < foretold.upper


def test_measured_levels_have_normal_intervals_and_no_own_group_is_needed() -> None:
    days = OutcomeMeasure("days", kind="days")
    earlier = (MeasuredArm("A", 100, 50.0, 30.0), MeasuredArm("B", 64, 54.0, 32.0))
    design = HistoricalControls(days, earlier, Trial(MeasuredArm("treated", 49, 70.0, 35.0)))
    found = levels(design, 0.95)
    assert "own" not in {level.kind for level in found}
    first = found[0]
    assert first.upper - 50.0 == pytest.approx(1.959964 * 3.0, rel=1e-6)
    assert borrowing_table(design).rows[-1][:3] == ("treated", "with the programme", "49")
    assert "foretold by the earlier groups" in svg(plot_borrowing(design))


def test_checks_that_failed_come_first_with_what_was_accepted_and_the_rows_behind() -> None:
    checks = (
        Check("size", None, "ten people"),
        Check("trend", False, "it drifts", (("lead", "change"), (-1.0, 0.0123456), (-2.0, 1e-9))),
        Check("overlap", True, "all within"),
        Check("dip", False, "it dips"),
    )
    diagnostics = Diagnostics(checks, 1.0, 4000.0, 0).accept({"trend": "a known change of law"})
    said, table, folded = checks_blocks(diagnostics)
    assert said.text.startswith("4 checks: 1 passed, 2 failed, 1 for information.")  # type: ignore[union-attr]
    assert isinstance(table, Tabled)
    assert [row[:2] for row in table.table.rows] == [
        ("trend", "Failed, accepted"),
        ("dip", "Failed"),
        ("overlap", "Passed"),
        ("size", "For information"),
    ]
    assert table.table.rows[0][2] == "it drifts. Accepted: a known change of law"
    assert isinstance(folded, FoldedTables)
    assert folded.tables[0].rows == (("\u22121", "0.01235"), ("\u22122", "0.000000"))


def test_a_design_without_evidence_of_its_own_adds_nothing() -> None:
    assert design_blocks(None, None, 0.9) == ()


def test_a_long_remark_goes_under_the_title_and_a_short_one_beside_it() -> None:
    from matplotlib.figure import Figure

    for title, side in (("short", "right"), ("a title of so many words that nothing fits", "left")):
        ax = Figure().subplots()
        ax.set_title(title, loc="left")
        remark(ax, "median, middle half, 90 % equal-tailed interval")
        assert ax.texts[0].get_horizontalalignment() == side
