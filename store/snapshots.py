"""Snapshots: named, frozen sets of pairs that runs learn from and that are exported.

The folder ``snapshots/<id>/`` is the truth (:mod:`slava.handoff.snapshot`); the row only lists it.
A snapshot never changes: the same pairs in the same parts are the same snapshot.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from slava.domain import Part, Snapshot, SnapshotId
from slava.errors import BadSetting, NotFound, WorkspaceError
from slava.handoff.datasheet import datasheet_markdown
from slava.handoff.files import sync_folder
from slava.handoff.read_snapshot import read_snapshot
from slava.handoff.snapshot import (
    DATASHEET,
    MANIFEST,
    MICROGRAPHS,
    PAIRS,
    PARTS,
    SnapshotContent,
    write_snapshot,
)
from slava.handoff.splitting import FRACTIONS, check_fractions
from store.clock import now
from store.database import Database, Row, Transaction
from store.freezing import Chosen, Freezing, States
from store.layout import TEMPORARY_PREFIX, Layout
from store.pair_filter import PairFilter
from store.references import find_meant

LONGEST_NAME = 100
FOLDER = "snapshots"

_COLUMNS = "id, name, pairs, micrographs, created_at, folder"


@dataclass(frozen=True, slots=True)
class AddedSnapshot:
    """A snapshot; ``known`` when the same pairs in the same parts were frozen before."""

    snapshot: Snapshot
    known: bool
    left_out: Mapping[str, int]
    """How many pairs are not in it, by the reason."""
    warnings: tuple[str, ...] = ()


class Snapshots:
    """``store.snapshots``."""

    def __init__(self, database: Database, layout: Layout, freezing: Freezing) -> None:
        self._database, self._layout, self._freezing = database, layout, freezing

    def add_snapshot(
        self,
        name: str,
        *,
        states: States = "accepted",
        wanted: PairFilter | None = None,
        fractions: Mapping[Part, float] = FRACTIONS,
        seed: int = 0,
        measure: bool = True,
        on_progress: Callable[[str], None] = lambda _: None,
    ) -> AddedSnapshot:
        """Freeze pairs, split by micrograph, paper and conversation.

        Parameters
        ----------
        name
            A new one; where the same content was frozen before, that snapshot keeps its name.
        states
            Accepted pairs only, or all but the rejected ones.
        wanted
            Which pairs; its state is ``states``' business.
        fractions
            Of the pairs, for train, validation and test; they add up to 1.
        seed
            Of the split.
        measure
            Whether micrographs are measured that were not yet: their facts are the context that
            a model is given, in training as in answering.
        on_progress
            Told what is being done, for jobs that take long.

        Raises
        ------
        BadSetting
            When the name is empty, too long or taken, the fractions are none, or no pair is
            left to freeze.
        """
        called = _checked(name)
        shares = check_fractions(fractions)
        meant = wanted or PairFilter()
        failed = self._freezing.prepare(states, meant, measure, on_progress)
        with self._database.writing() as transaction:
            self._tidy()
            taken = transaction.row("SELECT id FROM snapshots WHERE name = ?", called)
            chosen = self._freezing.choose(states, meant)
            chosen.warnings += failed
            content = self._freezing.freeze(called, chosen, shares, seed, now())
            known = transaction.row(
                f"SELECT {_COLUMNS} FROM snapshots WHERE id = ?", content.manifest.id
            )
            if known and self._is_whole(SnapshotId(known[0])):
                return _added(_snapshot(known), True, chosen)
            if taken and taken[0] != content.manifest.id:
                raise BadSetting(
                    f"There is a snapshot {called!r} already, of other pairs. Choose another name."
                )
            self._write(content)
            if known:
                return _added(_snapshot(known), True, chosen)
            return _added(_insert(transaction, content), False, chosen)

    def get_snapshot(self, reference: str) -> Snapshot:
        """The snapshot of an id, of a name, of the beginning of an id, or the ``last``.

        Raises
        ------
        NotFound
            When there is none, or several begin so.
        """
        found = find_meant(self.list_snapshots(), reference)
        if found is None:
            raise NotFound(
                f"There is no snapshot {reference!r} in this workspace. Freeze the accepted pairs "
                "first: slava snapshot NAME"
            )
        return found

    def list_snapshots(self) -> list[Snapshot]:
        """Newest first."""
        rows = self._database.rows(f"SELECT {_COLUMNS} FROM snapshots ORDER BY created_at DESC, id")
        return [_snapshot(row) for row in rows]

    def folder(self, snapshot_id: SnapshotId) -> Path:
        """Where its files are; never write there."""
        return self._layout.root / FOLDER / snapshot_id

    def read_snapshot(
        self, snapshot_id: SnapshotId, *, micrographs: bool = False
    ) -> SnapshotContent:
        """Everything of a snapshot, its hashes verified; those of the micrographs on request.

        Raises
        ------
        NotFound
            When there is no such snapshot.
        SnapshotDamaged
            When anything contradicts its hash.
        """
        known = self.get_snapshot(snapshot_id).id
        return read_snapshot(self.folder(known), self._layout.root if micrographs else None)

    def copy_snapshot(self, snapshot_id: SnapshotId, target: Path) -> None:
        """Put a verified copy of its files into a folder, such as that of a run.

        Raises
        ------
        SnapshotDamaged
            When anything contradicts its hash, micrographs included.
        WorkspaceError
            When the disk refuses.
        """
        content = self.read_snapshot(snapshot_id, micrographs=True)
        source = self.folder(content.manifest.id)
        try:
            target.mkdir(parents=True, exist_ok=True)
            for name in (PAIRS, MICROGRAPHS, DATASHEET, MANIFEST):
                if (source / name).is_file():
                    shutil.copyfile(source / name, target / name)
            sync_folder(target)
        except OSError as error:
            raise _refused(target, error) from error

    def remove_snapshot(self, snapshot_id: SnapshotId) -> None:
        """Forget a snapshot and delete its files; copies in runs stay, and so do the pairs."""
        known = self.get_snapshot(snapshot_id).id
        with self._database.writing() as transaction:
            transaction.run("DELETE FROM snapshots WHERE id = ?", known)
        shutil.rmtree(self.folder(known), ignore_errors=True)

    def _write(self, content: SnapshotContent) -> None:
        """Under another name first: the folder of an id is whole or not there."""
        target = self.folder(content.manifest.id)
        m = content.manifest
        sheet = datasheet_markdown(m.name, m.id, m.created_at, m.datasheet)
        unfinished = target.with_name(f"{TEMPORARY_PREFIX}{target.name}")
        try:
            shutil.rmtree(unfinished, ignore_errors=True)
            write_snapshot(unfinished, content, sheet)
            shutil.rmtree(target, ignore_errors=True)
            unfinished.rename(target)
            sync_folder(target.parent)
        except OSError as error:
            shutil.rmtree(unfinished, ignore_errors=True)
            raise _refused(target, error) from error

    def _tidy(self) -> None:
        """Remove what a killed process left half-written."""
        for path in (self._layout.root / FOLDER).glob(f"{TEMPORARY_PREFIX}*"):
            shutil.rmtree(path, ignore_errors=True)

    def _is_whole(self, snapshot_id: SnapshotId) -> bool:
        try:
            read_snapshot(self.folder(snapshot_id))
        except WorkspaceError:
            return False
        return True


def _checked(name: str) -> str:
    written = " ".join(name.split())
    if not written or len(written) > LONGEST_NAME:
        raise BadSetting(
            f"A snapshot's name has 1 to {LONGEST_NAME} characters, not {len(written)}. "
            "Choose another."
        )
    return written


def _insert(transaction: Transaction, content: SnapshotContent) -> Snapshot:
    m = content.manifest
    row = (m.id, m.name, json.dumps(m.pairs), json.dumps(m.micrographs), m.created_at)
    folder = f"{FOLDER}/{m.id}"
    transaction.run(
        f"INSERT INTO snapshots ({_COLUMNS}, seed, datasheet) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        *(*row, folder, m.seed, json.dumps(m.datasheet)),
    )
    return _snapshot((*row, folder))


def _snapshot(row: Row) -> Snapshot:
    pairs, micrographs = json.loads(row[2]), json.loads(row[3])
    return Snapshot(
        id=SnapshotId(row[0]),
        name=row[1],
        pairs={part: int(pairs[part]) for part in PARTS},
        micrographs={part: int(micrographs[part]) for part in PARTS},
        created_at=row[4],
        folder=row[5],
    )


def _added(snapshot: Snapshot, known: bool, chosen: Chosen) -> AddedSnapshot:
    return AddedSnapshot(snapshot, known, chosen.left_out, tuple(chosen.warnings))


def _refused(target: Path, error: OSError) -> WorkspaceError:
    return WorkspaceError(
        f"{target} cannot be written: {error.strerror or error}. Free some space and try again."
    )
