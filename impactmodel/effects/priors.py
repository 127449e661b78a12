"""Priors as values: every number that a model assumes before it sees the outcomes."""

from __future__ import annotations

from dataclasses import field, fields
from typing import Annotated, Literal

from pydantic import Field

from impactmodel.core.errors import InputError
from impactmodel.core.spec import spec

type InterceptAt = Literal["average", "control"]


@spec
class LogitPriors:
    r"""Priors of a logit model of a yes-or-no outcome.

    .. math:: \operatorname{logit} p = \alpha + \tau\,(t - t_0) + z'\beta

    with :math:`t_0` the share of treated people (``intercept_at="average"``, symmetric between
    the arms) or 0 (``"control"``: the intercept is the comparison arm's), and covariates *z*
    standardised over the cohort.

    Parameters
    ----------
    base_rate
        Centre of the intercept: :math:`\alpha \sim N(\operatorname{logit}(base), s^2)`.
    intercept_sd, treatment_sd, slope_sd
        Standard deviations on the logit scale; treatment and slopes are centred on 0.
    intercept_at
        Which convention the intercept follows; they are different models.

    Examples
    --------
    >>> LogitPriors(base_rate=0.2).treatment_sd
    1.0
    """

    base_rate: float = 0.5
    intercept_sd: float = 1.5
    treatment_sd: float = 1.0
    slope_sd: float = 1.0
    intercept_at: InterceptAt = "average"
    type: Literal["logit"] = field(default="logit", kw_only=True)

    def __post_init__(self) -> None:
        if not 0 < self.base_rate < 1:
            raise InputError(
                "a base rate lies between 0 and 1", key="base_rate", seen=self.base_rate
            )
        _require_positive(self)


@spec
class BetaPriors:
    """Independent beta priors of the two arms' probabilities: the conjugate model.

    ``Beta(events, non_events)`` in each arm; 1 and 1 is uniform. It takes neither covariates nor
    groups.
    """

    events: float = 1.0
    non_events: float = 1.0
    type: Literal["beta"] = field(default="beta", kw_only=True)

    def __post_init__(self) -> None:
        _require_positive(self)


type BinaryPriors = Annotated[LogitPriors | BetaPriors, Field(discriminator="type")]


@spec
class HurdleGammaPriors:
    r"""Priors of a hurdle-gamma model of an amount that may be zero.

    .. math::
        P(Y > 0) = p, \quad Y \mid Y > 0 \sim
        \operatorname{Gamma}(k_t,\; \text{mean } \mu), \quad
        \log \mu = \alpha + \tau\,(t - t_0) + z'\beta, \quad
        \log k_t = \kappa + \delta\,(t - t_0)

    Parameters
    ----------
    positive
        The logit model of *p*.
    typical_amount
        Prior median of the mean of positive amounts, in the outcome's unit, so that
        :math:`\alpha \sim N(\log typical, s^2)`. None: the mean of the positive amounts in the
        data, which makes the answer the same in every unit of money.
    intercept_sd, treatment_sd, slope_sd
        Standard deviations on the log scale of the mean.
    shape_sd, shape_treatment_sd
        Of :math:`\kappa` (centred on 0, an exponential distribution) and :math:`\delta`.
    intercept_at
        As in `LogitPriors`, for mean and shape.
    """

    positive: LogitPriors = field(default_factory=LogitPriors)
    typical_amount: float | None = None
    intercept_sd: float = 1.0
    treatment_sd: float = 1.0
    slope_sd: float = 0.5
    shape_sd: float = 1.0
    shape_treatment_sd: float = 0.5
    intercept_at: InterceptAt = "average"

    def __post_init__(self) -> None:
        _require_positive(self)


@spec
class GaussianPriors:
    r"""Priors of a normal model of a count, days or an index.

    .. math:: (Y - m) / s \sim N(\alpha + \tau\,(t - t_0) + z'\beta,\; \sigma_t^2), \quad
        \log \sigma_t = \kappa + \delta\,(t - t_0)

    Parameters
    ----------
    typical_mean, typical_sd
        *m* and *s*, in the outcome's unit. None: mean and standard deviation of everybody in the
        data, which makes the answer the same in every unit.
    intercept_sd, treatment_sd, slope_sd
        Standard deviations of the normal priors, in units of *s*, centred on 0.
    spread_sd, spread_treatment_sd
        Of :math:`\kappa` and :math:`\delta`, centred on 0.
    intercept_at
        As in `LogitPriors`, for mean and spread.
    """

    typical_mean: float | None = None
    typical_sd: float | None = None
    intercept_sd: float = 2.5
    treatment_sd: float = 1.0
    slope_sd: float = 1.0
    spread_sd: float = 1.0
    spread_treatment_sd: float = 0.5
    intercept_at: InterceptAt = "average"

    def __post_init__(self) -> None:
        _require_positive(self, but=("typical_mean",))


@spec
class Priors:
    """The priors of a design, by kind of outcome.

    Parameters
    ----------
    binary
        Of binary outcomes: `LogitPriors`, or the conjugate `BetaPriors`.
    amount
        Of amounts.
    number
        Of counts, days and indices.
    group_sd
        Scale of the half-normal prior of the spread between groups, of level and of effect, on
        the model's scale; used where groups are pooled.
    """

    binary: BinaryPriors = field(default_factory=LogitPriors)
    amount: HurdleGammaPriors = field(default_factory=HurdleGammaPriors)
    number: GaussianPriors = field(default_factory=GaussianPriors)
    group_sd: float = 0.5

    def __post_init__(self) -> None:
        _require_positive(self)


def _require_positive(priors: object, but: tuple[str, ...] = ()) -> None:
    for f in fields(priors):  # type: ignore[arg-type]
        value = getattr(priors, f.name)
        if f.name not in but and isinstance(value, float | int) and not value > 0:
            raise InputError("this must be above 0", key=f.name, seen=value)
