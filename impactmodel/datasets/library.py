"""The shipped data sets: what each is, where it comes from, and how it is read."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from importlib.resources import files
from typing import TYPE_CHECKING

from impactmodel.core.errors import InputError

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class DatasetInfo:
    """What a data set is and where it comes from.

    Parameters
    ----------
    name, title
        Its name in `load` and in words.
    rows
        Number of rows.
    columns
        Each column with its meaning and unit.
    citation
        The publications to cite.
    source, licence
        Where these rows were taken from and under which licence they may be passed on.
    """

    name: str
    title: str
    rows: int
    columns: dict[str, str]
    citation: tuple[str, ...]
    source: str
    licence: str


_NSW = DatasetInfo(
    name="nsw",
    title="National Supported Work Demonstration, Dehejia-Wahba sample of men",
    rows=445,
    columns={
        "treat": "1 assigned at random to supported work, 0 control",
        "age": "age in years at assignment",
        "age2": "age squared",
        "educ": "years of schooling",
        "black": "1 Black",
        "hisp": "1 Hispanic",
        "marr": "1 married",
        "nodegree": "1 no high-school degree",
        "re74": "earnings in 1974, 1982 US dollars",
        "re75": "earnings in 1975, 1982 US dollars",
        "re78": "earnings in 1978, 1982 US dollars",
        "employed": "1 if earnings in 1978 are above zero",
    },
    citation=(
        "LaLonde, R. (1986). Evaluating the Econometric Evaluations of Training Programs with "
        "Experimental Data. American Economic Review 76(4), 604-620.",
        "Dehejia, R. and Wahba, S. (1999). Causal Effects in Nonexperimental Studies: Reevaluating "
        "the Evaluation of Training Programs. Journal of the American Statistical Association "
        "94(448), 1053-1062. doi:10.1080/01621459.1999.10473858",
        "Dehejia, R. and Wahba, S. (2002). Propensity Score-Matching Methods for Nonexperimental "
        "Causal Studies. Review of Economics and Statistics 84(1), 151-161. "
        "doi:10.1162/003465302317331982",
    ),
    source="table nsw_mixtape of the Python package causaldata 0.1 (N. Huntington-Klein), "
    "widened to 64-bit numbers; 1982 dollars as documented for the same 445 men in Wooldridge's "
    "data set jtrain2",
    licence="MIT (as part of causaldata)",
)
_ALL = {data.name: data for data in (_NSW,)}


def info(name: str) -> DatasetInfo:
    """Return title, columns, citation, source and licence of a data set.

    Raises
    ------
    InputError
        If there is no data set of this name.

    Examples
    --------
    >>> info("nsw").rows
    445
    """
    if name not in _ALL:
        near = get_close_matches(name, list(_ALL), 1) or sorted(_ALL)
        raise InputError("there is no such data set", seen=name, fix=f"use {', '.join(near)}")
    return _ALL[name]


def load(name: str) -> pd.DataFrame:
    """Read a data set that ships with the library; nothing is downloaded.

    ``nsw``: the randomised National Supported Work Demonstration (1975-1978) as sampled by
    Dehejia and Wahba: 185 men assigned to supported work and 260 controls. Earnings are real
    (1982 dollars). ``age2`` and ``employed`` (``re78 > 0``) are computed here. Cite LaLonde (1986)
    and Dehejia and Wahba (1999, 2002); the rows come from the package causaldata (MIT licence).
    `info` has the full references.

    Returns
    -------
    pandas.DataFrame
        One row per person, every column float64.

    Raises
    ------
    InputError
        If there is no data set of this name.

    Examples
    --------
    >>> data = load("nsw")
    >>> data.shape, float(data["treat"].sum())
    ((445, 12), 185.0)
    """
    import pandas as pd

    about = info(name)
    with files("impactmodel.datasets").joinpath(f"{name}.csv").open("rb") as file:
        data = pd.read_csv(file, dtype="float64")
    if name == "nsw":
        data["age2"] = data["age"] ** 2
        data["employed"] = (data["re78"] > 0).astype("float64")
    return data[list(about.columns)]
