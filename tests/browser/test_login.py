"""The window with a login, in a browser: a wrong password is told, the right one opens all."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from selenium import webdriver
from selenium.webdriver.common.keys import Keys

from tests.browser.files import NM_PER_PX, calibrated_tiff
from tests.browser.page import Page
from tests.browser.serve import serving

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def locked(driver: webdriver.Chrome, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """A window that asks for a login, not logged in."""
    with serving(tmp_path_factory.mktemp("locked"), SLAVA_LOGIN="ann:right") as url:
        yield Page(driver, url)


def log_in(page: Page, password: str) -> None:
    page.find("[name=password]").send_keys(password, Keys.ENTER)


def test_a_wrong_password_is_told_and_can_be_mended(locked: Page) -> None:
    locked.driver.get(locked.url)
    locked.find("[name=username]").send_keys("ann")
    log_in(locked, "wrong")
    locked.wait("document.querySelector('[role=alert]').textContent.includes('do not fit')")
    log_in(locked, "right")
    locked.wait("document.body.dataset.shell === 'ready'")


def test_the_window_works_behind_the_login(locked: Page) -> None:
    locked.open()
    locked.drop(("discs.tif", calibrated_tiff()))
    locked.wait_for_micrograph("discs.tif")
    assert locked.data("calibration") == f"{NM_PER_PX} nm/px · from the file"
    locked.wait("document.querySelector('.lib-item img').naturalWidth > 0")
    locked.ask("What do you see?")
    locked.wait_in_chat("Answer to: What do you see?")
    locked.wait_answered()


def test_without_its_cookie_the_window_asks_again(locked: Page) -> None:
    locked.driver.delete_all_cookies()
    locked.driver.get(locked.url)
    locked.wait("document.querySelector('input[type=password]')")
    assert "discs.tif" not in locked.text("body")
