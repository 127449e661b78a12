"""Inputs of scores, kept apart from the log of decisions and erased when their time is over."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from impactmodel.clients.keyed import Key
from impactmodel.core.errors import InputError

type Array = npt.NDArray[np.float64]


def inputs_digest(key: Key, columns: Sequence[str], values: npt.ArrayLike) -> str:
    """Return the keyed hash of encoded inputs, to the bit of each value."""
    x = np.asarray(values, dtype="<f8").ravel()
    return key.digest("inputs", json.dumps([list(columns), x.tobytes().hex()]))


@dataclass(frozen=True, slots=True, repr=False)
class KeptInputs:
    """A file of the values that scores were computed from: personal data, kept by the controller.

    The log of decisions holds only their hash. That parts what must stay (the log) from what must
    go (personal data at the end of their retention), and a client's own view of every value used
    is read from here.

    Parameters
    ----------
    path
        The file; made at the first value.
    key
        As in the log.
    """

    path: Path
    key: Key

    def __repr__(self) -> str:
        return "KeptInputs of a controller"

    def keep(self, columns: Sequence[str], values: npt.ArrayLike, *, until: dt.date) -> str:
        """Keep the inputs of one score until a day; return their hash."""
        x = np.asarray(values, dtype=np.float64).ravel()
        if x.shape != (len(columns),):
            raise InputError(
                f"{len(columns)} columns need as many values", key="values", seen=x.size
            )
        name = inputs_digest(self.key, columns, x)
        line = {
            "inputs": name,
            "until": until.isoformat(),
            "columns": list(columns),
            "values": [float(v).hex() for v in x],
        }
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
        return name

    def find(self, name: str) -> tuple[tuple[str, ...], Array]:
        """Return columns and values of a hash.

        Raises
        ------
        InputError
            If they are not kept, or no longer.
        """
        for line in self._lines():
            if line["inputs"] == name:
                values = np.array([float.fromhex(v) for v in line["values"]])
                return tuple(line["columns"]), values
        raise InputError("these inputs are not kept, or no longer", key="inputs")

    def erase(self, *, on: dt.date) -> int:
        """Erase what was kept until a day before ``on``; return how many lines went."""
        lines = self._lines()
        kept = [line for line in lines if dt.date.fromisoformat(line["until"]) >= on]
        if len(kept) < len(lines):
            fresh = self.path.with_suffix(".new")
            fresh.write_text("".join(json.dumps(line) + "\n" for line in kept), encoding="utf-8")
            fresh.replace(self.path)
        return len(lines) - len(kept)

    def _lines(self) -> list[dict[str, Any]]:
        if not self.path.exists():
            return []
        return [json.loads(line) for line in self.path.read_text(encoding="utf-8").splitlines()]
