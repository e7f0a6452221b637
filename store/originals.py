"""The original bytes of micrographs and of their sidecars, as files named by their hash.

Content-addressed, because every fact and every answer refers to exactly these bytes: the same
file twice is one file, and a changed byte is noticed whenever it is read. It knows no database.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path

from slava.domain import Micrograph, MicrographId
from slava.errors import UnreadableMicrograph, WorkspaceDamaged
from store.candidates import has_text_beside
from store.clock import now
from store.files import (
    hash_bytes,
    hash_file,
    remove_file,
    settle,
    sync_folder,
    write_beside,
    write_whole,
)
from store.inspecting import FileBytes, Inspect, InspectedFile, ReadDatabar
from store.layout import Layout, extension_of, original_of

HELD_BYTES = 256 << 20
"""Larger files are read a second time instead of being held while it is asked who they are."""


@dataclass(frozen=True, slots=True)
class Incoming:
    """A file that was found to be a micrograph and lies in the workspace; its row is to come."""

    micrograph: Micrograph
    extension: str
    sidecar_sha256: str | None
    recovered: bool = False
    """It lay there without a row, and its name is lost."""
    unsettled: tuple[tuple[Path, Path], ...] = ()
    """Files that are written but not on the disk yet, and the names that they are to have."""


class Originals:
    """Files under ``micrographs/``."""

    def __init__(self, layout: Layout, inspect: Inspect) -> None:
        self._layout, self._inspect = layout, inspect

    def receive(
        self, path: Path, name: str, known: FileBytes, sidecar: Path | bytes | None
    ) -> Incoming:
        """Read a file and write its bytes, which are to be settled; ``known`` is of before."""
        inspected = self._inspect(path, name=name, sidecar=sidecar, content=known)
        if inspected.micrograph.id != known.sha256:
            raise _unsteady(path)
        return self.receive_inspected(path, name, inspected)

    def receive_inspected(self, path: Path, name: str, inspected: InspectedFile) -> Incoming:
        """Write the bytes of a file that was read already, and its sidecar's; to be settled.

        Raises
        ------
        UnreadableMicrograph
            When it has to be read again, and its bytes are no longer those that were inspected.
        """
        micrograph, content = inspected.micrograph, inspected.content
        if content is None:
            content = _read(path)
            if hash_bytes(content) != micrograph.id:
                raise _unsteady(path)
        text, extension = inspected.sidecar, extension_of(name)
        record = replace(micrograph, name=name, added_at=now())
        unsettled, sha256 = [], None
        if text is not None:
            sha256 = hash_bytes(text)
            beside = self._layout.sidecar(micrograph.id, sha256)
            unsettled.append((write_beside(text, beside), beside))
        target = self.path(micrograph.id, extension)
        if not target.is_file():
            unsettled.append((write_beside(content, target), target))
        return Incoming(record, extension, sha256, unsettled=tuple(unsettled))

    def settle(self, incoming: Incoming) -> Incoming:
        """Put what was received on the disk under its names, the original last.

        Raises
        ------
        WorkspaceError
            When the disk refuses.
        """
        for temporary, target in incoming.unsettled:
            settle(temporary, target)
        return replace(incoming, unsettled=())

    def receive_orphan(self, path: Path, micrograph_id: MicrographId) -> Incoming:
        """Read an original that lies in the workspace without a row."""
        left = sorted(path.parent.glob(f"{micrograph_id}.*.sidecar.txt"))
        text = left[0].read_bytes() if left else None
        name = f"recovered-{micrograph_id[:8]}{path.suffix}"
        found = self._inspect(path, name=name, sidecar=text).micrograph
        if found.id != micrograph_id:
            raise UnreadableMicrograph(path, "its bytes are not those of its name.", "Remove it.")
        record = replace(found, name=name, added_at=now())
        sha256 = None if text is None else hash_bytes(text)
        return Incoming(record, path.suffix[1:], sha256, recovered=True)

    def is_there(self, incoming: Incoming) -> bool:
        """Whether the bytes still lie in the workspace."""
        return self.path(incoming.micrograph.id, incoming.extension).is_file()

    def sync(self) -> None:
        """Put the names of what was written on the disk."""
        sync_folder(self._layout.micrographs)

    def restore(self, path: Path, source: Path) -> None:
        """Put back an original that is missing or cut short from a file with the same bytes."""
        if not path.is_file() or path.stat().st_size != source.stat().st_size:
            write_whole(_read(source), path)
            self.sync()

    def write_sidecar(self, micrograph_id: MicrographId, sidecar: bytes) -> str:
        """Write a sidecar's bytes; return their hash."""
        digest = hash_bytes(sidecar)
        write_whole(sidecar, self._layout.sidecar(micrograph_id, digest))
        return digest

    def read_sidecar(self, micrograph_id: MicrographId, sha256: str | None) -> bytes | None:
        """The sidecar's bytes; ``None`` when there is none.

        Raises
        ------
        WorkspaceDamaged
            When the file is gone or has changed.
        """
        if sha256 is None:
            return None
        path = self._layout.sidecar(micrograph_id, sha256)
        content = path.read_bytes() if path.is_file() else b""
        if hash_bytes(content) != sha256:
            raise WorkspaceDamaged(
                f"The sidecar {path.name} is missing from {path.parent} or has changed. "
                "Add the micrograph again together with its sidecar to restore it."
            )
        return content

    def remove_sidecar(self, micrograph_id: MicrographId, sha256: str) -> None:
        """Delete a sidecar that another one has replaced."""
        remove_file(self._layout.sidecar(micrograph_id, sha256))

    def path(self, micrograph_id: MicrographId, extension: str) -> Path:
        """Where the original lies."""
        return self._layout.original(micrograph_id, extension)

    def find_sidecar(self, path: Path, name: str) -> bytes | None:
        """The sidecar beside a file that is to be added, as far as the reader knows it."""
        return self._inspect(path, name=name).sidecar if has_text_beside(path) else None

    def inspect(
        self,
        record: Micrograph,
        path: Path,
        sidecar: Path | bytes | None,
        databar: ReadDatabar = "never",
    ) -> InspectedFile:
        """Read an original again.

        Raises
        ------
        WorkspaceDamaged
            When it is gone, or its bytes are not those that were added.
        """
        if not path.is_file():
            raise WorkspaceDamaged(
                f"The original of {record.name} ({path.name}) is missing from {path.parent}. "
                "Add that file again to restore it; slava verify lists all that is missing."
            )
        try:
            inspected = self._inspect(path, name=record.name, sidecar=sidecar, databar=databar)
        except UnreadableMicrograph as error:
            raise _changed(record, path) from error
        if inspected.micrograph.id != record.id:
            raise _changed(record, path)
        return inspected

    def remove(self, micrograph_id: MicrographId) -> None:
        """Delete every file of a micrograph, the original first, and what was derived from it."""
        files = self._layout.micrographs.glob(f"{micrograph_id}.*")
        for path in sorted(files, key=lambda path: original_of(path) is None):
            remove_file(path)
        for path in self._layout.previews.glob(f"{micrograph_id}*"):
            remove_file(path)


def bytes_of(path: Path) -> FileBytes:
    """A file's bytes and the id that they have; of a very large file the id alone.

    Raises
    ------
    UnreadableMicrograph
        When it is no file that can be read.
    """
    if path.is_dir():
        raise UnreadableMicrograph(path, "is a folder.", "Give a file, or ingest the folder.")
    try:
        if path.stat().st_size > HELD_BYTES:
            return FileBytes(None, hash_file(path))
        content = path.read_bytes()
        return FileBytes(content, hash_bytes(content))
    except OSError as error:
        raise _unreadable(path, error) from error


def last_part(name: str) -> str:
    """The file name of a path in the manner of any system; never empty."""
    return re.split(r"[\\/]", name)[-1].strip() or "unnamed"


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: OSError) -> UnreadableMicrograph:
    reason = f"cannot be read ({error.strerror or error})."
    return UnreadableMicrograph(path, reason, "Check the path and that you may read it.")


def _unsteady(path: Path) -> UnreadableMicrograph:
    reason = "it changed while it was being read."
    return UnreadableMicrograph(path, reason, "Add it again when it is written completely.")


def _changed(record: Micrograph, path: Path) -> WorkspaceDamaged:
    return WorkspaceDamaged(
        f"The original of {record.name} ({path.name}) has changed on the disk. "
        f"Delete it from {path.parent} and add the file again to restore it."
    )
