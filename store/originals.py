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
from store.files import hash_bytes, hash_file, remove_file, write_durably
from store.inspecting import Inspect, InspectedFile
from store.layout import Layout, extension_of


@dataclass(frozen=True, slots=True)
class Incoming:
    """A file that was found to be a micrograph, ready to be kept."""

    micrograph: Micrograph
    content: bytes
    extension: str
    sidecar: bytes | None


class Originals:
    """Files under ``micrographs/``."""

    def __init__(self, layout: Layout, inspect: Inspect) -> None:
        self._layout, self._inspect = layout, inspect

    def receive(
        self, path: Path, name: str, digest: MicrographId, sidecar: Path | bytes | None
    ) -> Incoming:
        """Read a file that is to be kept; nothing is written yet."""
        inspected = self._inspect(path, name=name, sidecar=sidecar)
        micrograph = inspected.micrograph
        content = _read(path)
        if not digest == micrograph.id == hash_bytes(content):
            raise UnreadableMicrograph(
                path,
                "it changed while it was being read.",
                "Add it again when it is written completely.",
            )
        record = replace(micrograph, name=name, added_at=now())
        return Incoming(record, content, extension_of(name), inspected.sidecar)

    def receive_orphan(self, path: Path, micrograph_id: MicrographId) -> Incoming:
        """Read an original that lies in the workspace without a row."""
        name = f"recovered-{micrograph_id[:8]}{path.suffix}"
        left = sorted(path.parent.glob(f"{micrograph_id}.*.sidecar.txt"))
        sidecar = left[0].read_bytes() if left else None
        incoming = self.receive(path, name, micrograph_id, sidecar)
        return replace(incoming, extension=path.suffix[1:])

    def write(self, incoming: Incoming) -> None:
        """Put the bytes on the disk, the original last."""
        if incoming.sidecar is not None:
            self.write_sidecar(incoming.micrograph.id, incoming.sidecar)
        path = self._layout.original(incoming.micrograph.id, incoming.extension)
        if not path.is_file():
            write_durably(incoming.content, path)

    def restore(self, path: Path, source: Path) -> None:
        """Put back an original that is missing or cut short from a file with the same bytes."""
        content = _read(source)
        if not path.is_file() or path.stat().st_size != len(content):
            write_durably(content, path)

    def write_sidecar(self, micrograph_id: MicrographId, sidecar: bytes) -> None:
        """Keep a sidecar's bytes."""
        write_durably(sidecar, self._layout.sidecar(micrograph_id, hash_bytes(sidecar)))

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
        self, record: Micrograph, path: Path, sidecar: Path | bytes | None
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
            inspected = self._inspect(path, name=record.name, sidecar=sidecar)
        except UnreadableMicrograph as error:
            raise _changed(record, path) from error
        if inspected.micrograph.id != record.id:
            raise _changed(record, path)
        return inspected

    def remove(self, micrograph_id: MicrographId) -> None:
        """Delete every file of a micrograph."""
        for path in self._layout.micrographs.glob(f"{micrograph_id}.*"):
            remove_file(path)


def digest_of(path: Path) -> MicrographId:
    """The id that a file's bytes have.

    Raises
    ------
    UnreadableMicrograph
        When it is no file that can be read.
    """
    if path.is_dir():
        raise UnreadableMicrograph(path, "is a folder.", "Give a file, or ingest the folder.")
    try:
        return MicrographId(hash_file(path))
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


def _changed(record: Micrograph, path: Path) -> WorkspaceDamaged:
    return WorkspaceDamaged(
        f"The original of {record.name} ({path.name}) has changed on the disk. "
        f"Delete it from {path.parent} and add the file again to restore it."
    )
