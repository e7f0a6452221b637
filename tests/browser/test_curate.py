"""Reviewing in a browser, by keyboard: fifty pairs, an edit, a rejection, undo, and a reload.

The tests share one window and run in this order, as one sitting of a user would.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

from store import Store
from tests.browser.page import Page
from tests.browser.serve import serving
from tests.store.drawn_pairs import add_pairs

pytestmark = pytest.mark.browser

PAIRS = 56
STATE = "document.querySelector('#curate-review [data-ready]').dataset"
TAB = """
[...document.querySelectorAll('#tabs button[role=tab]')]
  .find((tab) => tab.textContent.trim() === 'Curate').click();
"""
DRAWN = f"""(({{ pictures }}) => pictures && pictures.split(' ').every((id, place) =>
  document.querySelectorAll('.rv-viewer')[place]?.dataset.ready === id))({STATE})"""


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with drafts."""
    folder = tmp_path_factory.mktemp("curate")
    with Store.open(folder / "workspace") as store:
        add_pairs(store, folder, PAIRS)
    return folder / "workspace"


@pytest.fixture(scope="module")
def sitting(driver: webdriver.Chrome, workspace: Path) -> Iterator[Page]:
    """The window, its Review view open."""
    with serving(workspace) as url:
        shown = Page(driver, url)
        shown.open()
        open_view(shown)
        yield shown


def open_view(page: Page) -> None:
    page.js(TAB)
    page.wait("document.querySelector('#curate-review [data-ready]')?.dataset.pair")


def press(page: Page, *keys: str) -> None:
    chain = ActionChains(page.driver, duration=0)
    for key in keys:
        chain.send_keys(key)
    chain.perform()


def test_a_pair_is_shown_with_its_micrograph_and_its_keys(sitting: Page) -> None:
    sitting.wait(DRAWN)
    assert sitting.text(".rv-question p") == "What is shown in number 0?"
    assert sitting.text(".rv-answer p") == "Fibres of 0 µm."
    assert sitting.text("[data-act=accept]").split() == ["Accept", "A", "⏎"]
    assert "teacher-1" in sitting.text(".rv-provenance")


def test_fifty_pairs_by_keyboard_alone_with_undo(sitting: Page) -> None:
    press(sitting, *("a" * 5), "u", "u", Keys.ENTER, "a")
    sitting.wait(f"{STATE}.at === '5' && {STATE}.unsent === '0'")
    for _ in range(5):
        press(sitting, *("a" * 6), "r", "2", "s", Keys.ENTER)
        sitting.wait(f"{STATE}.unsent === '0' && {STATE}.pair")
    sitting.wait(f"{STATE}.at === '50'")
    assert sitting.js(f"return Number({STATE}.nextMs)") > 0


def test_an_edit_shows_its_words_and_is_saved(sitting: Page) -> None:
    pair = sitting.js(f"return {STATE}.pair")
    press(sitting, "e")
    sitting.wait(f"{STATE}.editing === 'yes'")
    answer = sitting.find(".rv-answer textarea")
    answer.clear()
    answer.send_keys("Wires of 50 µm.")
    assert sitting.text(".rv-answer del") == "Fibres"
    assert sitting.text(".rv-answer ins") == "Wires"
    press(sitting, "a")
    assert sitting.js(f"return {STATE}.pair") == pair
    answer.send_keys(Keys.BACKSPACE)
    ActionChains(sitting.driver, duration=0).key_down(Keys.CONTROL).send_keys(Keys.ENTER).key_up(
        Keys.CONTROL
    ).perform()
    sitting.wait(f"{STATE}.pair !== {pair!r} && {STATE}.unsent === '0'")
    press(sitting, Keys.ARROW_LEFT)
    sitting.wait(f"{STATE}.pair === {pair!r}")
    assert sitting.text(".rv-answer > p") == "Wires of 50 µm."
    press(sitting, Keys.ARROW_RIGHT)
    sitting.wait(f"{STATE}.at === '51'")


def test_a_pair_judged_in_another_tab_is_told_in_one_line(sitting: Page) -> None:
    pair = sitting.js(f"return {STATE}.pair")
    other = """
    const [pair, done] = arguments;
    const at = performance.getEntriesByType('resource').map((e) => e.name)
      .find((name) => name.endsWith('/curate/review/ahead.json'));
    fetch(at.replace('ahead', 'verdict'), { method: 'POST',
      body: JSON.stringify({ id: pair, verdict: 'accepted' }) }).then((r) => done(r.status));
    """
    assert sitting.driver.execute_async_script(other, pair) == 200
    press(sitting, "r", "6")
    sitting.wait(f"{STATE}.line.includes('judged meanwhile')")
    assert sitting.js(f"return {STATE}.pair") != pair
    assert sitting.js(f"return {STATE}.unsent") == "0"


def test_nothing_is_lost_by_a_reload(sitting: Page) -> None:
    press(sitting, "a")
    sitting.open()
    open_view(sitting)
    sitting.wait(f"{STATE}.judged === '48'")
    press(sitting, "l")
    sitting.wait(f"{STATE}.listed === '8'")
    press(sitting, "l")
    for _ in range(3):
        sitting.wait(f"{STATE}.pair")
        press(sitting, "a")
    sitting.wait(f"{STATE}.none === 'done' && {STATE}.unsent === '0' && !{STATE}.pair")
    assert "The rest is left for later" in sitting.text(".rv-none")
    assert sitting.text(".rv-told").startswith(f"51 of {PAIRS}")
