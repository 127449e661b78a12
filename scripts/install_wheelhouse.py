"""Install impactmodel from the folder this file lies in, without a network.

Usage: python install.py DIRECTORY. Makes a virtual environment there; hash-checks every wheel.
"""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from pathlib import Path

HERE = Path(__file__).resolve().parent


def main() -> int:
    """Make the environment and install the two locks into it."""
    match sys.argv[1:]:
        case [directory] if not directory.startswith("-"):
            target = Path(directory).resolve()
        case _:
            print("usage: python install.py DIRECTORY", file=sys.stderr)
            return 2
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        print(f"{target} exists and is not empty: name a new directory.", file=sys.stderr)
        return 2
    binaries = target / ("Scripts" if os.name == "nt" else "bin")
    venv.create(target, with_pip=True, symlinks=os.name != "nt")
    python = binaries / ("python.exe" if os.name == "nt" else "python")
    offline = ["install", "-qq", "--no-index", "--find-links", str(HERE), "--require-hashes"]
    for lock in (["-r", "requirements.lock"], ["--no-deps", "-r", "impactmodel.lock"]):
        command = [str(python), "-I", "-m", "pip", "--disable-pip-version-check", *offline, *lock]
        code = subprocess.run(command, cwd=HERE, check=False).returncode
        if code:
            print(
                "Installation failed: see above. INSTALL.txt names the Python and system that this "
                "folder is for.",
                file=sys.stderr,
            )
            return code
    print(f"Installed. Run {binaries / 'impactmodel'} --help")
    return 0


if __name__ == "__main__":
    sys.exit(main())
