"""What the app writes into a run's folder for itself, so that its rows can be made from it again.

- ``process.json``: which process trains, by id and start time.
- ``notes.json``: what the user wrote about the run, and how they call its adapter.

It must not know how processes are started, nor of the database.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from slava.handoff.files import write_whole

PROCESS, NOTES = "process.json", "notes.json"


@dataclass(frozen=True, slots=True)
class RunProcess:
    """A process that is found again: ids are reused, an id with its start time is not."""

    pid: int
    started: float
    """Seconds since the epoch, as the operating system has it."""


@dataclass(frozen=True, slots=True)
class RunNotes:
    """What the user says of a run."""

    notes: str = ""
    adapter_name: str = ""
    """Empty: as its config calls it."""


def write_process(folder: Path, process: RunProcess) -> None:
    """Keep which process trains; OSError when the disk refuses."""
    write_whole(json.dumps(asdict(process)).encode(), folder / PROCESS)


def read_process(folder: Path) -> RunProcess | None:
    """The process that was started last, alive or not; ``None`` where none is known."""
    record = _record(folder / PROCESS)
    try:
        return RunProcess(int(record["pid"]), float(record["started"]))
    except (KeyError, TypeError, ValueError):
        return None


def write_notes(folder: Path, notes: RunNotes) -> None:
    """Keep what the user says; OSError when the disk refuses."""
    text = json.dumps(asdict(notes), ensure_ascii=False, indent=2)
    write_whole(text.encode("utf-8", "replace"), folder / NOTES)


def read_notes(folder: Path) -> RunNotes:
    """What the user has said; empty where nothing was, or it cannot be read."""
    record = _record(folder / NOTES)
    return RunNotes(str(record.get("notes", "")), str(record.get("adapter_name", "")))


def _record(path: Path) -> dict[str, Any]:
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return record if isinstance(record, dict) else {}
