"""The program itself with its own model, on a machine that can reach nothing but itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from selenium import webdriver

from tests.browser.files import uncalibrated_jpeg
from tests.browser.page import Page
from tests.browser.program import running
from tests.browser.test_analyse import PHYSICAL

pytestmark = pytest.mark.browser

DENY = '''
"""Imported by Python at its start: nothing may leave this machine; what tries is written down."""
import os
import socket

LOG = os.environ["DENIED_LOG"]
connect, getaddrinfo = socket.socket.connect, socket.getaddrinfo


def leaves(host):
    return host is not None and str(host) not in ("127.0.0.1", "::1", "localhost", "0.0.0.0", "")


def note(what):
    with open(LOG, "a") as log:
        log.write(what + "\\n")


def refuse(what):
    note(what)
    raise PermissionError(what)


def guarded_connect(self, address):
    if isinstance(address, tuple) and leaves(address[0]):
        refuse(f"connect {address!r}")
    return connect(self, address)


def guarded_getaddrinfo(host, *args, **kwargs):
    if leaves(host):
        refuse(f"look-up {host!r}")
    return getaddrinfo(host, *args, **kwargs)


socket.socket.connect = guarded_connect
socket.getaddrinfo = guarded_getaddrinfo
note("guarded")
'''


@dataclass(frozen=True)
class Program:
    """The running program: its window, and what it tried to reach."""

    page: Page
    denied: Path


@pytest.fixture(scope="module")
def program(
    driver: webdriver.Chrome, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Program]:
    folder = tmp_path_factory.mktemp("program")
    (folder / "sitecustomize.py").write_text(DENY)
    denied = folder / "denied.txt"
    guard = {"PYTHONPATH": str(folder), "DENIED_LOG": str(denied)}
    with running(folder / "workspace", **guard) as url:
        shown = Page(driver, url)
        shown.open()
        yield Program(shown, denied)


@pytest.mark.real_data
def test_a_micrograph_is_dropped_asked_about_and_still_there_after_a_reload(
    program: Program, real_data: Path
) -> None:
    page = program.page
    file = real_data / "vendor" / "tescan_zeiss_semscalebar" / "Zeiss_1.tif"
    page.drop((file.name, file.read_bytes()))
    page.wait_for_micrograph(file.name)
    assert float(page.data("calibration").split()[0]) == pytest.approx(5.86, rel=0.01)
    page.wait_measured()
    page.ask("What is the field of view?")
    page.wait_in_chat("What the model saw")
    page.wait_answered()
    page.ask("Is there a defect?")
    page.wait_answered()
    page.open()
    page.wait_for_micrograph(file.name)
    page.wait_in_chat("Is there a defect?")
    chat = page.text("#chat")
    assert "What is the field of view?" in chat
    assert "6.001 µm" in chat  # 1024 px of 5.86 nm: the measured fact, copied
    assert "computer-drawn" in page.text("#model")


def test_without_a_calibration_the_model_names_no_physical_length(program: Program) -> None:
    page = program.page
    page.drop(("plain.jpg", uncalibrated_jpeg()))
    page.wait_for_micrograph("plain.jpg")
    page.wait_measured()
    page.ask("How large are the particles in nanometres?")
    page.wait_in_chat("What the model saw")
    page.wait_answered()
    answer = page.text("#chat").partition("nanometres?")[2]
    assert "px" in answer
    assert not PHYSICAL.search(answer)


def test_nothing_tried_to_leave_the_machine(program: Program) -> None:
    assert set(program.denied.read_text().splitlines()) == {"guarded"}
