"""What holds for every test: no network, repeatable examples, marks by folder, visible skips."""

from __future__ import annotations

import ipaddress
import os
import shutil
import socket
from collections.abc import Generator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings

os.environ.setdefault("MPLBACKEND", "Agg")

settings.register_profile("repeatable", derandomize=True, deadline=None, database=None)
settings.load_profile("repeatable")

MARK_OF_FOLDER = {"benchmarks": "benchmark", "calibration": "calibration"}
PROGRAMS = {
    "chromium": ("chromium", "chromium-browser", "google-chrome"),
    "libreoffice": ("soffice", "libreoffice"),
}


def program(name: str) -> str | None:
    """Return the path of Chromium or LibreOffice, None where it is absent."""
    return next((path for command in PROGRAMS[name] if (path := shutil.which(command))), None)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark tests by their folder, and skip by name what an absent program would have run."""
    here = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(here):
            folder = item.path.relative_to(here).parts[0]
            if folder in MARK_OF_FOLDER:
                item.add_marker(MARK_OF_FOLDER[folder])
        for name in PROGRAMS:
            if item.get_closest_marker(name) and program(name) is None:
                item.add_marker(pytest.mark.skip(reason=f"{name} is not installed"))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn numpy scalars that a test records into Python's, which alone pass between workers."""
    report = yield
    report.user_properties = [
        (name, value.item() if isinstance(value, np.generic) else value)
        for name, value in report.user_properties
    ]
    return report


def _is_local(address: object) -> bool:
    if not isinstance(address, tuple):
        return True
    host = str(address[0])
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse every connection that would leave the machine."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: object) -> None:
        if not _is_local(address):
            raise AssertionError(f"a test tried to reach {address} over the network")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture
def chromium() -> str:
    """Return the path of Chromium (mark the test `chromium`)."""
    path = program("chromium")
    assert path is not None, "mark the test 'chromium'"
    return path


@pytest.fixture
def libreoffice() -> str:
    """Return the path of LibreOffice (mark the test `libreoffice`)."""
    path = program("libreoffice")
    assert path is not None, "mark the test 'libreoffice'"
    return path
