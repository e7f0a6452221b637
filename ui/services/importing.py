"""Labelled micrographs taken in, in the background: a folder of class folders, a table, drawings.

The files go the way of all files into the workspace; their labels are kept with where they came
from. Equal bytes under two labels are reported and get none. It must not know encoders.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from slava.domain import MicrographId
from store import FileResult, Labelling, Store
from store.labels import LabelRecord, Provenance
from ui.services.job import Job, Progress
from ui.services.news import News

if TYPE_CHECKING:
    from slava.retrieval.labelled import LabelledFile

DRAWN_OF_EACH = 8
DRAWN_SEED = 640
DRAWN_PX = (640, 480)
_TOGETHER = 64
"""Labels that are kept in one transaction."""


@dataclass(frozen=True, slots=True)
class Imported(Progress):
    """How far taking in has come."""

    added: int = 0
    known: int = 0
    """Files whose bytes were in the workspace before."""
    labelled: int = 0
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
        self.job = Job[Imported](
            "importing", news, "a labelled folder is being taken in. Wait for its end."
        )

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

        self._begin(Imported(total=len(files), notes=listed.warnings), work, then)

    def add_drawings(self, then: Callable[[], None] = lambda: None) -> None:
        """Draw a small library of every category that the project can draw."""
        from slava.synthetic import CATEGORIES

        total = DRAWN_OF_EACH * len(CATEGORIES)
        self._begin(Imported(total=total, drawn=True), self._take_in_drawings, then)

    # ------------------------------------------------------------------ the work
    def _begin(self, job: Imported, work: Callable[[], None], then: Callable[[], None]) -> None:
        def run() -> None:
            try:
                work()
                self.job.check()
                then()
            finally:
                self._news.tell_library()

        self.job.begin(job, run)

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
            ingest_paths(
                self._store, [f.file for f in files], on_progress=count, stop=self.job.stop
            )
        finally:
            self._flush(groups)

    def _take_in_drawings(self) -> None:
        kept = _Kept(self._store, "drawing")
        with tempfile.TemporaryDirectory(prefix="drawings-", dir=self._uploads) as folder:
            for path, label in write_drawings(Path(folder)):
                self.job.check()
                added = self._store.micrographs.add_micrograph(path)
                status: Any = "duplicate" if added.duplicate else "added"
                self._count(FileResult(path, status, added.micrograph.id))
                kept.note(added.micrograph.id, label, None, path.name)
                self._flush(kept)

    def _flush(self, kept: _Kept) -> None:
        labelled, conflicts = kept.flush()
        self.job.update(
            lambda i: replace(
                i, labelled=i.labelled + labelled, conflicts=(*i.conflicts, *conflicts)
            )
        )
        if labelled:
            self._labels_changed()

    def _count(self, result: FileResult) -> None:
        failed = (result.reason,) if result.status == "failed" else ()
        self.job.update(
            lambda i: replace(
                i,
                done=i.done + 1,
                added=i.added + (result.status == "added"),
                known=i.known + (result.status == "duplicate"),
                failures=(*i.failures, *failed),
            )
        )


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
        self.waiting[micrograph_id] = self._labelling(micrograph_id, label, group)

    def flush(self) -> tuple[int, list[str]]:
        """Keep what waits; how many got a label, and the conflicts since the last time."""
        waiting, self.waiting = list(self.waiting.values()), {}
        known = self._store.labels.get_labels(w.micrograph_id for w in waiting)
        records = self._store.labels.set_labels(w for w in waiting if self._is_new(w, known))
        conflicts, self._conflicts = self._conflicts, []
        return sum(record.label is not None for record in records), conflicts

    def _is_new(self, wanted: Labelling, known: Mapping[MicrographId, LabelRecord]) -> bool:
        """Whether to keep a label; where another one is known, that one stays."""
        there = known.get(wanted.micrograph_id)
        if wanted.label is None or there is None or there.label is None:
            return True
        if there.label != wanted.label:
            _, name = self._here[wanted.micrograph_id]
            self._conflicts.append(
                f"{name} is in {wanted.label!r}, but bears the label {there.label!r} here: "
                "that one stays."
            )
        return False

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
