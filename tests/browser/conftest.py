"""One server process and one browser for all tests of this folder."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser.page import Page, browser_path, open_browser

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a window with a scripted model on an empty workspace."""
    workspace = tmp_path_factory.mktemp("workspace")
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.browser.serve", str(workspace)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    url = process.stdout.readline().strip()
    assert url.startswith("http://127.0.0.1:"), "the server did not start"
    yield url
    process.stdin.close()
    process.wait(20)
    process.stdout.close()


@pytest.fixture(scope="session")
def page(server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """The window, open in the browser."""
    if browser_path() is None:
        pytest.skip("no Chromium with chromedriver on this machine")
    driver = open_browser(tmp_path_factory.mktemp("profile"))
    try:
        shown = Page(driver, server)
        shown.open()
        yield shown
    finally:
        driver.quit()
