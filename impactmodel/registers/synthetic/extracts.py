"""What the synthetic extracts are: their declarations, names, and marks as synthetic."""

from __future__ import annotations

from impactmodel.registers.months import first_day
from impactmodel.registers.sources import (
    Amount,
    AmountRegister,
    Attribute,
    PersonRegister,
    Source,
    SpellRegister,
)
from impactmodel.registers.synthetic.dynamics import OUTSIDE
from impactmodel.registers.synthetic.pay import BENEFITS
from impactmodel.registers.synthetic.people import DISTRICTS, EDUCATIONS, EXITS, LANGUAGES, SEXES
from impactmodel.registers.synthetic.plan import Plan
from impactmodel.registers.tables import ParquetFiles

PREFIX = "synthetic_"
MARK = "synthetic data: no row is of a real person"
PROGRAMME = "coaching"
CATEGORIES = {
    "sex": SEXES,
    "language": LANGUAGES,
    "education": EDUCATIONS,
    "district": DISTRICTS,
}
KEY = "person_key"
_STATES = ("outside", "employed", "unemployed", "laid_off", PROGRAMME)


def state_names(spec: Plan) -> tuple[str, ...]:
    """Return the names of states by their code."""
    return (*_STATES, *spec.economy.services)


def file_names(spec: Plan) -> set[str]:
    """Return the names of the files of a synthetic city: one for each year of amounts."""
    months = spec.window.months
    years = range(months.start // 12, (months.stop - 1) // 12 + 1)
    stems = ["persons", "employment_service"]
    stems += [f"{name}_{year}" for name in ("incomes", "benefits") for year in years]
    return {f"{PREFIX}{stem}.parquet" for stem in stems}


def sources(spec: Plan) -> dict[str, Source]:
    """Return the declarations of the extracts, for the folder in which they were written."""
    taken = spec.window.end
    states = {name: name for name in state_names(spec)[OUTSIDE + 1 :]}
    start = first_day(spec.window.months.start)
    attributes = {"birth": Attribute("birth", "day")}
    for name, values in CATEGORIES.items():
        recorded = start if name in ("education", "district") else None
        attributes[name] = Attribute(name, "category", values=values, measured_at=recorded)
    exits = {reason: f"{reason}_day" for reason in EXITS}
    wage = {"wage": Amount("wage_cents", "EUR", scale=0.01)}
    benefits = {name: Amount(f"{name}_cents", "EUR", scale=0.01) for name in BENEFITS}
    return {
        "persons": PersonRegister(_files("persons"), KEY, taken, attributes, exits),
        "employment_service": SpellRegister(
            _files("employment_service"), KEY, taken, "first_day", "last_day", states, "state"
        ),
        "incomes": AmountRegister(_files("incomes_*"), KEY, taken, "paid", wage),
        "benefits": AmountRegister(_files("benefits_*"), KEY, taken, "paid", benefits),
    }


def _files(name: str) -> ParquetFiles:
    return ParquetFiles(f"{PREFIX}{name}.parquet")
