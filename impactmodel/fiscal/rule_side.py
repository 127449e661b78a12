"""A public side of dated rules: which country, which persons, which assumptions."""

from __future__ import annotations

import datetime as dt
from dataclasses import field, replace
from typing import TYPE_CHECKING, Literal

from impactmodel.core.distribution import Uncertain
from impactmodel.core.errors import InputError
from impactmodel.core.spec import spec
from impactmodel.effects.histories import HistoryAssumptions
from impactmodel.fiscal.extras import Extras, ServiceCost
from impactmodel.fiscal.parameters import Rules, load_rules
from impactmodel.fiscal.profile import Person, Profile
from impactmodel.fiscal.projection import Adjustments
from impactmodel.fiscal.reform import Reform
from impactmodel.fiscal.unit_values import check_rate

if TYPE_CHECKING:
    from pathlib import Path


@spec
class RuleSide:
    """A public side computed by a country's rules for a profile of persons.

    Parameters
    ----------
    persons
        The profile, in place.
    profile
        Or a CSV file with it, beside the case.
    driver
        The outcome that tells months in work: employment (binary, days, months) or earnings. May
        be left out where only one does.
    histories
        How expected employment is spread over people and months.
    carry_forward
        Use the last value after the dates that the rules cover, and flag it.
    reform
        Values laid over the rules, in place or as a YAML file beside the case; see
        `impactmodel.fiscal.reform.Reform`.
    as_signed
        Freeze the rules as they were known on this day.
    discount_rate
        Per year, nominal: amounts are in the prices of each year.
    displacement, deadweight, fade_out, horizon_years
        See `impactmodel.fiscal.projection.Adjustments`.
    consumption_tax
        Share of participants' extra net income that the state receives as tax on consumption.
    services
        What services cost for a month out of work, and whom.
    label
        Said in every output.
    """

    persons: tuple[Person, ...] = ()
    profile: str = ""
    country: str = "fi"
    driver: str = ""
    histories: HistoryAssumptions = HistoryAssumptions()
    carry_forward: bool = False
    as_signed: dt.date | None = None
    reform: Reform | str | None = None
    discount_rate: float = 0.035
    displacement: Uncertain = 0.0
    deadweight: Uncertain = 0.0
    fade_out: Uncertain = 0.0
    horizon_years: float | None = None
    consumption_tax: Uncertain = 0.0
    services: tuple[ServiceCost, ...] = ()
    label: str = ""
    type: Literal["rules"] = field(default="rules", kw_only=True)

    def __post_init__(self) -> None:
        check_rate(self.discount_rate)
        if self.persons and self.profile:
            raise InputError(
                "the persons stand in place and in a file",
                key="profile",
                seen=self.profile,
                fix="keep one of 'persons' and 'profile'",
            )

    @property
    def adjustments(self) -> Adjustments:
        """What of the effect counts."""
        return Adjustments(self.displacement, self.deadweight, self.fade_out, self.horizon_years)

    def extras(self, seed: int) -> Extras:
        """Return the stated lines beside those of the rules."""
        return Extras(self.consumption_tax, self.services, seed)

    def rules(self) -> Rules:
        """Return the rules with their clocks set."""
        found = load_rules(self.country)
        found = found.carry_forward() if self.carry_forward else found
        if isinstance(self.reform, str):
            raise InputError(
                "the file of the reform was not read",
                key="reform",
                seen=self.reform,
                fix="give Reform.from_yaml(...)",
            )
        found = found if self.reform is None else found.reformed(self.reform)
        return found if self.as_signed is None else found.as_signed(self.as_signed)

    @property
    def files(self) -> dict[str, str]:
        """Names of the files that the side is still to be read from, by key."""
        named = {"profile": self.profile, "reform": self.reform}
        return {key: name for key, name in named.items() if isinstance(name, str) and name}

    def read(self, folder: Path) -> RuleSide:
        """Return the same with what its files hold in place."""
        side = self
        for key in self.files:
            side = side.read_one(key, folder)
        return side

    def read_one(self, key: str, folder: Path) -> RuleSide:
        """Return the same with what one of its files holds in place."""
        path = folder / self.files[key]
        if key == "reform":
            return replace(self, reform=Reform.from_yaml(path))
        return replace(self, persons=Profile.from_csv(path).persons, profile="")

    def people(self) -> Profile:
        """Return the profile.

        Raises
        ------
        InputError
            If no person is in place.
        """
        if not self.persons:
            raise InputError(
                "the rules need a profile of persons",
                key="profile",
                fix="give a Profile, or persons in place",
            )
        return Profile(self.persons)
