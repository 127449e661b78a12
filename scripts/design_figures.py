"""Draw the figures of docs/designs from the shipped data: `python scripts/design_figures.py`."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from impactmodel import datasets
from impactmodel.case import Case
from impactmodel.core.measures import OutcomeMeasure
from impactmodel.effects import (
    DifferenceInDifferences,
    EachStudy,
    HistoricalControls,
    MetaAnalysis,
    Trial,
)
from impactmodel.effects.arms import CountedArm
from impactmodel.effects.fitting import fit
from impactmodel.effects.interrupted_time_series import InterruptedTimeSeries
from impactmodel.effects.methods import ClosedForm, Sampler
from impactmodel.effects.synthetic_control import SyntheticControl, fitted_before
from impactmodel.evidence.panel import Panel
from impactmodel.report.borrowing_figures import plot_borrowing
from impactmodel.report.difference_figures import plot_event_study
from impactmodel.report.pooling_figures import plot_forest
from impactmodel.report.series_figures import plot_series
from impactmodel.report.style import svg

ROOT = Path(__file__).parents[1]
FIGURES = ROOT / "docs" / "designs" / "figures"
PACKS = OutcomeMeasure(
    "packs", kind="index", unit="packs per head", label="Cigarette sales in California"
)


def california() -> Panel:
    """Return the 39 states of Proposition 99."""
    data = datasets.load("prop99")
    data["first"] = np.where(data["state"] == "California", 1989.0, np.nan)
    return Panel.from_frame(data, unit="state", period="year", start="first", outcomes=[PACKS])


def minimum_wages() -> DifferenceInDifferences:
    """Return the design of the page on difference-in-differences."""
    panel = Panel.from_frame(
        datasets.load("mpdta"),
        unit="county",
        period="year",
        start="first_treat",
        outcomes=[OutcomeMeasure("lemp", kind="index", label="Log teen employment")],
    )
    return DifferenceInDifferences(panel)


def ten_trials() -> MetaAnalysis:
    """Return the design of the page on meta-analysis: the studies of examples/ips."""
    case = Case.from_yaml(ROOT / "examples" / "ips" / "case.yaml")
    return MetaAnalysis(case.evidence.studies, EachStudy(), labels=case.design.labels)


def placebo_groups() -> HistoricalControls:
    """Return the design of the page on historical controls: RBesT's eight placebo groups."""
    counts = [(107, 23), (44, 12), (51, 19), (39, 9), (139, 39), (20, 6), (78, 9), (35, 10)]
    history = tuple(CountedArm(f"study {i}", n, r) for i, (n, r) in enumerate(counts, start=1))
    trial = Trial(CountedArm("treated", 24, 14), CountedArm("own comparison", 6, 1))
    response = OutcomeMeasure("response", kind="binary", label="Response")
    return HistoricalControls(response, history, trial)


def main() -> None:
    """Write the figures."""
    FIGURES.mkdir(exist_ok=True)
    for name, figure in (
        ("difference_in_differences", plot_event_study(minimum_wages(), 0.95)),
        ("meta_analysis", plot_forest(ten_trials(), 0.95)),
        ("historical_controls", plot_borrowing(placebo_groups(), 0.95)),
    ):
        (FIGURES / f"{name}.svg").write_text(svg(figure), encoding="utf-8")
    panel = california()
    FIGURES.mkdir(exist_ok=True)
    control = SyntheticControl(panel)
    found = fit(control, Sampler(seed=1))
    figure = plot_series(found.outcomes, panel, before=fitted_before(control, found))
    (FIGURES / "synthetic_control.svg").write_text(svg(figure), encoding="utf-8")
    series = InterruptedTimeSeries(panel, trend=True)
    found = fit(series, ClosedForm(seed=1))
    figure = plot_series(found.outcomes, panel)
    (FIGURES / "interrupted_time_series.svg").write_text(svg(figure), encoding="utf-8")


if __name__ == "__main__":
    main()
