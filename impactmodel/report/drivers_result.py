"""What a report reads of the drivers of a run, whatever made them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, Protocol

if TYPE_CHECKING:
    from impactmodel.finance import Tornado, TwoWay


class Lever(Protocol):
    """An input that is varied, and its two values; None: as stated."""

    @property
    def key(self) -> str:
        """Its path, or what of the effect, the cohort or a clause is multiplied."""
        ...

    @property
    def kind(self) -> str:
        """What kind of input it is."""
        ...

    @property
    def low(self) -> float | None:
        """The low value."""
        ...

    @property
    def high(self) -> float | None:
        """The high value."""
        ...

    @property
    def names(self) -> tuple[str, ...]:
        """The outcomes or the line that it is about."""
        ...


class Driven(Protocol):
    """What one party gains, and what moves it."""

    @property
    def gain(self) -> Literal["npv", "net", "paid"]:
        """What is gained."""
        ...

    @property
    def party(self) -> str:
        """By whom."""
        ...

    @property
    def amounts(self) -> Tornado:
        """The gain under each input at its two values."""
        ...

    @property
    def chances(self) -> Tornado:
        """The same of what is bad for the party, 1 in such draws."""
        ...

    @property
    def grid(self) -> TwoWay | None:
        """The gain at the values of two inputs."""
        ...

    @property
    def scenarios(self) -> Mapping[str, Any]:
        """The gain under several changes, draws by name."""
        ...


class BreakEven(Protocol):
    """The multiple of an effect or a cohort at which investors break even."""

    @property
    def factor(self) -> float:
        """The multiple."""
        ...

    @property
    def at(self) -> Any:
        """The same in its own units, per draw."""
        ...


class Needed(Protocol):
    """A break-even, or why there is none."""

    @property
    def of(self) -> Literal["effect", "cohort"]:
        """Of what."""
        ...

    @property
    def found(self) -> BreakEven | None:
        """The break-even."""
        ...

    @property
    def reason(self) -> str:
        """Why there is none."""
        ...


class Drivers(Protocol):
    """What drives the result."""

    @property
    def levers(self) -> Mapping[str, Lever]:
        """Every input that was varied, by its key."""
        ...

    @property
    def driven(self) -> tuple[Driven, ...]:
        """Tranches first, then payers."""
        ...

    @property
    def needed(self) -> tuple[Needed, ...]:
        """Break-even effect and cohort."""
        ...

    @property
    def refused(self) -> tuple[tuple[str, float, str], ...]:
        """Keys and values that could not be computed, and why."""
        ...

    @property
    def n_draws(self) -> int:
        """Draws that were used."""
        ...

    @property
    def currency(self) -> str:
        """Of every amount."""
        ...

    @property
    def discount_rate(self) -> float:
        """Of the net present value, per year."""
        ...
