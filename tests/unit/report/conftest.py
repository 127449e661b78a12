"""A run whose every number is done by hand: four draws, a hundred people, two years, two payers."""

from __future__ import annotations

import dataclasses
import datetime as dt
from pathlib import Path

import numpy as np
import pytest

from impactmodel.case import Case
from impactmodel.core.measures import OutcomeMeasure
from impactmodel.core.outcomes import Outcomes, Provenance
from impactmodel.core.schedule import Periods
from impactmodel.core.yaml import Document
from impactmodel.running import CaseResult, run_case
from tests.unit.report.given import HEAD, TAX, Run

ROOT = Path(__file__).parents[3]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run a case of the parts given, on the four draws times a factor."""

    def made(*parts: str, tax: object = TAX) -> CaseResult:
        effect = np.broadcast_to(np.asarray(tax, dtype=float)[:, None, None, None], (4, 1, 1, 2))
        measure = OutcomeMeasure("taxes", kind="amount", unit="EUR/year", channel="tax")
        Outcomes.from_draws(
            effect,
            None,
            measures=[measure],
            periods=Periods(dt.date(2024, 1, 1), "year", 2),
            cohort_size=100,
            provenance=Provenance(design="randomised experiment"),
        ).to_netcdf(tmp_path / "outcomes.nc")
        path = tmp_path / "case.yaml"
        path.write_text(HEAD + "".join(parts), encoding="utf-8")
        return run_case(Case.from_yaml(path))

    return made


@pytest.fixture(scope="session")
def koto() -> CaseResult:
    """The Finnish example case with fewer draws."""
    path = ROOT / "examples" / "koto_sib" / "case.yaml"
    assert Document.read(path).has("translations")
    case = Case.from_yaml(path)
    return run_case(
        dataclasses.replace(case, settings=dataclasses.replace(case.settings, draws=400))
    )
