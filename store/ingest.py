"""Taking in many files: progress for each, stopping between files, one bad file spoils no other.

Files are read by a few threads, because decoding leaves Python's lock, and reported in order. A
file is reported after its micrograph and its result are on the disk, so that whatever was reported
survives the process.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from slava.domain import MicrographId
from slava.errors import BadInput, Cancelled, SlavaError, WorkspaceError
from store.candidates import list_candidates
from store.ingests import FileResult
from store.store import Store

log = logging.getLogger(__name__)

WORKERS = min(4, os.cpu_count() or 1)
_AHEAD = 2 * WORKERS
"""Files begun before the oldest is reported: enough to keep the threads busy."""


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
    """Add files and the files of folders; otherwise as :func:`ingest_folder`."""
    began, halt = time.monotonic(), stop or threading.Event()
    files = list_candidates(paths, recursive=recursive, leave_out=store.workspace)
    ingest = store.ingests.add_ingest("; ".join(map(str, paths)), len(files))
    results: list[FileResult] = []
    try:
        for result in _results(store, files, halt):
            store.ingests.record_file(ingest.id, result)
            results.append(result)
            if on_progress:
                on_progress(result)
    except BaseException:
        store.ingests.finish_ingest(ingest.id, "failed")
        raise
    cancelled = len(results) < len(files)
    store.ingests.finish_ingest(ingest.id, "cancelled" if cancelled else "done")
    return _report(ingest.id, results, len(files), cancelled, time.monotonic() - began)


def _results(store: Store, files: Sequence[Path], stop: threading.Event) -> Iterator[FileResult]:
    """Results in order, a few files read ahead."""
    halt = threading.Event()
    waiting: deque[Future[FileResult]] = deque()
    todo = iter(enumerate(files))

    def take(position: int, file: Path) -> FileResult:
        if stop.is_set() or halt.is_set():
            raise Cancelled
        return replace(_add(store, file), position=position, total=len(files))

    with ThreadPoolExecutor(WORKERS, thread_name_prefix="ingest") as pool:
        try:
            while True:
                while len(waiting) < _AHEAD and (following := next(todo, None)):
                    waiting.append(pool.submit(take, *following))
                if not waiting:
                    return
                yield waiting.popleft().result()
        except Cancelled:
            return
        finally:
            halt.set()


def _add(store: Store, file: Path) -> FileResult:
    """Add one file; what is wrong with it becomes its result."""
    try:
        added = store.micrographs.add_micrograph(file)
    except WorkspaceError:
        raise
    except SlavaError as error:
        return _failed(file, str(error))
    except Exception as error:
        # A reader that trips over one of a thousand files must not lose the other 999.
        log.exception("unexpected error at %s", file)
        return _failed(file, f"an unexpected {type(error).__name__} ({error}).")
    return FileResult(file, "duplicate" if added.duplicate else "added", added.micrograph.id)


def _failed(file: Path, reason: str) -> FileResult:
    name = file.name
    return FileResult(
        file, "failed", reason=reason if reason.startswith(name) else f"{name}: {reason}"
    )


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
