"""The history of a micrograph's calibration: the newest counts, the earlier ones stay."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from slava.domain import Calibration, MicrographId
from store.clock import now
from store.database import Database, Transaction
from store.micrograph_rows import calibration_from

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
    """Append to the history within a transaction."""
    newest = transaction.row(
        "SELECT coalesce(max(position), -1) FROM calibrations WHERE micrograph_id = ?",
        micrograph_id,
    )
    values = (
        (calibration.nm_per_px, calibration.source, calibration.detail)
        if calibration
        else (None, None, "")
    )
    position = newest[0] + 1 if newest else 0
    transaction.run(
        "INSERT INTO calibrations VALUES (?, ?, ?, ?, ?, ?, ?)",
        *(micrograph_id, position, *values, set_by, now()),
    )


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
