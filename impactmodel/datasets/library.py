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
_MPDTA = DatasetInfo(
    name="mpdta",
    title="County teen employment and state minimum wages in the United States, 2003-2007",
    rows=2500,
    columns={
        "county": "county, FIPS code",
        "state": "state, FIPS code (county // 1000); minimum wages change by state",
        "year": "calendar year",
        "lemp": "log of teen employment",
        "lpop": "log of county population in thousands, the same in all years",
        "first_treat": "first year with a raised state minimum wage, missing where there is none",
    },
    citation=(
        "Callaway, B. and Sant'Anna, P. (2021). Difference-in-Differences with Multiple Time "
        "Periods. Journal of Econometrics 225(2), 200-230. doi:10.1016/j.jeconom.2020.12.001",
    ),
    source="load_mpdta() of the Python package moderndid 0.2.0 (J. Deklerk), the table mpdta of "
    "the R package did; never-treated counties have a missing first_treat where the source has 0",
    licence="MIT (as part of moderndid)",
)
_PROP99 = DatasetInfo(
    name="prop99",
    title="Cigarette sales per head in 39 states of the United States, 1970-2000",
    rows=1209,
    columns={
        "state": "name of the state",
        "year": "calendar year",
        "packs": "cigarette packs sold per head",
        "treated": "1 in California from 1989 on (tax of Proposition 99), 0 otherwise",
    },
    citation=(
        "Abadie, A., Diamond, A. and Hainmueller, J. (2010). Synthetic Control Methods for "
        "Comparative Case Studies: Estimating the Effect of California's Tobacco Control Program. "
        "Journal of the American Statistical Association 105(490), 493-505. "
        "doi:10.1198/jasa.2009.ap08746",
        "Arkhangelsky, D., Athey, S., Hirshberg, D., Imbens, G. and Wager, S. (2021). Synthetic "
        "Difference-in-Differences. American Economic Review 111(12), 4088-4118. "
        "doi:10.1257/aer.20190159",
    ),
    source="california_prop99.csv of the Python package synthdid-py 0.1.0, redistributed there "
    "from the R package synthdid",
    licence="BSD 3-Clause (as part of synthdid and synthdid-py)",
)
_STATE_PANEL = DatasetInfo(
    name="state_panel",
    title="Women's wages, hours and unemployment by state of the United States, 1979-2018",
    rows=2000,
    columns={
        "state": "postal code of the state",
        "year": "calendar year",
        "log_wage": "average log wage",
        "hours": "average hours",
        "urate": "unemployment rate, a share",
        "min_wage": "minimum-wage policy indicator of the source",
        "open_carry": "open-carry policy indicator of the source",
        "abort_ban": "abortion-policy indicator of the source",
    },
    citation=(
        "Arkhangelsky, D., Athey, S., Hirshberg, D., Imbens, G. and Wager, S. (2021). Synthetic "
        "Difference-in-Differences. American Economic Review 111(12), 4088-4118. "
        "doi:10.1257/aer.20190159",
        "Bertrand, M., Duflo, E. and Mullainathan, S. (2004). How Much Should We Trust "
        "Differences-in-Differences Estimates? Quarterly Journal of Economics 119(1), 249-275. "
        "doi:10.1162/003355304772839588",
    ),
    source="CPS.csv of the Python package synthdid-py 0.1.0 (averages of the Current Population "
    "Survey), redistributed there from the R package synthdid; TRUE and FALSE are 1 and 0",
    licence="BSD 3-Clause (as part of synthdid and synthdid-py)",
)
_ALL = {data.name: data for data in (_NSW, _MPDTA, _PROP99, _STATE_PANEL)}


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

    ``mpdta``: teen employment in 500 counties, 2003-2007, of which 191 lie in states that raised
    their minimum wage in 2004, 2006 or 2007. Cite Callaway and Sant'Anna (2021); the rows come
    from the package moderndid (MIT licence).

    ``prop99``: cigarette sales in California and 38 states that did not raise tobacco taxes.
    Cite Abadie, Diamond and Hainmueller (2010); the rows come from the package synthdid-py (BSD).

    ``state_panel``: wages, hours and unemployment in 50 states over 40 years, for placebo studies
    in the manner of Bertrand, Duflo and Mullainathan (2004). Cite Arkhangelsky et al. (2021); the
    rows come from the package synthdid-py (BSD).

    `info` has columns, units and the full references.

    Returns
    -------
    pandas.DataFrame
        One row per person, or per unit and year; names are text, every other column float64.

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
        data = pd.read_csv(file)
    numeric = [column for column in data.columns if pd.api.types.is_numeric_dtype(data[column])]
    data = data.astype(dict.fromkeys(numeric, "float64"))
    if name == "mpdta":
        data["state"] = data["county"] // 1000
    if name == "nsw":
        data["age2"] = data["age"] ** 2
        data["employed"] = (data["re78"] > 0).astype("float64")
    return data[list(about.columns)]
