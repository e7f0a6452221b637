"""What came of each folder that was taken in, file by file, to be read later."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from slava.domain import MicrographId
from slava.errors import NotFound
from store.clock import now
from store.database import Database, Transaction
from store.rows import insert

FileStatus = Literal["added", "duplicate", "failed"]
IngestStatus = Literal["running", "done", "cancelled", "failed", "interrupted"]
_FILE_TYPES = ("VARCHAR", "BIGINT", "VARCHAR", "VARCHAR", "VARCHAR", "VARCHAR")


@dataclass(frozen=True, slots=True)
class FileResult:
    """What came of one file."""

    file: Path
    status: FileStatus
    micrograph_id: MicrographId | None = None
    reason: str = ""
    """Why it failed, beginning with the file's name."""
    position: int = 0
    """0, 1, 2 ... among the ``total`` files of the ingest."""
    total: int = 1

    def to_record(self) -> dict[str, Any]:
        """Names and plain values, for JSON."""
        return {
            "file": str(self.file),
            "status": self.status,
            "micrograph": self.micrograph_id,
            "reason": self.reason,
            "position": self.position,
            "total": self.total,
        }


@dataclass(frozen=True, slots=True)
class Ingest:
    """One taking-in of files; ``interrupted``: its process ended before it did."""

    id: str
    folder: str
    total: int
    status: IngestStatus
    started_at: str
    finished_at: str | None


class Ingests:
    """``store.ingests``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add_ingest(self, folder: str, total: int) -> Ingest:
        """Begin one."""
        ingest = Ingest(uuid.uuid4().hex, folder, total, "running", now(), None)
        with self._database.writing() as transaction:
            transaction.run(
                "INSERT INTO ingests VALUES (?, ?, ?, ?, ?, ?)",
                *(ingest.id, folder, total, ingest.status, ingest.started_at, None),
            )
        return ingest

    def record_files(
        self, transaction: Transaction, ingest_id: str, results: Sequence[FileResult]
    ) -> None:
        """Keep what came of some files, in the transaction that keeps their micrographs."""
        rows = [
            (ingest_id, r.position, str(r.file), r.status, r.micrograph_id, r.reason)
            for r in results
        ]
        insert(transaction, "ingest_files", _FILE_TYPES, rows)

    def finish_ingest(self, ingest_id: str, status: IngestStatus) -> None:
        """Keep how it ended."""
        with self._database.writing() as transaction:
            transaction.run(
                "UPDATE ingests SET status = ?, finished_at = ? WHERE id = ?",
                *(status, now(), ingest_id),
            )

    def interrupt_running(self) -> None:
        """Mark those that an ended process had begun."""
        with self._database.writing() as transaction:
            transaction.run(
                "UPDATE ingests SET status = 'interrupted', finished_at = ? "
                "WHERE status = 'running'",
                now(),
            )

    def list_ingests(self) -> list[Ingest]:
        """Newest first."""
        rows = self._database.rows(
            "SELECT id, folder, total, status, started_at, finished_at FROM ingests "
            "ORDER BY started_at DESC"
        )
        return [Ingest(*row) for row in rows]

    def list_files(self, ingest_id: str, status: FileStatus | None = None) -> list[FileResult]:
        """What came of its files, in order; with ``status`` only of those.

        Raises
        ------
        NotFound
            When there is no such ingest.
        """
        row = self._database.row("SELECT total FROM ingests WHERE id = ?", ingest_id)
        if row is None:
            raise NotFound(f"There is no ingest {ingest_id!r}. Choose one from the list.")
        rows = self._database.rows(
            "SELECT path, outcome, micrograph_id, reason, position FROM ingest_files "
            "WHERE ingest_id = ? AND (? IS NULL OR outcome = ?) ORDER BY position",
            *(ingest_id, status, status),
        )
        return [FileResult(Path(r[0]), r[1], r[2], r[3], r[4], row[0]) for r in rows]
