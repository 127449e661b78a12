"""scripts/find-python, run against interpreters that claim a version or lack a module."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(os.name == "nt", reason="find-python serves make, on POSIX systems")

SHELL = shutil.which("sh") or "sh"
NONE = (
    "No Python 3.12, 3.13 or 3.14 with venv and pip was found (tried PATH, pyenv and uv): "
    "install one, for example from python.org or with 'uv python install 3.13', "
    "and run make again.\n"
)
CLAIM = """\
import sys
sys.version_info = {version}
sys._base_executable = sys.argv[1]
for name in {lacking}:
    sys.modules[name] = None
exec(sys.argv[sys.argv.index("-c") + 1])
"""


@dataclass
class Machine:
    """A machine of our own making: what is on PATH, under pyenv and known to uv."""

    folder: Path
    variables: dict[str, str] = field(default_factory=dict)

    def program(self, path: str, text: str) -> Path:
        target = self.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(f"#!{SHELL}\n{text}\n", encoding="utf-8")
        target.chmod(0o755)
        return target

    def python(self, path: str, version: tuple[int, ...], lacking: tuple[str, ...] = ()) -> Path:
        claim = self.folder / f"{path.replace('/', '_')}.py"
        claim.write_text(CLAIM.format(version=version, lacking=lacking), encoding="utf-8")
        target = self.folder / path
        return self.program(path, f'exec "{sys.executable}" "{claim}" "{target}" "$@"')

    def find(self, root: Path) -> subprocess.CompletedProcess[str]:
        environment = {
            "PATH": str(self.folder / "bin"),
            "HOME": str(self.folder / "home"),
            **self.variables,
        }
        return subprocess.run(
            [SHELL, str(root / "scripts" / "find-python")],
            env=environment,
            check=False,
            capture_output=True,
            text=True,
        )


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_python3_is_taken_when_it_is_new_enough(machine: Machine, root: Path) -> None:
    wanted = machine.python("bin/python3", (3, 13, 0))
    machine.python("bin/python3.12", (3, 12, 1))
    result = machine.find(root)
    assert (result.returncode, result.stdout, result.stderr) == (0, f"{wanted}\n", "")


def test_an_old_python3_and_a_broken_shim_are_passed_over(machine: Machine, root: Path) -> None:
    machine.python("bin/python3", (3, 11, 7))
    machine.program("bin/python3.13", 'echo "pyenv: python3.13: command not found" >&2; exit 127')
    wanted = machine.python("bin/python3.12", (3, 12, 1))
    result = machine.find(root)
    assert (result.returncode, result.stdout, result.stderr) == (0, f"{wanted}\n", "")


@pytest.mark.parametrize("lacking", ["venv", "ensurepip", "ssl"])
def test_a_python_that_cannot_make_an_environment_is_passed_over(
    machine: Machine, root: Path, lacking: str
) -> None:
    machine.python("bin/python3", (3, 12, 3), lacking=(lacking,))
    wanted = machine.python("bin/python", (3, 12, 3))
    assert machine.find(root).stdout == f"{wanted}\n"


def test_a_python_too_new_for_pymc_is_passed_over(machine: Machine, root: Path) -> None:
    machine.python("bin/python3", (3, 15, 0))
    wanted = machine.python("bin/python3.14", (3, 14, 2))
    assert machine.find(root).stdout == f"{wanted}\n"


def test_pyenv_versions_are_tried_by_their_own_path(machine: Machine, root: Path) -> None:
    machine.program("bin/python3", "exit 127")
    machine.python("home/.pyenv/versions/3.11.7/bin/python3", (3, 11, 7))
    wanted = machine.python("home/.pyenv/versions/3.12.1/bin/python3", (3, 12, 1))
    assert machine.find(root).stdout == f"{wanted}\n"


def test_pyenv_root_may_be_elsewhere_and_hold_spaces(machine: Machine, root: Path) -> None:
    wanted = machine.python("my pyenv/versions/3.13.0/bin/python3", (3, 13, 0))
    machine.variables["PYENV_ROOT"] = str(machine.folder / "my pyenv")
    assert machine.find(root).stdout == f"{wanted}\n"


def test_uv_is_asked_last(machine: Machine, root: Path) -> None:
    wanted = machine.python("uv/cpython-3.12/bin/python3.12", (3, 12, 9))
    answers = f'case "$*" in *--managed-python*3.12) echo "{wanted}" ;; *) exit 2 ;; esac'
    machine.program("bin/uv", answers)
    assert machine.find(root).stdout == f"{wanted}\n"


def test_one_sentence_when_there_is_none(machine: Machine, root: Path) -> None:
    machine.python("bin/python3", (3, 11, 2))
    machine.program("bin/uv", "exit 2")
    result = machine.find(root)
    assert (result.returncode, result.stdout, result.stderr) == (2, "", NONE)


def test_a_named_python_is_the_only_one_tried(machine: Machine, root: Path) -> None:
    machine.python("bin/python3", (3, 13, 0))
    old = machine.python("old/python3", (3, 10, 1))
    machine.variables["PYTHON"] = str(old)
    result = machine.find(root)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr == (
        f"PYTHON={old} is not a Python 3.12, 3.13 or 3.14 with venv and pip: "
        "name another one or leave PYTHON unset.\n"
    )


def test_this_python_is_found_for_real(root: Path, machine: Machine) -> None:
    base = str(getattr(sys, "_base_executable", sys.executable))
    machine.variables["PYTHON"] = sys.executable
    assert machine.find(root).stdout == f"{base}\n"
