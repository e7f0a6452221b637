"""Fine-tuning in a browser, with the program itself: a small run of the built-in model.

The tests share one window and run in this order, as one sitting of a user would.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from selenium.webdriver.remote.webdriver import WebDriver

from store import Store
from tests.browser.page import Page
from tests.browser.program import running
from tests.ui.finetune_runs import add_steel, freeze

pytestmark = pytest.mark.browser

PATIENT_S = 280
"""Torch is imported twice meanwhile, which takes minutes on a machine that is busy."""
STEPS = 4
NAME = "steel, tiny"
STATE = "document.querySelector('#finetune [data-ready]').dataset"
TAB = """
[...document.querySelectorAll('#tabs button[role=tab]')]
  .find((tab) => tab.textContent.trim() === arguments[0]).click();
"""
SET = """
const [selector, value] = arguments;
const input = document.querySelector(selector);
input.value = value;
for (const type of ['input', 'change']) input.dispatchEvent(new Event(type, { bubbles: true }));
"""
CUT_OFF = """
const right = (node) => node.getBoundingClientRect().right;
return [...document.querySelectorAll('.ft button, .ft select, .ft input, .ft table')]
  .filter((node) => node.offsetParent)
  .filter((node) => right(node) > right(node.closest('.ft-side, .ft-main, .ft-info')) + 1)
  .map((node) => node.className + ' ' + node.textContent.slice(0, 20));
"""


@pytest.fixture(scope="module")
def page(driver: WebDriver, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """The program on a workspace with a frozen snapshot of 21 drawn pairs."""
    workspace = tmp_path_factory.mktemp("workspace")
    with Store.open(workspace) as store:
        add_steel(store, tmp_path_factory.mktemp("steel"))
        freeze(store, "steel")
    with running(workspace, OMP_NUM_THREADS="1") as url:
        shown = Page(driver, url)
        shown.open()
        yield shown


def open_tab(page: Page, name: str = "Fine-tune") -> None:
    page.js(TAB, name)
    if name == "Fine-tune":
        page.wait(
            "document.querySelector('#finetune [data-ready]')?.querySelector('.ft').offsetParent"
        )


def set_setting(page: Page, name: str, value: str) -> None:
    page.js(SET, f"[data-setting={name}]", value)


def test_a_plan_says_what_it_takes_before_anything_starts(page: Page) -> None:
    open_tab(page)
    page.wait(f"{STATE}.planned")
    assert "21 pairs about 21 micrographs" in page.text(".ft-snapshot")
    assert "15 to learn, 3 to steer, 3 to test" in page.text(".ft-snapshot")
    assert "too few to learn much from" in page.text(".ft-findings")
    page.js(SET, ".ft-name", NAME)
    set_setting(page, "max_steps", str(STEPS))
    set_setting(page, "samples", "1")
    page.wait(f"{STATE}.planned && document.querySelector('.ft-changed').textContent[0] === '2'")
    page.wait("document.querySelector('.ft-check code').textContent.includes('max_steps=4')")
    assert "--name 'steel, tiny'" in page.js(
        "return document.querySelector('.ft-check code').textContent"
    )


def test_a_value_out_of_range_is_refused_in_words(page: Page) -> None:
    set_setting(page, "rank", "many")
    page.wait("document.querySelector('.ft-findings').innerText.includes('not a whole number')")
    assert page.js("return document.querySelector('.ft-start').disabled")
    set_setting(page, "rank", "8")
    page.wait(f"{STATE}.planned && !document.querySelector('.ft-start').disabled")


def test_a_run_goes_on_while_the_page_is_closed(page: Page) -> None:
    page.click(".ft-start")
    page.wait(f"{STATE}.run && ['preflight', 'running'].includes({STATE}.state)")
    page.driver.get("about:blank")
    page.open()
    open_tab(page)
    page.wait(f"{STATE}.run", PATIENT_S)
    page.wait(f"{STATE}.state === 'done'", PATIENT_S)
    page.wait(f"{STATE}.points === '{STEPS}'")
    assert page.text(".ft-title") == NAME
    assert page.text("[data-tile=step] b") == f"{STEPS}of {STEPS}"
    assert page.js("return document.querySelectorAll('.ft-chart [data-line]').length") == 2
    assert page.js("return document.querySelectorAll('.ft-bars i').length") == 4
    assert "step 0" in page.text(".ft-samples")


def test_base_and_adapter_stand_side_by_side(page: Page) -> None:
    assert "BLEU-2" in page.text(".ft-results")
    assert "Category right" in page.text(".ft-results")
    page.click("[data-part=test]")
    page.wait(f"Number({STATE}.tested) > 0")
    assert "Expected: The surface shows" in page.text(".ft-test")
    assert "21 verdicts" in page.text(".ft-chain")
    assert "steel" in page.text(".ft-chain li:nth-child(3)")


@pytest.mark.parametrize(("width", "height"), [(1440, 900), (1024, 768)])
def test_nothing_scrolls_or_is_cut_off(page: Page, width: int, height: int) -> None:
    page.resize(width, height)
    assert page.js("return document.documentElement.scrollWidth") <= width
    assert page.js("return document.documentElement.scrollHeight") <= height
    bottom = page.js("return document.querySelector('.ft').getBoundingClientRect().bottom")
    assert height - 2 < bottom <= height
    assert page.js(CUT_OFF) == []
    page.resize(1440, 900)


def test_notes_outlive_the_page(page: Page) -> None:
    page.js(SET, ".ft-notes", "four steps are not enough")
    page.js("document.querySelector('.ft-notes').dispatchEvent(new Event('blur'))")
    page.wait(f"{STATE}.busy === ''")
    page.open()
    open_tab(page)
    page.wait("document.querySelector('.ft-notes').value === 'four steps are not enough'")


def test_the_adapter_answers_in_analyse_and_is_put_back(page: Page) -> None:
    page.click(".ft-use")
    page.wait(f"{STATE}.using && {STATE}.model === 'ready'", PATIENT_S)
    assert NAME in page.text(".ft-using")
    open_tab(page, "Analyse")
    page.choose("inclusion 0.png")
    page.wait(f"document.querySelector('.model-chip').innerText.includes({NAME!r})")
    page.ask("Which kind of surface defect is visible, and what shows it?")
    page.wait_in_chat("Which kind of surface defect")
    page.wait("document.querySelector('#chat .bot-row')", PATIENT_S)
    page.wait_answered()
    open_tab(page)
    page.click(".ft-base")
    page.wait(f"!{STATE}.using && {STATE}.model === 'ready'", PATIENT_S)
    open_tab(page, "Analyse")
    page.wait(f"!document.querySelector('.model-chip').innerText.includes({NAME!r})")


def test_a_run_is_deleted_after_one_question(page: Page) -> None:
    open_tab(page)
    page.click(".ft-remove")
    page.wait("document.querySelector('.ft-remove-place .s-danger').innerText.includes('MB')")
    page.click(".ft-remove-place .s-danger")
    page.wait(f"{STATE}.runs === '0' && {STATE}.run === ''")
