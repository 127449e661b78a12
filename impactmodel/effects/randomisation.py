"""Whether recorded covariates differ between the arms by more than chance would let them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.special import chdtrc

from impactmodel.effects.checks import Check
from impactmodel.evidence import Cells, Cohort

type Array = npt.NDArray[np.float64]

# Of sound experiments one in a hundred fails by chance.
LIMIT = 0.01
_RANK = 1e-9


def randomisation_check(evidence: Cohort | Cells) -> Check:
    r"""Test jointly that chance decided who was assigned, by every recorded covariate.

    .. math::
        d^2 = \delta' V^{-} \delta, \quad
        \delta = \sum_s h_s (\bar x_{s1} - \bar x_{s0}), \quad
        V = \sum_s h_s S_s, \quad h_s = \frac{n_{s1} n_{s0}}{n_{s1} + n_{s0}}

    with :math:`S_s` the covariance (n - 1) of the covariates of both arms together in group *s*:
    people are compared within their group, whose share of assigned people may be its own. Under
    random assignment :math:`d^2` has the mean :math:`\operatorname{rank} V` exactly, and is nearly
    chi-squared.

    Parameters
    ----------
    evidence
        With covariates measured before assignment. No outcome is read.

    Returns
    -------
    Check
        Fails below a p-value of .01; cannot fail where no covariate is recorded, or every group is
        in one arm.

    References
    ----------
    Hansen and Bowers (2008), Statistical Science 23(2), doi:10.1214/08-STS254.

    Examples
    --------
    With one yes-or-no covariate it is Pearson's chi-squared times (n - 1) / n: 4 x 19 / 20.

    >>> import pandas as pd
    >>> from impactmodel.core.measures import OutcomeMeasure
    >>> counts = pd.DataFrame({"treat": [0, 0, 1, 1], "woman": [0, 1, 0, 1], "n": [7, 3, 3, 7],
    ...     "job_sum": [1, 1, 1, 1]})
    >>> jobs = [OutcomeMeasure("job", kind="binary")]
    >>> cells = Cells.from_frame(counts, treatment="treat", outcomes=jobs, by=["woman"])
    >>> found = randomisation_check(cells)
    >>> found.passed, found.text[:61]
    (True, 'recorded covariates by arm: chi-squared 3.04 of 1, p = 0.081 ')
    """
    if not evidence.covariates:
        text = (
            "no covariate is recorded: nothing shows whether chance alone decided who was assigned"
        )
        return Check("randomisation", None, text)
    people, sums, cross = _by_group_and_arm(evidence)
    both = (people > 0).all(axis=1)
    if not both.any():
        text = "every group is in one arm: people of both arms cannot be compared within a group"
        return Check("randomisation", None, text)
    people, sums, cross = people[both], sums[both], cross[both]
    size, total = people.sum(axis=1), sums.sum(axis=1)
    share = people[:, 0] * people[:, 1] / size
    gap = sums[:, 1] / people[:, 1, None] - sums[:, 0] / people[:, 0, None]
    spread = cross.sum(axis=1) - total[:, :, None] * total[:, None, :] / size[:, None, None]
    variance = np.tensordot(share / np.maximum(size - 1, 1), spread, axes=1)
    difference = share @ gap
    sd = np.sqrt(np.diag(variance))
    z = np.divide(difference, sd, out=np.zeros_like(sd), where=sd > 0)
    correlation = variance / np.outer(np.where(sd > 0, sd, 1.0), np.where(sd > 0, sd, 1.0))
    rank = int(np.linalg.matrix_rank(correlation, tol=_RANK, hermitian=True))
    statistic = float(z @ np.linalg.pinv(correlation, rcond=_RANK, hermitian=True) @ z)
    p = float(chdtrc(rank, max(statistic, 0.0))) if rank else 1.0
    standardised = z / np.sqrt(share.sum())
    worst = int(np.argmax(np.abs(z)))
    text = (
        f"recorded covariates by arm: chi-squared {statistic:.2f} of {rank}, p = {p:.3f} (limit "
        f"{LIMIT:g}); farthest apart {evidence.covariates[worst]} ({standardised[worst]:+.2f} sd)"
    )
    if p < LIMIT:
        text += "; more than chance decided who was assigned, or people are missing from an arm"
    columns = (difference / share.sum(), standardised, z)
    rows: list[tuple[str | float, ...]] = [("covariate", "assigned less comparison", "in sd", "z")]
    rows += [(name, *(float(c[i]) for c in columns)) for i, name in enumerate(evidence.covariates)]
    return Check("randomisation", p >= LIMIT, text, tuple(rows))


def _by_group_and_arm(evidence: Cohort | Cells) -> tuple[Array, Array, Array]:
    """Return people, sums and cross-products of centred covariates (group, arm, ...)."""
    place, parts = 2 * evidence.group + evidence.treated, range(2 * len(evidence.groups))
    if isinstance(evidence, Cohort):
        inside = [evidence.x[place == p] - evidence.x.mean(axis=0) for p in parts]
        n = np.array([float(len(x)) for x in inside])
        sums = np.stack([x.sum(axis=0) for x in inside])
        cross = np.stack([x.T @ x for x in inside])
    else:
        mean = evidence.x_sum.sum(axis=0) / evidence.n.sum()
        n, total, products = (
            np.stack([values[place == p].sum(axis=0) for p in parts])
            for values in (evidence.n, evidence.x_sum, evidence.x_cross)
        )
        sums = total - n[:, None] * mean
        shift = total[:, :, None] * mean
        cross = products - shift - np.swapaxes(shift, 1, 2)
        cross = cross + n[:, None, None] * np.outer(mean, mean)
    k = len(evidence.covariates)
    return n.reshape(-1, 2), sums.reshape(-1, 2, k), cross.reshape(-1, 2, k, k)
