"""A region of interest: drawn in the viewer, followed by the count, still there after a reload."""

from __future__ import annotations

import pytest

from tests.browser.files import DISCS, calibrated_tiff
from tests.browser.page import Page

pytestmark = pytest.mark.browser

OBJECTS = "document.querySelector('#viewer [data-objects]').dataset.objects"
SAID = "document.querySelector('.facts-region').textContent"
CHOOSE = """
const kind = document.querySelector('.facts-kind select');
kind.value = 'particles';
kind.dispatchEvent(new Event('change'));
"""
LEFT_HALF = """
const zoom = Number(document.querySelector('#viewer [data-zoom]').dataset.zoom);
return [[-318, -238], [318, 476]].map((pair) => pair.map((px) => Math.round(px * zoom)));
"""
"""Where to press, in CSS pixels from the middle of the stage, and how far to draw."""


def test_the_count_follows_the_region_that_was_drawn(page: Page) -> None:
    page.drop(("discs.tif", calibrated_tiff()))
    page.wait_for_micrograph("discs.tif")
    page.wait_measured()
    page.js(CHOOSE)
    page.wait(f"{OBJECTS} === '{DISCS}'")
    assert page.data("region") == ""
    page.click("#viewer button[data-tool=region]")
    start, by = page.js(LEFT_HALF)
    page.drag(tuple(start), tuple(by))
    drawn = [
        int(text)
        for text in page.wait(
            "document.querySelector('#viewer [data-region]')?.dataset.region"
        ).split(",")
    ]
    assert drawn == pytest.approx([2, 2, 318, 476], abs=4)
    assert page.js(f"return {OBJECTS}") == str(DISCS)  # it is only drawn so far
    page.js("document.querySelector('.facts-use-region').click()")
    page.wait(f"{OBJECTS} === '{DISCS // 2}'")
    assert page.wait(SAID) == f"Region of {drawn[2]} × {drawn[3]} px"


def test_a_reload_shows_the_same_region_and_count(page: Page) -> None:
    before = page.data("region")
    page.open()
    page.wait_for_micrograph("discs.tif")
    page.wait(f"{OBJECTS} === '{DISCS // 2}'")
    assert page.data("region") == before
    assert page.js(f"return {SAID}").startswith("Region of ")


def test_clearing_what_was_drawn_leaves_the_region_that_is_measured(page: Page) -> None:
    before = page.data("region")
    page.click("#viewer button[data-tool=region]")
    page.drag((0, 0), (60, 40))
    page.wait(f"document.querySelector('#viewer [data-region]').dataset.region !== '{before}'")
    page.click("#viewer [data-act=clear]")
    assert page.data("region") == before


def test_the_whole_picture_is_measured_again(page: Page) -> None:
    page.js("document.querySelector('[data-reset=region]').click()")
    page.wait(f"{OBJECTS} === '{DISCS}'")
    page.wait("!document.querySelector('#viewer [data-region]')")
    assert page.js(f"return {SAID}") == "The whole picture"
