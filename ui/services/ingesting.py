"""Adding micrographs in the background: dropped files, folders, the project's own samples.

One thread works off what was asked for, in order; it goes on when the page is closed, and can be
cancelled. What could not be read stays listed with its reason until the user closes the list.
"""

from __future__ import annotations

import logging
import shutil
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from slava.domain import MicrographId
from slava.errors import BadInput, Cancelled, ModelError, SlavaError
from store import Store
from store.ingests import FileResult, FileStatus
from ui.services.job import Job, Progress
from ui.services.news import News

log = logging.getLogger("slava.adding")


@dataclass(frozen=True, slots=True)
class Added(Progress):
    """How far adding has come."""

    added: int = 0
    known: int = 0
    """Files whose bytes were in the workspace before."""
    failures: tuple[str, ...] = ()
    first: MicrographId | None = None
    """The first micrograph of the job, until a page has opened it."""
    wanted: bool = False
    """Whether it is to be opened even when another is open: files that were just dropped are."""


@dataclass(frozen=True, slots=True)
class Task:
    """One thing that was asked for: ``expected`` files; ``wanted`` as in :class:`Added`."""

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
        self.job = Job[Added]("adding", news, "files are being added. Wait for their end.")
        self._before = 0  # files done before the task at hand
        self._first_found = False  # whether the task at hand has given one to open

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

    def take_first(self, anything_open: bool) -> MicrographId | None:
        """What a page should open now because of the job; told once."""
        taken: list[MicrographId] = []

        def take(job: Added) -> Added:
            if job.first is None or (anything_open and not job.wanted):
                return job
            taken.append(job.first)
            return replace(job, first=None)

        self.job.update(take)
        return taken[0] if taken else None

    # ------------------------------------------------------------------ the work
    def _add(self, task: Task, refused: Sequence[str] = ()) -> None:
        """Begin a job with the task, or let it follow what the job under way has to do."""

        def work() -> None:
            self._do(task)

        def longer(job: Added) -> Added:
            total = job.total + task.expected
            return replace(job, total=total, failures=(*job.failures, *refused))

        while not self.job.follow(work, longer):
            with suppress(ModelError):  # another thread was quicker
                self.job.begin(Added(total=task.expected, failures=tuple(refused)), work)
                return

    def _do(self, task: Task) -> None:
        """A task that fails is told of; the next one is done all the same."""
        now = self.job.now
        self._before, self._first_found = now.done if now else 0, False
        self.job.change(wanted=task.wanted)
        try:
            task.work()
        except Cancelled:
            raise
        except SlavaError as error:
            self._fail(str(error))
        except Exception as error:
            log.exception("adding failed")
            self._fail(f"adding broke off ({type(error).__name__}: {error})")

    def _fail(self, reason: str) -> None:
        self.job.update(lambda job: replace(job, failures=(*job.failures, reason)))

    def _count(self, result: FileResult) -> None:
        """One more file is done; results come from one thread, in order."""
        if result.status == "failed":
            self._fail(result.reason)
        opened = None if self._first_found else result.micrograph_id
        self._first_found = self._first_found or opened is not None
        self.job.update(
            lambda job: replace(
                job,
                done=job.done + 1,
                total=max(job.total, self._before + result.total, job.done + 1),
                added=job.added + (result.status == "added"),
                known=job.known + (result.status == "duplicate"),
                note=result.file.name,
                first=opened or job.first,
            )
        )
        if result.status == "added":
            self._news.tell_library()

    def _from_uploads(self, uploads: Sequence[Upload]) -> None:
        with tempfile.TemporaryDirectory(prefix="dropped-", dir=self._uploads) as folder:
            self._from_paths([_gather(uploads, Path(folder))])
        for upload in uploads:
            upload.path.unlink(missing_ok=True)

    def _from_paths(self, paths: Sequence[Path]) -> None:
        from store.ingest import ingest_paths

        ingest_paths(self._store, paths, on_progress=self._count, stop=self.job.stop)

    def _from_samples(self) -> None:
        from ui.services.samples import NUMBER, write_samples

        with tempfile.TemporaryDirectory(prefix="samples-", dir=self._uploads) as folder:
            for path in write_samples(Path(folder)):
                self.job.check()
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
