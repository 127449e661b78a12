"""Make `.venv` from `requirements-dev.lock`: a fresh virtual environment, hash-checked wheels only.

A stamp, written last, records what the environment was made from. Without a valid stamp the
environment is half-made, moved or out of date, and is made anew; where only `pyproject.toml` has
changed, the project alone is installed again. Standard library only.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import time
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENT = ROOT / ".venv"
LOCK = ROOT / "requirements-dev.lock"
STAMP = ENVIRONMENT / "made-from.json"
BINARIES = ENVIRONMENT / ("Scripts" if os.name == "nt" else "bin")
PYTHON = BINARIES / ("python.exe" if os.name == "nt" else "python")
PIP = [str(PYTHON), "-I", "-m", "pip", "--disable-pip-version-check", "--no-input"]


def wanted() -> dict[str, str]:
    """Return what the environment has to be made from."""

    def digest(path: Path) -> str:
        return hashlib.sha256(path.read_bytes()).hexdigest()

    return {
        "folder": str(ROOT),
        "lock": digest(LOCK),
        "project": digest(ROOT / "pyproject.toml"),
    }


def present() -> dict[str, str]:
    """Return what the environment was made from; empty where it is missing or does not run."""
    try:
        stamp = json.loads(STAMP.read_text(encoding="utf-8"))
        subprocess.run([PYTHON, "-I", "-c", "import pip"], check=True, capture_output=True)
    except (OSError, ValueError, subprocess.CalledProcessError):
        return {}
    return stamp if isinstance(stamp, dict) else {}


def make(have: dict[str, str], want: dict[str, str]) -> None:
    """Bring `.venv` from `have` to `want`; the stamp is written last."""
    STAMP.unlink(missing_ok=True)
    if {**have, "project": want["project"]} != want:
        version = ".".join(map(str, sys.version_info[:3]))
        print(f"Making .venv with Python {version} ({sys.executable}).", flush=True)
        venv.create(ENVIRONMENT, clear=True, with_pip=True, symlinks=os.name != "nt")
        print("Installing requirements-dev.lock, hash-checked: a minute or two.", flush=True)
        strict = ["-qq", "--require-hashes", "--only-binary", ":all:"]
        subprocess.run([*PIP, "install", *strict, "--requirement", str(LOCK)], check=True)
    print("Installing impactmodel itself, editable.", flush=True)
    own = ["-qq", "--no-index", "--no-deps", "--no-build-isolation", "--editable", str(ROOT)]
    subprocess.run([*PIP, "install", *own], check=True)
    unfinished = STAMP.with_suffix(".part")
    unfinished.write_text(json.dumps(want, indent=1), encoding="utf-8")
    unfinished.replace(STAMP)


def main() -> int:
    """Make what is missing; with `--ready` only tell by the exit code whether nothing is."""
    want, have = wanted(), present()
    if have == want:
        return 0
    if "--ready" in sys.argv[1:]:
        return 1
    started = time.monotonic()
    try:
        make(have, want)
    except (OSError, subprocess.CalledProcessError) as error:
        print(
            f"The environment could not be made ({error}): see the lines above, "
            "check the network and the free disk space, and run make again.",
            file=sys.stderr,
        )
        return 2
    except KeyboardInterrupt:
        print("Interrupted: the next make starts the environment anew.", file=sys.stderr)
        return 130
    print(f"The environment is ready ({time.monotonic() - started:.0f} s).", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
