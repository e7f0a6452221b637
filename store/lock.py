"""The lock of a workspace: one process at a time, and the second one learns who the first is.

The operating system's lock on ``slava.lock`` counts, not the file: it ends with its process, so
that what a killed process leaves behind is no obstacle. The text in the file is for the reader.
DuckDB has a lock of its own, but takes it per process (a second opening in the same process is
let in) and creates the database before it can be asked.
"""

from __future__ import annotations

import json
import os
import socket
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from slava.errors import WorkspaceError, WorkspaceHeld

_LOCKED_BYTE = 1 << 30
"""Beyond the text, because Windows lets nobody read a locked byte."""


class WorkspaceLock:
    """Held from construction to :meth:`release`.

    Raises
    ------
    WorkspaceHeld
        When another opening holds the workspace.
    """

    def __init__(self, path: Path, workspace: Path) -> None:
        self._file = _open(path, workspace)
        try:
            _take(self._file)
        except BlockingIOError:
            self._file.close()
            raise held(workspace, *_holder(path)) from None
        _describe(self._file)

    def release(self) -> None:
        """Let the next process in; the file stays, empty."""
        if self._file.closed:
            return
        self._file.truncate(0)
        self._file.close()


def held(workspace: Path, pid: int | None, program: str, since: str) -> WorkspaceHeld:
    """The refusal: who has the workspace, since when, and what to do."""
    if pid == os.getpid():
        return WorkspaceHeld(
            f"The workspace {workspace} is already open in this process (PID {pid}). "
            "Use the store that is open, or close it first."
        )
    who = f"{program or 'another process'} (PID {pid if pid is not None else 'unknown'}"
    who += f", since {since})" if since else ")"
    return WorkspaceHeld(
        f"The workspace {workspace} is open in {who}. Close that window or end that process, "
        "or work in another folder with --workspace DIR."
    )


def _open(path: Path, workspace: Path) -> IO[str]:
    try:
        return os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+", encoding="utf-8")
    except OSError as error:
        raise WorkspaceError(
            f"The workspace {workspace} cannot be written to: {error.strerror or error}. "
            "Choose a folder you may write to with --workspace DIR."
        ) from error


def _describe(opened: IO[str]) -> None:
    opened.truncate(0)
    json.dump(
        {
            "pid": os.getpid(),
            "program": Path(sys.argv[0] or sys.executable).name,
            "since": datetime.now(UTC).isoformat(timespec="seconds"),
            "host": socket.gethostname(),
        },
        opened,
    )
    opened.flush()


def _holder(path: Path) -> tuple[int | None, str, str]:
    """Process id, program and starting time as the holder wrote them."""
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
        where = "" if said["host"] == socket.gethostname() else f" on {said['host']}"
        return int(said["pid"]), f"{said['program']}{where}", str(said["since"])
    except (OSError, ValueError, KeyError, TypeError):
        return None, "", ""


def _take(opened: IO[str]) -> None:
    """Lock without waiting; file systems that know no locks leave it to DuckDB's own."""
    if sys.platform == "win32":
        import msvcrt

        descriptor = opened.fileno()
        os.lseek(descriptor, _LOCKED_BYTE, os.SEEK_SET)
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError as error:
            raise BlockingIOError from error
        finally:
            os.lseek(descriptor, 0, os.SEEK_SET)
        return
    import fcntl

    try:
        fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise
    except OSError:
        return
