"""A trainer that is killed at any moment: resumed, it ends where it would have ended."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from slava.handoff.events import EventReader
from slava.handoff.run_folder import RunFolder
from tests.training.conftest import NewRun, files_under, losses_of

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="the tests' helper forks")

MOMENTS = int(os.environ.get("SLAVA_KILLS", "3"))
"""In the suite; 20 by SLAVA_KILLS=20."""
SHORT = {"max_steps": 4, "checkpoint_steps": 1}
ROOT = Path(__file__).resolve().parents[2]


class Forker:
    """The helper, and how a run is started through it."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def start(self, folder: RunFolder) -> int:
        """Begin a run; its process id."""
        return int(self._ask(str(folder.root)))

    def wait(self) -> int:
        """The exit status of the run that was started last."""
        return int(self._ask(""))

    def _ask(self, line: str) -> str:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()
        return self._process.stdout.readline()


@pytest.fixture(scope="module")
def forker() -> Iterator[Forker]:
    with _helper() as process:
        yield Forker(process)


@contextmanager
def _helper() -> Iterator[subprocess.Popen[str]]:
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        [sys.executable, "-m", "tests.training.forker"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        cwd=ROOT, env=environment,
    ) as process:  # fmt: skip
        try:
            yield process
        finally:
            assert process.stdin
            process.stdin.close()


@pytest.fixture(scope="module")
def uninterrupted(forker: Forker, workspace: object) -> RunFolder:
    from tests.training.conftest import TINY
    from tests.training.steel import Workspace
    from training.finetune.config import make_config

    assert isinstance(workspace, Workspace)
    folder = workspace.run("uninterrupted", make_config(**{**TINY, **SHORT}).to_json())  # type: ignore[arg-type]
    forker.start(folder)
    assert forker.wait() == 0
    return folder


@pytest.mark.parametrize("moment", range(MOMENTS))
def test_killed_and_resumed_it_ends_bit_for_bit_the_same(
    moment: int, forker: Forker, uninterrupted: RunFolder, new_run: NewRun
) -> None:
    folder = new_run(**SHORT)
    total = len(EventReader(uninterrupted.events).read())
    rng = random.Random(moment)
    wanted = rng.randrange(1, total - 1)
    process = forker.start(folder)
    _wait_for(lambda: len(EventReader(folder.events).read()) >= wanted, process)
    time.sleep(rng.uniform(0, 0.05))
    os.kill(process, signal.SIGKILL)
    assert forker.wait() in (-signal.SIGKILL, 0)
    forker.start(folder)
    assert forker.wait() == 0
    assert losses_of(folder) == pytest.approx(losses_of(uninterrupted), abs=1e-6)
    ours, theirs = files_under(folder.adapter), files_under(uninterrupted.adapter)
    for name in ("adapter_model.safetensors", "adapter_config.json", "taught.safetensors"):
        assert ours[name] == theirs[name]
    numbers = [logged.seq for logged in EventReader(folder.events).read()]
    assert numbers == list(range(len(numbers)))


def test_cancel_leaves_no_process_and_no_weights(forker: Forker, new_run: NewRun) -> None:
    folder = new_run(epochs=50)
    process = forker.start(folder)
    _wait_for(lambda: bool(losses_of(folder)), process)
    folder.request_stop("cancel")
    assert forker.wait() == 0
    assert not psutil.pid_exists(process)
    left = {name.split("/")[0] for name in files_under(folder.root)}
    assert left == {"config.json", "events.jsonl", "snapshot", "stop"}


def _wait_for(condition: object, process: int, seconds: float = 240) -> None:
    """Until ``condition()`` or the process has ended."""
    assert callable(condition)
    end = time.monotonic() + seconds
    while not condition():
        if psutil.Process(process).status() == psutil.STATUS_ZOMBIE:
            return
        assert time.monotonic() < end
        time.sleep(0.02)
