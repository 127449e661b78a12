"""One treated series, the mean of units that start together, and the units never treated."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from impactmodel.core.errors import InputError, NotIdentifiedError
from impactmodel.core.outcomes import Outcomes, Provenance
from impactmodel.effects.checks import Check
from impactmodel.evidence.panel import Panel

type Array = npt.NDArray[np.float64]

# More draws beyond 0 or 1 than this and the model does not describe a probability.
_BEYOND = 0.01
_FEWEST = 4


@dataclass(frozen=True, slots=True, eq=False)
class TreatedSeries:
    """The weighted mean of the treated units, and the untreated units one by one.

    Parameters
    ----------
    panel
        Where they come from.
    first
        The first treated period: so many periods lie before the start.
    treated
        Mean of the treated (period, outcome).
    untreated
        Outcomes of the never treated (period, unit, outcome).
    names
        Labels of the never treated.
    covariates
        Mean of the treated's covariates (period, covariate).
    units, size
        How many units are treated, and their total weight.
    """

    panel: Panel
    first: int
    treated: Array
    untreated: Array
    names: tuple[str, ...]
    covariates: Array
    units: int
    size: float

    @property
    def after(self) -> int:
        """Periods from the start on."""
        return len(self.treated) - self.first

    @property
    def label(self) -> str:
        """The name of the first treated period."""
        return self.panel.labels[self.first]

    def outcomes(
        self, counterfactuals: Sequence[Array], provenance: Provenance
    ) -> tuple[Outcomes, tuple[Check, ...]]:
        """Put the draws of each outcome without the programme (draw, period) beside what was seen.

        Returns
        -------
        tuple
            The outcomes, and for each probability a check of the draws that had to be set to 0
            or 1.
        """
        panel, checks = self.panel, []
        without = np.stack(counterfactuals, axis=1)
        for k, measure in enumerate(panel.outcomes):
            if measure.kind == "binary":
                outside = (without[:, k] < 0) | (without[:, k] > 1)
                share = float(outside.mean(axis=0).max())
                checks.append(
                    Check(
                        f"probabilities: {measure.name}",
                        share <= _BEYOND,
                        f"{share:.2%} of draws took '{measure.name}' without treatment out of 0 "
                        f"to 1 in some period and were set to the bound (limit {_BEYOND:.0%})",
                    )
                )
                without[:, k] = np.clip(without[:, k], 0.0, 1.0)
        start = panel.periods.bounds()[self.first][0]
        seen = self.treated[self.first :].T
        made = Outcomes.from_draws(
            np.broadcast_to(seen, without.shape)[:, None],
            without[:, None],
            measures=panel.outcomes,
            periods=dataclasses.replace(
                panel.periods, start=start, count=self.after, clock="calendar"
            ),
            cohort_size=self.size,
            provenance=provenance,
            groups=(self.label,),
        )
        starts = np.array([start], dtype="datetime64[ns]")
        return Outcomes(made.dataset.assign_coords(start=("group", starts))), tuple(checks)


def treated_series(panel: Panel) -> TreatedSeries:
    """Take the treated units of a panel as one series.

    Raises
    ------
    NotIdentifiedError
        If nobody starts treatment in these periods, or fewer than four periods lie before the
        start.
    InputError
        If the treated start at different times, a unit starts after the last period, or a unit
        lacks a period.
    """
    treated = panel.start < panel.periods.count
    if not treated.any():
        raise NotIdentifiedError(
            "no unit starts treatment in these periods, so there is no effect to estimate"
        )
    starts = np.unique(panel.start[treated])
    if len(starts) > 1:
        raise InputError(
            f"the treated units start in {len(starts)} different periods",
            key="start",
            fix="make one design per start, or use DifferenceInDifferences",
        )
    panel.require_never_treated()
    if not panel.balanced:
        raise InputError(
            "some units lack some periods", key="panel", fix="leave those units or periods out"
        )
    first = int(starts[0])
    if first < _FEWEST:
        raise NotIdentifiedError(
            f"{max(first, 0)} periods lie before the start: what the series would have done "
            f"cannot be learnt from fewer than {_FEWEST}; add earlier periods"
        )
    weight = panel.weights[treated]
    share = weight / weight.sum()
    return TreatedSeries(
        panel=panel,
        first=first,
        treated=np.einsum("u,uto->to", share, panel.y[treated]),
        untreated=np.swapaxes(panel.y[panel.never], 0, 1),
        names=tuple(n for n, never in zip(panel.units, panel.never, strict=True) if never),
        covariates=np.einsum("u,utc->tc", share, panel.x[treated]),
        units=int(treated.sum()),
        size=float(weight.sum()),
    )


def scale_of(values: Array) -> tuple[float, float]:
    """Return mean and standard deviation before the start; raise where nothing moves."""
    spread = float(values.std(ddof=1))
    if not spread > 1e-12 * float(np.abs(values).max()):
        raise InputError(
            "the series does not move before the start, so it gives no scale",
            key="panel",
            fix="use an outcome that was measured in every period",
        )
    return float(values.mean()), spread
