"""What a design assumes, in plain words."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from impactmodel.evidence import Panel
from impactmodel.report.languages import Code


@dataclass(frozen=True, slots=True)
class DesignWords:
    """A design in one language.

    Parameters
    ----------
    from_what, assumes, fails
        A sentence each: what the effect comes from, what must hold, and when it does not.
    """

    from_what: str
    assumes: str
    fails: str


def members_are_units(design: object | None) -> bool:
    """Tell whether a member of the cohort is a unit of a panel, such as an office, not a person."""
    panel = getattr(design, "panel", None)
    return isinstance(panel, Panel) and bool((panel.weights == 1).all())


@cache
def entries() -> list[dict[str, Any]]:
    """Return the entries of ``designs.toml``, in order."""
    source = files("impactmodel.report") / "designs.toml"
    found: list[dict[str, Any]] = tomllib.loads(source.read_text(encoding="utf-8"))["designs"]
    return found


def design_words(design: str, code: Code = "en") -> DesignWords | None:
    """Return the words for a design as outcomes name it; None for one that has none.

    Examples
    --------
    >>> design_words("randomised experiment").assumes
    'Only chance decided who was offered the programme.'
    >>> design_words("oracle") is None
    True
    """
    for entry in entries():
        if re.fullmatch(entry["pattern"], design.strip().lower(), flags=re.DOTALL):
            return DesignWords(*(entry[key][code] for key in ("from", "assumes", "fails")))
    return None
