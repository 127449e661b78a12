"""Two folders change names in one step of the file system, where it can do that."""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Sequence
from pathlib import Path

_AT_FDCWD = -100
_RENAME_EXCHANGE = 2


def can_swap(target: Path, names: Sequence[str]) -> bool:
    """Say whether a folder of results may be replaced by another folder as a whole.

    Not where somebody works in it, where its parent may not be written, or where it holds what
    cannot be linked into another folder: a folder that is not part of the result.
    """
    if not sys.platform.startswith("linux") or not os.access(target.parent, os.W_OK):
        return False
    if target.is_mount() or target.stat().st_dev != target.parent.stat().st_dev:
        return False
    here = Path.cwd()
    if here == target or target in here.parents:
        return False
    return all(p.is_file() and not p.is_symlink() for p in others(target, names))


def others(folder: Path, names: Sequence[str]) -> list[Path]:
    """Return what a folder holds beside the files of a result."""
    return [path for path in folder.iterdir() if path.name not in names]


def swap(stage: Path, target: Path, names: Sequence[str]) -> bool:
    """Put ``stage`` in the place of ``target`` and the other way round, at once.

    Files of other names are linked into ``stage`` first, so that they stay. A process that is
    killed at any moment leaves the one folder or the other.

    Returns
    -------
    bool
        False where this file system cannot; nothing has changed then.
    """
    kept = others(target, [*names, *(path.name for path in stage.iterdir())])
    try:
        for path in kept:
            os.link(path, stage / path.name)
        # Made for a moment, the new folder is its owner's alone: it becomes as open as the old.
        stage.chmod(target.stat().st_mode & 0o7777)
        if _exchanged(stage, target):
            return True
    except OSError:
        pass
    for path in kept:
        (stage / path.name).unlink(missing_ok=True)
    return False


def _exchanged(one: Path, other: Path) -> bool:
    """Ask the system to exchange two names; see renameat2(2)."""
    rename = getattr(ctypes.CDLL(None), "renameat2", None)
    if rename is None:
        return False
    names = (os.fsencode(one), os.fsencode(other))
    flag = ctypes.c_uint(_RENAME_EXCHANGE)
    return bool(rename(_AT_FDCWD, names[0], _AT_FDCWD, names[1], flag) == 0)
