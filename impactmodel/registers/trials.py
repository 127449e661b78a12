"""Who starts when, and beside whom: one trial for each month of entry.

A person who starts in March is set beside people who could have started in March and did not,
however they go on. Both are followed from the same day, so that nobody has to survive, or stay
unemployed, to be counted as one or the other: a comparison without immortal time (Hernán and
Robins, American Journal of Epidemiology 183, 2016, 758-764, https://doi.org/10.1093/aje/kwv254).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from impactmodel.core.errors import InputError
from impactmodel.core.spec import spec
from impactmodel.registers.months import StateMonths, Window, first_day, number_of

if TYPE_CHECKING:
    from ibis.expr.types import Table


@spec
class MonthlyTrials:
    """People by month of entry, treated where they start the service in that month.

    Parameters
    ----------
    source, states
        The `SpellRegister` of services, and the states that are the programme.
    eligible
        Who may enter: in this state in the month before (``unemployed`` on its last working day).
    window
        The months of entry.
    washout
        Months before entry without the programme; who was in it is not eligible.
    comparisons
        How many people per treated person are drawn from those who did not start; 0 takes all.
    seed
        Of the draw, which is the same on every engine.
    """

    source: str
    states: tuple[str, ...]
    eligible: StateMonths
    window: Window
    washout: int = 12
    comparisons: int = 0
    seed: int = 1

    def __post_init__(self) -> None:
        for key in ("washout", "comparisons"):
            if getattr(self, key) < 0:
                raise InputError("this is 0 or more", key=key, seen=getattr(self, key))
        if not self.states:
            raise InputError("no state is the programme", key="states", fix="name at least one")

    def entries(self, tables: Mapping[str, Table]) -> Table:
        """Return (person, month, treated): month of entry by its number, arm as 0 or 1.

        A person enters at most once as treated and once in comparison: in the month that the draw
        gave among those of entry, if eligible then. Who starts later stays in the comparison group
        of the earlier month: the effect is that of starting now against not starting now.
        """
        before = replace(self.window, first=first_day(self.window.months.start - 1))
        able = self.eligible.read(tables, before)
        able = able.select("person", month=able.month + 1)
        spells = tables[self.source]
        spells = spells.filter(spells.state.isin(list(self.states)))
        spells = spells.select(
            "person",
            first=number_of(spells.start),
            last=number_of(spells.end.fill_null(self.window.end)),
        )
        recent = [
            able.person == spells.person,
            spells.first < able.month,
            spells.last >= able.month - self.washout,
        ]
        fresh = able.anti_join(spells, recent)
        starts = spells.select("person", month=spells.first).distinct().mutate(treated=1)
        arms = fresh.left_join(starts, ["person", "month"]).select(
            "person", "month", treated=starts.treated.fill_null(0).cast("int64")
        )
        return self._drawn(arms)

    def _drawn(self, arms: Table) -> Table:
        import ibis

        treated = arms.filter(arms.treated == 1)
        first = treated.group_by("person").agg(
            month=treated.month.min(), treated=ibis.literal(1, "int64")
        )
        places = first.group_by("month").agg(places=first.count() * self.comparisons)
        others = arms.filter(arms.treated == 0)
        # The lot falls on a month before it is asked who is eligible in it: were it drawn among the
        # months in which a person is, those who soon leave would be drawn more often than others.
        lots = others.select("person").distinct().cross_join(places)
        number = lots.person + "|" + lots.month.cast("string") + f"|{self.seed}"
        lots = lots.mutate(lot=number.hexdigest("md5"))
        once = ibis.window(group_by="person", order_by="lot")
        lots = lots.mutate(turn=ibis.row_number().over(once)).filter(lambda t: t.turn == 0)
        others = others.inner_join(lots.drop("turn"), ["person", "month"])
        if self.comparisons:
            in_month = ibis.window(group_by="month", order_by="lot")
            others = others.mutate(rank=ibis.row_number().over(in_month))
            others = others.filter(others.rank < others.places)
        return first.union(others.select("person", "month", "treated"))
