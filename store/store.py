"""An open workspace: the nouns on one database and one folder.

Opening takes the lock, brings the schema up to date and puts in order what a killed process left
(:mod:`store.recovery`). Any number of threads may use one Store; a second process is refused.
"""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Self

from store.adapters import Adapters
from store.conversations import Conversations
from store.database import Database
from store.drafts import Drafts
from store.evaluations import Evaluations
from store.evidence import EvidenceStore
from store.facts import Facts
from store.files import sync_folder
from store.freezing import Freezing
from store.ingests import Ingests
from store.inspecting import Inspect, inspect_file
from store.knowledge import Knowledge
from store.labels import Labels
from store.layout import Layout
from store.leases import Leases
from store.likeness import Likeness
from store.lock import WorkspaceLock
from store.micrographs import Micrographs
from store.migrations import migrate
from store.originals import Originals
from store.pair_vectors import PairVectors
from store.pairs import Pairs
from store.recovery import recover
from store.reviews import Reviews
from store.runs import Runs
from store.settings import Settings
from store.snapshots import Snapshots
from store.test_sets import TestSets
from store.vectors import Vectors
from store.waiting import Waiting


class Store:
    """A workspace, open until :meth:`close`; made by :meth:`open`."""

    def __init__(
        self, layout: Layout, lock: WorkspaceLock, database: Database, inspect: Inspect
    ) -> None:
        self.layout, self.database = layout, database
        self._lock = lock
        self.originals = Originals(layout, inspect)
        self.micrographs = Micrographs(database, self.originals)
        self.facts = Facts(database)
        self.labels = Labels(database)
        self.evidence = EvidenceStore(database)
        self.vectors = Vectors(database)
        self.conversations = Conversations(database)
        self.ingests = Ingests(database)
        self.settings = Settings(database)
        waiting = Waiting(database)
        self.pairs = Pairs(database, waiting)
        self.pair_vectors = PairVectors(database)
        self.leases = Leases(database, waiting)
        self.reviews = Reviews(database, self.leases, waiting, self.settings)
        self.drafts = Drafts(database, waiting)
        likeness = Likeness(self.micrographs, layout)
        self.knowledge = Knowledge(self.micrographs, self.facts)
        freezing = Freezing(self.pairs, self.micrographs, self.knowledge, self.labels, likeness)
        self.snapshots = Snapshots(database, layout, freezing)
        self.adapters = Adapters(database, layout, self.snapshots)
        self.runs = Runs(database, layout, self.adapters)
        self.test_sets = TestSets(database)
        self.evaluations = Evaluations(database)

    @classmethod
    def open(cls, workspace: Path, *, inspect: Inspect = inspect_file) -> Store:
        """Open a workspace folder, making it when it is new.

        Parameters
        ----------
        workspace : Path
            The folder.
        inspect : callable
            The reader of micrographs.

        Raises
        ------
        WorkspaceHeld
            When another process, or another Store of this one, has it open.
        WorkspaceDamaged
            When its database is damaged, of a newer version, or of another program.
        WorkspaceError
            When the folder cannot be written to.
        """
        layout = Layout(workspace.expanduser().absolute())
        layout.create()
        lock = WorkspaceLock(layout.lock, layout.root)
        try:
            database = _open_database(layout)
        except BaseException:
            lock.release()
            raise
        store = cls(layout, lock, database, inspect)
        try:
            recover(database, layout, store.micrographs)
            store.conversations.interrupt_streaming()
            store.ingests.interrupt_running()
            store.drafts.interrupt_sent()
            store.evaluations.interrupt_running()
            store.runs.recover()
        except BaseException:
            store.close()
            raise
        return store

    @property
    def workspace(self) -> Path:
        """The folder, absolute."""
        return self.layout.root

    def close(self) -> None:
        """Write everything into the database file and let the next process in."""
        try:
            self.database.close()
        finally:
            self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


def _open_database(layout: Layout) -> Database:
    """The database with the newest schema, its log written into the file."""
    if not layout.database.exists():
        _create_database(layout)
    database = Database(layout.database)
    try:
        migrate(database)
        database.checkpoint()
    except BaseException:
        database.close()
        raise
    return database


def _create_database(layout: Layout) -> None:
    """Make an empty database under another name, so that a killed process leaves no half of one."""
    unfinished = layout.database.with_suffix(".unfinished")
    for path in (unfinished, Path(f"{unfinished}.wal")):
        path.unlink(missing_ok=True)
    database = Database(unfinished)
    try:
        migrate(database)
    finally:
        database.close()
    unfinished.replace(layout.database)
    sync_folder(layout.root)
