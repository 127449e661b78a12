"""What the parts of a synthetic city need to know of it."""

from __future__ import annotations

from typing import Protocol

from impactmodel.registers.months import Window
from impactmodel.registers.synthetic.economy import Economy
from impactmodel.registers.synthetic.programme import Defects, Programme


class Plan(Protocol):
    """The values of `SyntheticRegisters`, which its parts read."""

    @property
    def residents(self) -> int:
        """People in the register of persons."""

    @property
    def window(self) -> Window:
        """The months that the extracts cover."""

    @property
    def seed(self) -> int:
        """Of all draws."""

    @property
    def programme(self) -> Programme:
        """The coaching whose effect is known."""

    @property
    def economy(self) -> Economy:
        """How people move."""

    @property
    def defects(self) -> Defects:
        """Faults planted in the extracts."""
