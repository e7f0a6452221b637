"""The report of an evaluation in a real browser, from the disk: it works, and asks for nothing."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.keys import Keys

from slava.evaluation.report import report_html
from slava.evaluation.results import Results
from tests.browser.page import FLAGS, Page, browser_path
from tests.evaluation.made import made_results, picture

pytestmark = pytest.mark.browser

WILD = '</script><img src="https://example.org/x.png" onerror="document.title=1"><b>bold</b>'
POINT = '[data-plot="spread"][data-side="a"] .sp-point'
SHOWN = "document.querySelector('#panel:not([hidden]) h3')"


@pytest.fixture(scope="module")
def results() -> Results:
    made = made_results(40, levels=("none", "high"))
    wild = replace(made.rows[0], answer=WILD)
    return replace(made, rows=(wild, *made.rows[1:]))


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    """A browser that logs every request."""
    if browser_path() is None:
        pytest.skip("no Chromium with chromedriver on this machine")
    options = webdriver.ChromeOptions()
    options.binary_location = browser_path() or ""
    profile = f"--user-data-dir={tmp_path_factory.mktemp('profile')}"
    for flag in (*FLAGS, profile, "--window-size=1440,900"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    opened = webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))
    try:
        yield opened
    finally:
        opened.quit()


@pytest.fixture(scope="module")
def file(results: Results, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_text(report_html(results, picture), encoding="utf-8")
    return path


@pytest.fixture
def page(driver: webdriver.Chrome, file: Path) -> Page:
    shown = Page(driver, file.as_uri())
    driver.get(shown.url)
    shown.wait("document.body.dataset.ready")
    return shown


def requested(driver: webdriver.Chrome) -> list[str]:
    """The addresses asked for since the last call, other than what the file itself holds."""
    messages = [json.loads(entry["message"])["message"] for entry in driver.get_log("performance")]
    sent = [m["params"] for m in messages if m["method"] == "Network.requestWillBeSent"]
    addresses = [one["request"]["url"] for one in sent]
    return [address for address in addresses if not address.startswith("data:")]


def click(page: Page, selector: str) -> None:
    """A click on a mark: SVG has no ``click()``."""
    page.js(
        "document.querySelector(arguments[0])"
        ".dispatchEvent(new MouseEvent('click', { bubbles: true }))",
        selector,
    )


def choose(page: Page, selector: str, value: str) -> None:
    page.js(
        "const one = document.querySelector(arguments[0]); one.value = arguments[1];"
        "one.dispatchEvent(new Event('change', { bubbles: true }))",
        selector,
        value,
    )


def test_nothing_is_asked_for_but_the_file(page: Page) -> None:
    driver = page.driver
    requested(driver)
    driver.get(page.url)
    page.wait("document.body.dataset.ready")
    click(page, POINT)
    page.wait(SHOWN)
    for place in range(3):
        choose(page, "#model-b", str(place))
    page.js("scrollTo(0, document.body.scrollHeight)")
    page.wait("document.querySelector('#panel img')?.naturalWidth > 0")
    assert requested(driver) == [page.url]
    assert driver.get_log("browser") == []
    assert page.js("return performance.getEntriesByType('resource').length") == 0


def test_a_point_shows_its_answer_with_everything(page: Page, results: Results) -> None:
    place = int(page.js(f"return document.querySelector('{POINT}').dataset.rows"))
    row = results.rows[place]
    click(page, POINT)
    page.wait(SHOWN)
    told = page.text("#panel")
    assert row.item.question in told
    assert row.answer in told
    assert row.item.reference in told
    for other in results.rows:
        if (other.item.id, other.level) == (row.item.id, row.level):
            assert other.answer in told
    assert page.js("return document.querySelectorAll('#panel .answer').length") == 3
    page.js("document.querySelectorAll('#panel details').forEach((one) => { one.open = true; })")
    assert row.judgements[0].reason in page.text("#panel")
    assert row.judgements[0].raw in page.text("#panel")
    assert f"BLEU-2\t{row.figures['bleu2']:.3f}"[:11] in page.text("#panel .figures")


def test_keys_walk_through_points_and_answers(page: Page) -> None:
    page.js("document.querySelector('[data-plot=spread] [tabindex]').focus()")
    for _ in range(2):
        page.driver.switch_to.active_element.send_keys(Keys.ARROW_RIGHT)
    first = page.js(f"return document.querySelector('{POINT}').dataset.rows")
    second = page.js("return document.activeElement.dataset.rows")
    assert second == page.js(f"return document.querySelectorAll('{POINT}')[1].dataset.rows")
    page.driver.switch_to.active_element.send_keys(Keys.ENTER)
    page.wait(f"document.querySelector('#panel').dataset.row === '{second}'", 10)
    page.find("#next").send_keys(Keys.ARROW_LEFT)
    page.wait(f"document.querySelector('#panel').dataset.row === '{first}'", 10)
    page.find("#next").send_keys(Keys.ESCAPE)
    page.wait("document.querySelector('#panel').hidden", 10)
    assert page.js("return document.activeElement.dataset.rows") == second


def test_a_mark_of_many_answers_lists_them(page: Page) -> None:
    click(page, '[data-plot="heat"][data-side="b"] .sp-cell')
    page.wait(SHOWN)
    asked = page.js(
        "return document.querySelector('[data-plot=heat][data-side=b] .sp-cell')"
        ".dataset.rows.split(',').length"
    )
    assert page.text("#place") == f"1 of {asked}"
    assert page.text("#count").startswith(f"{asked} of")
    page.click("#selected")
    assert page.text("#count").startswith("240 of 240")


def test_answers_are_filtered(page: Page, results: Results) -> None:
    choose(page, "#by-model", "1")
    choose(page, "#by-topic", "0")
    wanted = [
        row
        for row in results.rows
        if row.model == results.models[1].title and row.item.topic == "Defects and damage"
    ]
    assert page.text("#count") == f"{len(wanted)} of 240 answers"
    choose(page, "#by-state", "wrong")
    wrong = [row for row in wanted if row.figures["defect_right"] == 0]
    assert page.text("#count") == f"{len(wrong)} of 240 answers"
    choose(page, "#by-state", "flagged")
    flagged = [row for row in wanted if row.flags]
    assert page.text("#count") == f"{len(flagged)} of 240 answers"
    for selector in ("#by-model", "#by-topic", "#by-state"):
        choose(page, selector, "")
    page.find("#text").send_keys("charging unlikely")
    said = [r for r in results.rows if "charging is unlikely" in r.answer]
    page.wait(f"document.querySelector('#count').textContent === '{len(said)} of 240 answers'")
    choose(page, "#order", "best")
    best = max(said, key=lambda row: row.figures["bleu2"])
    assert best.answer in page.text("#list tbody tr")


def test_where_two_models_are_furthest_apart_is_found(page: Page, results: Results) -> None:
    choose(page, "#order", "apart")
    first, second = (model.title for model in results.models[:2])
    told = {(r.item.id, r.level, r.model): r.figures["bleu2"] for r in results.rows}
    apart = {
        (item, level): abs(value - told[item, level, second])
        for (item, level, model), value in told.items()
        if model == first
    }
    place = int(page.js("return document.querySelector('#list tbody tr').dataset.place"))
    row = results.rows[place]
    assert apart[row.item.id, row.level] == max(apart.values())


def test_rows_come_as_they_are_needed(page: Page) -> None:
    rows = "document.querySelectorAll('#list tbody tr').length"
    assert page.js(f"return {rows}") < 240
    page.wait(f"(scrollTo(0, document.body.scrollHeight), {rows} === 240)")


def test_models_and_figures_are_switched(page: Page, results: Results) -> None:
    heading = (
        "return document.querySelector('[data-plot={}][data-side={}] .sp-heading').textContent"
    )
    assert results.models[0].title in page.js(heading.format("spread", "a"))
    assert results.models[1].title in page.js(heading.format("spread", "b"))
    choose(page, "#model-a", "2")
    assert page.js(heading.format("spread", "a")) == f"BLEU-2: {results.models[2].title}"
    assert results.models[2].title in page.js(heading.format("confusion", "a"))
    choose(page, "#figure", "5")
    assert page.js(heading.format("heat", "b")) == f"Overall quality: {results.models[1].title}"
    assert page.text("#list-figure") == "Overall quality"
    choose(page, "#model-b", "2")
    assert page.js("return document.querySelector('[data-plot=heat][data-side=b]').hidden")


def test_what_stands_in_an_answer_is_shown_as_text(page: Page) -> None:
    page.js("document.querySelector('#list tbody tr').click()")
    page.wait(SHOWN)
    assert WILD in page.text("#panel")
    assert not page.js(
        "return document.querySelectorAll('#panel b > b, #list b, img[onerror]').length"
    )
    assert page.js("return document.title") != "1"
