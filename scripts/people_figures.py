"""Draw the figures of the pages on designs of people, and print the numbers the pages tell.

Run from the root of the repository: ``python scripts/people_figures.py``. The data are in the
library, in the package causaldata, or counts published in a paper.
"""

from __future__ import annotations

from pathlib import Path

import causaldata
import pandas as pd

from impactmodel import datasets
from impactmodel.core.measures import OutcomeMeasure
from impactmodel.effects import (
    ClosedForm,
    EffectFit,
    Encouragement,
    EntropyBalancing,
    Experiment,
    MatchedComparison,
    PredictedBaseline,
    Sampler,
    design_stage,
    fit,
)
from impactmodel.evidence import Cells, Cohort
from impactmodel.report import plot_effect
from impactmodel.report.balance_figures import plot_balance
from impactmodel.report.style import svg

FIGURES = Path(__file__).parents[1] / "docs" / "designs" / "figures"
COVARIATES = ["age", "educ", "black", "hisp", "marr", "nodegree", "re74", "re75"]
MEASURES = [
    OutcomeMeasure("employed", kind="binary", channel="employment", label="Employed in 1978"),
    OutcomeMeasure(
        "re78", kind="amount", unit="USD/year", channel="earnings", label="Earnings in 1978"
    ),
]
SOURCE = "LaLonde (1986), Dehejia and Wahba (1999)"


def people(table: pd.DataFrame) -> Cohort:
    """Read men of the National Supported Work study or of the Current Population Survey."""
    kept = table[["treat", "re78", *COVARIATES]].astype(float)
    kept["employed"] = (kept["re78"] > 0) * 1
    return Cohort.from_frame(kept, treatment="treat", outcomes=MEASURES, covariates=COVARIATES)


def with_survey() -> Cohort:
    """Return the treated of the experiment and 15,992 men of the survey."""
    nsw = causaldata.nsw_mixtape.load_pandas().data
    return people(pd.concat([nsw[nsw["treat"] == 1], causaldata.cps_mixtape.load_pandas().data]))


def vitamin_a() -> Cells:
    """Return the counts of Sommer and Zeger (1991), doi:10.1002/sim.4780100110."""
    counts = pd.DataFrame(
        {
            "invited": [0, 1],
            "n": [11588, 12094],
            "took_sum": [0, 9675],
            "alive_sum": [11514, 12048],
            "took_alive_sum_products": [0, 9663],
        }
    )
    measures = [
        OutcomeMeasure("took", kind="binary"),
        OutcomeMeasure("alive", kind="binary", label="Alive after a year"),
    ]
    return Cells.from_frame(counts, treatment="invited", outcomes=measures)


def keep(name: str, figure: object) -> None:
    """Write a figure."""
    (FIGURES / f"{name}.svg").write_text(svg(figure), encoding="utf-8")  # type: ignore[arg-type]


def tell(name: str, found: EffectFit) -> None:
    """Print the effects and what was checked."""
    print(f"\n{name}\n{found.outcomes.summary(0.9).round(4).to_string()}")
    for check in found.diagnostics.checks:
        print(f"  {check.passed} {check.name}: {check.text}")


def main() -> None:
    """Fit the examples of the pages."""
    FIGURES.mkdir(exist_ok=True)
    exact = ClosedForm(seed=1, draws=4000)
    nsw = people(datasets.load("nsw"))
    experiment = fit(Experiment(nsw, source=SOURCE), exact)
    tell("experiment", experiment)
    keep("experiment", plot_effect(experiment.outcomes))

    survey = with_survey()
    for moments in (1, 2):
        stage = design_stage(survey, EntropyBalancing(moments=moments))
        found = fit(MatchedComparison(survey, stage, source=SOURCE), exact)
        tell(f"matched comparison, {moments} moments", found)
    keep("matched_balance", plot_balance(stage))
    keep("matched_effect", plot_effect(found.outcomes))

    for estimand in ("ITT", "CACE"):
        invited = fit(Encouragement(vitamin_a(), "took", estimand), exact)
        tell(f"encouragement, {estimand}", invited)
    keep("encouragement", plot_effect(invited.outcomes))

    method = Sampler(seed=1)
    for name, cohort in (("the randomised", nsw), ("the survey", survey)):
        served = fit(PredictedBaseline(cohort, source=SOURCE), method)
        tell(f"predicted from {name}", served)
        if cohort is nsw:
            keep("predicted_baseline", plot_effect(served.outcomes))


if __name__ == "__main__":
    main()
