"""Runs as their folders tell them. It must not know the database."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from slava.domain import Run, RunId, SnapshotId
from slava.handoff.events import EventReader, Logged
from slava.handoff.files import UNFINISHED_PREFIX, sync_folder
from slava.handoff.kept import read_notes, read_process
from slava.handoff.run_folder import RunFolder
from slava.handoff.snapshot import MANIFEST
from store.run_story import Story, tell


@dataclass(frozen=True, slots=True)
class RunSize:
    """What a run takes on the disk, bytes."""

    checkpoints: int
    """Needed only to resume it."""
    adapter: int
    rest: int
    """Its copy of the snapshot, its log and what it printed."""

    @property
    def total(self) -> int:
        return self.checkpoints + self.adapter + self.rest


def list_run_folders(place: Path) -> list[RunFolder]:
    """The folders that hold a run; those that are half-written or trials begin with a dot."""
    if not place.is_dir():
        return []
    folders = [RunFolder(path) for path in sorted(place.iterdir()) if path.name[:1] != "."]
    return [f for f in folders if f.config.is_file() and f.events.is_file()]


@contextmanager
def making_folder(folder: RunFolder) -> Iterator[RunFolder]:
    """A run's folder to be filled under another name; afterwards it is there, or nothing is.

    Raises
    ------
    OSError
        When the disk refuses.
    """
    unfinished = _unfinished(folder)
    try:
        unfinished.create()
        yield unfinished
        unfinished.root.rename(folder.root)
    except BaseException:
        shutil.rmtree(unfinished.root, ignore_errors=True)
        raise
    sync_folder(folder.root.parent)


def set_aside(folder: RunFolder) -> RunFolder:
    """Take a folder out of the list at once, before its files are deleted one by one.

    It stays where it is when the system lets nobody rename it.
    """
    aside = _unfinished(folder)
    try:
        folder.root.rename(aside.root)
    except OSError:
        return folder
    return aside


def tidy_runs(place: Path) -> None:
    """Remove what a killed app left half-made, half-deleted or half-written.

    A process that trains may be at work: into its run's folder it writes folders, the app files.
    """
    for path in place.glob(f"{UNFINISHED_PREFIX}*"):
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
    for path in (*place.glob(f"{UNFINISHED_PREFIX}*"), *place.glob(f"*/{UNFINISHED_PREFIX}*")):
        with suppress(OSError):
            if path.is_file():
                path.unlink()


def story_of_folder(folder: RunFolder) -> tuple[Story, list[Logged]]:
    """What a run's folder says of it, and the events of its log.

    Raises
    ------
    WorkspaceDamaged
        When its config cannot be read.
    """
    config = folder.read_config()
    events = EventReader(folder.events).read()
    process, notes = read_process(folder.root), read_notes(folder.root)
    run = Run(
        id=RunId(folder.root.name),
        snapshot_id=SnapshotId(_snapshot_id(folder)),
        backbone=str(config.get("backbone", "builtin")),
        preset=str(config.get("preset", "")),
        settings=config,
        state="queued",
        created_at=events[0].at if events else "",
        notes=notes.notes,
        pid=process.pid if process else None,
        pid_started=process.started if process else None,
    )
    return tell(Story(run, queued_at=run.created_at), events), events


def folder_size(folder: Path) -> int:
    """Bytes of all files below a folder, which may change meanwhile; 0 where there is none."""
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):
                total += Path(place, name).stat().st_size
    return total


def run_size(folder: RunFolder) -> RunSize:
    """What a run takes on the disk."""
    checkpoints, adapter = folder_size(folder.checkpoints), folder_size(folder.adapter)
    return RunSize(checkpoints, adapter, folder_size(folder.root) - checkpoints - adapter)


def _unfinished(folder: RunFolder) -> RunFolder:
    return RunFolder(folder.root.with_name(f"{UNFINISHED_PREFIX}{folder.root.name}"))


def _snapshot_id(folder: RunFolder) -> str:
    try:
        record = json.loads((folder.snapshot / MANIFEST).read_text(encoding="utf-8"))
        return str(record["id"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""
