"""How bytes become micrographs of the workspace.

Files first, rows after: the bytes and their names are on the disk before the row is committed, so
that no acknowledged micrograph is without its bytes. A file whose row was not reached is taken up
at the next opening. One lock keeps adding and removing the same bytes apart.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Container, Sequence
from functools import partial
from pathlib import Path

from slava.domain import Micrograph, MicrographId
from store.calibrations import add_calibration, add_first_calibrations
from store.database import Database, Transaction
from store.files import hash_bytes
from store.inspecting import InspectedFile
from store.micrograph_rows import insert_rows, require_micrograph, update_read, values_of
from store.originals import Incoming, Originals, bytes_of, last_part

_BY_HAND = ("manual", "databar")
"""Sources of calibrations that the user has set or confirmed."""

Record = Callable[[Transaction, frozenset[MicrographId]], None]


class Intake:
    """Adding bytes: receive (any number of threads), then keep (one transaction for many)."""

    def __init__(self, database: Database, originals: Originals) -> None:
        self._database, self._originals = database, originals
        self.files = threading.RLock()
        """Held while rows and files of a micrograph have to agree."""

    def known_ids(self) -> frozenset[MicrographId]:
        """Every micrograph of the workspace, for :meth:`read` of many files."""
        rows = self._database.rows("SELECT id FROM micrographs WHERE removed_at IS NULL")
        return frozenset(MicrographId(row[0]) for row in rows)

    def receive(
        self, path: Path, name: str | None = None, sidecar: Path | bytes | None = None
    ) -> Incoming | MicrographId:
        """Read a file and put its bytes on the disk; the id alone when they are known already."""
        return self.settle(self.read(path, name, sidecar))

    def read(
        self,
        path: Path,
        name: str | None = None,
        sidecar: Path | bytes | None = None,
        known: Container[MicrographId] | None = None,
    ) -> Incoming | MicrographId:
        """The same, but the disk is not waited for: that is :meth:`settle`, before it is kept.

        ``known`` are the ids of a moment ago, where there are many files to read: what is not
        among them is not asked for one by one.
        """
        read, shown = bytes_of(path), last_part(name or path.name)
        digest = MicrographId(read.sha256)
        beside = partial(self._originals.find_sidecar, path, shown)
        likely = known is None or digest in known
        if likely and self._complete(digest, path, shown, sidecar, beside):
            return digest
        return self._originals.receive(path, shown, read, sidecar)

    def settle(self, received: Incoming | MicrographId) -> Incoming | MicrographId:
        """Put on the disk what was read.

        Raises
        ------
        WorkspaceError
            When the disk refuses.
        """
        return self._originals.settle(received) if isinstance(received, Incoming) else received

    def receive_inspected(self, path: Path, inspected: InspectedFile) -> Incoming | MicrographId:
        """The same for a file that the caller has read."""
        known, shown = inspected.micrograph.id, last_part(path.name)
        if self._complete(known, path, shown, None, lambda: inspected.sidecar):
            return known
        return self.settle(self._originals.receive_inspected(path, shown, inspected))

    def receive_orphan(self, path: Path, micrograph_id: MicrographId) -> Incoming:
        """Read an original that lies in the workspace without a row."""
        return self._originals.receive_orphan(path, micrograph_id)

    def keep(
        self, received: Sequence[Incoming], record: Record | None = None
    ) -> frozenset[MicrographId]:
        """Make the rows of what was received, in one transaction; return the ids that are new.

        ``record`` writes what else belongs into the same transaction; it is given those ids. What
        another thread has removed since it was received is left out.
        """
        with self.files:
            there = {r.micrograph.id: r for r in received if self._originals.is_there(r)}
            self._originals.sync()
            with self._database.writing() as transaction:
                known = _rows_among(transaction, list(there))
                new = [r for i, r in there.items() if i not in known]
                if new:
                    insert_rows(transaction, [_row(r) for r in new])
                    add_first_calibrations(transaction, [r.micrograph for r in new])
                ids = frozenset(r.micrograph.id for r in new)
                if record:
                    record(transaction, ids)
        return ids

    def discard(self, received: Sequence[Incoming]) -> None:
        """Remove the bytes of what was received but is not to be kept after all."""
        if not received:
            return
        with self.files:
            ids = [r.micrograph.id for r in received]
            with self._database.writing() as transaction:
                known = _rows_among(transaction, ids)
            for micrograph_id in set(ids) - known:
                self._originals.remove(micrograph_id)

    def replace_sidecar(
        self, record: Micrograph, path: Path, sidecar: Path | bytes, before: str | None
    ) -> None:
        """Keep a sidecar, and what the reader finds with it; ``before`` is the earlier one."""
        found = self._originals.inspect(record, path, sidecar)
        text = found.sidecar or b""
        with self.files:
            self._originals.write_sidecar(record.id, text)
            self._originals.sync()
            self._read_again(record, found.micrograph, hash_bytes(text))
            if before not in (None, hash_bytes(text)):
                self._originals.remove_sidecar(record.id, str(before))

    def _complete(
        self,
        micrograph_id: MicrographId,
        path: Path,
        name: str,
        sidecar: Path | bytes | None,
        beside: Callable[[], bytes | None],
    ) -> bool:
        """Whether it is known; then add to it what the same file brings anew."""
        with self.files:
            row = self._database.row(
                "SELECT extension, sidecar_sha256, recovered FROM micrographs "
                "WHERE id = ? AND removed_at IS NULL",
                micrograph_id,
            )
            if row is None:
                return False
            extension, before, recovered = row
            original = self._originals.path(micrograph_id, extension)
            self._originals.restore(original, path)
            if recovered:
                self._name(micrograph_id, name)
            if sidecar is None and before is None:
                sidecar = beside()
            if sidecar is not None:
                record = require_micrograph(self._database, micrograph_id)
                self.replace_sidecar(record, original, sidecar, before)
        return True

    def _name(self, micrograph_id: MicrographId, name: str) -> None:
        """Give a recovered micrograph the name that it comes with now."""
        with self._database.writing() as transaction:
            transaction.run(
                "UPDATE micrographs SET name = ?, recovered = false WHERE id = ?",
                *(name, micrograph_id),
            )

    def _read_again(self, record: Micrograph, found: Micrograph, sidecar_sha256: str) -> None:
        by_hand = record.calibration is not None and record.calibration.source in _BY_HAND
        with self._database.writing() as transaction:
            update_read(transaction, record.id, found, sidecar_sha256)
            if found.calibration != record.calibration and not by_hand:
                add_calibration(transaction, record.id, found.calibration, "file")


def _rows_among(transaction: Transaction, ids: list[MicrographId]) -> set[MicrographId]:
    known = "SELECT id FROM micrographs WHERE id IN (SELECT unnest(?::VARCHAR[]))"
    return {row[0] for row in transaction.rows(known, ids)}


def _row(received: Incoming) -> tuple[object, ...]:
    return values_of(
        received.micrograph,
        extension=received.extension,
        sidecar_sha256=received.sidecar_sha256,
        recovered=received.recovered,
    )
