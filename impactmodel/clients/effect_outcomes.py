"""From groups and places to `Outcomes`, which contract, finance and public finances read."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from impactmodel.clients.effect_draws import EffectDraws
from impactmodel.core.errors import InputError
from impactmodel.core.measures import OutcomeMeasure
from impactmodel.core.outcomes import Outcomes, Provenance
from impactmodel.core.schedule import Periods

type Values = npt.NDArray[np.float64]

_PLACES = 1e-9
_TOLERATED = 0.02


def as_outcomes(
    drawn: EffectDraws,
    places: Values,
    measure: OutcomeMeasure,
    periods: Periods,
    *,
    provenance: Provenance,
) -> Outcomes:
    r"""Return the outcomes of the people who get a place, by group.

    .. math:: p^0_{dg}, \qquad p^1_{dg} = p^0_{dg} + \frac{\sum_s x_{gs} \tau_{dsg}}{\sum_s x_{gs}}

    The counterfactual is the chance without service of a group's people; those who get a place
    are taken to be like their group. Between people the variance within an arm is p (1 - p), so
    that a measured view can be simulated. Groups without places are left out.

    Parameters
    ----------
    drawn
        Effects and chances without service by group.
    places
        Places (group, service), such as an allocation of client types that are these groups.
    measure
        The target as an outcome; binary, usually of the channel ``employment``.
    periods
        One period, in which the target is reached or not.
    provenance
        What the draws stand for; the assumptions of ``drawn`` are added.

    Raises
    ------
    InputError
        If the measure is not binary, there is more than one period, shapes differ, no place is
        given, or chances leave [0, 1] in more than 2 % of draws.

    Examples
    --------
    >>> import datetime as dt
    >>> made = EffectDraws(("course", "coach"), ("A",), "job", np.array([[[0.1], [0.3]]]),
    ...     np.array([[0.4]]), np.ones(1), ())
    >>> found = as_outcomes(made, np.array([[3.0, 1.0]]), OutcomeMeasure("job", kind="binary"),
    ...     Periods(dt.date(2027, 1, 1)), provenance=Provenance())
    >>> float(found.effect().values.round(6)[0, 0, 0, 0]), float(found.cohort_size.values[0, 0])
    (0.15, 4.0)
    """
    _require_usable(drawn, places, measure, periods)
    size = places.sum(axis=1)
    held = size > _PLACES
    if not held.any():
        raise InputError("there is no place", key="places", fix="allocate some")
    share = places[held] / size[held, None]
    effect = np.einsum("dsg,gs->dg", drawn.effect[:, :, held], share)
    without = drawn.without[:, held]
    treated = without + effect
    outside = float(((treated < 0) | (treated > 1)).any(axis=1).mean())
    if outside > _TOLERATED:
        raise InputError(
            f"chances leave [0, 1] in {outside:.1%} of draws",
            key="effect",
            fix="pool the effects more strongly, or narrow the bias prior",
        )
    treated = np.clip(treated, 0.0, 1.0)
    means = np.stack([treated.mean(axis=0), without.mean(axis=0)])[..., None, None, None, None]
    note = (
        "people who get a place are like their group",
        f"chances outside [0, 1] in {outside:.1%} of draws are held at the bound",
    )
    return Outcomes.from_draws(
        treated[:, :, None, None],
        without[:, :, None, None],
        measures=[measure],
        periods=periods,
        cohort_size=size[held],
        provenance=provenance.assuming(*drawn.assumptions, *note[: 1 + (outside > 0)]),
        groups=[g for g, kept in zip(drawn.groups, held, strict=True) if kept],
        covariance=means * (1 - means),
    )


def _require_usable(
    drawn: EffectDraws, places: Values, measure: OutcomeMeasure, periods: Periods
) -> None:
    if measure.kind != "binary" or periods.count != 1:
        raise InputError(
            "a target is reached or not, in one period", key="measure", seen=measure.kind
        )
    if places.shape != (len(drawn.groups), len(drawn.services)) or (places < 0).any():
        raise InputError("places have the shape (group, service)", key="places", seen=places.shape)
