"""The ledger: who is better or worse off, by line, period, group and draw, in double entry."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import xarray as xr

from impactmodel.core.errors import InputError, JoinError
from impactmodel.core.money import check_currency, same
from impactmodel.core.schedule import Periods
from impactmodel.core.spec import dump, load
from impactmodel.fiscal.ledger_data import ARMS, DIMS, Draws, Line, check_ledger, year_shares
from impactmodel.fiscal.payers import is_public

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

type View = Literal["group", "payer", "line", "year", "period"]

_VIEWS = ("group", "payer", "line", "year", "period")


class Ledger:
    """Money by payer, line, period, group and draw, per cohort member, in double entry.

    A frozen wrapper of an `xarray.Dataset` with dims ``draw, group, entry, period``; an entry is
    one payer's side of one line. Received is positive. What the programme changes is
    ``treated - counterfactual``: positive means better off than without the programme.

    Raises
    ------
    InputError
        If a line stands twice for a payer, a transfer does not sum to zero over all payers in
        some draw, group and period (to 1e-9 of its largest amount), a value is not finite, or one
        channel has two drivers.

    Examples
    --------
    >>> import datetime as dt
    >>> one = np.ones((2, 1, 1))
    >>> tax = Line("tax", "tax", "wage", {"state": 3 * one, "participant": -3 * one},
    ...     {"state": one, "participant": -one})
    >>> year = Periods(dt.date(2024, 1, 1), "year", 1)
    >>> ledger = Ledger.of([tax], periods=year, cohort_size=10, currency="EUR")
    >>> {name: draws.tolist() for name, draws in ledger.by_payer().items()}
    {'state': [20.0, 20.0], 'participant': [-20.0, -20.0]}
    >>> ledger.total().tolist()
    [20.0, 20.0]
    """

    __slots__ = ("_dataset", "_periods")

    def __init__(self, dataset: xr.Dataset) -> None:
        self._periods = load(Periods, json.loads(dataset.attrs["periods"]))
        check_currency(dataset.attrs["currency"])
        check_ledger(dataset)
        self._dataset = dataset
        for variable in dataset.variables.values():
            if isinstance(variable.data, np.ndarray):
                variable.data.flags.writeable = False

    @classmethod
    def of(  # noqa: PLR0913  the parts of a ledger
        cls,
        lines: Sequence[Line],
        *,
        periods: Periods,
        cohort_size: ArrayLike,
        currency: str,
        groups: Sequence[str] = ("all",),
        price_base: str = "",
        private: tuple[str, ...] = (),
    ) -> Ledger:
        """Make a ledger from its lines.

        Parameters
        ----------
        lines
            Arrays of shape (draw, group, period), per cohort member.
        cohort_size
            People per group: a number, (group,) or (draw, group).
        private
            Private parties beside participant and employer; every other payer is public.
        """
        rows = [(line, payer) for line in lines for payer in line.treated]
        if not rows:
            raise InputError("a ledger needs an entry", fix="give at least one line")
        data = {
            arm: (DIMS, np.stack([getattr(line, arm)[payer] for line, payer in rows], axis=2))
            for arm in ARMS
        }
        shape = (data["treated"][1].shape[0], len(groups))
        size = np.broadcast_to(np.asarray(cohort_size, dtype=float), shape)
        coords: dict[str, Any] = {
            "group": list(groups),
            "line": ("entry", [line.name for line, _ in rows]),
            "payer": ("entry", [payer for _, payer in rows]),
            "public": ("entry", [is_public(payer, private) for _, payer in rows]),
            "transfer": ("entry", [line.transfer for line, _ in rows]),
            "channel": ("entry", [str(line.channel) for line, _ in rows]),
            "driver": ("entry", [line.driver for line, _ in rows]),
            "period": np.arange(periods.count),
        }
        attrs = {"periods": json.dumps(dump(periods)), "currency": currency}
        members = {**data, "cohort_size": (("draw", "group"), size.copy())}
        dataset = xr.Dataset(members, coords=coords, attrs={**attrs, "price_base": price_base})
        return cls(dataset)

    @property
    def dataset(self) -> xr.Dataset:
        """The data (its arrays are read-only)."""
        return self._dataset

    @property
    def periods(self) -> Periods:
        """The periods, in order."""
        return self._periods

    @property
    def currency(self) -> str:
        """Currency of every amount."""
        return str(self._dataset.attrs["currency"])

    @property
    def price_base(self) -> str:
        """Price level, where stated."""
        return str(self._dataset.attrs["price_base"])

    @property
    def n_draws(self) -> int:
        """Number of draws."""
        return int(self._dataset.sizes["draw"])

    @property
    def lines(self) -> tuple[str, ...]:
        """Names of the lines, in order."""
        return tuple(dict.fromkeys(self._dataset["line"].values.tolist()))

    @property
    def payers(self) -> tuple[str, ...]:
        """Payers that have an entry, private ones included, in order."""
        return tuple(dict.fromkeys(self._dataset["payer"].values.tolist()))

    @property
    def public_payers(self) -> tuple[str, ...]:
        """Public payers that have an entry."""
        data = self._dataset
        return tuple(dict.fromkeys(data["payer"].values[data["public"].values].tolist()))

    @property
    def years(self) -> tuple[int, ...]:
        """Calendar years that the periods touch."""
        return year_shares(self._periods)[0]

    def change(self) -> xr.DataArray:
        """Return what the programme changes per cohort member, in the dims of the ledger."""
        return (self._dataset["treated"] - self._dataset["counterfactual"]).rename("change")

    def view(
        self,
        *keep: View,
        payers: Sequence[str] | None = None,
        lines: Sequence[str] | None = None,
        factors: Draws | None = None,
    ) -> xr.DataArray:
        """Return the change for the whole cohort, summed over everything that is not kept.

        Parameters
        ----------
        keep
            Any of ``group, payer, line`` and ``year`` or ``period``; a period that crosses a new
            year is split by days.
        payers, lines
            Only these; all by default, over which transfers sum to zero.
        factors
            A factor for each period, such as of discounting.

        Returns
        -------
        xarray.DataArray
            Dims ``draw`` and then those kept, in the order given.
        """
        if set(keep) - set(_VIEWS) or {"year", "period"} <= set(keep):
            fix = "keep any of group, payer, line, and year or period"
            raise InputError("the ledger has no such view", seen=", ".join(keep), fix=fix)
        data = self._dataset
        wanted = np.isin(data["payer"].values, list(self._known("payer", payers)))
        wanted &= np.isin(data["line"].values, list(self._known("line", lines)))
        part = slice(None) if wanted.all() else np.flatnonzero(wanted)
        treated, base = (data[arm].values[:, :, part] for arm in ARMS)
        size = data["cohort_size"].transpose("draw", "group").values
        money = (treated - base) * size[:, :, None, None]
        values = money if factors is None else money * factors
        terms: list[Any] = [values, [0, 1, 2, 3]]
        letters = {"draw": 0, "group": 1, "period": 3}
        coords: dict[str, Any] = {
            name: data[name].values.tolist() for name in ("group", "period") if name in keep
        }
        for place, name in enumerate(("payer", "line"), start=4):
            if name in keep:
                labels = data[name].values[part]
                coords[name] = list(dict.fromkeys(labels.tolist()))
                terms += [_indicator(labels, coords[name]), [2, place]]
                letters[name] = place
        if "year" in keep:
            years, shares = year_shares(self._periods)
            coords["year"], letters["year"] = list(years), 6
            terms += [shares, [3, 6]]
        result = np.einsum(*terms, [letters[name] for name in ("draw", *keep)], optimize=True)
        return xr.DataArray(result, dims=("draw", *keep), coords=coords, name="money")

    def by_payer(self, factors: Draws | None = None) -> dict[str, Draws]:
        """Return the change of each payer, each of shape (draw,)."""
        return columns(self.view("payer", factors=factors))

    def by_line(self, factors: Draws | None = None) -> dict[str, Draws]:
        """Return the change of all public payers together by line, each of shape (draw,)."""
        return columns(self.view("line", payers=self.public_payers, factors=factors))

    def by_year(self, factors: Draws | None = None) -> dict[int, Draws]:
        """Return the change of all public payers together by calendar year."""
        return columns(self.view("year", payers=self.public_payers, factors=factors))

    def total(self, factors: Draws | None = None) -> Draws:
        """Return the change of all public payers together, shape (draw,)."""
        return np.asarray(self.view(payers=self.public_payers, factors=factors).values)

    def cell(self, payer: str, line: str, year: int) -> Draws:
        """Return the change of one payer on one line in one calendar year, shape (draw,)."""
        self._known("year", [year])
        view = self.view("year", payers=[payer], lines=[line])
        at = (self._dataset["payer"].values == payer) & (self._dataset["line"].values == line)
        if not at.any():
            theirs = self._dataset["line"].values[self._dataset["payer"].values == payer].tolist()
            fix = f"{payer} has the lines {', '.join(theirs)}"
            raise InputError(f"'{line}' does not touch this payer", seen=payer, fix=fix)
        return np.asarray(view.sel(year=year).values)

    def without(self, *lines: str) -> Ledger:
        """Return the ledger without some lines, such as pension contributions."""
        self._known("line", lines)
        keep = ~np.isin(self._dataset["line"].values, lines)
        return Ledger(self._dataset.isel(entry=np.flatnonzero(keep)))

    def join(self, other: Ledger) -> Ledger:
        """Put the lines of another ledger below these; draw i belongs to draw i.

        Raises
        ------
        JoinError
            If draws, groups, periods, cohort sizes, currencies or price bases differ.
        InputError
            If a line or the driver of a channel is in both: the same money counted twice.
        """
        mine, theirs = self._dataset, other.dataset
        same("currency", self.currency, other.currency, "one ledger", "the other")
        same("price base", self.price_base, other.price_base, "one ledger", "the other")
        for what, left, right in (
            ("periods", self._periods, other.periods),
            ("groups", mine["group"].values.tolist(), theirs["group"].values.tolist()),
            ("draws", self.n_draws, other.n_draws),
        ):
            if left != right:
                raise JoinError(f"two ledgers with unlike {what} cannot be joined")
        if not np.array_equal(mine["cohort_size"].values, theirs["cohort_size"].values):
            raise JoinError("two ledgers with unlike cohort sizes cannot be joined")
        joined = xr.concat(
            [mine, theirs],
            dim="entry",
            data_vars="minimal",
            coords="minimal",
            compat="override",
            join="exact",
            combine_attrs="override",
        )
        return Ledger(joined)

    def _known(self, key: str, names: Sequence[Any] | None) -> Sequence[Any]:
        known = {"payer": self.payers, "line": self.lines, "year": self.years}[key]
        for name in names or ():
            if name not in known:
                there = ", ".join(map(str, known))
                fix = f"use one of {there}"
                raise InputError(f"no such {key} in the ledger", key=key, seen=name, fix=fix)
        return known if names is None else names

    def __repr__(self) -> str:
        return (
            f"Ledger({len(self.lines)} lines, {len(self.payers)} payers, {self.n_draws} draws, "
            f"{self._periods.count} periods, {self.currency})"
        )


def columns(view: xr.DataArray) -> dict[Any, Draws]:
    """Return a view of draws by one label as a dictionary of draws."""
    labels = view[view.dims[1]].values.tolist()
    return {label: np.asarray(view.values[:, place]) for place, label in enumerate(labels)}


def _indicator(labels: NDArray[Any], names: Sequence[str]) -> Draws:
    return np.asarray(labels[:, None] == np.array(names)[None, :], dtype=float)
