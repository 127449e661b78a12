"""What of an effect counts for public finances: displacement, deadweight, fade-out, horizon."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np

from impactmodel.core.distribution import Uncertain, draw, mean
from impactmodel.core.errors import InputError
from impactmodel.core.outcomes import Outcomes
from impactmodel.core.schedule import Periods
from impactmodel.core.seeds import stream
from impactmodel.fiscal.ledger_data import Draws


@dataclass(frozen=True, slots=True)
class Adjustments:
    """Stated assumptions about an effect.

    Parameters
    ----------
    displacement
        Share of the effect that others lose.
    deadweight
        Share of the stated effect that would have come anyway; zero for a causal effect.
    fade_out
        Share of the effect that is lost in each year after the evidence ends.
    horizon_years
        Years from the first period; by default those of the evidence.
    """

    displacement: Uncertain = 0.0
    deadweight: Uncertain = 0.0
    fade_out: Uncertain = 0.0
    horizon_years: float | None = None

    def drawn(self, name: str, n: int, seed: int) -> Draws:
        """Return n draws of one of the shares.

        Raises
        ------
        InputError
            If a draw is no share.
        """
        values = draw(getattr(self, name), n, stream(seed, name))
        if values.min() < 0 or values.max() > 1:
            raise InputError(
                "this is a share",
                key=name,
                seen=f"draws from {values.min():.3g} to {values.max():.3g}",
                fix="give a number or a distribution between 0 and 1, such as a beta",
            )
        return values

    def statements(self, observed: Periods) -> tuple[str, ...]:
        """Say every assumption."""
        moved = mean(self.displacement)
        said = [
            f"displacement: {moved:.0%} of the effect is lost by others"
            if moved
            else "no displacement: jobs gained are taken as not lost by others"
        ]
        if mean(self.deadweight):
            said.append(f"deadweight: {mean(self.deadweight):.0%} of the effect comes anyway")
        years = observed.count * observed.years
        if self.horizon_years is not None and self.horizon_years > years:
            span = "1 year" if years == 1 else f"{years:g} years"
            said.append(
                f"after {span} of evidence, to year {self.horizon_years:g}, the effect loses "
                f"{mean(self.fade_out):.0%} a year (fade-out); the level without the programme "
                "stays as it was"
            )
        return tuple(said)


@dataclass(frozen=True, slots=True)
class Projection:
    """Levels of outcomes over the horizon, dims (draw, group, outcome, period).

    Parameters
    ----------
    periods
        Those of the evidence, continued.
    treated, counterfactual
        After displacement, deadweight and fade-out.
    remaining
        Share of the last observed effect that remains by period, shape (draw, period).
    kept
        Share of the effect that displacement and deadweight leave, shape (draw,).
    """

    periods: Periods
    treated: Draws
    counterfactual: Draws
    remaining: Draws
    kept: Draws


def project(
    outcomes: Outcomes, adjustments: Adjustments, *, seed: int, as_money: bool
) -> Projection:
    r"""Continue outcomes to the horizon and take off what does not count.

    The effect of an extra year t after the evidence is that of the last period times
    :math:`(1 - f)^t`; everywhere it is multiplied by :math:`(1 - d)(1 - w)` (fade-out f,
    displacement d, deadweight w). A cumulative outcome counts by its increments.

    Parameters
    ----------
    as_money
        A stock counts once, in the last period of the evidence; otherwise its level stands in
        every period.
    """
    data, n = outcomes.dataset, outcomes.n_draws
    periods = _longer(outcomes.periods, adjustments.horizon_years)
    base = data["counterfactual"].values.copy()
    effect = data["treated"].values - base
    once = [p for p, m in enumerate(outcomes.measures) if as_money and m.accrual == "stock"]
    for place, measure in enumerate(outcomes.measures):
        for array in (base, effect):
            if measure.accrual == "cumulative":
                array[:, :, place] = np.diff(array[:, :, place], axis=-1, prepend=0.0)
            if place in once:
                array[:, :, place, :-1] = 0.0
    extra = periods.count - outcomes.periods.count
    years = np.concatenate([np.zeros(outcomes.periods.count), np.arange(1, extra + 1.0)])
    lost = adjustments.drawn("fade_out", n, seed)
    remaining = (1.0 - lost)[:, None] ** (years * periods.years)[None, :]
    kept = np.ones(n)
    for name in ("displacement", "deadweight"):
        kept = kept * (1.0 - adjustments.drawn(name, n, seed))
    base, effect = (_continued(array, extra) for array in (base, effect))
    for place in once:
        base[:, :, place, outcomes.periods.count :] = 0.0
        effect[:, :, place, outcomes.periods.count :] = 0.0
    treated = base + effect * kept[:, None, None, None] * remaining[:, None, None, :]
    return Projection(periods, treated, base, remaining, kept)


def _longer(periods: Periods, horizon_years: float | None) -> Periods:
    if horizon_years is None:
        return periods
    count = horizon_years / periods.years
    if count < periods.count - 1e-9 or abs(count - round(count)) > 1e-9:
        raise InputError(
            "the horizon must be a whole number of periods and not end before the evidence",
            key="horizon_years",
            seen=horizon_years,
            fix=f"the evidence covers {periods.count} periods of {periods.years:g} years",
        )
    return dataclasses.replace(periods, count=round(count))


def _continued(array: Draws, extra: int) -> Draws:
    return np.concatenate([array, np.repeat(array[..., -1:], extra, axis=-1)], axis=-1)
