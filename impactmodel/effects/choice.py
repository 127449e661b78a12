"""What a choice of a case file passes on to its design."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

_OWN = {"method", "type"}


def options(choice: Any) -> dict[str, Any]:
    """Return the fields of a choice that its design has under the same name.

    Examples
    --------
    >>> from impactmodel.effects.choices_spells import DurationsChoice
    >>> found = options(DurationsChoice(job=("job",), horizons=(12,)))
    >>> found["horizons"], "method" in found
    ((12,), False)
    """
    return {f.name: getattr(choice, f.name) for f in fields(choice) if f.name not in _OWN}
