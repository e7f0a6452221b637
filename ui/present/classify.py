"""The Classify tab: the library of demonstrations, the query, who says what of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from slava.domain import Classification, Micrograph, Neighbour, Ranked
from store import LabelRecord
from ui.present.words import Shown
from ui.services.classifying import Found, Standing, Wish
from ui.services.embedding import Progress
from ui.services.importing import ImportJob

KEYS = "1234567890"
THUMBNAIL_PX, TILE_PX, QUERY_PX = 112, 256, 1024

STATUS = {
    "opening": "opening the encoder …",
    "embedding": "embedding this micrograph …",
    "asking": "asking the model …",
    "done": "",
    "failed": "",
}
PROVENANCE = {
    "folder": "from its folder",
    "table": "from a table",
    "drawing": "drawn by sLAVA",
    "hand": "by hand",
    "suggestion": "a suggestion that was accepted",
}
NOT_COUNTED = "has not earned a weight on this library: shown, not counted"


def title(label: str) -> str:
    """A label as people read it."""
    return " ".join(label.replace("_", " ").split())


# ------------------------------------------------------------------ the library
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
    if progress.phase == "embedding" and progress.total > 1:
        text = f"Embedding {progress.done} of {progress.total}"
        return _work("embedding", text, progress.done, progress.total)
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


def import_job(job: ImportJob | None) -> Shown | None:
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
        text = ("Cancelled: " if job.state == "cancelled" else "") + ", ".join(counts)
    return {
        "state": job.state,
        "text": text,
        "fraction": job.done / job.total if job.total else 0,
        "problems": [*job.conflicts, *job.failures, *job.notes],
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


# ------------------------------------------------------------------ the query
def query(micrograph: Micrograph, record: LabelRecord | None, base: str) -> Shown:
    """The micrograph whose class is asked for."""
    label = record.label if record else None
    told = f"{title(label)} · {PROVENANCE[record.provenance]}" if record and label else ""
    return {
        "id": micrograph.id,
        "name": micrograph.name,
        "size": f"{micrograph.width_px} × {micrograph.height_px} px",
        "label": label or "",
        "told": told,
        "source": record.group if record else "",
        "picture": f"{base}/m/{micrograph.id}/preview.png?size={QUERY_PX}",
    }


def answer(found: Found | None) -> Shown | None:
    """Who says what: every class with the probabilities of each voter, the fused first."""
    if found is None:
        return None
    told = found.classification
    shown: Shown = {
        "state": found.state,
        "status": STATUS[found.state],
        "error": found.error[:1].upper() + found.error[1:],
        "rows": [],
        "verdict": "",
    }
    if told is None:
        return shown
    return {**shown, **_told(told, found)}


def _told(told: Classification, found: Found) -> Shown:
    best = told.ranked_fused[0]
    columns = {
        "fused": _by_label(told.ranked_fused),
        "knn": _by_label(told.ranked_knn),
        "model": _by_label(told.ranked_model),
        "encoder": _by_label(told.ranked_encoder),
    }
    rows = [
        {
            "label": r.label,
            "title": title(r.label),
            **{name: column.get(r.label) for name, column in columns.items()},
        }
        for r in told.ranked_fused
    ]
    return {
        "rows": rows,
        "verdict": "not one of these classes" if told.abstained else title(best.label),
        "label": "" if told.abstained else best.label,
        "probability": best.probability,
        "abstained": told.abstained,
        "reason": told.reason,
        "rationale": told.rationale.replace(best.label, title(best.label), 1),
        "model_note": _model_note(told, found),
        "validated": _validated(found.validated_on),
    }


def _model_note(told: Classification, found: Found) -> str:
    counts = not told.ranked_model or not told.ranked_knn or found.model_weight > 0
    return told.model_note if counts else f"{told.model_note}; {NOT_COUNTED}"


def _by_label(ranked: Sequence[Ranked]) -> dict[str, float]:
    return {r.label: r.probability for r in ranked}


def _validated(number: int) -> str:
    if not number:
        return "Probabilities are not calibrated: the library is small."
    return f"Calibrated by leaving out {number} labelled micrographs, one by one."


def gallery(
    neighbours: Sequence[Neighbour],
    wish: Wish,
    best: str,
    provenances: Mapping[str, str],
    base: str,
) -> list[Shown]:
    """The demonstrations that an answer rests on."""
    return [_card(n, wish, best, provenances, base) for n in neighbours]


def _card(
    neighbour: Neighbour, wish: Wish, best: str, provenances: Mapping[str, str], base: str
) -> Shown:
    shown = neighbour.demonstration
    source = shown.group or PROVENANCE.get(provenances.get(shown.micrograph_id, ""), "")
    distance = neighbour.distance
    return {
        "id": shown.micrograph_id,
        "name": shown.name,
        "label": shown.label,
        "title": title(shown.label),
        "similarity": f"{neighbour.similarity:.3f}",
        "fraction": max(0.0, neighbour.similarity),
        "distance": "" if distance is None else f"{distance:.3f}",
        "source": source,
        "pinned": shown.micrograph_id in wish.pinned,
        "agrees": shown.label == best,
        "picture": f"{base}/m/{shown.micrograph_id}/preview.png?size={TILE_PX}",
    }


def wish_shown(wish: Wish, encoders: Sequence[str]) -> Shown:
    """The toolbar."""
    return {
        "k": wish.k,
        "strategy": wish.strategy,
        "metric": wish.metric,
        "encoder": wish.encoder,
        "encoders": list(encoders),
        "ask_model": wish.ask_model,
        "own_source_too": wish.own_source_too,
        "pinned": len(wish.pinned),
        "put_aside": len(wish.put_aside),
    }
