"""A folder classified file by file in the background: progress, pause, a table.

Each file is taken into the workspace without a label, compared with the library as it was when
the batch began, and reported. One bad file spoils no other. It must not know how rows are shown.
"""

from __future__ import annotations

import csv
import io
import logging
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from slava.domain import Classification, MicrographId
from slava.errors import BadInput, Cancelled, ModelError, SlavaError
from store import Store
from ui.services.demonstrations import Demonstrations
from ui.services.embedding import Embedding
from ui.services.judging import Judging
from ui.services.news import News
from ui.services.wishes import Wish

if TYPE_CHECKING:
    from slava.retrieval.encoder import MicrographEncoder
    from slava.retrieval.view import Picture

log = logging.getLogger("slava.batching")

TOGETHER = 8
COLUMNS = (
    "file", "label", "probability", "second", "second_probability", "abstained", "reason",
    "nearest", "similarity", "micrograph", "error",
)  # fmt: skip

BatchState = Literal["running", "paused", "done", "cancelled", "failed"]


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
class Batch:
    """How far a batch has come."""

    folder: str
    total: int
    rows: tuple[BatchRow, ...] = ()
    state: BatchState = "running"
    error: str = ""


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
        self._guard = threading.Lock()
        self._batch: Batch | None = None
        self._stop, self._going = threading.Event(), threading.Event()
        self._worker: threading.Thread | None = None

    @property
    def batch(self) -> Batch | None:
        """The batch under way, or the last one until it is dismissed."""
        with self._guard:
            return self._batch

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
        with self._guard:
            if self._batch is not None and self._batch.state in ("running", "paused"):
                raise ModelError("a batch is under way. Wait for its end, or cancel it.")
            self._batch = Batch(str(folder), len(files))
            self._stop = threading.Event()
            self._going.set()
            self._worker = threading.Thread(
                target=self._run, args=(files, wish.of_library()), name="slava-batch", daemon=True
            )
            self._worker.start()
        self._news.tell()

    def pause(self) -> None:
        """Begin no further file until :meth:`resume`."""
        self._going.clear()
        self._change_if("running", "paused")

    def resume(self) -> None:
        """Go on."""
        self._going.set()
        self._change_if("paused", "running")

    def cancel(self) -> None:
        """End after the files at hand; what came of the others stays."""
        self._stop.set()
        self._going.set()

    def dismiss(self) -> None:
        """Forget a batch that has ended."""
        with self._guard:
            if self._batch and self._batch.state not in ("running", "paused"):
                self._batch = None
        self._news.tell()

    def close(self, timeout_s: float) -> None:
        """Cancel, and wait for the files at hand."""
        self.cancel()
        with self._guard:
            worker = self._worker
        if worker is not None:
            worker.join(timeout_s)

    # ------------------------------------------------------------------ the work
    def _run(self, files: Sequence[Path], wish: Wish) -> None:
        try:
            self._work(files, wish)
            self._change(state="cancelled" if self._stop.is_set() else "done")
        except Cancelled:
            self._change(state="cancelled")
        except SlavaError as error:
            self._change(state="failed", error=str(error))
        except Exception as error:
            log.exception("a batch failed")
            self._change(state="failed", error=f"it failed ({type(error).__name__}: {error}).")
        self._embedding.tell()
        self._news.tell_library()

    def _work(self, files: Sequence[Path], wish: Wish) -> None:
        encoder = self._embedding.opened(wish.encoder, self._stop)
        stamp = self._demonstrations.stamp(encoder.key, self._embedding.made)
        index = self._demonstrations.index(stamp)
        judge = self._judging.judge_query
        for begin in range(0, len(files), TOGETHER):
            self._going.wait()
            if self._stop.is_set():
                return
            rows = []
            for row, found in self._embedded(files[begin : begin + TOGETHER], encoder):
                told = None if found is None else judge(found, wish, stamp, index)
                rows.append(row if told is None else _told(row, told))
            now = self.batch
            if now is not None:
                self._change(rows=(*now.rows, *rows))

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

    def _change_if(self, before: BatchState, after: BatchState) -> None:
        with self._guard:
            if self._batch is not None and self._batch.state == before:
                self._batch = replace(self._batch, state=after)
        self._news.tell()

    def _change(self, **changes: Any) -> None:
        with self._guard:
            if self._batch is not None:
                self._batch = replace(self._batch, **changes)
        self._news.tell()


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
