"""Every kind of evidence that has a section of its own: importing this module registers them."""

import impactmodel.report.clients_section
import impactmodel.report.register_section  # noqa: F401
from impactmodel.report.evidence_section import (
    evidence_pages,
    evidence_sections,
    evidence_sheets,
    evidence_summary,
    write_evidence,
)

__all__ = [
    "evidence_pages",
    "evidence_sections",
    "evidence_sheets",
    "evidence_summary",
    "write_evidence",
]
