"""A bias that no data show: drawn from a prior, taken off the effect, and on the record."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import special

from impactmodel.core import distribution
from impactmodel.core.distribution import Uncertain
from impactmodel.core.errors import InputError
from impactmodel.core.outcomes import Outcomes
from impactmodel.core.seeds import stream


def with_bias(
    outcomes: Outcomes,
    outcome: str,
    prior: Uncertain,
    reason: str,
    *,
    scale: Literal["response", "logit"] = "response",
    seed: int = 0,
) -> Outcomes:
    r"""Return outcomes whose effect has a bias taken off, draw by draw.

    .. math:: \text{effect}_i = \widehat{\text{effect}}_i - b_i, \qquad b_i \sim \text{prior}

    The bias is what the comparison group would have differed by without any programme: the
    counterfactual is raised by it (where only the effect is known, the effect is lowered). One
    draw of it serves all groups and periods of the outcome, so that it does not average out.

    Parameters
    ----------
    outcomes
        Of any design.
    outcome
        Which outcome is biased.
    prior
        Of the bias, positive where the estimate is too high, per period: in the outcome's unit,
        or on the logit scale. A number is a known bias.
    reason
        Why, for the record.
    scale
        ``logit`` keeps probabilities within [0, 1]; it needs a binary outcome with a level.
    seed
        Of the draws of the bias, which are independent of those of the effect.

    Raises
    ------
    InputError
        Without a reason, or if a probability leaves [0, 1].

    Examples
    --------
    >>> import datetime as dt
    >>> from impactmodel.core.measures import OutcomeMeasure
    >>> from impactmodel.core.outcomes import Provenance
    >>> from impactmodel.core.schedule import Periods
    >>> made = Outcomes.from_draws([[0.5], [0.6]], [[0.4], [0.4]],
    ...     measures=[OutcomeMeasure("job", kind="binary")],
    ...     periods=Periods(dt.date(2024, 1, 1), "year", 1), cohort_size=100,
    ...     provenance=Provenance())
    >>> less = with_bias(made, "job", 0.05, "volunteers are keener")
    >>> less.effect().values.ravel().round(3).tolist()
    [0.05, 0.15]
    >>> less.provenance.assumptions
    ("bias of the effect on 'job': 0.05; volunteers are keener",)
    """
    if not reason.strip():
        raise InputError("a bias prior needs a reason", key="reason", fix="say why")
    measure = outcomes.measure(outcome)
    at = [m.name for m in outcomes.measures].index(outcome)
    known = bool(outcomes.dataset["counterfactual_known"].values[at])
    if scale == "logit" and not (known and measure.kind == "binary"):
        raise InputError(
            "a bias on the logit scale needs a binary outcome with a known level",
            key="scale",
            seen=outcome,
        )
    bias = distribution.draw(prior, outcomes.n_draws, stream(seed, "bias", outcome))
    arm = "counterfactual" if known else "treated"
    values = outcomes.dataset[arm].values.copy()
    shift = bias[:, None, None] if known else -bias[:, None, None]
    values[:, :, at] = (
        special.expit(special.logit(values[:, :, at]) + shift)
        if scale == "logit"
        else values[:, :, at] + shift
    )
    if measure.kind == "binary" and known:
        _require_inside(values[:, :, at], outcome)
    where = " on the logit scale" if scale == "logit" else ""
    provenance = outcomes.provenance.assuming(
        f"bias of the effect on '{outcome}'{where}: {_text(prior)}; {reason.strip()}"
    )
    if known:
        return outcomes.replace(counterfactual=values, provenance=provenance)
    return outcomes.replace(treated=values, provenance=provenance)


def _require_inside(share: NDArray[np.float64], outcome: str) -> None:
    out = float(np.mean((share < 0) | (share > 1)))
    if out > 0:
        raise InputError(
            f"with the bias the counterfactual of '{outcome}' leaves [0, 1] in {out:.1%} of draws",
            key="prior",
            fix='narrow the prior, or use scale="logit"',
        )


def _text(prior: Uncertain) -> str:
    if isinstance(prior, (int, float)):
        return f"{prior:g}"
    if isinstance(prior, distribution.Fixed):
        return f"{prior.value:g}"
    return f"{prior.type}, mean {prior.mean:g}, sd {prior.sd:g}"
