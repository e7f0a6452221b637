"""Many micrographs classified one by one in the background: progress, pause, a table.

Those of a folder are taken into the workspace without a label. Each is compared with the library
as it was when the batch began, where wished with the model's answer too, and reported. What takes
long waits for a yes once its first ones have shown how long. One bad file spoils no other. It must
not know how rows are shown.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from slava.domain import Classification, Micrograph, MicrographId
from slava.errors import BadInput, SlavaError
from slava.handoff.cells import safe_cell
from store import Store
from ui.services.demonstrations import Demonstrations, Stamp
from ui.services.embedding import Embedding
from ui.services.job import Job, Progress
from ui.services.judging import Judging
from ui.services.models import Models
from ui.services.news import News
from ui.services.wishes import Wish

if TYPE_CHECKING:
    from slava.retrieval.classify import Query
    from slava.retrieval.encoder import MicrographEncoder
    from slava.retrieval.index import Index
    from slava.retrieval.view import Picture

TOGETHER = 8
ASK_ABOVE_S = 90.0
"""Where the rest takes longer than this, somebody must want it."""
COLUMNS = (
    "file", "label", "probability", "second", "second_probability", "abstained", "reason",
    "nearest", "similarity", "model", "model_probability", "micrograph", "error",
)  # fmt: skip


Source = Path | MicrographId
"""A file to be taken in, or a micrograph of the workspace."""


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
    model: str = ""
    """What the model alone says; empty where it was not asked or gave no answer."""
    model_probability: float = 0.0
    error: str = ""


@dataclass(frozen=True, slots=True)
class Batch(Progress):
    """How far a batch has come."""

    title: str
    rows: tuple[BatchRow, ...] = ()


class Batching:
    """One batch at a time; safe to use from any thread."""

    def __init__(
        self,
        store: Store,
        news: News,
        models: Models,
        embedding: Embedding,
        demonstrations: Demonstrations,
        judging: Judging,
    ) -> None:
        self._store, self._news, self._models = store, news, models
        self._embedding, self._demonstrations = embedding, demonstrations
        self._judging = judging
        self.job = Job[Batch](
            "batch", news, "a batch is under way. Wait for its end, or cancel it."
        )

    def begin(self, folder: Path, wish: Wish) -> None:
        """Classify every micrograph of a folder and of the folders in it.

        The model is asked where the wish says so; otherwise neighbours alone vote.

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
        self._begin(str(folder), files, wish)

    def begin_selected(self, ids: Sequence[MicrographId], wish: Wish) -> None:
        """The same for micrographs of the workspace; each is left out of its own library."""
        if not ids:
            raise BadInput("no micrograph is selected. Draw a line around some on the map.")
        self._begin(f"{len(ids)} selected", ids, wish)

    def _begin(self, title: str, sources: Sequence[Source], wish: Wish) -> None:
        wished = wish.of_library()
        self.job.begin(Batch(title, total=len(sources)), lambda: self._run(sources, wished))

    # ------------------------------------------------------------------ the work
    def _run(self, sources: Sequence[Source], wish: Wish) -> None:
        try:
            self._work(sources, wish)
        finally:
            self._embedding.tell()
            self._news.tell_library()

    def _work(self, sources: Sequence[Source], wish: Wish) -> None:
        encoder = self._embedding.opened(wish.encoder, self.job.stop)
        stamp = self._demonstrations.stamp(encoder.key, self._embedding.made)
        index = self._demonstrations.index(stamp)
        if wish.ask_model:
            with self._models.using(self.job.stop):
                pass  # loaded now, so that loading it is not taken for the time of an answer
        self.job.worked()
        together = 1 if wish.ask_model else TOGETHER
        for begin in range(0, len(sources), together):
            self.job.check()
            for row, query in self._embedded(sources[begin : begin + together], encoder, index):
                told = None if query is None else self._judged(query, wish, stamp, index)
                self.job.update(_with_row(row if told is None else _told(row, told)))
            if begin == 0:
                self._wait_for_a_yes()

    def _wait_for_a_yes(self) -> None:
        now = self.job.now
        if now is None or not (now.eta_s or 0) > ASK_ABOVE_S:
            return
        self.job.change(note="go on?")
        self.job.pause()
        self.job.check()
        self.job.change(note="")

    def _judged(self, query: Query, wish: Wish, stamp: Stamp, index: Index) -> Classification:
        if not wish.ask_model:
            return self._judging.judge_query(query, wish, stamp, index)
        with self._models.using(self.job.stop) as backbone:
            return self._judging.judge_query(query, wish, stamp, index, backbone)

    def _embedded(
        self, sources: Sequence[Source], encoder: MicrographEncoder, index: Index
    ) -> Iterator[tuple[BatchRow, Query | None]]:
        """Each as a row, with its query where it could be read."""
        from slava.retrieval.classify import Query
        from slava.retrieval.view import specimen_view

        rows: list[BatchRow] = []
        pictures: dict[MicrographId, Picture] = {}
        for source in sources:
            try:
                record = self._record(source)
                grey = self._store.micrographs.read_grey(record.id)
                pictures[record.id] = specimen_view(record, grey)
                name = str(source) if isinstance(source, Path) else record.name
                rows.append(BatchRow(name, record.id))
            except SlavaError as error:
                rows.append(BatchRow(str(source), error=str(error)))
        vectors = self._embedding.record(encoder, pictures)
        for row in rows:
            at = MicrographId(row.micrograph_id)
            place = index.row_of(at)
            group = "" if place is None else index.groups[place]
            seen = at in vectors
            yield row, Query(pictures[at], at, group, vectors[at]) if seen else None

    def _record(self, source: Source) -> Micrograph:
        micrographs = self._store.micrographs
        if isinstance(source, Path):
            return micrographs.add_micrograph(source).micrograph
        return micrographs.get_micrograph(source)


def _with_row(row: BatchRow) -> Callable[[Batch], Batch]:
    return lambda b: replace(b, rows=(*b.rows, row), done=b.done + 1)


def _told(row: BatchRow, told: Classification) -> BatchRow:
    first, second = told.ranked_fused[:2]
    model = next(iter(told.ranked_model), None)
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
        model=model.label if model else "",
        model_probability=model.probability if model else 0.0,
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
            table.writerow([safe_cell(r.file), *[""] * (len(COLUMNS) - 2), safe_cell(r.error)])
        else:
            near = (safe_cell(r.nearest), f"{r.similarity:.4f}")
            model = (safe_cell(r.model), f"{r.model_probability:.4f}" if r.model else "")
            why = (str(r.abstained).lower(), r.reason)
            ids = (r.micrograph_id, "")
            table.writerow([safe_cell(r.file), safe_cell(label), *said, *why, *near, *model, *ids])
    return written.getvalue()
