"""What a page says of decisions: a run makes none, and leaves a log for whoever does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from impactmodel.clients.decision_opening import DECIDED, LOG, MODEL, SHOWN
from impactmodel.report.blocks import Block, Marked, Points

if TYPE_CHECKING:
    from impactmodel.clients.story import ClientStory

NOBODY = (
    "This run decides about nobody. It opened a log of decisions for its model; the log holds the "
    "terms of the use, and no proposal and no decision."
)


def decision_blocks(story: ClientStory) -> tuple[Block, ...]:
    """Return who may decide with what, and what must be recorded each time."""
    opening = story.documents.opening
    use, record = opening.use, opening.record
    purpose, oversight = use.purpose, use.oversight
    points = (
        ("Log", f"{LOG}, opened for the saved model {MODEL}."),
        ("Model", f"{record.name}, fingerprint {record.fingerprint[:16]}…"),
        ("Assessed", use.assesses),
        ("Legal basis", purpose.legal_basis),
        ("Controller", purpose.controller),
        ("Permission ends", f"{purpose.expires}"),
        ("Decides", f"{oversight.role}, who also uses: {', '.join(oversight.also_uses)}"),
        ("Recorded when shown", "; ".join(SHOWN)),
        ("Recorded when decided", "; ".join(DECIDED)),
        (
            "Kept",
            f"The log whole until {purpose.retention}; inputs apart, until that day at the latest.",
        ),
    )
    return Marked("Note", (NOBODY,)), Points(points)


def decision_summary(story: ClientStory) -> dict[str, Any]:
    """Return what ``summary.json`` says of decisions."""
    opening = story.documents.opening
    return {
        "shown": 0,
        "decided": 0,
        "log": LOG,
        "opened_for": {"model": MODEL, "fingerprint": opening.record.fingerprint},
        "expires": opening.use.purpose.expires.isoformat(),
    }
