"""How strong something unmeasured would have to be, and a prior on the bias it leaves."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Annotated, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field
from scipy.special import stdtrit

from impactmodel.core.errors import InputError
from impactmodel.core.spec import spec

type Array = npt.NDArray[np.float64]


@spec
class BiasPrior:
    """Bias of the estimate that hidden confounding leaves: estimated minus true effect.

    Parameters
    ----------
    sd
        Standard deviation, in the outcome's unit per person (points of a share for a binary one).
    mean
        0 where neither direction is more likely.

    Examples
    --------
    >>> BiasPrior(sd=0.02).mean
    0.0
    """

    sd: float
    mean: float = 0.0
    type: Literal["normal"] = field(default="normal", kw_only=True)

    def __post_init__(self) -> None:
        if not self.sd > 0:
            raise InputError("this must be above 0", key="sd", seen=self.sd)


@spec
class BenchmarkBias:
    """Bias as large as a confounder would leave that is as strong as a recorded covariate.

    The prior is normal around 0, with the bound of `omitted_variable_bias` as its sd.

    Parameters
    ----------
    covariate
        The covariate whose strength is the benchmark.
    times
        How many times as strong, on treatment and on outcome alike.
    """

    covariate: str
    times: float = 1.0
    type: Literal["benchmark"] = field(default="benchmark", kw_only=True)

    def __post_init__(self) -> None:
        if not self.times > 0:
            raise InputError("this must be above 0", key="times", seen=self.times)


type Bias = Annotated[BiasPrior | BenchmarkBias, Field(discriminator="type")]


def e_value(ratio: float) -> float:
    r"""Return the E-value of a risk ratio.

    .. math:: E = RR + \sqrt{RR\,(RR - 1)}, \quad RR \ge 1

    (the ratio is inverted below 1). A hidden confounder would have to be associated with both
    treatment and outcome by risk ratios of at least this to explain the estimate away.

    References
    ----------
    VanderWeele and Ding (2017), Annals of Internal Medicine 167(4), doi:10.7326/M16-2607.

    Examples
    --------
    The published example: a risk ratio of 3.9 has the E-value 7.26.

    >>> round(e_value(3.9), 2), round(e_value(1 / 3.9), 2), e_value(1.0)
    (7.26, 7.26, 1.0)
    """
    if not ratio > 0:
        raise InputError("a risk ratio is above 0", key="ratio", seen=ratio)
    above = max(ratio, 1.0 / ratio)
    return above + math.sqrt(above * (above - 1.0))


def ratio_of_difference(effect: float, sd: float) -> float:
    r"""Return the approximate risk ratio :math:`e^{.91 d}` of a difference of *d* sd.

    References
    ----------
    VanderWeele and Ding (2017), section on continuous outcomes.
    """
    return math.exp(0.91 * effect / sd) if sd > 0 else 1.0


def robustness_value(t: float, df: float, *, alpha: float | None = None) -> float:
    r"""Return the robustness value of a regression coefficient.

    .. math:: RV = \tfrac12\left(\sqrt{f^4 + 4 f^2} - f^2\right), \quad f = |t| / \sqrt{df}

    A confounder that explains this share of the residual variance of both treatment and outcome
    would bring the estimate to 0 or, with ``alpha``, its confidence interval to touch 0: then
    :math:`f` is lessened by the critical t over :math:`\sqrt{df - 1}`.

    Parameters
    ----------
    t, df
        t-value of the coefficient and residual degrees of freedom.

    References
    ----------
    Cinelli and Hazlett (2020), JRSS B 82(1), doi:10.1111/rssb.12348.

    Examples
    --------
    Their study of Darfur: t = 4.184 with 783 degrees of freedom gives 13.9 % and 7.6 %.

    >>> round(robustness_value(4.1844, 783), 3), round(robustness_value(4.1844, 783, alpha=.05), 3)
    (0.139, 0.076)
    """
    f = abs(t) / math.sqrt(df)
    if alpha is not None:
        f += float(stdtrit(df - 1, alpha / 2)) / math.sqrt(df - 1)
    if f <= 0:
        return 0.0
    return (math.sqrt(f**4 + 4 * f**2) - f**2) / 2


@dataclass(frozen=True, slots=True, eq=False)
class Regression:
    """Least squares of an outcome on an intercept, treatment and covariates, over cells.

    Parameters
    ----------
    effect, se, df
        Coefficient of treatment, its error under equal variances, n - k.
    outcome_r2, treatment_r2
        Partial R² of each covariate with the outcome (given treatment and the others) and with
        treatment (given the others).
    """

    effect: float
    se: float
    df: float
    outcome_r2: Array
    treatment_r2: Array


def regression(
    arms: tuple[npt.NDArray[np.bool_], Array], x: Array, total: Array, squares: float
) -> Regression:
    """Regress an outcome on treatment and covariates.

    Parameters
    ----------
    arms
        Arm and number of people of each cell.
    x, total, squares
        Covariates (cell, covariate), sum of the outcome (cell) and its sum of squares over all.
    """
    treated, n = arms
    d = treated * 1.0
    centred = x - n @ x / n.sum()
    scaled = centred / np.sqrt(n @ centred**2 / n.sum())
    z = np.column_stack([np.ones(len(n)), d, scaled])
    effect, se, t, df = _least_squares(z, n, total, squares)
    _, _, t_of_treatment, df_less = _least_squares(np.delete(z, 1, axis=1), n, n * d, float(n @ d))
    return Regression(
        float(effect[1]),
        float(se[1]),
        df,
        t[2:] ** 2 / (t[2:] ** 2 + df),
        t_of_treatment[1:] ** 2 / (t_of_treatment[1:] ** 2 + df_less),
    )


def omitted_variable_bias(found: Regression, covariate: int, times: float = 1.0) -> float:
    r"""Return the largest bias that a confounder ``times`` as strong as a covariate can leave.

    .. math:: |bias| = se \sqrt{df} \sqrt{\frac{R^2_{Y} R^2_{D}}{1 - R^2_{D}}}

    with the partial R² of the confounder bounded by those of the covariate.

    Raises
    ------
    InputError
        If so strong a confounder is impossible.

    References
    ----------
    Cinelli and Hazlett (2020), section 4.4.
    """
    r2_d, r2_y = float(found.treatment_r2[covariate]), float(found.outcome_r2[covariate])
    of_treatment = times * r2_d / (1 - r2_d)
    overlap = times * r2_d**2 / ((1 - times * r2_d) * (1 - r2_d)) if times * r2_d < 1 else math.inf
    if not (of_treatment < 1 and overlap < 1):
        raise InputError(
            "no confounder can be so many times as strong as this covariate",
            key="times",
            seen=times,
            fix="lower it, or choose a weaker covariate",
        )
    eta = (math.sqrt(times) + math.sqrt(overlap)) / math.sqrt(1 - overlap)
    of_outcome = min(1.0, eta**2 * r2_y / (1 - r2_y))
    return found.se * math.sqrt(found.df * of_outcome * of_treatment / (1 - of_treatment))


def _least_squares(
    z: Array, n: Array, total: Array, squares: float
) -> tuple[Array, Array, Array, float]:
    cross = (z * n[:, None]).T @ z
    inverse = np.linalg.inv(cross)
    beta = inverse @ (z.T @ total)
    df = float(n.sum() - z.shape[1])
    rss = max(float(squares - beta @ (z.T @ total)), 0.0)
    se = np.sqrt(rss / df * np.diag(inverse))
    return beta, se, beta / np.where(se > 0, se, np.inf), df
