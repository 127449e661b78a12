import numpy as np
import pytest
from scipy.interpolate import CubicSpline

from impactmodel.clients import (
    Bins,
    Category,
    ClientTable,
    Encoding,
    Levels,
    Linear,
    PooledLevels,
    Spline,
)
from impactmodel.clients.encoding_terms import Knots
from impactmodel.core.errors import InputError
from impactmodel.core.spec import dump, load
from tests.unit.clients.anticipated import DAY, REGIONS, TABLE, WORK, clients, simulated


def test_the_basis_spans_the_natural_cubic_splines_of_scipy():
    knots = np.array([1.0, 2.0, 4.0, 7.0, 9.0])
    x = np.linspace(1, 9, 60)
    values = CubicSpline(knots, [0.0, 3.0, -1.0, 2.0, 0.5], bc_type="natural")(x)
    rows = np.column_stack([np.ones(60), Knots(tuple(knots)).basis(x)])
    fitted = rows @ np.linalg.lstsq(rows, values, rcond=None)[0]
    np.testing.assert_allclose(fitted, values, atol=1e-10)


def test_columns_are_uncorrelated_in_training_and_the_same_numbers_later():
    every = clients()
    first = every.before(DAY)
    learnt = Encoding(categories={"region": PooledLevels()}).learn(first)
    places, x = learnt.places(), learnt.matrix(first)
    age = x[:, places["age"]]
    np.testing.assert_allclose(age.T @ age / len(age), np.eye(3), atol=1e-9)
    np.testing.assert_allclose(x.mean(axis=0), learnt.average, atol=1e-12)
    # Nothing is learnt anew: rows of the later window are those of all clients at once.
    late = np.flatnonzero(every.index >= np.datetime64(DAY))
    np.testing.assert_array_equal(learnt.matrix(every.since(DAY)), learnt.matrix(every)[late])


def test_lines_bins_levels_and_gaps():
    people = clients()
    terms = Encoding(
        numbers={"age": Linear(), "months": Bins((3.0, 12.0))},
        categories={"region": PooledLevels(), "education": Levels(0.5)},
    )
    learnt = terms.learn(people)
    x, places, table = learnt.matrix(people), learnt.places(), simulated()[0]
    age = table["age"].to_numpy()
    expected = (age - age.mean()) / age.std()
    np.testing.assert_allclose(x[:, places["age"]][:, 0], expected, atol=1e-10)
    months = table["months"].to_numpy()
    bins = np.column_stack([(months >= 3) & (months < 12), months >= 12, np.isnan(months)])
    np.testing.assert_array_equal(x[:, places["months"]], bins)
    school = table["education"]
    levels = np.column_stack([school == "upper", school == "higher", school.isna()])
    np.testing.assert_array_equal(x[:, places["education"]], levels)
    region = np.column_stack([table["region"] == r for r in REGIONS])
    np.testing.assert_array_equal(x[:, places["region"]], region)
    labels = {part.block.name: part.labels for part in learnt.parts}
    assert labels["months"] == ("3 to 12", "12 to", "missing")
    assert labels["education"] == ("upper", "higher", "missing")


def test_crossed_pairs_are_products_and_go_with_what_is_left_out():
    people = clients()
    terms = Encoding(crossed=(("origin", "health"), ("education", "region")))
    x, table = terms.learn(people), simulated()[0]
    both = (table["origin"] == "abroad") & (table["health"] == 1)
    column = x.matrix(people)[:, x.places()["origin × health"]]
    np.testing.assert_array_equal(column[:, 0], both)
    fewer = terms.learn(people, ("origin", "health"))
    assert fewer.names == ("age", "months", "education", "region", "education × region")
    # (upper, higher, missing) by five regions after the first.
    assert fewer.places()["education × region"].stop - fewer.places()["region"].stop == 15


def test_few_values_make_a_line_of_a_spline():
    few = Spline().learn("n", np.repeat([0.0, 1.0], 50), gaps=False)
    assert few.labels == ("number",)


@pytest.mark.parametrize(
    ("encoding", "what"),
    [
        (Encoding(numbers={"origin": Linear()}), "no declared number"),
        (Encoding(categories={"age": Levels()}), "no declared flag or category"),
        (Encoding(crossed=(("age", "origin"),)), "no declared flag or category"),
        (Encoding(numbers={"height": Linear()}), "no declared number"),
    ],
)
def test_terms_fit_their_features(encoding, what):
    with pytest.raises(InputError, match=what):
        encoding.learn(clients())


def test_what_cannot_be_learnt_is_refused():
    constant = TABLE.read(simulated()[0].assign(age=40.0), [WORK])
    with pytest.raises(InputError, match="never varies"):
        Encoding().learn(constant)
    with pytest.raises(InputError, match="no feature is left"):
        Encoding().learn(clients(), tuple(TABLE.features))
    with pytest.raises(InputError, match="edges rise"):
        Bins((2.0, 1.0))
    with pytest.raises(InputError, match="a few knots"):
        Spline(knots=2)
    other = ClientTable("entry", {"origin": Category(("home", "abroad"))})
    with pytest.raises(InputError, match="declared otherwise"):
        Encoding().learn(clients()).matrix(other.read(simulated()[0], [WORK]))


def test_an_encoding_is_a_value():
    made = Encoding(numbers={"age": Bins((30.0, 50.0))}, categories={"region": PooledLevels(0.3)})
    assert load(Encoding, dump(made)) == made
