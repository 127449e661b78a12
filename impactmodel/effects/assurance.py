"""Assurance: the probability that a contract's trigger is met, given what is believed today."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from impactmodel.core.distribution import Normal
from impactmodel.core.errors import InputError
from impactmodel.core.outcomes import Outcomes
from impactmodel.core.spec import spec
from impactmodel.effects.comparison import ComparedMeans, ComparedShares

_ROUNDING = 1e-12

type Met = npt.NDArray[np.bool_]
type Condition = Callable[[Outcomes], Met]
"""From measured outcomes to whether the trigger is met (draw)."""


@spec
class Trigger:
    """What pays: the measured effect on an outcome reaches a threshold.

    Parameters
    ----------
    outcome
        Its name.
    at_least
        The threshold, on ``scale``.
    scale
        ``difference`` in the outcome's unit, or ``relative`` to the comparison.
    period
        Index of the period; by default the last.
    """

    outcome: str
    at_least: float
    scale: Literal["difference", "relative"] = "difference"
    period: int = -1

    def met(self, measured: Outcomes) -> Met:
        """Return whether the cohort's measured effect reaches the threshold (draw)."""
        measured.measure(self.outcome)
        share = measured.cohort_size / measured.cohort_size.sum("group")
        data = measured.dataset.sel(outcome=self.outcome).isel(period=self.period)
        treated, compared = (
            (data[arm] * share).sum("group").values for arm in ("treated", "counterfactual")
        )
        effect = treated - compared
        if self.scale == "relative":
            with np.errstate(divide="ignore", invalid="ignore"):
                # Nobody in the comparison: any outcome among the treated is beyond all bounds.
                effect = np.where(
                    compared == 0, np.where(treated > 0, np.inf, 0), effect / compared
                )
        # A share that is the threshold up to rounding reaches it.
        return np.asarray(effect >= self.at_least - _ROUNDING * max(1.0, abs(self.at_least)))


@dataclass(frozen=True, slots=True)
class Assurance:
    """How likely a trigger is met.

    Parameters
    ----------
    probability, error
        Of the trigger, with its Monte Carlo error (0 where it is exact).
    without_effect
        The same if the programme did nothing: paying for noise.
    without_noise
        The probability that the true effect is past the threshold; None for a trigger of
        another form.
    """

    probability: float
    error: float
    without_effect: float
    without_noise: float | None


def assurance(
    prior: Outcomes | Normal,
    plan: ComparedShares | ComparedMeans | int,
    trigger: Trigger | Condition | float,
    *,
    seed: int = 0,
) -> Assurance:
    r"""Return the probability that a trigger on the measured effect is met.

    .. math:: P(\text{trigger}) = \int P(\text{trigger} \mid \text{effect})\,
        p(\text{effect})\; d\,\text{effect}

    Parameters
    ----------
    prior
        What is believed of the effect today: draws of outcomes with a spread between people (from
        any fit, from published evidence with a level, or `prior_outcomes`), or a normal design
        prior of the effect.
    plan
        With outcomes: the size of the comparison group; the cohort's size is the outcomes' own.
        With a normal prior: the planned comparison.
    trigger
        With outcomes: a `Trigger`, or any function of measured outcomes (a contract's payment is
        one). With a normal prior: the threshold of the measured difference.
    seed
        Of the measurement.

    Returns
    -------
    Assurance
        With a normal prior in closed form, :math:`\Phi((m - c) / \sqrt{s^2 + SE^2})`, where the
        error of shares is that at the prior's mean.

    Raises
    ------
    InputError
        If prior, plan and trigger do not go together.

    References
    ----------
    O'Hagan, Stevens and Campbell (2005), https://doi.org/10.1002/pst.175.

    Examples
    --------
    >>> found = assurance(Normal(2.0, 1.5), ComparedMeans(10.0, 50, 50), 2.0)
    >>> found.probability, found.error
    (0.5, 0.0)
    """
    if isinstance(prior, Normal):
        if isinstance(plan, int) or not isinstance(trigger, (int, float)):
            raise InputError(
                "a normal prior needs a planned comparison and a threshold",
                key="plan",
                fix="give ComparedShares or ComparedMeans, and a number",
            )
        return _in_closed_form(prior, plan, float(trigger))
    if not isinstance(plan, int) or isinstance(trigger, (int, float)):
        raise InputError(
            "outcomes need the size of the comparison group and a trigger",
            key="plan",
            fix="give a number of people, and a Trigger or a function of outcomes",
        )
    return _simulated(prior, plan, trigger, seed)


def _in_closed_form(
    prior: Normal, plan: ComparedShares | ComparedMeans, threshold: float
) -> Assurance:
    error = plan.standard_error(prior.mean)
    return Assurance(
        probability=_above(prior.mean - threshold, math.hypot(prior.sd, error)),
        error=0.0,
        without_effect=_above(-threshold, plan.standard_error(0.0)),
        without_noise=_above(prior.mean - threshold, prior.sd),
    )


def _simulated(
    prior: Outcomes, comparison: int, trigger: Trigger | Condition, seed: int
) -> Assurance:
    condition: Condition = trigger.met if isinstance(trigger, Trigger) else trigger
    met = _checked(condition(prior.measured(comparison, seed=seed)), prior.n_draws)
    nothing = prior.without_effect().measured(comparison, seed=seed)
    noise = _checked(condition(nothing), prior.n_draws)
    probability = float(met.mean())
    return Assurance(
        probability=probability,
        error=math.sqrt(probability * (1 - probability) / len(met)),
        without_effect=float(noise.mean()),
        without_noise=float(trigger.met(prior).mean()) if isinstance(trigger, Trigger) else None,
    )


def _checked(met: Met, draws: int) -> Met:
    found = np.asarray(met)
    if found.shape != (draws,) or found.dtype != np.bool_:
        raise InputError(
            "a trigger says yes or no for every draw",
            key="trigger",
            seen=f"{found.dtype} of shape {found.shape}",
            fix=f"return {draws} booleans",
        )
    return found


def _above(distance: float, sd: float) -> float:
    return 0.5 * math.erfc(-distance / (sd * math.sqrt(2)))
