"""Make and check `wheelhouse/`: a folder from which impactmodel installs without a network.

`make` downloads the wheels of `requirements.lock`, hash-checked, for the operating system, machine
and Python that run it, adds the project's own wheel and an installer. `check` installs the folder
into a temporary environment with the network off and runs `impactmodel --version`.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "wheelhouse"
PIP = [sys.executable, "-I", "-m", "pip", "--disable-pip-version-check", "--no-input"]

INSTRUCTIONS = """\
impactmodel without a network
=============================

Made for Python {version} on {platform}. On the closed machine, with that Python:

    python install.py DIRECTORY

makes a virtual environment in DIRECTORY and installs from this folder alone; every wheel is checked
against its SHA-256 hash. The same by hand, inside an environment that is already active:

    pip install --no-index --find-links . --require-hashes -r requirements.lock
    pip install --no-index --find-links . --require-hashes --no-deps -r impactmodel.lock

To check the transfer itself: sha256sum --check SHA256SUMS
"""


def run(*command: str | Path, environment: dict[str, str] | None = None) -> None:
    """Run a command; its failure ends this script."""
    subprocess.run(command, check=True, env=environment)


def digest(path: Path) -> str:
    """Return the SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def make() -> None:
    """Fill the folder; it replaces an earlier one only when it is complete."""
    unfinished = Path(tempfile.mkdtemp(prefix="wheelhouse-", dir=ROOT))
    try:
        print("Downloading the wheels of requirements.lock, hash-checked.", flush=True)
        locked = ["-qq", "--require-hashes", "--only-binary", ":all:", "--requirement"]
        run(*PIP, "download", *locked, ROOT / "requirements.lock", "--dest", unfinished)
        print("Building the wheel of impactmodel.", flush=True)
        own = ["-qq", "--no-index", "--no-deps", "--no-build-isolation", "--wheel-dir"]
        run(*PIP, "wheel", *own, unfinished, ROOT)
        (wheel,) = unfinished.glob("impactmodel-*.whl")
        pinned = f"impactmodel=={wheel.name.split('-')[1]} --hash=sha256:{digest(wheel)}\n"
        (unfinished / "impactmodel.lock").write_text(pinned, encoding="utf-8")
        shutil.copy(ROOT / "requirements.lock", unfinished)
        shutil.copy(ROOT / "scripts" / "install_wheelhouse.py", unfinished / "install.py")
        text = INSTRUCTIONS.format(
            version=sysconfig.get_python_version(), platform=sysconfig.get_platform()
        )
        (unfinished / "INSTALL.txt").write_text(text, encoding="utf-8")
        files = sorted(path for path in unfinished.iterdir() if path.is_file())
        sums = "".join(f"{digest(path)}  {path.name}\n" for path in files)
        (unfinished / "SHA256SUMS").write_text(sums, encoding="utf-8")
        shutil.rmtree(FOLDER, ignore_errors=True)
        unfinished.replace(FOLDER)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    FOLDER.chmod(0o755)
    size = sum(path.stat().st_size for path in FOLDER.iterdir()) / 1e6
    print(f"wheelhouse/ holds {len(files)} files, {size:.0f} MB; INSTALL.txt says how to use it.")


def isolation() -> list[str]:
    """Return the command prefix that takes the network away, empty where the system refuses."""
    unshare = shutil.which("unshare")
    for prefix in ([unshare, "-n"], [unshare, "-r", "-n"]) if unshare else ():
        if subprocess.run([*prefix, "true"], check=False, capture_output=True).returncode == 0:
            return [str(part) for part in prefix]
    return []


def check() -> None:
    """Install the folder into a temporary environment with the network off."""
    if not (FOLDER / "install.py").is_file():
        sys.exit("There is no wheelhouse yet: run 'make wheelhouse' first.")
    offline = isolation()
    how = " ".join(offline) if offline else "PIP_NO_INDEX only: this system has no unshare -n"
    print(f"Installing with the network off ({how}).", flush=True)
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PIP_", "PYTHON"))}
    environment = {**kept, "PIP_NO_INDEX": "1", "PIP_CONFIG_FILE": os.devnull}
    python = getattr(sys, "_base_executable", sys.executable)
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "environment"
        run(*offline, python, "-I", FOLDER / "install.py", target, environment=environment)
        program = target / ("Scripts/impactmodel.exe" if os.name == "nt" else "bin/impactmodel")
        run(*offline, program, "--version", environment=environment)
    print("The wheelhouse installs without a network.")


if __name__ == "__main__":
    actions = {"make": make, "check": check}
    if sys.argv[1:] not in [[name] for name in actions]:
        sys.exit(f"usage: {Path(__file__).name} make|check")
    try:
        actions[sys.argv[1]]()
    except subprocess.CalledProcessError as error:
        command = " ".join(map(str, error.cmd))
        sys.exit(f"See above: this failed with code {error.returncode}: {command}")
