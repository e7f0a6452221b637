"""What every test may use: the real data folder, and a machine without a network."""

from __future__ import annotations

import ipaddress
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

DEFAULT_REAL_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
MUST_RUN = frozenset(os.environ.get("SLAVA_TESTS_MUST_RUN", "").split())
"""Markers whose tests may not be skipped (checked where everything they need is installed)."""

# No test says how fast a machine is; and where a change is judged, the same examples are tried.
settings.register_profile("slava", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("slava")


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real micrographs; the test is skipped where there is none."""
    folder = Path(os.environ.get("SLAVA_REAL_DATA", DEFAULT_REAL_DATA))
    if not folder.is_dir():
        pytest.skip(f"no real data at {folder}; set SLAVA_REAL_DATA to have this test run")
    return folder


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--long", action="store_true", help="run the tests that train for minutes too")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what trains for minutes, unless it is asked for."""
    if config.getoption("--long"):
        return
    long = [item for item in items if item.get_closest_marker("long")]
    config.hook.pytest_deselected(items=long)
    items[:] = [item for item in items if item not in long]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """Turn a skip into a failure for the markers in ``SLAVA_TESTS_MUST_RUN``."""
    report: Any = yield
    held = MUST_RUN & {mark.name for mark in item.iter_markers()}
    if report.skipped and held and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"must not be skipped here ({', '.join(held)}): {report.longrepr}"
    return report


def _is_loopback(address: Any) -> bool:
    if not isinstance(address, tuple):  # a Unix socket
        return True
    host = str(address[0])
    if host in ("localhost", ""):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@pytest.fixture(autouse=True)
def loopback_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Deny every connection and look-up that would leave this machine."""
    connect, getaddrinfo = socket.socket.connect, socket.getaddrinfo

    def guarded_connect(self: socket.socket, address: Any) -> None:
        if not _is_loopback(address):
            raise PermissionError(f"a test tried to reach {address!r}")
        connect(self, address)

    def guarded_getaddrinfo(host: Any, *args: Any, **kwargs: Any) -> Any:
        if host is not None and not _is_loopback((host,)):
            raise PermissionError(f"a test tried to look up {host!r}")
        return getaddrinfo(host, *args, **kwargs)

    monkeypatch.setattr(socket.socket, "connect", guarded_connect)
    monkeypatch.setattr(socket, "getaddrinfo", guarded_getaddrinfo)
