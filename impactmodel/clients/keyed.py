"""Keyed hashes and screened texts: what a log may hold about a person."""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass, field

from impactmodel.core.errors import InputError

_SHORTEST = 16
_IDENTITY_CODE = re.compile(r"\d{6}\s?[-+A-FU-Y]?\s?\d{3}[0-9A-Y]", re.IGNORECASE)
_LONG_NUMBER = re.compile(r"\d(?:[ .-]?\d){4}")
_DATE = re.compile(r"(?<![\d.])\d{1,2}\.\d{1,2}\.\d{4}(?!\d)|(?<!\d)\d{4}-\d\d-\d\d(?!\d)")
_ADDRESS = re.compile(r"\S+@\S+")
_LONGEST = 1000


@dataclass(frozen=True, slots=True)
class Key:
    """The key of a controller's hashes; its repr does not show it.

    A hash without a key is found by trying all identity codes: HMAC-SHA256 with a secret is not.
    Keep the key apart from the logs; destroying it makes their hashes mean nothing.

    Raises
    ------
    InputError
        If it is shorter than 16 bytes.

    Examples
    --------
    >>> key = Key(b"sixteen bytes or more")
    >>> key.digest("person", "A17") == key.digest("person", "A17")
    True
    >>> key.digest("person", "A17") == key.digest("inputs", "A17")
    False
    """

    secret: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.secret) < _SHORTEST:
            raise InputError(
                f"a key has at least {_SHORTEST} bytes", key="secret", fix="draw one at random"
            )

    def digest(self, kind: str, text: str) -> str:
        """Return the hash of a text; the same text of another kind has another hash."""
        return hmac.new(self.secret, f"{kind}\0{text}".encode(), hashlib.sha256).hexdigest()


def require_no_identity(text: str, key: str) -> None:
    """Refuse a free text that could tell who a person is; the error does not repeat it.

    It finds identity codes, numbers of five figures or more (case, telephone and account numbers;
    dates pass) and e-mail addresses. It does not find names: say so where people write.

    Raises
    ------
    InputError
        If something of the kind is found, or the text is longer than 1,000 characters.

    Examples
    --------
    >>> require_no_identity("agreed in the interview on 3 May", "why")
    >>> require_no_identity("client 010190-123X disagrees", "why")
    Traceback (most recent call last):
    impactmodel.core.errors.InputError: why: the text holds an identity code; ...
    """
    fix = "say it without telling who the person is"
    without_dates = _DATE.sub(" date ", text)
    for pattern, searched, what in (
        (_IDENTITY_CODE, text, "an identity code"),
        (_LONG_NUMBER, without_dates, "a long number"),
        (_ADDRESS, text, "an e-mail address"),
    ):
        if pattern.search(searched):
            raise InputError(f"the text holds {what}", key=key, fix=fix)
    if len(text) > _LONGEST:
        raise InputError(f"the text is longer than {_LONGEST} characters", key=key, seen=len(text))
