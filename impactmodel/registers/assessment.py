"""A data-protection impact assessment, begun from what is declared and left to people to finish."""

from __future__ import annotations

from collections.abc import Mapping

from impactmodel.registers.purpose import NEEDS, Purpose
from impactmodel.registers.sources import Source, columns

_QUESTIONS = {
    "Necessity and proportionality": (
        "Why does each column have to be used, and why would fewer people or months not do?",
        "How are people told, and how do they use their rights?",
    ),
    "Risks to the people": (
        "Who could learn what about whom, from the data and from the published tables together?",
        "What would it do to them, how likely is it, and how severe?",
    ),
    "Measures": (
        "Where are the data kept, who has access, and who reads the audit log?",
        "Which disclosure rules apply, and who checks a release before it leaves?",
    ),
    "Decision": (
        "What does the data protection officer say?",
        "Is prior consultation of the supervisory authority needed?",
    ),
}


def assessment(purpose: Purpose, sources: Mapping[str, Source]) -> str:
    """Return a template in Markdown with every declared fact filled in.

    It follows the content that Article 35(7) of Regulation (EU) 2016/679 asks for: a description,
    necessity, risks and measures. What only people can judge stands as a question to answer.

    Parameters
    ----------
    purpose
        Under what the data were received.
    sources
        The declared extracts by name.
    """
    refused = [output for output, aims in NEEDS.items() if purpose.purpose not in aims]
    facts = {
        "Controller": purpose.controller,
        "Legal basis": purpose.legal_basis,
        "Permit": purpose.permit or "none stated",
        "Purpose": purpose.purpose,
        "Outputs allowed": ", ".join(purpose.allowed_outputs),
        "Outputs that this purpose can never serve": ", ".join(refused) or "none",
        "Use ends": purpose.expires.isoformat(),
        "Data destroyed or archived by": purpose.retention.isoformat(),
    }
    lines = ["# Data-protection impact assessment", "", "## Description", ""]
    lines += ["| fact | as declared |", "|---|---|"]
    lines += [f"| {name} | {_cell(value)} |" for name, value in facts.items()]
    lines += ["", "| source | kind | extracted | columns read |", "|---|---|---|---|"]
    for name, source in sources.items():
        read = ", ".join(column for _, column, _ in columns(source))
        lines.append(f"| {_cell(name)} | {source.type} | {source.extracted} | {_cell(read)} |")
    for title, questions in _QUESTIONS.items():
        lines += ["", f"## {title}", ""]
        lines += [f"- {question}\n\n  *To be answered.*" for question in questions]
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())
