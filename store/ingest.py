"""Taking in many files: progress for each, stopping between files, one bad file spoils no other.

A few threads read, because decoding leaves Python's lock, and more wait for the disk; what they
have finished is committed together and then reported in order. A file is reported after its
micrograph and its result are on the disk, so that whatever was reported survives the process.
"""

from __future__ import annotations

import logging
import os
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from slava.domain import MicrographId
from slava.errors import BadInput, Cancelled, SlavaError, WorkspaceError
from store.candidates import list_candidates
from store.database import Transaction
from store.ingests import FileResult, FileStatus
from store.originals import Incoming
from store.store import Store
from store.unpacking import Candidate, open_archives

log = logging.getLogger(__name__)

WORKERS = min(4, os.cpu_count() or 1)
"""Files that are read, and held in memory, at once."""
SETTLING = 16
"""Files more whose bytes wait for the disk: it settles many in the time of a few."""
_GATHER_SECONDS = 0.15
"""How long a finished file may wait for others: progress several times a second is enough."""
_AHEAD = SETTLING + 16 * WORKERS
"""Files begun before the oldest is reported; so many are committed together at most."""


@dataclass(frozen=True, slots=True)
class IngestReport:
    """What came of all files; the files themselves are in ``store.ingests``."""

    id: str
    total: int
    added: tuple[MicrographId, ...]
    duplicates: tuple[MicrographId, ...]
    failed: tuple[FileResult, ...]
    cancelled: bool
    seconds: float

    @property
    def summary(self) -> str:
        """One sentence for people."""
        done = len(self.added) + len(self.duplicates) + len(self.failed)
        counts = (
            f"{len(self.added)} added, {len(self.duplicates)} known already, "
            f"{len(self.failed)} failed"
        )
        stopped = f", stopped after {done} of {self.total}" if self.cancelled else ""
        return f"{counts}{stopped} ({self.seconds:.1f} s)."


def ingest_folder(
    store: Store,
    folder: Path,
    *,
    on_progress: Callable[[FileResult], None] | None = None,
    stop: threading.Event | None = None,
    recursive: bool = True,
) -> IngestReport:
    """Add every micrograph of a folder.

    Parameters
    ----------
    store : Store
        Where they go. Nothing in the folder is changed or moved.
    folder : Path
        The folder; its sidecars are added with their micrographs.
    on_progress : callable, optional
        Called for each file, in order, in this thread, when its result is on the disk.
    stop : threading.Event, optional
        Setting it ends the ingest after the files that are being read.
    recursive : bool
        Whether folders within it are entered.

    Raises
    ------
    BadInput
        When it is no folder.
    WorkspaceError
        When the workspace refuses (a full disk); what was reported stays.
    """
    if not folder.is_dir():
        raise BadInput(f"{folder} is not a folder. Give a folder, or the files themselves.")
    return ingest_paths(store, [folder], on_progress=on_progress, stop=stop, recursive=recursive)


def ingest_paths(
    store: Store,
    paths: Sequence[Path],
    *,
    on_progress: Callable[[FileResult], None] | None = None,
    stop: threading.Event | None = None,
    recursive: bool = True,
) -> IngestReport:
    """Add files, and those in folders and in archives; otherwise as :func:`ingest_folder`."""
    halt = stop or threading.Event()
    with tempfile.TemporaryDirectory(prefix="slava-unpacked-") as folder:
        listed = list_candidates(paths, recursive=recursive, leave_out=store.workspace)
        files = open_archives(listed, Path(folder), halt.is_set)
        return _ingest(store, paths, files, on_progress, halt)


def _ingest(
    store: Store,
    paths: Sequence[Path],
    files: Sequence[Candidate],
    on_progress: Callable[[FileResult], None] | None,
    halt: threading.Event,
) -> IngestReport:
    began = time.monotonic()
    ingest = store.ingests.add_ingest("; ".join(map(str, paths)), len(files))
    results: list[FileResult] = []
    try:
        with closing(_batches(store, files, halt)) as batches:
            for batch in batches:
                for result in _keep(store, ingest.id, batch):
                    results.append(result)
                    if on_progress:
                        on_progress(result)
    except BaseException:
        store.ingests.finish_ingest(ingest.id, "failed")
        raise
    cancelled = len(results) < len(files)
    store.ingests.finish_ingest(ingest.id, "cancelled" if cancelled else "done")
    return _report(ingest.id, results, len(files), cancelled, time.monotonic() - began)


@dataclass(frozen=True, slots=True)
class _Received:
    """A file that a thread has done with: bytes to keep, a known id, or what is wrong with it."""

    file: Path
    position: int
    total: int
    outcome: Incoming | MicrographId | None
    reason: str = ""

    def result(self, new: frozenset[MicrographId]) -> FileResult:
        """What came of it, when ``new`` are the ids that were added."""
        if isinstance(self.outcome, Incoming):
            found = self.outcome.micrograph.id
            return self._as("added" if found in new else "duplicate", found)
        return self._as("failed" if self.outcome is None else "duplicate", self.outcome)

    def _as(self, status: FileStatus, micrograph_id: MicrographId | None) -> FileResult:
        where = (self.position, self.total)
        return FileResult(self.file, status, micrograph_id, self.reason, *where)


def _keep(store: Store, ingest_id: str, batch: Sequence[_Received]) -> list[FileResult]:
    """Commit the micrographs of a batch together with the results of its files."""
    results: list[FileResult] = []

    def record(transaction: Transaction, new: frozenset[MicrographId]) -> None:
        left = set(new)
        for received in batch:
            result = received.result(frozenset(left))
            left.discard(result.micrograph_id or MicrographId(""))
            results.append(result)
        store.ingests.record_files(transaction, ingest_id, results)

    store.micrographs.intake.keep(_incoming(batch), record)
    return results


def _batches(
    store: Store, files: Sequence[Candidate], stop: threading.Event
) -> Generator[list[_Received], None, None]:
    """What the threads have done, in order: each time all that is ready, at least one."""
    halt = threading.Event()
    waiting: deque[Future[_Received]] = deque()
    todo = iter(enumerate(files))
    reading = threading.Semaphore(WORKERS)
    known = store.micrographs.intake.known_ids()

    def take(position: int, file: Candidate) -> _Received:
        with reading:
            if stop.is_set() or halt.is_set():
                raise Cancelled
            received = _receive(store, file, known, position, len(files))
        return _settled(store, received)

    pool = ThreadPoolExecutor(WORKERS + SETTLING, thread_name_prefix="ingest")
    try:
        while True:
            while len(waiting) < _AHEAD and (following := next(todo, None)):
                waiting.append(pool.submit(take, *following))
            if not waiting:
                return
            yield _ready(waiting)
    except Cancelled:
        return
    finally:
        halt.set()
        pool.shutdown(cancel_futures=True)
        store.micrographs.intake.discard(_incoming(_finished(waiting)))


def _finished(waiting: Iterable[Future[_Received]]) -> list[_Received]:
    return [f.result() for f in waiting if not f.cancelled() and f.exception() is None]


def _incoming(batch: Iterable[_Received]) -> list[Incoming]:
    return [r.outcome for r in batch if isinstance(r.outcome, Incoming)]


def _ready(waiting: deque[Future[_Received]]) -> list[_Received]:
    """Wait for the oldest, and a moment for those after it: one commit serves them all."""
    batch = [waiting.popleft().result()]
    until = time.monotonic() + _GATHER_SECONDS
    while waiting:
        done, _ = wait([waiting[0]], timeout=max(0.0, until - time.monotonic()))
        if not done or waiting[0].exception() is not None:
            break
        batch.append(waiting.popleft().result())
    return batch


def _settled(store: Store, received: _Received) -> _Received:
    """The same with its bytes on the disk."""
    if received.outcome is None:
        return received
    return replace(received, outcome=store.micrographs.intake.settle(received.outcome))


def _receive(
    store: Store, given: Candidate, known: frozenset[MicrographId], position: int, total: int
) -> _Received:
    """Read one file and write its bytes; what is wrong with it becomes its result."""
    file = given.shown
    if given.reason:
        return _Received(file, position, total, None, given.reason)
    try:
        outcome = store.micrographs.intake.read(given.path, known=known)
        return _Received(file, position, total, outcome)
    except WorkspaceError:
        raise
    except SlavaError as error:
        reason = str(error)
    except Exception as error:
        # A reader that trips over one of a thousand files must not lose the other 999.
        log.exception("unexpected error at %s", file)
        reason = f"an unexpected {type(error).__name__} ({error})."
    named = reason if reason.startswith(file.name) else f"{file.name}: {reason}"
    return _Received(file, position, total, None, named)


def _report(
    ingest_id: str, results: Sequence[FileResult], total: int, cancelled: bool, seconds: float
) -> IngestReport:
    def ids(status: str) -> tuple[MicrographId, ...]:
        chosen = (r.micrograph_id for r in results if r.status == status)
        return tuple(i for i in chosen if i is not None)

    failed = tuple(r for r in results if r.status == "failed")
    return IngestReport(
        ingest_id, total, ids("added"), ids("duplicate"), failed, cancelled, seconds
    )
