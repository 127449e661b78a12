"""The kinds of files that a user writes, and how to tell them apart."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from impactmodel.core.errors import InputError
from impactmodel.core.spec import json_schema

if TYPE_CHECKING:
    from impactmodel.core.yaml import Document

KINDS = ("case", "contract", "fund", "evidence")
NETCDF = (b"\x89HDF", b"CDF\x01", b"CDF\x02")


def kind_of(document: Document) -> str:
    """Return the kind of a document: that whose keys it has most of.

    Raises
    ------
    InputError
        If it has none of the keys of any kind.
    """
    keys = set(document.data) if isinstance(document.data, dict) else set()
    scores = {kind: len(keys & known) for kind, known in _own_keys().items()}
    best = max(scores, key=lambda kind: scores[kind])
    if not scores[best]:
        own = "; ".join(f"{kind}: {', '.join(sorted(k))}" for kind, k in _own_keys().items())
        raise InputError(
            "this is no case, contract, fund or evidence",
            file=document.file,
            seen=", ".join(map(str, list(keys)[:5])) or "no keys",
            fix=f"each has keys of its own ({own})",
        )
    return best


def _own_keys() -> dict[str, set[str]]:
    """Return the keys that only one kind has."""
    from impactmodel.case import Settings

    known = {kind: {f.name for f in fields(cls)} for kind, cls in _specs().items()}
    known["case"] = {f.name for f in fields(Settings)} | set(_sections())
    return {
        kind: keys - set().union(*(known[other] for other in known if other != kind))
        for kind, keys in ((kind, known[kind]) for kind in KINDS)
    }


def _specs() -> dict[str, Any]:
    from impactmodel.contract import OutcomesContract
    from impactmodel.evidence import PublishedEvidence
    from impactmodel.finance import FundingStructure

    return {"contract": OutcomesContract, "fund": FundingStructure, "evidence": PublishedEvidence}


def _sections() -> dict[str, Any]:
    from impactmodel.case_evidence import Evidence
    from impactmodel.contract import OutcomesContract
    from impactmodel.effects import DesignChoice
    from impactmodel.finance import FundingStructure
    from impactmodel.fiscal import PublicSide

    return {
        "evidence": Evidence,
        "design": DesignChoice,
        "contract": OutcomesContract,
        "funding": FundingStructure,
        "public": PublicSide,
    }


def schema_of(kind: str) -> dict[str, Any]:
    """Return the JSON Schema of a kind of file.

    Raises
    ------
    InputError
        If there is no such kind.
    """
    if kind not in KINDS:
        raise InputError("no such kind of file", seen=kind, fix=f"use one of {', '.join(KINDS)}")
    schema = _case_schema() if kind == "case" else json_schema(_specs()[kind])
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def _case_schema() -> dict[str, Any]:
    """Return the schema of a case: its settings, and sections inline or as names of files."""
    from impactmodel.case import Settings

    schema = json_schema(Settings)
    parts = dict(schema.get("$defs", {}))
    for name, cls in _sections().items():
        section = json_schema(cls)
        parts |= section.pop("$defs", {})
        schema["properties"][name] = {"anyOf": [section, {"type": "string"}]}
    required = [*schema.get("required", []), "evidence"]
    return {**schema, "title": "Case", "required": required, "$defs": parts}


def is_netcdf(path: Path) -> bool:
    """Say whether a file starts as netCDF files do."""
    try:
        with path.open("rb") as file:
            return file.read(4) in NETCDF
    except OSError:
        return False
