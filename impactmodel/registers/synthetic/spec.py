"""Synthetic registers of a city: linked extracts of any size whose truth is known."""

from __future__ import annotations

import datetime as dt
from dataclasses import field
from pathlib import Path

from impactmodel.core.errors import InputError
from impactmodel.core.spec import spec
from impactmodel.registers.months import Window, month_number
from impactmodel.registers.sources import Source
from impactmodel.registers.synthetic.economy import Economy
from impactmodel.registers.synthetic.programme import Defects, Programme
from impactmodel.registers.synthetic.truth import SyntheticTruth, find_truth
from impactmodel.registers.synthetic.writing import write_registers


@spec
class SyntheticRegisters:
    """A synthetic city whose defaults are calibrated to the published figures of Helsinki.

    Nobody in it exists. With 700,000 residents its counts are of the size of Helsinki's; with
    fewer they are that much smaller. The same values give the same extracts, row by row, and a
    person is the same however many residents there are.

    Parameters
    ----------
    residents
        People in the register of persons.
    window
        The months that the extracts cover.
    seed
        Of all draws.
    programme
        The coaching whose effect is known.
    economy
        How people move between work, unemployment and services.
    defects
        Faults planted in the extracts; none by default.

    Notes
    -----
    What is calibrated, and how well, is in ``docs/synthetic_registers.md``; all else, above all
    the amounts, is an assumption.

    Examples
    --------
    Nobody finds work in coaching that locks in for good:

    >>> forever = Programme(intake=0.2, lock_in=0.0, length=1e12)
    >>> city = SyntheticRegisters(residents=1_000, programme=forever)
    >>> truth = city.truth(Window(dt.date(2021, 1, 1), 3))
    >>> float(truth.groups["months_employed_with"].iloc[0])
    0.0
    >>> truth.months_employed < 0
    True
    """

    residents: int = 700_000
    window: Window = Window(dt.date(2019, 1, 1), 48)
    seed: int = 1
    programme: Programme = field(default_factory=Programme)
    economy: Economy = field(default_factory=Economy)
    defects: Defects = field(default_factory=Defects)

    def __post_init__(self) -> None:
        if self.residents < 1:
            raise InputError("somebody lives there", key="residents", seen=self.residents)
        if self.seed < 0:
            raise InputError("a seed is 0 or more", key="seed", seen=self.seed)
        if month_number(self.programme.start) < self.window.months.start:
            raise InputError(
                "the programme starts in the window",
                key="programme.start",
                seen=self.programme.start.isoformat(),
                fix="start it later, or the window earlier",
            )

    def write(self, folder: Path) -> dict[str, Source]:
        """Write the extracts into a folder as Parquet and return their declarations.

        The extracts are ``persons``, ``employment_service`` (spells of work, unemployment, lay-off
        and services), ``incomes`` and ``benefits``, whose amounts are a file for each year. Every
        file is named ``synthetic_...``, carries the key ``synthetic`` among its metadata, and is
        there whole or not at all. Keys are letters that tell nothing of a person.

        Raises
        ------
        InputError
            If the folder holds synthetic files that these would not replace.
        """
        return write_registers(self, folder)

    def truth(self, entry: Window) -> SyntheticTruth:
        """Return the true average effect on those who start the programme in these months.

        Raises
        ------
        InputError
            If twelve months do not follow the last of them, or nobody starts.
        """
        return find_truth(self, entry)
