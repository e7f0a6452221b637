"""Drafting, freezing and exporting in a browser; a teacher on this machine that counts what comes.

The tests share one window and run in this order, as one sitting of a user would.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.remote.webdriver import WebDriver

from store import Store
from store.labels import Labelling
from tests.browser.page import Page
from tests.browser.serve import serving
from tests.store.plain_reader import write_micrograph
from tests.teacher.fake_server import FakeTeacher

pytestmark = pytest.mark.browser

PATIENT_S = 280
"""A first measurement imports much, which takes minutes on a machine that is busy."""
DRAFT = "document.querySelector('#curate-draft [data-ready]')?.dataset"
REVIEW = "document.querySelector('#curate-review [data-ready]')?.dataset"
DATASET = "document.querySelector('#curate-dataset [data-ready]')?.dataset"
TAB = """
const [bar, name] = arguments;
const tab = [...document.querySelectorAll(`${bar} button[role=tab]`)]
  .find((tab) => tab.textContent.trim() === name);
tab?.click();
return Boolean(tab);
"""
SET = """
const [selector, value] = arguments;
const field = document.querySelector(selector);
field.value = value;
for (const type of ['input', 'change']) field.dispatchEvent(new Event(type, { bubbles: true }));
"""
CUT_OFF = """
const shown = (node) => node.offsetParent && getComputedStyle(node).visibility === 'visible';
return [...document.querySelectorAll(arguments[0])].filter(shown)
  .filter((node) => node.getBoundingClientRect().right > innerWidth + 1)
  .map((node) => node.className + ' ' + node.textContent.slice(0, 20));
"""


@pytest.fixture(scope="module")
def fake() -> Iterator[FakeTeacher]:
    with FakeTeacher() as server:
        yield server


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three micrographs, one of them confidential."""
    folder = tmp_path_factory.mktemp("workspace")
    with Store.open(folder) as store:
        for seed in range(3):
            file = write_micrograph(folder.parent / f"Zephyr_{seed}.png", seed=seed)
            added = store.micrographs.add_micrograph(file).micrograph
            store.labels.set_label(Labelling(added.id, "powder"))
        store.micrographs.set_confidential([added.id])
    return folder


@pytest.fixture(scope="module")
def page(driver: WebDriver, workspace: Path) -> Iterator[Page]:
    with serving(workspace, SLAVA_TEACHER_API_KEY="sk-valid") as url:
        shown = Page(driver, url)
        shown.open()
        yield shown


def turn_to(page: Page, view: str) -> None:
    page.js(TAB, "#tabs", "Curate")
    page.wait("document.querySelector('#curate-views button[role=tab]')?.offsetParent")
    assert page.js(TAB, "#curate-views", view)


def test_three_are_drafted_about_on_this_machine_and_counted(page: Page) -> None:
    turn_to(page, "Draft")
    page.wait(f"{DRAFT}?.micrographs === '3'", PATIENT_S)
    assert page.text(".dr-begin") == "Draft about 3 micrographs"
    page.click(".dr-begin")
    page.wait(f"{DRAFT}.work === 'done' && Number({DRAFT}.pending) >= 3", PATIENT_S)
    assert "on this machine, free" in page.text(".dr-work-text")
    page.wait("!document.querySelector('.dr-list').innerText.includes('no pairs')")


def test_the_exact_payload_is_shown_and_cancel_sends_nothing(page: Page, fake: FakeTeacher) -> None:
    page.click(".dr-dismiss")
    page.click("[data-teacher=endpoint]")
    page.js(SET, ".dr-url", fake.url)
    page.js(SET, ".dr-model", "gpt-4o")
    page.click(".dr-no-aspects")
    page.click(".dr-aspects [data-aspect=size]")
    assert "1 confidential micrograph will be left out" in page.text(".dr-choose-note")
    page.click(".dr-begin")
    page.wait(f"{DRAFT}.consent && {DRAFT}.requests === '2'", PATIENT_S)
    assert fake.host in page.text(".dr-consent h3")
    for button in (".dr-no", ".dr-yes"):
        assert page.find(button).is_displayed()
    assert "Zephyr_2.png" in page.text(".dr-left-out")
    body = page.text(".dr-requests pre")
    assert '"model": "gpt-4o"' in body
    assert "Zephyr" not in body
    page.wait("[...document.querySelectorAll('.dr-sent img')].every((i) => i.naturalWidth > 0)")
    assert "USD" in page.text(".dr-facts")
    page.click(".dr-no")
    page.wait(f"!{DRAFT}.consent && document.querySelector('.dr-ready').hidden")
    assert fake.bodies == []


def test_only_send_sends_and_what_came_back_can_be_read(page: Page, fake: FakeTeacher) -> None:
    fake.order("refusal")
    page.click(".dr-begin")
    page.wait(f"{DRAFT}.consent && {DRAFT}.requests === '2'", PATIENT_S)
    assert fake.bodies == []
    page.click(".dr-yes")
    page.wait(f"{DRAFT}.work === 'done' && document.querySelector('.dr-outcomes')", PATIENT_S)
    assert len(fake.bodies) == 2
    assert "USD" in page.text(".dr-work-text")
    page.wait(f"{DRAFT}.working === ''")
    page.click(".dr-outcomes [data-state=refused]")
    page.wait("document.querySelector('.dr-raw')?.textContent.includes('I cannot look at this.')")
    page.click(".dr-look-close")
    log = page.text(".dr-job")
    assert "1 drafted" in log
    assert "1 refused" in log


def test_one_is_accepted_by_a_key(page: Page) -> None:
    page.click(".dr-dismiss")
    turn_to(page, "Review")
    page.wait(f"{REVIEW}?.pair && document.querySelector('.rv')?.offsetParent", PATIENT_S)
    while "Zephyr_2" in page.text("#view-review .sv-name"):  # confidential: nothing would go out
        before = page.js(f"return {REVIEW}.pair")
        ActionChains(page.driver).send_keys("s").perform()
        page.wait(f"{REVIEW}.pair !== {before!r} && {REVIEW}.unsent === '0'")
    before = page.js(f"return {REVIEW}.pair")
    ActionChains(page.driver).send_keys("a").perform()
    page.wait(f"{REVIEW}.pair !== {before!r} && {REVIEW}.unsent === '0'")
    turn_to(page, "Dataset")
    page.wait(f"Number({DATASET}?.pairs) > 3", PATIENT_S)
    page.wait("document.querySelector('.ds-would').textContent.startsWith('1 pair')")


def test_a_snapshot_is_frozen_and_its_datasheet_read(page: Page) -> None:
    page.js(SET, ".ds-name", "first")
    page.click(".ds-begin")
    page.wait(f"{DATASET}.freezing === 'done' && {DATASET}.snapshots === '1'", PATIENT_S)
    assert "not reviewed" in page.text(".ds-job[data-job=freezing]")
    page.click(".ds-snapshot-open")
    page.wait(f"{DATASET}.sheet === 'first'")
    assert "Acceptance by teacher" in page.text(".ds-sheet-tables")


def test_accepted_pairs_are_exported_into_the_workspace(page: Page, workspace: Path) -> None:
    page.js(SET, ".ds-folder", "out")
    page.click(".ds-give")
    page.wait(f"['done', 'failed'].includes({DATASET}.exporting)", PATIENT_S)
    told = page.text(".ds-job[data-job=exporting]")
    assert str(workspace / "exports" / "out") in told
    page.click(".ds-job[data-job=exporting] button")
    assert "slava export --format llava" in page.text(".ds-command")
    records = json.loads((workspace / "exports" / "out" / "data.json").read_text())
    assert records


def test_nothing_is_cut_off_on_a_small_screen(page: Page) -> None:
    page.resize(1024, 768)
    assert page.js(CUT_OFF, ".ds button, .ds input, .ds select, .ds table") == []
    turn_to(page, "Draft")
    page.wait("document.querySelector('.dr').offsetParent")
    assert page.js(CUT_OFF, ".dr button, .dr input, .dr select") == []
    page.resize(1440, 900)
