"""What the next opening makes of an app that was killed between a run's folder and its row."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from slava.domain import Run
from slava.handoff.events import Event, EventWriter, StateEvent
from slava.handoff.run_folder import RunFolder
from store import PairFilter, Store
from tests.store.drawn_pairs import add_pairs
from tests.store.plain_reader import PlainReader

CONFIG = {"backbone": "builtin", "preset": "quick", "method": "lora", "name": "fibres"}


def opened(workspace: Path) -> Store:
    return Store.open(workspace, inspect=PlainReader())


def add_run(store: Store) -> Run:
    if not store.snapshots.list_snapshots():
        add_pairs(store, store.workspace.parent, 4)
        store.reviews.record_bulk(PairFilter(), "ann", "accepted", None, "", False)
        store.snapshots.add_snapshot("one", measure=False)
    return store.runs.add_run(store.snapshots.list_snapshots()[0], CONFIG)


def told(folder: RunFolder, *events: Event) -> None:
    """Written into the log, and killed before the rows knew."""
    with EventWriter(folder.events) as log:
        for event in events:
            log.write(event)


@pytest.mark.parametrize(
    ("before", "last", "state"),
    [
        ((), StateEvent("preflight"), "preflight"),
        ((), StateEvent("cancelled", "cancelled on request"), "cancelled"),
        ((StateEvent("preflight"), StateEvent("interrupted")), StateEvent("queued"), "queued"),
    ],
)
def test_what_only_the_log_knows_is_known_after_the_opening(
    tmp_path: Path, before: tuple[StateEvent, ...], last: StateEvent, state: str
) -> None:
    with opened(tmp_path / "w") as store:
        run = add_run(store)
        for event in before:
            store.runs.record(run.id, event)
        told(store.runs.folder(run.id), last)
    with opened(tmp_path / "w") as store:
        assert [r.state for r in store.runs.list_runs()] == [state]
        assert [r.id for r in store.runs.list_queue()] == ([run.id] if state == "queued" else [])


def test_a_run_whose_row_was_not_reached_gets_one(tmp_path: Path) -> None:
    with opened(tmp_path / "w") as store:
        run = add_run(store)
        with store.database.writing() as transaction:
            for table in ("run_events", "runs"):
                transaction.run(f"DELETE FROM {table}")
    with opened(tmp_path / "w") as store:
        assert store.runs.list_queue() == [run]


def test_a_run_that_cannot_be_read_is_left_aside(tmp_path: Path) -> None:
    with opened(tmp_path / "w") as store:
        first, second = add_run(store), add_run(store)
        store.runs.folder(first.id).config.write_text("[")
        with store.database.writing() as transaction:
            transaction.run("DELETE FROM runs")
    with opened(tmp_path / "w") as store:
        assert [run.id for run in store.runs.list_runs()] == [second.id]


def test_half_made_and_half_deleted_runs_go_and_no_deleted_one_comes_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    def killed(*_: object, **__: object) -> None:
        raise Killed

    with opened(tmp_path / "w") as store:
        run = add_run(store)
        with monkeypatch.context() as patch:
            patch.setattr(shutil, "copytree", killed)
            patch.setattr(shutil, "rmtree", killed)
            with pytest.raises(Killed):
                add_run(store)
            store.runs.record(run.id, StateEvent("cancelled"))
            with pytest.raises(Killed):
                store.runs.remove_run(run.id)
    assert len(list((tmp_path / "w" / "runs").iterdir())) == 2
    with opened(tmp_path / "w") as store:
        assert store.runs.list_runs() == []
        assert list((tmp_path / "w" / "runs").iterdir()) == []


def test_half_written_files_are_the_apps_and_folders_the_runs(tmp_path: Path) -> None:
    """Each may be at work while the other one tidies."""
    with opened(tmp_path / "w") as store:
        folder = store.runs.folder(add_run(store).id)
    file, made = folder.root / ".writing-0", folder.root / ".writing-adapter-0"
    file.write_bytes(b"half")
    made.mkdir()
    folder.tidy()
    assert (file.exists(), made.exists()) == (True, False)
    made.mkdir()
    opened(tmp_path / "w").close()
    assert (file.exists(), made.exists()) == (False, True)


def test_a_checkpoint_may_vanish_while_it_is_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A checkpoint gets its name, and old ones go, while the window asks how large they are."""
    with opened(tmp_path / "w") as store:
        run = add_run(store)
        folder = store.runs.folder(run.id)
        with folder.writing_checkpoint(2) as kept:
            (kept / "weights").write_bytes(b"w" * 100)
        whole = store.runs.size(run.id).checkpoints
        (folder.checkpoints / ".writing-1").mkdir()
        scandir = os.scandir

        def vanished(path: str | os.PathLike[str]) -> Any:
            if Path(path).name == ".writing-1":
                raise FileNotFoundError(path)
            return scandir(path)

        monkeypatch.setattr(os, "scandir", vanished)
        assert store.runs.size(run.id).checkpoints == whole > 100
