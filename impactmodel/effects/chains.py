"""Finished chains on disk: a long run that was stopped goes on where it was."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from impactmodel.core.errors import InputError
from impactmodel.core.record import versions

if TYPE_CHECKING:
    import xarray as xr

_GROUPS = ("posterior", "sample_stats")


def run_key(data: Mapping[str, npt.NDArray[Any]], settings: object) -> str:
    """Return what tells one run from another: a digest of its data, settings and versions."""
    digest = hashlib.sha256()
    for name in sorted(data):
        array = np.ascontiguousarray(data[name])
        digest.update(f"{name}|{array.dtype}|{array.shape}|".encode())
        digest.update(array.tobytes())
    digest.update(repr(settings).encode())
    digest.update(json.dumps(versions(), sort_keys=True).encode())
    return digest.hexdigest()


def kept_chain(
    folder: Path, key: str, chain: int, run: Callable[[], dict[str, xr.Dataset]]
) -> dict[str, xr.Dataset]:
    """Return a chain from the folder, or run it and keep it there.

    A chain is written beside its place and moved there whole, so that a killed run leaves finished
    chains only. The file holds parameters, and no row of any person.

    Raises
    ------
    InputError
        If the folder cannot be written, or holds another file by the name of a chain.
    """
    import xarray as xr

    path = folder / f"{key[:16]}-chain{chain}.nc"
    if path.exists():
        try:
            return {
                group: xr.load_dataset(path, group=group, engine="h5netcdf") for group in _GROUPS
            }
        except (OSError, ValueError, KeyError):
            raise InputError(
                "a kept chain cannot be read", file=str(path), fix="delete the file"
            ) from None
    found = run()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        xr.DataTree.from_dict(dict(found)).to_netcdf(part, engine="h5netcdf")
        part.replace(path)
    except OSError as error:
        raise InputError(
            f"a chain cannot be kept: {error.strerror or 'the folder cannot be written'}",
            file=str(path),
            key="keep",
            fix="name a folder that can be written",
        ) from None
    return found
