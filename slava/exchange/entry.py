"""What is exported: a pair with what became of it, and the micrographs that pairs are about."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from slava.domain import (
    CalibrationSource,
    Databar,
    MicrographId,
    PairState,
    Part,
    QAPair,
    ReviewedPair,
)
from slava.exchange.turns import Turn, turns_of
from slava.handoff.files import hash_bytes, write_whole

IMAGES = "images"


@dataclass(frozen=True, slots=True)
class Entry:
    """A pair to be exported."""

    pair: QAPair
    """With the words that count."""
    state: PairState = "pending"
    reviewers: tuple[str, ...] = ()
    part: Part | None = None
    """Of a snapshot."""
    draft: QAPair | None = None
    """As it was drafted, where a reviewer has written other words."""


@dataclass(frozen=True, slots=True)
class Exhibit:
    """A micrograph to be exported."""

    id: MicrographId
    read_png: Callable[[], bytes]
    """Its picture as a PNG of 8 bits."""
    width_px: int = 0
    height_px: int = 0
    nm_per_px: float | None = None
    calibration_source: CalibrationSource | None = None
    calibration_detail: str = ""
    databar: Databar | None = None
    label: str = ""
    licence: str = ""
    confidential: bool = False


@dataclass(frozen=True, slots=True)
class Picture:
    """A PNG that was written."""

    exhibit: Exhibit
    path: str
    """Relative to the export's folder, with forward slashes."""
    sha256: str
    """Of the PNG; that of the original is the exhibit's id."""


@dataclass(frozen=True, slots=True)
class Written:
    """What an export has written."""

    folder: Path
    records: int
    """Conversations or rows."""
    pairs: int
    images: int
    files: tuple[str, ...]
    """Relative to the folder, without the images."""


@dataclass(frozen=True, slots=True)
class Chat:
    """One conversation to be written: its micrographs, its turns, the pairs behind them."""

    id: str
    micrograph_ids: tuple[MicrographId, ...]
    turns: tuple[Turn, ...]
    entries: tuple[Entry, ...]
    detailed: bool = False


def entry_of(reviewed: ReviewedPair) -> Entry:
    """A pair with the words that count, and its draft where they are others."""
    pair = reviewed.pair
    counted = replace(
        pair, question=reviewed.question, answer=reviewed.answer, detailed=reviewed.detailed
    )
    draft = None if counted == pair else pair
    return Entry(counted, reviewed.state, reviewed.reviewers, draft=draft)


def write_pictures(
    entries: Iterable[Entry], exhibits: Mapping[MicrographId, Exhibit], out: Path
) -> dict[MicrographId, Picture]:
    """One PNG per micrograph that any of the pairs is about, under ``images/``."""
    folder = out / IMAGES
    folder.mkdir(parents=True, exist_ok=True)
    wanted = sorted({i for entry in entries for i in entry.pair.micrograph_ids})
    return {i: _write_picture(exhibits[i], folder) for i in wanted}


def chats_of(entries: Sequence[Entry]) -> list[Chat]:
    """Conversations in the order of their first pairs; concise and detailed apart.

    The pairs of one conversation are its turns, by their positions, as long as they are about the
    same micrographs in the same part; any other pair is a conversation of one turn.
    """
    together: dict[object, list[Entry]] = {}
    for entry in entries:
        pair = entry.pair
        key = (pair.conversation, pair.micrograph_ids, entry.part) if pair.conversation else pair.id
        together.setdefault(key, []).append(entry)
    chats = []
    for own in together.values():
        own.sort(key=lambda entry: (entry.pair.position, entry.pair.id))
        chats.append(_chat(own, detailed=False))
        if any(entry.pair.detailed for entry in own):
            chats.append(_chat(own, detailed=True))
    return chats


def _chat(entries: Sequence[Entry], *, detailed: bool) -> Chat:
    pairs = [entry.pair for entry in entries]
    first = pairs[0]
    foreign = first.extra.get("id")
    name = foreign if isinstance(foreign, str) else first.conversation or first.id
    return Chat(
        id=f"{name}-detailed" if detailed else name,
        micrograph_ids=first.micrograph_ids,
        turns=turns_of(pairs, detailed=detailed),
        entries=tuple(entries),
        detailed=detailed,
    )


def _write_picture(exhibit: Exhibit, folder: Path) -> Picture:
    content = exhibit.read_png()
    name = f"{exhibit.id}.png"
    write_whole(content, folder / name)
    return Picture(exhibit, f"{IMAGES}/{name}", hash_bytes(content))
