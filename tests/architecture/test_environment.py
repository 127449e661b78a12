"""scripts/environment.py decides when an environment is made, repaired or left alone.

What it installs is seen by running it; here the installer is replaced by a record of its calls.
"""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest


class Calls(list[str]):
    """What the script did: `venv` and the last arguments of each run of pip."""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    (tmp_path / "requirements-dev.lock").write_text("numpy==2.5.5\n", encoding="utf-8")
    (tmp_path / "pyproject.toml").write_text("[project]\n", encoding="utf-8")
    return tmp_path


@pytest.fixture
def script(root: Path, checkout: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    spec = importlib.util.spec_from_file_location("environment", root / "scripts/environment.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    spec.loader.exec_module(module)
    environment = checkout / ".venv"
    for name, value in {
        "ROOT": checkout,
        "ENVIRONMENT": environment,
        "LOCK": checkout / "requirements-dev.lock",
        "STAMP": environment / "made-from.json",
        "PYTHON": environment / "bin" / "python",
        "PIP": ["pip"],
    }.items():
        monkeypatch.setattr(module, name, value)
    monkeypatch.setattr(sys, "argv", ["environment.py"])
    return module


@pytest.fixture
def calls(script: ModuleType, monkeypatch: pytest.MonkeyPatch) -> Calls:
    done = Calls()

    def create(folder: Path, *, clear: bool, with_pip: bool, symlinks: bool) -> None:
        assert clear
        assert with_pip
        assert symlinks
        (folder / "bin").mkdir(parents=True, exist_ok=True)
        (folder / "bin" / "python").write_text("works", encoding="utf-8")
        done.append("venv")

    def run(command: list[str], **_: object) -> None:
        if command[0] == "pip":
            done.append("editable" if "--editable" in command else "lock")
        elif not Path(command[0]).is_file():
            raise FileNotFoundError(command[0])

    monkeypatch.setattr(script.venv, "create", create)
    monkeypatch.setattr(script.subprocess, "run", run)
    return done


ALL = ["venv", "lock", "editable"]


def test_a_fresh_checkout_gets_everything_once(script: ModuleType, calls: Calls) -> None:
    assert script.main() == 0
    assert calls == ALL
    assert script.main() == 0
    assert calls == ALL


def test_a_changed_lock_makes_it_anew(script: ModuleType, calls: Calls, checkout: Path) -> None:
    script.main()
    (checkout / "requirements-dev.lock").write_text("numpy==2.5.6\n", encoding="utf-8")
    script.main()
    assert calls == ALL + ALL


def test_a_changed_project_is_only_installed_again(
    script: ModuleType, calls: Calls, checkout: Path
) -> None:
    script.main()
    (checkout / "pyproject.toml").write_text("[project]\nname='x'\n", encoding="utf-8")
    script.main()
    assert calls == [*ALL, "editable"]


def test_an_environment_whose_python_is_gone_is_made_anew(script: ModuleType, calls: Calls) -> None:
    script.main()
    script.PYTHON.unlink()
    script.main()
    assert calls == ALL + ALL


@pytest.mark.parametrize("stamp", ["", "[]", "{}", '{"folder": "elsewhere"}', None])
def test_a_half_made_or_moved_environment_is_made_anew(
    script: ModuleType, calls: Calls, stamp: str | None
) -> None:
    script.main()
    if stamp is None:
        script.STAMP.unlink()
    else:
        script.STAMP.write_text(stamp, encoding="utf-8")
    script.main()
    assert calls == ALL + ALL


def test_a_failed_installation_leaves_no_stamp_and_one_sentence(
    script: ModuleType,
    calls: Calls,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    script.main()
    before = json.loads(script.STAMP.read_text(encoding="utf-8"))

    def fail(command: list[str], **_: object) -> None:
        if command[0] == "pip":
            raise subprocess.CalledProcessError(1, "pip")

    script.LOCK.write_text("numpy==0\n", encoding="utf-8")
    monkeypatch.setattr(script.subprocess, "run", fail)
    assert before != script.wanted()
    assert script.main() == 2
    assert not script.STAMP.exists()
    assert capsys.readouterr().err == (
        "The environment could not be made (Command 'pip' returned non-zero exit status 1.): "
        "see the lines above, check the network and the free disk space, and run make again.\n"
    )
    assert calls.count("venv") == 2


def test_ready_only_tells(
    script: ModuleType, calls: Calls, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["environment.py", "--ready"])
    assert script.main() == 1
    assert calls == []
