"""A small drawn workspace, and runs in this process."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path

import pytest

from slava.handoff.events import Event, EventReader, StateEvent, StepEvent
from slava.handoff.run_folder import RunFolder
from tests.training.steel import Workspace, make_workspace
from tests.tuned import one_thread, pass_over
from training.finetune.config import make_config

__all__ = ["one_thread"]

TINY = {
    "epochs": 2,
    "batch": 6,
    "micro_batch": 3,
    "samples": 0,
    "longest_answer": 24,
    "threads": 1,
    "evaluate": False,
    "rank": 8,
    "experts": 2,
    "warmup_steps": 2,
    "device": "cpu",
}
"""A run of six steps of two micro-batches, two epochs."""

NewRun = Callable[..., RunFolder]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What is known of the libraries is no failure here."""
    pass_over(items, Path(__file__).parent)


@pytest.fixture(scope="session")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """Three kinds of damage: nine pictures to learn from, three for each other part."""
    root = tmp_path_factory.mktemp("workspace")
    return make_workspace(root, {"train": 3, "validation": 1, "test": 1}, kinds=3)


@pytest.fixture
def new_run(workspace: Workspace) -> NewRun:
    """Makes a run's folder; ``TINY`` changed by what is given."""

    def make(**changed: object) -> RunFolder:
        config = make_config(**{**TINY, **changed})  # type: ignore[arg-type]
        return workspace.run(f"run-{next(_numbers)}", config.to_json())

    return make


_numbers = itertools.count()


def events_of(folder: RunFolder) -> list[Event]:
    """Everything that a run has told."""
    return [logged.event for logged in EventReader(folder.events).read()]


def of_kind(folder: RunFolder, kind: type[Event]) -> list[Event]:
    """What a run has told of one kind."""
    return [event for event in events_of(folder) if isinstance(event, kind)]


def losses_of(folder: RunFolder) -> dict[int, float]:
    """The loss of every step; of two events of one step the later counts."""
    return {e.step: e.loss for e in of_kind(folder, StepEvent) if isinstance(e, StepEvent)}


def last_state(folder: RunFolder) -> str:
    """The state that a run is in."""
    return [event.state for event in events_of(folder) if isinstance(event, StateEvent)][-1]


def files_under(folder: Path) -> dict[str, bytes]:
    """Every file below a folder by its path, with its bytes."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
