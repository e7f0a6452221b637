"""A library longer than the window: few rows in the page, and all of them within reach."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from selenium import webdriver
from selenium.webdriver.common.keys import Keys

from tests.browser.files import fill
from tests.browser.page import Page
from tests.browser.serve import serving

pytestmark = pytest.mark.browser

MANY = 300
MOST_ROWS = 40
"""A list 700 px high shows twelve rows."""
SHOWN = "document.querySelector('#library [data-shown]').dataset.shown"
ACTIVE = "document.querySelector('.lib-item.active')?.title"
IN_SIGHT = """
const list = document.querySelector('.lib-list').getBoundingClientRect();
return [...document.querySelectorAll('.lib-item')].filter((row) => {
  const box = row.getBoundingClientRect();
  return box.top >= list.top - 1 && box.bottom <= list.bottom + 1;
}).sort((a, b) => a.offsetTop - b.offsetTop).map((row) => row.title);
"""
IN_ORDER = """
const tops = [...document.querySelectorAll('.lib-item')].map((row) => row.offsetTop);
return tops.every((top, at) => at === 0 || top === tops[at - 1] + 60);
"""


@pytest.fixture(scope="module")
def page(driver: webdriver.Chrome, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """A window on a workspace of many micrographs."""
    workspace = tmp_path_factory.mktemp("many")
    fill(workspace, MANY)
    with serving(workspace) as url:
        shown = Page(driver, url)
        shown.open()
        yield shown


@pytest.fixture
def names(page: Page) -> list[str]:
    """All names in the order of the list."""
    script = "fetch(arguments[0]).then((a) => a.json()).then(arguments[1])"
    path = page.js(
        "return performance.getEntriesByType('resource')"
        ".find((e) => e.name.endsWith('library.json')).name"
    )
    answer = page.driver.execute_async_script(script, path)
    return [item["name"] for item in answer["items"]]


def rows(page: Page) -> int:
    return int(page.js("return document.querySelectorAll('.lib-item').length"))


def press(page: Page, *keys: str) -> None:
    page.find(".lib-list").send_keys(*keys)


def test_only_the_rows_in_sight_are_in_the_page(page: Page, names: list[str]) -> None:
    assert page.data("items", "library") == str(MANY)
    assert 5 < rows(page) < MOST_ROWS
    page.wait("[...document.querySelectorAll('.lib-item img')].every((i) => i.naturalWidth > 0)")
    assert page.js(IN_SIGHT)[0] == names[0]


def test_scrolling_reaches_every_row_in_order(page: Page, names: list[str]) -> None:
    page.js("document.querySelector('.lib-list').scrollTop = 60 * 100")
    page.wait(f"document.querySelector('.lib-item[title=\"{names[102]}\"]')")
    assert page.js(IN_SIGHT)[0] == names[100]
    page.js("document.querySelector('.lib-list').scrollTop = 1e9")
    page.wait(f"document.querySelector('.lib-item[title=\"{names[-1]}\"]')")
    assert page.js(IN_SIGHT)[-1] == names[-1]
    page.js("document.querySelector('.lib-list').scrollTop -= 90")
    page.wait(f"document.querySelector('.lib-item[title=\"{names[-16]}\"]')")
    assert page.js(IN_ORDER)
    assert rows(page) < MOST_ROWS


def test_keys_move_through_the_list_and_open(page: Page, names: list[str]) -> None:
    press(page, Keys.HOME)
    page.wait(f"{ACTIVE} === '{names[0]}'")
    press(page, Keys.ARROW_DOWN, Keys.ARROW_DOWN, Keys.ARROW_UP)
    page.wait(f"{ACTIVE} === '{names[1]}'")
    press(page, Keys.END)
    page.wait(f"{ACTIVE} === '{names[-1]}'")
    assert names[-1] in page.js(IN_SIGHT)
    press(page, Keys.PAGE_UP, Keys.PAGE_DOWN, Keys.ARROW_UP, Keys.ENTER)
    page.wait_for_micrograph(names[-2])
    assert page.js("return document.querySelector('.lib-item[aria-current]').title") == names[-2]


def test_what_was_open_is_in_sight_after_a_reload(page: Page, names: list[str]) -> None:
    page.open()
    page.wait_for_micrograph(names[-2])
    page.wait("document.querySelector('.lib-item[aria-current]')")
    assert names[-2] in page.js(IN_SIGHT)


def test_typing_in_the_list_searches_and_arrows_lead_back(page: Page, names: list[str]) -> None:
    press(page, "film 003")
    found = [name for name in names if "003" in name]
    page.wait(f"{SHOWN} === '{len(found)}'")
    assert page.js(IN_SIGHT)[:5] == found[:5]
    search = page.find(".lib-search")
    assert search.get_attribute("value") == "film 003"
    search.send_keys(Keys.ARROW_DOWN)
    page.wait(f"{ACTIVE} === '{found[0]}'")
    search.send_keys("nowhere")
    page.wait("!document.querySelector('.lib-nothing').hidden")
    search.send_keys(Keys.ESCAPE)
    page.wait(f"{SHOWN} === '{MANY}'")


def test_a_micrograph_is_removed_by_keys_and_the_next_is_active(
    page: Page, names: list[str]
) -> None:
    press(page, Keys.HOME, Keys.ARROW_DOWN, Keys.DELETE)
    page.wait("document.activeElement.matches('.s-danger')")
    page.driver.switch_to.active_element.send_keys(Keys.ENTER)
    page.wait(f"{SHOWN} === '{MANY - 1}'")
    assert page.js(f"return {ACTIVE}") == names[2]
    assert page.js("return document.activeElement.matches('.lib-list')")
