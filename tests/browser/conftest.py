"""One server process and one browser for the tests of a module, gone with its last one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from selenium import webdriver

from tests.browser.page import Page, browser_path, open_browser
from tests.browser.serve import serving


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    """A headless Chromium."""
    if browser_path() is None:
        pytest.skip("no Chromium with chromedriver on this machine")
    opened = open_browser(tmp_path_factory.mktemp("profile"))
    try:
        yield opened
    finally:
        opened.quit()


@pytest.fixture(scope="module")
def page(driver: webdriver.Chrome, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """A window with a scripted model on an empty workspace, open in the browser."""
    with serving(tmp_path_factory.mktemp("workspace")) as url:
        shown = Page(driver, url)
        shown.open()
        yield shown
