"""Reforms: dated values over the rules, refused where they fit nothing, marked where used."""

import dataclasses
import datetime as dt

import numpy as np
import pytest

from impactmodel.case import Case
from impactmodel.core.errors import InputError
from impactmodel.core.measures import OutcomeMeasure
from impactmodel.core.outcomes import Outcomes, Provenance
from impactmodel.core.schedule import Periods
from impactmodel.core.spec import dump
from impactmodel.core.yaml import Document
from impactmodel.fiscal import Person, RuleSide, load_rules, savings
from impactmodel.fiscal.parameter_files import Value
from impactmodel.fiscal.reform import Change, Reform
from tests.evidence import published_job

RULES = load_rules("fi")
DAILY = "benefit.basic_daily_amount"
PERSON = Person(wage=2500.0, age=34.0, benefit="labour_market_subsidy", municipality="helsinki")


def day(text):
    return dt.date.fromisoformat(text)


def people(treated=(0.6, 0.5), without=(0.2, 0.3), start="2024-01-01"):
    return Outcomes.from_draws(
        np.asarray(treated, float).reshape(-1, 1, 1, 1).repeat(2, axis=3),
        np.asarray(without, float).reshape(-1, 1, 1, 1).repeat(2, axis=3),
        measures=[OutcomeMeasure("job", kind="binary", channel="employment")],
        periods=Periods(day(start), "year", 2),
        cohort_size=100,
        provenance=Provenance(),
    )


def saved(reform=None, **more):
    return savings(people(), RuleSide(persons=(PERSON,), reform=reform, **more))


def raised(value=50.0, since="2025-01-01", **more):
    return Reform("Raised allowance", changes=(Change(DAILY, day(since), value, **more),))


def test_an_empty_reform_changes_nothing_at_all():
    base, same = saved(), saved(Reform("nothing"))
    for arm in ("treated", "counterfactual"):
        assert np.array_equal(base.ledger.dataset[arm].values, same.ledger.dataset[arm].values)
    assert "REFORM “nothing”: none of its values is used here" in same.assumptions


def test_a_reform_with_the_values_in_force_changes_nothing_at_all():
    known = RULES.at(day("2024-01-01"))
    names = [n for n in RULES.parameters if known.find(n).value.value is not None]
    changes = tuple(
        Change(n, day("2024-01-01"), known.value(n), until=day("2024-01-02")) for n in names
    )
    same = saved(Reform("as it is", changes=changes))
    assert np.array_equal(
        saved().ledger.dataset["treated"].values, same.ledger.dataset["treated"].values
    )


def test_a_raised_daily_allowance_by_hand():
    """12 months of 21.5 days at 50 euros in place of 37.21, of the 0.3 x 100 fewer on benefit."""
    base, more = saved(), saved(raised())
    # The municipality and the state bear all of it; draws 0.4 and 0.2 fewer of 100 people.
    paid = [
        sum(
            s.ledger.cell(payer, "labour_market_subsidy", 2025)
            for payer in ("state", "municipality")
        )
        for s in (base, more)
    ]
    assert (paid[1] - paid[0]).tolist() == pytest.approx(
        [40 * 258 * (50 - 37.21), 20 * 258 * (50 - 37.21)]
    )
    for payer in ("state", "municipality"):
        same = [s.ledger.cell(payer, "labour_market_subsidy", 2024) for s in (base, more)]
        assert np.array_equal(*same)


def test_a_value_replaces_what_the_rules_change_later_until_its_end():
    name = DAILY
    first = RULES.reformed(Reform("r", changes=(Change(name, day("2022-01-01"), 1.5),)))
    assert {first.at(day(f"{y}-06-01")).value(name) for y in range(2022, 2027)} == {1.5}
    ending = RULES.reformed(
        Reform("r", changes=(Change(name, day("2022-01-01"), 1.5, until=day("2024-06-01")),))
    )
    assert ending.at(day("2024-05-31")).value(name) == 1.5
    for text in ("2021-12-31", "2024-06-01", "2025-06-01", "2026-12-31"):
        assert ending.at(day(text)).value(name) == RULES.at(day(text)).value(name)


def test_a_reform_stands_in_the_assumptions_and_explanations():
    found = saved(raised())
    assert f"REFORM “Raised allowance”, values used: {DAILY} from 2025-01-01" in found.assumptions
    said = found.explain("state", "labour_market_subsidy", 2025)
    assert "REFORM “Raised allowance”, assumption" in said
    assert "REFORM" not in found.explain("state", "labour_market_subsidy", 2024)
    parameters = found.central().parameters.values()
    assert [p.status for p in parameters if "REFORM" in p.source] == ["reform, assumption"]
    assert not any("UNVERIFIED" in text and DAILY in text for text in found.assumptions)


class TestRefused:
    @pytest.mark.parametrize(
        ("changes", "message"),
        [
            (
                [Change("benefit.basic_daily_amont", dt.date(2025, 1, 1), 40.0)],
                r"changes\[0\].parameter: the rules have no such parameter \(seen: .+\); "
                "did you mean 'benefit.basic_daily_amount'",
            ),
            (
                [Change(DAILY, dt.date(2025, 1, 1), ((0.0, 1.0),))],
                r"changes\[0\].value: a parameter of shape number needs one number",
            ),
            (
                [Change(DAILY, dt.date(2025, 1, 1), None)],
                "null needs the parameter's null_means",
            ),
            (
                [Change(DAILY, dt.date(2018, 1, 1), 40.0)],
                r"valid_from: the change begins outside the covered dates, 2019-01-01 to",
            ),
            ([Change(DAILY, dt.date(2027, 1, 1), 40.0)], "outside the covered dates"),
            (
                [Change(DAILY, dt.date(2025, 1, 1), 1.0), Change(DAILY, dt.date(2025, 1, 1), 2.0)],
                r"changes\[1\].valid_from: two changes of one parameter overlap",
            ),
            (
                [
                    Change(DAILY, dt.date(2025, 1, 1), 1.0, until=dt.date(2026, 1, 1)),
                    Change(DAILY, dt.date(2025, 6, 1), 2.0),
                ],
                "overlap",
            ),
        ],
    )
    def test_a_change_that_fits_nothing(self, changes, message):
        with pytest.raises(InputError, match=message):
            RULES.reformed(Reform("r", changes=tuple(changes)))

    def test_a_change_that_ends_before_it_begins(self):
        with pytest.raises(InputError, match="ends before it begins"):
            Change(DAILY, day("2025-01-01"), 1.0, until=day("2025-01-01"))

    def test_a_proposed_value_without_a_source(self):
        with pytest.raises(InputError, match="names who proposes it"):
            Reform("r", status="proposed", changes=(Change(DAILY, day("2025-01-01"), 1.0),))

    def test_a_file_that_was_not_read(self):
        with pytest.raises(InputError, match="the file of the reform was not read"):
            saved("reform.yaml")


def test_after_the_covered_dates_only_carried_forward():
    later = RULES.carry_forward().reformed(raised(since="2028-01-01"))
    assert later.at(day("2027-12-31")).value(DAILY) == RULES.at(day("2026-12-31")).value(DAILY)
    found = later.at(day("2028-01-01")).find(DAILY)
    assert found.amount == 50.0
    assert "carried forward to 2028-01-01" in found.marks


class TestTwoClocks:
    """A value enacted on 1 September 2024 for the time from 1 June 2024 on."""

    def rules(self):
        base = RULES.parameters[DAILY]
        late = Value(
            valid_from=day("2024-06-01"),
            value=44.0,
            source=base.values[0].source,
            status="enacted",
            confidence="high",
            retrieved=day("2024-10-01"),
            locator="section 1",
            known_from=day("2024-09-01"),
        )
        values = tuple(sorted((*base.values, late), key=lambda v: (v.valid_from, v.known)))
        return RULES.with_values({DAILY: values})

    def test_rules_as_signed_are_the_same_whatever_is_enacted_later(self):
        enacted = self.rules()
        july = day("2024-07-01")
        assert enacted.at(july).value(DAILY) == 44.0
        for signed, amount in (("2024-08-31", 37.21), ("2024-09-01", 44.0)):
            assert enacted.as_signed(day(signed)).at(july).value(DAILY) == amount
        found = enacted.as_signed(day("2024-08-31")).at(july).find(DAILY)
        assert found.frozen
        before = savings(people(), RULES.as_signed(day("2024-08-31")), profile=profile())
        after = savings(people(), enacted.as_signed(day("2024-08-31")), profile=profile())
        assert np.array_equal(
            before.ledger.dataset["treated"].values, after.ledger.dataset["treated"].values
        )
        assert not np.array_equal(
            before.ledger.dataset["treated"].values,
            savings(people(), enacted, profile=profile()).ledger.dataset["treated"].values,
        )

    def test_after_a_reform_ends_each_day_of_signing_finds_its_own_value(self):
        change = Change(DAILY, day("2024-07-01"), 1.0, until=day("2024-08-01"))
        rules = self.rules().reformed(Reform("r", changes=(change,)))
        august = day("2024-08-15")
        assert rules.at(day("2024-07-15")).value(DAILY) == 1.0
        assert rules.at(august).value(DAILY) == 44.0
        assert rules.as_signed(day("2024-08-31")).at(august).value(DAILY) == 37.21

    def test_a_reform_known_later_does_not_count_for_rules_as_signed(self):
        reform = raised(known_from=day("2024-12-01"))
        june = day("2025-06-01")
        assert RULES.reformed(reform).at(june).value(DAILY) == 50.0
        assert RULES.reformed(reform).as_signed(day("2024-11-30")).at(june).value(DAILY) == 37.21


def profile():
    from impactmodel.fiscal import Profile

    return Profile((PERSON,))


@pytest.mark.parametrize(
    ("made", "amount"),
    [
        (lambda rules: rules.reformed(raised()), 50.0),
        (lambda rules: rules.with_values({DAILY: RULES.parameters[DAILY].values[:1]}), 32.40),
        (lambda rules: rules.as_signed(day("2019-06-01")), 32.40),
        (lambda rules: rules.carry_forward(), 37.21),
    ],
)
def test_rules_made_of_others_share_their_plans_and_read_their_own_values(made, amount):
    given = {
        "benefit_kind": "basic_level", "children_under_18": 0, "service_share": 0,
        "month_share": 1, "part_time_wage": 0,
    }  # fmt: skip
    rules = dataclasses.replace(RULES, _plans={})
    of_day = [one.at(day("2025-06-01")) for one in (rules, made(rules))]
    found = [one.compute(given, "unemployment_benefit")["daily_benefit"] for one in of_day]
    assert len(rules._plans) == 1
    assert np.ravel(found) == pytest.approx([37.21, amount], abs=1e-9)


def test_a_case_reads_a_reform_beside_it_and_keeps_its_hash(tmp_path):
    from ruamel.yaml import YAML

    reform = {
        "name": "Raised allowance",
        "status": "proposed",
        "source": "an invented bill",
        "changes": [{"parameter": DAILY, "valid_from": day("2025-01-01"), "value": 50}],
    }
    data = {
        "name": "A reform",
        "draws": 200,
        "evidence": published_job(
            "2024-01-01", 2, people=400, estimate=0.1, se=0.03, level=0.2, correlation=1.0
        ),
        "public": {"type": "rules", "reform": "reform.yaml", "persons": [dump(PERSON)]},
    }
    for name, what in (("reform.yaml", reform), ("case.yaml", data)):
        with (tmp_path / name).open("w") as file:
            YAML().dump(what, file)
    case = Case.from_yaml(tmp_path / "case.yaml")
    assert case.public.reform == Reform.from_yaml(tmp_path / "reform.yaml")
    assert set(case.inputs) == {"case.yaml", "reform.yaml"}
    text = (tmp_path / "reform.yaml").read_text().replace("basic_daily", "basic_dayly")
    (tmp_path / "reform.yaml").write_text(text)
    with pytest.raises(InputError, match=r"reform\.yaml.*no such parameter"):
        Case.from_yaml(tmp_path / "case.yaml")


def test_a_reform_file_names_line_and_key_of_a_fault(tmp_path):
    path = tmp_path / "reform.yaml"
    path.write_text(
        "name: r\nchanges:\n  - parametre: x\n    valid_from: 2025-01-01\n    value: 1\n"
    )
    with pytest.raises(InputError, match=r"reform\.yaml, line 3, changes\[0\]"):
        Reform.from_yaml(path)
    assert Document.read(path).data["name"] == "r"
