"""The synthetic labour market: who loses and finds work, when, and what happens to everybody."""

from __future__ import annotations

import datetime as dt
from dataclasses import field
from itertools import pairwise

from impactmodel.core.errors import InputError
from impactmodel.core.spec import spec
from impactmodel.registers.months import month_number

LEVEL = (1.0,) * 12


def _require_chance(key: str, value: float) -> None:
    if not 0 <= value < 1:
        raise InputError("a chance is from 0 to below 1", key=key, seen=value)


@spec
class PersonType:
    """A kind of working life, which no register records.

    Parameters
    ----------
    share
        Of people of working age in the labour market; the shares are scaled to sum to 1.
    separation
        Chance in a month that work ends in unemployment.
    finding
        How many times as likely as the search's duration says it is to find work.
    disadvantage
        Log-odds of being of this type that a foreign language or basic school alone adds.
    """

    share: float
    separation: float
    finding: float
    disadvantage: float = 0.0

    def __post_init__(self) -> None:
        for key in ("share", "separation", "finding"):
            if getattr(self, key) < 0:
                raise InputError("this is 0 or more", key=key, seen=getattr(self, key))


@spec
class OtherService:
    """A service without a planted effect: half as much work is found in it, afterwards as before.

    Parameters
    ----------
    intake
        Chance in a month that an unemployed person starts.
    length
        Months that it lasts on average.
    """

    intake: float
    length: float

    def __post_init__(self) -> None:
        _require_chance("intake", self.intake)
        if self.length < 1:
            raise InputError("a service lasts a month or more", key="length", seen=self.length)


@spec
class Seasonality:
    """Twelve factors from January on, on chances in a month."""

    separations: tuple[float, ...] = LEVEL
    finding: tuple[float, ...] = LEVEL
    services: tuple[float, ...] = LEVEL

    def __post_init__(self) -> None:
        for key in ("separations", "finding", "services"):
            factors = getattr(self, key)
            if len(factors) != 12 or min(factors) < 0:
                raise InputError("a season has twelve factors of 0 or more", key=key)


@spec
class Phase:
    """Factors from a month on, until the next phase: a slump, a reform, a municipal trial.

    Parameters
    ----------
    first
        Any day of its first month.
    separations, finding, services
        On the chances in a month that work ends, that it is found, that another service starts.
    long_term
        On the chance of finding work after three months of search, beside ``finding``.
    allowances
        On benefits, such as 0.95 for a cut.
    """

    first: dt.date
    separations: float = 1.0
    finding: float = 1.0
    services: float = 1.0
    long_term: float = 1.0
    allowances: float = 1.0

    def __post_init__(self) -> None:
        for key in ("separations", "finding", "services", "long_term", "allowances"):
            if getattr(self, key) < 0:
                raise InputError("a factor is 0 or more", key=key, seen=getattr(self, key))


@spec
class LayOffWave:
    """Full-time lay-offs beyond the usual: shares of the employed laid off, month after month."""

    first: dt.date
    shares: tuple[float, ...]

    def __post_init__(self) -> None:
        for share in self.shares:
            _require_chance("shares", share)

    def share(self, month: int) -> float:
        """Return the share of the employed who are laid off in a numbered month.

        Examples
        --------
        >>> wave = LayOffWave(dt.date(2020, 3, 1), (0.02, 0.05))
        >>> [wave.share(2020 * 12 + month) for month in range(1, 5)]
        [0.0, 0.02, 0.05, 0.0]
        """
        place = month - month_number(self.first)
        return self.shares[place] if 0 <= place < len(self.shares) else 0.0


HELSINKI_TYPES = {
    "steady": PersonType(0.70, 0.0036, 1.6, 0.0),
    "mobile": PersonType(0.20, 0.0195, 1.4, 0.4),
    "distant": PersonType(0.10, 0.031, 0.35, 1.15),
}
HELSINKI_SERVICES = {
    "training": OtherService(0.028, 9.0),
    "study": OtherService(0.034, 19.0),
    "wage_subsidy": OtherService(0.019, 14.0),
    "work_trial": OtherService(0.025, 3.0),
}
HELSINKI_SEASONS = Seasonality(
    separations=(1.05, 0.85, 0.85, 0.9, 1.0, 1.7, 1.5, 0.9, 0.8, 0.85, 0.9, 1.2),
    finding=(1.0, 0.95, 1.0, 1.05, 1.05, 0.95, 0.7, 1.5, 1.15, 1.0, 0.9, 0.7),
    services=(1.3, 1.2, 1.1, 1.0, 0.8, 0.4, 0.4, 1.7, 1.5, 1.3, 1.0, 0.5),
)
HELSINKI_PHASES = (
    Phase(dt.date(2020, 3, 1), separations=1.2, finding=0.8, services=0.5, long_term=0.3),
    Phase(dt.date(2020, 8, 1), separations=0.66, finding=1.45, services=0.6, long_term=0.14),
    Phase(dt.date(2021, 3, 1), separations=0.58, finding=1.8, services=0.4, long_term=0.1),
    Phase(dt.date(2021, 8, 1), separations=0.43, finding=3.3, services=1.1, long_term=0.13),
    Phase(dt.date(2022, 3, 1), separations=0.95, finding=1.5, services=0.9, long_term=0.75),
)
HELSINKI_LAY_OFFS = LayOffWave(
    dt.date(2020, 3, 1),
    (
        0.028,
        0.066,
        0.030,
        0.004,
        0.002,
        0.003,
        0.009,
        0.010,
        0.009,
        0.0155,
        0.006,
        0.009,
        0.018,
        0.009,
        0.004,
        0.004,
        0.005,
        0.002,
        0.001,
        0.001,
        0.001,
        0.004,
        0.007,
        0.001,
    ),
)


@spec
class Economy:
    """How people move between work, unemployment, services and what is outside both.

    Parameters
    ----------
    types
        Kinds of working life, by name.
    services
        Services beside the programme, by their state in the register.
    seasons
        Factors by calendar month.
    phases
        Factors by time, in order; before the first one all are 1.
    lay_offs
        Lay-offs by month, beside the .06 % of the employed who are laid off in any.
    """

    types: dict[str, PersonType] = field(default_factory=lambda: dict(HELSINKI_TYPES))
    services: dict[str, OtherService] = field(default_factory=lambda: dict(HELSINKI_SERVICES))
    seasons: Seasonality = HELSINKI_SEASONS
    phases: tuple[Phase, ...] = HELSINKI_PHASES
    lay_offs: LayOffWave = HELSINKI_LAY_OFFS

    def __post_init__(self) -> None:
        if not sum(kind.share for kind in self.types.values()) > 0:
            raise InputError("some type has a share", key="types")
        taken = sorted(set(self.services) & {"employed", "unemployed", "laid_off", "coaching"})
        if taken:
            raise InputError("this state is taken", key="services", seen=taken[0])
        odd = [name for name in self.services if not name.isidentifier()]
        if odd:
            raise InputError(
                "a state is named by letters, digits and underscores", key="services", seen=odd[0]
            )
        starts = [month_number(phase.first) for phase in self.phases]
        if any(later <= before for before, later in pairwise(starts)):
            raise InputError("phases follow one another", key="phases", fix="sort them by month")

    def phase(self, month: int) -> Phase:
        """Return the factors of a numbered month."""
        begun = [p for p in self.phases if month_number(p.first) <= month]
        return begun[-1] if begun else Phase(dt.date(1900, 1, 1))
