"""Every fault is one sentence and an exit code."""

from __future__ import annotations

import errno

import pytest

from impactmodel.cli import main as cli
from impactmodel.cli.faults import exit_code, sentence, tell
from impactmodel.core.errors import DiagnosticsError, InputError, JoinError


@pytest.mark.parametrize(
    ("error", "text", "code"),
    [
        (
            InputError("the cap is negative", seen=-5, key="cap", file="c.yaml", line=3),
            "c.yaml, line 3, cap: the cap is negative (seen: -5)",
            2,
        ),
        (JoinError("unlike currency"), "unlike currency", 2),
        (DiagnosticsError("the fit failed"), "the fit failed", 2),
        (
            PermissionError(errno.EACCES, "Permission denied", "out/report.html"),
            "out/report.html: Permission denied",
            2,
        ),
        (OSError(errno.ENOSPC, "No space left on device"), "No space left on device", 2),
        (OSError("the earlier results are in x"), "the earlier results are in x", 2),
        (
            MemoryError(),
            "the machine has too little memory for this run; ask for fewer draws",
            2,
        ),
    ],
)
def test_known(error: Exception, text: str, code: int) -> None:
    assert (sentence(error), exit_code(error)) == (text, code)


def test_a_fault_of_our_own_shows_no_data(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ValueError, match="Anna") as caught:
        float("Anna Example")
    assert tell(caught.value) == 70
    written = capsys.readouterr()
    assert written.out == ""
    assert "Anna" not in written.err
    assert "Traceback" not in written.err
    assert written.err.startswith("impactmodel: a fault of this program (ValueError in test_faults")
    assert "IMPACTMODEL_DEBUG=1" in written.err


def test_tracebacks_on_demand(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IMPACTMODEL_DEBUG", "1")
    assert tell(ValueError("x")) == 70
    assert "ValueError: x" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["fly"], "No such command 'fly'"),
        (["run"], "Missing argument 'CASE'"),
        (["run", "case.yaml"], "Missing option '--out'"),
        (["run", "case.yaml", "--out", "o", "--speed"], "No such option: --speed"),
        (["run", "c.yaml", "--out", "o", "--seed", "x"], "Invalid value for '--seed'"),
        (["run", "c.yaml", "--out", "o", "--seed", "-1"], "Invalid value for '--seed'"),
        (
            ["run", "absent.yaml", "--out", "o"],
            "absent.yaml: the file cannot be read: No such file",
        ),
    ],
)
def test_wrong_use(arguments: list[str], text: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.status(arguments) == 2
    written = capsys.readouterr()
    assert text in written.err
    assert written.err.startswith("impactmodel: ")
    assert written.err.count("\n") == 1
    assert written.out == ""


def test_interruption(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("impactmodel.cli.demo.run_examples", interrupted)
    assert cli.status(["demo"]) == 130
    assert capsys.readouterr().err == "impactmodel: stopped; nothing was written.\n"


def test_help_and_version(capsys: pytest.CaptureFixture[str]) -> None:
    from importlib.metadata import version

    assert cli.status(["--version"]) == 0
    assert capsys.readouterr().out == f"impactmodel {version('impactmodel')}\n"
    assert cli.status(["--help"]) == 0
    shown = capsys.readouterr().out
    for command in ("run", "settle", "check", "demo", "schema"):
        assert f"  {command} " in shown
