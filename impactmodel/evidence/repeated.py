"""Outcomes measured again and again on the same people: one column for each period."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from impactmodel.core.errors import InputError
from impactmodel.core.measures import OutcomeMeasure
from impactmodel.core.spec import spec


@spec
class RepeatedMeasure:
    """An outcome of the same people in several periods, such as employment at 6 and 24 months.

    Parameters
    ----------
    outcome
        What is measured. What holds at a date, such as having a job after 6 months, is a stock at
        the end of its period.
    columns
        Its column in each period, in order.

    Raises
    ------
    InputError
        If there are fewer than two columns.

    Examples
    --------
    >>> job = OutcomeMeasure("job", kind="binary", accrual="stock")
    >>> [m.name for m in RepeatedMeasure(job, ("job_6", "job_12")).measures]
    ['job_6', 'job_12']
    """

    outcome: OutcomeMeasure
    columns: tuple[str, ...]

    def __post_init__(self) -> None:
        if len(self.columns) < 2:
            raise InputError(
                f"'{self.outcome.name}' is not repeated",
                key="columns",
                seen=len(self.columns),
                fix="give the outcome itself",
            )

    @property
    def measures(self) -> tuple[OutcomeMeasure, ...]:
        """The outcome once for each column, named by it."""
        return tuple(dataclasses.replace(self.outcome, name=name) for name in self.columns)


type Measured = OutcomeMeasure | RepeatedMeasure


def in_columns(
    outcomes: Sequence[Measured],
) -> tuple[tuple[OutcomeMeasure, ...], tuple[RepeatedMeasure, ...]]:
    """Return a measure for each column, and the outcomes that are repeated: all or none.

    Raises
    ------
    InputError
        If outcomes have different numbers of periods.
    """
    flat: list[OutcomeMeasure] = []
    for o in outcomes:
        flat += o.measures if isinstance(o, RepeatedMeasure) else (o,)
    counts = {len(o.columns) if isinstance(o, RepeatedMeasure) else 1 for o in outcomes}
    if len(counts) > 1:
        raise InputError(
            "outcomes were measured in different numbers of periods",
            key="outcomes",
            seen=", ".join(map(str, sorted(counts))),
            fix="read the ones with other periods as a cohort of their own",
        )
    return tuple(flat), tuple(o for o in outcomes if isinstance(o, RepeatedMeasure))
