"""The whole path in a browser: drop, see, ask, stop, reload, calibrate; nothing that came in runs.

The tests share one window and run in this order, as one sitting of a user would.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.browser.files import DISCS, NM_PER_PX, calibrated_tiff, uncalibrated_jpeg
from tests.browser.page import Page

pytestmark = pytest.mark.browser

HOSTILE = (
    "<img src=x onerror=window.ran=1>${window.ran=2}{{window.ran=3}}<script>window.ran=4</script>"
)
CALIBRATION = "document.querySelector('#viewer [data-calibration]').dataset.calibration"
CUT_OFF = """
const right = (node) => node.getBoundingClientRect().right;
return [...document.querySelectorAll('.sv-bar button, .ask-row button, .head-row button')]
  .filter((button) => button.offsetParent && !button.matches('.sv-cal, .head-title'))
  .filter((button) => button.scrollWidth > button.clientWidth + 1
    || right(button) > right(button.closest('.sv-bar, .ask-row, .head-row')) + 1)
  .map((button) => button.textContent);
"""
SET = """
const [selector, value, type] = arguments;
const input = document.querySelector(selector);
input.value = value;
input.dispatchEvent(new Event(type, { bubbles: true }));
"""
READ = """
const [selector, done] = arguments;
fetch(document.querySelector(selector).href).then((answer) => answer.text()).then(done);
"""
FIRST_DISC = """
const zoom = Number(document.querySelector('#viewer [data-zoom]').dataset.zoom);
return [80 - 320, 80 - 240].map((px) => Math.round(px * zoom));
"""
PHYSICAL = re.compile(r"\d\s*(nm|µm|mm)\b")


def test_an_empty_window_says_what_to_do(page: Page) -> None:
    assert "Drop files from the microscope" in page.text("#library")
    assert "No micrograph open" in page.text("#viewer")


def test_a_question_without_a_micrograph_is_refused_in_words(page: Page) -> None:
    page.ask("Is there anything?")
    page.wait("document.body.innerText.includes('No micrograph is open')")
    assert page.find("#question textarea").get_attribute("value") == "Is there anything?"
    page.js("document.querySelector('.toast-close')?.click()")
    page.find("#question textarea").clear()


def test_a_dropped_tiff_shows_the_pixel_size_it_states(page: Page) -> None:
    page.drop(("discs.tif", calibrated_tiff()))
    page.wait_for_micrograph("discs.tif")
    assert page.data("calibration") == f"{NM_PER_PX} nm/px · from the file"
    assert "16-bit" in page.text(".sv-size")
    assert re.fullmatch(r"[125]0* nm", page.data("scalebar"))
    bar_nm = float(page.data("scalebar").split()[0])
    drawn_px = float(page.data("scalebar-px")) / float(page.data("zoom"))
    assert drawn_px * NM_PER_PX == pytest.approx(bar_nm, rel=0.01)
    assert "discs.tif" in page.text("#library")


def test_facts_come_with_unit_and_method_and_outlines_are_drawn(page: Page) -> None:
    page.wait_measured()
    width = "document.querySelector('[data-fact=field_width] .facts-value').textContent"
    assert page.wait(width) == "1.6 µm"
    assert "metadata" in page.text("[data-fact=field_width] .facts-method")
    page.wait("Number(document.querySelector('#viewer [data-objects]').dataset.objects) > 0")


def test_how_it_is_measured_can_be_changed_live_and_undone(page: Page) -> None:
    objects = "document.querySelector('#viewer [data-objects]').dataset.objects"
    page.js(SET, ".facts-kind select", "particles", "change")
    page.wait(f"{objects} === '{DISCS}'")
    page.js(SET, ".facts-smallest", "70", "input")
    page.wait(f"{objects} !== '{DISCS}'")
    assert 0 < int(page.data("objects")) < DISCS
    page.js("document.querySelector('[data-reset=min_size_px]').click()")
    page.wait(f"{objects} === '{DISCS}'")
    csv = page.driver.execute_async_script(READ, ".facts-csv")
    assert len(csv.strip().splitlines()) == 1 + DISCS


def test_an_object_is_excluded_by_a_click_and_brought_back(page: Page) -> None:
    objects = "document.querySelector('#viewer [data-objects]').dataset.objects"
    x, y = page.js(FIRST_DISC)
    page.alt_click(x, y)
    page.wait(f"{objects} === '{DISCS - 1}'")
    assert "1 excluded" in page.js("return document.querySelector('.facts-excluded').textContent")
    page.js("document.querySelector('[data-reset=excluded]').click()")
    page.wait(f"{objects} === '{DISCS}'")


def test_an_answer_is_streamed_and_says_what_the_model_saw(page: Page) -> None:
    page.ask("What do you see?")
    page.wait_in_chat("Answer to: What do you see?")
    page.wait_answered()
    page.click("#chat .thought-group .title")
    page.wait_in_chat("2.5 nm per pixel")
    assert "taken in at 224 × 224 px" in page.text("#chat")
    assert "A scripted model for tests" in page.text("#model")


def test_a_stopped_answer_and_all_before_it_survive_a_reload(page: Page) -> None:
    page.ask("Tell me slowly")
    page.wait_in_chat("word20 ")
    page.click("#question .stop-button")
    page.wait_in_chat("Stopped.")
    page.wait_answered()
    page.open()
    page.wait_for_micrograph("discs.tif")
    page.wait_in_chat("Stopped.")
    for kept in ("What do you see?", "Answer to: What do you see?", "Tell me slowly", "word20"):
        assert kept in page.text("#chat")
    assert "word399" not in page.text("#chat")
    assert page.data("calibration") == f"{NM_PER_PX} nm/px · from the file"


def test_an_answer_under_way_goes_on_through_a_reload(page: Page) -> None:
    page.ask("And once more slowly")
    page.wait_in_chat("word5 ")
    page.open()
    page.wait_in_chat("word60 ")
    page.click("#question .stop-button")
    page.wait_answered()


def test_regenerating_answers_anew_and_an_edit_takes_the_place_of_what_followed(page: Page) -> None:
    page.click(".head-new")
    page.wait("!document.querySelector('#head [data-current]').dataset.current")
    page.ask("First question")
    page.wait_in_chat("Answer to: First question")
    page.wait_answered()
    page.click("#chat button[aria-label=Retry]")
    page.wait_in_chat("Answer to: First question")
    page.wait_answered()
    page.click("#chat .user-row button[aria-label=Edit]")
    box = page.wait("document.querySelector('#chat textarea')")
    box.clear()
    box.send_keys("Second thoughts")
    page.click("#chat button[aria-label=Submit]")
    page.wait_in_chat("Answer to: Second thoughts")
    page.wait_answered()
    assert "First question" not in page.text("#chat")
    assert page.data("conversations", "head") == "2"


def test_an_uncalibrated_jpeg_shows_no_physical_length(page: Page) -> None:
    page.drop(("plain.jpg", uncalibrated_jpeg()))
    page.wait_for_micrograph("plain.jpg")
    page.wait_measured()
    assert page.data("calibration") == "uncalibrated"
    assert page.data("scalebar").endswith(" px")
    shown = page.text("#pane-viewer") + page.text(".lib-item[aria-current=true]")
    assert not PHYSICAL.search(shown), shown
    assert "uncalibrated" in page.text("[data-fact=calibration]")


def test_a_line_of_known_length_calibrates_and_can_be_undone(page: Page) -> None:
    page.click("[data-tool=ruler]")
    page.drag((-150, -100), (200, 0))
    page.wait("document.querySelector('#viewer [data-ruler]')")
    length_px = float(page.data("ruler"))
    page.find(".sv-length").send_keys("2,5")
    page.click(".sv-primary")
    page.wait(f"{CALIBRATION}.includes('by hand')")
    shown = float(page.data("calibration").split()[0])
    assert shown == pytest.approx(2500 / length_px, rel=2e-3)
    page.wait("document.querySelector('#viewer [data-scalebar]').dataset.scalebar.endsWith('m')")
    page.click(".sv-cal")
    page.click(".sv-undo")
    page.wait(f"{CALIBRATION} === 'uncalibrated'")
    page.click("[data-tool=pan]")


def test_names_and_questions_are_shown_and_never_run(page: Page) -> None:
    name = f"{HOSTILE}.tif".replace("/", "")
    page.drop((name, calibrated_tiff(seed=5, depth=8)))
    page.wait("document.querySelector('.sv-name').textContent.startsWith('<img')")
    page.ask(f"{HOSTILE} ![x](http://example.invalid/x.png)")
    page.wait_in_chat("Answer to:")
    page.wait_answered()
    page.click(".head-title")
    page.click(".ask-show")
    page.open()
    page.wait_in_chat("Answer to:")
    assert page.js("return window.ran ?? null") is None
    assert page.text(".head-title").startswith("<img src=x")


def test_a_file_that_is_no_micrograph_is_listed_and_the_rest_is_added(page: Page) -> None:
    before = int(page.data("items", "library"))
    page.drop(("notes.tif", b"these are words"), ("more.tif", calibrated_tiff(seed=9)))
    page.wait(
        f"Number(document.querySelector('#library [data-items]').dataset.items) === {before + 1}"
    )
    page.wait("document.querySelector('.lib-failures li')")
    assert "notes.tif" in page.text(".lib-failures")
    page.click(".lib-dismiss")
    page.wait("document.querySelector('.lib-job').hidden")


def test_search_hides_what_does_not_match(page: Page) -> None:
    page.find(".lib-search").send_keys("plain")
    page.wait("document.querySelector('#library [data-shown]').dataset.shown === '1'")
    page.find(".lib-search").clear()
    page.find(".lib-search").send_keys("x")
    page.find(".lib-search").clear()


def test_panes_collapse_and_the_theme_changes_and_both_are_remembered(page: Page) -> None:
    dark = page.js("return document.body.classList.contains('dark')")
    page.click("[data-shell=theme]")
    page.click("[data-shell=library]")
    page.open()
    assert page.js("return document.body.classList.contains('dark')") is not dark
    assert page.js("return document.querySelector('#pane-library').offsetWidth") == 0
    page.click("[data-shell=theme]")
    page.click("[data-shell=library]")


@pytest.mark.parametrize(("width", "height"), [(1440, 900), (1024, 768)])
def test_nothing_scrolls_or_is_cut_off(page: Page, width: int, height: int) -> None:
    page.resize(width, height)
    assert page.js("return document.documentElement.scrollWidth") <= width
    assert page.js("return document.documentElement.scrollHeight") <= height
    bottom = page.js("return document.querySelector('#question').getBoundingClientRect().bottom")
    assert height - 40 < bottom <= height
    cut = page.js(CUT_OFF)
    assert cut == []
    page.resize(1440, 900)


@pytest.mark.real_data
def test_a_file_of_a_microscope_shows_its_pixel_size(page: Page, real_data: Path) -> None:
    file = real_data / "vendor" / "tescan_zeiss_semscalebar" / "Tescan_1.TIF"
    page.drop((file.name, file.read_bytes()))
    page.wait_for_micrograph(file.name)
    assert float(page.data("calibration").split()[0]) == pytest.approx(4.538, rel=0.001)
    assert page.data("calibration").endswith("from the file")


@pytest.mark.real_data
def test_the_bar_of_a_picture_is_offered_and_calibrates_with_one_click(
    page: Page, real_data: Path
) -> None:
    file = sorted((real_data / "nffa" / "described").glob("*.jpg"))[0]
    page.drop((file.name, file.read_bytes()))
    page.wait_for_micrograph(file.name)
    page.wait("document.querySelector('.sv-confirm').offsetParent", 120)
    assert page.data("calibration") == "uncalibrated"
    assert page.data("scalebar").endswith(" px")
    assert not PHYSICAL.search(page.text("#facts"))
    page.click(".sv-confirm")
    page.wait(f"{CALIBRATION}.endsWith('read from the databar')")
    page.wait("document.querySelector('#viewer [data-scalebar]').dataset.scalebar.endsWith('m')")
    assert page.js("return document.querySelector('.sv-found').hidden")
