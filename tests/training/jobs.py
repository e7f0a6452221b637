"""A workspace with a snapshot, and a stand-in for the process that trains."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil

from slava.handoff.run_folder import RunFolder
from store import PairFilter, Store
from tests.store.drawn_pairs import add_pairs
from tests.store.plain_reader import PlainReader
from training.finetune.config import make_config
from ui.services.training_records import TrainWish

WISH = TrainWish("one", changes={"max_steps": 4})
CONFIG = make_config("builtin", "quick", name="one", max_steps=4).to_json()
"""What a run of that wish is told."""


def standin_command(folder: RunFolder) -> list[str]:
    """What is started instead of the child."""
    return [sys.executable, "-m", "tests.training.standin", str(folder.root)]


def make_snapshot(workspace: Path) -> None:
    """Twenty accepted pairs, frozen as ``one``."""
    with Store.open(workspace, inspect=PlainReader()) as store:
        add_pairs(store, workspace.parent, 20)
        store.reviews.record_bulk(PairFilter(), "ann", "accepted", None, "", False)
        store.snapshots.add_snapshot("one", measure=False)


def until(true: Callable[[], bool], timeout_s: float = 60.0) -> None:
    """Wait for something."""
    end = time.monotonic() + timeout_s
    while not true():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.02)


def gone(pid: int) -> bool:
    """Whether a process has ended."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
