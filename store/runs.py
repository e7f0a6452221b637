"""Runs: what was learnt from which snapshot, how it went, and what waits to be trained.

The folder ``runs/<id>/`` is the truth (:mod:`slava.handoff.run_folder`), its log above all; the
rows only list it and can be made from it again (:meth:`Runs.rebuild_runs`). It must not know how a
run is started, nor what is trained.
"""

from __future__ import annotations

import logging
import shutil
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from slava.domain import Run, RunId, Snapshot
from slava.errors import BadSetting, NotFound, WorkspaceError
from slava.handoff.events import Event, EventReader, EventWriter, Logged, StateEvent
from slava.handoff.kept import RunProcess, read_notes, write_notes
from slava.handoff.read_snapshot import read_snapshot
from slava.handoff.run_folder import RunFolder
from store.adapters import Adapters
from store.database import Database, Row, Transaction
from store.layout import Layout
from store.run_folders import (
    RunSize,
    list_run_folders,
    making_folder,
    run_size,
    set_aside,
    story_of_folder,
    tidy_runs,
)
from store.run_rows import COLUMNS, event_from, put_events, put_story, story_from
from store.run_story import ALIVE, NEXT, Story, require_next, tell

log = logging.getLogger(__name__)

LONGEST_NOTES = 10_000


class Runs:
    """``store.runs``."""

    def __init__(self, database: Database, layout: Layout, adapters: Adapters) -> None:
        self._database, self._layout, self._adapters = database, layout, adapters

    # ------------------------------------------------------------------ one run
    def add_run(self, snapshot: Snapshot, config: Mapping[str, object]) -> Run:
        """A new run at the end of the queue, with its folder.

        Parameters
        ----------
        snapshot
            What it learns from; its files are copied, so that the snapshot may go.
        config
            What the run is told, ``config.json``; with ``backbone`` and ``preset``.

        Raises
        ------
        SnapshotDamaged
            When the snapshot contradicts its hashes.
        WorkspaceError
            When the disk refuses.
        """
        source = self._layout.root / snapshot.folder
        read_snapshot(source)
        run_id = _new_id()
        folder = self.folder(run_id)
        try:
            with making_folder(folder) as made:
                shutil.copytree(source, made.snapshot)
                made.write_config(config)
                with EventWriter(made.events) as events:
                    events.write(StateEvent("queued"))
        except OSError as error:
            raise _refused(folder.root, error) from error
        return self._take_up(folder)

    def get_run(self, reference: str) -> Run:
        """The run of an id, of the beginning of one (4 characters or more), or the ``last``.

        Raises
        ------
        NotFound
            When there is none, or several begin so.
        """
        return self._story(reference).run

    def list_runs(self) -> list[Run]:
        """Newest first."""
        return [s.run for s in self._stories("ORDER BY created_at DESC, id DESC")]

    def list_queue(self) -> list[Run]:
        """Runs that wait, the one whose turn is next first."""
        return [s.run for s in self._stories("WHERE state = 'queued' ORDER BY queued_at, id")]

    def list_alive(self) -> list[Run]:
        """Runs that a process works on, or did when it was last heard of."""
        marks = ", ".join("?" * len(ALIVE))
        return [s.run for s in self._stories(f"WHERE state IN ({marks}) ORDER BY id", *ALIVE)]

    def folder(self, run_id: RunId) -> RunFolder:
        """Where its files are."""
        return RunFolder(self._layout.root / "runs" / run_id)

    def size(self, run_id: RunId) -> RunSize:
        """What it takes on the disk."""
        return run_size(self.folder(run_id))

    # ------------------------------------------------------------------ what happens to it
    def ingest(self, run_id: RunId, events: Sequence[Logged]) -> Run:
        """Keep what its log says; events that are kept already change nothing.

        Raises
        ------
        NotFound
            When there is no such run.
        """
        with self._database.writing() as transaction:
            row = transaction.row(f"SELECT {COLUMNS} FROM runs WHERE id = ?", run_id)
            if row is None:
                raise _unknown(run_id)
            before = story_from(row)
            fresh = [logged for logged in events if logged.seq > before.last_seq]
            if not fresh:
                return before.run
            after = tell(before, fresh)
            put_events(transaction, run_id, fresh)
            put_story(transaction, after)
            self._adapters.take_up(transaction, after.run, self.folder(run_id), fresh)
            return after.run

    def catch_up(self, run_id: RunId) -> Run:
        """Keep everything that its log says by now."""
        return self.ingest(run_id, EventReader(self.folder(run_id).events).read())

    def record(self, run_id: RunId, event: Event) -> Run:
        """Write an event into its log; only while no process works on it.

        Raises
        ------
        BadSetting
            When it tells of a state that cannot follow.
        WorkspaceError
            When the disk refuses.
        """
        before = self.catch_up(run_id)
        if isinstance(event, StateEvent):
            require_next(before.state, event.state)
        folder = self.folder(run_id)
        try:
            with EventWriter(folder.events) as events:
                events.write(event)
        except OSError as error:
            raise _refused(folder.events, error) from error
        return self.catch_up(run_id)

    def requeue(self, run_id: RunId) -> Run:
        """Put one that was interrupted or failed at the end of the queue, to be gone on with.

        Raises
        ------
        BadSetting
            When it is in no state to be gone on with.
        """
        require_next(self.catch_up(run_id).state, "queued")
        self.folder(run_id).clear_wish()
        return self.record(run_id, StateEvent("queued"))

    def set_process(self, run_id: RunId, process: RunProcess | None) -> Run:
        """Keep which process trains it."""
        pid, started = (process.pid, process.started) if process else (None, None)
        with self._database.writing() as transaction:
            transaction.run(
                "UPDATE runs SET pid = ?, pid_started = ? WHERE id = ?", pid, started, run_id
            )
        return self.get_run(run_id)

    def set_notes(self, run_id: RunId, notes: str) -> Run:
        """Keep what the user writes about it."""
        if len(notes) > LONGEST_NOTES:
            raise BadSetting(f"Notes have at most {LONGEST_NOTES} characters, not {len(notes)}.")
        run = self.get_run(run_id)
        folder = self.folder(run.id).root
        write_notes(folder, replace(read_notes(folder), notes=notes))
        with self._database.writing() as transaction:
            transaction.run("UPDATE runs SET notes = ? WHERE id = ?", notes, run.id)
        return self.get_run(run.id)

    # ------------------------------------------------------------------ what it told
    def list_events(
        self, run_id: RunId, kinds: Iterable[str] = (), since: int = -1
    ) -> list[Logged]:
        """Its events in order; with ``kinds`` (``step``, ``validation``, ...) only of those.

        ``since`` is the ``seq`` of the last one that is known already.
        """
        wanted = list(kinds)
        marks = ", ".join("?" * len(wanted))
        which = f"AND kind IN ({marks})" if wanted else ""
        rows = self._database.rows(
            f"SELECT line FROM run_events WHERE run_id = ? AND seq > ? {which} ORDER BY seq",
            *(run_id, since, *wanted),
        )
        return [logged for (line,) in rows if (logged := event_from(line)) is not None]

    # ------------------------------------------------------------------ away with it
    def remove_checkpoints(self, run_id: RunId) -> int:
        """Delete what is needed only to resume it; the bytes that this frees.

        Raises
        ------
        BadSetting
            While it waits or is at work.
        """
        run = self._idle(run_id)
        freed = self.size(run.id).checkpoints
        shutil.rmtree(self.folder(run.id).checkpoints, ignore_errors=True)
        return freed

    def remove_run(self, run_id: RunId) -> int:
        """Delete a run with its folder and its adapter; the bytes that this frees.

        Raises
        ------
        BadSetting
            While it waits or is at work.
        """
        run = self._idle(run_id)
        freed = self.size(run.id).total
        aside = set_aside(self.folder(run.id))
        with self._database.writing() as transaction:
            for table, column in (("run_events", "run_id"), ("adapters", "run_id"), ("runs", "id")):
                transaction.run(f"DELETE FROM {table} WHERE {column} = ?", run.id)
        shutil.rmtree(aside.root, ignore_errors=True)
        return freed

    # ------------------------------------------------------------------ folders without rows
    def recover(self) -> None:
        """Bring the rows up to what the folders say, after an app that was killed between them.

        A process that trains may be at work; no other app.
        """
        place = self._layout.root / "runs"
        tidy_runs(place)
        listed = {run.id: run.state for run in self.list_runs()}
        for folder in list_run_folders(place):
            run_id = RunId(folder.root.name)
            try:
                if run_id not in listed:
                    self._take_up(folder)
                elif NEXT[listed[run_id]]:
                    self.catch_up(run_id)
            except (WorkspaceError, OSError) as error:
                log.warning("left aside: the run %s (%s)", run_id, error)

    def rebuild_runs(self) -> int:
        """Drop the rows of runs and their adapters and make them from the folders; how many.

        A folder that holds no run is left alone.
        """
        folders = list_run_folders(self._layout.root / "runs")
        with self._database.writing() as transaction:
            transaction.run("DELETE FROM run_events")
            transaction.run("DELETE FROM runs")
            transaction.run("DELETE FROM adapters WHERE run_id IS NOT NULL")
            for folder in folders:
                self._rebuild(transaction, folder)
        return len(folders)

    def _rebuild(self, transaction: Transaction, folder: RunFolder) -> Story:
        story, events = story_of_folder(folder)
        put_events(transaction, story.run.id, events)
        put_story(transaction, story)
        self._adapters.take_up(transaction, story.run, folder, events)
        return story

    def _take_up(self, folder: RunFolder) -> Run:
        with self._database.writing() as transaction:
            return self._rebuild(transaction, folder).run

    def _idle(self, run_id: RunId) -> Run:
        run = self.get_run(run_id)
        if run.state in (*ALIVE, "queued"):
            raise BadSetting(f"The run {run.id} is {run.state}. Cancel it first.")
        return run

    def _story(self, reference: str) -> Story:
        last = "ORDER BY created_at DESC, id DESC LIMIT 1"
        found = (
            self._stories(last)
            if reference == "last"
            else self._stories(
                "WHERE id = ? OR (length(?) >= 4 AND starts_with(id, ?)) ORDER BY id",
                *(reference, reference, reference),
            )
        )
        exact = [story for story in found if story.run.id == reference]
        if len(exact or found) != 1:
            raise _unknown(reference)
        return (exact or found)[0]

    def _stories(self, which: str, *parameters: object) -> list[Story]:
        rows: list[Row] = self._database.rows(f"SELECT {COLUMNS} FROM runs {which}", *parameters)
        return [story_from(row) for row in rows]


def _new_id() -> RunId:
    return RunId(f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{uuid.uuid4().hex[:6]}")


def _unknown(reference: str) -> NotFound:
    return NotFound(f"There is no run {reference!r} in this workspace. Look at: slava runs")


def _refused(target: Path, error: OSError) -> WorkspaceError:
    return WorkspaceError(
        f"{target} cannot be written: {error.strerror or error}. Free some space and try again."
    )
