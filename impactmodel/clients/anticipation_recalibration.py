"""Recalibration of a chance model on a later window: an explicit choice, kept on record."""

from __future__ import annotations

import dataclasses
from dataclasses import field
from typing import Annotated, Literal

import numpy as np
from pydantic import Field
from scipy.special import logit

from impactmodel.clients.anticipation import ChanceModel
from impactmodel.clients.anticipation_calibration import calibration_intercept
from impactmodel.clients.chances import Chances
from impactmodel.clients.clients import Clients
from impactmodel.core.errors import InputError
from impactmodel.core.seeds import stream
from impactmodel.core.spec import spec
from impactmodel.effects.propensity import logistic

_EDGE = 1e-12


@spec
class ShiftIntercept:
    """Shift all logits by one number: the base rate moved, differences between people did not."""

    type: Literal["shift_intercept"] = field(default="shift_intercept", kw_only=True)


@spec
class ShiftAndScale:
    """Shift all logits and scale them: differences between people were too large or small too."""

    type: Literal["shift_and_scale"] = field(default="shift_and_scale", kw_only=True)


type RecalibrationChoice = Annotated[ShiftIntercept | ShiftAndScale, Field(discriminator="type")]


def recalibrate(
    model: ChanceModel,
    clients: Clients,
    how: ShiftIntercept | ShiftAndScale,
    seed: int = 0,
) -> ChanceModel:
    r"""Return the model with logits :math:`a + b\,\eta`, learnt on a window after the fit's.

    *a* and *b* (1 for `ShiftIntercept`) are drawn from the normal around their estimates, one pair
    for each draw. The result is an additive model like any other, so that its reasons add up too;
    judge it on a window later still.

    Parameters
    ----------
    clients
        A window after that of the fit; who has no known target under the policy is left out.
    how
        The choice; it stands in ``recalibration`` with its estimates, window and people.
    seed
        Of the draws of *a* and *b*.

    Raises
    ------
    InputError
        If the model was recalibrated before, or the window is not after that of its fit.
    """
    if model.recalibration:
        raise InputError(
            "this model was recalibrated already",
            key="model",
            seen=model.recalibration,
            fix="recalibrate the first fit on the longer window",
        )
    people = clients.take(model.seen(clients))
    if not people.size or not people.index.min() > model.window[1]:
        raise InputError(
            "recalibration needs people from after the window of the fit",
            key="clients",
            seen=people.size,
            fix=f"take those since {model.window[1]} and a day",
        )
    y = people.target(model.target.name)
    x = logit(np.clip(Chances(model, people).expected(), _EDGE, 1 - _EDGE))
    mean, covariance = _estimates(x, y, how)
    rng = stream(seed, "recalibration")
    drawn = rng.multivariate_normal(mean, covariance, model.draws)
    beta = model.beta * drawn[:, 1:]
    beta[:, 0] += drawn[:, 0]
    said = (
        f"{how.type}: logit {mean[0]:+.4f} + {mean[1]:.4f} × logit, from {people.size} people "
        f"of {people.index.min()} to {people.index.max()}"
    )
    return dataclasses.replace(model, beta=beta, recalibration=said)


def _estimates(
    x: np.ndarray, y: np.ndarray, how: ShiftIntercept | ShiftAndScale
) -> tuple[np.ndarray, np.ndarray]:
    if isinstance(how, ShiftIntercept):
        shift, error = calibration_intercept(x, y)
        return np.array([shift, 1.0]), np.diag([error**2, 0.0])
    ones = np.ones(len(y))
    found = logistic(np.column_stack([ones, x]), y, ones)
    return found.beta, found.covariance
