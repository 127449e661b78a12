"""Evidence in tables as a case file states it: people, counts of people, and panels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from inspect import signature
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from impactmodel.core.errors import InputError
from impactmodel.core.measures import OutcomeMeasure
from impactmodel.core.record import file_hash
from impactmodel.core.schedule import Periods
from impactmodel.core.spec import spec
from impactmodel.evidence import Cells, Cohort, Covariate, Panel, RepeatedMeasure

if TYPE_CHECKING:
    import pandas as pd

    from impactmodel.contract import OutcomesContract
    from impactmodel.core.outcomes import Outcomes
    from impactmodel.fiscal import PublicSide


@dataclass(slots=True)
class Folder:
    """Where files named in a case are looked for, and the SHA-256 of each that was read.

    Parameters
    ----------
    path, inputs
        The folder, and hashes by name.
    makes
        What the case makes of its evidence, for evidence that is bound to a purpose.
    public, contract
        Those of the case, for evidence that weighs money.
    """

    path: Path
    inputs: dict[str, str]
    makes: tuple[Literal["effect", "savings"], ...] = ("effect",)
    public: PublicSide | None = None
    contract: OutcomesContract | None = None

    def table(self, dataset: str, file: str, source: str) -> tuple[pd.DataFrame, str]:
        """Return the rows of a data set of the library or of a CSV file, and their citation.

        Raises
        ------
        InputError
            If there is no such data set, or the file cannot be read as a table.
        """
        if dataset:
            from impactmodel import datasets

            return datasets.load(dataset), source or "; ".join(datasets.info(dataset).citation)
        import pandas as pd

        path = self.path / file
        try:
            frame = pd.read_csv(path)
        except (OSError, UnicodeDecodeError, ValueError) as error:
            reason = getattr(error, "strerror", None) or "it is not a CSV table"
            raise InputError(
                f"the table cannot be read: {reason}",
                file=str(path),
                key="evidence.file",
                fix="check the path",
            ) from None
        self.inputs[file] = file_hash(path)
        return frame, source


@dataclass(frozen=True, slots=True)
class Material:
    """Evidence that was read, ready for a design.

    Parameters
    ----------
    data
        Such as a `Cohort` or a `Panel`.
    periods
        When the outcomes were measured, where the data do not say it themselves.
    source, price_base
        Citation and price level of amounts.
    notes
        Statements that every output repeats, such as that the data are synthetic.
    warnings
        What a reader must be told first.
    made
        Specs from which inputs were made instead of read from a file, by name.
    report
        What the evidence brings beside the effect; see `impactmodel.report.evidence_section`.
    beside
        By what else might be assumed: the outcomes then, on which the money is computed again.
    """

    data: Any
    periods: Periods | None = None
    source: str = ""
    price_base: str = ""
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    made: Mapping[str, Any] = field(default_factory=dict)
    report: object | None = None
    beside: Mapping[str, Outcomes] = field(default_factory=dict)

    def design(self, choice: Any) -> object:
        """Return the chosen design with this evidence; its `design` takes of the rest what it has.

        Parameters
        ----------
        choice
            A `DesignChoice`.
        """
        start = None if self.periods is None else self.periods.start
        rest = {
            "periods": self.periods,
            "start": start,
            "source": self.source,
            "price_base": self.price_base,
        }
        takes = signature(choice.design).parameters
        return choice.design(self.data, **{k: v for k, v in rest.items() if k in takes})


@spec
class CohortEvidence:
    """People with one row each: a data set of the library or a CSV file beside the case.

    Parameters
    ----------
    treatment, covariates, group
        Column names; ``group`` is a site or target group. A covariate may say when it was
        measured.
    outcomes
        The outcomes to use, named as their columns.
    columns
        For an outcome that was measured again: its columns, one for each period.
    periods
        When the outcomes were measured; ``start`` is the day on which people started. Follow-ups
        at 6, 12 and 24 months are ``ends: [6, 12, 24]``.
    index_date
        Column of the day of assignment; see `Cohort.from_frame`.
    missing_outcomes
        Keep people whose outcome is not known; the design says what it assumes of them.
    dataset, file
        One of the two.
    price_base
        Price level of amounts.
    source
        Citation of a file; a data set brings its own.
    """

    gives = Cohort

    treatment: str
    outcomes: tuple[OutcomeMeasure, ...]
    periods: Periods
    columns: dict[str, tuple[str, ...]] = field(default_factory=dict)
    covariates: tuple[str | Covariate, ...] = ()
    group: str | None = None
    index_date: str | None = None
    missing_outcomes: bool = False
    dataset: str = ""
    file: str = ""
    price_base: str = ""
    source: str = ""
    type: Literal["cohort"] = field(default="cohort", kw_only=True)

    def __post_init__(self) -> None:
        require_table(self.dataset, self.file, self.outcomes)
        require_outcomes(self.columns, self.outcomes)

    def read(self, folder: Folder) -> Material:
        """Read the people."""
        frame, source = folder.table(self.dataset, self.file, self.source)
        dated = [c.measured_at for c in self.covariates if isinstance(c, Covariate)]
        cohort = Cohort.from_frame(
            with_days(frame, (self.index_date, *dated)),
            treatment=self.treatment,
            outcomes=measured(self.outcomes, self.columns),
            covariates=list(self.covariates),
            group=self.group,
            index_date=self.index_date,
            missing_outcomes=self.missing_outcomes,
        )
        return Material(cohort, self.periods, source, self.price_base)


@spec
class CellsEvidence:
    """Counts and sums of people by arm, where their rows may not travel: a CSV beside the case.

    Parameters
    ----------
    treatment, n, by, group
        Columns of the arm, of the number of people, of covariates and of the group; see
        `Cells.from_frame`.
    outcomes
        The outcomes to use; their sums are columns such as ``job_sum``.
    columns
        For an outcome that was measured again: a name for each period, such as ``job_6``, whose
        sums stand in ``job_6_sum``.
    periods, price_base, source
        As in `CohortEvidence`.
    """

    gives = Cells

    treatment: str
    outcomes: tuple[OutcomeMeasure, ...]
    periods: Periods
    file: str
    columns: dict[str, tuple[str, ...]] = field(default_factory=dict)
    n: str = "n"
    by: tuple[str, ...] = ()
    group: str | None = None
    price_base: str = ""
    source: str = ""
    type: Literal["cells"] = field(default="cells", kw_only=True)

    def __post_init__(self) -> None:
        require_table("", self.file, self.outcomes)
        require_outcomes(self.columns, self.outcomes)

    def read(self, folder: Folder) -> Material:
        """Read the counts."""
        frame, source = folder.table("", self.file, self.source)
        cells = Cells.from_frame(
            frame,
            treatment=self.treatment,
            outcomes=measured(self.outcomes, self.columns),
            n=self.n,
            by=self.by,
            group=self.group,
        )
        return Material(cells, self.periods, source, self.price_base)


@spec
class PanelEvidence:
    """Units followed over periods, a row each: a data set of the library or a CSV file.

    Parameters
    ----------
    unit, period
        Columns of the unit and of the period: calendar years or other whole numbers, or dates
        (YYYY-MM-DD).
    outcomes
        The outcomes to use, named as their columns.
    start, treatment
        One of the two: column of the unit's first treated period, empty where it is never
        treated, or of 0 and 1 by row.
    covariates, group, weights
        Columns; a covariate that does not change says when it was measured.
    periods
        What the periods are; by default ``period`` holds calendar years.
    unbalanced
        Whether some units may lack some periods.
    dataset, file, price_base, source
        As in `CohortEvidence`.
    """

    gives = Panel

    unit: str
    period: str
    outcomes: tuple[OutcomeMeasure, ...]
    start: str | None = None
    treatment: str | None = None
    covariates: tuple[str | Covariate, ...] = ()
    group: str | None = None
    weights: str | None = None
    periods: Periods | None = None
    unbalanced: bool = False
    dataset: str = ""
    file: str = ""
    price_base: str = ""
    source: str = ""
    type: Literal["panel"] = field(default="panel", kw_only=True)

    def __post_init__(self) -> None:
        require_table(self.dataset, self.file, self.outcomes)
        _one_of(self.start or "", self.treatment or "", "start", "treatment")

    def read(self, folder: Folder) -> Material:
        """Read the panel."""
        frame, source = folder.table(self.dataset, self.file, self.source)
        dated = [c.measured_at for c in self.covariates if isinstance(c, Covariate)]
        panel = Panel.from_frame(
            with_days(frame, (self.period, self.start, *dated)),
            unit=self.unit,
            period=self.period,
            outcomes=list(self.outcomes),
            start=self.start,
            treatment=self.treatment,
            covariates=list(self.covariates),
            group=self.group,
            weights=self.weights,
            periods=self.periods,
            unbalanced=self.unbalanced,
        )
        return Material(panel, source=source, price_base=self.price_base)


def with_days(frame: pd.DataFrame, columns: tuple[object, ...]) -> pd.DataFrame:
    """Return the table with days instead of text in these columns, where they hold text."""
    import pandas as pd

    for name in columns:
        if not isinstance(name, str) or name not in frame.columns:
            continue
        if not pd.api.types.is_object_dtype(frame[name]) and not isinstance(
            frame[name].dtype, pd.StringDtype
        ):
            continue
        try:
            days = pd.to_datetime(frame[name], format="%Y-%m-%d")
        except ValueError:
            raise InputError(
                "this column holds neither numbers nor days", key=name, fix="write YYYY-MM-DD"
            ) from None
        frame = frame.assign(**{name: days})
    return frame


def require_table(dataset: str, file: str, outcomes: tuple[OutcomeMeasure, ...]) -> None:
    """Raise unless one of a data set and a file is named, and an outcome."""
    _one_of(dataset, file, "dataset", "file")
    if not outcomes:
        raise InputError("no outcome is named", key="outcomes", fix="name at least one")


def require_outcomes(
    columns: dict[str, tuple[str, ...]], outcomes: tuple[OutcomeMeasure, ...]
) -> None:
    """Raise where columns are named for what is no outcome."""
    strange = sorted(set(columns) - {outcome.name for outcome in outcomes})
    if strange:
        raise InputError(
            "no such outcome", key="columns", seen=strange[0], fix="name it under 'outcomes'"
        )


def measured(
    outcomes: tuple[OutcomeMeasure, ...], columns: dict[str, tuple[str, ...]]
) -> list[OutcomeMeasure | RepeatedMeasure]:
    """Return the outcomes, those of several columns with them."""
    return [
        RepeatedMeasure(outcome, columns[outcome.name]) if outcome.name in columns else outcome
        for outcome in outcomes
    ]


def _one_of(first: str, second: str, first_key: str, second_key: str) -> None:
    if bool(first) == bool(second):
        raise InputError(
            f"give exactly one of '{first_key}' and '{second_key}'",
            key=first_key,
            seen="both" if first else "neither",
        )
