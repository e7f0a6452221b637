"""A frozen training set as a folder: what the store writes and a run reads.

- ``pairs.jsonl``: one pair per line with its part, in the order of their ids.
- ``micrographs.jsonl``: one micrograph per line with its calibration and context, in the order
  of their ids. The bytes stay where they are, at ``path`` within the workspace.
- ``manifest.json``: the id, the hashes of the two files, how it was split, its datasheet.
- ``datasheet.md``: the datasheet for people; nothing reads it.

The id is the SHA-256 over the hashes of the two files, and they are canonical: the same pairs in
the same parts have the same id, whatever their order, the name or the day. It must not know of
the database, nor of training.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, get_args

from slava.domain import (
    CalibrationSource,
    Databar,
    MicrographId,
    PairState,
    Part,
    QAPair,
    SnapshotId,
)
from slava.domain.conversation import ContextLevel
from slava.handoff.files import canonical, hash_bytes, write_whole
from slava.handoff.pair_record import from_record, to_record

VERSION = 1
"""Of this format. A reader refuses a newer one."""

PARTS: tuple[Part, ...] = get_args(Part)
PAIRS, MICROGRAPHS, MANIFEST, DATASHEET = (
    "pairs.jsonl",
    "micrographs.jsonl",
    "manifest.json",
    "datasheet.md",
)


@dataclass(frozen=True, slots=True)
class SnapshotPair:
    """A pair of a snapshot."""

    pair: QAPair
    """With the words that count: those of the newest edit, where there is one."""
    part: Part
    state: PairState = "accepted"
    reviewers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SnapshotMicrograph:
    """A micrograph that pairs of a snapshot are about."""

    id: MicrographId
    path: str
    """Of its original bytes, relative to the workspace, with forward slashes."""
    width_px: int
    height_px: int
    nm_per_px: float | None = None
    calibration_source: CalibrationSource | None = None
    databar: Databar | None = None
    label: str = ""
    group: str = ""
    """Its paper or sample."""
    context: Mapping[ContextLevel, tuple[str, ...]] = field(default_factory=dict)
    """The lines that a model is told at each level; joined by line ends they are that text."""
    licence: str = ""
    """As its owner has called it; empty where nobody has said."""
    confidential: bool = False

    def file(self, workspace: Path) -> Path:
        """Where its original bytes lie."""
        return workspace / self.path


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a snapshot says of itself."""

    id: SnapshotId
    name: str
    created_at: str
    """ISO 8601, UTC."""
    seed: int
    fractions: Mapping[Part, float]
    pairs: Mapping[Part, int]
    micrographs: Mapping[Part, int]
    datasheet: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SnapshotContent:
    """Everything of a snapshot."""

    manifest: Manifest
    pairs: tuple[SnapshotPair, ...]
    """In the order of their ids."""
    micrographs: Mapping[MicrographId, SnapshotMicrograph]

    def part(self, part: Part) -> tuple[SnapshotPair, ...]:
        """The pairs of one part."""
        return tuple(entry for entry in self.pairs if entry.part == part)


def make_snapshot(
    name: str,
    pairs: Sequence[SnapshotPair],
    micrographs: Sequence[SnapshotMicrograph],
    *,
    created_at: str,
    seed: int,
    fractions: Mapping[Part, float],
    datasheet: Mapping[str, Any] | None = None,
) -> SnapshotContent:
    """A snapshot in memory, in its order and under its id."""
    in_order = tuple(sorted(pairs, key=lambda entry: entry.pair.id))
    shown = {m.id: m for m in sorted(micrographs, key=lambda m: m.id)}
    manifest = Manifest(
        id=SnapshotId(""),
        name=name,
        created_at=created_at,
        seed=seed,
        fractions=dict(fractions),
        pairs={part: sum(e.part == part for e in in_order) for part in PARTS},
        micrographs={
            part: len({i for e in in_order if e.part == part for i in e.pair.micrograph_ids})
            for part in PARTS
        },
        datasheet=dict(datasheet or {}),
    )
    content = SnapshotContent(manifest, in_order, shown)
    return replace(content, manifest=replace(manifest, id=identity(content)))


def identity(content: SnapshotContent) -> SnapshotId:
    """The id of what a snapshot holds: SHA-256, 64 hex digits."""
    pairs, micrographs = _lines(content)
    return identity_of(hash_bytes(pairs), hash_bytes(micrographs))


def identity_of(pairs_sha256: str, micrographs_sha256: str) -> SnapshotId:
    """The id of a snapshot whose files have these hashes."""
    told = {"version": VERSION, PAIRS: pairs_sha256, MICROGRAPHS: micrographs_sha256}
    return SnapshotId(hash_bytes(canonical(told)))


def write_snapshot(folder: Path, content: SnapshotContent, datasheet_md: str = "") -> None:
    """Write a snapshot into a folder, the manifest last: without it there is no snapshot.

    Raises
    ------
    OSError
        When the disk refuses.
    """
    folder.mkdir(parents=True, exist_ok=True)
    pairs, micrographs = _lines(content)
    write_whole(pairs, folder / PAIRS)
    write_whole(micrographs, folder / MICROGRAPHS)
    if datasheet_md:
        write_whole(datasheet_md.encode("utf-8", "replace"), folder / DATASHEET)
    manifest = _manifest_record(content.manifest, hash_bytes(pairs), hash_bytes(micrographs))
    written = json.dumps(manifest, ensure_ascii=False, indent=2, sort_keys=True, allow_nan=False)
    write_whole(f"{written}\n".encode("utf-8", "replace"), folder / MANIFEST)


def manifest_checksum(record: Mapping[str, Any]) -> str:
    """SHA-256 over a manifest's entries without the checksum itself."""
    return hash_bytes(canonical({k: v for k, v in record.items() if k != "checksum"}))


def manifest_from(record: Mapping[str, Any]) -> Manifest:
    """The manifest of a record that has been checked already."""
    return Manifest(
        id=SnapshotId(record["id"]),
        name=str(record["name"]),
        created_at=str(record["created_at"]),
        seed=int(record["seed"]),
        fractions={part: float(record["fractions"][part]) for part in PARTS},
        pairs={part: int(record["pairs"][part]) for part in PARTS},
        micrographs={part: int(record["micrographs"][part]) for part in PARTS},
        datasheet=dict(record["datasheet"]),
    )


def pair_from(record: Mapping[str, Any]) -> SnapshotPair:
    """A line of ``pairs.jsonl``; ValueError says what is wrong with it."""
    part, state = record.get("part"), record.get("state", "accepted")
    if part not in PARTS:
        raise ValueError(f"part {part!r} is none of {', '.join(PARTS)}")
    if state not in get_args(PairState):
        raise ValueError(f"state {state!r} is none of {', '.join(get_args(PairState))}")
    return SnapshotPair(from_record(record), part, state, tuple(record.get("reviewers", ())))


def micrograph_from(record: Mapping[str, Any]) -> SnapshotMicrograph:
    """A line of ``micrographs.jsonl``."""
    bar = record["databar"]
    return SnapshotMicrograph(
        id=MicrographId(record["id"]),
        path=record["path"],
        width_px=record["width_px"],
        height_px=record["height_px"],
        nm_per_px=record["nm_per_px"],
        calibration_source=record["calibration_source"],
        databar=Databar(*bar) if bar else None,
        label=record["label"],
        group=record["group"],
        context={level: tuple(lines) for level, lines in record["context"].items()},
        licence=record["licence"],
        confidential=record["confidential"],
    )


def _lines(content: SnapshotContent) -> tuple[bytes, bytes]:
    """The two files as bytes."""
    pairs = (_pair_record(entry) for entry in content.pairs)
    shown = (_micrograph_record(m) for _, m in sorted(content.micrographs.items()))
    return (
        b"".join(canonical(record) + b"\n" for record in pairs),
        b"".join(canonical(record) + b"\n" for record in shown),
    )


def _pair_record(entry: SnapshotPair) -> dict[str, Any]:
    what = {"part": entry.part, "state": entry.state, "reviewers": list(entry.reviewers)}
    return {**to_record(entry.pair), **what}


def _micrograph_record(m: SnapshotMicrograph) -> dict[str, Any]:
    return {
        "id": m.id,
        "path": m.path,
        "width_px": m.width_px,
        "height_px": m.height_px,
        "nm_per_px": m.nm_per_px,
        "calibration_source": m.calibration_source,
        "databar": [m.databar.top, m.databar.bottom] if m.databar else None,
        "label": m.label,
        "group": m.group,
        "context": {level: list(lines) for level, lines in m.context.items()},
        "licence": m.licence,
        "confidential": m.confidential,
    }


def _manifest_record(m: Manifest, pairs: str, micrographs: str) -> dict[str, Any]:
    record: dict[str, Any] = {
        "version": VERSION,
        "id": m.id,
        "name": m.name,
        "created_at": m.created_at,
        "seed": m.seed,
        "fractions": dict(m.fractions),
        "pairs": dict(m.pairs),
        "micrographs": dict(m.micrographs),
        "files": {PAIRS: pairs, MICROGRAPHS: micrographs},
        "datasheet": dict(m.datasheet),
    }
    return {**record, "checksum": manifest_checksum(record)}
