"""Draw the figures of docs/designs from the shipped data: `python scripts/design_figures.py`."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from impactmodel import datasets
from impactmodel.core.measures import OutcomeMeasure
from impactmodel.effects.fitting import fit
from impactmodel.effects.interrupted_time_series import InterruptedTimeSeries
from impactmodel.effects.methods import ClosedForm, Sampler
from impactmodel.effects.synthetic_control import SyntheticControl, fitted_before
from impactmodel.evidence.panel import Panel
from impactmodel.report.series_figures import plot_series
from impactmodel.report.style import svg

FIGURES = Path(__file__).parents[1] / "docs" / "figures"
PACKS = OutcomeMeasure(
    "packs", kind="index", unit="packs per head", label="Cigarette sales in California"
)


def california() -> Panel:
    """Return the 39 states of Proposition 99."""
    data = datasets.load("prop99")
    data["first"] = np.where(data["state"] == "California", 1989.0, np.nan)
    return Panel.from_frame(data, unit="state", period="year", start="first", outcomes=[PACKS])


def main() -> None:
    """Write the figures."""
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
