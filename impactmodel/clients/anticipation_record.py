"""A fitted chance as a saved model: what is shown, logged and replayed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from impactmodel.clients.model_record import ModelRecord
from impactmodel.core.errors import InputError

if TYPE_CHECKING:
    from impactmodel.clients.anticipation import ChanceModel
    from impactmodel.clients.clients import Clients


def record_of(model: ChanceModel, name: str) -> ModelRecord:
    """Return a fitted chance as a model that can be saved, logged and replayed.

    Reasons are counted against the average client of the training window; a crossed pair is one
    reason, under the name of its features.

    Parameters
    ----------
    model
        See `impactmodel.clients.anticipation.anticipate`.
    name
        Identifier of the saved model.

    Raises
    ------
    DiagnosticsError
        If the fit failed its diagnostics.
    """
    model.diagnostics.raise_if_failed()
    columns, features = [], []
    for part in model.encoded.parts:
        for j in range(part.columns):
            label = part.labels[j] if j < len(part.labels) else str(j + 1)
            columns.append(f"{part.block.name}: {label}")
            features.append(part.block.name)
    return ModelRecord(
        name=name,
        target=model.target.title,
        policy=model.policy.title,
        columns=tuple(columns),
        features=tuple(features),
        intercept=model.beta[:, 0],
        coefficients=model.beta[:, 1:],
        centre=model.encoded.average,
    )


def inputs_of(model: ChanceModel, clients: Clients, person: int) -> npt.NDArray[np.float64]:
    """Return the encoded values of one person (column), as `ModelRecord.score` takes them.

    Raises
    ------
    InputError
        If there is no such row.
    """
    if not 0 <= person < clients.size:
        raise InputError("there is no such row", key="person")
    row: npt.NDArray[np.float64] = model.encoded.matrix(clients.take(np.array([person])))[0]
    return row
