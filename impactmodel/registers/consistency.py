"""Whether published numbers agree with each other; a misprint shows in the arithmetic around it.

Every check returns findings and changes nothing. A repair is offered only where it is the single
swap of two neighbouring digits that makes every statement of the text hold.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from impactmodel.core.errors import InputError
from impactmodel.registers.definitions import require_one_statistic
from impactmodel.registers.statfin import IndicatorSeries

_NORMAL = 1.4826  # a median absolute deviation times this is a normal standard deviation


@dataclass(frozen=True, slots=True)
class Finding:
    """A number that does not agree with others.

    Parameters
    ----------
    check
        ``parts``, ``jump``, ``sources`` or ``text``.
    what, area, month
        Which number.
    seen, expected
        The number and what the others imply.
    repair
        A number that would agree, with its name, if one swap of digits gives it.
    """

    check: str
    what: str
    area: str
    month: str
    seen: float
    expected: float
    repair: str = ""

    def __str__(self) -> str:
        place = ", ".join(part for part in (self.area, self.month) if part)
        repair = f"; {self.repair}" if self.repair else ""
        head = f"{place}: " if place else ""
        return f"{head}{self.what} is {self.seen:g}, others imply {self.expected:g}{repair}"


@dataclass(frozen=True, slots=True)
class Statement:
    """Arithmetic that a text states: Σ weight · number, or 100 · that over a base, as printed.

    Parameters
    ----------
    name
        Of the statement.
    weights
        By name of a printed or known number.
    printed
        Name of the printed result.
    base
        Weights of the denominator of a percent; empty for a plain sum.
    tolerance
        Half of the last printed place: 0 for persons, .5 for whole percents.
    """

    name: str
    weights: dict[str, float]
    printed: str
    base: dict[str, float]
    tolerance: float

    def implied(self, numbers: Mapping[str, float]) -> float:
        """Return what the numbers give."""
        total = math.fsum(weight * numbers[name] for name, weight in self.weights.items())
        if not self.base:
            return total
        below = math.fsum(weight * numbers[name] for name, weight in self.base.items())
        return 100 * total / below if below else math.nan

    def holds(self, numbers: Mapping[str, float]) -> bool:
        """Whether the printed result agrees."""
        return abs(self.implied(numbers) - numbers[self.printed]) <= self.tolerance


def check_parts(
    total: IndicatorSeries, parts: Sequence[IndicatorSeries], tolerance: float = 0.0
) -> list[Finding]:
    """Find months whose parts do not add up to the total by more than ``tolerance`` persons.

    A month in which one of them is missing is not checked.
    """
    if not parts:
        raise InputError("a total has parts", key="parts")
    require_one_statistic(
        {"total": total.definition, **{p.definition.name: p.definition for p in parts}}
    )
    summed = parts[0].values
    for part in parts[1:]:
        summed = summed + part.values
    findings = []
    for area, month, seen in total.cells():
        if area not in summed.columns or month not in summed.index:
            continue
        whole = summed[area].to_dict()[month]
        if abs(whole - seen) > tolerance:
            name = total.definition.name
            findings.append(Finding("parts", name, area, month, seen, float(whole)))
    return findings


def check_sources(first: IndicatorSeries, second: IndicatorSeries) -> list[Finding]:
    """Find numbers that two sources give differently, such as a bulletin and the table.

    Vintages differ lawfully: the days of the two extracts say whether a revision is meant.
    """
    if first.definition != second.definition:
        raise InputError("two sources of one definition are compared", key="definition")
    others = {(area, month): value for area, month, value in second.cells()}
    findings = []
    for area, month, seen in first.cells():
        other = others.get((area, month), seen)
        if other != seen:
            swap = f"two digits are swapped in {seen:.0f}" if other in swapped(seen) else ""
            name = first.definition.name
            findings.append(Finding("sources", name, area, month, seen, other, swap))
    return findings


def check_jumps(series: IndicatorSeries, area: str, limit: float = 6.0) -> list[Finding]:
    """Find single months that leave an area's course and return, unlike in the other areas.

    With d the log of the area less the mean log of the others, the leap of a month is
    d[t] - (d[t-1] + d[t+1]) / 2, in robust standard deviations from the median. It finds gross
    errors such as a digit too many; in a small or turbulent series a misprint of a few percent
    stays below any useful limit, and only arithmetic (`check_text`, `check_sources`) shows it.
    """
    if area not in series.values.columns or len(series.values.columns) < 2:
        raise InputError("an area is checked beside others", key="area", seen=area)
    rows = series.values.dropna()
    if (rows <= 0).any(axis=None) or len(rows) < 12:
        raise InputError(
            "12 months above 0 in every area are needed", key=series.definition.name, seen=len(rows)
        )
    others = np.log(rows.drop(columns=area).to_numpy()).mean(axis=1)
    apart = np.log(rows[area].to_numpy()) - others
    leap = apart[1:-1] - (apart[:-2] + apart[2:]) / 2
    away = leap - np.median(leap)
    size = np.abs(away)
    spread = _NORMAL * float(np.median(size))
    if spread == 0:
        raise InputError("half of the months do not vary", key=series.definition.name)
    # The months beside a leap leap the other way by half: the largest of three is the culprit.
    nearby = np.max([np.append(size[1:], 0), size, np.append(0, size[:-1])], axis=0)
    return [
        Finding(
            "jump",
            series.definition.name,
            area,
            str(rows.index[i + 1]),
            float(rows[area].iloc[i + 1]),
            float(rows[area].iloc[i + 1] / np.exp(away[i])),
        )
        for i in np.flatnonzero((size > limit * spread) & (size == nearby)).tolist()
    ]


def check_text(
    numbers: Mapping[str, float], statements: Sequence[Statement], printed: Sequence[str]
) -> list[Finding]:
    """Find a misprint in a text by its own arithmetic.

    Parameters
    ----------
    numbers
        The numbers as printed, and known ones, by name.
    statements
        What the text says of them.
    printed
        Names of numbers of the text, which may be misprinted.

    Returns
    -------
    list of Finding
        Empty if all statements hold; otherwise one finding per statement that fails, with the
        repair where exactly one swap in one printed number makes all of them hold.
    """
    for name in {n for s in statements for n in (*s.weights, *s.base, s.printed)} | set(printed):
        if name not in numbers:
            raise InputError("there is no such number", key="numbers", seen=name)
    failed = [s for s in statements if not s.holds(numbers)]
    if not failed:
        return []
    repairs = [
        (name, value)
        for name in printed
        for value in swapped(numbers[name])
        if all(s.holds({**numbers, name: value}) for s in statements)
    ]
    repair = ""
    if len(repairs) == 1:
        name, value = repairs[0]
        repair = f"with {name} {value:.0f} for {numbers[name]:.0f} every statement holds"
    return [
        Finding("text", s.name, "", "", numbers[s.printed], s.implied(numbers), repair)
        for s in failed
    ]


def swapped(number: float) -> Iterator[float]:
    """Yield whole numbers with two neighbouring digits swapped, the sign kept.

    Examples
    --------
    >>> list(swapped(2469))
    [4269.0, 2649.0, 2496.0]
    """
    if number != round(number):
        return
    digits = str(abs(round(number)))
    for i in range(len(digits) - 1):
        if digits[i] != digits[i + 1]:
            text = digits[:i] + digits[i + 1] + digits[i] + digits[i + 2 :]
            yield math.copysign(float(text), number)
