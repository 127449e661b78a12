"""Readings of the rules that other models take: the errors that a reconciliation looks for."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from impactmodel.fiscal.finnish_lines import YEAR_BOOKS
from impactmodel.fiscal.months import Months
from impactmodel.fiscal.rule_results import Computed

if TYPE_CHECKING:
    from impactmodel.fiscal.parameter_files import Parameter, Value
    from impactmodel.fiscal.parameters import Rules

type Draws = NDArray[np.float64]


class UntaxedBenefit(Months):
    """Taxes are those of the wage alone: the tax that is lost with a benefit is not netted."""

    __slots__ = ()

    def taxes(self, year: int, wage: Draws, benefit: Draws) -> Computed:
        """Compute the taxes of a year as if benefits were not taxed."""
        return Months.taxes(self, year, wage, np.zeros_like(benefit))


class AverageRates(Months):
    r"""Every euro bears the average rate of a whole year of its kind, not the marginal one.

    :math:`T(w, b) = w\,T(W, 0)/W + b\,T(0, B)/B` with W and B the wage and the benefit of a year
    wholly in work and wholly on benefit.
    """

    __slots__ = ()

    def taxes(self, year: int, wage: Draws, benefit: Draws) -> Computed:
        """Compute the taxes of a year at average rates."""
        wage, benefit = np.broadcast_arrays(wage, benefit)
        most = wage.max(axis=1, keepdims=True), benefit.max(axis=1, keepdims=True)
        nothing = np.zeros_like(most[0])
        work = Months.taxes(self, year, most[0], nothing)
        idle = Months.taxes(self, year, nothing, most[1])
        parts = [
            np.divide(part, whole, where=whole > 0, out=np.zeros(part.shape))
            for part, whole in ((wage, most[0]), (benefit, most[1]))
        ]
        names = self.rules.book(*YEAR_BOOKS).names()
        values: Mapping[str, Draws] = {
            name: parts[0] * work[name] + parts[1] * idle[name] for name in names
        }
        return Computed(work.date, values, work.used)


def values_of(rules: Rules, day: dt.date) -> Rules:
    """Return rules whose values of one day hold at all times: a sheet that was never updated."""
    return rules.with_values(
        {name: _always(one, rules.find(name, day).value) for name, one in rules.parameters.items()}
    )


def value_kept(rules: Rules, name: str, value: Value) -> Rules:
    """Return rules in which one parameter has one value at all times."""
    return rules.with_values({name: _always(rules.parameters[name], value)})


def _always(parameter: Parameter, value: Value) -> tuple[Value, ...]:
    first = parameter.values[0].valid_from
    return (replace(value, valid_from=first, known_from=dt.date.min),)
