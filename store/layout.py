"""Where things lie in a workspace folder, so that no other module joins these paths by hand.

It must not know what the files hold.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from slava.domain import MicrographId
from slava.errors import WorkspaceError

FOLDERS = ("micrographs", "previews", "adapters", "runs", "exports", "logs")
TEMPORARY_PREFIX = ".writing-"
"""Names of half-written files begin with this; none of them is ever referred to."""

_ORIGINAL = re.compile(r"([0-9a-f]{64})\.([a-z0-9]{1,10})")
_DERIVED = re.compile(r"([0-9a-f]{64})\b")
_SIDECAR = re.compile(r"([0-9a-f]{64})\.([0-9a-f]{16})\.sidecar\.txt")


@dataclass(frozen=True, slots=True)
class Layout:
    """The paths of one workspace."""

    root: Path

    @property
    def database(self) -> Path:
        return self.root / "slava.duckdb"

    @property
    def lock(self) -> Path:
        return self.root / "slava.lock"

    @property
    def micrographs(self) -> Path:
        return self.root / "micrographs"

    @property
    def previews(self) -> Path:
        return self.root / "previews"

    def original(self, micrograph_id: MicrographId, extension: str) -> Path:
        return self.micrographs / f"{micrograph_id}.{extension}"

    def sidecar(self, micrograph_id: MicrographId, sha256: str) -> Path:
        """Named by its micrograph and by its own bytes, so that a new one replaces none."""
        return self.micrographs / f"{micrograph_id}.{sha256[:16]}.sidecar.txt"

    def create(self) -> None:
        """Make the folders that are missing.

        Raises
        ------
        WorkspaceError
            When the folder cannot be made or written to.
        """
        try:
            for name in FOLDERS:
                (self.root / name).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise WorkspaceError(
                f"The workspace {self.root} cannot be used: {error.strerror or error}. "
                "Choose a folder you may write to with --workspace DIR."
            ) from error


def extension_of(name: str) -> str:
    """The lower-case suffix of an untrusted file name, ``bin`` when there is no usable one."""
    suffix = name.rsplit(".", 1)[-1].strip().lower() if "." in name else ""
    return suffix if re.fullmatch(r"[a-z0-9]{1,10}", suffix) else "bin"


def original_of(path: Path) -> tuple[MicrographId, str] | None:
    """Id and extension when the path is named as an original, else ``None``."""
    match = _ORIGINAL.fullmatch(path.name)
    return (MicrographId(match[1]), match[2]) if match else None


def sidecar_of(path: Path) -> tuple[MicrographId, str] | None:
    """The micrograph's id and the first 16 digits of its own hash, when named as a sidecar."""
    match = _SIDECAR.fullmatch(path.name)
    return (MicrographId(match[1]), match[2]) if match else None


def preview_of(path: Path) -> MicrographId | None:
    """The micrograph's id when the path is named as something derived from one."""
    match = _DERIVED.match(path.name)
    return MicrographId(match[1]) if match else None
