"""The errors of the library: each says what is wrong, where, the value seen and what to do."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

_UNSEEN = object()


class ImpactModelError(Exception):
    """Base of every error that the library raises on purpose."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault in an input: ``what`` is wrong, ``fix`` says what to do, the rest says where."""

    what: str
    fix: str = ""
    seen: str = ""
    key: str = ""
    file: str = ""
    line: int | None = None

    def __str__(self) -> str:
        place = [self.file] if self.file else []
        if self.line is not None:
            place.append(f"line {self.line}")
        if self.key:
            place.append(self.key)
        head = ", ".join(place) + ": " if place else ""
        seen = f" (seen: {self.seen})" if self.seen else ""
        fix = f"; {self.fix}" if self.fix else ""
        return f"{head}{self.what}{seen}{fix}"


class InputError(ImpactModelError, ValueError):
    """An input that cannot be used.

    Parameters
    ----------
    what
        What is wrong, without a full stop.
    fix
        What the user should do.
    seen
        The value that was read. Never pass a person's data.
    key, file, line
        Where: a key path such as ``contract.clauses[0].price``.

    Examples
    --------
    >>> print(InputError("the cap is negative", seen=-5, key="cap", fix="raise it to 0"))
    cap: the cap is negative (seen: -5); raise it to 0
    """

    def __init__(
        self,
        what: str,
        *,
        fix: str = "",
        seen: object = _UNSEEN,
        key: str = "",
        file: str = "",
        line: int | None = None,
    ) -> None:
        text = "" if seen is _UNSEEN else (repr(seen) if isinstance(seen, str) else str(seen))
        self.problems: tuple[Problem, ...] = (Problem(what, fix, text, key, file, line),)
        super().__init__(str(self))

    @classmethod
    def of(cls, problems: list[Problem]) -> Self:
        """Join several problems of one input into one error."""
        error = cls(problems[0].what)
        error.problems = tuple(problems)
        error.args = (str(error),)
        return error

    def located(self, *, file: str = "", key: str = "", line: int | None = None) -> Self:
        """Return the same error with missing places filled in; ``key`` is put before the key."""
        problems = [
            replace(
                p,
                file=p.file or file,
                line=p.line if p.line is not None else line,
                key=".".join(k for k in (key, p.key) if k),
            )
            for p in self.problems
        ]
        return type(self).of(problems)

    def __str__(self) -> str:
        more = len(self.problems) - 1
        tail = f" (and {more} more problem{'s' if more > 1 else ''})" if more else ""
        return f"{self.problems[0]}{tail}"


class JoinError(ImpactModelError, ValueError):
    """Two things that must not be combined: other draws, currencies, price bases or periods."""


class DiagnosticsError(ImpactModelError):
    """A fit that failed its diagnostics stands before the money step."""


class NotIdentifiedError(ImpactModelError):
    """The evidence does not identify the effect that was asked for."""
