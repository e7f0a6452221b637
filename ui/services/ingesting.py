"""Adding micrographs in the background: dropped files, folders, the project's own samples.

One thread works off what was asked for, in order; it goes on when the page is closed, and can be
cancelled. What could not be read stays listed with its reason until the user closes the list.
"""

from __future__ import annotations

import logging
import shutil
import tempfile
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from slava.domain import MicrographId
from slava.errors import BadInput, SlavaError
from store import Store
from store.ingests import FileResult, FileStatus
from ui.services.news import News

log = logging.getLogger("slava.adding")


Ended = Literal["done", "cancelled"]


@dataclass(frozen=True, slots=True)
class Job:
    """How far adding has come."""

    total: int
    done: int = 0
    added: int = 0
    known: int = 0
    """Files whose bytes were in the workspace before."""
    failures: tuple[str, ...] = ()
    state: Ended | Literal["running"] = "running"
    current: str = ""
    first: MicrographId | None = None
    """The first micrograph of the job, until a page has opened it."""
    wanted: bool = False
    """Whether it is to be opened even when another is open: files that were just dropped are."""


@dataclass(frozen=True, slots=True)
class Task:
    """One thing that was asked for: ``expected`` files; ``wanted`` as in :class:`Job`."""

    work: Callable[[], None]
    expected: int
    wanted: bool = False


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that the browser has sent: where it lies, and the name it had (untrusted)."""

    path: Path
    name: str


class Adding:
    """The job that adds micrographs; safe to use from any thread."""

    def __init__(self, store: Store, uploads: Path, news: News) -> None:
        self._store, self._uploads, self._news = store, uploads, news
        self._guard = threading.Lock()
        self._job: Job | None = None
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._waiting: deque[Task] = deque()
        self._before = 0  # files done before the task at hand
        self._first_found = False  # whether the task at hand has given one to open

    @property
    def job(self) -> Job | None:
        """The job under way, or the last one until it is dismissed."""
        with self._guard:
            return self._job

    @property
    def busy(self) -> bool:
        """Whether a job is under way."""
        job = self.job
        return job is not None and job.state == "running"

    def add_uploads(self, uploads: Sequence[Upload], refused: Sequence[str] = ()) -> None:
        """Add files that the browser has sent; sidecars among them find their pictures.

        Raises
        ------
        BadInput
            If a path lies outside the folder of uploads.
        """
        for upload in uploads:
            if not upload.path.resolve().is_relative_to(self._uploads.resolve()):
                raise BadInput(f"{upload.path} was not uploaded in this window.")
        self._add(Task(lambda: self._from_uploads(uploads), len(uploads), wanted=True), refused)

    def add_folder(self, folder: Path) -> None:
        """Add every micrograph of a folder and of the folders in it.

        Raises
        ------
        BadInput
            If there is no such folder or file.
        """
        folder = folder.expanduser()
        if not folder.exists():
            raise BadInput(f"there is no folder {folder} on this machine. Check the path.")
        self._add(Task(lambda: self._from_paths([folder]), 0))

    def add_samples(self) -> None:
        """Draw the sample micrographs and add them."""
        from ui.services.samples import NUMBER

        self._add(Task(self._from_samples, NUMBER))

    def cancel(self) -> None:
        """End the job after the file at hand; what waits is dropped."""
        with self._guard:
            self._waiting.clear()
            self._stop.set()

    def dismiss(self) -> None:
        """Forget a job that has ended."""
        with self._guard:
            if self._job and self._job.state != "running":
                self._job = None
        self._news.tell()

    def take_first(self, anything_open: bool) -> MicrographId | None:
        """What a page should open now because of the job; told once."""
        with self._guard:
            job = self._job
            if job is None or job.first is None or (anything_open and not job.wanted):
                return None
            self._job = replace(job, first=None)
            return job.first

    def wait(self, timeout_s: float = 60) -> None:
        """Wait for the end of the job."""
        if self._thread:
            self._thread.join(timeout_s)

    # ------------------------------------------------------------------ the work
    def _add(self, task: Task, refused: Sequence[str] = ()) -> None:
        """Begin a job with the task, or let it follow what the job under way has to do."""
        with self._guard:
            self._waiting.append(task)
            job = self._job
            if job is not None and job.state == "running":
                total = job.total + task.expected
                self._job = replace(job, total=total, failures=(*job.failures, *refused))
                return
            self._job = Job(task.expected, failures=tuple(refused))
            self._stop = threading.Event()
            self._thread = threading.Thread(target=self._work, name="slava-adding", daemon=True)
            self._thread.start()

    def _work(self) -> None:
        self._news.tell()
        while (task := self._next()) is not None:
            try:
                task.work()
            except SlavaError as error:
                self._fail(str(error))
            except Exception as error:
                log.exception("adding failed")
                self._fail(f"adding broke off ({type(error).__name__}: {error})")
        self._news.tell()

    def _next(self) -> Task | None:
        """The next task; without one the job has ended."""
        with self._guard:
            job = self._job
            if job is None:
                return None
            if not self._waiting:
                ended: Ended = "cancelled" if self._stop.is_set() else "done"
                self._job = replace(job, state=ended)
                return None
            task = self._waiting.popleft()
            self._before, self._first_found = job.done, False
            self._job = replace(job, wanted=task.wanted)
            return task

    def _change(self, **changes: Any) -> None:
        with self._guard:
            if self._job is not None:
                self._job = replace(self._job, **changes)
        self._news.tell()

    def _fail(self, reason: str) -> None:
        job = self.job
        if job is not None:
            self._change(failures=(*job.failures, reason))

    def _count(self, result: FileResult) -> None:
        """One more file is done; results come from one thread, in order."""
        job = self.job
        if job is None:
            return
        if result.status == "failed":
            self._fail(result.reason)
        self._change(
            done=job.done + 1,
            total=max(job.total, self._before + result.total, job.done + 1),
            added=job.added + (result.status == "added"),
            known=job.known + (result.status == "duplicate"),
            current=result.file.name,
            first=self._opened_first(job, result),
        )
        if result.status == "added":
            self._news.tell_library()

    def _opened_first(self, job: Job, result: FileResult) -> MicrographId | None:
        """The first micrograph of the task at hand, and no second one."""
        if self._first_found or result.micrograph_id is None:
            return job.first
        self._first_found = True
        return result.micrograph_id

    def _from_uploads(self, uploads: Sequence[Upload]) -> None:
        with tempfile.TemporaryDirectory(prefix="dropped-", dir=self._uploads) as folder:
            self._from_paths([_gather(uploads, Path(folder))])
        for upload in uploads:
            upload.path.unlink(missing_ok=True)

    def _from_paths(self, paths: Sequence[Path]) -> None:
        from store.ingest import ingest_paths

        ingest_paths(self._store, paths, on_progress=self._count, stop=self._stop)

    def _from_samples(self) -> None:
        from ui.services.samples import NUMBER, write_samples

        with tempfile.TemporaryDirectory(prefix="samples-", dir=self._uploads) as folder:
            for path in write_samples(Path(folder)):
                if self._stop.is_set():
                    return
                added = self._store.micrographs.add_micrograph(path)
                status: FileStatus = "duplicate" if added.duplicate else "added"
                self._count(FileResult(path, status, added.micrograph.id, total=NUMBER))


def _gather(uploads: Sequence[Upload], folder: Path) -> Path:
    """Give uploads their own names again, side by side, so that sidecars are found."""
    for number, upload in enumerate(uploads):
        name = Path(upload.name.replace("\\", "/")).name or f"file-{number}"
        target = folder / name
        if target.exists():
            target = folder / str(number) / name
            target.parent.mkdir()
        shutil.copyfile(upload.path, target)
    return folder
