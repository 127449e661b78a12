"""The bridge from a third party's total of savings to ours, as a table and as a page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from impactmodel.report.blocks import Marked, Page, Section, Tabled
from impactmodel.report.numbers import count
from impactmodel.report.statement import exact_amount
from impactmodel.report.tables import Table

if TYPE_CHECKING:
    from impactmodel.fiscal import Bridge


def bridge_table(bridge: Bridge) -> Table:
    """Tabulate a bridge: their total, every step, ours."""
    steps = tuple((s.cause, s.text, exact_amount(s.amount)) for s in bridge.steps)
    return Table(
        title=f"From their total to ours, in {bridge.currency}",
        columns=("Cause", "What differs", "Amount"),
        rows=(
            ("their total", "", exact_amount(bridge.claimed)),
            *steps,
            ("our total", "", exact_amount(bridge.computed)),
        ),
        note=f"Means of the draws, undiscounted, all years and public payers. Each step is a "
        f"computation of ours and they add up to the cent; with them {bridge.agree} of "
        f"{count(bridge.compared, 'amount')} that both have agree within {bridge.tolerance:g}.",
        words=(0, 1),
    )


def causes_table(bridge: Bridge) -> Table:
    """Tabulate the sum of each cause."""
    return Table(
        title=f"By cause, in {bridge.currency}",
        columns=("Cause", "Amount"),
        rows=tuple((cause, exact_amount(a)) for cause, a in bridge.by_cause().items()),
    )


def bridge_page(bridge: Bridge, title: str) -> Page:
    """Return the page of a bridge."""
    gap = exact_amount(bridge.computed - bridge.claimed)
    notes = (Marked("Note", bridge.notes),) if bridge.notes else ()
    return Page(
        title=f"Reconciliation: {title}",
        lead=f"A sheet of public savings differs from ours by {gap} {bridge.currency}.",
        facts=(),
        sections=(
            Section("bridge", "Bridge", (Tabled(bridge_table(bridge)),)),
            Section("causes", "Causes", (Tabled(causes_table(bridge)),)),
            Section("notes", "What the sheet states", notes),
        ),
    )


def bridge_data(bridge: Bridge) -> dict[str, Any]:
    """Return a bridge as plain data; amounts are text, so that no decimal is lost."""
    return {
        "currency": bridge.currency,
        "claimed": str(bridge.claimed),
        "computed": str(bridge.computed),
        "steps": [
            {"cause": s.cause, "text": s.text, "amount": str(s.amount)} for s in bridge.steps
        ],
        "by_cause": {cause: str(amount) for cause, amount in bridge.by_cause().items()},
        "agree": bridge.agree,
        "compared": bridge.compared,
        "tolerance": bridge.tolerance,
        "notes": list(bridge.notes),
    }
