r"""Latent classes by expectation and maximisation, on categories and numbers with gaps.

.. math:: p(x) = \sum_k \pi_k \prod_{j\ \text{observed}} f_j(x_j \mid k)

Within a class the features are independent: a category has a table of shares, a number is normal
with a mean and a variance of the class. A gap drops out of the product, which is right where it is
missing at random given what is observed (Little and Rubin 2019, doi:10.1002/9781119482260).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from impactmodel.core.errors import InputError
from impactmodel.evidence.columns import Labels, frozen

type Vector = npt.NDArray[np.float64]
type Matrix = npt.NDArray[np.float64]

FLOOR = 1e-3
"""Least variance in a class, of a number whose variance is 1: without it the likelihood has no
largest value, since a class may close in on one person."""


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Indicators:
    """Features as the estimation reads them.

    Parameters
    ----------
    sizes
        Number of levels of each category.
    design
        Columns (person, column): one where a person has a level, for all levels of all categories;
        then the squares of the numbers, the numbers, and one where a number is observed. A gap has
        zeros throughout.
    """

    sizes: tuple[int, ...]
    design: Matrix

    @classmethod
    def of(cls, codes: Sequence[Labels], sizes: Sequence[int], numbers: Matrix) -> Indicators:
        """Make them of codes (-1 missing) by category and numbers (person, number; NaN missing).

        Numbers should have a mean near 0 and a standard deviation near 1: squares are added up.

        Raises
        ------
        InputError
            If a person has no answer at all, or nothing is given.
        """
        size = len(numbers)
        blocks = [np.empty((size, 0))]
        for code, levels in zip(codes, sizes, strict=True):
            blocks.append((np.asarray(code)[:, None] == np.arange(levels)).astype(np.float64))
        seen = ~np.isnan(numbers)
        filled = np.where(seen, numbers, 0.0)
        design = np.concatenate([*blocks, filled**2, filled, seen.astype(np.float64)], axis=1)
        empty = int((~design.any(axis=1)).sum())
        if empty:
            raise InputError(
                "some people have no answer to any feature",
                key="features",
                seen=f"{empty} of {size}",
                fix="leave them out, or add a feature that is always known",
            )
        return cls(tuple(sizes), design)

    def __len__(self) -> int:
        return len(self.design)

    @property
    def numbers(self) -> int:
        """How many numbers there are."""
        return int(self.design.shape[1] - sum(self.sizes)) // 3

    @property
    def seen(self) -> Matrix:
        """One where a number is observed (person, number)."""
        return self.design[:, self.design.shape[1] - self.numbers :]

    def take(self, rows: npt.NDArray[np.intp]) -> Indicators:
        """Return some of the rows, or rows drawn again."""
        return Indicators(self.sizes, self.design[rows])


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Mixture:
    """Parameters of latent classes.

    Parameters
    ----------
    shares
        Share of each class.
    tables
        Shares of the levels within a class (class, all levels), category after category.
    means, variances
        Of the numbers within a class (class, number).
    """

    shares: Vector
    tables: Matrix
    means: Matrix
    variances: Matrix

    @property
    def classes(self) -> int:
        """Number of classes."""
        return len(self.shares)

    def log_joint(self, data: Indicators) -> Matrix:
        """Return the log of share times density (class, person)."""
        with np.errstate(divide="ignore"):
            logs = np.maximum(np.log(self.tables), -700.0)
        ratio = self.means / self.variances
        rest = -0.5 * (self.means * ratio + np.log(2 * np.pi * self.variances))
        slopes = np.concatenate([logs, -0.5 / self.variances, ratio, rest], axis=1)
        return np.asarray(slopes @ data.design.T + np.log(self.shares)[:, None])

    def membership(self, data: Indicators) -> Matrix:
        """Return the probability of each class (person, class) given the observed features."""
        return np.ascontiguousarray(weighed(self.log_joint(data))[0].T)

    def log_likelihood(self, data: Indicators) -> float:
        """Return the log-likelihood of the observed features."""
        return float(weighed(self.log_joint(data))[1].sum())

    def parameters(self, data: Indicators) -> int:
        """Return the number of free parameters."""
        within = sum(levels - 1 for levels in data.sizes) + 2 * data.numbers
        return int(self.classes - 1 + self.classes * within)

    def ordered(self) -> Mixture:
        """Return the classes by falling share; ties by their tables and means, so it is fixed."""
        keys = np.column_stack([-self.shares, -self.tables, -self.means])
        order = np.lexsort(np.round(keys, 12).T[::-1])
        return Mixture(
            frozen(self.shares[order]),
            frozen(self.tables[order]),
            frozen(self.means[order]),
            frozen(self.variances[order]),
        )


def weighed(joint: Matrix) -> tuple[Matrix, Vector]:
    """Return memberships (class, person) and log-likelihoods (person) of a joint density."""
    top = joint.max(axis=0)
    raised = np.exp(joint - top)
    total = raised.sum(axis=0)
    return raised / total, top + np.log(total)


def maximise(data: Indicators, weights: Matrix) -> Mixture:
    """Return the parameters that fit memberships (class, person) best: the M step.

    A class in which nobody answered a category has even shares; a number, mean 0 and variance 1.
    """
    sums = weights @ data.design
    levels = sum(data.sizes)
    tables = sums[:, :levels]
    start = 0
    for size in data.sizes:
        block = slice(start, start + size)
        total = tables[:, block].sum(axis=1, keepdims=True)
        share = tables[:, block] / np.where(total > 0, total, 1.0)
        tables[:, block] = np.where(total > 0, share, 1 / size)
        start += size
    squares, plain, answered = np.split(sums[:, levels:], 3, axis=1)
    base = np.where(answered > 0, answered, 1.0)
    means = plain / base
    spread = np.where(answered > 0, squares / base - means**2, 1.0)
    return Mixture(weights.mean(axis=1), tables, means, np.maximum(spread, FLOOR))
