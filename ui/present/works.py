"""What goes on in the Classify tab: taking in, a batch, near-duplicates, training an encoder."""

from __future__ import annotations

from pathlib import Path

from ui.present.demonstrations import title
from ui.present.words import Shown, duration
from ui.services.batching import Batch, BatchRow
from ui.services.duplicating import Searched, Twins
from ui.services.importing import Imported
from ui.services.job import Progress
from ui.services.learning import FEWEST, Learnt

PREFIX = {"cancelled": "Cancelled: ", "failed": "Broke off: "}
TWIN_PX = 192
MOST_GROUPS = 60


def left(progress: Progress) -> list[str]:
    """The time that is left, as a part of a line; nothing where it cannot be told."""
    seconds = progress.eta_s
    return [] if seconds is None else [f"{duration(seconds)} left"]


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


def batch(under_way: Batch | None, base: str) -> Shown | None:
    """How far a batch has come; its rows the page fetches."""
    if under_way is None:
        return None
    b = under_way
    none = sum(row.abstained for row in b.rows)
    bad = sum(bool(row.error) for row in b.rows)
    parts = [f"{b.done} of {b.total}", *left(b)]
    parts += [f"{none} none of these classes"] * (none > 0)
    parts += [f"{bad} could not be read"] * (bad > 0)
    parts += [b.state] * (b.state in ("paused", "cancelled"))
    parts += [text for text in (b.note, b.error) if text]
    return {
        "state": b.state,
        "text": " · ".join(parts),
        "title": Path(b.title).name,
        "modelled": any(row.model for row in b.rows),
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
        "model": f"{title(row.model)} ({row.model_probability:.0%})" if row.model else "",
        "nearest": f"{row.nearest} ({row.similarity:.2f})" if row.nearest else "",
        "abstained": row.abstained,
        "reason": row.reason,
        "error": row.error,
    }


def searched(now: Searched | None, base: str) -> Shown | None:
    """A search for near-duplicates: groups that wait for a decision, the doubtful ones first."""
    if now is None:
        return None
    parts = [f"{now.done} of {now.total}", *left(now)] if now.under_way else [_found(now)]
    parts += [f"{now.unreadable} could not be read"] * (now.unreadable > 0)
    parts += [text for text in (now.note, now.error) if text]
    return {
        "state": now.state,
        "text": PREFIX.get(now.state, "") + " · ".join(parts),
        "fraction": now.fraction,
        "groups": [_group(group, base) for group in now.groups[:MOST_GROUPS]],
        "more": max(0, len(now.groups) - MOST_GROUPS),
    }


def _found(now: Searched) -> str:
    if now.groups:
        number = len(now.groups)
        return f"{number} group{'' if number == 1 else 's'} of pictures that are nearly the same"
    return "all decided" if now.decided else f"none among {now.done}"


def _group(group: Twins, base: str) -> Shown:
    labels = {twin.label for twin in group}
    return {
        "id": group[0].id,
        "told": "different labels" if len(labels) > 1 else "",
        "twins": [
            {
                "id": twin.id,
                "name": twin.name,
                "label": twin.label,
                "title": title(twin.label),
                "similarity": f"{twin.similarity:.3f}",
                "picture": f"{base}/m/{twin.id}/preview.png?size={TWIN_PX}",
            }
            for twin in group
        ],
    }


def learnt(
    now: Learnt | None, labelled: int, classes: int, micrographs: int, estimates: tuple[float, ...]
) -> Shown:
    """Training an encoder: what it needs and takes, how far it has come, what came of it.

    ``estimates`` are seconds on one core: with labels, and without.
    """
    with_labels, without = (f"{duration(seconds)} on one core" for seconds in estimates)
    enough, any_enough = labelled >= FEWEST and classes > 1, micrographs >= FEWEST
    offers = {
        "labels": f"{labelled} labelled micrographs of {classes} classes, {with_labels}"
        if enough
        else f"needs at least {FEWEST} labelled micrographs of two classes",
        "without": f"all {micrographs} micrographs, {without}"
        if any_enough
        else f"needs at least {FEWEST} micrographs",
        "can_labels": enough,
        "can_without": any_enough,
    }
    if now is None:
        return {**offers, "state": "", "text": "", "fraction": 0.0, "use": ""}
    return {
        **offers,
        "state": now.state,
        "text": _training(now),
        "fraction": now.fraction,
        "use": now.folder if now.state == "done" else "",
    }


def _training(now: Learnt) -> str:
    right = [] if now.validation is None else [f"{now.validation:.1%} of the held-out part right"]
    if now.state == "running":
        parts = [now.note or f"{now.done} of {now.total} steps", *left(now), *right]
        return "Training an encoder: " + " · ".join(parts)
    if now.state == "done":
        of = f"trained on {now.micrographs} micrographs"
        return " · ".join([f"Encoder {Path(now.folder).name} {of}", *right])
    return f"Training an encoder: {now.error or 'cancelled, nothing is kept'}"
