"""Keys of persons for one permit alone: a keyed hash, so that two projects' keys do not link.

A pseudonym is HMAC-SHA256 (RFC 2104, FIPS 198-1): without the secret it can neither be computed
from a key, nor turned back by trying all keys, which a plain hash of few possible keys can.
"""

from __future__ import annotations

import hashlib
import hmac
import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from impactmodel.core.errors import InputError
from impactmodel.registers.reading import as_text, collect, decimal_of, open_source
from impactmodel.registers.sources import Source, columns
from impactmodel.registers.tables import ParquetFiles

if TYPE_CHECKING:
    from ibis.backends import BaseBackend
    from ibis.expr.types import Column, Table

LEAST_BYTES = 32
"""A secret is as long as the hash."""
_AT_ONCE = 500_000
"""Keys that are held at once; of more, one sixteenth at a time."""
_LOOKUP = {"key_": "string", "made_": "string"}


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class PermitSecret:
    """The secret that makes the pseudonyms of one permit; it shows itself nowhere.

    Each permit has a secret of its own, HMAC(secret, permit), so one secret of the controller
    serves many projects whose keys do not link.

    Parameters
    ----------
    secret
        Random bytes, at least 32; keep them where the permit's user has no access.
    permit
        Identifier of the permit.

    Raises
    ------
    InputError
        If the secret is short or no permit is named.

    Examples
    --------
    >>> one = PermitSecret(bytes(range(32)), "P-1")
    >>> len(one.pseudonym("a")), one.pseudonym("a") == one.pseudonym("a")
    (64, True)
    >>> one.pseudonym("a") == PermitSecret(bytes(range(32)), "P-2").pseudonym("a")
    False
    """

    secret: bytes
    permit: str

    def __post_init__(self) -> None:
        if len(self.secret) < LEAST_BYTES:
            raise InputError(
                f"a secret has at least {LEAST_BYTES} bytes",
                key="secret",
                fix="draw it at random, such as with 'openssl rand 32'",
            )
        if not self.permit.strip():
            raise InputError("the keys are for no permit", key="permit", fix="name it")

    @classmethod
    def from_file(cls, path: str | Path, permit: str) -> PermitSecret:
        """Read the secret: the bytes of a file, all of them.

        Raises
        ------
        InputError
            If it cannot be read, or is short.
        """
        try:
            return cls(Path(path).read_bytes(), permit)
        except OSError as error:
            what = f"the secret cannot be read: {error.strerror}"
            raise InputError(what, key="secret", fix="check the path") from None

    def __repr__(self) -> str:
        return f"PermitSecret(permit={self.permit!r})"

    def __getstate__(self) -> object:
        """Refuse to be written down."""
        raise InputError("a secret is not written down", key="secret", fix="read it from its file")

    def pseudonym(self, key: str) -> str:
        """Return the pseudonym of a key: 64 hexadecimal characters."""
        return keyed_hash(keyed_digest(self.secret, self.permit), key)


def keyed_digest(secret: bytes, text: str) -> bytes:
    """Return HMAC-SHA256 of a text in UTF-8."""
    return hmac.digest(secret, text.encode(), hashlib.sha256)


def keyed_hash(secret: bytes, text: str) -> str:
    """Return HMAC-SHA256 of a text in UTF-8, as 64 hexadecimal characters."""
    return keyed_digest(secret, text).hex()


def rekey(
    name: str,
    source: Source,
    secret: PermitSecret,
    connection: BaseBackend,
    folders: tuple[Path, Path],
) -> Source:
    """Write an extract anew with pseudonyms of a permit, and return its declaration.

    The hash is made here, some keys at a time: the engine never sees the secret, which could stand
    in its log. Only the declared columns are written; an empty key stays empty.

    Parameters
    ----------
    name, source
        The declared extract.
    secret
        Of the permit.
    connection
        Where it is read.
    folders
        Where the path of the extract starts, and where a folder ``name`` of Parquet files is made.

    Raises
    ------
    InputError
        If the extract cannot be read or written, or there is such a folder already; nothing stays
        of what was begun.
    """
    folder, out = folders[0], folders[1] / name
    raw = open_source(name, source, connection, folder)
    wanted = dict.fromkeys((column, kind) for _, column, kind in columns(source))
    kept = raw.select(**{c: _as_stored(raw[c], kind, source) for c, kind in wanted})
    kept = kept.mutate(**{source.key: as_text(raw[source.key])})
    try:
        out.mkdir()
    except OSError as error:
        what = f"the new extract cannot be written: {error.strerror}"
        raise InputError(what, key="folders", seen=name, fix="name an empty folder") from None
    try:
        _write(kept, source.key, secret, out)
    except BaseException as error:
        shutil.rmtree(out, ignore_errors=True)
        if isinstance(error, InputError) or not isinstance(error, Exception):
            raise
        raise InputError(
            f"the extract could not be written anew ({type(error).__name__})",
            key=f"sources.{name}",
            fix="check disk and that the files are whole",
        ) from None
    return replace(source, table=ParquetFiles(f"{name}/*.parquet"))


def _as_stored(column: Column, kind: str, source: Source) -> Column:
    """Return a column as it is stored, its numbers with a decimal point."""
    if kind != "number" or decimal_of(source) == "." or not column.type().is_string():
        return column
    # A point parts thousands there: what has one stays no number.
    return column.contains(".").ifelse(column + ",", column.replace(",", "."))


def _write(rows: Table, key: str, secret: PermitSecret, out: Path) -> None:
    import ibis

    own = keyed_digest(secret.secret, secret.permit)
    many = collect(key, rows.aggregate(n=rows[key].nunique()))["n"].iloc[0] > _AT_ONCE
    part = rows[key].fill_null("").hexdigest("md5").left(int(many))
    for place in "0123456789abcdef" if many else [""]:
        some = rows.filter(part == place)
        keys = collect(key, some.select(key).distinct()).dropna()
        made = [keyed_hash(own, word) for word in keys[key]]
        lookup = ibis.memtable({"key_": list(keys[key]), "made_": made}, schema=_LOOKUP)
        joined = some.left_join(lookup, some[key] == lookup.key_)
        columns = {c: lookup.made_ if c == key else some[c] for c in rows.columns}
        joined.select(**columns).to_parquet(out / f"part_{place}.parquet")
