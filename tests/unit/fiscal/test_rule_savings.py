"""Savings by the Finnish rules against persons' months and years computed one by one."""

import datetime as dt

import numpy as np
import pytest

from impactmodel.core.distribution import Beta
from impactmodel.core.errors import DiagnosticsError, InputError
from impactmodel.core.measures import OutcomeMeasure
from impactmodel.core.outcomes import Outcomes, Provenance
from impactmodel.core.schedule import Periods, add_months
from impactmodel.core.spec import dump, load
from impactmodel.effects.dependence import Comonotone, Copula, Independent
from impactmodel.effects.histories import HistoryAssumptions
from impactmodel.fiscal import Person, Profile, PublicSide, RuleSide, load_rules, savings

JOB = OutcomeMeasure("job", kind="binary", channel="employment")
RULES = load_rules("fi")
SUBSIDY = Person(
    wage=2500.0, age=34.0, benefit="labour_market_subsidy", paid_days=250.0, municipality="helsinki"
)


def outcomes(treated, without, start=dt.date(2024, 1, 1), step="month", size=1.0, **more):
    """Shares in work by period; the first dim may be draws."""
    treated, without = (np.atleast_2d(np.asarray(a, float)) for a in (treated, without))
    return Outcomes.from_draws(
        treated[:, None, None, :],
        without[:, None, None, :],
        measures=[more.pop("measure", JOB)],
        periods=Periods(start, step, treated.shape[1]),
        cohort_size=size,
        provenance=Provenance(**more),
    )


def one_by_one(person, path, start):
    """Receipts by (line, payer, year) of one person on one path, month after month."""
    received = {}

    def add(line, payer, year, amount):
        received[line, payer, year] = received.get((line, payer, year), 0.0) + amount

    counter, from_2025, years = person.paid_days, person.paid_days + person.other_days, {}
    for t, works in enumerate(path):
        day = add_months(start, t)
        rules, passed = RULES.at(day), t / 12
        year = years.setdefault(day.year, {"wage": 0.0, "benefit": 0.0, "first": t})
        if works:
            year["wage"] += person.wage
            add("gross_wage", "participant", day.year, person.wage)
            found = rules.compute(
                {"wage": person.wage, "age": person.age + int(passed)}, "employer_contributions"
            )
            for line, payer in (
                ("employer_pension", "pension_insurers"),
                ("employer_unemployment_insurance", "employment_fund"),
                ("employer_sickness_insurance", "kela_sickness_fund"),
            ):
                add(line, payer, day.year, float(found[line]))
                add(line, "employer", day.year, -float(found[line]))
            continue
        kind = person.benefit
        if day >= dt.date(2026, 5, 1):
            kind = "general_support"
        found = rules.compute(
            {
                "benefit_kind": kind,
                "children_under_18": person.children,
                "month_share": 1.0,
                "service_share": person.service_share,
                "part_time_wage": 0.0,
                "days_paid_before": counter if day.year < 2025 else from_2025,
                "benefit_ground": "unemployment",
                "integration_ground": person.integration_ground,
                "integration_years": person.integration_years + passed,
            },
            "unemployment_benefit",
            "municipal_share",
        )
        state_alone = person.integration_ground != "none" and person.integration_years + passed < 3
        from_2025 += 0.0 if state_alone else 21.5
        counter += 0.0 if state_alone else 21.5 * (1 - person.service_share)
        year["benefit"] += float(found["monthly_benefit"])
        add(kind, "participant", day.year, float(found["monthly_benefit"]))
        add(kind, "state", day.year, -float(found["state_benefit"]))
        add(kind, "municipality", day.year, -float(found["municipal_benefit"]))
    for number, year in years.items():
        found = RULES.at(dt.date(number, 1, 1)).compute(
            {
                "wage": year["wage"],
                "taxable_benefit": year["benefit"],
                "age": person.age + int(year["first"] / 12),
                "children_under_18": person.children,
                "sole_carer": person.sole_carer,
                "church_member": person.church,
                "municipality": person.municipality,
            },
            "employee_contributions",
            "income_tax",
        )
        for line, payer in (
            ("state_tax", "state"),
            ("municipal_tax", "municipality"),
            ("broadcasting_tax", "state"),
            ("church_tax", "parish"),
            ("medical_care_contribution", "kela_sickness_fund"),
            ("daily_allowance_contribution", "kela_sickness_fund"),
            ("employee_unemployment_insurance", "employment_fund"),
            ("employee_pension", "pension_insurers"),
        ):
            add(line, payer, number, float(found[line]))
            add(line, "participant", number, -float(found[line]))
    return received


PATHS = {
    "into work in the third year, across the benefit rise of August 2022": (
        [0] * 30 + [1] * 18,
        [0] * 48,
        dt.date(2020, 1, 1),
    ),
    "municipal steps of 2025 and general support of May 2026": (
        [0] * 20 + [1] * 16,
        [0] * 29 + [1] * 7,
        dt.date(2024, 1, 1),
    ),
    "one year each way": ([1] * 12, [0] * 12, dt.date(2023, 1, 1)),
}
PERSONS = {
    "subsidy": SUBSIDY,
    "integration client in services": Person(
        wage=2200.0,
        age=29.0,
        benefit="labour_market_subsidy",
        paid_days=90.0,
        children=2.0,
        sole_carer=1.0,
        church=1.0,
        service_share=0.5,
        integration_ground="refugee",
        integration_years=1.5,
    ),
    "in services after basic allowance": Person(
        wage=2100.0,
        age=45.0,
        benefit="labour_market_subsidy",
        paid_days=120.0,
        other_days=400.0,
        service_share=0.4,
    ),
    "basic allowance": Person(wage=3100.0, age=52.0, benefit="basic_allowance", paid_days=280.0),
}


@pytest.mark.parametrize("person", PERSONS)
@pytest.mark.parametrize("path", PATHS)
def test_certain_paths_equal_the_person_month_by_month(person, path):
    treated, without, start = PATHS[path]
    someone = PERSONS[person]
    found = savings(outcomes(treated, without, start), RULES, profile=Profile((someone,)))
    with_it, other = (one_by_one(someone, arm, start) for arm in (treated, without))
    expected = {key: with_it.get(key, 0.0) - other.get(key, 0.0) for key in {**with_it, **other}}
    table = found.ledger.view("payer", "line", "year")
    seen = 0
    for (line, payer, year), amount in expected.items():
        if line in found.ledger.lines:
            got = float(table.sel(payer=payer, line=line, year=year)[0])
            # Float64 sums of a few dozen amounts of some thousand euros.
            assert got == pytest.approx(amount, abs=1e-7), (line, payer, year)
            seen += 1
        else:
            assert amount == 0.0
    assert seen >= 20
    assert float(table.sum()) == pytest.approx(
        sum(v for (line, *_), v in expected.items() if line == "gross_wage"), abs=1e-6
    )


def test_mixed_people_are_the_weighted_mean_of_their_paths():
    """Comonotone: with shares rising from .2 to .7, a fifth always works, and so on."""
    shares = np.repeat([0.2, 0.5, 0.7], 4)
    start = dt.date(2022, 3, 1)
    found = savings(outcomes(shares, np.zeros(12), start), RULES, profile=Profile((SUBSIDY,)))
    groups = [(0.2, [1] * 12), (0.3, [0] * 4 + [1] * 8), (0.2, [0] * 8 + [1] * 4), (0.3, [0] * 12)]
    lines = ["gross_wage", "labour_market_subsidy", "employer_pension"]
    for line in lines:
        for payer in ("participant", "state", "municipality", "employer", "pension_insurers"):
            for year in (2022, 2023):
                expected = sum(
                    weight * one_by_one(SUBSIDY, path, start).get((line, payer, year), 0.0)
                    for weight, path in groups
                ) - one_by_one(SUBSIDY, [0] * 12, start).get((line, payer, year), 0.0)
                at = found.ledger.dataset
                if ((at["payer"] == payer) & (at["line"] == line)).any():
                    got = found.ledger.cell(payer, line, year)[0]
                    assert got == pytest.approx(expected, abs=1e-7), (line, payer, year)


WORKED_EXAMPLE = {
    ("labour_market_subsidy", "participant"): -9600,
    ("labour_market_subsidy", "state"): 9600,
    ("labour_market_subsidy", "municipality"): 0,
    ("state_tax", "state"): 253,
    ("municipal_tax", "municipality"): 881,
    ("medical_care_contribution", "kela_sickness_fund"): 20,
    ("broadcasting_tax", "state"): 163,
    ("daily_allowance_contribution", "kela_sickness_fund"): 303,
    ("employee_unemployment_insurance", "employment_fund"): 237,
    ("employee_pension", "pension_insurers"): 2145,
    ("employer_pension", "pension_insurers"): 5202,
    ("employer_sickness_insurance", "kela_sickness_fund"): 348,
    ("employer_unemployment_insurance", "employment_fund"): 246,
}


def worked_example(paid_days=0.0):
    person = Person(
        wage=2500.0,
        age=30.0,
        benefit="labour_market_subsidy",
        municipality="helsinki",
        paid_days=paid_days,
    )
    return savings(outcomes([1.0], [0.0], step="year"), RULES, profile=Profile((person,)))


def test_worked_payer_example_line_by_line():
    """2024 rules, Helsinki, no church tax, a year of subsidy against a wage of 30,000 euros."""
    found = worked_example()
    for (line, payer), euros in WORKED_EXAMPLE.items():
        # The example is printed in full euros.
        assert found.ledger.cell(payer, line, 2024)[0] == pytest.approx(euros, abs=0.5), line
    # It also says that the benefit saving is about seven times the income-tax gain.
    income_tax = sum(
        found.by_line()[n][0]
        for n in ("state_tax", "municipal_tax", "broadcasting_tax", "medical_care_contribution")
    )
    assert found.by_line()["labour_market_subsidy"][0] / income_tax == pytest.approx(7.3, abs=0.1)
    # The example says that counting TyEL raises the total by about 61 %.
    pension = sum(found.by_line()[n][0] for n in ("employee_pension", "employer_pension"))
    assert pension / (found.total()[0] - pension) == pytest.approx(0.61, abs=0.005)


def test_the_municipality_bears_from_day_300():
    # 24 of the year's 258 days lie beyond day 300: half of 24 days of 37.21 euros... to the day.
    found = worked_example(paid_days=66.0)
    days = 66 + 258 - 300
    assert found.ledger.cell("municipality", "labour_market_subsidy", 2024)[0] == pytest.approx(
        0.5 * days * 37.21, abs=1e-9
    )
    assert (
        worked_example(paid_days=42.0).ledger.cell("municipality", "labour_market_subsidy", 2024)[0]
        == 0.0
    )


def drawn(rng_seed=1, draws=40, years=3):
    rng = np.random.default_rng(rng_seed)
    base = rng.uniform(0.2, 0.4, (draws, years))
    return base, base + rng.normal(0.08, 0.03, (draws, 1))


@pytest.mark.parametrize("dependence", [Independent(), Copula(0.5), Comonotone()])
@pytest.mark.parametrize("filling", ["even", "block_at_end", "block_at_start"])
def test_zero_effect_is_exactly_zero_and_transfers_sum_to_zero(dependence, filling):
    base, treated = drawn()
    months = OutcomeMeasure("months", kind="count", unit="months", channel="employment")
    side = RuleSide(
        persons=(SUBSIDY, PERSONS["integration client in services"]),
        histories=HistoryAssumptions(dependence, filling),
    )
    nothing = savings(
        outcomes(12 * base, 12 * base, dt.date(2021, 5, 1), "year", 50, measure=months), side
    )
    assert all((draws == 0.0).all() for draws in nothing.by_payer().values())
    some = savings(
        outcomes(12 * treated, 12 * base, dt.date(2021, 5, 1), "year", 50, measure=months), side
    )
    total = sum(some.ledger.by_payer().values())
    wages = some.ledger.view(lines=["gross_wage"]).values
    assert total == pytest.approx(wages, rel=1e-9)
    assert (np.abs(wages) > 1.0).all()


def test_dependence_moves_the_expected_saving_and_filling_the_counter():
    """Expected months are the same; rules are not linear in them."""
    base, treated = drawn()
    shares = outcomes(treated, base, dt.date(2021, 1, 1), "year", 1)
    found = {
        name: savings(
            shares, RuleSide(persons=(SUBSIDY,), histories=HistoryAssumptions(dependence))
        )
        for name, dependence in (
            ("all or nothing", HistoryAssumptions().dependence),
            ("independent", Independent()),
        )
    }
    wages = [s.ledger.view(lines=["gross_wage"]).values for s in found.values()]
    assert wages[0] == pytest.approx(wages[1], rel=1e-12)
    taxes = [s.by_line()["state_tax"].mean() for s in found.values()]
    assert abs(taxes[0] - taxes[1]) > 1.0


def test_people_scale_and_groups_add_up():
    base, treated = drawn()
    profile = Profile((SUBSIDY,))
    one = savings(outcomes(treated, base, step="year", size=1), RULES, profile=profile)
    many = savings(outcomes(treated, base, step="year", size=1000), RULES, profile=profile)
    for payer, draws in one.by_payer().items():
        assert many.by_payer()[payer] == pytest.approx(1000 * draws, rel=1e-12)


def test_persons_of_a_group_belong_to_that_group():
    arms = np.array([[0.5, 0.3], [0.2, 0.3]])  # arm, group: only the young group changes
    both = Outcomes.from_draws(
        arms[0].reshape(1, 2, 1, 1),
        arms[1].reshape(1, 2, 1, 1),
        measures=[JOB],
        periods=Periods(dt.date(2024, 1, 1), "year", 1),
        cohort_size=[10, 20],
        groups=("young", "old"),
        provenance=Provenance(),
    )
    young = Person(wage=2000.0, age=22.0, benefit="basic_allowance", group="young")
    found = savings(both, RULES, profile=Profile((young, SUBSIDY)))
    # The person of every group shares the young group and is alone in the old one.
    view = found.ledger.view("group", "line", payers=["participant"])
    wage = view.sel(line="gross_wage").values[0]
    assert wage == pytest.approx([10 * 0.3 * 12 * (2000 + 2500) / 2, 0.0], abs=1e-9)
    assert float(view.sel(line="basic_allowance", group="old")[0]) == 0.0
    with pytest.raises(InputError) as caught:
        savings(both, RULES, profile=Profile((Person(wage=2000.0, age=22.0, group="elderly"),)))
    assert str(caught.value) == (
        "persons[0].group: the outcomes have no such group (seen: 'elderly'); use one of young, old"
    )


def test_horizon_and_fade_out():
    flat = outcomes([[0.5]], [[0.3]], dt.date(2020, 1, 1), "year")
    profile = Profile((SUBSIDY,))
    still = savings(flat, RuleSide(persons=(SUBSIDY,)), horizon_years=3)
    fading = savings(flat, RuleSide(persons=(SUBSIDY,), fade_out=0.5), horizon_years=3)
    wages = [s.ledger.view("year", lines=["gross_wage"]).values[0] for s in (still, fading)]
    assert wages[0] == pytest.approx([6000.0] * 3)
    assert wages[1] == pytest.approx([6000.0, 3000.0, 1500.0])
    assert any("fade-out" in text for text in fading.assumptions)
    assert savings(flat, RULES, profile=profile).ledger.years == (2020,)


def test_displacement_is_drawn_and_scales_the_effect_before_the_rules():
    flat = outcomes(np.full((500, 1), 0.5), np.full((500, 1), 0.3), step="year")
    side = RuleSide(persons=(SUBSIDY,), displacement=Beta(0.25, 0.05))
    wages = savings(flat, side).ledger.view(lines=["gross_wage"]).values
    assert wages.mean() == pytest.approx(6000 * 0.75, rel=0.01)
    assert wages.std() == pytest.approx(6000 * 0.05, rel=0.15)


def test_earnings_are_months_at_the_wage_of_the_profile():
    earnings = OutcomeMeasure("earnings", kind="amount", unit="EUR/year", channel="earnings")
    found = savings(
        outcomes([[15_000.0]], [[9_000.0]], step="year", measure=earnings),
        RULES,
        profile=Profile((SUBSIDY,)),
    )
    assert found.ledger.view(lines=["gross_wage"]).values[0] == pytest.approx(6_000.0)
    with pytest.raises(InputError) as caught:
        savings(
            outcomes([[45_000.0]], [[9_000.0]], step="year", measure=earnings),
            RULES,
            profile=Profile((SUBSIDY,)),
        )
    assert str(caught.value) == (
        "driver: the earnings of 'earnings' exceed the profile's wage of all months in work (seen: "
        "'1.5 times the wage'); raise the wages of the profile"
    )


def test_strict_rules_refuse_a_year_that_they_do_not_cover():
    late = outcomes([[0.5] * 2], [[0.3] * 2], dt.date(2026, 1, 1), "year")
    with pytest.raises(InputError, match=r"the parameter is not covered on 2027-01-01"):
        savings(late, RULES, profile=Profile((SUBSIDY,)))
    carried = savings(late, RuleSide(persons=(SUBSIDY,), carry_forward=True))
    assert any(text.startswith("values carried forward") for text in carried.assumptions)


def test_rules_as_signed_are_those_known_then():
    flat = outcomes([[0.5]], [[0.3]], dt.date(2025, 1, 1), "year")
    long_term = Person(wage=2500.0, age=34.0, benefit="labour_market_subsidy", paid_days=150.0)
    now = savings(flat, RuleSide(persons=(long_term,)))
    signed = savings(flat, RuleSide(persons=(long_term,), as_signed=dt.date(2022, 1, 1)))
    cells = [s.ledger.cell("municipality", "labour_market_subsidy", 2025)[0] for s in (now, signed)]
    # Before the reform was known nothing is due before day 300; from 2025 the share begins at 100.
    assert cells[0] > cells[1] > 0
    assert any(text.startswith("values as known when") for text in signed.assumptions)


def test_unverified_values_are_named_only_where_they_matter():
    flat = outcomes([[0.5]], [[0.3]], step="year")
    plain = savings(flat, RULES, profile=Profile((SUBSIDY,)))
    client = savings(flat, RULES, profile=Profile((PERSONS["integration client in services"],)))
    name = "municipal_share.integration_state_years.refugee"
    assert not any(name in text for text in plain.assumptions)
    assert any("UNVERIFIED" in text and name in text for text in client.assumptions)


def test_the_state_alone_saves_on_clients_of_integration():
    """Integration clients are wholly state-financed for three years; a subsidy client is not."""
    flat = outcomes([[0.5] * 3], [[0.3] * 3], dt.date(2019, 1, 1), "year")
    client = Person(
        wage=2200.0,
        age=33.0,
        benefit="labour_market_subsidy",
        paid_days=400.0,
        integration_ground="refugee",
        municipality="helsinki",
    )
    integration = savings(flat, RULES, profile=Profile((client,)))
    without = Person(
        wage=2200.0,
        age=33.0,
        benefit="labour_market_subsidy",
        paid_days=400.0,
        municipality="helsinki",
    )
    helsinki = savings(flat, RULES, profile=Profile((without,)))
    for year in (2019, 2020, 2021):
        cell = ("municipality", "labour_market_subsidy", year)
        assert integration.ledger.cell(*cell)[0] == 0.0
        assert helsinki.ledger.cell(*cell)[0] > 0.0


def test_the_central_scenario_is_the_savings_at_the_mean_of_the_draws():
    base, treated = drawn(draws=5, years=2)
    profile = Profile((SUBSIDY, PERSONS["integration client in services"]))
    shares = outcomes(treated, base, dt.date(2022, 7, 1), "year", 30)
    found = savings(shares, RULES, profile=profile)
    point = savings(
        outcomes(treated.mean(axis=0), base.mean(axis=0), dt.date(2022, 7, 1), "year", 30),
        RULES,
        profile=profile,
    )
    totals = found.central().totals()
    table = point.ledger.view("payer", "line", "year")
    cells = 0
    for name, amount in totals.items():
        if name.count("|") == 2:
            line, payer, year = name.split("|")
            if line in point.ledger.lines:
                cells += 1
                expected = float(table.sel(payer=payer, line=line, year=int(year))[0])
                assert amount == pytest.approx(expected, abs=1e-8), name
            else:
                assert amount == 0.0
    assert cells > 60
    for payer, draws in point.by_payer().items():
        assert totals[payer] == pytest.approx(draws[0], rel=1e-12)


def test_the_central_scenario_follows_a_changed_wage_and_parameter():
    flat = outcomes([[0.5]], [[0.3]], step="year", size=10)
    central = savings(flat, RULES, profile=Profile((SUBSIDY,))).central()
    changed = central.changed({"person1|wage": 3000.0})
    raised = Person(
        wage=3000.0,
        age=34.0,
        benefit="labour_market_subsidy",
        paid_days=250.0,
        municipality="helsinki",
    )
    expected = savings(flat, RULES, profile=Profile((raised,))).by_payer()
    for payer, draws in expected.items():
        assert changed.totals()[payer] == pytest.approx(draws[0], rel=1e-12)
    key = next(k for k in central.parameters if k.startswith("municipal_tax.rate.helsinki|"))
    doubled = central.changed({key: 2 * central.parameters[key].value})
    assert doubled.totals()["municipality"] > central.totals()["municipality"]


def test_a_failed_fit_moves_no_money():
    bad = outcomes([[0.5]], [[0.3]], step="year", diagnostics="failed: R-hat 1.2")
    with pytest.raises(DiagnosticsError, match="no saving is computed on a fit that failed"):
        savings(bad, RULES, profile=Profile((SUBSIDY,)))


def test_rules_need_persons():
    with pytest.raises(InputError) as caught:
        savings(outcomes([[0.5]], [[0.3]], step="year"), RULES)
    assert str(caught.value) == (
        "profile: the rules need a profile of persons; give a Profile, or persons in place"
    )


def test_modelled_taxes_beside_observed_ones_are_refused_unless_the_driver_is_named():
    taxes = OutcomeMeasure("taxes", kind="amount", unit="EUR/year", channel="tax")
    both = Outcomes.from_draws(
        [[0.5, 900.0]],
        [[0.3, 700.0]],
        measures=[JOB, taxes],
        periods=Periods(dt.date(2024, 1, 1), "year", 1),
        cohort_size=1,
        provenance=Provenance(),
    )
    with pytest.raises(InputError) as caught:
        savings(both, RULES, profile=Profile((SUBSIDY,)))
    assert str(caught.value) == (
        "driver: the channel 'tax' would count twice: modelled from 'job' beside the observed "
        "outcome 'taxes'; name the driver 'job' to leave the observed money aside"
    )
    assert savings(both, RuleSide(persons=(SUBSIDY,), driver="job")).total()[0] > 0


def test_two_outcomes_that_move_wages_need_a_named_driver():
    earnings = OutcomeMeasure("earnings", kind="amount", unit="EUR/year", channel="earnings")
    both = Outcomes.from_draws(
        [[0.5, 9000.0]],
        [[0.3, 7000.0]],
        measures=[JOB, earnings],
        periods=Periods(dt.date(2024, 1, 1), "year", 1),
        cohort_size=1,
        provenance=Provenance(),
    )
    with pytest.raises(InputError) as caught:
        savings(both, RULES, profile=Profile((SUBSIDY,)))
    assert str(caught.value) == (
        "driver: the rules need one outcome that tells months in work: two outcomes move wages "
        "(seen: 'job, earnings'); name it as the driver"
    )


def test_an_effect_without_a_level_is_refused():
    only_effect = Outcomes.from_draws(
        [[0.1]],
        None,
        measures=[JOB],
        periods=Periods(dt.date(2024, 1, 1), "year", 1),
        cohort_size=1,
        provenance=Provenance(),
    )
    with pytest.raises(InputError, match="only the effect on 'job' is known, not its level"):
        savings(only_effect, RULES, profile=Profile((SUBSIDY,)))


def test_a_side_of_rules_loads_and_dumps(tmp_path):
    side = RuleSide(persons=(SUBSIDY,), histories=HistoryAssumptions(Copula(0.3), "block_at_end"))
    assert load(PublicSide, dump(side)) == side
    (tmp_path / "persons.csv").write_text("wage,age\n2500,30\n", encoding="utf-8")
    read = load(PublicSide, {"type": "rules", "profile": "persons.csv"}).read(tmp_path)
    assert read.persons == (Person(wage=2500.0, age=30.0),)
    with pytest.raises(InputError) as caught:
        RuleSide(persons=(SUBSIDY,), profile="persons.csv")
    assert str(caught.value) == (
        "profile: the persons stand in place and in a file (seen: 'persons.csv'); keep one of "
        "'persons' and 'profile'"
    )
