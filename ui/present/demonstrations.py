"""The library of demonstrations: its classes, its list, its vectors, its map."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from slava.domain import Micrograph
from store import LabelRecord
from ui.present.words import Shown
from ui.services.classifying import Standing, Wish
from ui.services.embedding import Progress
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
