"""Runs as their folders tell them. It must not know the database."""

from __future__ import annotations

import json
from pathlib import Path

from slava.domain import Run, RunId, SnapshotId
from slava.handoff.events import EventReader, Logged
from slava.handoff.kept import read_notes, read_process
from slava.handoff.run_folder import RunFolder
from slava.handoff.snapshot import MANIFEST
from store.run_story import Story, tell


def list_run_folders(place: Path) -> list[RunFolder]:
    """The folders that hold a run; those that are half-written or trials begin with a dot."""
    if not place.is_dir():
        return []
    folders = [RunFolder(path) for path in sorted(place.iterdir()) if path.name[:1] != "."]
    return [f for f in folders if f.config.is_file() and f.events.is_file()]


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
    """Bytes of all files below a folder; 0 where there is none."""
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.stat().st_size if path.is_file() else 0
        except OSError:
            continue
    return total


def _snapshot_id(folder: RunFolder) -> str:
    try:
        record = json.loads((folder.snapshot / MANIFEST).read_text(encoding="utf-8"))
        return str(record["id"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""
