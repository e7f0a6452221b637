"""Labelled micrographs taken in, in the background: a folder of class folders, a table, drawings.

The files go the way of all files into the workspace; their labels are kept with where they came
from. Equal bytes under two labels are reported and get none. It must not know encoders.
"""

from __future__ import annotations

import logging
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from slava.domain import MicrographId
from slava.errors import ModelError, SlavaError
from store import FileResult, Labelling, Store
from store.labels import Provenance
from ui.services.news import News

if TYPE_CHECKING:
    from slava.retrieval.labelled import LabelledFile

log = logging.getLogger("slava.importing")

DRAWN_OF_EACH = 8
DRAWN_SEED = 640
DRAWN_PX = (640, 480)
_TOGETHER = 64
"""Labels that are kept in one transaction."""


@dataclass(frozen=True, slots=True)
class ImportJob:
    """How far taking in has come."""

    total: int = 0
    done: int = 0
    added: int = 0
    known: int = 0
    """Files whose bytes were in the workspace before."""
    labelled: int = 0
    state: Literal["running", "done", "cancelled"] = "running"
    drawn: bool = False
    failures: tuple[str, ...] = ()
    conflicts: tuple[str, ...] = ()
    """Pictures that bear another label elsewhere, one sentence each."""
    notes: tuple[str, ...] = ()
    """What else there is to know of the folder."""


class Importing:
    """The job that takes in labelled micrographs; safe to use from any thread."""

    def __init__(
        self, store: Store, uploads: Path, news: News, labels_changed: Callable[[], None]
    ) -> None:
        self._store, self._uploads, self._news = store, uploads, news
        self._labels_changed = labels_changed
        self._guard = threading.Lock()
        self._job: ImportJob | None = None
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def job(self) -> ImportJob | None:
        """The job under way, or the last one until it is dismissed."""
        with self._guard:
            return self._job

    def add_labelled(self, source: Path, then: Callable[[], None] = lambda: None) -> None:
        """Take in a folder whose sub-folders are classes, or a CSV of files and labels.

        ``then`` is called when it has been taken in.

        Raises
        ------
        BadInput
            If it lists no labelled micrograph.
        """
        from slava.retrieval.labelled import list_labelled

        listed = list_labelled(source)
        provenance: Provenance = "folder" if source.expanduser().is_dir() else "table"
        files = list(listed.files)

        def work() -> None:
            self._take_in(files, provenance, source.expanduser())

        self._begin(ImportJob(len(files), notes=listed.warnings), work, then)

    def add_drawings(self, then: Callable[[], None] = lambda: None) -> None:
        """Draw a small library of every category that the project can draw."""
        from slava.synthetic import CATEGORIES

        total = DRAWN_OF_EACH * len(CATEGORIES)
        self._begin(ImportJob(total, drawn=True), self._take_in_drawings, then)

    def cancel(self) -> None:
        """End the job after the file at hand; what was taken in keeps its label."""
        self._stop.set()

    def dismiss(self) -> None:
        """Forget a job that has ended."""
        with self._guard:
            if self._job and self._job.state != "running":
                self._job = None
        self._news.tell()

    def wait(self, timeout_s: float = 60) -> None:
        """Wait for the end of the job."""
        if self._thread:
            self._thread.join(timeout_s)

    # ------------------------------------------------------------------ the work
    def _begin(self, job: ImportJob, work: Callable[[], None], then: Callable[[], None]) -> None:
        with self._guard:
            if self._job is not None and self._job.state == "running":
                raise ModelError("a labelled folder is being taken in. Wait for its end.")
            self._job, self._stop = job, threading.Event()
            self._thread = threading.Thread(
                target=self._run, args=(work, then), name="slava-importing", daemon=True
            )
            self._thread.start()
        self._news.tell()

    def _run(self, work: Callable[[], None], then: Callable[[], None]) -> None:
        try:
            work()
            if not self._stop.is_set():
                then()
        except SlavaError as error:
            self._fail(str(error))
        except Exception as error:
            log.exception("taking in a labelled folder failed")
            self._fail(f"taking in broke off ({type(error).__name__}: {error})")
        self._change(state="cancelled" if self._stop.is_set() else "done")
        self._news.tell_library()

    def _take_in(self, files: list[LabelledFile], provenance: Provenance, source: Path) -> None:
        from store.ingest import ingest_paths

        groups = _Kept(self._store, provenance)
        by_file = {str(f.file): f for f in files}

        def count(result: FileResult) -> None:
            self._count(result)
            wanted = by_file.get(str(result.file))
            if result.micrograph_id is not None and wanted is not None:
                group = f"{source.name}/{wanted.group}" if wanted.group else None
                groups.note(result.micrograph_id, wanted.label, group, result.file.name)
            if len(groups.waiting) >= _TOGETHER:
                self._flush(groups)

        try:
            ingest_paths(self._store, [f.file for f in files], on_progress=count, stop=self._stop)
        finally:
            self._flush(groups)

    def _take_in_drawings(self) -> None:
        kept = _Kept(self._store, "drawing")
        with tempfile.TemporaryDirectory(prefix="drawings-", dir=self._uploads) as folder:
            for path, label in write_drawings(Path(folder)):
                if self._stop.is_set():
                    break
                added = self._store.micrographs.add_micrograph(path)
                status: Any = "duplicate" if added.duplicate else "added"
                self._count(FileResult(path, status, added.micrograph.id))
                kept.note(added.micrograph.id, label, None, path.name)
                self._flush(kept)

    def _flush(self, kept: _Kept) -> None:
        labelled, conflicts = kept.flush()
        job = self.job
        if job is not None:
            self._change(labelled=job.labelled + labelled, conflicts=(*job.conflicts, *conflicts))
        if labelled:
            self._labels_changed()

    def _count(self, result: FileResult) -> None:
        job = self.job
        if job is None:
            return
        if result.status == "failed":
            self._fail(result.reason)
        self._change(
            done=job.done + 1,
            added=job.added + (result.status == "added"),
            known=job.known + (result.status == "duplicate"),
        )

    def _fail(self, reason: str) -> None:
        job = self.job
        if job is not None:
            self._change(failures=(*job.failures, reason))

    def _change(self, **changes: Any) -> None:
        with self._guard:
            if self._job is not None:
                self._job = replace(self._job, **changes)
        self._news.tell()


class _Kept:
    """Labels that wait to be kept, checked against those that there are."""

    def __init__(self, store: Store, provenance: Provenance) -> None:
        self._store, self._provenance = store, provenance
        self._here: dict[MicrographId, tuple[str, str]] = {}
        self.waiting: dict[MicrographId, Labelling] = {}
        self._conflicts: list[str] = []

    def note(self, micrograph_id: MicrographId, label: str, group: str | None, name: str) -> None:
        """Another file of the folder with its label; ``None`` is no group."""
        before = self._here.setdefault(micrograph_id, (label, name))
        if before[0] != label:
            self._conflicts.append(
                f"{name} is in {label!r} and, as {before[1]}, in {before[0]!r}: "
                "it got no label. Decide on one."
            )
            self.waiting[micrograph_id] = self._labelling(micrograph_id, None, group)
            return
        known = self._store.labels.get_label(micrograph_id)
        if known is None or known.label is None:
            self.waiting[micrograph_id] = self._labelling(micrograph_id, label, group)
        elif known.label != label:
            self._conflicts.append(
                f"{name} is in {label!r}, but bears the label {known.label!r} here: that one stays."
            )

    def flush(self) -> tuple[int, list[str]]:
        """Keep what waits; how many got a label, and the conflicts since the last time."""
        conflicts, self._conflicts = self._conflicts, []
        waiting, self.waiting = list(self.waiting.values()), {}
        records = self._store.labels.set_labels(waiting)
        return sum(record.label is not None for record in records), conflicts

    def _labelling(
        self, micrograph_id: MicrographId, label: str | None, group: str | None
    ) -> Labelling:
        return Labelling(micrograph_id, label, group, self._provenance, "import")


def write_drawings(folder: Path) -> Iterator[tuple[Path, str]]:
    """Draw micrographs of every category in turn; yield each path with its label.

    Each is a TIFF with its pixel size in it, like a file from a microscope.
    """
    from slava.synthetic import CATEGORIES, draw_micrograph
    from ui.services.samples import write_drawing

    width, height = DRAWN_PX
    for number in range(DRAWN_OF_EACH):
        for place, category in enumerate(CATEGORIES):
            seed = 1000 * DRAWN_SEED + 100 * place + number
            drawing = draw_micrograph(seed, category, width_px=width, height_px=height)
            path = folder / f"drawn {category.replace('_', ' ')} {number + 1}.tif"
            write_drawing(path, drawing)
            yield path, category
