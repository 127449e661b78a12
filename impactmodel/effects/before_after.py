"""Before and after: a comparison that identifies no effect, refused with its reasons."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NoReturn

from impactmodel.core.errors import NotIdentifiedError
from impactmodel.effects.designs import prepare
from impactmodel.evidence.panel import Panel


@dataclass(frozen=True, slots=True)
class BeforeAfter:
    """Treated units before and after their start, with nobody to compare them with.

    It can be made, so that a case file may say what was asked for, but never fitted: the change
    of the treated is their effect plus everything else that changed them.

    Parameters
    ----------
    panel
        The panel that the change would be read from.

    Examples
    --------
    >>> import pandas as pd
    >>> from impactmodel.core.measures import OutcomeMeasure
    >>> from impactmodel.effects.fitting import fit
    >>> rows = pd.DataFrame({"office": ["a", "a"], "year": [2020, 2021], "first": [2021.0, 2021.0],
    ...     "jobs": [5.0, 9.0]})
    >>> panel = Panel.from_frame(rows, unit="office", period="year", start="first",
    ...     outcomes=[OutcomeMeasure("jobs", kind="index")])
    >>> fit(BeforeAfter(panel))
    Traceback (most recent call last):
    impactmodel.core.errors.NotIdentifiedError: a change from before to after is not an effect...
    """

    panel: Panel


@prepare.register
def _(design: BeforeAfter) -> NoReturn:
    raise NotIdentifiedError(refusal(design.panel))


def refusal(panel: Panel) -> str:
    """Return why the change is no effect, and which designs this panel allows or would need."""
    first = panel.start[panel.start < panel.periods.count]
    others = int((panel.never).sum())
    before = int(first.min()) if len(first) else 0
    if others:
        instead = (
            f"this panel has {others} units that are never treated: use DifferenceInDifferences "
            "(many treated units) or SyntheticControl (few, with many periods before)"
        )
    else:
        instead = (
            "add units that are not treated and use DifferenceInDifferences or SyntheticControl; "
            f"with {before} periods before the start, InterruptedTimeSeries states what the "
            "series would have done and has its checks"
            if before
            else "add periods before the start and units that are not treated"
        )
    return (
        "a change from before to after is not an effect: people enter a programme when they do "
        "badly and would partly have recovered by themselves (regression to the mean), their "
        "outcomes fall just before they enter (Ashenfelter's dip), and the labour market changed "
        f"for everybody (business cycle, season, trend); {instead}; where places were given by "
        "lot, use Experiment"
    )
