"""The doubly robust estimator of one treated group against controls over two periods."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from impactmodel.core.errors import InputError

type Array = npt.NDArray[np.float64]

_ROUNDS = 100
_CONVERGED = 1e-10
# Beyond this odds of treatment a control is never comparable: treated and controls are separated.
_LARGEST_SCORE = 30.0


def doubly_robust(
    change: Array, treated: Array, x: Array, weight: Array
) -> tuple[float, Array, Array]:
    r"""Estimate the effect on the treated of a change, adjusted for covariates.

    .. math::
        \hat\theta = E_w\!\left[\left(\frac{D}{E_w D} -
        \frac{\frac{p(X)(1-D)}{1-p(X)}}{E_w \frac{p(X)(1-D)}{1-p(X)}}\right)
        (\Delta Y - m(X))\right]

    with *p* a logit by maximum likelihood and *m* least squares among controls: consistent if
    either is right.

    Parameters
    ----------
    change, treated, weight
        :math:`\Delta Y`, *D* and the units' weights (unit); weights have mean 1.
    x
        Covariates with a constant (unit, column).

    Returns
    -------
    tuple
        The estimate, its influence function (unit), whose mean is the error, and the weight of
        each unit's change in it (unit).

    Raises
    ------
    InputError
        If covariates separate treated from controls or are collinear among the controls.

    Source: Sant'Anna, P. and Zhao, J. (2020). Doubly robust difference-in-differences estimators.
    Journal of Econometrics 219(1), 101-122, doi:10.1016/j.jeconom.2020.06.003, equation 3.1.
    """
    n = len(change)
    score, hessian = _logit(treated, x, weight)
    control = weight * (1 - treated)
    gram = (control[:, None] * x).T @ x / n
    if np.linalg.matrix_rank(gram, hermitian=True) < x.shape[1]:
        raise InputError(
            "the covariates are collinear among the controls", key="covariates", fix="leave one out"
        )
    bread = np.linalg.inv(gram)
    line = x @ (bread @ ((control[:, None] * x).T @ change / n))
    rest = change - line
    odds = np.exp(x @ score)
    one, zero = weight * treated, control * odds
    eta1, eta0 = float((one @ rest) / one.sum()), float((zero @ rest) / zero.sum())
    of_line = (control * rest)[:, None] * x @ bread
    of_score = (weight * (treated - odds / (1 + odds)))[:, None] * x @ hessian
    first = one * (rest - eta1) - of_line @ (one @ x / n)
    second = (
        zero * (rest - eta0)
        + of_score @ ((zero * (rest - eta0)) @ x / n)
        - of_line @ (zero @ x / n)
    )
    influence: Array = first / one.mean() - second / zero.mean()
    return eta1 - eta0, influence, one / one.sum() - zero / zero.sum()


def _logit(treated: Array, x: Array, weight: Array) -> tuple[Array, Array]:
    """Return the coefficients of a logit and the inverse of its mean information."""
    beta = np.zeros(x.shape[1])
    for _ in range(_ROUNDS):
        score = x @ beta
        p = 1 / (1 + np.exp(-score))
        information = (weight * p * (1 - p))[:, None] * x
        step = np.linalg.lstsq(information.T @ x, x.T @ (weight * (treated - p)), rcond=None)[0]
        beta = beta + step
        if np.abs(x @ beta).max() > _LARGEST_SCORE:
            break
        if np.abs(step).max() < _CONVERGED * (1 + np.abs(beta).max()):
            return beta, np.linalg.inv(information.T @ x / len(x))
    raise InputError(
        "the covariates separate the treated from the controls",
        key="covariates",
        fix="leave out what tells them apart, or compare units that overlap",
    )
