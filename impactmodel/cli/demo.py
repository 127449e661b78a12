"""The example cases that come with the package."""

from __future__ import annotations

from pathlib import Path

from impactmodel.cli.run import run_to_folder, show_result
from impactmodel.cli.terminal import say
from impactmodel.core.errors import InputError

REAL = ("ips", "koto_sib", "nsw")
"""Cases on real and published data; the others are synthetic."""


def examples_folder() -> Path:
    """Return the folder of examples: inside an installed package, or beside it in a checkout.

    Raises
    ------
    InputError
        If neither is there.
    """
    package = Path(__file__).resolve().parent.parent
    for folder in (package / "examples", package.parent / "examples"):
        if any(folder.glob("*/case.yaml")):
            return folder
    raise InputError("the example cases are not installed", fix="install the package again")


def run_examples(out: Path, *, quiet: bool) -> None:
    """Run the example cases on real and published data, each into a folder of its own."""
    cases = [examples_folder() / name / "case.yaml" for name in REAL]
    for path in cases:
        folder = out / path.parent.name
        result = run_to_folder(path, folder, seed=None, quiet=quiet)
        say("")
        say(result.case.settings.name)
        show_result(result, folder, as_json=False)
    say("")
    reports = [str((out / path.parent.name / "report.html").resolve()) for path in cases]
    say("Open " + " and ".join(reports) + " in a browser.")
    others = sorted(examples_folder().glob("*/case.yaml"))
    named = [str(path) for path in others if path.parent.name not in REAL]
    say("Synthetic examples, which take longer: impactmodel run " + " or ".join(named))
