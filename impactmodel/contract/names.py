"""Names of inputs and terms in a clause's rule, and of what is compared with thresholds."""

from __future__ import annotations

from typing import Literal

type StepScale = Literal["total", "per_person", "relative", "index"]

PEOPLE = "people"
PAID_BEFORE = "paid_before"

type Side = Literal["total", "reference"]


def people_name(group: str | None = None) -> str:
    """Return the input name of the number of people."""
    return PEOPLE + (f"@{group}" if group else "")


def total_name(outcome: str, group: str | None = None) -> str:
    """Return the input name of an outcome's total."""
    return f"{outcome}.total" + (f"@{group}" if group else "")


def reference_name(outcome: str, group: str | None = None) -> str:
    """Return the input name of an outcome's total at the comparison level."""
    return f"{outcome}.reference" + (f"@{group}" if group else "")


def cost_name(cost: str) -> str:
    """Return the name of a reference cost."""
    return f"cost.{cost}"


def term_name(clause: str, term: str, group: str = "") -> str:
    """Return the name of a clause's term in its rule, such as ``jobs.price``; none for no clause.

    Examples
    --------
    >>> term_name("jobs", "price", "young"), term_name("", "price")
    ('jobs.price@young', '')
    """
    at = f"@{group}" if group else ""
    return f"{clause}.{term}{at}" if clause else ""
