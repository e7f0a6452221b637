"""The history of a micrograph's calibration: the newest counts, the earlier ones stay."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from slava.domain import Calibration, Micrograph, MicrographId
from store.clock import now
from store.database import Database, Transaction
from store.micrograph_rows import calibration_from, calibration_values
from store.rows import insert

_TYPES = ("VARCHAR", "INTEGER", "DOUBLE", "VARCHAR", "VARCHAR", "VARCHAR", "VARCHAR")
SetBy = Literal["file", "user"]
"""``file``: found when the micrograph or its sidecar was read; ``user``: set by hand."""


@dataclass(frozen=True, slots=True)
class CalibrationRecord:
    """One entry of the history; ``calibration`` is ``None`` where it was taken away."""

    calibration: Calibration | None
    set_by: SetBy
    set_at: str


def add_calibration(
    transaction: Transaction,
    micrograph_id: MicrographId,
    calibration: Calibration | None,
    set_by: SetBy,
) -> None:
    """Make it the current one and append it to the history, within a transaction."""
    newest = transaction.row(
        "SELECT max(position) FROM calibrations WHERE micrograph_id = ?", micrograph_id
    )
    position = 0 if newest is None or newest[0] is None else newest[0] + 1
    values = calibration_values(calibration)
    transaction.run(
        "UPDATE micrographs SET nm_per_px = ?, calibration_source = ?, calibration_detail = ? "
        "WHERE id = ?",
        *(*values, micrograph_id),
    )
    transaction.run(
        "INSERT INTO calibrations VALUES (?, ?, ?, ?, ?, ?, ?)",
        *(micrograph_id, position, *values, set_by, now()),
    )


def add_first_calibrations(transaction: Transaction, added: Sequence[Micrograph]) -> None:
    """Begin the histories of new micrographs with what their files say."""
    moment = now()
    rows = [(m.id, 0, *calibration_values(m.calibration), "file", moment) for m in added]
    insert(transaction, "calibrations", _TYPES, rows)


def list_calibrations(
    database: Database, micrograph_id: MicrographId
) -> tuple[CalibrationRecord, ...]:
    """The history, oldest first."""
    rows = database.rows(
        "SELECT nm_per_px, source, detail, set_by, set_at FROM calibrations "
        "WHERE micrograph_id = ? ORDER BY position",
        micrograph_id,
    )
    return tuple(CalibrationRecord(calibration_from(row[:3]), row[3], row[4]) for row in rows)
