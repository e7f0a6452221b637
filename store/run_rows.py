"""Runs, their events and adapters as rows. It must not know their folders."""

from __future__ import annotations

import json
from collections.abc import Sequence

from slava.domain import Adapter, AdapterId, Run, RunId, SnapshotId
from slava.handoff.events import Logged, from_line, to_line
from store.database import Row, Transaction
from store.run_story import Story

COLUMNS = (
    "id, snapshot_id, backbone, preset, settings, state, created_at, started_at, ended_at, step, "
    "steps, loss, val_loss, peak_memory_bytes, seconds, reason, notes, pid, pid_started, "
    "queued_at, last_at, last_seq"
)
ADAPTER_COLUMNS = "id, name, run_id, backbone, method, folder, size_bytes, created_at, metrics"
_CHUNK = 5000


def story_from(row: Row) -> Story:
    """The run of a row, with what its log has use for."""
    run = Run(
        id=RunId(row[0]),
        snapshot_id=SnapshotId(row[1]),
        backbone=row[2],
        preset=row[3],
        settings=json.loads(row[4]),
        state=row[5],
        created_at=row[6],
        started_at=row[7],
        ended_at=row[8],
        step=row[9],
        steps=row[10],
        loss=row[11],
        val_loss=row[12],
        peak_memory_bytes=row[13],
        seconds=row[14],
        reason=row[15],
        notes=row[16],
        pid=row[17],
        pid_started=row[18],
    )
    return Story(run, *row[19:22])


def put_story(transaction: Transaction, story: Story) -> None:
    """Write a run's row, in the place of the one before."""
    r = story.run
    values = (
        *(r.id, r.snapshot_id, r.backbone, r.preset, json.dumps(dict(r.settings)), r.state),
        *(r.created_at, r.started_at, r.ended_at, r.step, r.steps, r.loss, r.val_loss),
        *(r.peak_memory_bytes, r.seconds, r.reason, r.notes, r.pid, r.pid_started),
        *(story.queued_at, story.last_at, story.last_seq),
    )
    marks = ", ".join("?" * len(values))
    transaction.run(f"INSERT OR REPLACE INTO runs ({COLUMNS}) VALUES ({marks})", *values)


def put_events(transaction: Transaction, run_id: RunId, events: Sequence[Logged]) -> None:
    """Keep events; those that are kept already stay as they are."""
    for begin in range(0, len(events), _CHUNK):
        some = events[begin : begin + _CHUNK]
        transaction.run(
            "INSERT INTO run_events SELECT ?, unnest(?), unnest(?), unnest(?) "
            "ON CONFLICT DO NOTHING",
            run_id,
            [logged.seq for logged in some],
            [kind_of(logged) for logged in some],
            [to_line(logged).decode("utf-8") for logged in some],
        )


def kind_of(logged: Logged) -> str:
    """The word that an event's kind has in the log."""
    return type(logged.event).__name__.removesuffix("Event").lower()


def event_from(line: str) -> Logged | None:
    """The event of a kept line."""
    return from_line(line.encode("utf-8"))


def put_adapter(transaction: Transaction, adapter: Adapter) -> None:
    """Write an adapter's row, in the place of the one before."""
    a = adapter
    transaction.run(
        f"INSERT OR REPLACE INTO adapters ({ADAPTER_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        *(a.id, a.name, a.run_id, a.backbone, a.method, a.folder, a.size_bytes, a.created_at),
        json.dumps(dict(a.metrics)),
    )


def adapter_from(row: Row) -> Adapter:
    """The adapter of a row."""
    return Adapter(
        id=AdapterId(row[0]),
        name=row[1],
        run_id=RunId(row[2]) if row[2] is not None else None,
        backbone=row[3],
        method=row[4],
        folder=row[5],
        size_bytes=row[6],
        created_at=row[7],
        metrics=json.loads(row[8]),
    )
