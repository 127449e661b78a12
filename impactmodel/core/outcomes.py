"""`Outcomes`: draws of outcomes with and without the programme, the currency of the house."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np
import xarray as xr

from impactmodel.core.errors import InputError, JoinError
from impactmodel.core.measurement import simulate_arm_means
from impactmodel.core.measures import OutcomeMeasure
from impactmodel.core.money import same
from impactmodel.core.outcome_data import (
    COVARIANCE_DIMS,
    DIMS,
    four_dims,
    labelled,
    read_measures,
    validated,
)
from impactmodel.core.schedule import Periods
from impactmodel.core.spec import dump, load, spec
from impactmodel.core.summary import interval_table

if TYPE_CHECKING:
    import datetime as dt

    import pandas as pd
    from numpy.typing import ArrayLike


type Scale = Literal["difference", "relative", "ratio"]


@spec
class Provenance:
    """Where draws come from and what they stand for.

    Parameters
    ----------
    estimand
        Such as ``ITT``, ``ATT``, ``CACE``.
    population
        Whose effect it is: ``assigned``, ``participants`` or ``compliers``.
    design, source, seed, price_base
        The design of the evidence, its citation, the seed, the price level of amounts.
    diagnostics
        ``none``, ``passed``, ``failed: ...`` or ``overridden: reason``; a failed fit stops the
        money step.
    assumptions
        Statements that every output must repeat.
    lineage
        Identifies the draws: equal lineages share the draw index. Derived where empty.
    """

    estimand: str = "ITT"
    population: Literal["assigned", "participants", "compliers"] = "assigned"
    design: str = ""
    source: str = ""
    seed: int | None = None
    price_base: str = ""
    diagnostics: str = "none"
    assumptions: tuple[str, ...] = ()
    lineage: str = ""

    def assuming(self, *statements: str) -> Provenance:
        """Return the same provenance with more assumptions, none twice."""
        new = tuple(s for s in statements if s not in self.assumptions)
        return dataclasses.replace(self, assumptions=self.assumptions + new)


class Outcomes:
    """Expected outcomes per cohort member, with and without the programme, draw by draw.

    A frozen wrapper of an `xarray.Dataset` with dims ``draw, group, outcome, period`` and
    variables ``treated`` and ``counterfactual`` (response scale), ``cohort_size`` over
    (draw, group) and, where known, ``covariance`` of the outcomes between people within an arm.
    The effect is ``treated - counterfactual``. It is validated once, here.

    Raises
    ------
    InputError
        If a variable or dimension is missing, a value is not finite, a probability leaves [0, 1],
        or amounts have several currencies.

    Examples
    --------
    >>> import datetime as dt
    >>> jobs = OutcomeMeasure("job", kind="binary")
    >>> periods = Periods(dt.date(2024, 1, 1), "year", 1)
    >>> outcomes = Outcomes.from_draws([[0.5], [0.6]], [[0.4], [0.4]], measures=[jobs],
    ...     periods=periods, cohort_size=100, provenance=Provenance())
    >>> outcomes.effect().values.ravel().round(3).tolist()
    [0.1, 0.2]
    """

    __slots__ = ("_dataset", "_measures", "_periods", "_provenance")

    def __init__(self, dataset: xr.Dataset) -> None:
        self._measures = read_measures(dataset)
        self._periods = load(Periods, json.loads(dataset.attrs["periods"]))
        self._provenance = load(Provenance, json.loads(dataset.attrs["provenance"]))
        self._dataset = validated(dataset, self._measures, self._periods)
        for variable in self._dataset.variables.values():
            if isinstance(variable.data, np.ndarray):
                variable.data.flags.writeable = False

    @classmethod
    def from_draws(  # noqa: PLR0913  the parts of an Outcomes
        cls,
        treated: ArrayLike,
        counterfactual: ArrayLike | None,
        *,
        measures: Sequence[OutcomeMeasure],
        periods: Periods,
        cohort_size: ArrayLike,
        provenance: Provenance,
        groups: Sequence[str] = ("all",),
        covariance: ArrayLike | None = None,
    ) -> Self:
        """Make outcomes from arrays of draws.

        Parameters
        ----------
        treated, counterfactual
            Shape (draw, group, outcome, period); (draw, outcome) and (draw, outcome, period) are
            accepted for one group and one period or one group. With ``counterfactual=None`` only
            an effect is known and ``treated`` is that effect.
        cohort_size
            People per group: a number, (group,) or (draw, group).
        covariance
            Between people within an arm, dims ``arm, group, outcome, period, outcome_2,
            period_2``, with or without a leading draw dim; arms are treated, counterfactual.
        """
        shape = (len(groups), len(measures), periods.count)
        first = four_dims(treated, shape, "treated")
        known = counterfactual is not None
        second = (
            first * 0.0
            if counterfactual is None
            else four_dims(counterfactual, shape, "counterfactual")
        )
        size = np.broadcast_to(np.asarray(cohort_size, dtype=float), (len(first), len(groups)))
        data: dict[str, Any] = {
            "treated": (DIMS, first),
            "counterfactual": (DIMS, second),
            "cohort_size": (("draw", "group"), size.copy()),
        }
        if covariance is not None:
            array = np.array(covariance, dtype=float)
            draw = ("draw",) if array.ndim == len(COVARIANCE_DIMS) + 1 else ()
            data["covariance"] = ((*draw, *COVARIANCE_DIMS), array)
        if not provenance.lineage:
            digest = hashlib.sha256(first.tobytes() + second.tobytes()).hexdigest()[:16]
            provenance = dataclasses.replace(provenance, lineage=digest)
        known_by_outcome = np.full(len(measures), known)
        dataset = labelled(data, measures, periods, groups, known_by_outcome)
        return cls(dataset.assign_attrs(provenance=json.dumps(dump(provenance))))

    @classmethod
    def from_netcdf(cls, path: str | Path) -> Self:
        """Read outcomes that `to_netcdf` wrote; raise `InputError` for any other file."""
        try:
            dataset = xr.load_dataset(path, engine="h5netcdf")
            return cls(dataset)
        except InputError as error:
            raise error.located(file=str(path)) from None
        except (OSError, KeyError, ValueError):
            raise InputError(
                "not a file of outcomes", file=str(path), fix="write it with Outcomes.to_netcdf"
            ) from None

    def to_netcdf(self, path: str | Path) -> None:
        """Write the outcomes to a netCDF file: draws of cohort means, no personal rows."""
        self._dataset.to_netcdf(path, engine="h5netcdf")

    @property
    def dataset(self) -> xr.Dataset:
        """The data (its arrays are read-only)."""
        return self._dataset

    @property
    def measures(self) -> tuple[OutcomeMeasure, ...]:
        """The outcomes' definitions, in order."""
        return self._measures

    @property
    def periods(self) -> Periods:
        """The periods, in order."""
        return self._periods

    @property
    def provenance(self) -> Provenance:
        """Where the draws come from."""
        return self._provenance

    @property
    def n_draws(self) -> int:
        """Number of draws."""
        return int(self._dataset.sizes["draw"])

    @property
    def cohort_size(self) -> xr.DataArray:
        """People per (draw, group)."""
        return self._dataset["cohort_size"]

    @property
    def currency(self) -> str:
        """The currency of the amounts, empty without amounts."""
        return next((m.currency for m in self._measures if m.currency), "")

    def measure(self, name: str) -> OutcomeMeasure:
        """Return the definition of an outcome; raise `InputError` if it is not here."""
        for measure in self._measures:
            if measure.name == name:
                return measure
        there = ", ".join(m.name for m in self._measures)
        raise InputError("no such outcome", key="outcome", seen=name, fix=f"use one of {there}")

    def effect(self, scale: Scale = "difference") -> xr.DataArray:
        """Return the effect per cohort member, dims ``draw, group, outcome, period``.

        ``difference`` is treated - counterfactual, ``ratio`` is treated / counterfactual and
        ``relative`` is ratio - 1. Ratios need a known counterfactual.
        """
        treated, base = self._dataset["treated"], self._dataset["counterfactual"]
        if scale == "difference":
            return (treated - base).rename("effect")
        self.require_levels(*(m.name for m in self._measures))
        ratio = treated / base
        return (ratio if scale == "ratio" else ratio - 1.0).rename(scale)

    def level(self, arm: str, outcome: str) -> xr.DataArray:
        """Return the draws of one arm and outcome, dims ``draw, group, period``."""
        self.require_levels(outcome)
        return self._dataset[arm].sel(outcome=outcome)

    def require_levels(self, *names: str) -> None:
        """Raise `InputError` if one of the outcomes is known as an effect only."""
        for name in names:
            self.measure(name)
            if not bool(self._dataset["counterfactual_known"].sel(outcome=name)):
                raise InputError(
                    f"only the effect on '{name}' is known, not its level",
                    fix="give the counterfactual level, or use a basis that needs no level",
                )

    def replace(
        self,
        *,
        treated: ArrayLike | None = None,
        counterfactual: ArrayLike | None = None,
        cohort_size: ArrayLike | None = None,
        provenance: Provenance | None = None,
    ) -> Outcomes:
        """Return outcomes with some parts replaced; the draw index is kept."""
        data = self._dataset.copy()
        for name, value in (("treated", treated), ("counterfactual", counterfactual)):
            if value is not None:
                data[name] = (DIMS, np.broadcast_to(np.asarray(value, float), self._shape()).copy())
        if cohort_size is not None:
            shape = (self.n_draws, self._dataset.sizes["group"])
            size = np.broadcast_to(np.asarray(cohort_size, dtype=float), shape).copy()
            data["cohort_size"] = (("draw", "group"), size)
        if provenance is not None:
            data = data.assign_attrs(provenance=json.dumps(dump(provenance)))
        return Outcomes(data)

    def _shape(self) -> tuple[int, ...]:
        return tuple(int(self._dataset.sizes[d]) for d in DIMS)

    def join(self, other: Outcomes, *, independent: bool = False) -> Outcomes:
        """Put the outcomes of ``other`` beside these, draw by draw.

        Raises
        ------
        JoinError
            If the numbers of draws, groups, periods, price bases or currencies differ, an outcome
            is in both, or the draws are unrelated and ``independent`` is not set.
        """
        mine, theirs = self._provenance, other.provenance
        if self.n_draws != other.n_draws:
            raise JoinError(f"{self.n_draws} draws cannot be joined with {other.n_draws}")
        if mine.lineage != theirs.lineage and not independent:
            raise JoinError(
                "the two sets of draws are unrelated; pass independent=True to state that their "
                "posteriors are independent"
            )
        if self._periods != other.periods:
            raise JoinError("the periods differ; bring both to the same periods first")
        if self._dataset["group"].values.tolist() != other.dataset["group"].values.tolist():
            raise JoinError("the groups differ; bring both to the same groups first")
        if not np.array_equal(self.cohort_size.values, other.cohort_size.values):
            raise JoinError("the cohort sizes differ; use with_cohort_size first")
        same("currency", self.currency, other.currency, "one", "the other")
        same("price base", mine.price_base, theirs.price_base, "one", "the other")
        both = sorted({m.name for m in self._measures} & {m.name for m in other.measures})
        if both:
            raise JoinError(f"the outcome '{both[0]}' is in both")
        parts = [d.drop_vars("covariance", errors="ignore") for d in (self._dataset, other.dataset)]
        joined = xr.concat(
            parts,
            dim="outcome",
            data_vars="minimal",
            coords="minimal",
            compat="override",
            join="exact",
            combine_attrs="override",
        )
        note = () if mine.lineage == theirs.lineage else ("joined draws taken as independent",)
        provenance = mine.assuming(*theirs.assumptions, *note)
        return Outcomes(
            joined[list(self._dataset.drop_vars("covariance", errors="ignore"))].assign_attrs(
                provenance=json.dumps(dump(provenance))
            )
        )

    def with_cohort_size(self, size: ArrayLike) -> Outcomes:
        """Return the same outcomes per member for cohorts of another size."""
        return self.replace(cohort_size=size)

    def without_effect(self) -> Outcomes:
        """Return the same cohort had the programme done nothing: both arms are alike.

        The treated get the counterfactual's means and its spread between people.
        """
        self.require_levels(*(m.name for m in self._measures))
        data = self._dataset.assign(treated=self._dataset["counterfactual"].copy())
        if "covariance" in data:
            spread = data["covariance"]
            data["covariance"] = spread.isel(arm=[1, 1]).transpose(*spread.dims)
        return Outcomes(data)

    def starting(self, day: dt.date) -> Outcomes:
        """Return outcomes since each person's start for a cohort that starts on a day.

        Outcomes on the calendar keep their dates.
        """
        if self._periods.clock == "calendar" or self._periods.start == day:
            return self
        periods = dataclasses.replace(self._periods, start=day)
        bounds = np.array(periods.bounds(), dtype="datetime64[ns]")
        data = self._dataset.assign_coords(
            period_start=("period", bounds[:, 0]), period_end=("period", bounds[:, 1])
        )
        return Outcomes(data.assign_attrs(periods=json.dumps(dump(periods))))

    def measured(self, comparison_size: int, *, seed: int) -> Outcomes:
        """Simulate what an evaluator measures in a finite cohort and comparison group.

        See `impactmodel.core.measurement.simulate_arm_means`.
        """
        self.require_levels(*(m.name for m in self._measures))
        treated, compared = simulate_arm_means(
            self._dataset, self._measures, comparison_size, seed=seed
        )
        return self.replace(treated=treated, counterfactual=compared)

    def summary(self, prob: float = 0.9) -> pd.DataFrame:
        """Summarise each effect: mean, sd and the equal-tailed interval of probability ``prob``."""
        return interval_table(self.effect(), self._measures, prob)

    def __repr__(self) -> str:
        names = ", ".join(f"{m.name} ({m.unit})" for m in self._measures)
        groups, periods = self._dataset.sizes["group"], self._periods.count
        return f"Outcomes({names}; {self.n_draws} draws, {groups} groups, {periods} periods)"
