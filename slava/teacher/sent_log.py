"""What left the machine: one line of JSON per request, on the disk before the request leaves.

It must not know what is asked; it holds no picture and no key.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from slava.domain import MicrographId
from slava.errors import WorkspaceError
from slava.teacher.ledger import RequestId

NAME = "sent.jsonl"


class SentLog:
    """``WORKSPACE/logs/sent.jsonl``; only ever appended to."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / NAME
        self._guard = threading.Lock()

    def write(
        self, host: str, request_id: RequestId, size: int, micrographs: Sequence[MicrographId]
    ) -> None:
        """Note that a request of ``size`` bytes leaves for ``host`` now.

        Raises
        ------
        WorkspaceError
            If it cannot be written; then nothing may leave.
        """
        line = json.dumps(
            {
                "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
                "host": host,
                "request_id": request_id,
                "bytes": size,
                "micrographs": list(micrographs),
            }
        )
        try:
            with self._guard, self.path.open("ab") as file:
                file.write(line.encode() + b"\n")
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise WorkspaceError(
                f"{self.path} cannot be written ({error.strerror or error}); nothing is sent "
                "that is not noted down. Free some space, then resume."
            ) from error
