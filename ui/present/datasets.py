"""Data sets as the window shows them: counts, snapshots with their datasheets, what was moved."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, get_args

from slava.domain import Part, Snapshot
from ui.present.drafting import progress
from ui.present.words import Shown
from ui.services.datasets import Frozen, TakenIn
from ui.services.giving_out import GivenOut

if TYPE_CHECKING:
    from slava.handoff.snapshot import Manifest

PARTS: tuple[str, ...] = get_args(Part)
STATES = ("accepted", "pending", "disagreed", "rejected")
WHY = {"pending": "not reviewed", "rejected": "rejected", "disagreed": "reviewers disagree"}
"""Why pairs of a state are not in a snapshot, as the snapshot says it itself."""
TABLES = (
    ("parts", "Parts"),
    ("kind", "Kinds"),
    ("aspect", "Aspects"),
    ("state", "States"),
    ("reviewer", "Reviewers"),
    ("teacher", "Teachers"),
    ("answer_words", "Words of the concise answers"),
    ("detailed_words", "Words of the detailed answers"),
    ("licence", "Licences of the micrographs"),
    ("calibration", "Calibration of the micrographs"),
    ("left_out", "Left out"),
)


def counts(by: Mapping[str, Mapping[str, int]], titles: Mapping[str, str]) -> list[Shown]:
    """Rows of a table: a name, its states, all of it. ``titles`` are those of labels."""
    return [
        {
            "name": titles.get(name, name),
            "states": [of.get(s, 0) for s in STATES],
            "all": sum(of.values()),
        }
        for name, of in by.items()
    ]


def would_be_left_out(states: Mapping[str, int], wanted: str) -> Shown:
    """What a snapshot would hold and what not, with the reasons, before it is made."""
    kept = ("accepted",) if wanted == "accepted" else ("accepted", "pending", "disagreed")
    out = [{"why": WHY[s], "count": states[s]} for s in WHY if s not in kept and states.get(s, 0)]
    return {"pairs": sum(states.get(s, 0) for s in kept), "left_out": out}


def snapshot(one: Snapshot) -> Shown:
    """A row of the list."""
    return {
        "id": one.id,
        "name": one.name,
        "pairs": dict(one.pairs),
        "all": sum(one.pairs.values()),
        "micrographs": sum(one.micrographs.values()),
        "made": one.created_at.replace("T", " ")[:16],
    }


def sheet(manifest: Manifest, folder: str, titles: Mapping[str, str]) -> Shown:
    """A datasheet as tables. ``titles`` are those of labels."""
    told: Mapping[str, Any] = manifest.datasheet
    by_part: Mapping[str, Mapping[str, int]] = told.get("category_by_part", {})
    parts = list(manifest.pairs)
    return {
        "id": manifest.id,
        "name": manifest.name,
        "made": manifest.created_at.replace("T", " ")[:16],
        "seed": manifest.seed,
        "fractions": ", ".join(f"{part} {share:g}" for part, share in manifest.fractions.items()),
        "folder": folder,
        "pairs": sum(manifest.pairs.values()),
        "micrographs": told.get("micrographs", sum(manifest.micrographs.values())),
        "confidential": told.get("confidential_micrographs", 0),
        "categories": {
            "parts": parts,
            "rows": [
                [titles.get(name, name), *(of.get(p, 0) for p in parts)]
                for name, of in by_part.items()
            ],
        },
        "tables": [
            {"title": title, "rows": _rows(key, told[key], titles)}
            for key, title in TABLES
            if told.get(key)
        ],
        "acceptance": [
            [
                " · ".join(filter(None, (row["teacher"], row["model"]))),
                row["prompt_version"],
                row["drafted"],
                row["accepted"],
                row["rejected"],
                "" if row["rate"] is None else f"{100 * row['rate']:.1f} %",
            ]
            for row in told.get("acceptance", [])
        ],
    }


def _rows(key: str, told: Mapping[str, Any], titles: Mapping[str, str]) -> list[list[Any]]:
    """A count per line: parts and ranges of words in their order, else the most frequent first."""

    def place(name: str) -> tuple[float, str]:
        if key == "parts":
            return float(PARTS.index(name)) if name in PARTS else len(PARTS), name
        if key.endswith("_words"):
            return float((re.match(r"\d+", name) or ["inf"])[0]), name
        return -float(told[name]), name

    known = titles if key == "aspect" else {}
    return [[known.get(name, str(name)), told[name]] for name in sorted(told, key=place)]


def freezing(job: Frozen | None) -> Shown | None:
    """A snapshot being made, or what came of it."""
    if job is None:
        return None
    lines = []
    if job.snapshot is not None:
        made = job.snapshot
        parts = ", ".join(f"{count} {part}" for part, count in made.pairs.items())
        lines.append(f"Frozen as {made.name}: {parts}.")
        if job.known:
            lines.append("These pairs were frozen before, in the same parts: it is that snapshot.")
        out = ", ".join(f"{count} {why}" for why, count in job.left_out.items())
        lines += [f"Left out: {out}."] * bool(out)
        lines += [f"{text[:1].upper()}{text[1:]}." for text in job.warnings]
    return {**progress(job), "title": job.name, "lines": lines}


def taking_in(job: TakenIn | None) -> Shown | None:
    """Pairs being taken in, or what came of them."""
    if job is None:
        return None
    lines = []
    if job.state == "done":
        lines.append(
            f"{job.added} pairs are waiting for review, {job.known} were known, "
            f"{job.repeated} stood there more than once; {job.micrographs} new micrographs."
        )
        if not job.by_meaning and job.added:
            lines.append("Equal texts are flagged as duplicates; likeness of meaning was not read.")
    return {
        **progress(job),
        "title": job.title,
        "format": job.format,
        "records": job.records,
        "lines": lines,
        "problems": list(job.problems),
        "added": job.added,
    }


def giving_out(job: GivenOut | None) -> Shown | None:
    """An export being written, or where it is."""
    if job is None:
        return None
    lines = []
    if job.state == "done":
        lines.append(f"{job.pairs} pairs and {job.images} pictures: {', '.join(job.files)}.")
        if job.confidential:
            lines.append(f"Left out: {job.confidential} pairs about confidential micrographs.")
        if job.gone:
            lines.append(f"Left out: {job.gone} pairs about micrographs that were removed.")
    return {
        **progress(job),
        "format": job.format,
        "path": str(job.out) if job.state == "done" else "",
        "command": job.command,
        "lines": lines,
    }
