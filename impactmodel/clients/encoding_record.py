"""A learnt encoding as plain data: what makes inputs of a saved model of a client's values."""

from __future__ import annotations

from typing import Any

import numpy as np

from impactmodel.clients.clients import ClientTable
from impactmodel.clients.encoding import Encoded, Part
from impactmodel.clients.encoding_terms import BinColumns, Knots, LevelsTerm, NumberColumns
from impactmodel.core.errors import InputError
from impactmodel.effects.additive_logit import Block


def encoding_data(encoded: Encoded) -> dict[str, Any]:
    """Return an encoding as data that JSON holds to the bit; no value of any person is in it.

    Knots are quantiles of the training window, means and transforms are sums over it.

    Examples
    --------
    >>> from impactmodel.clients.features import Number
    >>> table = ClientTable("entry", {"age": Number()})
    >>> part = Part(Block("age", 1, 1.0), BinColumns("age", (50.0,), False), ("50",))
    >>> encoding_data(Encoded(table, (part,), np.zeros(1)))["parts"][0]["term"]["edges"]
    [50.0]
    """
    return {
        "parts": [
            {
                "name": part.block.name,
                "columns": part.block.columns,
                "sd": part.block.sd,
                "pooled": part.block.pooled,
                "shared": part.block.shared,
                "labels": list(part.labels),
                "term": _term_data(part.term),
            }
            for part in encoded.parts
        ],
        "average": encoded.average.tolist(),
    }


def encoding_of(data: dict[str, Any], table: ClientTable) -> Encoded:
    """Return the encoding of `encoding_data` for the table that it was learnt on.

    Raises
    ------
    InputError
        If the data are no encoding.
    """
    try:
        parts = tuple(
            Part(
                Block(one["name"], one["columns"], one["sd"], one["pooled"], one["shared"]),
                _term(one["term"]),
                tuple(one["labels"]),
            )
            for one in data["parts"]
        )
        return Encoded(table, parts, np.array(data["average"], dtype=np.float64))
    except (KeyError, TypeError, ValueError, AttributeError):
        raise InputError("this is no saved encoding", key="encoding") from None


def _term_data(term: Any) -> dict[str, Any]:
    if isinstance(term, NumberColumns):
        return {
            "type": "number",
            "name": term.name,
            "knots": list(term.knots.at),
            "gaps": term.gaps,
            "mean": term.mean.tolist(),
            "transform": term.transform.tolist(),
        }
    if isinstance(term, BinColumns):
        return {
            "type": "bins",
            "name": term.name,
            "edges": list(term.edges),
            "gaps": term.gaps,
        }
    if isinstance(term, LevelsTerm):
        return {
            "type": "levels",
            "names": list(term.names),
            "counts": list(term.counts),
            "every": term.every,
        }
    raise InputError("no term of this kind can be saved", key="encoding", seen=type(term).__name__)


def _term(data: dict[str, Any]) -> NumberColumns | BinColumns | LevelsTerm:
    kind = data["type"]
    if kind == "number":
        return NumberColumns(
            data["name"],
            Knots(tuple(data["knots"])),
            data["gaps"],
            np.array(data["mean"], dtype=np.float64),
            np.array(data["transform"], dtype=np.float64),
        )
    if kind == "bins":
        return BinColumns(data["name"], tuple(data["edges"]), data["gaps"])
    if kind == "levels":
        return LevelsTerm(tuple(data["names"]), tuple(data["counts"]), data["every"])
    raise ValueError(kind)
