"""A result folder is whole or untouched."""

from __future__ import annotations

import errno
import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from impactmodel.cli.folder import exchange, replaced
from impactmodel.core.errors import InputError
from impactmodel.report.files import RUN_FILES

NAMES = ("report.html", "summary.json", "workbook.xlsx")


def write(folder: Path, **files: str) -> None:
    for name, text in files.items():
        (folder / name.replace("_", ".")).write_text(text, encoding="utf-8")


def contents(folder: Path) -> dict[str, str]:
    return {p.name: p.read_text(encoding="utf-8") for p in sorted(folder.iterdir())}


def fail_halfway(target: Path, error: BaseException) -> None:
    with replaced(target, NAMES) as stage:
        write(stage, report_html="half")
        raise error


def test_a_new_folder_appears_only_when_all_is_written(tmp_path: Path) -> None:
    target = tmp_path / "a" / "b" / "out"
    with replaced(target, NAMES) as stage:
        write(stage, report_html="new")
        assert not target.exists()
    assert contents(target) == {"report.html": "new"}
    assert [p.name for p in target.parent.iterdir()] == ["out"]


def test_an_error_leaves_no_trace_of_a_new_folder(tmp_path: Path) -> None:
    target = tmp_path / "a" / "out"
    with pytest.raises(KeyboardInterrupt):
        fail_halfway(target, KeyboardInterrupt())
    assert list(tmp_path.iterdir()) == []


def test_an_error_leaves_an_earlier_result_untouched(tmp_path: Path) -> None:
    write(tmp_path, report_html="old", notes_txt="mine")
    with pytest.raises(ZeroDivisionError):
        fail_halfway(tmp_path, ZeroDivisionError())
    assert contents(tmp_path) == {"report.html": "old", "notes.txt": "mine"}


def test_a_new_result_replaces_the_earlier_one_as_a_whole_and_nothing_else(tmp_path: Path) -> None:
    write(tmp_path, report_html="old", workbook_xlsx="old", notes_txt="mine")
    (tmp_path / "folder").mkdir()
    with replaced(tmp_path, NAMES) as stage:
        write(stage, report_html="new", summary_json="new")
    (tmp_path / "folder").rmdir()
    expected = {"notes.txt": "mine", "report.html": "new", "summary.json": "new"}
    assert contents(tmp_path) == expected


@pytest.mark.parametrize("failing", range(4))
def test_a_failing_move_is_undone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: int
) -> None:
    """As when a workbook is open in another program on Windows."""
    stage, target = tmp_path / "stage", tmp_path / "target"
    stage.mkdir()
    target.mkdir()
    write(stage, report_html="new", summary_json="new")
    write(target, report_html="old", workbook_xlsx="old")
    moves: list[Path] = []
    replace = Path.replace

    def guarded(self: Path, other: Path) -> Path:
        moves.append(self)
        if len(moves) == failing + 1:
            raise PermissionError(errno.EACCES, "Permission denied", str(self))
        return replace(self, other)

    monkeypatch.setattr(Path, "replace", guarded)
    with pytest.raises(PermissionError):
        exchange(stage, target, NAMES)
    assert contents(target) == {"report.html": "old", "workbook.xlsx": "old"}


def test_if_undoing_fails_the_earlier_results_are_kept_and_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage, target = tmp_path / "stage", tmp_path / "target"
    stage.mkdir()
    target.mkdir()
    write(stage, report_html="new")
    write(target, report_html="old")
    replace = Path.replace
    moves: list[Path] = []

    def guarded(self: Path, other: Path) -> Path:
        moves.append(self)
        if len(moves) > 1:
            raise PermissionError(errno.EACCES, "Permission denied", str(self))
        return replace(self, other)

    monkeypatch.setattr(Path, "replace", guarded)
    with pytest.raises(OSError, match=r"the earlier results are in .*\.earlier-"):
        exchange(stage, target, NAMES)
    (kept,) = target.glob(".earlier-*")
    assert contents(kept) == {"report.html": "old"}


@pytest.mark.parametrize("inside", [".", "out"])
def test_a_file_is_no_folder(tmp_path: Path, inside: str) -> None:
    file = tmp_path / "file"
    file.write_text("mine", encoding="utf-8")
    with pytest.raises(InputError) as caught:
        fail_halfway(file / inside, AssertionError())
    assert str(caught.value) == (
        f"a file stands where a folder of results is wanted (seen: '{file}'); name another folder"
    )
    assert file.read_text(encoding="utf-8") == "mine"


def test_a_link_to_a_folder_stays_a_link(tmp_path: Path) -> None:
    real, link = tmp_path / "real", tmp_path / "link"
    real.mkdir()
    link.symlink_to(real, target_is_directory=True)
    with replaced(link, NAMES) as stage:
        write(stage, report_html="new")
    assert link.is_symlink()
    assert contents(real) == {"report.html": "new"}


KILLED = """
import ctypes, os, pathlib, signal, sys
from impactmodel.cli import folder, swapping
from impactmodel.report import files

def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

when, case, out = sys.argv[1:]
if when == "in the workbook":
    files.workbook = die
elif when == "before the swap":
    folder.swap = die
elif when == "after the swap":
    swap = folder.swap
    folder.swap = lambda *given: (swap(*given), die())
from impactmodel.cli.main import main
main(["run", case, "--out", out, "--quiet", "--seed", "2"])
"""


@pytest.mark.skipif(sys.platform != "linux", reason="folders are swapped on Linux")
@pytest.mark.parametrize("when", ["in the workbook", "before the swap", "after the swap"])
def test_a_killed_run_leaves_the_earlier_result_or_the_new_one(
    tmp_path: Path, when: str, published_case: Path
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    write(out, notes_txt="mine", **{name.replace(".", "_"): "old" for name in RUN_FILES})
    done = subprocess.run(
        [sys.executable, "-c", KILLED, when, str(published_case), str(out)],
        check=False,
        capture_output=True,
        timeout=120,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert {p.name for p in out.iterdir()} == {*RUN_FILES, "notes.txt"}
    assert (out / "notes.txt").read_text(encoding="utf-8") == "mine"
    old = [name for name in RUN_FILES if (out / name).read_bytes() == b"old"]
    assert sorted(old) == ([] if when == "after the swap" else sorted(RUN_FILES))
    if when == "after the swap":
        assert json.loads((out / "run.json").read_text(encoding="utf-8"))["seed"] == 2


def test_a_folder_in_which_somebody_works_stays_the_same_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, report_html="old")
    before = tmp_path.stat().st_ino
    monkeypatch.chdir(tmp_path)
    with replaced(tmp_path, NAMES) as stage:
        write(stage, report_html="new")
    assert tmp_path.stat().st_ino == before
    assert contents(tmp_path) == {"report.html": "new"}


@pytest.fixture
def published_case(tmp_path: Path) -> Path:
    path = tmp_path / "case.yaml"
    path.write_text(
        """
name: One estimate
draws: 100
evidence:
  type: published
  published:
    study: {citation: made up, estimand: ITT, population: assigned, design: trial, verified: false}
    cohort_size: 400
    periods: {start: 2024-01-01, step: year, count: 1}
    estimates:
      - outcome: {name: job, kind: binary, channel: employment}
        estimate: 0.1
        uncertainty: {type: standard_error, se: 0.02}
""",
        encoding="utf-8",
    )
    return path
