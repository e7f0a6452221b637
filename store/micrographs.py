"""Micrographs: what is known of them, and their pixels, read from their original bytes."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from slava.domain import Calibration, Micrograph, MicrographId
from slava.errors import BadSetting, NotFound, UnreadableMicrograph, WorkspaceError
from store.calibrations import CalibrationRecord, SetBy, add_calibration, list_calibrations
from store.clock import now
from store.database import Database
from store.inspecting import InspectedFile
from store.intake import Intake
from store.micrograph_rows import (
    SELECT,
    find_micrograph,
    micrograph_from,
    require_micrograph,
    update_databar,
)
from store.originals import Incoming, Originals, last_part
from store.pair_adding import removals_of_micrograph
from store.search import matching

_SEARCHED = "concat_ws(' ', name, notes, vendor, detector, format, modality, left(id, 12))"
_REMOVALS = (
    "DELETE FROM facts WHERE measurement_id IN "
    "(SELECT id FROM measurements WHERE micrograph_id = ?)",
    "DELETE FROM measurements WHERE micrograph_id = ?",
    "DELETE FROM turns WHERE conversation_id IN "
    "(SELECT id FROM conversations WHERE micrograph_id = ?)",
    "DELETE FROM conversations WHERE micrograph_id = ?",
    "DELETE FROM calibrations WHERE micrograph_id = ?",
    "DELETE FROM labels WHERE micrograph_id = ?",
    "DELETE FROM evidence WHERE micrograph_id = ?",
    "DELETE FROM vectors WHERE micrograph_id = ?",
    *removals_of_micrograph(),
    "DELETE FROM micrographs WHERE id = ?",
)


@dataclass(frozen=True, slots=True)
class Added:
    """A micrograph of the workspace; ``duplicate`` when its bytes were there before."""

    micrograph: Micrograph
    duplicate: bool


class Micrographs:
    """``store.micrographs``."""

    def __init__(self, database: Database, originals: Originals) -> None:
        self._database, self._originals = database, originals
        self.intake = Intake(database, originals)

    def add_micrograph(
        self, path: Path, name: str | None = None, sidecar: Path | bytes | None = None
    ) -> Added:
        """Take a copy of a file's bytes, and of its sidecar's, into the workspace.

        When the bytes are known already, nothing is added but what was missing: the sidecar, or
        an original that had been lost.

        Parameters
        ----------
        path : Path
            The file. It is only read.
        name : str, optional
            The name it came with, when ``path`` is not its own place; untrusted text.
        sidecar : Path or bytes, optional
            The text file that the microscope wrote; without it the reader looks beside the file.

        Raises
        ------
        UnreadableMicrograph
            When the file holds no micrograph; then nothing has changed.
        """
        return self._keep(path, self.intake.receive(path, name, sidecar))

    def add_inspected(self, path: Path, inspected: InspectedFile) -> Added:
        """Add a file that the caller has read already; otherwise as :meth:`add_micrograph`."""
        return self._keep(path, self.intake.receive_inspected(path, inspected))

    def _keep(self, path: Path, received: Incoming | MicrographId) -> Added:
        if not isinstance(received, Incoming):
            return Added(self.get_micrograph(received), duplicate=True)
        new = self.intake.keep([received])
        found = find_micrograph(self._database, received.micrograph.id)
        if found is None:
            raise UnreadableMicrograph(path, "it was removed at the same time.", "Add it again.")
        return Added(found, duplicate=not new)

    def adopt_original(self, path: Path, micrograph_id: MicrographId) -> None:
        """Give an original without a row its row again, under a name that says so.

        Raises
        ------
        UnreadableMicrograph
            When its bytes are not those of its name, or hold no micrograph.
        """
        self.intake.keep([self.intake.receive_orphan(path, micrograph_id)])

    def get_micrograph(self, micrograph_id: MicrographId) -> Micrograph:
        """The record with its current calibration.

        Raises
        ------
        NotFound
            When the workspace holds no such micrograph.
        """
        return require_micrograph(self._database, micrograph_id)

    def list_micrographs(self, search: str = "", limit: int | None = None) -> list[Micrograph]:
        """Newest first; every word of ``search`` is in name, notes, vendor, detector or id."""
        condition, words = matching(_SEARCHED, search)
        limited = "" if limit is None else f"LIMIT {int(limit)}"
        rows = self._database.rows(
            f"{SELECT} AND {condition} ORDER BY added_at DESC, id {limited}", *words
        )
        return [micrograph_from(row) for row in rows]

    def count_micrographs(self) -> int:
        """How many the workspace holds."""
        row = self._database.row("SELECT count(*) FROM micrographs WHERE removed_at IS NULL")
        return int(row[0]) if row else 0

    def original_path(self, micrograph_id: MicrographId) -> Path:
        """Where the original bytes lie; never write there."""
        return self._original(self.get_micrograph(micrograph_id).id)

    def read_sidecar(self, micrograph_id: MicrographId) -> bytes | None:
        """The sidecar's bytes, ``None`` when the micrograph came without one."""
        known = self.get_micrograph(micrograph_id).id
        return self._originals.read_sidecar(known, self._sidecar_sha256(known))

    def read_grey(self, micrograph_id: MicrographId) -> NDArray[Any]:
        """The pixels, (height_px, width_px), in the depth of the file.

        Raises
        ------
        WorkspaceDamaged
            When the original is gone, or its bytes are not those that were added.
        """
        record, path = self.get_micrograph(micrograph_id), self.original_path(micrograph_id)
        return self._originals.inspect(record, path, self.read_sidecar(micrograph_id)).grey

    def read_databar(self, micrograph_id: MicrographId) -> Micrograph:
        """Read the letters and the scale bar in the picture and keep what they say.

        It takes seconds: not for a window's own thread, and not for every file of a folder.
        The calibration stays as it is; what the bar says of it is the record's ``proposal``.

        Raises
        ------
        WorkspaceDamaged
            When the original is gone, or its bytes are not those that were added.
        """
        record, path = self.get_micrograph(micrograph_id), self.original_path(micrograph_id)
        text = self.read_sidecar(micrograph_id)
        found = self._originals.inspect(record, path, text, "always").micrograph
        return self.record_databar(micrograph_id, found)

    def record_databar(self, micrograph_id: MicrographId, found: Micrograph) -> Micrograph:
        """Keep what the letters in the picture say, as the caller has read them already."""
        self.get_micrograph(micrograph_id)
        with self._database.writing() as transaction:
            update_databar(transaction, micrograph_id, found)
        return self.get_micrograph(micrograph_id)

    def confirm_proposal(self, micrograph_id: MicrographId) -> Micrograph:
        """Make what the scale bar proposes the calibration: the user has looked at it.

        Raises
        ------
        NotFound
            When nothing is proposed: it is calibrated already, or no scale bar was read.
        """
        record = self.get_micrograph(micrograph_id)
        if record.proposal is None:
            raise NotFound(
                f"There is no scale bar to confirm for {record.name}. "
                "Draw a line over a known length to calibrate it by hand."
            )
        confirmed = replace(record.proposal, confidence=1.0, confirmed=True)
        return self.set_calibration(micrograph_id, confirmed)

    def set_calibration(
        self, micrograph_id: MicrographId, calibration: Calibration | None, set_by: SetBy = "user"
    ) -> Micrograph:
        """Replace the calibration, or take it away; the earlier ones stay in the history."""
        self.get_micrograph(micrograph_id)
        with self._database.writing() as transaction:
            add_calibration(transaction, micrograph_id, calibration, set_by)
        return self.get_micrograph(micrograph_id)

    def list_calibrations(self, micrograph_id: MicrographId) -> tuple[CalibrationRecord, ...]:
        """Every calibration it has had, oldest first; the last one counts."""
        self.get_micrograph(micrograph_id)
        return list_calibrations(self._database, micrograph_id)

    def set_notes(self, micrograph_id: MicrographId, notes: str) -> Micrograph:
        """Keep the user's own words about the sample."""
        return self._set("notes", micrograph_id, notes)

    def set_confidential(self, ids: Collection[MicrographId], confidential: bool = True) -> None:
        """Say whether some micrographs may never leave this machine, all or none."""
        self._set_all("confidential", ids, confidential)

    def set_licence(self, ids: Collection[MicrographId], licence: str) -> None:
        """Say under which terms some micrographs may be passed on, all or none."""
        self._set_all("licence", ids, " ".join(licence.split()))

    def rename_micrograph(self, micrograph_id: MicrographId, name: str) -> Micrograph:
        """Show it under another name; its bytes and its id stay.

        Raises
        ------
        BadSetting
            When the name is empty.
        """
        if not name.strip():
            raise BadSetting("A micrograph's name cannot be empty. Type a name, or keep the old.")
        return self._set("name", micrograph_id, last_part(name))

    def set_sidecar(self, micrograph_id: MicrographId, sidecar: Path | bytes) -> Micrograph:
        """Keep a sidecar that came later, and read the micrograph again with it.

        What the sidecar says of the instrument replaces what was known; so does its calibration,
        unless the user has set one by hand.
        """
        record, path = self.get_micrograph(micrograph_id), self.original_path(micrograph_id)
        self.intake.replace_sidecar(record, path, sidecar, self._sidecar_sha256(micrograph_id))
        return self.get_micrograph(micrograph_id)

    def remove_micrograph(self, micrograph_id: MicrographId) -> None:
        """Delete a micrograph with its bytes, facts and conversations.

        Marked first and deleted after, so that a removal that was cut off is finished at the next
        opening instead of leaving rows without files.
        """
        self.get_micrograph(micrograph_id)
        with self.intake.files:
            self._mark_removed(micrograph_id, now())
            try:
                self.finish_removals()
            except WorkspaceError:
                if self._original(micrograph_id).is_file():
                    self._mark_removed(micrograph_id, None)
                raise

    def finish_removals(self) -> None:
        """Delete files and rows of what is marked as removed."""
        marked = "SELECT id FROM micrographs WHERE removed_at IS NOT NULL"
        for (micrograph_id,) in self._database.rows(marked):
            self._originals.remove(micrograph_id)
            with self._database.writing() as transaction:
                for statement in _REMOVALS:
                    transaction.run(statement, micrograph_id)

    def _sidecar_sha256(self, micrograph_id: str) -> str | None:
        sql = "SELECT sidecar_sha256 FROM micrographs WHERE id = ?"
        row = self._database.row(sql, micrograph_id)
        return row[0] if row else None

    def _original(self, micrograph_id: MicrographId) -> Path:
        row = self._database.row("SELECT extension FROM micrographs WHERE id = ?", micrograph_id)
        return self._originals.path(micrograph_id, row[0] if row else "bin")

    def _mark_removed(self, micrograph_id: MicrographId, moment: str | None) -> None:
        with self._database.writing() as transaction:
            transaction.run(
                "UPDATE micrographs SET removed_at = ? WHERE id = ?", moment, micrograph_id
            )

    def _set_all(self, column: str, ids: Collection[MicrographId], value: object) -> None:
        with self._database.writing() as transaction:
            for micrograph_id in ids:
                require_micrograph(transaction, micrograph_id)
            transaction.run(
                f"UPDATE micrographs SET {column} = ? WHERE id IN (SELECT unnest(?::VARCHAR[]))",
                *(value, list(ids)),
            )

    def _set(self, column: str, micrograph_id: MicrographId, value: str) -> Micrograph:
        self.get_micrograph(micrograph_id)
        with self._database.writing() as transaction:
            transaction.run(
                f"UPDATE micrographs SET {column} = ? WHERE id = ?", value, micrograph_id
            )
        return self.get_micrograph(micrograph_id)
