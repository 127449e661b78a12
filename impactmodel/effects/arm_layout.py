r"""Priors of the coefficients of several arms, and where they stand.

.. math:: \alpha_a = \alpha + a_a, \quad \delta_{aj} = g_j + c_{aj}, \quad
    \beta_j \sim N(0, \sigma^2), \; a_a \sim N(0, \tau_1^2), \; g_j \sim N(0, \tau_2^2), \;
    c_{aj} \sim N(0, \tau_3^2)

with half-normal scales and :math:`\alpha` normal around 0.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import linalg

from impactmodel.core.errors import InputError
from impactmodel.core.spec import spec

type Array = npt.NDArray[np.float64]

FREE = 10.0
"""Prior standard deviation of the intercept."""


@spec
class ArmPrior:
    """Priors of coefficients of standardised columns, in logs of an odds ratio.

    Parameters
    ----------
    mean
        Standard deviation of the normal prior of what arms add on average.
    columns, arms, modifiers, both
        Scales of the half-normal priors of the spread of coefficients of columns, between arms,
        of what modifiers do to any arm and of what they do to one arm alone.

    Raises
    ------
    InputError
        If a scale is not above 0.
    """

    mean: float = 1.0
    columns: float = 1.0
    arms: float = 0.5
    modifiers: float = 0.5
    both: float = 0.5

    def __post_init__(self) -> None:
        for key in ("mean", "columns", "arms", "modifiers", "both"):
            if not getattr(self, key) > 0:
                raise InputError("a scale is above 0", key=key, seen=getattr(self, key))

    def of_hazards(self, share: float) -> ArmPrior:
        r"""Return the priors of log hazard ratios that move a chance as much.

        At the chance *p* a log odds ratio moves it by :math:`p (1 - p)`, a log hazard ratio by
        :math:`-(1 - p) \log(1 - p)`. Without this the evidence would prefer the ratio of larger
        numbers.

        Examples
        --------
        >>> round(ArmPrior().of_hazards(0.5).arms, 4)
        0.3607
        """
        p = min(max(share, 0.01), 0.99)
        turn = p / -np.log1p(-p)
        scaled = (self.mean, self.arms, self.modifiers, self.both)
        mean, arms, modifiers, both = (float(turn * scale) for scale in scaled)
        return ArmPrior(mean, self.columns, arms, modifiers, both)


@dataclass(frozen=True, slots=True)
class ArmLayout:
    """Where coefficients stand, and how they vary beforehand.

    Parameters
    ----------
    base
        Coefficients of everybody: intercept and columns.
    own
        Coefficients of each arm: its main effect and modifiers.
    arms
        Arms without the comparison.
    prior
        Priors.
    """

    base: int
    own: int
    arms: int
    prior: ArmPrior

    @property
    def names(self) -> tuple[str, ...]:
        """Scales; with one arm there is nothing between arms."""
        return (
            ("columns", "arms", "modifiers", "both") if self.arms > 1 else ("columns", "modifiers")
        )

    @property
    def rotation(self) -> Array:
        """Turn arms into their mean direction and contrasts, in which the prior is independent."""
        turn = linalg.helmert(self.arms, full=True).T if self.arms > 1 else np.eye(1)
        return np.asarray(linalg.block_diag(np.eye(self.base), np.kron(turn, np.eye(self.own))))

    def variances(self, scales: Array) -> Array:
        """Return prior variances of turned coefficients (node, coefficient)."""
        at = dict(zip(self.names, np.atleast_2d(scales).T ** 2, strict=True))
        made = np.zeros((len(at["columns"]), self.base + self.own * self.arms))
        made[:, 0], made[:, 1 : self.base] = FREE**2, at["columns"][:, None]
        zero = np.zeros(len(made))
        arms, both = at.get("arms", zero), at.get("both", zero)
        own = made[:, self.base :].reshape(len(made), self.arms, self.own)
        own[:, :, 0], own[:, :, 1:] = arms[:, None], both[:, None, None]
        own[:, 0, 0] += self.arms * self.prior.mean**2
        own[:, 0, 1:] += self.arms * at["modifiers"][:, None]
        made[:, self.base :] = own.reshape(len(made), -1)
        return made

    def log_prior(self, scales: Array) -> Array:
        """Return the log density of the logarithms of scales (node)."""
        widths = np.array([getattr(self.prior, name) for name in self.names])
        logs = np.log(scales) + np.log(2 / widths) - 0.5 * np.log(2 * np.pi)
        return np.asarray((logs - 0.5 * (scales / widths) ** 2).sum(axis=-1))
