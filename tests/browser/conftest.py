"""One server process and one browser for all tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.browser.page import Page, browser_path, open_browser
from tests.browser.serve import serving


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a window with a scripted model on an empty workspace."""
    with serving(tmp_path_factory.mktemp("workspace")) as url:
        yield url


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
