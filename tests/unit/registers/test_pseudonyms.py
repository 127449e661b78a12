"""Pseudonyms against the published vectors of RFC 4231 and against Python's own hmac."""

from __future__ import annotations

import copy
import datetime as dt
import hashlib
import hmac
import pickle
import traceback
from collections.abc import Mapping
from pathlib import Path

import pandas as pd
import pytest

from impactmodel.core.errors import InputError
from impactmodel.registers import (
    Amount,
    AmountRegister,
    CsvFiles,
    DuckDbEngine,
    ParquetFiles,
    PermitSecret,
    Source,
    linkage,
    read,
    rekey,
    study_data,
)
from impactmodel.registers.pseudonyms import keyed_hash
from tests.unit.registers.synthetic import SOURCES, STUDY, make

SECRET = bytes(range(200, 240))
# RFC 4231, section 4: test cases 1, 2 and 6 (a key longer than a block).
VECTORS = [
    (b"\x0b" * 20, "Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
    (
        b"Jefe",
        "what do ya want for nothing?",
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
    ),
    (
        b"\xaa" * 131,
        "Test Using Larger Than Block-Size Key - Hash Key First",
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
    ),
]


@pytest.mark.parametrize(("secret", "text", "expected"), VECTORS)
def test_the_hash_is_that_of_the_standard(secret: bytes, text: str, expected: str) -> None:
    assert keyed_hash(secret, text) == expected


def expected_key(permit: str, key: str) -> str:
    own = hmac.new(SECRET, permit.encode(), hashlib.sha256).digest()
    return hmac.new(own, key.encode(), hashlib.sha256).hexdigest()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pseudonyms")
    make(folder, people=150)
    return folder


def rekeyed(folder: Path, permit: str) -> dict[str, Source]:
    out = folder / permit
    out.mkdir(exist_ok=True)
    secret = PermitSecret(SECRET, permit)
    connection = DuckDbEngine().connect()
    return {
        name: rekey(name, source, secret, connection, (folder, out))
        for name, source in SOURCES.items()
    }


def test_an_extract_is_written_anew_row_by_row(made: Path) -> None:
    sources = rekeyed(made, "P-1")
    for name in SOURCES:
        before = pd.read_parquet(made / f"{name}.parquet")
        after = pd.read_parquet(made / "P-1" / name)
        keys = before["id"].map(lambda key: expected_key("P-1", key))
        assert sorted(after["id"]) == sorted(keys)
        assert sources[name].table == ParquetFiles(f"{name}/*.parquet")
    people = pd.read_parquet(made / "people.parquet")
    after = pd.read_parquet(made / "P-1" / "people").set_index("id")
    expected = people.assign(id=people["id"].map(lambda k: expected_key("P-1", k))).set_index("id")
    pd.testing.assert_frame_equal(
        after.loc[expected.index], expected, check_dtype=False, check_like=True
    )


def studied(sources: Mapping[str, Source], folder: Path) -> pd.DataFrame:
    connection = DuckDbEngine().connect()
    tables = {name: read(name, source, connection, folder) for name, source in sources.items()}
    return study_data(STUDY, sources, tables).frame


def test_a_study_of_the_treated_is_the_same_and_two_permits_do_not_link(made: Path) -> None:
    one, two = (rekeyed(made, permit) for permit in ("P-2", "P-3"))
    before = studied(SOURCES, made)
    after = studied(one, made / "P-2")
    # Comparison people are drawn by their key; the treated are who they are.
    pd.testing.assert_frame_equal(
        after[after["treated"] == 1].reset_index(drop=True),
        before[before["treated"] == 1].reset_index(drop=True),
    )
    connection = DuckDbEngine().connect()
    mixed = {"people": one["people"], "wages": two["wages"]}
    tables = {
        name: read(name, source, connection, made / permit)
        for (name, source), permit in zip(mixed.items(), ("P-2", "P-3"), strict=True)
    }
    wages = linkage(tables, mixed, "people").registers[1]
    assert (wages.matched, wages.unmatched) == (0, wages.persons)


def test_finnish_csv_keeps_its_numbers(tmp_path: Path) -> None:
    text = "avain;palkka;maksettu\n 007 ;1234,50;2021-03-31\n;5,00;2021-03-31\n8;1.000;2021-03-31\n"
    (tmp_path / "pay.csv").write_text(text, encoding="utf-8")
    declared = AmountRegister(
        CsvFiles("pay.csv", ";", ","),
        "avain",
        dt.date(2022, 1, 1),
        "maksettu",
        {"wage": Amount("palkka", "EUR")},
    )
    secret, connection = PermitSecret(SECRET, "P-1"), DuckDbEngine().connect()
    (tmp_path / "out").mkdir()
    new = rekey("pay", declared, secret, connection, (tmp_path, tmp_path / "out"))
    rows = pd.read_parquet(tmp_path / "out" / "pay").sort_values("palkka", ignore_index=True)
    assert rows["palkka"].tolist() == ["1.000,", "1234.50", "5.00"]
    assert rows["avain"].iloc[1] == expected_key("P-1", "007")
    assert rows["avain"].isna().tolist() == [False, False, True]
    with pytest.raises(InputError) as caught:
        read("pay", new, connection, tmp_path / "out")
    assert [problem.what for problem in caught.value.problems] == [
        "no key in 1 row",
        "no number in 'palkka' in 1 row",
    ]
    with pytest.raises(InputError, match="the new extract cannot be written"):
        rekey("pay", declared, secret, connection, (tmp_path, tmp_path / "out"))


def test_a_secret_shows_itself_nowhere(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_bytes(SECRET)
    secret = PermitSecret.from_file(path, "P-1")
    assert secret.pseudonym("a") == expected_key("P-1", "a")
    shown = [repr(secret), str(secret), f"{secret!s}"]
    for write in (pickle.dumps, copy.deepcopy):
        with pytest.raises(InputError, match="not written down") as caught:
            write(secret)
        shown += traceback.format_exception(caught.value)
    with pytest.raises(InputError, match="at least 32 bytes") as caught:
        PermitSecret(b"hunter2", "P-1")
    assert "hunter2" not in str(caught.value)
    with pytest.raises(InputError, match="the secret cannot be read"):
        PermitSecret.from_file(tmp_path / "absent", "P-1")
    assert not any(str(SECRET) in text or SECRET.hex() in text for text in shown)
