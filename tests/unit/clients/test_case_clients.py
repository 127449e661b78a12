"""Clients in a case: a stranger's file, what every run leaves, and what is refused."""

import datetime as dt
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from impactmodel.case import Case
from impactmodel.clients import SyntheticClients
from impactmodel.clients.letter_sample import LetterWords
from impactmodel.core.errors import InputError
from impactmodel.core.spec import load
from impactmodel.report.evidence_reports import evidence_pages
from impactmodel.report.files import write_run
from impactmodel.running import run_case

EXAMPLE = Path(__file__).parents[3] / "examples" / "client_groups" / "case.yaml"
SAID = {"fi": "a", "sv": "b", "en": "c"}
USE = dict.fromkeys(
    ("assesses", "target", "purpose", "legal_basis", "controller", "role", "contact"), SAID
) | {"also_uses": [SAID]}

CASE = """
name: A stranger's clients
seed: 4
draws: 600
evidence:
  type: clients
  rows:
    type: file
    file: people.csv
    population: made-up people of a test
    table:
      index: came
      features:
        schooling: {type: category, levels: [low, high]}
        gap: {type: number, unit: months}
        woman: {type: flag}
      protected: [woman]
      service: got
      services: [nothing, course]
    targets: [{name: job, event: any job, horizon_days: 365, days_required: 30}]
  periods: {start: 2027-01-01, step: year, count: 1, clock: since_start}
  purpose:
    legal_basis: section 1 of an act
    permit: T-1
    controller: a test
    purpose: PURPOSE
    allowed_outputs: [OUTPUT]
    expires: 2099-12-31
    retention: 2099-12-31
  use:
    name: test_use
    assesses: the chance of a job
    purpose:
      legal_basis: section 2 of an act
      permit: ""
      controller: a test
      purpose: client_work
      allowed_outputs: [client_decision]
      expires: 2099-12-31
      retention: 2099-12-31
    variables: [schooling, gap, woman]
    oversight: {role: adviser, also_uses: [the interview], contact: the desk}
  plan:
    anticipation: {target: job, policy: {type: without_service}}
    later: 2026-07-01
    groups: {type: given_groups, by: [schooling]}
    places: {capacity: {course: 60}, random_share: 0.1}
    audited: [woman]
contract:
  name: Jobs
  currency: EUR
  start: 2027-01-01
  last_start: 2027-12-31
  population: participants
  evaluation: {comparison_size: 200}
  clauses:
    - name: jobs
      outcome: job
      basis: {type: measured_impact}
      payment: {type: rate, price: 1000}
      payer: city
      assumed: true
"""


def people(size=3000):
    """Return people whose course adds .25 for the low and nothing for the high."""
    rng = np.random.default_rng(8)
    low, gap, woman = rng.random(size) < 0.5, rng.gamma(2, 3, size), rng.random(size) < 0.5
    got = rng.random(size) < np.where(low, 0.4, 0.25)
    chance = 0.55 - 0.2 * low - 0.01 * np.minimum(gap, 20) + 0.25 * low * got
    day = np.datetime64("2026-01-01") + rng.integers(0, 365, size)
    return pd.DataFrame(
        {
            "came": day.astype(str),
            "schooling": np.where(low, "low", "high"),
            "gap": gap.round(1),
            "woman": woman.astype(int),
            "got": np.where(got, "course", "nothing"),
            "job": (rng.random(size) < chance).astype(int),
        }
    )


def case(folder, purpose="evaluation", output="effect", table=None):
    (people() if table is None else table).to_csv(folder / "people.csv", index=False)
    path = folder / "case.yaml"
    path.write_text(CASE.replace("PURPOSE", purpose).replace("OUTPUT", output))
    return Case.from_yaml(path)


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    folder = tmp_path_factory.mktemp("clients")
    return folder, run_case(case(folder))


def test_places_go_to_those_whom_the_course_helps(ran):
    _, result = ran
    story = result.evidence_report
    drawn, places = story.learnt.drawn, story.proposal.places
    low = next(i for i, name in enumerate(drawn.groups) if "low" in name)
    # The planted effects are .25 and 0; four standard errors of about .035.
    effect = drawn.effect[:, 0].mean(axis=0)
    assert abs(effect[low] - 0.25) < 0.14
    assert abs(effect[1 - low]) < 0.14
    assert places.sum() == pytest.approx(60)
    assert places[low].sum() > 50
    assert story.merged.labels == drawn.groups


def test_the_contract_pays_for_the_places_alone(ran):
    _, result = ran
    effect = result.outcomes.effect().values[:, :, 0, 0]
    size = result.outcomes.cohort_size.values
    assert size.sum(axis=1) == pytest.approx(60)
    expected = 1000 * (effect * size).sum(axis=1).mean()
    # The measured view adds noise of about 5,000 a draw, over 600 draws.
    assert result.payments.total().mean() == pytest.approx(expected, abs=2500)


def test_every_document_of_the_model_is_written(ran, tmp_path):
    folder, result = ran
    write_run(result, tmp_path)
    for name in ("model_card", "data_sheet", "fairness", "monitoring"):
        assert "test_use" in (tmp_path / f"{name}.html").read_text() or name == "fairness"
    page = (tmp_path / "report.html").read_text()
    for heading in ("What helps whom", "Where the next places could go", "Fairness"):
        assert heading in page
    found = json.loads((tmp_path / "summary.json").read_text())["evidence"]
    assert found["people"]["earlier"] + found["people"]["later"] == 3000
    lines = [json.loads(line) for line in (folder / "audit.jsonl").read_text().splitlines()]
    assert all(line["allowed"] and line["output"] == "effect" for line in lines)
    assert "people.csv" in result.record.inputs


def test_a_refused_use_leaves_a_line_and_no_result(tmp_path):
    refused = case(tmp_path, "client_work", "client_decision")
    with pytest.raises(InputError, match="client_work"):
        run_case(refused)
    (line,) = (tmp_path / "audit.jsonl").read_text().splitlines()
    assert json.loads(line)["allowed"] is False


def test_a_feature_recorded_after_the_index_date_is_refused(tmp_path):
    table = people(200).assign(seen="2027-01-01")
    made = case(tmp_path, table=table)
    rows = made.evidence.rows
    late = replace(rows.table.features["gap"], recorded="seen")
    declared = replace(rows.table, features={**rows.table.features, "gap": late})
    evidence = replace(made.evidence, rows=replace(rows, table=declared))
    with pytest.raises(InputError, match="recorded after the index date for 200 of 200"):
        run_case(replace(made, evidence=evidence))


def test_a_day_that_parts_nobody_is_refused(tmp_path):
    made = case(tmp_path, table=people(200))
    plan = replace(made.evidence.plan, later=dt.date(2030, 1, 1))
    with pytest.raises(InputError, match="later: everybody entered on one side"):
        run_case(replace(made, evidence=replace(made.evidence, plan=plan)))


def test_the_pages_of_an_earlier_model_do_not_outlive_it(ran, tmp_path):
    from impactmodel.cli.folder import replaced
    from impactmodel.report.files import DESK_FILES, MODEL_PAGES, RUN_FILES

    names = (*RUN_FILES, *MODEL_PAGES, *DESK_FILES)
    _, result = ran
    written = {name for name in MODEL_PAGES if not name.startswith("letter")}
    out = tmp_path / "out"
    with replaced(out, names) as stage:
        write_run(result, stage)
    assert {path.name for path in out.iterdir()} == {*RUN_FILES, *written, *DESK_FILES}
    with replaced(out, names) as stage:
        (stage / "report.html").write_text("another case")
    assert {path.name for path in out.iterdir()} == {"report.html"}


def test_no_letter_goes_to_a_real_client(tmp_path):
    evidence = case(tmp_path, table=people(200)).evidence
    words = load(LetterWords, {"use": USE, "features": {}})
    with pytest.raises(InputError, match="letter: a run writes no letter to a real client"):
        replace(evidence, letter=words)


def test_the_example_tells_its_story_with_letters_in_three_languages():
    found = Case.from_yaml(EXAMPLE)
    rows = replace(found.evidence.rows, clients=SyntheticClients(6000, seed=3))
    places = replace(
        found.evidence.plan.places,
        capacity=dict.fromkeys(found.evidence.plan.places.capacity, 60),
        budget=700_000.0,
    )
    plan = replace(found.evidence.plan, places=places)
    small = replace(found, evidence=replace(found.evidence, rows=rows, plan=plan))
    result = run_case(replace(small, settings=replace(small.settings, draws=800)))
    assert any("synthetic" in note for note in result.notes)
    assert result.record.made
    pages = evidence_pages(result.evidence_report)
    said = {"fi": "Mikä nosti", "sv": "Vad höjde", "en": "synthetic"}
    for language, text in said.items():
        assert text in pages[f"letter_{language}.html"].html()
    spent = result.evidence_report.proposal.places.sum(axis=0) @ [1500, 4000, 6000]
    assert spent <= 700_000 + 1e-6
    assert result.payments is not None
    assert result.savings is not None
