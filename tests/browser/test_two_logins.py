"""Two annotators with logins of their own, in two browsers, before the same queue.

What one is shown is held from the other; verdicts bear the names of the logins, whatever a page
says; where both have judged, it is said how far they agree.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver
from selenium.webdriver.common.keys import Keys

from store import Store
from tests.browser.page import Page, open_browser
from tests.browser.serve import serving
from tests.browser.test_curate import STATE, open_view, press
from tests.store.drawn_pairs import add_pairs

pytestmark = pytest.mark.browser

PAIRS = 20
AHEAD = 16
"""So many pairs a page takes at once."""
REJECTS = {"ann": {"p000", "p005"}, "ben": {"p000", "p009"}}
TWO = ".rv-two [role=radio]:nth-child(2)"
ASK = """
const [name, body, done] = arguments;
const asked = performance.getEntriesByType('resource').map((one) => one.name)
  .find((one) => one.endsWith('/curate/review/state.json'));
fetch(asked.replace('state.json', `${name}.json`), { method: 'POST', body: JSON.stringify(body) })
  .then((answer) => answer.json()).then(done);
"""


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("logins")
    with Store.open(folder / "workspace") as store:
        add_pairs(store, folder, PAIRS)
        store.reviews.set_reviewers_wanted(2)
    return folder / "workspace"


@pytest.fixture(scope="module")
def both(
    driver: webdriver.Chrome, workspace: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Page]]:
    """A browser for each, logged in, before the Review view; the window is closed at the end."""
    with serving(workspace, SLAVA_LOGIN="ann:one;ben:two") as url:
        other = open_browser(tmp_path_factory.mktemp("ben"))
        try:
            pages = {"ann": Page(driver, url), "ben": Page(other, url)}
            for (name, page), password in zip(pages.items(), ("one", "two"), strict=True):
                page.driver.get(url)
                page.find("[name=username]").send_keys(name)
                page.find("[name=password]").send_keys(password, Keys.ENTER)
                page.wait("document.body.dataset.shell === 'ready'")
                page.open()
                open_view(page)
            yield pages
        finally:
            other.quit()


def judge_all(page: Page, name: str) -> list[str]:
    """Judge until nothing is left, by keys; the pairs in their order."""
    judged: list[str] = []
    while pair := str(page.js(f"return {STATE}.pair")):
        judged.append(pair)
        press(page, *(("r", "1") if pair in REJECTS[name] else ("a",)))
        page.wait(f"{STATE}.pair !== {pair!r}")
    page.wait(f"{STATE}.unsent === '0'")
    return judged


def ask(page: Page, name: str, body: dict[str, Any]) -> dict[str, Any]:
    """What a route of the view answers to a page that is logged in."""
    return dict(page.driver.execute_async_script(ASK, name, body))


def press_button(page: Page, text: str) -> None:
    """The button in the middle, where no pair is shown."""
    script = "[...document.querySelectorAll('.rv-none button')].find((b) => b.textContent === %r)"
    page.wait(script % text)
    page.js(f"{script % text}.click()")


def test_each_is_called_by_the_login_and_holds_what_is_shown(both: dict[str, Page]) -> None:
    for name, page in both.items():
        page.wait(f"{STATE}.reviewer === {name!r}")
        assert page.text(".rv-who span") == name
        page.click(".rv-who")
        page.wait(f"document.querySelector({TWO!r}).ariaChecked === 'true'")
        assert page.js("return document.querySelector('.rv-name').hidden")
        page.click(".rv-who")
    shown = {name: page.js(f"return {STATE}.pair") for name, page in both.items()}
    assert shown == {"ann": "p000", "ben": f"p{AHEAD:03}"}


def test_both_judge_every_pair_once_and_their_agreement_is_shown(
    both: dict[str, Page],
) -> None:
    first = judge_all(both["ann"], "ann")
    assert sorted(first) == [f"p{k:03}" for k in range(AHEAD)]
    both["ann"].wait("document.querySelector('.rv-none').innerText.includes('somebody else')")
    assert sorted(judge_all(both["ben"], "ben")) == [f"p{k:03}" for k in range(PAIRS)]
    press_button(both["ann"], "Look again")
    both["ann"].wait(f"{STATE}.pair")
    assert sorted(judge_all(both["ann"], "ann")) == [f"p{k:03}" for k in range(AHEAD, PAIRS)]
    for page in both.values():
        page.click(".rv-who")
        agreed = f"ann and ben: 90 % alike on {PAIRS}, κ 0.44"
        page.wait(f"document.querySelector('.rv-two').innerText.includes({agreed!r})")
        assert "Settle 2 disagreements" in page.text(".rv-two")


def test_verdicts_bear_the_names_of_the_logins_whatever_a_page_says(
    both: dict[str, Page],
) -> None:
    claimed = ask(both["ben"], "state", {"reviewer": "eve", "filter": {}})
    assert (claimed["reviewer"], claimed["login"]) == ("ben", True)
    rows = ask(both["ben"], "list", {"reviewer": "eve", "filter": {}, "count": 50})["rows"]
    assert len(rows) == PAIRS
    assert {tuple(sorted(row["reviewers"])) for row in rows} == {("ann", "ben")}
    assert {row["seen"] for row in rows} == {2}
