"""Every kind of evidence that has a section of its own: importing this module registers them."""

import impactmodel.report.register_section  # noqa: F401
from impactmodel.report.evidence_section import evidence_sections, evidence_summary

__all__ = ["evidence_sections", "evidence_summary"]
