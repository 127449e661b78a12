"""Result folders that are either whole or untouched."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from impactmodel.cli.swapping import can_swap, swap
from impactmodel.core.errors import InputError


@contextmanager
def replaced(target: Path, names: Sequence[str]) -> Iterator[Path]:
    """Give an empty folder to write into; put it in the place of ``target`` when all is written.

    Until the block ends without an error, nothing at ``target`` changes, and what was written is
    removed if it ends with one. An earlier result is then replaced as a whole: files in ``names``
    that were not written again are removed, files of other names stay as they are. A process that
    is killed leaves the earlier result or the new one (on Linux; elsewhere, or where folders cannot
    be swapped, files are moved one after another, and a kill between two moves leaves the rest of
    the earlier ones in a hidden folder).

    Parameters
    ----------
    target
        Folder of the result; made if it is absent.
    names
        Every name that a result of this kind may have.

    Raises
    ------
    InputError
        If ``target`` is a file or lies in one.
    OSError
        If the folder cannot be written; nothing has changed then.
    """
    target = target.resolve()
    for place in (target, *target.parents):
        if place.exists() and not place.is_dir():
            what = "a file stands where a folder of results is wanted"
            raise InputError(what, seen=str(place), fix="name another folder")
    fresh = not target.exists()
    # Always on the file system of the final place: beside a folder that is new or can be swapped.
    home = target.parent if fresh or can_swap(target, names) else target
    missing = [folder for folder in (home, *home.parents) if not folder.exists()]
    home.mkdir(parents=True, exist_ok=True)
    stage = home / f".{target.name}-{secrets.token_hex(4)}.part"
    done = False
    try:
        stage.mkdir()
        yield stage
        if fresh and not target.exists():
            stage.replace(target)
        elif home == target or not swap(stage, target, names):
            exchange(stage, target, names)
        done = True
    finally:
        shutil.rmtree(stage, ignore_errors=True)
        if not done:
            with suppress(OSError):
                for folder in missing:
                    folder.rmdir()


def exchange(stage: Path, target: Path, names: Sequence[str]) -> None:
    """Move the files of ``stage`` over those of ``target``; undo every step if one fails.

    Should even undoing fail, the earlier files stay in the hidden folder that the error names.
    """
    kept = target / f".earlier-{secrets.token_hex(4)}.part"
    kept.mkdir()
    written = [path.name for path in sorted(stage.iterdir())]
    undo: list[tuple[Path, Path]] = []

    def move(source: Path, place: Path) -> None:
        source.replace(place)
        undo.append((place, source))

    try:
        for name in sorted({*names, *written}):
            if (target / name).exists():
                move(target / name, kept / name)
        for name in written:
            move(stage / name, target / name)
    except BaseException as error:
        try:
            for place, source in reversed(undo):
                place.replace(source)
        except OSError:
            raise OSError(f"the earlier results are in {kept}") from error
        kept.rmdir()
        raise
    shutil.rmtree(kept, ignore_errors=True)
