"""f(E[x]) beside E[f(x)]: what a sheet gives that puts expected months through the rules."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from impactmodel.core.errors import InputError
from impactmodel.fiscal.benefit_months import (
    after_month,
    benefit_before,
    benefit_month,
    opening,
    wage_before,
)
from impactmodel.fiscal.finnish_lines import BENEFIT_FLOWS, WORK_FLOWS, YEAR_FLOWS
from impactmodel.fiscal.ledger_data import ARMS
from impactmodel.fiscal.living_flows import living_month, net_rates
from impactmodel.fiscal.months import Months
from impactmodel.fiscal.rule_explainer import RuleExplainer
from impactmodel.fiscal.savings import Savings

if TYPE_CHECKING:
    import pandas as pd

type Draws = NDArray[np.float64]
type Cell = tuple[str, str, int]
"""(line, payer, year)."""


def at_expected_months(savings: Savings) -> pd.DataFrame:
    r"""Compare the expected saving with the saving of a person who works the expected months.

    Rules are not linear in months: :math:`E[f(x)] \\ne f(E[x])`. The second gives every person of
    the profile the mean months of work of a year, over draws and people, spread evenly over it.

    Returns
    -------
    pandas.DataFrame
        One row per line and payer, undiscounted, whole cohort and all years: ``expected_saving``
        (E[f(x)]), ``saving_of_expected_months`` (f(E[x])) and their ``difference``.

    Raises
    ------
    InputError
        If the savings were not computed by rules.
    """
    import pandas as pd

    ledger, sheet = savings.ledger, sheet_of_expected_months(savings)
    view = ledger.view("payer", "line").mean("draw")
    rows = []
    for line, payer in zip(
        ledger.dataset["line"].values.tolist(), ledger.dataset["payer"].values.tolist(), strict=True
    ):
        expected = float(view.sel(payer=payer, line=line))
        plugged = sum(v for (of, to, _), v in sheet.items() if (of, to) == (line, payer))
        rows.append((line, payer, expected, plugged, expected - plugged))
    names = ["line", "payer", "expected_saving", "saving_of_expected_months", "difference"]
    return pd.DataFrame(rows, columns=names)


def sheet_of_expected_months(savings: Savings) -> dict[Cell, float]:
    """Return f(E[x]) by (line, payer, year): what `at_expected_months` compares.

    Raises
    ------
    InputError
        If the savings were not computed by rules.
    """
    if not isinstance(savings.explainer, RuleExplainer):
        raise InputError(
            "these savings are linear in the outcomes",
            key="savings",
            fix="f(E[x]) differs from E[f(x)] only for savings by rules",
        )
    months, extras = savings.explainer.months, savings.explainer.extras
    known = savings.explainer.at_means
    size = savings.ledger.dataset["cohort_size"].values.mean(axis=0)
    sheet: dict[Cell, float] = {}
    for g, group in enumerate(months.histories.groups):
        weights = months.profile.weights(group)
        for arm in range(len(ARMS)):
            if (arm, g) not in known:
                known[arm, g] = _arm(months, arm, g)
        for key, treated in known[0, g].items():
            change = float(weights @ (treated - known[1, g][key]))
            sheet[key] = sheet.get(key, 0.0) + size[g] * change
    for year, first, after in months.histories.years():
        of_year = {(line, payer): v for (line, payer, y), v in sheet.items() if y == year}
        worked = months.histories.expected_months(first, after).mean(axis=0)
        stated = extras.at_expected_months(of_year, float(size @ (worked[0] - worked[1])))
        sheet |= {(line, payer, year): value for (line, payer), value in stated.items()}
    return sheet


def _arm(months: Months, arm: int, group: int) -> Mapping[Cell, Draws]:
    """Return what each payer receives in a year from each person, shape (person,)."""
    histories, people = months.histories, len(months.profile.persons)
    counters: Mapping[str, Draws] = opening(months)
    total: dict[Cell, Draws] = {}

    def add(line: str, payer: str, amount: Draws) -> None:
        key = (line, payer, year)
        total[key] = total.get(key, np.zeros(people)) + np.broadcast_to(amount, (people, 1))[:, 0]

    for year, first, after in histories.years():
        worked = float(histories.expected_months(first, after)[:, arm, group].mean())
        share = worked / (after - first)
        wage = months.wages() * share + months.part_time() * (1.0 - share)
        benefits: list[Draws] = []
        for t in range(first, after):
            day = histories.month(t)
            found = benefit_month(months, day, counters, 1.0 - share)
            counters = after_month(counters, found)
            lines = months.benefit_lines(day)
            benefits.append(np.broadcast_to(found["total_benefit"], (people, 1)))
            employer = {**months.employer(day, wage).values, "wage": wage}
            for flow in BENEFIT_FLOWS:
                for payer, sign, result in flow.sides:
                    mine = lines[flow.line]
                    add(flow.line, payer, np.where(mine, sign * found[result], 0.0))
            for flow in WORK_FLOWS:
                for payer, sign, result in flow.sides:
                    add(flow.line, payer, sign * employer[result])
        for key, amount in _year(months, (year, first, after), wage, benefits):
            add(*key, amount)
    return total


def _year(
    months: Months, span: tuple[int, int, int], wage: Draws, benefits: Sequence[Draws]
) -> Iterator[tuple[tuple[str, str], Draws]]:
    """Yield what each payer receives by the year: taxes, and what households are paid for living.

    Wage and benefits are those of a month, (person, 1).
    """
    year, first, after = span
    stretch = months.stretch(first, after)
    earned = wage * (after - first) * stretch + wage_before(months, year)
    taxable = benefit_before(months, year) + sum(benefits) * stretch
    taxes = months.taxes(year, earned, taxable)
    for flow in YEAR_FLOWS:
        for payer, sign, result in flow.sides:
            yield (flow.line, payer), sign * taxes[result] / stretch
    if months.housed().any():
        rate, levy = net_rates(taxes, earned, earned + taxable)
        rates = (rate[:, :, None], levy[:, :, None])
        for t, benefit in enumerate(benefits, start=first):
            living = living_month(months, t, rates, wage=wage, benefit=benefit)
            yield from ((key, amount[:, :, 0]) for key, amount in living.items())
