"""The library of demonstrations: its classes, its list, what goes on in it, its map."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from slava.domain import Micrograph
from store import LabelRecord
from ui.present.words import Shown
from ui.services.batching import Batch, BatchRow
from ui.services.classifying import Standing, Wish
from ui.services.embedding import Progress
from ui.services.importing import Imported
from ui.services.mapping import Map

if TYPE_CHECKING:
    from slava.retrieval.index import Index

KEYS = "1234567890"
THUMBNAIL_PX = 112


def title(label: str) -> str:
    """A label as people read it."""
    return " ".join(label.replace("_", " ").split())


def classes(counts: Mapping[str, int]) -> list[Shown]:
    """Every class with its key and how many micrographs it has."""
    return [
        {
            "label": label,
            "title": title(label),
            "count": count,
            "key": KEYS[place] if place < len(KEYS) else "",
            "place": place,
        }
        for place, (label, count) in enumerate(sorted(counts.items()))
    ]


def library(standing: Standing, progress: Progress, wish: Wish) -> Shown:
    """Classes, what waits for a label, what waits for a vector."""
    return {
        "classes": classes(standing.counts),
        "labelled": sum(standing.counts.values()),
        "unlabelled": standing.unlabelled,
        "embedding": _embedding(progress, standing, wish),
        "warnings": _warnings(standing, wish),
    }


def _embedding(progress: Progress, standing: Standing, wish: Wish) -> Shown | None:
    """What is being embedded, or what could be."""
    if progress.phase == "opening":
        return _work("opening", "Opening the encoder", 0, 0)
    if progress.phase == "embedding":
        text = f"Embedding {progress.done} of {progress.total}"
        one = progress.total == 1
        return None if one else _work("embedding", text, progress.done, progress.total)
    if progress.error and progress.reference == wish.encoder:
        return {**_work("failed", progress.error, 0, 0), "offer": "Try again"}
    if standing.missing and standing.counts:
        text = f"{_micrographs(standing.missing)} not embedded with this encoder."
        if standing.others:
            name, number = standing.others[0]
            text += f" {number} vectors of {name} stay apart: encoders are never mixed."
        again = "Re-embed" if standing.others else "Embed"
        return {**_work("wanted", text, 0, 0), "offer": f"{again} {standing.missing}"}
    return None


def _work(state: str, text: str, done: int, total: int) -> Shown:
    fraction = done / total if total else 0
    return {"state": state, "text": text, "fraction": fraction, "offer": ""}


def _micrographs(number: int) -> str:
    return f"{number} micrograph{'' if number == 1 else 's'}"


def _warnings(standing: Standing, wish: Wish) -> list[str]:
    counts = standing.counts
    if len(counts) == 1:
        return ["Only one class: nothing can be told apart. Label micrographs of another."]
    few = [title(label) for label, number in sorted(counts.items()) if number < wish.k]
    if few and wish.k:
        return [f"Fewer than K = {wish.k} in {', '.join(few)}: they can be outvoted."]
    return []


def import_job(job: Imported | None) -> Shown | None:
    """The taking in of labelled micrographs."""
    if job is None:
        return None
    if job.state == "running":
        what = "Drawing" if job.drawn else "Taking in"
        text = f"{what} {job.done} of {job.total}"
    else:
        counts = [f"{job.labelled} labelled", f"{job.added} new"]
        counts += [f"{job.known} known already"] * (job.known > 0)
        counts += [f"{len(job.failures)} could not be read"] * (len(job.failures) > 0)
        counts += [f"{len(job.conflicts)} in conflict"] * (len(job.conflicts) > 0)
        text = PREFIX.get(job.state, "") + ", ".join(counts)
    return {
        "state": job.state,
        "text": text,
        "fraction": job.fraction,
        "problems": [
            *([job.error] if job.error else []),
            *job.conflicts,
            *job.failures,
            *job.notes,
        ],
    }


def labelled_items(
    micrographs: Sequence[Micrograph], labels: Mapping[str, LabelRecord], base: str
) -> list[Shown]:
    """The list on the left, newest first."""
    items = []
    for m in micrographs:
        record = labels.get(m.id)
        label = (record.label or "") if record else ""
        items.append(
            {
                "id": m.id,
                "name": m.name,
                "label": label,
                "title": title(label),
                "thumbnail": f"{base}/m/{m.id}/preview.png?size={THUMBNAIL_PX}",
            }
        )
    return items


PREFIX = {"cancelled": "Cancelled: ", "failed": "Broke off: "}
METHODS = {"pca": "principal components; t-SNE follows", "tsne": "t-SNE"}


def map_points(index: Index, laid: Map) -> Shown:
    """Every vector as a point: id, name, label, x and y within 0..1."""
    points = [
        [i, name, label, round(float(x), 4), round(float(y), 4)]
        for i, name, label, (x, y) in zip(
            index.ids, index.names, index.labels, laid.points, strict=True
        )
    ]
    return {"method": laid.method, "told": METHODS[laid.method], "points": points}


def batch(under_way: Batch | None, base: str) -> Shown | None:
    """How far a batch has come; its rows the page fetches."""
    if under_way is None:
        return None
    b = under_way
    none = sum(row.abstained for row in b.rows)
    bad = sum(bool(row.error) for row in b.rows)
    parts = [f"{b.done} of {b.total}"]
    parts += [f"{none} none of these classes"] * (none > 0)
    parts += [f"{bad} could not be read"] * (bad > 0)
    parts += [b.state] * (b.state in ("paused", "cancelled"))
    parts += [b.error] * bool(b.error)
    return {
        "state": b.state,
        "text": " · ".join(parts),
        "done": b.done,
        "fraction": b.fraction,
        "rows": f"{base}/classify/batch.json",
        "csv": f"{base}/classify/batch.csv",
    }


def batch_rows(under_way: Batch | None, begin: int) -> Shown:
    """The rows from ``begin`` on."""
    rows = under_way.rows if under_way else ()
    begin = begin if 0 <= begin <= len(rows) else 0
    return {"from": begin, "rows": [_batch_row(row) for row in rows[begin:]]}


def _batch_row(row: BatchRow) -> Shown:
    return {
        "id": row.micrograph_id,
        "file": Path(row.file).name,
        "label": row.label,
        "title": title(row.label),
        "probability": row.probability,
        "second": title(row.second),
        "nearest": f"{row.nearest} ({row.similarity:.2f})" if row.nearest else "",
        "abstained": row.abstained,
        "reason": row.reason,
        "error": row.error,
    }
