"""A folder classified file by file in the background: progress, pause, a table.

Each file is taken into the workspace without a label, compared with the library as it was when
the batch began, and reported. One bad file spoils no other. It must not know how rows are shown.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from slava.domain import Classification, MicrographId
from slava.errors import BadInput, SlavaError
from store import Store
from ui.services.demonstrations import Demonstrations
from ui.services.embedding import Embedding
from ui.services.job import Job, Progress
from ui.services.judging import Judging
from ui.services.news import News
from ui.services.wishes import Wish

if TYPE_CHECKING:
    from slava.retrieval.encoder import MicrographEncoder
    from slava.retrieval.view import Picture

TOGETHER = 8
COLUMNS = (
    "file", "label", "probability", "second", "second_probability", "abstained", "reason",
    "nearest", "similarity", "micrograph", "error",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class BatchRow:
    """What came of one file."""

    file: str
    micrograph_id: str = ""
    label: str = ""
    """Empty where it could not be told; the nearest class where ``abstained``."""
    probability: float = 0.0
    second: str = ""
    second_probability: float = 0.0
    abstained: bool = False
    reason: str = ""
    nearest: str = ""
    similarity: float = 0.0
    error: str = ""


@dataclass(frozen=True, slots=True)
class Batch(Progress):
    """How far a batch has come."""

    folder: str
    rows: tuple[BatchRow, ...] = ()


class Batching:
    """One batch at a time; safe to use from any thread."""

    def __init__(
        self,
        store: Store,
        news: News,
        embedding: Embedding,
        demonstrations: Demonstrations,
        judging: Judging,
    ) -> None:
        self._store, self._news = store, news
        self._embedding, self._demonstrations = embedding, demonstrations
        self._judging = judging
        self.job = Job[Batch](
            "batch", news, "a batch is under way. Wait for its end, or cancel it."
        )

    def begin(self, folder: Path, wish: Wish) -> None:
        """Classify every micrograph of a folder and of the folders in it, by its neighbours.

        Raises
        ------
        BadInput
            If there is no such folder, or nothing in it.
        ModelError
            If a batch is under way.
        """
        from store.candidates import list_candidates

        folder = folder.expanduser()
        if not folder.is_dir():
            raise BadInput(f"there is no folder {folder} on this machine. Check the path.")
        files = list_candidates([folder], leave_out=self._store.workspace)
        if not files:
            raise BadInput(f"{folder} holds no file. Choose a folder with micrographs.")
        wished = wish.of_library()
        self.job.begin(Batch(str(folder), total=len(files)), lambda: self._run(files, wished))

    # ------------------------------------------------------------------ the work
    def _run(self, files: Sequence[Path], wish: Wish) -> None:
        try:
            self._work(files, wish)
        finally:
            self._embedding.tell()
            self._news.tell_library()

    def _work(self, files: Sequence[Path], wish: Wish) -> None:
        encoder = self._embedding.opened(wish.encoder, self.job.stop)
        stamp = self._demonstrations.stamp(encoder.key, self._embedding.made)
        index = self._demonstrations.index(stamp)
        judge = self._judging.judge_query
        for begin in range(0, len(files), TOGETHER):
            self.job.check()
            rows: list[BatchRow] = []
            for row, found in self._embedded(files[begin : begin + TOGETHER], encoder):
                told = None if found is None else judge(found, wish, stamp, index)
                rows.append(row if told is None else _told(row, told))
            self.job.update(_with_rows(rows))

    def _embedded(
        self, files: Sequence[Path], encoder: MicrographEncoder
    ) -> Iterator[tuple[BatchRow, Any]]:
        """Each file as a row, with its query where it could be read."""
        from slava.retrieval.classify import Query
        from slava.retrieval.view import specimen_view

        rows: list[BatchRow] = []
        pictures: dict[MicrographId, Picture] = {}
        for file in files:
            try:
                record = self._store.micrographs.add_micrograph(file).micrograph
                grey = self._store.micrographs.read_grey(record.id)
                pictures[record.id] = specimen_view(record, grey)
                rows.append(BatchRow(str(file), record.id))
            except SlavaError as error:
                rows.append(BatchRow(str(file), error=str(error)))
        vectors = self._embedding.record(encoder, pictures)
        for row in rows:
            at = MicrographId(row.micrograph_id)
            seen = at in vectors
            yield row, Query(pictures[at], at, "", vectors[at]) if seen else None


def _with_rows(rows: Sequence[BatchRow]) -> Callable[[Batch], Batch]:
    return lambda b: replace(b, rows=(*b.rows, *rows), done=b.done + len(rows))


def _told(row: BatchRow, told: Classification) -> BatchRow:
    first, second = told.ranked_fused[:2]
    near = max(told.neighbours, key=lambda n: n.similarity, default=None)
    return replace(
        row,
        label=first.label,
        probability=first.probability,
        second=second.label,
        second_probability=second.probability,
        abstained=told.abstained,
        reason=told.reason,
        nearest=near.demonstration.name if near else "",
        similarity=near.similarity if near else 0.0,
    )


def to_csv(batch: Batch) -> str:
    """Every row under :data:`COLUMNS`; text that a spreadsheet would run is quoted."""
    written = io.StringIO()
    table = csv.writer(written, lineterminator="\n")
    table.writerow(COLUMNS)
    for r in batch.rows:
        label = "" if r.abstained else r.label
        said = (f"{r.probability:.4f}", r.second, f"{r.second_probability:.4f}")
        if r.error:
            table.writerow([_safe(r.file), *[""] * 9, _safe(r.error)])
        else:
            near = (_safe(r.nearest), f"{r.similarity:.4f}", r.micrograph_id, "")
            table.writerow(
                [_safe(r.file), _safe(label), *said, str(r.abstained).lower(), r.reason, *near]
            )
    return written.getvalue()


def _safe(text: str) -> str:
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t") else text
