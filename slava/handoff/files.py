"""Files that are either whole and on the disk or not there, and JSON that is always the same text.

It must not know what the files hold.
"""

from __future__ import annotations

import hashlib
import json
import os
import uuid
from pathlib import Path

UNFINISHED_PREFIX = ".writing-"
"""Names of half-written files and folders begin with this; nothing ever refers to them."""


def canonical(value: object) -> bytes:
    """JSON of one line, keys sorted, without spaces, UTF-8: the same value is the same bytes.

    Raises
    ------
    ValueError
        For numbers that JSON has no word for (NaN, infinity).
    """
    written = json.dumps(
        value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False
    )
    return written.encode("utf-8", "replace")


def hash_bytes(content: bytes) -> str:
    """SHA-256, 64 lower-case hex digits."""
    return hashlib.sha256(content).hexdigest()


def hash_file(path: Path) -> str:
    """SHA-256 of a file's bytes, 64 lower-case hex digits."""
    with path.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()


def write_whole(content: bytes, target: Path) -> None:
    """Put ``content`` at ``target``, whole and on the disk, replacing what was there.

    Raises
    ------
    OSError
        When the disk refuses; then nothing has changed.
    """
    temporary = target.with_name(f"{UNFINISHED_PREFIX}{uuid.uuid4().hex}")
    try:
        with temporary.open("wb") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
        temporary.replace(target)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(target.parent)


def sync_file(path: Path) -> None:
    """Put the bytes of a file that somebody else has written on the disk."""
    with path.open("r+b") as written:
        os.fsync(written.fileno())


def sync_folder(folder: Path) -> None:
    """Put a folder's new names on the disk; Windows does so by itself."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
