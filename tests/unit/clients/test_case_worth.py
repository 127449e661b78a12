"""A case says what places are worth to whom: a stranger's payers, currency and columns."""

import json
from dataclasses import replace

import numpy as np
import openpyxl
import pytest

from impactmodel.core.errors import InputError
from impactmodel.report.files import write_run
from impactmodel.running import run_case
from tests.spreadsheet import convert
from tests.stranger_case import people, stranger


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    folder = tmp_path_factory.mktemp("worth")
    result = run_case(stranger(folder))
    out = folder / "out"
    out.mkdir()
    write_run(result, out)
    return out, result


def test_values_are_those_of_the_cases_own_public_side(ran):
    _, result = ran
    story = result.evidence_report
    value, drawn = story.value, story.learnt.drawn
    assert value.currency == "SEK"
    np.testing.assert_allclose(value.by_payer["county"], 90_000 * drawn.effect)
    at = {s: i for i, s in enumerate(value.services)}
    net = value.net("county")
    np.testing.assert_allclose(
        net[:, at["stod"]], 90_000 * drawn.effect[:, at["stod"]] - 9_000, rtol=1e-9, atol=1e-6
    )
    # The case's public saving is of the same jobs: places by group times the value of each.
    places = story.proposal.places
    share = places.sum(axis=1) > 0
    saved = result.savings.by_payer()["county"]
    jobs = np.einsum("dsg,gs->dg", drawn.effect, places)[:, share].sum(axis=1)
    np.testing.assert_allclose(saved, 90_000 * jobs, rtol=1e-6)


def test_places_that_seek_money_leave_the_dear_course_out_but_for_the_lottery(ran):
    _, result = ran
    story = result.evidence_report
    found = story.proposal.allocation
    course = found.types.services.index("kurs")
    # A course at 52,000 adds .2 jobs at most, worth 24,000: none but the 6 drawn by lot.
    assert found.by_gain[:, course].sum() == 0
    assert found.by_lot[:, course].sum() == 6
    low = next(i for i, g in enumerate(story.learnt.drawn.groups) if "grund" in g)
    support = found.types.services.index("stod")
    assert story.proposal.places[low, support] > 50
    points = story.proposal.tradeoff
    jobs, money = [p.jobs.mean() for p in points], [p.value.mean() for p in points]
    assert jobs[-1] > jobs[0]
    assert money == sorted(money, reverse=True)
    assert points[0].places[course] == pytest.approx(0, abs=1e-6)


def test_report_and_summary_say_it(ran):
    out, result = ran
    page = (out / "report.html").read_text(encoding="utf-8")
    for text in ("Cost per additional job", "P(no additional job)", "Break-even effect", "SEK"):
        assert text in page
    said = json.loads((out / "summary.json").read_text())["evidence"]["worth"]
    assert said["aim"] == "net_value"
    assert said["paid_by"] == {"stod": "county", "kurs": "social_fund"}
    cell = said["net_per_place"]["county"]["stod"]
    value = result.evidence_report.value
    for g, group in enumerate(value.groups):
        draws = value.net("county")[:, 0, g]
        assert cell[group]["mean"] == pytest.approx(draws.mean())
        assert cell[group]["p_positive"] == pytest.approx((draws > 0).mean())


def test_the_workbook_is_live_at_the_means(ran, libreoffice, tmp_path):
    out, result = ran
    value = result.evidence_report.value
    convert(libreoffice, tmp_path / "out", "xlsx", out / "workbook.xlsx")
    stored, fresh = (
        openpyxl.load_workbook(path, data_only=True)["Places"]
        for path in (out / "workbook.xlsx", tmp_path / "out" / "workbook.xlsx")
    )
    formulas = openpyxl.load_workbook(out / "workbook.xlsx")["Places"]
    checked = 0
    for row in formulas.iter_rows():
        for cell in row:
            if cell.data_type == "f":
                at = cell.coordinate
                assert fresh[at].value == pytest.approx(stored[at].value, rel=1e-9)
                checked += 1
    pairs = len(value.services) * len(value.groups)
    # A cost per job each; net value and break-even for each payer who gains, and for all.
    assert checked >= pairs * (1 + 2 * 3)
    rows = [[c.value for c in row] for row in fresh.iter_rows()]
    county = [r for r in rows if r[2] == "county" and r[0] == "stod" and r[3] == 90_000]
    for g, row in enumerate(county):
        # The county's value is certain: the formula at the means is the mean of draws.
        assert row[5] == pytest.approx(value.net("county")[:, 0, g].mean(), rel=1e-9)
    assert len(county) == len(value.groups)


def test_without_a_public_side_the_cost_per_job_stands_alone_and_the_report_says_why(tmp_path):
    stated = stranger(tmp_path, ("aim: {type: net_value}", "currency: SEK"))
    plain = run_case(replace(stated, public=None))
    story = plain.evidence_report
    assert story.value.by_payer == {}
    assert story.proposal.tradeoff == ()
    out = tmp_path / "out"
    out.mkdir()
    write_run(plain, out)
    page = (out / "report.html").read_text(encoding="utf-8")
    assert "nothing says what a job is worth to whom" in page
    assert "Cost per additional job" in page


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (("aim: {type: net_value}", "aim: {type: net_value, payer: moon}"), "neither gains"),
        (("paid_by: {stod: county, kurs", "paid_by: {yoga: county, kurs"), "no capacity"),
        (("cost: {stod: 9000, kurs: 52000}", "cost: {stod: 9000}"), "cost of every service"),
        (("aim: {type: net_value}", "currency: EUR"), "another currency"),
        (("aim: {type: net_value}", "aim: {type: money}"), "aim"),
        (("outcome: arbete, value: 90000", "outcome: jobb, value: 90000"), "public.*jobb"),
    ],
)
def test_what_cannot_be_weighed_is_refused(tmp_path, change, what):
    with pytest.raises(InputError, match=what):
        run_case(stranger(tmp_path, change, table=people(600)))
