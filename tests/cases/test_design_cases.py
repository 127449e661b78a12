"""Every design runs from a YAML case, as its Python counterpart does, and its checks are gates."""

from __future__ import annotations

import html
import json
import math
import re
import shutil
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any, get_args

import numpy as np
import openpyxl
import pandas as pd
import pytest

from impactmodel.case import Case
from impactmodel.case_evidence import Evidence
from impactmodel.cli.kinds import schema_of
from impactmodel.core.distribution import Normal
from impactmodel.core.errors import DiagnosticsError, InputError, JoinError
from impactmodel.core.measures import OutcomeMeasure
from impactmodel.core.outcomes import Outcomes
from impactmodel.core.yaml import Document
from impactmodel.datasets import load
from impactmodel.effects import (
    BetaPriors,
    ClosedForm,
    Comparison,
    DesignChoice,
    DifferenceInDifferences,
    DifferencePriors,
    Encouragement,
    EntropyBalancing,
    Experiment,
    HistoricalControls,
    InterruptedTimeSeries,
    MatchedComparison,
    MetaAnalysis,
    NewCohort,
    PredictedBaseline,
    Priors,
    SyntheticControl,
    TargetLevel,
    TrendViolation,
    Trial,
    default_method,
    design_stage,
    fit,
)
from impactmodel.effects.arms import BorrowingPriors, CountedArm
from impactmodel.effects.durations import Durations
from impactmodel.effects.hazard_priors import DirichletPriors
from impactmodel.effects.transition_priors import StateTarget
from impactmodel.effects.transitions import Transitions
from impactmodel.evidence import (
    Cells,
    Cohort,
    Panel,
    PublishedEvidence,
    RepeatedMeasure,
    SpellColumns,
    Spells,
    StateHistories,
)
from impactmodel.report.brief import brief
from impactmodel.report.design_words import design_words, entries
from impactmodel.report.files import write_run
from impactmodel.report.pooling_figures import pooled_table
from impactmodel.running import CaseResult, run_case

HERE = Path(__file__).parent / "designs"
ROOT = HERE.parents[2]
CASES = sorted(path for path in HERE.glob("*.yaml") if Document.read(path).has("evidence"))
PAID = [path for path in CASES if Document.read(path).has("contract")]
REASON = "the steering group saw the check on 3 May and takes the risk"

type Change = Callable[[dict[str, Any]], object]


def nothing(_: dict[str, Any]) -> None:
    """Leave a case as it is."""


def changed(name: str, folder: Path, change: Change = nothing) -> Path:
    """Write a case with a change beside copies of its files."""
    for path in HERE.iterdir():
        shutil.copy(path, folder)
    data = Document.read(HERE / f"{name}.yaml").data
    change(data)
    path = folder / "case.yaml"
    path.write_text(json.dumps(data, default=str), encoding="utf-8")
    return path


def run(name: str, folder: Path, change: Change = nothing) -> CaseResult:
    return run_case(Case.from_yaml(changed(name, folder, change)))


@pytest.fixture(scope="module", params=CASES, ids=lambda path: path.stem)
def ran(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A case, its result and the folder of its outputs."""
    result = run_case(Case.from_yaml(request.param))
    out = tmp_path_factory.mktemp(request.param.stem)
    write_run(result, out)
    return result, out


def shown(path: Path) -> str:
    """The words of a page, without its mark-up."""
    return html.unescape(re.sub(r"<[^>]+>", " ", path.read_text(encoding="utf-8")))


def test_the_report_shows_the_design_its_assumption_and_every_check(ran: Any) -> None:
    result, out = ran
    report, words = shown(out / "report.html"), design_words(result.outcomes.provenance.design)
    assert words is not None
    assert words.assumes in report
    assert words.fails in report
    assert result.outcomes.provenance.estimand.partition(",")[0] in report
    for check in result.diagnostics.checks:
        assert check.name in report
        assert check.text in report
    assert words.assumes in shown(out / "brief.html")


def test_summary_lists_the_checks(ran: Any) -> None:
    result, out = ran
    found = json.loads((out / "summary.json").read_text(encoding="utf-8"))["diagnostics"]
    assert [c["name"] for c in found["checks"]] == [c.name for c in result.diagnostics.checks]
    failed = [check.name for check in result.diagnostics.checks if check.passed is False]
    assert found["passed"] is (not failed)
    assert not failed or result.payments is None


@pytest.mark.parametrize("ran", PAID, indirect=True, ids=lambda path: path.stem)
def test_the_contract_pays_price_times_effect_times_people(ran: Any) -> None:
    # All contracts here pay on impact, in the expected view and without a cap: a product by hand.
    result, out = ran
    if result.payments is None:
        assert result.case.contract is None
        assert "This case has no contract" in shown(out / "brief.html")
        return
    (clause,) = result.payments.contract.clauses
    price = getattr(clause.payment, "price", getattr(clause.payment, "share", None))
    data = result.outcomes.dataset
    gained = data["treated"] - data["counterfactual"]
    per_period = (gained * data["cohort_size"]).sum("group").isel(outcome=0)
    by_hand = price * np.maximum(per_period.values, 0.0).sum(axis=1)
    np.testing.assert_allclose(result.payments.total(), by_hand, rtol=1e-9)
    assert list(result.payments.by_payer()) == [clause.payer]
    first = min(day for day, _, _ in result.payments.by_date())
    assert first > result.payments.contract.start


def counterpart(name: str) -> object:
    """The design of a case, made in Python from the files that the case reads."""
    if name == "difference_in_differences":
        rows = pd.read_csv(HERE / "offices.csv", parse_dates=["quarter", "started"])
        data = Document.read(HERE / f"{name}.yaml").data["evidence"]
        measure = OutcomeMeasure(**data["outcomes"][0])
        panel = Panel.from_frame(
            rows,
            unit="office",
            period="quarter",
            start="started",
            weights="people",
            outcomes=[measure],
            periods=Case.from_yaml(HERE / f"{name}.yaml").evidence.periods,
        )
        priors = DifferencePriors(violation=TrendViolation(0.005, "slope"))
        return DifferenceInDifferences(
            panel, comparison=Comparison("not_yet"), priors=priors, clock="since_start"
        )
    case = Case.from_yaml(HERE / f"{name}.yaml")
    for names, made in (
        (("matched_comparison", "predicted_baseline", "encouragement", "follow_ups"), on_people),
        (("synthetic_control", "interrupted_time_series"), on_series),
        (("durations", "transitions"), on_paths),
    ):
        if name in names:
            return made(name, case.evidence)
    if name == "experiment_on_counts":
        measure = OutcomeMeasure(
            **Document.read(HERE / f"{name}.yaml").data["evidence"]["outcomes"][0]
        )
        cells = Cells.from_frame(
            pd.read_csv(HERE / "counts.csv"), treatment="asked", outcomes=[measure]
        )
        return Experiment(cells, priors=Priors(binary=BetaPriors()), periods=case.evidence.periods)
    if name == "historical_controls":
        earlier = ((2023, 110, 33), (2024, 95, 27), (2025, 130, 42), (2026, 90, 25))
        return HistoricalControls(
            OutcomeMeasure(
                "licence", kind="binary", channel="other", label="holds a driving licence"
            ),
            tuple(CountedArm(f"intake of {y}", n, k) for y, n, k in earlier),
            Trial(CountedArm("intake of 2027", 60, 33), CountedArm("own comparison", 20, 6)),
            priors=BorrowingPriors(vague_weight=0.3),
            periods=case.evidence.periods,
        )
    third = PublishedEvidence.from_yaml(HERE / "study_c.yaml")
    level = TargetLevel("apprentice_pay", Normal(310000, 20000), person_sd=120000)
    studies = case.evidence.studies
    assert studies[2] == third
    return MetaAnalysis(studies, NewCohort(size=75, levels=(level,)), labels=("A", "B", "C"))


def on_series(name: str, evidence: Any) -> object:
    """The same for the cases on one treated series."""
    alone = name == "interrupted_time_series"
    panel = Panel.from_frame(
        pd.read_csv(HERE / "placements.csv", parse_dates=["quarter", "opened"])
        if alone
        else load("prop99"),
        unit=evidence.unit,
        period=evidence.period,
        outcomes=list(evidence.outcomes),
        start=evidence.start,
        treatment=evidence.treatment,
        periods=evidence.periods,
    )
    return InterruptedTimeSeries(panel) if alone else SyntheticControl(panel)


def on_paths(name: str, evidence: Any) -> object:
    """The same for the cases on people followed over time."""
    if name == "durations":
        spells = Spells.from_frame(
            pd.read_csv(HERE / "spells.csv"),
            SpellColumns("treated", "months", "left_to"),
            causes=("job", "studies"),
            periods=evidence.periods,
        )
        return Durations(spells, job=("job",), horizons=(12,), priors=DirichletPriors())
    histories = StateHistories.from_frame(
        pd.read_csv(HERE / "states.csv"),
        person="person",
        period="month",
        state="state",
        treatment="treated",
        states=("work", "service", "out"),
    )
    target = StateTarget(horizon=12, every=12, work="work")
    return Transitions(histories, target=target, start=evidence.start)


def on_people(name: str, evidence: Any) -> object:
    """The same for the cases on single people."""
    periods = evidence.periods
    job = {"kind": "binary", "channel": "employment"}
    if name == "follow_ups":
        later = RepeatedMeasure(
            OutcomeMeasure("job", accrual="stock", **job), ("job_6", "job_12", "job_24")
        )
        people = Cohort.from_frame(
            pd.read_csv(HERE / "follow_ups.csv"),
            treatment="offered",
            outcomes=[later],
            missing_outcomes=True,
        )
        return Experiment(people, priors=Priors(binary=BetaPriors()), periods=periods)
    if name == "encouragement":
        invited = Cohort.from_frame(
            pd.read_csv(HERE / "invited.csv"),
            treatment="invited",
            outcomes=[
                OutcomeMeasure("in_work", **job),
                OutcomeMeasure("started", kind="binary", channel="other"),
            ],
        )
        return Encouragement(invited, "started", estimand="CACE", periods=periods)
    known = ["age", "educ", "black", "hisp", "nodegree"]
    pay = OutcomeMeasure("re78", kind="amount", unit="USD/year", channel="earnings")
    matched = name == "matched_comparison"
    men = Cohort.from_frame(
        load("nsw"),
        treatment="treat",
        outcomes=[OutcomeMeasure("employed", **job) if matched else pay],
        covariates=[*known, "re74", "re75"] if matched else known,
    )
    if matched:
        return MatchedComparison(men, design_stage(men, EntropyBalancing()), periods=periods)
    return PredictedBaseline(men, periods=periods)


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_a_case_has_the_draws_of_its_python_counterpart(path: Path) -> None:
    case = Case.from_yaml(path)
    design, settings = counterpart(path.stem), case.settings
    own = fit(design, default_method(design, seed=settings.seed, draws=settings.draws))
    found = run_case(case).outcomes
    np.testing.assert_array_equal(found.effect().values, own.outcomes.effect().values)
    assert found.provenance.population == own.outcomes.provenance.population


def drift(folder: Path) -> Change:
    """Let the offices that start drift upwards before they do."""

    def change(_: dict[str, Any]) -> None:
        rows = pd.read_csv(folder / "offices.csv")
        place = rows.groupby("office").cumcount()
        rows.loc[rows["started"].notna(), "rehoused"] += 0.03 * place[rows["started"].notna()]
        rows.to_csv(folder / "offices.csv", index=False)

    return change


def contradict(data: dict[str, Any]) -> None:
    data["evidence"]["trial"]["control"]["events"] = 19


def surprise(data: dict[str, Any]) -> None:
    data["design"]["priors"] = {"mean": -300000, "mean_sd": 20000}


FAILING = {
    "difference_in_differences": (drift, "trend before the start: rehoused"),
    "historical_controls": (lambda _: contradict, "conflict with history: licence"),
    "meta_analysis": (
        lambda _: surprise,
        "prior-data conflict: pooled mean of 'apprentice_pay' in period 1",
    ),
}


@pytest.mark.parametrize("name", FAILING)
def test_a_failed_check_stops_the_money_and_says_what_to_do(name: str, tmp_path: Path) -> None:
    make, check = FAILING[name]
    with pytest.raises(DiagnosticsError) as caught:
        run(name, tmp_path, make(tmp_path))
    assert f"'{check}' (" in str(caught.value)
    assert "under 'accept_checks'" in str(caught.value)


@pytest.mark.parametrize("name", FAILING)
def test_an_accepted_check_is_repeated_by_every_output(name: str, tmp_path: Path) -> None:
    make, _ = FAILING[name]
    failed: list[str] = []

    def change(data: dict[str, Any]) -> None:
        make(tmp_path)(data)
        money = {key: data.pop(key) for key in ("contract", "public") if key in data}
        (tmp_path / "case.yaml").write_text(json.dumps(data, default=str), encoding="utf-8")
        seen = run_case(Case.from_yaml(tmp_path / "case.yaml"))
        failed.extend(c.name for c in seen.diagnostics.checks if c.passed is False)
        assert any(failed[0] in text for text in seen.warnings)
        data |= money | {"accept_checks": dict.fromkeys(failed, REASON)}

    result = run(name, tmp_path, change)
    assert result.payments is not None
    out = tmp_path / "out"
    out.mkdir()
    write_run(result, out)
    for page in ("report.html", "brief.html"):
        assert REASON in shown(out / page)
    written = json.loads((out / "summary.json").read_text(encoding="utf-8"))
    assert any(REASON in text for text in written["warnings"])
    accepted = {c["name"]: c["accepted"] for c in written["diagnostics"]["checks"]}
    assert {k for k, v in accepted.items() if v == REASON} == set(failed)
    saved = Outcomes.from_netcdf(out / "outcomes.nc").provenance
    assert REASON in saved.diagnostics
    sheet = openpyxl.load_workbook(out / "workbook.xlsx")["Assumptions"]
    assert any(REASON in str(cell.value) for row in sheet.iter_rows() for cell in row)


def test_accepting_one_of_two_failed_checks_is_not_enough(tmp_path: Path) -> None:
    def change(data: dict[str, Any]) -> None:
        drift(tmp_path)(data)
        data["accept_checks"] = {"pre-trends: rehoused": REASON}

    with pytest.raises(DiagnosticsError, match="trend before the start: rehoused"):
        run("difference_in_differences", tmp_path, change)


def test_a_complier_effect_is_refused_by_a_contract_on_the_assigned(tmp_path: Path) -> None:
    counts = pd.DataFrame(
        {
            "invited": [0, 1],
            "n": [500, 500],
            "took_sum": [0, 300],
            "licence_sum": [150, 210],
            "took_licence_sum_products": [0, 160],
        }
    )
    measures = [OutcomeMeasure(name, kind="binary") for name in ("took", "licence")]
    cells = Cells.from_frame(counts, treatment="invited", outcomes=measures)
    fit(Encouragement(cells, "took", "CACE"), ClosedForm(1, 500)).outcomes.to_netcdf(
        tmp_path / "cace.nc"
    )

    def change(data: dict[str, Any], population: str = "assigned") -> None:
        data["evidence"] = {"type": "outcomes", "file": "cace.nc"}
        del data["design"]
        data["contract"]["population"] = population

    with pytest.raises(JoinError, match="pays for the assigned, the effect is that of the compl"):
        run("historical_controls", tmp_path, change)
    result = run("historical_controls", tmp_path, lambda d: change(d, "compliers"))
    assert result.outcomes.provenance.estimand == "CACE"


def pop_design(data: dict[str, Any]) -> None:
    del data["design"]


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        (
            "historical_controls",
            lambda d: d.update(design={"type": "difference_in_differences"}),
            "case.yaml, line 1, design.type: the design 'difference_in_differences' does not read "
            "evidence of type 'trials'; use one of historical_controls",
        ),
        (
            "difference_in_differences",
            lambda d: d.update(design={"type": "experiment"}),
            "the design 'experiment' does not read evidence of type 'panel'; use one of "
            "difference_in_differences",
        ),
        (
            "meta_analysis",
            pop_design,
            "design: evidence of type 'studies' needs a design; use one of meta_analysis",
        ),
        (
            "meta_analysis",
            lambda d: d["evidence"]["studies"].append("study_d.yaml"),
            "evidence.studies[3]: the file cannot be read",
        ),
        (
            "difference_in_differences",
            lambda d: d["evidence"].update(start="begun"),
            "begun: there is no such column",
        ),
        (
            "difference_in_differences",
            lambda d: d["evidence"].update(treatment="people"),
            "give exactly one of 'start' and 'treatment'",
        ),
        (
            "difference_in_differences",
            lambda d: d["evidence"].update(period="office"),
            "office: this column holds neither numbers nor days; write YYYY-MM-DD",
        ),
        (
            "historical_controls",
            lambda d: d["evidence"]["history"][0].update(events=111),
            "evidence.history[0].events: events lie between 0 and 110 people (seen: 111)",
        ),
        (
            "difference_in_differences",
            lambda d: d["design"].update(clock="calendar"),
            "contract.start: the outcomes are those of the calendar from 2030-01-01 on (seen: "
            "'2031-04-01'); count them since the start (clock: since_start)",
        ),
        (
            "historical_controls",
            lambda d: d.update(accept_checks={"conflict": "why not"}),
            "there is no such check (seen: 'conflict'); none failed: remove it",
        ),
        (
            "historical_controls",
            lambda d: d.update(accept_checks={"conflict with history: licence": " "}),
            "a check is accepted for a reason; say why",
        ),
    ],
)
def test_bad_cases_are_refused_in_a_sentence(
    name: str, change: Change, message: str, tmp_path: Path
) -> None:
    with pytest.raises(InputError) as caught:
        run(name, tmp_path, change)
    assert message in str(caught.value)


def test_evidence_that_states_its_effect_takes_no_design(tmp_path: Path) -> None:
    data = Document.read(ROOT / "examples/koto_sib/case.yaml").data
    for change, message in (
        ({"design": {"type": "experiment"}}, "evidence of type 'published' states its effect"),
        ({"accept_checks": {"R-hat": REASON}}, "accept_checks: no design is checked here"),
    ):
        path = tmp_path / "case.yaml"
        path.write_text(json.dumps(data | change, default=str), encoding="utf-8")
        with pytest.raises(InputError, match=message):
            Case.from_yaml(path)


@pytest.mark.parametrize("entry", entries(), ids=lambda entry: entry["pattern"][:20])
def test_the_words_of_a_design_are_sentences_of_both_languages(entry: dict[str, Any]) -> None:
    assert set(entry) == {"pattern", "from", "assumes", "fails"}
    for key in ("from", "assumes", "fails"):
        assert set(entry[key]) == {"en", "fi"}
        assert all(text.endswith(".") for text in entry[key].values())
        assert entry[key]["en"] != entry[key]["fi"]


@pytest.mark.parametrize(
    "design",
    [
        "randomised experiment",
        "random invitation with non-compliance",
        "matched comparison (entropy balancing)",
        "difference-in-differences",
        "historical controls (robust MAP borrowing)",
        "predicted baseline",
        "random-effects meta-analysis",
        "randomised trial with register follow-up over three years",
    ],
)
def test_every_design_of_the_library_has_words_of_its_own(design: str) -> None:
    found = design_words(design)
    assert found is not None
    others = {d["assumes"]["en"] for d in entries()} - {found.assumes}
    assert len(others) == len(entries()) - 1


def test_the_schema_of_a_case_knows_every_type_of_evidence_and_design() -> None:
    schema = schema_of("case")
    known = {
        part["properties"]["type"]["const"]
        for part in schema["$defs"].values()
        if "const" in part.get("properties", {}).get("type", {})
    }
    for union in (Evidence, DesignChoice):
        for spec in get_args(get_args(union.__value__)[0]):
            assert next(f.default for f in fields(spec) if f.name == "type") in known
    assert "accept_checks" in schema["properties"]


def test_people_with_unknown_outcomes_and_dated_covariates_are_read(tmp_path: Path) -> None:
    rows = ["asked,age,seen,assigned,licence"]
    rows += [f"{i % 2},{20 + i % 7},2026-01-0{1 + i % 3},2026-02-01,{i % 3 % 2}" for i in range(60)]
    rows[5] = rows[5].rsplit(",", 1)[0] + ","
    (tmp_path / "people.csv").write_text("\n".join(rows), encoding="utf-8")

    def change(data: dict[str, Any], seen: str = "seen") -> None:
        data["evidence"] = {
            "type": "cohort",
            "file": "people.csv",
            "treatment": "asked",
            "index_date": "assigned",
            "covariates": [{"name": "age", "measured_at": seen}],
            "outcomes": data["evidence"]["outcomes"],
            "periods": data["evidence"]["periods"],
            "missing_outcomes": True,
        }

    result = run("experiment_on_counts", tmp_path, change)
    assert any("missing" in text or "not known" in text for text in result.assumptions)
    with pytest.raises(InputError, match=r"age: .*measured after"):
        run("experiment_on_counts", tmp_path, lambda d: change(d, "2026-03-01"))


@pytest.fixture(scope="module")
def ips() -> CaseResult:
    """The example of ten trials."""
    return run_case(Case.from_yaml(ROOT / "examples/ips/case.yaml"))


def test_the_ten_trials_are_those_of_the_review(ips: CaseResult) -> None:
    # DerSimonian-Laird and fixed effect of these ten ratios by R's metafor: tests/golden/oracles,
    # item 4, to the two decimals that the report writes.
    assert isinstance(ips.design, MetaAnalysis)
    rows = {row[1]: row for row in pooled_table(ips.design, 0.95).rows}
    assert rows["one common effect"][2] == f"{math.exp(0.6848):.2f}"
    assert rows["random effects, DerSimonian-Laird"][2:5] == (
        f"{math.exp(0.9005):.2f}",
        f"{math.exp(0.9005 - 1.959964 * 0.1856):.2f} to {math.exp(0.9005 + 1.959964 * 0.1856):.2f}",
        f"{math.exp(-0.086):.2f} to {math.exp(1.887):.1f}",
    )
    assert len(ips.design.studies) == 10


def test_every_additional_job_of_the_example_is_paid_once_and_no_more_than_the_cap(
    ips: CaseResult,
) -> None:
    assert ips.payments is not None
    total = ips.payments.total()
    assert total.max() == pytest.approx(1_000_000, rel=1e-12)  # the cap, reached by clauses
    assert total.min() == 0
    between = (total > 0) & (total < 999_999)
    gained = ips.outcomes.effect().values.ravel()[between] * 300
    # Measured with the noise of two arms of 300: a difference in shares has at most this error.
    assert np.abs(total[between] / 8000 - gained).mean() < 300 * math.sqrt(2 * 0.25 / 300)


def test_the_finnish_brief_of_the_example_says_what_it_stands_on(ips: CaseResult) -> None:
    finnish = brief(ips).editions[0]
    said = " ".join(line for card in finnish.cards for line in card.lines)
    assert "Perustuu usean tutkimuksen yhdistelmään (meta-analyysi)." in said
    told = [statement.text for statement in finnish.statements]
    assert "Julkaisematta jääneitä tutkimuksia ei ole otettu huomioon." in told
    assert any(text.startswith("Tulosta ilman ohjelmaa ei ole arvioitu") for text in told)
    assert any(text.startswith("Todennäköisyys ylitti rajan") for text in told)
