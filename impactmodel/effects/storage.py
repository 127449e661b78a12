"""Fits on disk: outcomes, checks and parameters in one netCDF file, for years."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import xarray as xr

from impactmodel.core.errors import InputError
from impactmodel.core.outcomes import Outcomes
from impactmodel.core.record import versions
from impactmodel.effects.checks import Check, Diagnostics
from impactmodel.effects.result import EffectFit

_FORMAT = 1
_MARK = "impactmodel_fit"


def save_fit(fit: EffectFit, path: str | Path) -> None:
    """Write a fit to a netCDF file, whole or not at all.

    The file is plain netCDF with groups ``outcomes``, ``posterior`` and, after sampling,
    ``sample_stats``; checks are JSON among its attributes. Nothing of it needs this package to be
    read, and it holds no row of any person.

    Raises
    ------
    InputError
        If the file cannot be written.
    """
    path = Path(path)
    tree = fit.posterior.copy()
    tree["outcomes"] = xr.DataTree(fit.outcomes.dataset)
    tree.attrs = {
        _MARK: _FORMAT,
        "diagnostics": json.dumps(asdict(fit.diagnostics)),
        "versions": json.dumps(versions()),
    }
    part = path.with_name(f"{path.name}.part")
    try:
        tree.to_netcdf(part, engine="h5netcdf")
        part.replace(path)
    except OSError as error:
        raise InputError(
            f"the fit cannot be written: {error.strerror or 'no reason is given'}",
            file=str(path),
            fix="name a folder that exists and can be written",
        ) from None


def load_fit(path: str | Path) -> EffectFit:
    """Read a fit that `save_fit` wrote, by this version or an earlier one.

    Raises
    ------
    InputError
        If the file is no fit or of a later format.
    """
    path = Path(path)
    try:
        tree = xr.load_datatree(path, engine="h5netcdf")
        found = int(tree.attrs[_MARK])
    except (OSError, KeyError, ValueError):
        raise InputError(
            "not a file of a fit", file=str(path), fix="write it with effects.save_fit"
        ) from None
    if found > _FORMAT:
        raise InputError(
            "the fit was saved by a later version of the package",
            file=str(path),
            seen=f"format {found}, known up to {_FORMAT}",
            fix="update the package",
        )
    outcomes = Outcomes(tree["outcomes"].to_dataset())
    groups = {name: node.to_dataset() for name, node in tree.children.items() if name != "outcomes"}
    return EffectFit(
        outcomes, _diagnostics(json.loads(tree.attrs["diagnostics"])), xr.DataTree.from_dict(groups)
    )


def _diagnostics(data: dict[str, Any]) -> Diagnostics:
    checks = tuple(
        Check(c["name"], c["passed"], c["text"], tuple(tuple(row) for row in c["table"]))
        for c in data.pop("checks")
    )
    return Diagnostics(checks, **data)
