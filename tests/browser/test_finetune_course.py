"""A run of the built-in model that is paused, gone on with, stopped and cancelled in a browser.

The tests share one window and run in this order, as one sitting of a user would.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium.webdriver.remote.webdriver import WebDriver

from slava.handoff.events import EventReader, StepEvent
from slava.handoff.kept import read_process
from slava.handoff.run_folder import RunFolder
from store import Store
from tests.browser.page import Page
from tests.browser.program import running
from tests.browser.test_finetune import PATIENT_S, SET, STATE, open_tab, set_setting
from tests.training.jobs import gone, until
from tests.ui.finetune_runs import add_steel, freeze
from training import launch

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]

CHANGED = {"max_steps": "5000", "batch": "2", "samples": "0", "evaluate": "", "experts": "2"}
SHOWN = "document.querySelector('{}').offsetParent"


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A frozen snapshot of 14 drawn pairs."""
    place = tmp_path_factory.mktemp("workspace")
    with Store.open(place) as store:
        add_steel(store, tmp_path_factory.mktemp("steel"), kinds=2)
        freeze(store, "steel")
    return place


@pytest.fixture(scope="module")
def page(driver: WebDriver, workspace: Path) -> Iterator[Page]:
    with running(workspace, OMP_NUM_THREADS="1") as url:
        shown = Page(driver, url)
        shown.open()
        yield shown
        for run in (workspace / "runs").iterdir():
            if child := launch.find(RunFolder(run)):
                child.kill()


def begin(page: Page, name: str) -> None:
    """Plan a run that would last for minutes, and start it."""
    page.wait(f"{STATE}.planned")
    page.js(SET, ".ft-name", name)
    for setting, value in CHANGED.items():
        if value:
            set_setting(page, setting, value)
    page.js("document.querySelector('[data-setting=evaluate]').checked && "
            "document.querySelector('[data-setting=evaluate]').click()")  # fmt: skip
    page.wait(
        f"{STATE}.planned && document.querySelector('.ft-changed').textContent[0] === '5' && "
        "document.querySelector('.ft-check code').textContent.includes('evaluate=false') && "
        "!document.querySelector('.ft-start').disabled"
    )
    page.click(".ft-start")
    page.wait(f"{STATE}.state === 'running' && Number({STATE}.step) >= 3", PATIENT_S)


def opened(page: Page, workspace: Path) -> RunFolder:
    """The folder of the run that is shown."""
    return RunFolder(workspace / "runs" / str(page.js(f"return {STATE}.run")))


def pid_of(folder: RunFolder) -> int:
    process = read_process(folder.root)
    assert process is not None
    return process.pid


def test_a_pause_frees_the_machine_and_the_run_goes_on_where_it_was(
    page: Page, workspace: Path
) -> None:
    open_tab(page)
    begin(page, "steel, long")
    folder = opened(page, workspace)
    first = pid_of(folder)
    page.click(".ft-pause")
    page.wait(f"{STATE}.state === 'interrupted'", PATIENT_S)
    page.wait("document.querySelector('.ft-state').textContent === 'paused for the chat'")
    assert gone(first)
    paused_at = int(page.js(f"return {STATE}.step"))
    assert folder.list_checkpoints()[-1][0] == paused_at
    assert page.text(".ft-pause") == "Go on training"
    assert not page.js(f"return {SHOWN.format('.ft-resume')}")
    assert page.js(f"return {SHOWN.format('.ft-cancel')}")
    page.click(".ft-pause")
    page.wait(f"{STATE}.state === 'running' && Number({STATE}.step) > {paused_at}", PATIENT_S)
    assert pid_of(folder) != first
    steps = [e.event.step for e in EventReader(folder.events).read()
             if isinstance(e.event, StepEvent)]  # fmt: skip
    assert steps == list(range(1, len(steps) + 1))


def test_stopped_early_it_keeps_its_weights(page: Page, workspace: Path) -> None:
    folder = opened(page, workspace)
    page.click(".ft-stop")
    page.wait(f"{STATE}.state === 'stopped'", PATIENT_S)
    assert page.text(".ft-state") == "stopped, weights kept"
    assert (folder.adapter / "adapter_model.safetensors").is_file()
    until(lambda: gone(pid_of(folder)))
    assert page.text(".ft-caution") == "It was not tested: what it is worth is not known."
    page.wait(f"{SHOWN.format('.ft-use')} && {SHOWN.format('.ft-remove')}")
    assert not page.js(f"return {SHOWN.format('.ft-stop')} || {SHOWN.format('.ft-cancel')}")


def test_its_adapter_is_copied_to_a_folder(page: Page, workspace: Path) -> None:
    page.click(".ft-give[data-form=peft]")
    page.wait(f"{STATE}.given === 'done'")
    folder = workspace / "exports" / "steel-long-peft"
    assert page.text(".ft-given-place code") == str(folder)
    assert (folder / "adapter_model.safetensors").is_file()


def test_cancelled_it_leaves_no_process_and_no_weights(page: Page, workspace: Path) -> None:
    page.click(".ft-new")
    begin(page, "steel, never")
    folder = opened(page, workspace)
    page.click(".ft-cancel")
    page.wait("document.querySelector('.ft-bar .s-danger')")
    page.click(".ft-bar .s-danger")
    page.wait(f"{STATE}.state === 'cancelled'", PATIENT_S)
    until(lambda: gone(pid_of(folder)))
    assert not folder.adapter.exists()
    assert not folder.checkpoints.exists()
    assert page.js("return document.querySelectorAll('.ft-item').length") == 2
    assert page.text(".ft-outcome b") == "No adapter came of it"
    assert page.js("return document.querySelector('.ft-elsewhere').hidden")
