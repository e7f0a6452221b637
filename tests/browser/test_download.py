"""The model dialog against a hub on this machine: size, yes, progress, cancel, resume, answer.

The program itself is run, with a small real checkpoint of random weights behind the hub; the
tests share one window and run in this order.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from selenium import webdriver

from tests.browser.files import calibrated_tiff
from tests.browser.page import Page
from tests.browser.program import running
from tests.vlm.fake_hub import FakeHub
from tests.vlm.vlm_checkpoints import make_idefics

pytestmark = [pytest.mark.browser, pytest.mark.slow]

MODEL = "owner/tiny"
LONG = b"a long file, fetched first " * 150_000
ERROR = "document.querySelector('.model-error').textContent"
PHASE = "document.querySelector('#model [data-phase]').dataset.phase"


@dataclass(frozen=True)
class Program:
    """The running program, and the hub that it can reach."""

    page: Page
    hub: FakeHub


@pytest.fixture(scope="module")
def program(
    driver: webdriver.Chrome, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Program]:
    folder = tmp_path_factory.mktemp("program")
    checkpoint = make_idefics(folder / "checkpoint")
    files = {"long.txt": LONG, **{file.name: file.read_bytes() for file in checkpoint.iterdir()}}
    with FakeHub({MODEL: files}).serving() as hub:
        cache = {"HF_ENDPOINT": hub.url, "HF_HOME": str(folder / "hub")}
        with running(folder / "workspace", **cache) as url:
            page = Page(driver, url)
            page.open()
            page.drop(("discs.tif", calibrated_tiff()))
            page.wait_for_micrograph("discs.tif")
            yield Program(page, hub)


def visible(page: Page, selector: str) -> bool:
    return bool(page.js("return !!document.querySelector(arguments[0]).offsetParent", selector))


def test_a_model_that_is_not_here_is_not_fetched_but_its_size_is_offered(program: Program) -> None:
    page = program.page
    page.click(".model-change")
    page.click(".model-kinds [value=repository]")
    page.find(".model-reference").send_keys(MODEL)
    page.click(".model-load")
    page.wait("!document.querySelector('.model-missing').hidden")
    assert f"{MODEL} is not on this machine" in page.text(".model-missing")
    assert visible(page, ".model-size")
    assert not visible(page, ".model-download")
    assert "needs a download" in page.text(".model-chip")
    assert program.hub.served == []


def test_the_size_is_told_before_the_download(program: Program) -> None:
    page, hub = program.page, program.hub
    page.click(".model-size")
    page.wait("document.querySelector('.model-download').offsetParent")
    total = sum(map(len, hub.repositories[MODEL].values()))
    assert page.text(".model-download") == f"Download {total / 1e6:.0f} MB"
    assert hub.served == []


def test_progress_is_shown_and_cancelling_keeps_what_has_come(program: Program) -> None:
    page, hub = program.page, program.hub
    hub.stall = threading.Event()
    page.click(".model-download")
    page.wait("/ [1-9]\\d* MB of /.test(document.querySelector('.model-come').textContent)")
    assert not visible(page, ".model-download")
    page.click(".model-cancel")
    page.wait(f"{ERROR}.includes('What has come is kept')")
    assert visible(page, ".model-download")
    hub.stall.set()
    hub.stall = None


def test_the_next_download_goes_on_there_and_survives_a_broken_line(program: Program) -> None:
    page, hub = program.page, program.hub
    hub.cut_after_bytes, hub.cuts_left = 100_000, 1
    page.click(".model-download")
    page.wait(f"{PHASE} === 'ready'", 120)
    begun = [int(asked.removeprefix("bytes=").rstrip("-")) for asked in hub.ranges]
    assert 0 < begun[0] < len(LONG)
    assert begun[1] == begun[0] + 100_000
    assert not visible(page, ".model-missing")
    assert "million" in page.text(".model-report")


def test_the_model_answers_and_is_chosen_after_a_reload(program: Program) -> None:
    page = program.page
    page.click(".model-close")
    page.click(".ask-levels button")  # none: a tiny model has little room
    page.wait("document.querySelector('.ask-levels button').ariaChecked === 'true'")
    page.ask("What do you see?")
    page.wait_in_chat("What the model saw")
    page.wait_answered()
    assert "No answer" not in page.text("#chat")
    page.open()
    page.wait(f"{PHASE} === 'ready'")
    assert page.data("model", "model") == MODEL
    fetched = len(program.hub.served)
    page.click(".model-change")
    page.click(".model-load")
    page.wait(f"{PHASE} === 'loading'")
    page.wait(f"{PHASE} === 'ready'", 120)
    assert len(program.hub.served) == fetched
