"""One headless Chromium, and what a user does with it. Waits on state, never on time."""

from __future__ import annotations

import base64
import shutil
import time
from pathlib import Path
from typing import Any

from selenium import webdriver
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
WAIT_S = 60
"""Long, because a test machine may be busy; a wait ends as soon as what it waits for is there."""

DROP = """
const [files, done] = [arguments[0], arguments[arguments.length - 1]];
const carried = new DataTransfer();
for (const [name, base64] of files) {
  const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
  carried.items.add(new File([bytes], name));
}
const target = document.querySelector('.sv-stage');
for (const type of ['dragenter', 'dragover', 'drop']) {
  const options = { bubbles: true, cancelable: true, dataTransfer: carried };
  target.dispatchEvent(new DragEvent(type, options));
}
done();
"""
SEARCH = """
const search = document.querySelector('.lib-search');
search.value = arguments[0];
search.dispatchEvent(new Event('input'));
"""


def browser_path() -> str | None:
    """Where Chromium is, if there is one with its driver."""
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    return found if found and shutil.which("chromedriver") else None


def open_browser(profile: Path, width: int = 1440, height: int = 900) -> webdriver.Chrome:
    """A headless Chromium with an empty profile."""
    options = webdriver.ChromeOptions()
    options.binary_location = browser_path() or ""
    for flag in (*FLAGS, f"--user-data-dir={profile}", f"--window-size={width},{height}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))
    driver.set_script_timeout(WAIT_S)
    return driver


class Page:
    """The window in a browser."""

    def __init__(self, driver: webdriver.Chrome, url: str) -> None:
        self.driver, self.url = driver, url

    def js(self, script: str, *arguments: Any) -> Any:
        """The value of a script."""
        return self.driver.execute_script(script, *arguments)

    def wait(self, condition: str, timeout_s: float = WAIT_S) -> Any:
        """Wait until a JavaScript expression is true; return its value."""
        end = time.monotonic() + timeout_s
        while time.monotonic() < end:
            try:
                if value := self.js(f"return {condition}"):
                    return value
            except WebDriverException:
                pass  # the page is being replaced
            time.sleep(0.05)
        raise AssertionError(f"not so after {timeout_s:.0f} s: {condition}\n{self.text('body')}")

    def open(self) -> None:
        """Load the page, or load it again."""
        self.driver.get(self.url)
        self.wait("document.body.dataset.shell === 'ready' && document.querySelector('.ask-chip')")
        self.wait("document.querySelector('#library [data-items]')")

    def resize(self, width: int, height: int) -> None:
        """Give the page another size."""
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)

    def find(self, selector: str) -> WebElement:
        """The first element."""
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def text(self, selector: str) -> str:
        """The visible text of the first element, empty when there is none."""
        return str(
            self.js("return document.querySelector(arguments[0])?.innerText || ''", selector)
        )

    def click(self, selector: str) -> None:
        """Click the first element once it is there."""
        self.wait(f"document.querySelector({selector!r})")
        self.js("document.querySelector(arguments[0]).click()", selector)

    def data(self, name: str, panel: str = "viewer") -> str:
        """A state that a panel wrote on itself."""
        script = "return document.querySelector(arguments[0])?.getAttribute(arguments[1]) || ''"
        return str(self.js(script, f"#{panel} [data-{name}]", f"data-{name}"))

    def drop(self, *files: tuple[str, bytes]) -> None:
        """Drop files on the picture."""
        coded = [[name, base64.b64encode(content).decode()] for name, content in files]
        self.driver.execute_async_script(DROP, coded)

    def choose(self, name: str) -> None:
        """Open a micrograph of the library, however far down it is."""
        self.js(SEARCH, name)
        self.click(f".lib-item[title={name!r}]")
        self.js(SEARCH, "")
        self.wait_for_micrograph(name)

    def wait_for_micrograph(self, name: str) -> None:
        """Wait until a micrograph is open and drawn."""
        self.wait(
            f"document.querySelector('.sv-name').textContent === {name!r} && "
            "document.querySelector('#viewer [data-ready]').dataset.ready"
        )

    def wait_measured(self) -> None:
        """Wait until the open micrograph is measured."""
        self.wait("document.querySelector('#facts [data-state]').dataset.state === 'measured'")

    def ask(self, question: str) -> None:
        """Type a question and send it."""
        box = self.find("#question textarea")
        box.send_keys(question, Keys.ENTER)

    def wait_in_chat(self, text: str) -> None:
        """Wait until the conversation shows a text."""
        self.wait(f"document.querySelector('#chat').innerText.includes({text!r})")

    def wait_answered(self) -> None:
        """Wait until no answer is being written."""
        self.wait("document.querySelector('#question .submit-button')")

    def drag(self, start: tuple[int, int], by: tuple[int, int]) -> None:
        """Press, move and release on the picture, in CSS pixels from its middle."""
        stage = self.find(".sv-stage")
        moves = ActionChains(self.driver, duration=50).move_to_element_with_offset(stage, *start)
        moves.click_and_hold().move_by_offset(*by).release().perform()

    def alt_click(self, x: int, y: int) -> None:
        """Click on the picture with Alt held, in CSS pixels from its middle."""
        stage = self.find(".sv-stage")
        moves = ActionChains(self.driver, duration=50).key_down(Keys.ALT)
        moves.move_to_element_with_offset(stage, x, y).click().key_up(Keys.ALT).perform()
