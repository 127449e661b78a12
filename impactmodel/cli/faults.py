"""Faults: a sentence each on the error stream and an exit code, never a traceback."""

from __future__ import annotations

import os
import sys
import traceback
from pathlib import Path

from impactmodel.core.errors import ImpactModelError, InputError

BAD_INPUT = 2
"""Something that the user gave, or the machine, stands in the way."""
OWN_FAULT = 70
"""A fault of this program."""
INTERRUPTED = 130
DEBUG = "IMPACTMODEL_DEBUG"
"""Environment variable: with any value, tracebacks are shown."""


def sentences(error: BaseException) -> tuple[str, ...]:
    """Say an error: one sentence, or one for each fault of an input."""
    if isinstance(error, InputError):
        return tuple(str(problem) for problem in error.problems)
    return (sentence(error),)


def sentence(error: BaseException) -> str:
    """Say an error in one sentence.

    The text of an unexpected error is left out: it could hold a person's data.
    """
    if isinstance(error, ImpactModelError):
        return str(error)
    written = getattr(error, "format_message", None)
    if callable(written):
        return str(written()).strip().rstrip(".")
    if isinstance(error, OSError):
        place = f"{error.filename}: " if error.filename else ""
        return f"{place}{error.strerror or error}"
    if isinstance(error, MemoryError):
        return "the machine has too little memory for this run; ask for fewer draws"
    where = traceback.extract_tb(error.__traceback__)
    place = f" in {Path(where[-1].filename).name}, line {where[-1].lineno}" if where else ""
    return (
        f"a fault of this program ({type(error).__name__}{place}); nothing was written. "
        f"Please report it; set {DEBUG}=1 to see where it came from"
    )


def exit_code(error: BaseException) -> int:
    """Return the exit code of an error."""
    known = isinstance(error, (ImpactModelError, OSError, MemoryError))
    return BAD_INPUT if known or hasattr(error, "format_message") else OWN_FAULT


def tell(error: BaseException) -> int:
    """Write the error's sentences to the error stream, a line each, and return the exit code."""
    if os.environ.get(DEBUG):
        traceback.print_exception(error)
    for said in sentences(error):
        sys.stderr.write(f"impactmodel: {' '.join(said.split())}.\n")
    return exit_code(error)
