"""Writing files so that they are either whole and on the disk or not there at all.

Content-addressed files are written once: temporary name, fsync, rename, fsync of the folder. A
process killed at any moment leaves at most a temporary file, which the next opening removes.
"""

from __future__ import annotations

import hashlib
import os
import uuid
from pathlib import Path

from slava.errors import WorkspaceError
from store.layout import TEMPORARY_PREFIX


def hash_bytes(content: bytes) -> str:
    """SHA-256 of bytes, 64 lower-case hex digits."""
    return hashlib.sha256(content).hexdigest()


def hash_file(path: Path) -> str:
    """SHA-256 of a file's bytes, 64 lower-case hex digits."""
    with path.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()


def write_whole(content: bytes, target: Path) -> None:
    """Put ``content`` at ``target``, whole or not at all, replacing what was there.

    The bytes are on the disk; the name is so after :func:`sync_folder`.

    Raises
    ------
    WorkspaceError
        When the disk is full or refuses; then nothing has changed.
    """
    settle(write_beside(content, target), target)


def write_beside(content: bytes, target: Path) -> Path:
    """Write ``content`` under a temporary name beside ``target``, for :func:`settle`.

    Raises
    ------
    WorkspaceError
        When the disk is full or refuses; then nothing has changed.
    """
    temporary = target.with_name(f"{TEMPORARY_PREFIX}{uuid.uuid4().hex}")
    try:
        temporary.write_bytes(content)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise _refused(f"{target.name} ({len(content)} bytes)", target.parent, error) from error
    return temporary


def settle(temporary: Path, target: Path) -> None:
    """Put on the disk what was written beside ``target``, and give it that name.

    Nearly all of the time is the disk's: many at once settle sooner than one after the other.

    Raises
    ------
    WorkspaceError
        When the disk refuses; then the temporary file is gone.
    """
    try:
        with temporary.open("r+b") as written:
            os.fsync(written.fileno())
        temporary.replace(target)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise _refused(target.name, target.parent, error) from error


def remove_file(path: Path) -> None:
    """Delete a file that may be gone already."""
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise WorkspaceError(
            f"{path.name} cannot be removed: {error.strerror or error}. "
            "Close the program that has it open and try again."
        ) from error


def temporary_files(folder: Path) -> list[Path]:
    """What interrupted writes left in a folder."""
    return sorted(p for p in folder.iterdir() if p.name.startswith(TEMPORARY_PREFIX))


def sync_folder(folder: Path) -> None:
    """Put a folder's new names on the disk; Windows does so by itself.

    Raises
    ------
    WorkspaceError
        When the disk refuses.
    """
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        raise _refused("A new file", folder, error) from error
    finally:
        os.close(descriptor)


def _refused(what: str, folder: Path, error: OSError) -> WorkspaceError:
    return WorkspaceError(
        f"{what} cannot be written to {folder}: {error.strerror or error}. "
        "Free some space or choose another folder with --workspace DIR."
    )
