"""Adapters: trained weights, the run each comes from, and what it was found to be worth.

One that a run made lies in the run's folder; one that was brought from elsewhere in
``adapters/<id>/``. The files are the truth, the rows list them. It must not know how an adapter
answers.
"""

from __future__ import annotations

import json
import shutil
import uuid
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast, get_args

from slava.adapters.settings import AdapterKind
from slava.domain import Adapter, AdapterId, Run, RunId, Snapshot, SnapshotId
from slava.errors import BadInput, BadSetting, NotFound, WorkspaceError
from slava.handoff.events import DoneEvent, Logged
from slava.handoff.files import write_whole
from slava.handoff.kept import RunNotes, read_notes, write_notes
from slava.handoff.read_snapshot import read_snapshot
from slava.handoff.run_folder import RunFolder, is_complete, writing_folder
from store.clock import now
from store.database import Database, Transaction
from store.layout import Layout
from store.references import find_meant
from store.run_folders import folder_size
from store.run_rows import ADAPTER_COLUMNS, COLUMNS, adapter_from, put_adapter, story_from
from store.snapshots import Snapshots

ABOUT, CONFIG = "slava.json", "adapter_config.json"
LONGEST_NAME = 100


@dataclass(frozen=True, slots=True)
class Lineage:
    """Where an adapter comes from: reviews -> snapshot -> run -> adapter."""

    adapter: Adapter
    run: Run | None = None
    snapshot: Snapshot | None = None
    """``None`` also where the snapshot has been removed; the run keeps a copy of its files."""
    snapshot_id: SnapshotId | None = None
    pairs: int = 0
    reviews: int = 0
    """Verdicts that stand behind the pairs of the snapshot."""
    reviewers: tuple[str, ...] = ()


class Adapters:
    """``store.adapters``."""

    def __init__(self, database: Database, layout: Layout, snapshots: Snapshots) -> None:
        self._database, self._layout, self._snapshots = database, layout, snapshots

    def get_adapter(self, reference: str) -> Adapter:
        """The adapter of an id, of a name, of the beginning of an id, or the ``last``.

        Raises
        ------
        NotFound
            When there is none, or several are meant.
        """
        found = find_meant(self.list_adapters(), reference)
        if found is None:
            raise NotFound(
                f"There is no adapter {reference!r} in this workspace. Look at: slava adapters"
            )
        return found

    def list_adapters(self) -> list[Adapter]:
        """Newest first."""
        rows = self._database.rows(
            f"SELECT {ADAPTER_COLUMNS} FROM adapters ORDER BY created_at DESC, id DESC"
        )
        return [adapter_from(row) for row in rows]

    def folder(self, adapter: Adapter) -> Path:
        """Where its files are."""
        return self._layout.root / adapter.folder

    def add_adapter(self, source: Path, name: str) -> Adapter:
        """Copy an adapter that was brought from elsewhere into the workspace.

        Raises
        ------
        BadInput
            When ``source`` holds no adapter.
        WorkspaceError
            When the disk refuses.
        """
        called, told = _checked(name), _told(source)
        adapter_id = AdapterId(uuid.uuid4().hex[:12])
        target = self._layout.root / "adapters" / adapter_id
        about = {"name": called, "created_at": now()}
        try:
            with writing_folder(target) as folder:
                shutil.copytree(source, folder, dirs_exist_ok=True)
                (folder / "COMPLETE").unlink(missing_ok=True)
            write_whole(json.dumps(about).encode(), target / ABOUT)
        except OSError as error:
            raise WorkspaceError(
                f"{target} cannot be written: {error.strerror or error}. Free some space."
            ) from error
        adapter = self._brought(target, told)
        with self._database.writing() as transaction:
            put_adapter(transaction, adapter)
        return adapter

    def export_adapter(self, adapter_id: AdapterId, target: Path) -> None:
        """Copy its files into a folder that is new or empty.

        Raises
        ------
        WorkspaceError
            When the disk refuses, or its files are not whole any more.
        """
        source = self.folder(self.get_adapter(adapter_id))
        if not is_complete(source):
            raise WorkspaceError(f"{source} is not whole. Train it again, or restore a copy.")
        try:
            shutil.copytree(source, target, dirs_exist_ok=True)
        except OSError as error:
            raise WorkspaceError(
                f"{target} cannot be written: {error.strerror or error}. Choose another folder."
            ) from error

    def set_name(self, adapter_id: AdapterId, name: str) -> Adapter:
        """Call it otherwise."""
        called, adapter = _checked(name), self.get_adapter(adapter_id)
        if adapter.run_id is not None:
            run = self._layout.root / "runs" / adapter.run_id
            write_notes(run, replace(read_notes(run), adapter_name=called))
        else:
            about = {"name": called, "created_at": adapter.created_at}
            write_whole(json.dumps(about).encode(), self.folder(adapter) / ABOUT)
        renamed = replace(adapter, name=called)
        with self._database.writing() as transaction:
            put_adapter(transaction, renamed)
        return renamed

    def remove_adapter(self, adapter_id: AdapterId) -> int:
        """Delete an adapter; its run stays. The bytes that this frees."""
        adapter = self.get_adapter(adapter_id)
        freed = folder_size(self.folder(adapter))
        with self._database.writing() as transaction:
            transaction.run("DELETE FROM adapters WHERE id = ?", adapter.id)
        shutil.rmtree(self.folder(adapter), ignore_errors=True)
        return freed

    def lineage(self, adapter_id: AdapterId) -> Lineage:
        """Where it comes from."""
        adapter = self.get_adapter(adapter_id)
        row = self._database.row(f"SELECT {COLUMNS} FROM runs WHERE id = ?", adapter.run_id)
        if row is None:
            return Lineage(adapter)
        run = story_from(row).run
        return self._with_reviews(Lineage(adapter, run, None, run.snapshot_id))

    def take_up(
        self, transaction: Transaction, run: Run, folder: RunFolder, events: Sequence[Logged]
    ) -> None:
        """List what a run has made, where its events say that it is whole."""
        done = [logged for logged in events if isinstance(logged.event, DoneEvent)]
        if done and is_complete(folder.adapter):
            put_adapter(transaction, _made(run, folder, read_notes(folder.root), done[-1]))

    def rebuild_adapters(self) -> int:
        """Make the rows of those brought from elsewhere from their folders; how many."""
        place = self._layout.root / "adapters"
        folders = [f for f in sorted(place.iterdir()) if is_complete(f)] if place.is_dir() else []
        with self._database.writing() as transaction:
            transaction.run("DELETE FROM adapters WHERE run_id IS NULL")
            for folder in folders:
                put_adapter(transaction, self._brought(folder, _told(folder)))
        return len(folders)

    def _brought(self, folder: Path, told: dict[str, object]) -> Adapter:
        try:
            about = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            about = {}
        return Adapter(
            AdapterId(folder.name),
            str(about.get("name", folder.name)),
            None,
            str(told.get("base_model_name_or_path") or "builtin"),
            _kind(str(told.get("peft_type", "")).lower()),
            folder.relative_to(self._layout.root).as_posix(),
            folder_size(folder),
            str(about.get("created_at", "")),
        )

    def _with_reviews(self, line: Lineage) -> Lineage:
        """The snapshot as it is listed, and the verdicts behind its pairs."""
        if line.run is None:
            return line
        listed = None
        with suppress(NotFound):
            listed = self._snapshots.get_snapshot(line.run.snapshot_id)
        try:
            content = read_snapshot(RunFolder(self._layout.root / "runs" / line.run.id).snapshot)
        except WorkspaceError:
            return replace(line, snapshot=listed)
        ids = {entry.pair.id for entry in content.pairs}
        who = sorted({name for entry in content.pairs for name in entry.reviewers})
        rows = self._database.rows("SELECT pair_id, count(*) FROM reviews GROUP BY pair_id")
        reviews = sum(count for pair_id, count in rows if pair_id in ids)
        return replace(line, snapshot=listed, pairs=len(ids), reviews=reviews, reviewers=tuple(who))


def _made(run: Run, folder: RunFolder, notes: RunNotes, done: Logged) -> Adapter:
    event = cast(DoneEvent, done.event)
    return Adapter(
        AdapterId(run.id),
        notes.adapter_name or str(run.settings.get("name") or "") or run.id,
        RunId(run.id),
        run.backbone,
        _kind(str(run.settings.get("method", ""))),
        f"runs/{run.id}/{folder.adapter.name}",
        folder_size(folder.adapter),
        done.at,
        dict(event.metrics),
    )


def _kind(text: str) -> AdapterKind:
    known: tuple[AdapterKind, ...] = get_args(AdapterKind)
    return next((kind for kind in known if kind == text), "lora")


def _told(source: Path) -> dict[str, object]:
    try:
        told = json.loads((source / CONFIG).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BadInput(f"{source} holds no adapter: {CONFIG} is missing or broken.") from error
    return dict(told)


def _checked(name: str) -> str:
    written = " ".join(name.split())
    if not written or len(written) > LONGEST_NAME:
        raise BadSetting(f"An adapter's name has 1 to {LONGEST_NAME} characters. Choose another.")
    return written
