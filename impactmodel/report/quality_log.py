"""The quality log of a run: assumptions, data, checks, the run itself and who signs for it.

Kept in the sense of the Aqua Book (HM Treasury): everything in it is read from the run; owners of
assumptions and signatures are left for people to fill in.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from impactmodel.fiscal import check_parameters
from impactmodel.fiscal.ledger_data import imbalances
from impactmodel.fiscal.rule_explainer import RuleExplainer
from impactmodel.report.numbers import number, probability
from impactmodel.report.tables import Table

if TYPE_CHECKING:
    from impactmodel.fiscal import Savings
    from impactmodel.fiscal.parameters import Rules
    from impactmodel.fiscal.rule_results import Found
    from impactmodel.report.result import RunResult

RED, AMBER, GREEN = "RED", "AMBER", "GREEN"
_WEAK = ("UNVERIFIED", "REFORM", "not verified", "carried forward")
_LIVE = "live: the sheet Parameters of the workbook"
_MOST_SAID = 6
ROLES = ("Analyst", "Assurer", "Senior responsible owner")


def quality_tables(result: RunResult | None, savings: Savings | None) -> tuple[Table, ...]:
    """Return the logs of a run, or of public savings alone.

    Parameters
    ----------
    result
        A run of a case; ``savings`` are those of it.

    Returns
    -------
    tuple of Table
        Assumptions log, data log, checks log, record of the run, sign-off; empty ones left out.
    """
    tables = (
        _assumptions(result, savings),
        _data(result, savings),
        _checks(result, savings),
        _record(result),
        _signatures(),
    )
    return tuple(table for table in tables if table.rows)


def _table(
    title: str, columns: tuple[str, ...], rows: Sequence[tuple[str, ...]], note: str
) -> Table:
    return Table(title, columns, tuple(rows), note, words=tuple(range(len(columns))))


def _assumptions(result: RunResult | None, savings: Savings | None) -> Table:
    rows = []
    if result is not None:
        rows += [(text, "the run", RED, "", "") for text in result.warnings]
    for text in result.assumptions if result else savings.assumptions if savings else ():
        rag = RED if any(word in text for word in _WEAK) else AMBER
        rows.append((text, _said_by(text, result, savings), rag, "", _varied(text, result)))
    rows += _values(savings)
    numbered = [(f"A{place}", *row) for place, row in enumerate(rows, start=1)]
    return _table(
        "Assumptions log",
        ("No.", "Assumption", "Source", "Confidence", "Owner", "Sensitivity"),
        numbered,
        f"{RED}: warned of, unverified, of a reform or past its dates; {AMBER}: stated and not "
        f"verified, or of medium confidence; {GREEN}: read in its source. Owner: to be filled in.",
    )


def _said_by(text: str, result: RunResult | None, savings: Savings | None) -> str:
    outcomes = result.outcomes if result else None
    about = outcomes.provenance if outcomes else savings.provenance if savings else None
    if about is not None and text in about.assumptions:
        return about.source or "the evidence, which names no source"
    if savings is not None and text in savings.assumptions:
        return savings.label or "the public side"
    return "the contract and the fund"


def _varied(text: str, result: RunResult | None) -> str:
    if any(word in text for word in ("UNVERIFIED", "REFORM")):
        return _LIVE
    runs = result.varied if result is not None else ()
    published = [one for one in runs if not one.assumed]
    if published and ("correlat" in text or "variation" in text):
        return f"varied: {len(published)} other assumptions about the evidence"
    if text.startswith("hidden knowledge") and len(published) < len(runs):
        return "the run without it stands beside"
    return "not varied in this run"


def _used(savings: Savings | None) -> tuple[Found, ...]:
    if savings is None or not isinstance(savings.explainer, RuleExplainer):
        return ()
    return tuple(savings.explainer.months.used.found.values())


def _rules(savings: Savings | None) -> Rules | None:
    if savings is None or not isinstance(savings.explainer, RuleExplainer):
        return None
    return savings.explainer.months.rules


def _values(savings: Savings | None) -> Iterator[tuple[str, str, str, str, str]]:
    """Yield a row for each dated value in use that is not verified, and one for all others."""
    rules, used = _rules(savings), _used(savings)
    if rules is None:
        return
    weak = [one for one in used if not one.value.is_verified or one.marks]
    for one in sorted(weak, key=lambda f: (f.parameter.id, f.value.valid_from)):
        red = one.reform or one.carried or one.value.confidence == "low" or not one.value.cited
        title = rules.sources[one.value.source].title
        text = f"{one.parameter.id} from {one.value.valid_from} ({', '.join(one.marks)})"
        yield text, title, RED if red else AMBER, "", _LIVE
    good = len(used) - len(weak)
    if good:
        text = f"{good} other dated values of the rules, each read in its source"
        yield text, "the sheet Parameters, value by value", GREEN, "", _LIVE


def _data(result: RunResult | None, savings: Savings | None) -> Table:
    rows: list[tuple[str, str, str, str]] = []
    if result is not None:
        name = getattr(result.case.evidence, "dataset", "")
        if name:
            from impactmodel import datasets

            about = datasets.info(name)
            rows.append((f"data set {name}", "; ".join(about.citation), about.licence, ""))
        else:
            source = result.outcomes.provenance.source
            rows.append(("evidence", source or "not stated", "not stated in the case", ""))
        for file, digest in result.record.inputs.items():
            rows.append((file, "input file of the run", "not stated in the case", digest))
    rules = _rules(savings)
    if rules is not None:
        for key in dict.fromkeys(one.value.source for one in _used(savings)):
            text = rules.sources[key]
            where = " ".join(p for p in (text.publisher, str(text.date or ""), text.url) if p)
            rows.append((text.title, where or (text.note or ""), "public text", ""))
    return _table("Data log", ("Input", "Source", "Licence", "SHA-256"), rows, "")


def _checks(result: RunResult | None, savings: Savings | None) -> Table:
    rows: list[tuple[str, str, str]] = []
    if result is not None and result.diagnostics is not None:
        for check in result.diagnostics.checks:
            verdict = "informs" if check.passed is None else "passed" if check.passed else "failed"
            accepted = result.diagnostics.accepted.get(check.name)
            more = f"; accepted: {accepted}" if verdict == "failed" and accepted else ""
            rows.append((f"effect: {check.name}", verdict, f"{check.text}{more}"))
    elif result is not None:
        status = result.outcomes.provenance.diagnostics
        rows.append(("effect: diagnostics of its fit", status, "as the evidence states"))
    if savings is not None:
        gap = max((gap for _, gap, _ in imbalances(savings.ledger.dataset)), default=0.0)
        rows.append(
            (
                "ledger: every transfer sums to zero over its parties in every draw and year",
                "passed" if gap < 0.005 else "failed",
                f"largest sum {gap:.2g} {savings.currency} per member of the cohort",
            )
        )
    rules = _rules(savings)
    if rules is not None and savings is not None:
        day = dt.date(savings.ledger.years[-1], 12, 31)
        for found in check_parameters(rules, day):
            left = len(found.findings) - _MOST_SAID
            said = "; ".join(found.findings[:_MOST_SAID])
            said += f"; and {left} more" if left > 0 else ""
            rows.append((f"parameters on {day}: {found.name}", found.verdict, said))
    if result is not None:
        rows += [
            (
                f"target: {verdict.target.name}",
                "informs",
                f"met with a probability of {probability(verdict.probability_met)}",
            )
            for verdict in result.verdicts
        ]
    note = "Formulas against the library and sums: the sheet Checks of the workbook."
    return _table("Checks log", ("Check", "Verdict", "Finding"), rows, note)


def _record(result: RunResult | None) -> Table:
    rows: list[tuple[str, str]] = []
    if result is not None:
        record = result.record
        rows = [
            ("Case", result.case.settings.name),
            ("Started", record.started),
            ("Seed", str(record.seed)),
            ("Draws", number(result.outcomes.n_draws)),
            ("Lineage of the draws", result.outcomes.provenance.lineage),
            *((f"Version of {name}", version) for name, version in record.versions.items()),
        ]
    return _table("Record of the run", ("What", "Value"), rows, "")


def _signatures() -> Table:
    rows = [(role, "", "", "") for role in ROLES]
    return _table(
        "Sign-off", ("Role", "Name", "Date", "Signature"), rows, "To be signed by people."
    )
