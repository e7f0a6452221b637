"""Evaluating in a browser: from a file of questions to the report, and blind scoring by keys.

The tests share one window and run in this order, as one sitting of a user would.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webdriver import WebDriver

from tests.browser.page import Page
from tests.browser.serve import serving
from tests.evaluation.fake_judge import FakeJudge
from tests.ui.evaluating_set import ELSEWHERE, draw_set

pytestmark = pytest.mark.browser

PATIENT_S = 200
"""Measuring is imported meanwhile, which takes long on a machine that is busy."""
STATE = "document.querySelector('#evaluate [data-ready]').dataset"
TAB = """
[...document.querySelectorAll('#tabs button[role=tab]')]
  .find((tab) => tab.textContent.trim() === 'Evaluate').click();
"""
SET = """
const [selector, value] = arguments;
const input = document.querySelector(selector);
input.value = value;
for (const type of ['input', 'change']) input.dispatchEvent(new Event(type, { bubbles: true }));
"""
CUT_OFF = """
const right = (node) => node.getBoundingClientRect().right;
return [...document.querySelectorAll('.ev button, .ev select, .ev input, .ev a')]
  .filter((node) => node.offsetParent && !node.closest('.ev-wide'))
  .filter((node) => right(node) > right(node.closest('.ev-side, .ev-main, .ev-info')) + 1)
  .map((node) => node.className + ' ' + node.textContent.slice(0, 20));
"""


@pytest.fixture(scope="module")
def questions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return draw_set(tmp_path_factory.mktemp("set"))


@pytest.fixture(scope="module")
def page(driver: WebDriver, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """A window with a scripted model on an empty workspace."""
    workspace = tmp_path_factory.mktemp("workspace")
    with serving(workspace, OMP_NUM_THREADS="1", SLAVA_JUDGE_API_KEY="sk-valid") as url:
        shown = Page(driver, url)
        shown.open()
        yield shown


def open_tab(page: Page) -> None:
    page.js(TAB)
    page.wait("document.querySelector('#evaluate [data-ready]')?.querySelector('.ev').offsetParent")


def press(page: Page, *keys: str) -> None:
    ActionChains(page.driver, duration=20).send_keys(*keys).perform()


def test_an_empty_tab_says_what_to_do(page: Page) -> None:
    open_tab(page)
    assert "None yet." in page.text(".ev-no-list")
    assert "No test set yet." in page.text(".ev-no-sets")
    assert page.text(".ev-check .ev-verdict b") == "Choose a test set"
    page.click("[data-source=labels]")
    assert "label micrographs of at least two categories" in page.text(".ev-labels-told")
    page.click("[data-source=snapshot]")
    assert "There is no snapshot yet" in page.text(".ev-source[data-for=snapshot]")


def test_a_file_becomes_a_test_set(page: Page, questions: Path) -> None:
    page.click("[data-source=file]")
    page.js(SET, ".ev-path", str(questions))
    page.click(".ev-take")
    page.wait(f"{STATE}.sets === '1' && document.querySelector('.ev-facts')", PATIENT_S)
    page.wait(f"{STATE}.planned")
    assert "3\nquestions" in page.text(".ev-facts")
    assert page.js("return document.querySelector('[data-tick=category] input').disabled")
    assert "asks for a category" in page.text("[data-tick=category]")
    assert "2 of 2 uncalibrated" in page.text(".ev-estimate")


def test_models_are_chosen_and_the_plan_says_how_many_answers(page: Page) -> None:
    page.click(f"[data-tick='given:{ELSEWHERE}'] input")
    page.wait(f"{STATE}.planned && document.querySelector('.ev-estimate').innerText.includes('5')")
    assert "about 2 of them are there already" in page.text(".ev-estimate")
    page.js(SET, ".ev-reference", "no such model")
    page.click(".ev-add")
    page.wait("!document.querySelector('.ev-refusal').hidden")
    assert "No model 'no such model'" in page.text(".ev-refusal")
    page.click("[data-tick='no such model'] button")
    page.wait(f"{STATE}.planned && document.querySelector('.ev-refusal').hidden")
    page.js(SET, ".ev-name", "first try")


def test_it_goes_on_while_the_page_is_closed(page: Page) -> None:
    page.wait("!document.querySelector('.ev-start').disabled")
    page.click(".ev-start")
    page.wait(f"{STATE}.open && {STATE}.evaluations === '1'")
    page.driver.get("about:blank")
    page.open()
    open_tab(page)
    page.wait(f"{STATE}.open && {STATE}.state === 'done' && {STATE}.answers === '5'", PATIENT_S)
    assert page.text(".ev-title") == "first try"
    page.wait("document.querySelector('.ev-part-figures .ev-summary')")
    assert "Number within" in page.text(".ev-summary")


def test_a_mean_opens_its_answers(page: Page) -> None:
    page.click(".ev-summary .ev-mean")
    page.wait(f"{STATE}.row !== ''")
    shown = page.text(".ev-shown")
    assert "Answer to:" in shown
    assert "Thin fibres, no defect." in shown
    assert "Reference" in shown
    press(page, Keys.ARROW_RIGHT)
    press(page, Keys.ESCAPE)
    page.wait(f"{STATE}.row === '' && !document.querySelector('.ev-about').hidden")


def test_drawings_are_made_and_their_marks_open_answers(page: Page) -> None:
    page.click(".ev-parts [data-part=plots]")
    page.wait("document.querySelector('[data-plot=pair] svg [data-rows]')")
    page.js(
        "document.querySelector('[data-plot=pair] [data-rows]')"
        ".dispatchEvent(new MouseEvent('click', { bubbles: true }))"
    )
    page.wait(f"{STATE}.row !== ''")
    page.click(".ev-close")


def test_answers_are_filtered(page: Page) -> None:
    page.click(".ev-parts [data-part=answers]")
    page.wait(f"{STATE}.listed === '5'")
    page.js(SET, ".ev-text", "round particles")
    page.wait(f"{STATE}.listed === '1'")
    page.js(SET, ".ev-text", "")
    page.js(SET, ".ev-by-state", "wrong")
    page.wait(f"{STATE}.listed === '2'")
    page.click(".ev-row")
    page.wait(f"{STATE}.row !== ''")
    page.js(SET, ".ev-by-state", "")


def test_two_answers_are_scored_blind_by_keys(page: Page) -> None:
    page.click(".ev-parts [data-part=people]")
    page.click(".ev-begin-blind")
    page.wait(f"{STATE}.scoring")
    page.find(".eb-person").send_keys("Ada", Keys.ENTER)
    page.wait(f"{STATE}.blind")
    seen = []
    for score in ("85", "40"):
        key = page.js(f"return {STATE}.blind")
        seen.append(key)
        assert ELSEWHERE not in page.text(".ev-blind")
        assert "sLAVA" not in page.text(".ev-blind")
        press(page, *score)
        page.wait(f"{STATE}.score === '{score}'")
        press(page, Keys.ENTER)
        page.wait(f"{STATE}.blind !== '{key}'")
    assert "2 of 5 scored" in page.text(".eb-progress")
    press(page, "u")
    page.wait(f"{STATE}.blind === '{seen[1]}' && {STATE}.score === '40'")
    press(page, "4", "5", Keys.ENTER)
    page.wait(f"{STATE}.blind !== '{seen[1]}'")
    press(page, Keys.ESCAPE)
    page.wait(f"!{STATE}.scoring && document.querySelector('.ev-part-people .ev-mean')")
    assert "Ada" in page.text(".ev-part-people")


def test_a_judge_gets_nothing_before_it_is_agreed_to(page: Page) -> None:
    with FakeJudge() as judge:
        page.js(SET, ".ev-part-people [data-judge=url]", judge.url)
        page.js(SET, ".ev-part-people [data-judge=model]", "judge-1")
        page.click(".ev-judge-look")
        page.wait(f"{STATE}.consent && {STATE}.requests")
        assert "Round particles." in page.text(".ec-requests")
        assert ELSEWHERE not in page.text(".ec-requests")
        page.click(".ev-no")
        page.wait(f"!{STATE}.consent")
        assert not judge.bodies
        page.click(".ev-judge-look")
        page.wait(f"{STATE}.consent && {STATE}.requests")
        assert page.text(".ev-yes") == "Send for 2 replies"
        page.click(".ev-yes")
        page.wait("document.querySelector('.ev-part-people .ev-trust')")
    assert len(judge.bodies) == 2
    assert "judge-1" in page.text(".ev-trust")
    page.click(".ev-parts [data-part=figures]")
    page.wait("document.querySelector('.ev-summary').innerText.includes('Overall quality')")


def test_the_report_opens_in_the_browser(page: Page) -> None:
    window = page.driver.current_window_handle
    page.click(".ev-report")
    other = next(h for h in _handles(page, 2) if h != window)
    page.driver.switch_to.window(other)
    page.wait("document.body.dataset.ready === 'yes'")
    assert page.js("return document.querySelector('h1').textContent") == "first try"
    assert page.js("return performance.getEntriesByType('resource').length") == 0
    page.driver.close()
    page.driver.switch_to.window(window)


@pytest.mark.parametrize(("width", "height"), [(1440, 900), (1024, 768)])
def test_nothing_scrolls_or_is_cut_off(page: Page, width: int, height: int) -> None:
    page.resize(width, height)
    for part in ("figures", "plots", "answers", "people"):
        page.click(f".ev-parts [data-part={part}]")
        assert page.js("return document.documentElement.scrollWidth") <= width
        assert page.js("return document.documentElement.scrollHeight") <= height
        assert page.js(CUT_OFF) == [], part
    page.click(".ev-new")
    assert page.js(CUT_OFF) == []
    page.click(".ev-item")
    page.resize(1440, 900)


def test_an_evaluation_is_renamed_and_removed(page: Page) -> None:
    page.click(".ev-title")
    page.js("document.querySelector('.ev-rename').value = 'second name'")
    page.find(".ev-rename").send_keys(Keys.ENTER)
    page.wait("document.querySelector('.ev-item b').textContent === 'second name'")
    page.click(".ev-remove")
    page.click(".ev-about .s-danger")
    page.wait(f"{STATE}.evaluations === '0' && {STATE}.open === ''")


def _handles(page: Page, count: int) -> list[str]:
    for _ in range(200):
        if len(page.driver.window_handles) >= count:
            break
        page.driver.execute_async_script("setTimeout(arguments[0], 50)")
    return list(page.driver.window_handles)
