"""Profiles: reading, weights, located faults that show no value of a person."""

import pytest

from impactmodel.core.errors import InputError
from impactmodel.fiscal import Person, Profile


def faults(tmp_path, text):
    path = tmp_path / "persons.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        Profile.from_csv(path)
    return [str(problem).replace(str(path), "persons.csv") for problem in caught.value.problems]


def test_columns_and_defaults(tmp_path):
    path = tmp_path / "persons.csv"
    path.write_text(
        "name,wage,age,weight,benefit,paid_days,municipal_rate,church\n"
        "long-term unemployed,2100,45,3,labour_market_subsidy,820,,1\n"
        "young,1900.50,22,,,,0.0763,\n",
        encoding="utf-8",
    )
    first, second = Profile.from_csv(path).persons
    assert (first.wage, first.age, first.weight, first.paid_days) == (2100.0, 45.0, 3.0, 820.0)
    assert (first.benefit, first.church, first.municipal_rate) == ("labour_market_subsidy", 1, None)
    assert (second.wage, second.weight, second.municipal_rate) == (1900.5, 1.0, 0.0763)
    assert (second.benefit, second.paid_days, second.municipality) == ("basic_level", 0, "average")


def test_weights_are_shares_within_a_group():
    profile = Profile(
        (
            Person(wage=2000.0, age=30.0, weight=1.0, group="young"),
            Person(wage=3000.0, age=40.0, weight=3.0),
        )
    )
    assert profile.weights("young").tolist() == [0.25, 0.75]
    assert profile.weights("old").tolist() == [0.0, 1.0]
    assert profile.mean_wage("young") == 2750.0


def test_every_fault_is_located_and_shows_no_value(tmp_path):
    text = "wage,age,paid_days,benefit\n2500,thirty,,\n2500,30,-3,\n,30,,\n2500,30,,dole\n"
    assert faults(tmp_path, text) == [
        "persons.csv, line 2, age: this is not a number; write it with a decimal point and no "
        "spaces",
        "persons.csv, line 3, paid_days: the value is out of its range; give a number from 0 to "
        "10000",
        "persons.csv, line 4, wage: this cell is empty; fill it in",
        "persons.csv, line 5, benefit: Person needs 'labour_market_subsidy' or 'basic_allowance' "
        "or 'general_support' or 'basic_level' or 'earnings_related' here",
    ]


def test_unknown_and_missing_columns(tmp_path):
    assert faults(tmp_path, "wages,age\n2500,30\n") == [
        "persons.csv, line 1, wages: unknown column; did you mean 'wage'?",
        "persons.csv, line 1, wage: this column is missing; add it",
    ]


def test_a_row_of_another_length(tmp_path):
    assert faults(tmp_path, "wage,age\n2500,30,7\n") == [
        "persons.csv, line 2: the row has another number of cells than the header"
    ]


def test_an_empty_profile(tmp_path):
    assert faults(tmp_path, "wage,age\n") == [
        "persons.csv, line 2: the profile has no person; add a row"
    ]


def test_an_absent_file(tmp_path):
    with pytest.raises(InputError, match="the profile cannot be read: No such file"):
        Profile.from_csv(tmp_path / "nobody.csv")


def test_neither_persons_nor_profiles_show_their_values():
    person = Person(wage=2345.0, age=30.0)
    assert "2345" not in f"{person!r} {Profile((person,))!r}"


def test_a_group_without_persons():
    with pytest.raises(InputError) as caught:
        Profile((Person(wage=2000.0, age=30.0, group="young"),)).weights("old")
    assert str(caught.value) == (
        "group: no person of the profile belongs to this group of the outcomes (seen: 'old'); "
        "add persons, or leave the column group empty"
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"wage": 0.0}, "wage: this must be above 0 (seen: 0.0)"),
        ({"church": 0.5}, "church: this is 1 or 0 (seen: 0.5)"),
        (
            {"municipal_rate": 5.3},
            "municipal_rate: the value is out of its range (seen: 5.3); give a number from 0 to 1",
        ),
    ],
)
def test_values_out_of_range(change, message):
    with pytest.raises(InputError) as caught:
        Person(**{"wage": 2000.0, "age": 30.0, **change})
    assert str(caught.value) == message
