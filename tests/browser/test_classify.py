"""Classifying in a browser: a labelled folder, a query, its demonstrations, labels with one key.

The tests share one window and run in this order, as one sitting of a user would.
"""

from __future__ import annotations

import io
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webdriver import WebDriver
from selenium.webdriver.remote.webelement import WebElement

from tests.browser.page import Page
from tests.browser.serve import serving
from tests.ui.textures import CLASSES, texture, write_textures

pytestmark = pytest.mark.browser

EACH = 5
SHOWN = 5
PATIENT_S = 280
"""Torch and scikit-learn are imported meanwhile, which takes minutes on a machine that is busy."""
STATE = "document.querySelector('#classify [data-state]').dataset"
FILL = """
const [folder] = arguments;
const form = [...document.querySelectorAll('#classify .cl-folder')].find((f) => f.offsetParent);
form.querySelector('input').value = folder;
form.requestSubmit();
"""
SET_K = """
const input = document.querySelector('.cl-k input');
input.value = arguments[0];
input.dispatchEvent(new Event('input', { bubbles: true }));
"""
CUT_OFF = """
const right = (node) => node.getBoundingClientRect().right;
return [...document.querySelectorAll('.cl-bar button, .cl-head button, .cl-caption button')]
  .filter((button) => button.offsetParent)
  .filter((button) => right(button) > right(button.closest('.cl-main, .cl-side')) + 1)
  .map((button) => button.textContent);
"""


@pytest.fixture(scope="module")
def page(driver: WebDriver, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """A window with a small encoder, so that no test of the window waits for torch."""
    workspace = tmp_path_factory.mktemp("workspace")
    with serving(workspace, SLAVA_TEST_ENCODER="texture") as url:
        shown = Page(driver, url)
        shown.open()
        yield shown


def png(label: str, seed: int) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(texture(label, seed, 160)).save(buffer, "PNG")
    return buffer.getvalue()


def open_tab(page: Page) -> None:
    page.js(
        "[...document.querySelectorAll('#tabs button[role=tab]')]"
        ".find((tab) => tab.textContent.trim() === 'Classify').click()"
    )
    page.wait("document.querySelector('#classify [data-ready]')?.querySelector('.cl').offsetParent")


def take_in(page: Page, source: Path, labelled: int) -> None:
    page.js(FILL, str(source))
    page.wait(f"{STATE}.labelled === '{labelled}' && {STATE}.job === 'done'", PATIENT_S)
    page.wait(f"{STATE}.embedding === ''", PATIENT_S)


def test_an_empty_tab_says_what_to_do(page: Page) -> None:
    open_tab(page)
    page.wait("document.querySelector('.cl-no-library').offsetParent")
    assert "A folder whose sub-folders are classes" in page.text(".cl-no-library")
    assert "They are drawings, not micrographs" in page.text(".cl-no-library")


def test_a_folder_that_is_none_is_refused_in_words(page: Page, tmp_path: Path) -> None:
    page.js(FILL, str(tmp_path / "gone"))
    page.wait("document.body.innerText.includes('is neither a folder nor a CSV')")
    page.js("document.querySelector('.toast-close')?.click()")


def test_a_labelled_folder_is_taken_in_and_embedded(page: Page, tmp_path: Path) -> None:
    folder = write_textures(tmp_path / "labelled", EACH)
    (folder / "rows" / "broken.tif").write_bytes(b"these are words")
    take_in(page, folder, EACH * len(CLASSES))
    assert "broken.tif" in page.text(".cl-job ul")
    for label in CLASSES:
        assert label in page.text(".cl-classes")
    page.click(".cl-dismiss")
    page.wait(f"{STATE}.job === ''")
    page.wait(f"{STATE}.listed === '{EACH * len(CLASSES)}'")


def test_a_dropped_query_is_classified_with_its_demonstrations(page: Page) -> None:
    page.drop(("query.png", png("rows", 70)))
    page.wait(f"document.querySelector('.cl-name').textContent === 'query.png' && {STATE}.query")
    page.wait(f"{STATE}.state === 'done'", PATIENT_S)
    assert page.data("verdict", "classify") == "rows"
    assert page.data("shown", "classify") == str(SHOWN)
    labels = page.js(
        "return [...document.querySelectorAll('.cl-card')].map((c) => c.dataset.label)"
    )
    assert "rows" in labels
    assert "demonstrations bear this label" in page.text(".cl-rationale")
    assert "kNN" in page.text(".cl-ranks")
    assert page.js("return document.querySelectorAll('.cl-ranks tbody tr').length") == 3
    loaded = "[...document.querySelectorAll('.cl-card img')].every((i) => i.naturalWidth > 0)"
    page.wait(loaded)


def test_k_changes_what_is_shown_and_the_vote(page: Page) -> None:
    before = page.data("ranks", "classify")
    page.js(SET_K, 12)
    page.wait(f"{STATE}.shown === '12'")
    page.wait(f"{STATE}.ranks !== {before!r}")
    page.js("document.querySelector('.cl-strategy').focus(); document.activeElement.blur()")
    ActionChains(page.driver).send_keys("-").perform()
    page.wait(f"{STATE}.shown === '11'")
    page.js(SET_K, 3)
    page.wait(f"{STATE}.shown === '3'")


def test_a_demonstration_is_left_out_and_pinned_and_all_of_it_undone(page: Page) -> None:
    first = page.js("return document.querySelector('.cl-card').dataset.id")
    gone = f"![...document.querySelectorAll('.cl-card')].some((c) => c.dataset.id === {first!r})"
    page.click(".cl-card .cl-card-tools button:nth-child(3)")
    page.wait(f"{gone} && {STATE}.shown === '3'")
    page.click(".cl-card:last-child .cl-card-tools button")
    page.wait("document.querySelector('.cl-shown-note').textContent === '1 pinned, 1 left out'")
    page.click(".cl-reset")
    page.wait(f"!({gone})")
    assert page.text(".cl-shown-note") == ""


def test_an_unlabelled_one_is_labelled_with_one_key_and_taken_back(page: Page) -> None:
    page.click(".cl-label")
    page.wait(f"{STATE}.labelling && {STATE}.suggested === 'rows'", PATIENT_S)
    ActionChains(page.driver).send_keys(Keys.ENTER).perform()
    all_labelled = f"{STATE}.labelled === '{EACH * len(CLASSES) + 1}' && {STATE}.labelling === ''"
    page.wait(all_labelled, PATIENT_S)
    page.wait("document.querySelector('.cl-told').textContent.includes('rows · a suggestion')")
    page.js("document.activeElement.blur()")
    ActionChains(page.driver).key_down(Keys.CONTROL).send_keys("z").key_up(Keys.CONTROL).perform()
    page.wait(f"{STATE}.labelled === '{EACH * len(CLASSES)}'", PATIENT_S)
    page.click(".cl-label")
    page.wait(f"{STATE}.labelling", PATIENT_S)
    ActionChains(page.driver).send_keys("1").perform()
    by_hand = "document.querySelector('.cl-told').textContent.includes('columns · by hand')"
    page.wait(by_hand, PATIENT_S)


def test_the_map_shows_every_micrograph(page: Page) -> None:
    page.wait(f"{STATE}.points === '{EACH * len(CLASSES) + 1}'", PATIENT_S)


def keys(page: Page, *pressed: str) -> None:
    """Press keys one after the other; those held down are given together."""
    for one in pressed:
        ActionChains(page.driver).send_keys(one).perform()


def settled(page: Page, canvas: WebElement) -> tuple[int, int]:
    """The size of an element, px, once it has kept it for half a second."""
    size, since = None, time.monotonic()
    while time.monotonic() - since < 0.5:
        now = page.js("return [arguments[0].clientWidth, arguments[0].clientHeight]", canvas)
        if now != size:
            size, since = now, time.monotonic()
        time.sleep(0.05)
    assert size is not None
    return int(size[0]), int(size[1])


def test_a_line_around_points_selects_them_and_the_keyboard_does_too(page: Page) -> None:
    everything = str(EACH * len(CLASSES) + 1)
    canvas = page.driver.find_element("css selector", ".cl-map canvas")
    page.js("arguments[0].scrollIntoView()", canvas)
    wide, high = settled(page, canvas)
    line = ActionChains(page.driver).move_to_element_with_offset(
        canvas, 3 - wide // 2, 3 - high // 2
    )
    line.click_and_hold()
    for right, down in ((wide - 8, 0), (0, high - 8), (8 - wide, 0)):
        line.move_by_offset(right, down)
    line.release().perform()
    page.wait(f"{STATE}.selected === '{everything}'")
    page.js("document.activeElement.blur()")
    keys(page, Keys.ESCAPE)
    page.wait(f"{STATE}.selected === '0'")
    page.js("arguments[0].focus()", canvas)
    keys(page, Keys.ARROW_RIGHT, Keys.SPACE)
    page.wait(f"{STATE}.selected === '1'")
    ActionChains(page.driver).key_down(Keys.SHIFT).send_keys(" ").key_up(Keys.SHIFT).perform()
    page.wait(f"{STATE}.selected === '9'")


def test_what_is_selected_is_labelled_with_one_key_and_taken_back(page: Page) -> None:
    before, now = page.text(".cl-classes"), "document.querySelector('.cl-classes').innerText"
    keys(page, "2")
    page.wait(f"{STATE}.selected === '0' && {now} !== {before!r}")
    page.js("document.activeElement.blur()")
    ActionChains(page.driver).key_down(Keys.CONTROL).send_keys("z").key_up(Keys.CONTROL).perform()
    page.wait(f"{now} === {before!r}")


def test_a_near_duplicate_is_found_and_left_out_with_a_click(page: Page, tmp_path: Path) -> None:
    (tmp_path / "again" / "rows").mkdir(parents=True)
    darker = Image.fromarray(texture("rows", 0)).point(lambda grey: grey * 0.8 + 12)
    darker.save(tmp_path / "again" / "rows" / "darker.png")
    page.click(".cl-add")
    labelled = EACH * len(CLASSES) + 2
    take_in(page, tmp_path / "again", labelled)
    page.click(".cl-dismiss")
    page.click(".cl-add")
    page.click(".cl-find-twins")
    page.wait(f"{STATE}.twins === 'done' && {STATE}.groups === '1'", PATIENT_S)
    assert page.js("return document.querySelectorAll('.cl-twin img').length") == 2
    page.click(".cl-twin:last-of-type .s-button")
    page.wait(f"{STATE}.groups === '0' && {STATE}.labelled === '{labelled - 1}'")
    page.click(".cl-twins-dismiss")
    page.wait(f"{STATE}.twins === ''")


def test_what_a_training_needs_is_said_before_it_begins(page: Page) -> None:
    page.click(".cl-more")
    assert "16 labelled micrographs of 3 classes, about" in page.text(".cl-train-labels")
    assert page.js("return document.querySelector('.cl-train-without').disabled") is False
    keys(page, Keys.ESCAPE)


@pytest.mark.parametrize(("width", "height"), [(1440, 900), (1024, 768)])
def test_nothing_scrolls_or_is_cut_off(page: Page, width: int, height: int) -> None:
    page.resize(width, height)
    assert page.js("return document.documentElement.scrollWidth") <= width
    assert page.js("return document.documentElement.scrollHeight") <= height
    bottom = page.js("return document.querySelector('.cl').getBoundingClientRect().bottom")
    assert height - 2 < bottom <= height
    assert page.js(CUT_OFF) == []
    page.resize(1440, 900)


@pytest.mark.real_data
def test_a_real_defect_is_classified_with_the_demonstrations_visible(
    driver: WebDriver, real_data: Path, tmp_path: Path
) -> None:
    classes = sorted(p for p in (real_data / "neu_sdd").iterdir() if p.is_dir())
    lines = [f"{path},{c.name}" for c in classes for path in sorted(c.iterdir())[:8]]
    table = tmp_path / "steel.csv"
    table.write_text("\n".join(["file,label", *lines]))
    query = sorted((real_data / "neu_sdd" / "crazing").iterdir())[100]
    with serving(tmp_path / "workspace") as url:
        page = Page(driver, url)
        page.open()
        open_tab(page)
        take_in(page, table, len(lines))
        page.drop((query.name, query.read_bytes()))
        page.wait(f"document.querySelector('.cl-name').textContent === {query.name!r}")
        page.wait(f"{STATE}.state === 'done'", PATIENT_S)
        assert page.data("verdict", "classify") == "crazing"
        assert page.data("shown", "classify") == str(SHOWN)
        before = page.data("ranks", "classify")
        page.js(SET_K, 16)
        page.wait(f"{STATE}.shown === '16' && {STATE}.ranks !== {before!r}")
