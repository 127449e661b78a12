"""Rewrite the table of run-time dependencies in THIRD_PARTY_NOTICES from `requirements.lock`.

Licences come from the installed packages' own metadata; those that state none in SPDX form, and
those installed on other systems only, are named in READ from their licence files or classifiers.
"""

from __future__ import annotations

import re
import sys
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NOTICES = ROOT / "THIRD_PARTY_NOTICES"
BEGIN = "-- run-time dependencies (make notices) --\n"
END = "-- end of run-time dependencies --\n"
READ = {
    "arviz": "Apache-2.0",
    "arviz-base": "Apache-2.0",
    "arviz-plots": "Apache-2.0",
    "arviz-stats": "Apache-2.0",
    "better-optimize": "MIT",
    "colorama": "BSD-3-Clause",
    "cycler": "BSD-3-Clause",
    "donfig": "MIT",
    "duckdb": "MIT",
    "faicons": "MIT",
    "great-tables": "MIT",
    "h5netcdf": "BSD-3-Clause",
    "htmltools": "MIT",
    "jinja2": "BSD-3-Clause",
    "kiwisolver": "BSD-3-Clause",
    "markdown-it-py": "MIT",
    "matplotlib": "Matplotlib (PSF-based)",
    "mdurl": "MIT",
    "nokap": "MIT",
    "numba": "BSD-2-Clause",
    "obstore": "MIT",
    "pyyaml": "MIT",
    "rich": "MIT",
    "ruamel-yaml": "MIT",
    "scipy": "BSD-3-Clause",
    "shellingham": "ISC",
    "xarray-einstats": "Apache-2.0",
}


def locked() -> dict[str, str]:
    """Return name and version of every package of the run-time lock."""
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    return dict(re.findall(r"^([a-z0-9][a-z0-9.-]*)==([^ ;]+)", text, flags=re.MULTILINE))


def licence(name: str) -> str:
    """Return a package's licence expression; a package whose licence nobody read is refused."""
    if name in READ:
        return READ[name]
    try:
        stated = metadata(name).get("License-Expression") or metadata(name).get("License")
    except PackageNotFoundError:
        stated = None
    if not stated or "\n" in stated:
        sys.exit(f"{name} states no SPDX licence: read its licence file and add it to READ.")
    return stated


def table() -> str:
    """Return the table, one package a line."""
    return "".join(f"{n:<22}{v:<16}{licence(n)}\n" for n, v in sorted(locked().items()))


if __name__ == "__main__":
    before, rest = NOTICES.read_text(encoding="utf-8").split(BEGIN)
    NOTICES.write_text(before + BEGIN + table() + END + rest.split(END)[1], encoding="utf-8")
    print(f"THIRD_PARTY_NOTICES lists {len(locked())} packages.")
