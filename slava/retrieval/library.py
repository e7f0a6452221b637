"""Labelled files become a library: read, cleaned of duplicates, ready to be embedded.

It reads files; it must not know encoders beyond their seam, nor a workspace.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from slava.domain import EncoderKey
from slava.errors import BadInput, UnreadableMicrograph
from slava.imaging.inspect import inspect_micrograph
from slava.retrieval.duplicates import Duplicates, find_duplicates, fingerprint
from slava.retrieval.encoder import MicrographEncoder, Vectors
from slava.retrieval.index import Index
from slava.retrieval.labelled import LabelledFile
from slava.retrieval.view import Picture, specimen_view, thumbnail

Progress = Callable[[int, int], None]
"""Called with how many of how many files are read."""
_BATCH = 32


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """A labelled micrograph as it is kept in memory."""

    id: str
    """SHA-256 of its bytes."""
    name: str
    file: Path
    label: str
    group: str
    small: NDArray[np.uint8]
    """Its :func:`~slava.retrieval.view.thumbnail`."""


@dataclass(frozen=True, slots=True, eq=False)
class Library:
    """Entries without duplicates; ``vectors`` (n, dimension) where an encoder was given."""

    entries: tuple[Entry, ...]
    vectors: Vectors | None = None
    warnings: tuple[str, ...] = ()
    duplicates: tuple[tuple[str, ...], ...] = ()
    """File names of each group of equal pictures under one label."""
    conflicts: tuple[tuple[str, ...], ...] = ()
    """``LABEL/name`` of each group of equal pictures under several labels."""

    @property
    def labels(self) -> tuple[str, ...]:
        """The label of every entry."""
        return tuple(e.label for e in self.entries)

    def index(self, key: EncoderKey, vectors: Vectors | None = None) -> Index:
        """The library's vectors, its own or those given, as an index."""
        held = self.vectors if vectors is None else vectors
        if held is None:
            raise ValueError("this library was read without an encoder")
        entries = self.entries
        return Index(
            key,
            [e.id for e in entries],
            [e.label for e in entries],
            [e.group for e in entries],
            held,
            [e.name for e in entries],
        )


@dataclass(slots=True)
class _Reading:
    entries: list[Entry] = field(default_factory=list)
    prints: list[NDArray[np.float32]] = field(default_factory=list)
    vectors: list[Vectors] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)


def read_library(
    files: Sequence[LabelledFile],
    encoder: MicrographEncoder | None = None,
    *,
    deduplicate: bool = True,
    progress: Progress | None = None,
) -> Library:
    """Read labelled files, embed them where ``encoder`` is given, and set duplicates aside.

    Of equal pictures under one label the first stays (near ones stay all, as one group, so that
    they never vouch for each other); equal bytes under several labels are left out altogether.

    Raises
    ------
    BadInput
        If no file could be read.
    """
    reading = _Reading()
    for batch in _batches(_opened(files, reading, progress)):
        reading.entries += [entry for entry, _ in batch]
        if deduplicate:
            reading.prints += [fingerprint(entry.small) for entry, _ in batch]
        if encoder is not None:
            reading.vectors.append(encoder.encode([picture for _, picture in batch]))
    if not reading.entries:
        first = reading.unreadable[0] if reading.unreadable else "there are none."
        raise BadInput(f"none of {len(files)} files could be read as a micrograph: {first}")
    vectors = np.concatenate(reading.vectors) if reading.vectors else None
    warnings = []
    if reading.unreadable:
        first = reading.unreadable[0]
        warnings.append(f"{len(reading.unreadable)} files could not be read: {first}")
    library = Library(tuple(reading.entries), vectors, tuple(warnings))
    return _without_duplicates(library, np.stack(reading.prints)) if deduplicate else library


def _opened(
    files: Sequence[LabelledFile], reading: _Reading, progress: Progress | None
) -> Iterator[tuple[Entry, Picture]]:
    for place, labelled in enumerate(files):
        if progress:
            progress(place, len(files))
        try:
            inspected = inspect_micrograph(labelled.file)
        except UnreadableMicrograph as error:
            reading.unreadable.append(str(error))
            continue
        picture = specimen_view(inspected.micrograph, inspected.grey)
        told = inspected.micrograph
        small = thumbnail(picture)
        yield (
            Entry(told.id, told.name, labelled.file, labelled.label, labelled.group, small),
            picture,
        )


def _batches(
    opened: Iterable[tuple[Entry, Picture]],
) -> Iterator[list[tuple[Entry, Picture]]]:
    batch: list[tuple[Entry, Picture]] = []
    for one in opened:
        batch.append(one)
        if len(batch) == _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _without_duplicates(library: Library, prints: NDArray[np.float32]) -> Library:
    entries = list(library.entries)
    ids, labels = [e.id for e in entries], [e.label for e in entries]
    found = find_duplicates(ids, labels, prints)
    gone: set[int] = set()
    for rows in found.exact:
        gone.update(rows[1:])
    for rows in found.near:
        group = next((entries[r].group for r in rows if entries[r].group), f"={ids[rows[0]][:12]}")
        for r in rows:
            entries[r] = replace(entries[r], group=group)
    for rows in found.conflicts:
        same = [r for r in rows if sum(ids[r] == ids[q] for q in rows) > 1]
        gone.update(same)
    kept = [row for row in range(len(entries)) if row not in gone]
    return replace(
        library,
        entries=tuple(entries[row] for row in kept),
        vectors=None if library.vectors is None else library.vectors[kept],
        warnings=library.warnings + _told(found, entries),
        duplicates=tuple(tuple(entries[r].name for r in g) for g in (*found.exact, *found.near)),
        conflicts=tuple(
            tuple(f"{entries[r].label}/{entries[r].name}" for r in g) for g in found.conflicts
        ),
    )


def _told(found: Duplicates, entries: Sequence[Entry]) -> tuple[str, ...]:
    told = []
    if found.exact:
        told.append(f"{len(found.exact)} micrographs are there more than once; one of each counts.")
    if found.near:
        told.append(
            f"{len(found.near)} groups show nearly the same picture; each is kept together."
        )
    if found.conflicts:
        names = ", ".join(f"{entries[r].label}/{entries[r].name}" for r in found.conflicts[0])
        told.append(
            f"{len(found.conflicts)} pictures bear different labels, first: {names}. "
            "Files of equal bytes are left out; decide on a label."
        )
    return tuple(told)
