"""What the store asks of the reader of micrographs: the seam at which tests put their own."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

from numpy.typing import NDArray

from slava.domain import Micrograph

ReadDatabar = Literal["never", "needed", "always"]
"""Whether the letters in the picture are read too, which takes seconds."""


@dataclass(frozen=True, slots=True)
class FileBytes:
    """What a file holds: its bytes, where they are held, and their SHA-256."""

    content: bytes | None
    sha256: str


class InspectedFile(Protocol):
    """A micrograph with its pixels, and the bytes of the sidecar that was used.

    ``content`` are those of the file, the hash of which is the micrograph's id; ``None`` has the
    file read once more.
    """

    @property
    def micrograph(self) -> Micrograph: ...

    @property
    def grey(self) -> NDArray[Any]: ...

    @property
    def sidecar(self) -> bytes | None: ...

    @property
    def content(self) -> bytes | None: ...


class Inspect(Protocol):
    """Reads a file, the sidecar beside it when none is given, and on demand its letters.

    ``content`` are the file's bytes where the caller has read them: it is not read again.

    Raises ``UnreadableMicrograph`` when the file holds no micrograph.
    """

    def __call__(
        self,
        path: Path,
        *,
        name: str | None = None,
        sidecar: Path | bytes | None = None,
        databar: ReadDatabar = "never",
        content: FileBytes | None = None,
    ) -> InspectedFile: ...


def inspect_file(
    path: Path,
    *,
    name: str | None = None,
    sidecar: Path | bytes | None = None,
    databar: ReadDatabar = "never",
    content: FileBytes | None = None,
) -> InspectedFile:
    """The project's own reader, imported when it is first needed."""
    from slava.imaging.inspect import inspect_micrograph

    known = None
    if content is not None and content.content is not None:
        known = (content.content, content.sha256)
    return inspect_micrograph(path, name=name, sidecar=sidecar, databar=databar, content=known)
