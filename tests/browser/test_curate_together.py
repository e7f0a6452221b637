"""Reviewing in a browser: pairs picked by hand, two people who must agree, keys of one's own.

The tests share one window and run in this order, as one sitting of a user would.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from selenium import webdriver
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

from store import Store
from tests.browser.page import Page
from tests.browser.serve import serving
from tests.browser.test_curate import STATE, open_view, press
from tests.store.drawn_pairs import add_pairs

pytestmark = pytest.mark.browser

PAIRS = 12
TWO = "document.querySelector('.rv-two')"
SETTLED = f"{STATE}.unsent === '0'"


@pytest.fixture(scope="module")
def sitting(driver: webdriver.Chrome, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """The window on a workspace with drafts, its Review view open, before Ann."""
    folder = tmp_path_factory.mktemp("together")
    with Store.open(folder / "workspace") as store:
        add_pairs(store, folder, PAIRS)
    with serving(folder / "workspace") as url:
        shown = Page(driver, url)
        shown.open()
        open_view(shown)
        call_oneself(shown, "Ann")
        yield shown


def call_oneself(page: Page, name: str) -> None:
    page.click(".rv-who")
    field = page.find(".rv-name input")
    field.send_keys(Keys.CONTROL, "a")  # typed over: a field that is emptied is filled again
    field.send_keys(name, Keys.ENTER)
    page.wait(f"{STATE}.reviewer === {name!r} && {STATE}.pair")


@contextmanager
def another_tab(page: Page) -> Iterator[None]:
    """A tab of its own, which knows nothing of the first one."""
    first = page.driver.current_window_handle
    page.driver.switch_to.new_window("tab")
    try:
        yield
    finally:
        page.driver.close()
        page.driver.switch_to.window(first)


def wait_for(page: Page, selector: str, text: str) -> None:
    """Wait until an element says so."""
    page.wait(f"document.querySelector({selector!r})?.innerText.includes({text!r})")


def click_row(page: Page, number: int, key: str = "") -> None:
    """Click a row of the list, with a key held."""
    row = page.find(f".rv-table tbody tr:nth-child({number}) td:nth-child(3)")
    chain = ActionChains(page.driver, duration=0)
    if key:
        chain.key_down(key).click(row).key_up(key).perform()
    else:
        chain.click(row).perform()


# ------------------------------------------------------------------ picked by hand
def test_pairs_are_picked_with_mouse_and_keys(sitting: Page) -> None:
    press(sitting, "x")
    wait_for(sitting, ".rv-head", "picked")
    press(sitting, "l")
    sitting.wait(f"{STATE}.listed === '{PAIRS}' && {STATE}.picked === '1'")
    click_row(sitting, 3, Keys.CONTROL)
    click_row(sitting, 6, Keys.SHIFT)
    press(sitting, Keys.ARROW_DOWN, Keys.ARROW_DOWN, "x")
    sitting.click(".rv-table tbody tr:nth-child(10) input")
    sitting.wait(f"{STATE}.picked === '7'")
    wait_for(sitting, ".rv-list-head", "7 picked")
    sitting.click(".rv-table tbody tr:nth-child(10) input")
    press(sitting, "x")
    sitting.wait(f"{STATE}.picked === '7'")
    assert sitting.js("return document.querySelectorAll('tr[aria-selected=true]').length") == 7


def test_one_verdict_on_those_picked_is_taken_back_by_one_undo(sitting: Page) -> None:
    press(sitting, "r")
    wait_for(sitting, ".rv-list-head", "Reject as")
    press(sitting, "5")
    sitting.wait(f"{STATE}.listed === '{PAIRS - 7}' && {STATE}.judged === '7'")
    wait_for(sitting, ".rv-line", "7 rejected. One undo takes all of them back.")
    press(sitting, "u")
    sitting.wait(f"{STATE}.listed === '{PAIRS}'")
    click_row(sitting, 2, Keys.CONTROL)
    click_row(sitting, 3, Keys.CONTROL)
    press(sitting, "a")
    sitting.wait(f"{STATE}.listed === '{PAIRS - 2}'")
    press(sitting, "u")
    sitting.wait(f"{STATE}.listed === '{PAIRS}' && {STATE}.judged === '0'")


def test_escape_lets_go_and_then_closes_the_list(sitting: Page) -> None:
    press(sitting, "a")
    wait_for(sitting, ".rv-line", "Nothing is picked")
    sitting.click(".rv-pick-all")
    sitting.wait(f"{STATE}.picked === '{PAIRS}'")
    press(sitting, "r", Keys.ESCAPE)
    wait_for(sitting, ".rv-list-head", "Accept")
    press(sitting, Keys.ESCAPE)
    sitting.wait(f"{STATE}.picked === '0'")
    press(sitting, Keys.ESCAPE)
    sitting.wait(f"!{STATE}.listing && {STATE}.pair")


def test_what_somebody_judged_meanwhile_is_left_out(sitting: Page) -> None:
    press(sitting, "l")
    sitting.wait(f"{STATE}.listed === '{PAIRS}'")
    for number in (1, 2):
        click_row(sitting, number, Keys.CONTROL)
    with another_tab(sitting):
        sitting.open()
        open_view(sitting)
        call_oneself(sitting, "Ann")
        press(sitting, "a")
        sitting.wait(f"{SETTLED} && {STATE}.judged === '1'")
    press(sitting, "a")
    sitting.wait(f"{STATE}.line.startsWith('1 accepted')")
    wait_for(sitting, ".rv-line", "Left out: 1 judged meanwhile.")
    press(sitting, "u", Keys.ESCAPE)
    sitting.wait(f"{STATE}.judged === '1' && {STATE}.pair")


# ------------------------------------------------------------------ keys of one's own
def change_key(page: Page, act: str, key: str) -> None:
    rows = "[...document.querySelectorAll('.rv-key-row')]"
    page.js(f"{rows}.find((r) => r.textContent.startsWith(arguments[0])).lastChild.click()", act)
    press(page, key)
    page.wait("!document.querySelector('.rv-keys').innerText.includes('Press a key')")


def test_another_key_works_and_outlives_a_reload(sitting: Page) -> None:
    press(sitting, "?")
    change_key(sitting, "Leave it for later", "k")
    press(sitting, Keys.ESCAPE)
    wait_for(sitting, "[data-act=skip]", "K")
    sitting.open()
    open_view(sitting)
    wait_for(sitting, "[data-act=skip]", "K")
    assert sitting.text("[data-act=skip]").split() == ["Skip", "K"]
    before = sitting.js(f"return {STATE}.pair")
    press(sitting, "s")
    assert sitting.js(f"return {STATE}.pair") == before
    press(sitting, "k")
    sitting.wait(f"{STATE}.pair !== {before!r} && {SETTLED}")
    press(sitting, "u")
    sitting.wait(f"{STATE}.pair === {before!r}")


def test_a_key_that_is_taken_is_refused_with_words(sitting: Page) -> None:
    press(sitting, "?")
    change_key(sitting, "Accept", "k")
    wait_for(sitting, ".rv-keys", "k would both accept and skip. Use another key.")
    assert sitting.text("[data-act=accept]").split()[1:] == ["A", "⏎"]
    change_key(sitting, "Accept", "3")
    wait_for(sitting, ".rv-keys", "3 has its own meaning here")
    sitting.click(".rv-key-foot .s-button")
    sitting.wait("document.querySelector('[data-act=skip]').innerText.includes('S')")
    press(sitting, Keys.ESCAPE)


# ------------------------------------------------------------------ two people
def test_two_who_disagree_are_settled_by_a_third(sitting: Page) -> None:
    sitting.click(".rv-who")
    sitting.click(".rv-two [role=radio]:nth-child(2)")
    sitting.wait(
        "document.querySelector('.rv-two [role=radio]:nth-child(2)').ariaChecked === 'true'"
    )
    sitting.open()
    open_view(sitting)
    pair = sitting.js(f"return {STATE}.pair")
    press(sitting, "a")
    sitting.wait(f"{STATE}.pair !== {pair!r} && {SETTLED}")
    with another_tab(sitting):
        sitting.open()
        open_view(sitting)
        call_oneself(sitting, "Ben")
        while sitting.js(f"return {STATE}.pair") != pair:
            before = sitting.js(f"return {STATE}.pair")
            press(sitting, Keys.ARROW_RIGHT)
            sitting.wait(f"{STATE}.pair !== {before!r}")
        assert sitting.text(".rv-state") == "waiting"
        press(sitting, "r", "1")
        sitting.wait(f"{STATE}.pair !== {pair!r} && {SETTLED}")
        call_oneself(sitting, "Eve")
        sitting.click(".rv-who")
        sitting.wait(
            "document.querySelector('.rv-two').innerText.includes('Settle 1 disagreement')"
        )
        wait_for(sitting, ".rv-two", "Ann and Ben: 0 % alike on 1")
        sitting.click(".rv-two .s-item")
        sitting.wait(f"{STATE}.pair === {pair!r} && {STATE}.state === 'disagreed'")
        assert sitting.text(".rv-state") == "disagreed"
        history = sitting.text(".rv-history")
        assert "Ann accepted" in history
        assert "Ben rejected: made up" in history
        press(sitting, "a")
        sitting.wait(f"{SETTLED} && {STATE}.none === 'filtered'")
        sitting.wait(f"{STATE}.judged === '1'")
